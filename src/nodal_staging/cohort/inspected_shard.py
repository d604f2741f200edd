"""A shard of the inspected exams: which of them take part, and how they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nodal_staging.cohort.exam_index import ExamIndex, read_index
from nodal_staging.cohort.inclusion_criteria import Limits, judge_exams
from nodal_staging.cohort.sheets import Exam, read_exams


@dataclass(frozen=True, slots=True)
class InspectedShard:
    """A shard of the exams, inspected.

    Attributes
    ----------
    name
        For example ``3-of-8``.
    exams, nodes
        The input sheets.
    inspections, index
        As ``inspection.inspect_exams`` wrote them for the shard.
    limits
        Requirements of the study beyond the paper's criteria.
    """

    name: str
    exams: str | Path
    nodes: str | Path
    inspections: str | Path
    index: str | Path
    limits: Limits

    @property
    def folder(self) -> Path:
        """The folder of the node sheet, from which its paths count."""
        return Path(self.nodes).parent

    def included_exams(self) -> Iterator[tuple[Exam, ExamIndex]]:
        """Yield the included exams with their indices."""
        judged = judge_exams(self.exams, [self.inspections], self.limits)
        included = set(judged.loc[judged["included"] == "yes", "exam_id"])
        indices = read_index(self.index)
        for exam in read_exams(exams=self.exams, nodes=self.nodes, shard=self.name):
            if exam.exam_id in included:
                yield exam, indices[exam.exam_id]
