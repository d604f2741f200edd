"""Of which level the intervals of a study are, and how often it draws."""

from dataclasses import dataclass

from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.parts import count
from nodal_staging.study.files import read_json
from nodal_staging.tables.rounding import setting_percent


@dataclass(frozen=True, slots=True)
class Intervals:
    """What captions say: level as a share and in percent, replicates in words."""

    share: float
    level: str
    replicates: str


def intervals(study: Artefacts) -> Intervals:
    """Read both from the statistics; one setting of each serves the whole study."""
    first = read_json(next(iter(study.classifiers.values())))
    bootstrap = first["auc"]["intervals"]["bootstrap"]
    return Intervals(
        bootstrap["level"],
        f"{setting_percent(bootstrap['level'])} %",
        f"{count(bootstrap['replicates'])} replicates",
    )
