"""What the AUCs can mean, since PET as the reference test has errors."""

from nodal_staging import tables
from nodal_staging.paper.reference.reference_page import (
    INDEPENDENT,
    allowed_grid,
    auc_grid,
    highest_auc,
)
from nodal_staging.paper.reference.reference_rows import REFERENCE
from nodal_staging.report.artefacts import Artefacts, intervals
from nodal_staging.tables.parts import Folded, Heading, Part


def reference_errors(study: Artefacts) -> list[Part]:
    """Return the parts of the section."""
    frame = tables.read(study.reference, REFERENCE)
    return [
        Heading("Errors of the reference test", "reference_errors"),
        f"The status of a node is that of PET, which has errors. {highest_auc(frame)} "
        f"{INDEPENDENT}",
        auc_grid(frame, intervals(study).level),
        Folded("What a perfect classifier would show", (allowed_grid(frame),)),
    ]
