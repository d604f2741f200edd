"""A dry run ends with the time that its jobs would take."""

import os
from pathlib import Path

import pytest

from snakemake_logger_plugin_nodal_staging.durations import remember
from snakemake_logger_plugin_nodal_staging.network_cost import (
    PUBLISHED_TRAINING_S,
    expected_seconds,
    multiplications,
    read_configuration,
)
from snakemake_logger_plugin_nodal_staging.plan_estimate import PlanEstimate
from snakemake_logger_plugin_nodal_staging.words import EXPECTED_SECONDS


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


PAPER = str(Path(__file__).parents[2] / "config" / "paper_network.yaml")


def estimate(counts: dict[str, int], cores: int = 2, files: list[str] = ()) -> str:
    named = ["--configfile", *files] if files else []
    made = PlanEstimate(["snakemake", "--cores", str(cores), *named])
    made.plan(counts)
    made.note_outputs(["results/own/nodes.tsv"])
    return made.sentence()


def test_work_is_divided_by_the_cores():
    minutes = 60 * EXPECTED_SECONDS["inspect_exams"] / 60
    said = estimate({"inspect_exams": 60, "all": 1, "total": 61}, cores=1)
    assert said.startswith(f"60 jobs, about {minutes:.0f} min on 1 core for a cohort")
    said = estimate({"inspect_exams": 60}, cores=2)
    assert f"about {minutes / 2:.0f} min on 2 cores" in said


def test_trainings_take_as_long_as_the_configured_network():
    assert "training" not in estimate({"inspect_exams": 3})
    counts = {"train_cnn": 3, "train_folds": 30}
    said = estimate(counts, files=[PAPER])
    # 3 trainings of 50 minutes, and 30 on nine tenths of the nodes, on two cores.
    assert PUBLISHED_TRAINING_S == 50 * 60
    assert "33 jobs, about 12 h 30 min on 2 cores without a GPU" in said
    assert "(about 50 min a training). Times on a GPU have not been measured." in said
    assert "(about 30 s a training)" in estimate(counts)


def test_an_overlay_without_all_keys_is_not_too_low(tmp_path):
    """The published width alone, with two folds in one job."""
    overlay = tmp_path / "wide.yaml"
    overlay.write_text("cnn: {convolutions: [2, 2, 4, 4, 4], first_width: 64}\n")
    seconds = expected_seconds(
        read_configuration(["snakemake", "--configfile", str(overlay)])
    )
    # 48 of 50 epochs; the dense layers are a hundredth of the multiplications.
    assert seconds["train_cnn"] == pytest.approx(3000 * 48 / 50, rel=0.03)
    # Two folds, each on half of the nodes.
    assert seconds["train_folds"] == pytest.approx(seconds["train_cnn"])


def test_multiplications_are_those_of_the_layers():
    config = {"cnn": {"convolutions": [1, 2], "first_width": 4, "dense_widths": [10]}}
    first = 48 * 48 * 9 * 1 * 4
    second = 24 * 24 * 9 * (4 * 8 + 8 * 8)
    assert multiplications(config) == first + second + 8 * 10 + 10 * 1


def test_earlier_runs_of_the_study_replace_what_is_expected():
    remember("results/own", "30 s a training", {"train_cnn": 600.0})
    said = estimate({"train_cnn": 2}, cores=1)
    assert said == "2 jobs, about 20 min on 1 core, as in earlier runs of this study."
    # Those of the small network say nothing of the published one.
    said = estimate({"train_cnn": 2}, cores=1, files=[PAPER])
    assert "about 1 h 40 min" in said


@pytest.mark.parametrize("given", [["-c3"], ["-c", "3"], ["--cores=3"]])
def test_cores_are_those_of_the_command(given):
    made = PlanEstimate(["snakemake", "all", *given, "-n"])
    made.plan({"inspect_exams": 3})
    assert "on 3 cores" in made.sentence()


def test_without_a_number_of_cores_all_of_the_machine_count():
    made = PlanEstimate(["snakemake", "--cores", "all"])
    made.plan({"inspect_exams": 3})
    number = len(os.sched_getaffinity(0))
    assert f"on {number} core" in made.sentence()


def test_without_jobs_nothing_is_said():
    assert estimate({"all": 1, "total": 1}) == ""
