"""How the files of each usable exam are read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodal_staging.exams import scans
from nodal_staging.exams.scans import Scan
from nodal_staging.study.files import read_json

Place = tuple[int, int]
"""Layer and value of a label."""


@dataclass(frozen=True, slots=True)
class ExamIndex:
    """How the files of a usable exam are read.

    ``labels`` gives layer and value of the label of each node_id; ``pet`` is None
    where there is no PET or it cannot be turned to SUV.
    """

    ct: Scan
    pet: Scan | None
    labels: dict[str, Place]

    def to_json(self) -> dict[str, Any]:
        """Return plain lists and numbers, without path or identifier."""
        return {
            "ct": scans.to_json(self.ct),
            "pet": None if self.pet is None else scans.to_json(self.pet),
            "labels": self.labels,
        }


def read_index(path: str | Path) -> dict[str, ExamIndex]:
    """Read the index of a shard: exam_id to how its files are read."""
    return {
        exam_id: ExamIndex(
            ct=scans.from_json(content["ct"]),
            pet=None if content["pet"] is None else scans.from_json(content["pet"]),
            labels={
                node_id: (layer, value)
                for node_id, (layer, value) in content["labels"].items()
            },
        )
        for exam_id, content in read_json(path).items()
    }
