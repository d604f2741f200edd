"""Nodal stages of a patient from the nodes that are positive, after PROMISE V2.

A stage follows from the locations of the positive nodes: pelvic ones count for N, all
others for M1a. The locations of a study are coarser than the regions of PROMISE (left
and right iliac nodes are one location here), so ``N2`` is found less often than there.

References
----------
Eiber et al., J Nucl Med 2018;59:469 (miTNM); Seifert et al., Eur Urol 2023;83:405
(PROMISE V2). Written from their abstracts; the tables were not compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

PELVIC = frozenset({"iliac", "perirectal"})
"""Locations that count for N; all others are beyond the pelvis."""

N_STAGES = ["N0", "N1", "N2"]
M_STAGES = ["M0", "M1a"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Stage of a patient's nodes: N0 to N2, and M0 or M1a.

    A stage is higher if its M is, or its N at the same M.
    """

    n: str
    m: str

    @classmethod
    def of(cls, positive_locations: Iterable[str]) -> Self:
        """Return the stage of a patient whose positive nodes lie at these locations.

        Examples
        --------
        >>> Stage.of(["iliac", "iliac", "inguinal"])
        Stage(n='N1', m='M1a')
        """
        found = set(positive_locations)
        return cls(
            N_STAGES[min(len(found & PELVIC), 2)], M_STAGES[bool(found - PELVIC)]
        )

    @property
    def rank(self) -> tuple[int, int]:
        """Places of M and N in their lists; a higher stage has a higher rank."""
        return M_STAGES.index(self.m), N_STAGES.index(self.n)
