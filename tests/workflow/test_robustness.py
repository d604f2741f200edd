"""Runs on a full disk, without memory, with killed writers, and during other runs."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from repositories import (
    ENVIRONMENT,
    ROOT,
    SNAKEMAKE,
    TESTS,
    copy_repository,
    planned_jobs,
    snakemake,
)

from nodal_staging import tables
from nodal_staging.nodes.patch_files import (
    PatchFileError,
    patch_sums,
    read_slabs,
    write_patches,
)
from nodal_staging.phantom import simulation
from nodal_staging.study import files

SIZE = 12


def patches(count):
    rng = np.random.default_rng(0)
    return {
        f"N{n:03d}": (
            rng.integers(-1000, 1000, (SIZE,) * 3).astype(np.int16),
            rng.integers(0, 2, (SIZE,) * 3).astype(np.uint8),
        )
        for n in range(count)
    }


def job(folder, body, limit=""):
    """Run the body of a script of the workflow in a process with a limit."""
    text = f"""
        import resource
        from pathlib import Path
        import numpy as np
        from nodal_staging import tables
        from nodal_staging.nodes import patch_files
        from nodal_staging.nodes.patch_files import write_patches
        from nodal_staging.study.files import write_text
        from nodal_staging.study.jobs import job_log

        image = np.random.default_rng(0).integers(0, 99, (40,) * 3).astype(np.int16)
        mask = np.random.default_rng(1).integers(0, 256, (40,) * 3).astype(np.uint8)
        with job_log("job.log", code="1a2b"):
            {limit}
            {body}
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def small_files(size):
    return f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


MANY = 'write_patches("out.h5", {f"N{n}": (image, mask) for n in range(9)}, size=40, '
MANY += "spacing_mm=1.0)"


@pytest.mark.parametrize(
    ("name", "body", "size"),
    [
        ("out.txt", 'write_text("out.txt", "long" * 10_000)', 20_000),
        ("out.h5", MANY, 400_000),  # while patches are gathered
        ("out.h5", MANY.replace("range(9)", "range(2)"), 384_100),  # in the HDF5 file
    ],
)
@pytest.mark.parametrize("before", [None, b"as it was"])
def test_a_full_disk_is_named_and_nothing_is_half_written(
    tmp_path, name, body, size, before
):
    if before:
        (tmp_path / name).write_bytes(before)
    done = job(tmp_path, body, small_files(size))
    assert done.returncode == 1, done.stderr
    assert "free some space and run again" in done.stderr.splitlines()[-1]
    log = (tmp_path / "job.log").read_text()
    assert "free some space and run again" in log
    assert "Traceback" not in log
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    left.pop("job.log")
    assert left == ({name: before} if before else {})


def test_a_disk_with_no_room_at_all_is_found_before_anything_is_begun(
    tmp_path, monkeypatch
):
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match=r"No space left.*100 bytes free"):
        files.write_text(tmp_path / "a", "b")
    assert not list(tmp_path.iterdir())


def test_a_job_without_memory_says_what_to_do(tmp_path):
    limit = "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))"
    done = job(tmp_path, "np.zeros(8 << 30, np.uint8)", limit)
    assert done.returncode == 1
    assert "not enough memory; give the job more" in done.stderr
    assert "Traceback" not in done.stderr


def test_writing_patches_takes_the_memory_of_one(tmp_path):
    made = patches(1)["N000"]

    def peak(count):
        tracemalloc.start()
        pairs = ((f"N{n:03d}", made) for n in range(count))
        write_patches(tmp_path / f"{count}.h5", pairs, size=SIZE, spacing_mm=1.0)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(2)  # imports
    a_patch = SIZE**3 * 3
    assert peak(400) < peak(20) + 100 * a_patch


def test_the_order_of_arrival_changes_no_byte(tmp_path):
    made = patches(7)
    write_patches(tmp_path / "a.h5", made, size=SIZE, spacing_mm=1.0)
    turned = dict(sorted(made.items(), reverse=True))
    write_patches(tmp_path / "b.h5", turned, size=SIZE, spacing_mm=1.0)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    image, mask = read_slabs([tmp_path / "a.h5"], ["N004"], half_depth=SIZE // 2)
    np.testing.assert_array_equal(image[0], made["N004"][0])
    np.testing.assert_array_equal(mask[0], made["N004"][1])


@pytest.mark.parametrize("kept", [0, 100, 3000])
def test_a_patch_file_that_was_cut_short_is_named(tmp_path, kept):
    path = tmp_path / "patches" / "3-of-8.h5"
    write_patches(path, patches(2), size=SIZE, spacing_mm=1.0)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(PatchFileError, match=r"patches/3-of-8\.h5.*delete it and run"):
        patch_sums([path])


def test_a_writer_that_is_killed_spoils_nothing(tmp_path):
    target = tmp_path / "out.txt"
    target.write_text("whole")
    body = "from nodal_staging.study.files import replacing"
    body += '\nwith replacing("out.txt") as p:'
    body += '\n    p.write_text("half")\n    print("now", flush=True)\n    input()'
    writer = subprocess.Popen(
        [sys.executable, "-c", body],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout.readline() == b"now\n"
    writer.kill()
    writer.communicate()
    assert target.read_text() == "whole"
    assert len(list(tmp_path.iterdir())) == 2
    files.write_text(tmp_path / "another.txt", "leaves it")
    assert len(list(tmp_path.iterdir())) == 3
    files.write_text(target, "new")
    assert target.read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"out.txt", "another.txt"}


def test_what_killed_writers_of_folders_left_goes_and_what_others_write_stays(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".part.{files.HOST}-{dead.pid}-0.1-of-1"
    elsewhere = tmp_path / f".part.00000000-{dead.pid}-0.1-of-1"
    alive = tmp_path / f".part.{files.HOST}-{os.getpid()}-0.1-of-1"
    for folder in (left, elsewhere, alive):
        folder.mkdir()
        (folder / "a").write_text("half")
    with files.replacing_folder(tmp_path / "1-of-1"):
        pass
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"1-of-1", elsewhere.name, alive.name}


def test_of_two_writers_of_a_file_the_last_wins_with_a_whole_one(tmp_path):
    """A job that its scheduler forgot may still write when it is run again."""
    target = tmp_path / "out.txt"
    with files.replacing(target) as first:
        first.write_text("first, ")
        with files.replacing(target) as second:
            second.write_text("second")
        assert target.read_text() == "second"
        with first.open("a") as file:
            file.write("later")
        assert target.read_text() == "second"
    assert target.read_text() == "first, later"
    assert [path.name for path in tmp_path.iterdir()] == ["out.txt"]


def test_a_folder_stays_as_it_was_where_its_job_fails(tmp_path):
    folder = tmp_path / "1-of-1"
    with files.replacing_folder(folder) as part:
        (part / "a").write_text("whole")
    with (
        pytest.raises(ValueError, match="half"),
        files.replacing_folder(folder) as part,
    ):
        (part / "a").write_text("half")
        raise ValueError("half")
    assert [path.name for path in tmp_path.iterdir()] == ["1-of-1"]
    assert (folder / "a").read_text() == "whole"


def test_of_two_writers_of_a_folder_the_last_wins_with_a_whole_one(tmp_path):
    folder = tmp_path / "1-of-1"
    with files.replacing_folder(folder, inner="1-of-1") as first:
        (first / "1-of-1").mkdir()
        (first / "1-of-1" / "a").write_text("first")
        with files.replacing_folder(folder) as second:
            (second / "a").write_text("second")
        assert (folder / "a").read_text() == "second"
        (first / "1-of-1" / "b").write_text("first")
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "a": "first",
        "b": "first",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["1-of-1"]


def test_two_jobs_of_one_shard_leave_it_whole(tmp_path, monkeypatch):
    """The scheduler forgot the first one, which is slow, and ran it again."""
    sheets = {name: tmp_path / f"{name}.tsv" for name in ("exams", "truth")}
    columns = tables.EXAM_SHEET.columns
    rows = pd.DataFrame(
        [
            dict.fromkeys(columns)
            | {"patient_id": f"P{k}", "exam_id": f"E{k}", "ct": f"1-of-1/E{k}/ct"}
            for k in range(4)
        ]
    )
    known = {sheets["exams"]: rows, sheets["truth"]: pd.DataFrame({"exam_id": []})}
    monkeypatch.setattr(simulation.tables, "read", lambda path, _: known[path])

    def slowly(row, nodes, scanner, seed, raw):
        (raw / row["ct"]).mkdir(parents=True)
        time.sleep(0.05)

    monkeypatch.setattr(simulation, "simulate_exam", slowly)
    output = tmp_path / "raw" / "1-of-1"

    def simulate():
        simulation.simulate_exams(
            **sheets, scanner=None, shard="1-of-1", seed=1, output=output
        )

    with ThreadPoolExecutor() as pool:
        jobs = [pool.submit(simulate)]
        time.sleep(0.07)
        jobs.append(pool.submit(simulate))
        for one in jobs:
            one.result()
    assert {path.name for path in output.iterdir()} == {
        "E0",
        "E1",
        "E2",
        "E3",
        ".files",
    }
    assert [path.name for path in output.parent.iterdir()] == ["1-of-1"]


def test_a_gpu_without_memory_says_what_to_do(tmp_path):
    body = 'raise type("ResourceExhaustedError", (Exception,), {})("OOM")'
    done = job(tmp_path, body)
    assert done.returncode == 1
    assert "not enough memory; give the job more" in done.stderr
    assert "batch_size smaller" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_training_set_that_the_disk_cannot_hold_is_named(tmp_path):
    """Its slabs lie in a file that is mapped; a write there would end in SIGBUS."""
    body = "patch_files.LARGEST_IN_MEMORY = 1000; "
    body += "patch_files._empty((100, 12, 80, 80), np.int16)"
    done = job(tmp_path, body, small_files(500_000))
    assert done.returncode == 1, done.stderr
    assert "free some space and run again" in done.stderr.splitlines()[-1]


@pytest.mark.workflow
def test_a_clock_that_jumps_reruns_nothing(study):
    """Files dated to the future and the past, as after a battery or a copy."""
    rng = random.Random(1)
    results = [path for path in (study / "results").rglob("*") if path.is_file()]
    assert len(results) > 100
    for path in results:
        date = time.time() + rng.uniform(-20, 2) * 365 * 86400
        os.utime(path, (date, date))
    try:
        assert planned_jobs(study) == {}
    finally:
        for path in results:
            path.touch()


@pytest.mark.workflow
def test_a_second_run_in_the_same_folder_is_told_so(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    first = subprocess.Popen(
        [*SNAKEMAKE, *TESTS, "--cores", "1", "--until", "draw_cohort"],
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while (
            not list((folder / ".snakemake").glob("locks/*")) and first.poll() is None
        ):
            time.sleep(0.05)
        first.send_signal(signal.SIGSTOP)
        second = snakemake(folder, "--cores", "1", "--until", "draw_cohort")
        assert second.returncode != 0
        assert "Directory cannot be locked" in second.stdout + second.stderr
        release = folder / "tools" / "release_stale_lock.sh"
        told = subprocess.run([release], capture_output=True, text=True, check=False)
        first.send_signal(signal.SIGCONT)
        assert "Another run works in this folder" in told.stderr
        assert first.wait(timeout=300) == 0
    finally:
        first.send_signal(signal.SIGCONT)
        first.kill()
    assert (folder / "results" / "tests" / "raw" / "exams.tsv").is_file()
