"""Small reader pages: cubes of noise, datasets, and answers as a page exports them."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.page_folder import (
    KEY,
    ReaderPageInputs,
    make_reader_page,
)
from nodal_staging.classifiers.reader_page.reader_answers import ANSWERS
from nodal_staging.classifiers.reader_page.reading_plan import PageOptions
from nodal_staging.classifiers.scores import score_table
from nodal_staging.nodes.patch_files import write_patches

OPTIONS = PageOptions(
    study="blinded",
    readers=("A", "B"),
    arms=("unaided",),
    repeats=0.2,
    repeat_distance=5,
    training_cases=2,
    window=(40, 400),
    scale="likelihood4",
    sessions=2,
    compressed=True,
    seed=11,
)


def small_nodes(count: int, seed: int = 4) -> pd.DataFrame:
    """Return test nodes, two of each patient, of both statuses."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "node_id": [f"NODE-{n:04d}" for n in range(count)],
            "patient_id": [f"PATIENT-{n // 2:03d}" for n in range(count)],
            "location": rng.choice(tables.LOCATIONS, count),
            "status": np.where(np.arange(count) % 3 == 0, "positive", "negative"),
            "fold": 0,
        }
    )


@dataclass(frozen=True)
class ReaderPage:
    """A page that was made in a folder, and what it was made from."""

    home: Path
    nodes: pd.DataFrame

    @property
    def folder(self) -> Path:
        return self.home / "reader_page"

    @property
    def patches(self) -> list[Path]:
        return [self.home / "patches.h5"]

    @property
    def test(self) -> Path:
        return self.home / "test.tsv"

    @property
    def kept_keys(self) -> Path:
        return self.home / "private" / "reader_keys"

    @property
    def key(self) -> pd.DataFrame:
        return tables.read(self.home / "private" / "reader_key.tsv", KEY)

    @property
    def plan(self) -> dict[str, Any]:
        """Return what the page says of itself."""
        text = (self.folder / "index.html").read_text(encoding="utf-8")
        (found,) = re.findall(r"const STUDY = (.*);</script>", text)
        plan: dict[str, Any] = json.loads(found)
        return plan

    def node_of(self) -> dict[str, str]:
        """Return the node of each code."""
        return dict(zip(self.key["code"], self.key["node_id"], strict=True))


def make_page(
    home: Path, nodes: pd.DataFrame, *, size: int = 8, **changes: object
) -> ReaderPage:
    """Make a page of nodes with cubes of noise, and four nodes to practise with."""
    home.mkdir(parents=True, exist_ok=True)
    others = small_nodes(4).assign(fold=1)
    others["node_id"] = [f"TRAIN-{n}" for n in range(4)]
    rng = np.random.default_rng(1)
    empty = np.zeros((size, size, size), np.uint8)
    names = sorted([*nodes["node_id"], *others["node_id"]])
    images = {
        name: (rng.integers(-300, 300, empty.shape).astype(np.int16), empty)
        for name in names
    }
    write_patches(home / "patches.h5", images, size=size, spacing_mm=1.0)
    tables.write(nodes[list(tables.DATASET.columns)], home / "test.tsv", tables.DATASET)
    tables.write(others, home / "training.tsv", tables.DATASET)
    options = replace(OPTIONS, **changes)
    scores = None
    if "aided" in options.arms:
        scores = home / "scores.csv"
        share = np.linspace(0, 1, len(nodes))
        tables.write(score_table(nodes, share, "test"), scores, tables.SCORES)
    make_reader_page(
        inputs=ReaderPageInputs(
            patches=[home / "patches.h5"],
            test=home / "test.tsv",
            training=home / "training.tsv",
            scores=scores,
        ),
        options=options,
        folder=home / "reader_page",
        key=home / "private" / "reader_key.tsv",
        kept_keys=home / "private" / "reader_keys",
    )
    return ReaderPage(home, nodes)


def answer(
    page: ReaderPage,
    reader: str,
    ratings: dict[str, int],
    *,
    again: dict[str, int] | None = None,
    arm: str = "unaided",
) -> pd.DataFrame:
    """Return the answers of a reader as the page exports them.

    Parameters
    ----------
    page
        What is read.
    reader, arm
        Whose order is followed.
    ratings, again
        Rating by node_id at the first and at the second reading; 2 in practice.
    """
    plan, node_of = page.plan, page.node_of()
    rows = []
    for place, (code, kind) in enumerate(plan["readers"][reader][arm]):
        second = again if again and kind == "repeat" else ratings
        rating = second.get(node_of[code], 2)
        rows.append(
            {
                "reader": reader,
                "arm": arm,
                "page": plan["page"],
                "code": code,
                "kind": kind,
                "position": place + 1,
                "rating": rating,
                "first_rating": rating if arm == "aided" else None,
                "comment": "",
                "first_ms": 1500 + place,
                "last_ms": 3000 + 100 * place,
                "changes": 0,
                "axial_slices": 7,
                "coronal_slices": 1,
                "sagittal_slices": 1,
                "windows": 1,
            }
        )
    return pd.DataFrame(rows).reindex(columns=list(ANSWERS.columns))


def save(frame: pd.DataFrame, path: Path) -> Path:
    """Save answers as a browser does."""
    frame.to_csv(path, index=False, lineterminator="\n")
    return path
