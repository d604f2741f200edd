"""How processor seconds, wall time and memory of a study grow with its patients.

Runs the study of config/stress.yaml with more and more patients, each time from
nothing; prints what all jobs of a run took together, and the memory of the largest
process of this run and those before it, Snakemake and the jobs that gather included.

    python benchmarks/stress.py --patients 250 500 1000 2000
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Print a line for each number of patients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--patients-a-shard", type=int, default=125)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    given = parser.parse_args()
    print("patients\tshards\twall_s\tcpu_s\tcpu_s_a_patient\tlargest_process_mb")
    for patients in given.patients:
        shards = max(1, patients // given.patients_a_shard)
        with tempfile.TemporaryDirectory(dir=ROOT / "results") as folder:
            wall, cpu = run(Path(folder), patients, shards, given.cores)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        row = (patients, shards, f"{wall:.0f}", f"{cpu:.0f}", f"{cpu / patients:.2f}")
        print(*row, f"{memory:.0f}", sep="\t", flush=True)


def run(folder: Path, patients: int, shards: int, cores: int) -> tuple[float, float]:
    """Run the study in a folder; return wall and processor seconds of all processes."""
    overlay = {
        "study": folder.name,
        "cohort": {"shards": shards},
        "phantom": {
            "patients": patients,
            "nodes": 3 * patients,
            "shards_at_once": shards,
        },
    }
    path = folder / "overlay.yaml"
    path.write_text(json.dumps(overlay))
    config = ["config/config.yaml", "config/stress.yaml", str(path)]
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores)]
    command += ["--nolock", "--quiet", "all", "--configfile", *config, "--", "stress"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent


if __name__ == "__main__":
    main()
