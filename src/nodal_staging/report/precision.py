"""What a study of this size can tell."""

from nodal_staging import tables
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.intervals import intervals
from nodal_staging.report.parts import Heading, Part, subheading
from nodal_staging.statistics.precision.page import own_grid, reached_grid
from nodal_staging.statistics.precision.study import DETECTABLE, PRECISION
from nodal_staging.tables.rounding import setting_percent


def precision(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.precision, PRECISION)
    differences = tables.read(study.detectable, DETECTABLE)
    own = differences[differences["study"] == "yes"]
    power = setting_percent(own["power"].iloc[0])
    return [
        Heading("precision", "Precision: what this size can tell"),
        "A result that is not significant says little where the study could not have "
        "found the difference.",
        reached_grid(frame[frame["classifier"].notna()], intervals(study).level),
        subheading("Least difference of accuracies that McNemar’s test finds"),
        f"With {power} % power, by the share of nodes that one of two classifiers "
        "alone gets right.",
        own_grid(differences),
    ]
