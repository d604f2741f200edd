"""Sheets of a synthetic cohort from its files alone, in one folder under random names.

Simulates 240 included patients with small images, renames their files at random,
imports them, and counts cells of the exam sheet that name wrong files. CPU time and
memory are those of the command for a tree of 20,000 files of 100 exams.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from rows import Row, publish
from synthetic_inputs import configuration

from nodal_staging import tables
from nodal_staging.cohort.imported.pseudonyms import MAPPING
from nodal_staging.geometry import Lattice
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.phantom.dicom_writer import write_series
from nodal_staging.phantom.scan_headers import Protocol, ct_series
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.simulation import simulate_exams
from nodal_staging.phantom.synthetic_cohort import Enrolment, draw_cohort
from nodal_staging.phantom.truth import Dials

PATIENTS, NODES = 240, 1150
LIMIT_S = 60
LIMIT_MB = 300
SHARD = "1-of-1"
SEED = 1


def main() -> None:
    """Publish wrong cells, CPU time and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_many(folder / "many")
        seconds, megabytes = run_import(folder / "many", folder / "large")
        simulate(folder / "raw")
        originals = rename(folder / "raw", folder / "dump")
        run_import(folder / "dump", folder / "study")
        wrong, cells = wrong_cells(folder / "raw", folder / "study", originals)
    publish(
        [
            Row("wrong cells of the exam sheet", wrong, "cells", "all", cells, 0),
            Row("20,000 files, CPU time", seconds, "s", "limit", LIMIT_S, 1),
            Row("20,000 files, memory", megabytes, "MB", "limit", LIMIT_MB, 1),
        ]
    )


def write_many(tree: Path) -> None:
    """Write 100 CTs of 200 small slices."""
    hu = np.zeros((200, 16, 16), np.int16)
    for number in range(100):
        lattice = Lattice(hu.shape, (10.0, 10.0, 3.0), (float(number), -80.0, -600.0))
        exam, patient = f"E{number:04}", f"P{number:04}"
        protocol = Protocol(exam, number, True, 120, 60, patient)
        write_series(tree / f"{number}", *ct_series(protocol, lattice, hu))


def simulate(raw: Path) -> None:
    """Write the cohort as a hospital has it."""
    section = configuration("tests")["phantom"]
    raw.mkdir()
    draw_cohort(
        enrolment=Enrolment(PATIENTS, NODES, section["excluded_share"]),
        dials=Dials(**{name: section[name] for name in Dials.__slots__}),
        per_node_share=section["segmentation"]["per_node_share"],
        ct=section["ct"],
        n_shards=1,
        seed=SEED,
        folder=raw,
    )
    simulate_exams(
        exams=raw / "exams.tsv",
        truth=raw / "truth.tsv",
        scanner=Scanner(*(section[x] for x in ("body", "ct", "pet", "segmentation"))),
        shard=SHARD,
        seed=SEED,
        output=raw / SHARD,
    )


def rename(raw: Path, dump: Path) -> dict[Path, Path]:
    """Link all files into one folder under random names; return where each was."""
    dump.mkdir()
    files = sorted(path for path in (raw / SHARD).rglob("*") if path.is_file())
    names = random.Random(SEED).sample(range(10**9), len(files))
    places = {dump / str(n): path for path, n in zip(files, names, strict=True)}
    for place, path in places.items():
        place.hardlink_to(path)
    return places


MEASURED = """
import resource, subprocess, sys
words = ["-m", "nodal_staging", "import", "dicom", *sys.argv[1:]]
subprocess.run([sys.executable, *words])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""Run by a small process, since a child counts the memory of the one that starts it."""


def run_import(dump: Path, study: Path) -> tuple[float, float]:
    """Return CPU time in s and the largest memory in MB of the command."""
    command = [sys.executable, "-c", MEASURED, dump, study]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, megabytes = map(float, done.stdout.splitlines()[-1].split())
    return seconds, megabytes


def wrong_cells(raw: Path, study: Path, originals: dict[Path, Path]) -> tuple[int, int]:
    """Return how many cells of the exam sheet name other files than they should."""
    nodes = tables.read(raw / "nodes.tsv", tables.NODE_SHEET).dropna(
        subset="segmentation"
    )
    found = linked_files(study, originals)
    wrong = cells = 0
    for row in tables.read(raw / "exams.tsv", tables.EXAM_SHEET).to_dict("records"):
        own = nodes.loc[nodes["exam_id"] == row["exam_id"], "segmentation"]
        for column in ("ct", "pet", "segmentation"):
            named = [row[column]] if isinstance(row[column], str) else []
            if column == "segmentation":
                named = named or list(own)
            files = {file for cell in named for file in files_at(raw / cell)}
            cells += 1
            wrong += files not in found[row["patient_id"], column]
    return wrong, cells


def linked_files(
    study: Path, originals: dict[Path, Path]
) -> dict[tuple[str, str], list[set[Path]]]:
    """Return the files in each column, of all exams of each patient."""
    mapping = tables.read(study / "private" / "mapping.tsv", MAPPING)
    patients = mapping.set_index("exam_id")["patient"].str.removeprefix(CANARY)
    found: dict[tuple[str, str], list[set[Path]]] = {}
    for row in tables.read(study / "exams.tsv", tables.EXAM_SHEET).to_dict("records"):
        for column in ("ct", "pet", "segmentation"):
            cell = row[column]
            links = files_at(study / cell) if isinstance(cell, str) else set()
            files = {originals[link.readlink()] for link in links}
            key = (patients[row["exam_id"]], column)
            found.setdefault(key, []).append(files)
    return found


def files_at(place: Path) -> set[Path]:
    """Return a file, or the files of a folder."""
    return set(place.iterdir()) if place.is_dir() else {place}


if __name__ == "__main__":
    main()
