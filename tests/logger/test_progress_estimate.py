"""Percentage and time left of schedules that can be worked out by hand."""

import pytest

from snakemake_logger_plugin_nodal_staging.progress import TRUST_S, Progress

CORE = {"_cores": 1.0}


def progress(counts, expected, *, edges=(), **limits):
    made = Progress(expected)
    made.limits |= {"_cores": 2.0} | limits
    made.plan(counts)
    made.follow(edges)
    return made


def test_equal_jobs_on_two_cores_take_half_of_their_sum():
    run = progress({"a": 4}, {"a": 10.0})
    assert run.seconds_left(0.0) == 20
    assert run.fraction(0.0) == 0
    run.start(1, "a", 0.0, CORE)
    run.start(2, "a", 0.0, CORE)
    assert run.seconds_left(5.0) == 15
    assert run.fraction(5.0) == 0.25
    run.finish(1, 10.0)
    run.finish(2, 10.0)
    assert run.seconds_left(10.0) == 10
    assert run.fraction(10.0) == 0.5


def test_percentage_follows_seconds_not_jobs():
    run = progress({"short": 9, "long": 1}, {"short": 1.0, "long": 91.0})
    for job in range(9):
        run.start(job, "short", job, CORE)
        run.finish(job, job + 1)
    assert run.fraction(9.0) == pytest.approx(0.09)


def test_a_chain_of_rules_takes_its_sum_however_many_cores_there_are():
    edges = [("a", "b"), ("b", "c"), ("a", "side")]
    run = progress(
        {"a": 1, "b": 1, "c": 1, "side": 1},
        {"a": 3.0, "b": 40.0, "c": 7.0, "side": 1.0},
        edges=edges,
        _cores=64.0,
    )
    assert run.seconds_left(0.0) == 50


def test_one_gpu_makes_trainings_wait_for_one_another():
    run = progress({"train": 5}, {"train": 60.0}, _cores=8.0, gpu=1.0)
    assert run.seconds_left(0.0) == 60
    run.start(1, "train", 0.0, {"_cores": 1.0, "gpu": 1.0})
    assert run.seconds_left(0.0) == 300


def test_measured_seconds_replace_expected_ones_and_scale_the_others():
    run = progress({"a": 2, "b": 1}, {"a": TRUST_S, "b": 8.0})
    run.start(1, "a", 0.0, CORE)
    run.finish(1, 3 * TRUST_S)
    assert run.seconds_of("a") == 3 * TRUST_S
    # Half of the trust belongs to the table: a factor of 2, not of 3.
    assert run.seconds_of("b") == 16


def test_percentage_never_falls_and_is_whole_at_the_end_alone():
    run = progress({"a": 2}, {"a": 1.0})
    shown = []
    for job, seconds in ((1, 100.0), (2, 5000.0)):
        run.start(job, "a", 0.0, CORE)
        shown += [run.fraction(seconds * part) for part in (0.0, 0.01, 0.5, 1.0)]
        run.finish(job, seconds)
        shown.append(run.fraction(seconds))
    assert shown == sorted(shown)
    assert max(shown[:-1]) < 1
    assert shown[-1] == 1


def test_a_circle_of_rules_ends():
    run = progress(
        {"a": 1, "b": 1}, {"a": 2.0, "b": 3.0}, edges=[("a", "b"), ("b", "a")]
    )
    assert 0 < run.seconds_left(0.0) <= 5


def test_failed_jobs_wait_again():
    run = progress({"a": 1}, {"a": 10.0})
    run.start(1, "a", 0.0, CORE)
    run.fail(1)
    assert run.seconds_left(9.0) == 10
