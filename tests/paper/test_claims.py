"""The paper's claims, put to planted evidence: each verdict follows from its rule."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.claims.checks import CLAIMS
from nodal_staging.paper.claims.evidence import Evidence, RefitFiles
from nodal_staging.paper.claims.rules import (
    FAILS,
    HOLDS,
    OPEN,
    VARIES,
    Estimate,
    above,
    below,
    over_trainings,
    together,
)
from nodal_staging.paper.claims.table import check_claims

CHECKS = {claim.key: claim.check for claim in CLAIMS}
CNNS = ("status_balanced", "location_balanced", "xmask")


def area(value, half=0.04):
    interval = {"lower": value - half, "upper": value + half}
    return {
        "auc": {"estimate": value, "intervals": {"obuchowski_logit": interval}},
        "binary_auc": {"estimate": value - 0.1},
    }


def difference(a, b, value, half=0.03, clustered=True):
    row = {"classifier_a": a, "classifier_b": b, "difference": value}
    nothing = {"clustered_lower": np.nan, "clustered_upper": np.nan}
    ends = {"clustered_lower": value - half, "clustered_upper": value + half}
    return (
        row
        | {"delong_lower": value - half, "delong_upper": value + half}
        | (ends if clustered else nothing)
    )


def on_node(cnn, share, ct_share=np.nan, method="pattern_attribution"):
    row = {"cnn": cnn, "method": method, "group": "all", "region": "node"}
    return row | {"share": share, "ct_share": ct_share}


def over(cnn, control, share, difference, half=0.02, region="node"):
    return {
        "cnn": cnn,
        "method": "pattern_attribution",
        "control": control,
        "region": region,
        "control_share": share,
        "difference": difference,
        "lower": difference - half,
        "upper": difference + half,
    }


def halo(
    network, value, half=0.02, cnn="xmask", outside=0.5, method="pattern_attribution"
):
    return {
        "cnn": cnn,
        "method": method,
        "network": network,
        "outside_share": outside,
        "difference": value,
        "difference_lower": value - half,
        "difference_upper": value + half,
    }


@pytest.fixture
def evidence():
    """The paper's finding in a bottle: all claims hold."""
    rng = np.random.default_rng(3)
    n = 400
    positive = np.arange(n) % 2 == 0
    volume = np.exp(6 + 0.3 * positive + rng.normal(size=n))
    # In the very order of the volumes, no draw of patients would change anything.
    seen = volume * np.exp(0.3 * rng.normal(size=n))
    ids = [f"N{i}" for i in range(n)]
    patients = [f"P{i // 3}" for i in range(n)]
    status = np.where(positive, "positive", "negative")
    nodes = pd.DataFrame(
        {"node_id": ids, "patient_id": patients, "status": status, "volume_mm3": volume}
    )
    return Evidence(
        statistics={
            "cnn_status_balanced": area(0.95),
            "rf_status_balanced": area(0.9),
            "rf_location_balanced": area(0.65),
        },
        differences=pd.DataFrame(
            [
                difference("cnn_status_balanced", "cnn_location_balanced", 0.09),
                # The other order, with the sign turned.
                difference("cnn_xmask", "cnn_status_balanced", -0.08),
                difference("cnn_location_balanced", "rf_location_balanced", 0.2),
            ]
        ),
        simple=pd.DataFrame(
            [
                difference("cnn_status_balanced", "location", 0.05),
                difference(
                    "cnn_location_balanced", "radiomics_location_balanced", -0.06
                ),
            ]
        ),
        comparisons=pd.DataFrame(
            {"significant": ["no"] * 3, "p_corrected": [0.4, 0.02, 1.0]}
        ).assign(status="ok"),
        location=pd.DataFrame(
            {
                "classifier": ["cnn_status_balanced", "cnn_location_balanced"],
                "site_matched_auc": [0.6, 0.8],
                "lower": [0.5, 0.7],
                "upper": [0.7, 0.9],
            }
        ),
        localisation=pd.DataFrame(
            [
                on_node("status_balanced", 0.1),
                on_node("location_balanced", 0.5),
                on_node("xmask", 0.8),
                on_node("status_balanced", 0.05, method="edges"),
            ]
        ),
        controls=pd.DataFrame(
            [
                over("status_balanced", "random", 0.03, 0.07),
                over("status_balanced", "centre", 0.2, -0.1),
                over("status_balanced", "centre", 0.5, 0.3, region="ring"),
                over("location_balanced", "random", 0.03, 0.47),
                over("location_balanced", "centre", 0.2, 0.3),
                over("xmask", "edges", 0.56, 0.24),
            ]
        ),
        halo=pd.DataFrame(
            [
                halo("trained", 0),
                halo("untrained_1", 0.1),
                halo("labels_permuted", 0.05),
                halo("trained", 0, outside=0.0, method="integrated_gradients_fill"),
                halo("trained", 0, outside=0.5, cnn="location_balanced"),
                halo("untrained_1", -0.2, outside=0.7, cnn="location_balanced"),
            ]
        ),
        nodes=nodes,
        xmask=nodes.assign(partition="test", score=seen / (seen + 500)),
        bootstrap=BootstrapOptions(200, 0.95, 1),
    )


def test_all_claims_hold_where_everything_is_planted(evidence):
    verdicts = {key: check(evidence).verdict for key, check in CHECKS.items()}
    assert list(verdicts) == [f"C{number}" for number in range(1, 9)]
    assert set(verdicts.values()) == {"holds"}


@pytest.mark.parametrize(
    ("key", "change", "verdict"),
    [
        ("C1", {"differences": ("difference", -0.09)}, "does not hold"),
        ("C1", {"differences": ("difference", 0.01)}, "inconclusive"),
        ("C2", {"statistics": ("rf_location_balanced", 0.9)}, "does not hold"),
        ("C2", {"statistics": ("rf_status_balanced", 0.76)}, "inconclusive"),
        ("C3", {"location": (1, 0.52)}, "inconclusive"),
        # The centre map was chosen beforehand; without it the first control decides.
        ("C4", {"controls": (("status_balanced", "random"), 0.01)}, "holds"),
        ("C4", {"controls": (("status_balanced", "centre"), 0.01)}, "inconclusive"),
        ("C4", {"controls": (("status_balanced", "centre"), 0.3)}, "does not hold"),
        ("C4", {"controls": (("xmask", "edges"), -0.1)}, "does not hold"),
        ("C6", {"comparisons": ("significant", "yes")}, "does not hold"),
        ("C7", {"location": (0, 0.9)}, "does not hold"),
        ("C8", {"halo": ("labels_permuted", -0.1)}, "does not hold"),
        ("C8", {"halo": ("untrained_1", 0.01)}, "inconclusive"),
    ],
)
def test_a_claim_falls_with_the_number_it_rests_on(evidence, key, change, verdict):
    changed = dataclasses.replace(evidence, **dict(altered(evidence, change)))
    assert CHECKS[key](changed).verdict == verdict


def altered(evidence, change):
    """Yield one attribute with one number changed, its interval with it."""
    for name, (where, value) in change.items():
        old = getattr(evidence, name)
        if name == "statistics":
            yield name, {**old, where: area(value)}
            continue
        new = old.copy()
        if name == "differences":
            new.iloc[0] = pd.Series(
                difference("cnn_status_balanced", "cnn_location_balanced", value)
            )
        elif name == "comparisons":
            new.loc[0, where] = value
        elif name == "location":
            new.loc[where, ["site_matched_auc", "lower", "upper"]] = (
                value,
                value - 0.1,
                value + 0.1,
            )
        elif name == "controls":
            cnn, control = where
            rows = new["cnn"].eq(cnn) & new["control"].eq(control)
            rows &= new["region"].eq("node")
            row = over(cnn, control, new.loc[rows, "control_share"].item(), value)
            new.loc[rows, list(row)] = [*row.values()]
        else:
            row = halo(where, value)
            own = new["cnn"].eq("xmask") & new["network"].eq(where)
            new.loc[own, list(row)] = [*row.values()]
        yield name, new


def test_each_cnn_is_set_against_its_own_controls_an_untrained_network_too(evidence):
    # What lies outside the untrained network's node is 0.7, and the trained one's
    # outside share is 0.2 less: 0.3 on the node, and a difference of 0.2.
    untrained = evidence.over_controls("location_balanced")[-1]
    assert untrained.control == "untrained network 1"
    assert untrained.share == pytest.approx(0.3)
    found = untrained.difference
    assert (found.value, found.lower, found.upper) == pytest.approx((0.2, 0.18, 0.22))
    answer = CHECKS["C4"](evidence)
    assert [part.estimate.value for part in answer.parts] == pytest.approx(
        [-0.1, 0.3, 0.24]
    )
    assert (
        "random map 0.030, centre map 0.200, untrained network 1 0.300"
        in answer.remarks[1]
    )


def test_without_controls_nothing_can_be_told_of_the_node(evidence):
    others = evidence.controls["cnn"] != "status_balanced"
    bare = dataclasses.replace(evidence, controls=evidence.controls[others])
    answer = CHECKS["C4"](bare)
    assert answer.verdict == "inconclusive"
    assert answer.parts[0].estimate.value is None


def test_a_correlation_that_no_draw_changes_is_no_certainty(evidence):
    ordered = evidence.xmask.assign(score=evidence.nodes["volume_mm3"].rank() / 1000)
    answer = CHECKS["C8"](dataclasses.replace(evidence, xmask=ordered))
    assert answer.parts[-1].estimate.lower == answer.parts[-1].estimate.upper == 1
    assert answer.verdict == "inconclusive"


def test_relevance_on_a_mask_channel_is_told_and_not_counted(evidence):
    assert "channel" not in " ".join(CHECKS["C4"](evidence).remarks)
    rows = [on_node(cnn, 0.4, 0.3) for cnn in CNNS]
    seen = dataclasses.replace(evidence, localisation=pd.DataFrame(rows))
    assert "has 70, 70, 70% of all" in CHECKS["C4"](seen).remarks[-1]


def test_maps_without_relevance_on_constant_pixels_are_listed_with_the_halo(evidence):
    assert "have 0.000 outside the node" in CHECKS["C8"](evidence).remarks[-1]
    patterns = evidence.halo["method"] == "pattern_attribution"
    bare = dataclasses.replace(evidence, halo=evidence.halo[patterns])
    assert len(CHECKS["C8"](bare).remarks) == 1


@pytest.mark.parametrize(
    ("p", "words"),
    [(0.02, "the smallest corrected p = 0.020"), (3e-6, "corrected p < 0.001")],
)
def test_a_small_p_is_never_printed_as_zero(evidence, p, words):
    tests = evidence.comparisons.assign(p_corrected=[0.4, p, 1.0])
    remarks = CHECKS["C6"](dataclasses.replace(evidence, comparisons=tests)).remarks
    assert words in " ".join(remarks)
    assert "tables/" not in " ".join(remarks)


def test_a_missing_number_leaves_a_claim_open(evidence):
    bare = dataclasses.replace(evidence, differences=evidence.differences.iloc[:1])
    assert CHECKS["C3"](bare).verdict == "inconclusive"
    assert CHECKS["C3"](bare).parts[0].estimate.value is None


def test_delong_stands_in_where_patients_are_too_few(evidence):
    rows = [difference("cnn_status_balanced", "cnn_xmask", 0.1, clustered=False)]
    few = dataclasses.replace(evidence, differences=pd.DataFrame(rows))
    found = few.auc_difference("cnn_status_balanced", "cnn_xmask")
    assert (found.lower, found.upper) == pytest.approx((0.07, 0.13))


def test_the_area_of_the_volume_is_that_of_another_implementation(evidence):
    positive = evidence.nodes["status"] == "positive"
    expected = roc_auc_score(positive, evidence.nodes["volume_mm3"])
    found = evidence.volume()
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.lower < expected < found.upper


def test_c3_says_what_the_cnns_add_to_the_best_simple_classifiers(evidence):
    answer = CHECKS["C3"](evidence)
    assert answer.verdict == "holds"
    assert answer.remarks == [
        "CNN, status balanced less the best simple classifier out of fold, Location: "
        "0.050 (0.020-0.080), better",
        "CNN, location balanced less the best simple classifier out of fold, "
        "Radiomics, location balanced: \u22120.060 (\u22120.090 to \u22120.030), worse",
        "no simple classifier has the training nodes of CNN, xMask",
    ]


def test_what_volumes_have_in_common_runs_from_nothing_to_all(evidence):
    nodes = evidence.nodes
    same = nodes.assign(volume_mm3=np.repeat(np.arange(1.0, 201.0), 2))
    apart = nodes.assign(volume_mm3=np.where(nodes["status"] == "positive", 9.0, 1.0))
    apart["volume_mm3"] += np.linspace(0, 0.5, len(apart))
    common = [
        dataclasses.replace(evidence, nodes=n).volume_overlap() for n in (same, apart)
    ]
    assert common == pytest.approx([1.0, 0.0])


def test_verdicts_are_joined_as_declared():
    assert together(["holds", "holds"]) == "holds"
    assert together(["holds", "inconclusive"]) == "inconclusive"
    assert together(["does not hold", "inconclusive"]) == "does not hold"
    assert together([]) == "inconclusive"
    touching = Estimate("x", 0.6, 0.5, 0.7)
    assert above(touching, 0.5).verdict == "inconclusive"
    assert below(touching, 0.8).verdict == "holds"
    assert above(touching, 0.8).verdict == "does not hold"


def test_the_answers_are_written_as_data_and_for_reading(evidence, tmp_path):
    page = tmp_path / "claims.html"
    answers = tmp_path / "claims.json"
    check_claims(evidence=evidence, answers=answers, output=[page])
    first = json.loads(answers.read_text())["claims"][0]
    assert first["verdict"] == "holds"
    assert first["parts"][1]["value"] == pytest.approx(0.08)
    assert "0.080 (0.050-0.110)" in page.read_text()


def test_a_claim_that_another_training_turns_depends_on_the_training(
    evidence, tmp_path, monkeypatch
):
    change = {"differences": ("", -0.09), "location": (0, 0.62)}
    other = dataclasses.replace(evidence, **dict(altered(evidence, change)))
    monkeypatch.setattr(Evidence, "of_refit", lambda first, files: other)
    page, answers = tmp_path / "claims.html", tmp_path / "claims.json"
    refit = RefitFiles(differences="", comparisons="", location="", xmask="")
    check_claims(
        evidence=evidence, refits=[refit, refit], answers=answers, output=[page]
    )
    found = {claim["key"]: claim for claim in json.loads(answers.read_text())["claims"]}
    assert found["C1"]["verdict"] == VARIES
    assert found["C1"]["verdicts"] == [HOLDS, FAILS, FAILS]
    assert found["C1"]["parts"][0]["trainings"] == [0.09, -0.09, -0.09]
    assert found["C7"]["verdict"] == HOLDS
    assert found["C7"]["parts"][0]["trainings"] == [0.6, 0.62, 0.62]
    # Forests and heatmaps are those of the study.
    for key in ("C2", "C4", "C5"):
        assert found[key]["verdict"] == HOLDS
        assert not any("trainings" in part for part in found[key]["parts"])
    shown = page.read_text()
    assert "depends on the training: holds in 1, does not hold in 2" in shown
    assert "0.090 (0.060-0.120) [3 trainings: −0.090 to 0.090]" in shown


def test_one_training_says_nothing_of_others(evidence, tmp_path):
    page, answers = tmp_path / "claims.html", tmp_path / "claims.json"
    check_claims(evidence=evidence, answers=answers, output=[page])
    assert "training" not in json.loads(answers.read_text())["claims"][0]
    assert "trainings" not in page.read_text() + answers.read_text()


@pytest.mark.parametrize(
    ("verdicts", "joined"),
    [([HOLDS] * 3, HOLDS), ([OPEN, OPEN], OPEN), ([HOLDS, OPEN], VARIES)],
)
def test_trainings_agree_or_the_claim_depends_on_them(verdicts, joined):
    assert over_trainings(verdicts) == joined
