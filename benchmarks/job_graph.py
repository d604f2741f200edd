"""The job graph of large cohorts, of one job a patient, and of an empty workflow.

A dry run of the whole study on sheets of 10,000 and 50,000 patients with five nodes
each, read by two readers. The peer is the usual way to write such a workflow: two rules
for each patient and one that gathers; the floor an empty workflow. They are listed with
the limits that were set for an ordinary server. Each study lies in a folder of its own
where nothing ran before; the second run there remembers what the first found of code
and sheets. Processor seconds and peak memory of the process.

    python benchmarks/job_graph.py
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from rows import Row, publish

ROOT = Path(__file__).parents[1]
NODES = 5
TEN_THOUSAND_S, FIFTY_THOUSAND_S, MEMORY_MB = 6, 10, 300
FINE_S, FINE_MB = 8, 200
LOCATIONS = ["inguinal", "iliac", "retroperitoneal", "axillary", "cervical"]
PEER = """\
PATIENTS = [f"P{{n}}" for n in range({patients})]
rule all:
    input: "table.tsv"
rule measure:
    output: "nodes/{{patient}}.tsv"
    shell: "touch {{output}}"
rule extract:
    input: "nodes/{{patient}}.tsv"
    output: "patches/{{patient}}.h5"
    shell: "touch {{output}}"
rule gather:
    input: expand("patches/{{patient}}.h5", patient=PATIENTS)
    output: "table.tsv"
    shell: "touch {{output}}"
"""


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        floor, floor_mb = dry_run(workflow(folder / "empty", "rule all:\n"))
        peer = workflow(folder / "peer", PEER.format(patients=10_000))
        peer_s, peer_mb = dry_run(peer)
        found = {
            (patients, shards): dry_run(study(folder, patients, shards))
            for patients, shards in [
                (10_000, 8),
                (10_000, 200),
                (50_000, 8),
                (50_000, 500),
            ]
        }
        again, _ = dry_run(study(folder, 10_000, 8))
        later, later_mb = dry_run(study(folder, 50_000, 500))
    a_job = "two jobs a patient"
    empty = "an empty workflow"
    limit = "limit for one core"
    seconds, memory = found[10_000, 8]
    fine, fine_mb = found[10_000, 200]
    large, large_mb = found[50_000, 8]
    publish(
        [
            Row("10,000 patients, 8 shards", seconds, "s", a_job, peer_s, 0.5),
            Row("10,000 patients, 200 shards", fine, "s", a_job, peer_s, 0.5),
            Row("10,000 patients, memory", memory, "MB", a_job, peer_mb, 0.8),
            Row("10,000 patients, 8 shards", seconds, "s", limit, TEN_THOUSAND_S, 1),
            Row("10,000 patients, 8 shards", memory, "MB", limit, MEMORY_MB, 1),
            Row("10,000 patients, 200 shards", fine_mb, "MB", limit, MEMORY_MB, 1),
            Row("50,000 patients, 8 shards", large, "s", limit, FIFTY_THOUSAND_S, 1),
            Row("50,000 patients, 500 shards, later", later, "s", limit, FINE_S, 1),
            Row(
                "50,000 patients, 500 shards, later", later_mb, "MB", limit, FINE_MB, 1
            ),
            Row("10,000 patients, second run", again, "s", "the first", seconds, 1),
            Row("10,000 patients, 8 shards", seconds, "s", empty, floor, 3),
            Row("50,000 patients, 8 shards", large, "s", empty, floor, 5),
            Row("50,000 patients, memory", large_mb, "MB", empty, floor_mb, 3),
        ]
    )


def workflow(folder: Path, text: str) -> list[str]:
    """Write a workflow and return the arguments that name it."""
    folder.mkdir()
    (folder / "Snakefile").write_text(text)
    return ["--snakefile", str(folder / "Snakefile"), "--directory", str(folder)]


def study(folder: Path, patients: int, shards: int) -> list[str]:
    """Write the sheets of a cohort and return the arguments of its study."""
    place = folder / f"{patients}_{shards}"
    place.mkdir(exist_ok=True)
    people = range(patients)
    nodes = [(n, k) for n in people for k in range(NODES)]
    sheets = {
        "exams": (
            "patient_id\texam_id\tct",
            [f"P{n}\tE{n}\texams/{n}" for n in people],
        ),
        "nodes": (
            "patient_id\texam_id\tnode_id\tlabel\tlocation\tstatus",
            [f"P{n}\tE{n}\tN{n}-{k}\t{k}\t{LOCATIONS[k]}\tnegative" for n, k in nodes],
        ),
        "readings": (
            "reader\tnode_id\trating",
            [f"R{r}\tN{n}-{k}\t1" for r in (1, 2) for n, k in nodes],
        ),
    }
    cohort = {"source": "files", "shards": shards}
    for name, (header, rows) in sheets.items():
        path = place / f"{name}.tsv"
        path.write_text("\n".join([header, *rows]) + "\n")
        cohort[name] = str(path)
    overlay = place / "overlay.yaml"
    overlay.write_text(json.dumps({"study": "graph", "cohort": cohort}))
    config = [str(ROOT / "config" / "config.yaml"), str(overlay)]
    own = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(place)]
    return [*own, "--configfile", *config]


def dry_run(arguments: list[str]) -> tuple[float, float]:
    """Return processor seconds and peak memory in MB of a dry run."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "all"]
    run = subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    if status:
        raise SystemExit(f"the dry run failed: {' '.join(arguments)}")
    return seconds_of(used), used.ru_maxrss / 1024


def seconds_of(used: resource.struct_rusage) -> float:
    """Return the processor seconds of a process."""
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
