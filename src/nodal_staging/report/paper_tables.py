"""The paper’s claims and its numbers beside those of the study."""

from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.classifiers import fragment
from nodal_staging.report.parts import Folded, Heading, Part, pointer


def paper(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    return [
        Heading("claims", "The paper’s claims, put to this cohort"),
        fragment(study.claims, "The paper’s claims"),
        pointer("What a study of this size can detect:", "precision", "Precision"),
        Heading("scorecard", "The paper’s numbers beside ours"),
        Folded(
            "Every number that the paper prints",
            (fragment(study.scorecard, "The paper’s numbers"),),
        ),
    ]
