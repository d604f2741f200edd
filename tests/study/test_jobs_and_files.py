"""Logs, seeds and files: what every job leans on."""

import logging
import re
import subprocess
import sys

import numpy as np
import pytest

from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json, replacing, write_json
from nodal_staging.study.jobs import job_log
from nodal_staging.study.seeds import named_seed, stream


def test_a_wrong_input_is_a_sentence_without_a_traceback(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit) as ended, job_log(log, code=""):
        raise InputError("exam E1: no CT; give its folder")
    assert ended.value.code == 1
    assert "E1: no CT; give its folder" in log.read_text()
    assert "Traceback" not in log.read_text() + capsys.readouterr().err


def test_a_defect_leaves_its_traceback_in_the_log(tmp_path, capsys):
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit), job_log(log, code=""):
        _ = {}["absent"]
    assert "Traceback" in log.read_text()
    assert "KeyError: 'absent'" in log.read_text()
    assert "this is a defect" in capsys.readouterr().err


def test_progress_goes_to_the_log_of_its_own_job(tmp_path):
    logger = logging.getLogger("nodal_staging.anything")
    for name in ("one", "two"):
        with job_log(tmp_path / name, code=""):
            logger.info("epoch of %s", name)
    assert (tmp_path / "one").read_text().count("epoch") == 1
    assert "epoch of two" in (tmp_path / "two").read_text()


def test_the_log_of_a_job_has_its_cpu_time_and_what_its_children_used(tmp_path):
    burn = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.4: pass"]
    with job_log(tmp_path / "one", code=""):
        subprocess.run(burn, check=True)
    line = (tmp_path / "one").read_text().splitlines()[-2]
    whole, before = map(float, re.findall(r"([\d.]+) s", line))
    assert 0.3 < whole - before < 2
    assert "made with" in (tmp_path / "one").read_text().splitlines()[-1]


def test_streams_are_repeatable_and_told_apart_by_every_name():
    names = [("split",), ("split", "test"), ("split", 1), ("split", 2), ("fold", 1)]
    draws = [tuple(stream(7, *name).integers(0, 2**60, 4)) for name in names]
    assert len(set(draws)) == len(names)
    assert draws == [tuple(stream(7, *n).integers(0, 2**60, 4)) for n in names]
    assert tuple(stream(8, "split").integers(0, 2**60, 4)) != draws[0]


def test_streams_of_neighbouring_names_are_uncorrelated():
    draws = np.array(
        [stream(1, "exam", f"P{i:04d}").normal(size=200) for i in range(50)]
    )
    correlation = np.corrcoef(draws)[np.triu_indices(50, 1)]
    assert abs(correlation).max() < 5 / np.sqrt(200)
    assert correlation.std() == pytest.approx(1 / np.sqrt(200), rel=0.15)


def test_named_seeds_fit_every_engine():
    seeds = [named_seed(3, "forest", i) for i in range(2000)]
    assert min(seeds) >= 1
    assert max(seeds) < 2**31
    assert len(set(seeds)) > 1990


def test_a_failed_write_leaves_nothing_and_spoils_nothing(tmp_path):
    path = tmp_path / "deep" / "result.json"
    write_json(path, {"a": 1})
    with pytest.raises(ZeroDivisionError), replacing(path) as part:
        part.write_text("half")
        _ = 1 / 0
    assert read_json(path) == {"a": 1}
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_json_refuses_what_json_has_not(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", {"p": float("nan")})
    assert not list(tmp_path.iterdir())
