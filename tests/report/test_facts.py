"""Sentences of the report follow their files: a changed file changes them, or no page.

Each case plants a contradiction in one artefact of a study.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from report_files import CNNS

from nodal_staging import tables
from nodal_staging.audit.heatmaps import FAITHFULNESS, OUTSIDE
from nodal_staging.audit.shortcut import SHORTCUT
from nodal_staging.report.analysis_plan import analysis_plan
from nodal_staging.report.audit import audit, ceilings
from nodal_staging.report.classifiers import classifiers
from nodal_staging.report.cohort import cohort, uptake
from nodal_staging.report.datasets import weaknesses
from nodal_staging.report.facts import FactError
from nodal_staging.report.heatmaps import heatmaps
from nodal_staging.report.methods import methods
from nodal_staging.report.refits import refits
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.recomputation.ledger import RECOMPUTATION
from nodal_staging.statistics.refits import REFITS
from nodal_staging.study.files import read_json, write_json
from nodal_staging.tables.columns import TableSchema
from nodal_staging.tables.parts import html

FIRST = f"cnn_{CNNS[0]}"


@pytest.fixture(scope="module")
def study(reported):
    return reported


def words(section, study):
    """Return what a section of the report says."""
    return "\n".join(html(part) for part in section(study))


@dataclass
class Table:
    """Rows of an artefact, changed by a function of the frame."""

    attribute: str
    schema: TableSchema
    change: Callable

    def planted(self, study, folder):
        path = folder / Path(getattr(study, self.attribute)).name
        frame = tables.read(getattr(study, self.attribute), self.schema)
        tables.write(self.change(frame), path, self.schema)
        return replace(study, **{self.attribute: path})


@dataclass
class Json:
    """An artefact that is a JSON file, changed in place by a function."""

    attribute: str
    change: Callable

    def planted(self, study, folder):
        path = folder / Path(getattr(study, self.attribute)).name
        content = read_json(getattr(study, self.attribute))
        self.change(content)
        write_json(path, content)
        return replace(study, **{self.attribute: path})


@dataclass
class Statistics:
    """The statistics of some classifiers, changed in place by a function."""

    names: list[str]
    change: Callable

    def planted(self, study, folder):
        files = dict(study.classifiers)
        for name in self.names:
            content = read_json(files[name])
            self.change(content)
            write_json(folder / f"{name}.json", content)
            files[name] = folder / f"{name}.json"
        own = {cnn: files[f"cnn_{cnn}"] for cnn in CNNS}
        return replace(study, classifiers=files, statistics=own)


@dataclass
class Attribute:
    """Another setting of the study."""

    name: str
    value: float

    def planted(self, study, folder):
        return replace(study, **{self.name: self.value})


ALL = [f"cnn_{cnn}" for cnn in CNNS]


def bootstrap(**parts):
    return lambda one: one["auc"]["intervals"]["bootstrap"].update(parts)


def drop(column, value):
    return lambda frame: frame[frame[column] != value]


def only_from_the_fill(frame):
    xmask = frame["cnn"].eq("xmask") & frame["network"].eq("trained")
    fill = frame[xmask].assign(method="integrated_gradients", outside_share=0.125)
    return frame.__class__(
        [*frame.to_dict("records"), *fill.to_dict("records")], columns=frame.columns
    )


CHANGED = {
    "level of the tests": (
        analysis_plan,
        Attribute("significance", 0.05 / 3),
        "the level 0.005 is not 0.05 divided by 3 pairs",
        "McNemar, corrected, at 0.017",
    ),
    "weaknesses": (
        analysis_plan,
        Json("verdict", lambda one: one.update(weaknesses=["split by node"])),
        None,
        "Protocol: split by node.",
    ),
    "interval of an AUC": (
        analysis_plan,
        Statistics(
            [FIRST],
            lambda one: one["auc"]["intervals"]["obuchowski_logit"].update(
                method="delong_logit"
            ),
        ),
        None,
        "CNN, status balanced: the interval of the AUC has DeLong’s variance",
    ),
    "primary estimand": (
        analysis_plan,
        Table(
            "shortcut",
            SHORTCUT,
            lambda f: f.assign(node_set=tables.ALL_TEST_NODES),
        ),
        "CNN, xMask: the primary estimand is that of the test set",
        None,
    ),
    "a pair without variance": (
        analysis_plan,
        Table(
            "auc_differences",
            AUC_DIFFERENCES,
            lambda f: f.assign(status="no_variance"),
        ),
        None,
        "Difference of AUCs of CNN, status balanced and CNN, xMask: no variance.",
    ),
    "flags": (
        cohort,
        Table("node_flags", tables.NODE_FLAGS, lambda f: f[:1].assign(node_id="X9999")),
        "No node was excluded for a flag.",
        "1 of them is not among the measured nodes.",
    ),
    "labels": (
        uptake,
        Table(
            "disagreements",
            tables.DISAGREEMENTS,
            lambda f: f.assign(
                status=["positive" if s == "negative" else "negative" for s in f.status]
            ),
        ),
        "Nothing was relabelled.",
        "have another status in this study.",
    ),
    "nodes of the audit": (
        audit,
        Table(
            "shortcut",
            SHORTCUT,
            lambda f: f.assign(node_set=tables.ALL_TEST_NODES),
        ),
        "only the nodes of the test set count: the others have no score.",
        "All nodes of the test patients count",
    ),
    "methods of flipping": (
        heatmaps,
        Table("faithfulness", FAITHFULNESS, drop("method", "integrated_gradients")),
        "Integrated gradients uses the mean training image as baseline",
        None,
    ),
    "fill": (
        heatmaps,
        Table("halo", OUTSIDE, only_from_the_fill),
        None,
        "from the fill of the mask, give them 12.5%",
    ),
    "source of thresholds": (
        classifiers,
        Statistics(ALL, lambda one: one["threshold"].update(source="given")),
        "this study chose its thresholds out of fold",
        "this study chose its thresholds beforehand, with the scores",
    ),
    "engine of the replicates": (
        methods,
        Statistics(
            ALL,
            lambda one: bootstrap(computed_by=_engine(one), method="stratified")(one),
        ),
        "the package computed the replicates from these draws",
        "It also computed all replicates of the bootstrap intervals (stratified by "
        "status, 100 replicates, level 95%) and the bands of the ROC curves, and "
        "reports “stratified” as their method.",
    ),
    "repeated replicates": (
        methods,
        Statistics(ALL, lambda one: one["agreement"].update(repeated_replicates=37)),
        "pROC repeated the first 100 of each",
        "pROC repeated the first 37 of each",
    ),
    "replayed with a difference": (
        methods,
        Statistics(ALL, lambda one: one["agreement"].update(replay_difference=2e-4)),
        "the largest difference was that of rounding (below 1e-12)",
        "the largest difference was 2e-04",
    ),
    "clustered variance": (
        methods,
        Statistics(
            [FIRST],
            lambda one: one["auc"]["intervals"]["obuchowski_logit"].update(
                method="delong_logit"
            ),
        ),
        None,
        "where too few patients leave Obuchowski’s not positive",
    ),
    "nothing recomputed": (
        methods,
        Table(
            "recomputation",
            RECOMPUTATION,
            lambda f: f.assign(status="not_recomputed", by="no reason").drop_duplicates(
                ["file", "quantity"]
            ),
        ),
        "of the written numbers again from the scores",
        "No number was computed a second time.",
    ),
    "something not recomputed": (
        methods,
        Table(
            "recomputation",
            RECOMPUTATION,
            lambda f: f.assign(
                by=f["by"].where(f["status"] != "not_recomputed", "no time")
            ).drop_duplicates(["file", "quantity", "status", "by"]),
        ),
        "(a count of draws without a value)",
        "(no time)",
    ),
}


def _engine(one):
    return one["auc"]["intervals"]["bootstrap"]["engine"]


@pytest.mark.parametrize("case", CHANGED)
def test_a_changed_file_changes_the_sentence(study, tmp_path, case):
    section, plant, before, after = CHANGED[case]
    text = words(section, study)
    planted = words(section, plant.planted(study, tmp_path))
    if before is not None:
        assert before in text
        assert before not in planted
    if after is not None:
        assert after in planted
        assert after not in text


def on_both_sides(content):
    content["training"]["status_balanced"]["shared_patients"] = 3


REFUSED = {
    "excluded exams": (
        cohort,
        Json("flow", lambda one: one["excluded_exams"].update(low_dose=8)),
        "of 66 screened exams cohort/flow.json has 50 as included and 15 as excluded",
    ),
    "split": (
        weaknesses,
        Json("certificate", on_both_sides),
        "split by patient with 3 patients on both sides",
    ),
    "protocol": (
        weaknesses,
        Json("certificate", lambda one: one.update(protocol="node")),
        "has a split by node",
    ),
    "thresholds": (
        weaknesses,
        Statistics([FIRST], lambda one: one["threshold"].update(source="test")),
        "the threshold of CNN, status balanced was chosen on the test set",
    ),
    "first training": (
        refits,
        Table("refits", REFITS, lambda f: f.assign(auc=f["auc"] * 0.9)),
        "All other results of this report are those of the first training",
    ),
    "ceilings": (
        ceilings,
        Table("ceilings", tables.CEILINGS, lambda f: f.assign(status="leak")),
        "above the ceiling",
    ),
    "replicates": (
        methods,
        Statistics([FIRST], bootstrap(replicates=99)),
        "the level and the number of replicates is (0.95, 99) in the statistics of",
    ),
    "engines": (
        methods,
        Statistics([FIRST], bootstrap(engine="pROC 0.1 on R 1.0")),
        "the engine is 'pROC 0.1 on R 1.0' in the statistics of",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_file_contradicts_is_not_printed(study, tmp_path, case):
    section, plant, said = REFUSED[case]
    with pytest.raises(FactError) as error:
        words(section, plant.planted(study, tmp_path))
    assert said in str(error.value)
