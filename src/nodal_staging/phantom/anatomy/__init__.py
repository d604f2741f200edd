"""Nine regions of the body along z, and where nodes lie in each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from nodal_staging.phantom.anatomy import neck, pelvis, trunk
from nodal_staging.phantom.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Region:
    """How an axial plane of a region is painted, and where its nodes lie.

    ``left`` are places ``(x, y)`` in mm at reference size that have a mirror image on
    the right; ``single`` are places that have none.
    """

    paint: Callable[[Canvas], None]
    left: tuple[tuple[float, float], ...]
    single: tuple[tuple[float, float], ...] = ()

    def places(self) -> list[tuple[float, float]]:
        """Return every place of either side."""
        mirrored = [(-x, y) for x, y in self.left]
        return [*self.left, *mirrored, *self.single]


REGIONS: Mapping[str, Region] = {
    "inguinal": Region(pelvis.inguinal, left=((56, -60), (70, -58), (46, -50))),
    "perirectal": Region(pelvis.perirectal, left=((29, 30), (26, 44), (12, 56))),
    "iliac": Region(pelvis.iliac, left=((60, -12), (38, 12), (62, 24))),
    "retroperitoneal": Region(
        trunk.retroperitoneal,
        left=(),
        single=((26, 14), (24, 2), (-5, 18), (-38, 18), (4, -7)),
    ),
    "mediastinal": Region(
        trunk.mediastinal,
        left=(),
        single=((-20, 4), (10, 2), (-10, 40), (16, -46), (-24, -34), (30, 16)),
    ),
    "axillary": Region(trunk.axillary, left=((126, 0), (120, -18), (130, 14))),
    "infraclavicular": Region(
        neck.infraclavicular, left=((100, -10), (76, -18), (66, -42))
    ),
    "supraclavicular": Region(
        neck.supraclavicular, left=((58, 4), (66, -12), (52, -8))
    ),
    "cervical": Region(neck.cervical, left=((44, 14), (34, -18), (46, 24))),
}
"""From the feet to the head."""
