"""What people look at first is finished first; controls come last."""

import re

import pytest
from repositories import ROOT, snakemake

pytestmark = pytest.mark.workflow

JOB = re.compile(r"^rule (\w+):$(.*?)^    resources:", re.MULTILINE | re.DOTALL)
PRIORITY = re.compile(r"^    priority: (\d+)$", re.MULTILINE)


def priorities(*targets: str) -> dict[str, int]:
    """Return the priority of each rule that makes the targets."""
    done = snakemake(ROOT, "-n", "-F", "--quiet", "host", "--nolock", "--", *targets)
    assert done.returncode == 0, done.stderr
    found = {}
    for rule, lines in JOB.findall(done.stdout + done.stderr):
        stated = PRIORITY.search(lines)
        found[rule] = int(stated[1]) if stated else 0
    return {rule: found[rule] for rule in found if rule not in targets}


@pytest.fixture(scope="module")
def everything() -> dict[str, int]:
    return priorities("all")


def test_table_1_and_figure_5_come_before_all_that_they_do_not_need(everything):
    first = priorities("table_1", "figure_1", "figure_5")
    ends_early = {"check_sheets", "accept_exams", "gather_losses", "accept_nodes"}
    ends_early |= {"accept_second_look"}
    later = {
        rule: priority
        for rule, priority in everything.items()
        if rule not in {*first, *ends_early}
    }
    assert {"draw_figure_5", "tabulate_results", "train_cnn"} <= set(first)
    assert {"train_permuted", "explain_cnn"} <= set(later)
    assert min(first.values()) > max(later.values())


def test_figure_1_is_there_while_the_networks_train(everything):
    figure_1 = everything["draw_figure_1"]
    assert everything["make_datasets"] > figure_1 > everything["train_cnn"]
    assert everything["choose_examples"] == figure_1


def test_the_longest_control_is_the_first_of_the_controls(everything):
    controls = {
        "audit_heatmaps",
        "compute_precision",
        "draw_readers",
    }
    assert {everything[rule] for rule in controls} == {0}
    # The heatmaps of its CNN wait for it.
    assert everything["train_permuted"] > everything["explain_cnn"] > 0
    assert everything["explain_cnn"] == everything["draw_figure_6"]


def test_every_priority_stands_in_the_table():
    files = (ROOT / "workflow" / "rules").glob("*.smk")
    stated = [re.findall(r"^    priority: (.*)$", f.read_text(), re.M) for f in files]
    assert all(value.startswith('PRIORITY["') for values in stated for value in values)
