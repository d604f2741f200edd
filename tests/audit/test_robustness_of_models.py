"""The models of a study score unchanged nodes as the study did, and then others."""

import h5py
import numpy as np
import pytest
import yaml
from repositories import ROOT
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.audit.robustness import robustness_audit
from nodal_staging.audit.robustness.largest_changes import read_examples
from nodal_staging.audit.robustness.perturbed_scores import Models
from nodal_staging.audit.robustness.robustness_audit import (
    RobustnessFiles,
    RobustnessOptions,
    measure_robustness,
)
from nodal_staging.audit.robustness.robustness_tables import (
    NOT_USED,
    ROBUSTNESS,
    STABILITY,
    STABLE_NODES,
)
from nodal_staging.classifiers import forest, radiomics_model
from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource
from nodal_staging.classifiers.cnn.recipes import read_recipe, write_recipe
from nodal_staging.classifiers.cnn.training import score_cnn
from nodal_staging.classifiers.cnn.weight_files import save_weights
from nodal_staging.classifiers.forest import ForestOptions, score_forest
from nodal_staging.classifiers.logistic_baseline import score_logistic
from nodal_staging.classifiers.radiomics_baseline import score_radiomics
from nodal_staging.classifiers.table_models import TableModels
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.nodes.radiomics.node_features import measure_radiomics
from nodal_staging.study.configuration import recipe_options
from nodal_staging.study.files import write_json

pytestmark = pytest.mark.training

# TensorFlow takes the number of threads once, and other tests start it too.
use_device(gpu=False, intra_op_threads=1)

N, N_TEST, SIZE = 30, 15, 80
CNNS = ["status_balanced", "xmask"]
FOREST = ForestOptions(trees=5, max_depth=3, seed=1)
CUT_OFFS = ["attenuation_27hu", "short_axis_8mm"]
STRENGTHS = {"hu_shift": [20], "shift": [2], "dilate": [1], "rotate": [90]}


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Choose among two penalties, and permute features twice, which saves time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(radiomics_model, "PENALTIES", (0.01, 0.1))
        patch.setattr(forest, "PERMUTATIONS", 2)
        yield


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return files of a study whose networks are untrained."""
    folder = tmp_path_factory.mktemp("study")
    nodes = measured_nodes(N, seed=3, patients=30)
    found = write_study(folder, nodes, N_TEST) | {
        "patches": _patches(folder, nodes),
        "radiomics": folder / "radiomics.tsv",
    }
    measure_radiomics(
        patches=found["patches"], nodes=found["nodes"], output=found["radiomics"]
    )
    scores = _networks(folder, found) | _tables(folder, found)
    thresholds = {name: _threshold(scores[name], name) for name in scores}
    for name, value in thresholds.items():
        path = folder / "statistics" / f"{name}.json"
        write_json(path, {"threshold": {"value": value}})
    return found | {"folder": folder, "scores": scores, "thresholds": thresholds}


def _patches(folder, nodes):
    rng = np.random.default_rng(0)
    z, y, x = np.ogrid[-39.5:40, -39.5:40, -39.5:40]
    paths = [folder / "1-of-2.h5", folder / "2-of-2.h5"]
    for part, path in enumerate(paths):
        patches = {}
        for number in range(part, len(nodes), 2):
            inside = z**2 + y**2 + x**2 < (2.6 + number % 3) ** 2
            hu = rng.normal(np.where(inside, 2 * number, -80), 15)
            patch = (hu.round().astype(np.int16), inside.astype(np.uint8))
            patches[nodes["node_id"][number]] = patch
        write_patches(path, patches, size=SIZE, spacing_mm=1.0)
    return paths


def _networks(folder, found):
    scores = {}
    for cnn in CNNS:
        recipe, weights = folder / f"{cnn}.json", folder / f"{cnn}.h5"
        options = _options()
        write_recipe(
            cnn=cnn, options=options, seed=1, chosen=None, percent=100, output=recipe
        )
        save_weights(new_network(read_recipe(recipe), "all"), weights)
        scores[f"cnn_{cnn}"] = folder / f"cnn_{cnn}.csv"
        score_cnn(
            recipe=recipe,
            weights=weights,
            test=found["test"],
            folds=[],
            patches=found["patches"],
            gpu=False,
            scores=scores[f"cnn_{cnn}"],
        )
    return scores


def _options():
    """Return the sections of a recipe for a toy network."""
    whole, toy = (
        yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
        for name in ("config", "tests")
    )
    return recipe_options(whole | {"cnn": whole["cnn"] | toy["cnn"]})


def _tables(folder, found):
    parts = {name: found[name] for name in ("nodes", "training", "test")}
    names = [*CUT_OFFS, "volume", "location"]
    scores = {name: folder / f"{name}.csv" for name in names}
    for name, path in scores.items():
        score_baseline(baseline=name, **parts, scores=path)
    scores["rf_status_balanced"] = folder / "rf.csv"
    score_forest(
        **parts,
        options=FOREST,
        scores=scores["rf_status_balanced"],
        importances=folder / "importances.tsv",
        permuted=folder / "permuted.tsv",
    )
    scores["logistic_location_volume"] = folder / "logistic.csv"
    score_logistic(
        **parts,
        ridge=1.0,
        scores=scores["logistic_location_volume"],
        coefficients=folder / "logistic.tsv",
    )
    scores["radiomics_status_balanced"] = folder / "radiomics.csv"
    score_radiomics(
        features=found["radiomics"],
        training=found["training"],
        test=found["test"],
        scores=scores["radiomics_status_balanced"],
        coefficients=folder / "radiomics_model.tsv",
    )
    return scores


def _threshold(path, name):
    frame = tables.read(path, tables.SCORES)
    tested = frame[frame["partition"] == "test"]
    if tested["prediction"].notna().any():
        return None
    return float(tested["score"].median())


def run(study, outputs, **changes):
    folder = study["folder"]
    measure_robustness(
        models=Models(
            recipes={cnn: folder / f"{cnn}.json" for cnn in CNNS},
            weights={cnn: folder / f"{cnn}.h5" for cnn in CNNS},
            tables=TableModels(
                nodes=study["nodes"],
                radiomics=study["radiomics"],
                training={"status_balanced": study["training"]},
                forest=FOREST,
                ridge=1.0,
            ),
            gpu=False,
        ),
        scores=study["scores"],
        statistics={
            name: folder / "statistics" / f"{name}.json" for name in study["scores"]
        },
        refits=changes.get("refits", {}),
        test=study["test"],
        patches=study["patches"],
        options=RobustnessOptions(
            strengths=changes.get("strengths", STRENGTHS),
            plausible={"hu_shift": 10, "shift": 2, "dilate": 1},
            centre="centroid",
            bootstrap=BootstrapOptions(100, 0.95, 1),
        ),
        outputs=RobustnessFiles(
            changes=outputs / "robustness.tsv",
            nodes=outputs / "nodes.tsv",
            stability=outputs / "stability.tsv",
            scores=outputs / "scores.h5",
            examples=outputs / "examples.h5",
        ),
    )
    return outputs


@pytest.fixture(scope="module")
def measured(study, tmp_path_factory):
    # One CNN stands for another training of the other.
    refits = {"cnn_xmask": [study["scores"]["cnn_status_balanced"]]}
    return run(study, tmp_path_factory.mktemp("measured"), refits=refits)


def rows_of(measured, classifier):
    frame = tables.read(measured / "robustness.tsv", ROBUSTNESS)
    own = frame[frame["classifier"] == classifier]
    return own.set_index(["perturbation", "strength"])


def scores_of(measured, classifier):
    with h5py.File(measured / "scores.h5") as file:
        group = file[classifier]
        names = [name.decode() for name in group["perturbation"][()]]
        steps = list(zip(names, group["strength"][()], strict=True))
        return steps, group["score"][()]


def test_unchanged_nodes_have_the_scores_of_the_study_to_the_bit(study, measured):
    for name, path in study["scores"].items():
        frame = tables.read(path, tables.SCORES)
        expected = frame.loc[frame["partition"] == "test", "score"].to_numpy()
        steps, score = scores_of(measured, name)
        assert steps[0] == ("identity", 0.0)
        assert np.array_equal(score[0], expected), name
        row = rows_of(measured, name).loc[("identity", 0.0)]
        assert row["calls_changed"] == row["auc_change"] == row["logit_shift"] == 0


def test_calls_are_those_of_the_study_at_its_threshold(study, measured):
    tested = tables.read(study["test"], tables.DATASET)
    positive = (tested["status"] == "positive").to_numpy()
    for name in ("cnn_xmask", "radiomics_status_balanced"):
        steps, score = scores_of(measured, name)
        before, after = (
            score[steps.index(step)] >= study["thresholds"][name]
            for step in (("identity", 0.0), ("hu_shift", 20.0))
        )
        row = rows_of(measured, name).loc[("hu_shift", 20.0)]
        assert row["sensitivity"] == pytest.approx(after[positive].mean())
        assert row["specificity"] == pytest.approx(1 - after[~positive].mean())
        assert row["calls_changed"] == pytest.approx((before != after).mean())


def test_a_cut_off_on_attenuation_moves_with_it(study, measured):
    nodes = tables.read(study["nodes"], tables.NODES)[:N_TEST]
    before = nodes["median_hu"].to_numpy() > 27
    after = nodes["median_hu"].to_numpy() > 27 - 20
    row = rows_of(measured, "attenuation_27hu").loc[("hu_shift", 20.0)]
    assert row["calls_changed"] == (before != after).mean() > 0


def test_what_a_classifier_does_not_use_is_named(measured):
    location = rows_of(measured, "location").drop(index=("identity", 0.0))
    assert (location["status"] == NOT_USED).all()
    volume = rows_of(measured, "volume")
    assert volume.loc[("hu_shift", 20.0), "status"] == NOT_USED
    assert volume.loc[("dilate", 1.0), "auc"] > 0
    assert volume.loc[("dilate", 1.0), "logit_shift"] > 0
    radiomics = rows_of(measured, "radiomics_status_balanced")
    assert radiomics.loc[("rotate", 90.0), "status"] == NOT_USED
    cnn = rows_of(measured, "cnn_status_balanced")
    assert (cnn["status"] != NOT_USED).all()


def test_a_network_that_has_not_learned_still_moves(measured):
    for cnn in CNNS:
        rows = rows_of(measured, f"cnn_{cnn}")
        assert rows.loc[("identity", 0.0), "icc"] == 1
        moved = rows.drop(index=("identity", 0.0))
        assert (moved["icc"] < 1).all()
        assert (moved["auc_change_lower"] <= moved["auc_change_upper"]).all()


def test_directions_of_a_shift_are_stored_one_by_one(measured):
    steps, score = scores_of(measured, "cnn_status_balanced")
    shifts = [place for place, step in enumerate(steps) if step == ("shift", 2.0)]
    assert len(shifts) == 6
    assert len(np.unique(score[shifts], axis=0)) == 6


def test_stable_nodes_are_listed_for_every_classifier(study, measured):
    nodes = tables.read(measured / "nodes.tsv", STABLE_NODES)
    summary = tables.read(measured / "stability.tsv", STABILITY)
    assert (
        set(nodes["classifier"]) == set(summary["classifier"]) == set(study["scores"])
    )
    stable = nodes["stable"].eq("yes").groupby(nodes["classifier"]).sum()
    assert summary.set_index("classifier")["stable"].to_dict() == stable.to_dict()
    assert summary.set_index("classifier").loc["location", "stable"] == N_TEST


def test_equal_inputs_give_equal_bytes(study, tmp_path):
    kept = ("cnn_xmask", "volume")
    few = study | {"scores": {name: study["scores"][name] for name in kept}}
    strengths = {"noise": [5]}
    for turn in ("one", "other"):
        (tmp_path / turn).mkdir()
        run(few, tmp_path / turn, strengths=strengths)
    for name in (
        "robustness.tsv",
        "nodes.tsv",
        "stability.tsv",
        "scores.h5",
        "examples.h5",
    ):
        one, other = ((tmp_path / turn / name) for turn in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()


def test_another_model_than_that_of_the_study_is_refused(study, tmp_path):
    path = tmp_path / "volume.csv"
    frame = tables.read(study["scores"]["volume"], tables.SCORES)
    frame["score"] = frame["score"] * 0.9
    tables.write(frame, path, tables.SCORES)
    changed = study | {"scores": {"volume": path}}
    with pytest.raises(ValueError, match="volume: scores of unchanged nodes differ"):
        run(changed, tmp_path, strengths={})


def test_a_threshold_that_is_not_that_of_the_study_is_refused(
    study, tmp_path, monkeypatch
):
    wrong = study["thresholds"]["volume"] / 2
    monkeypatch.setattr(
        "nodal_staging.audit.robustness.perturbed_scores.chosen_threshold",
        lambda path: wrong,
    )
    only = study | {"scores": {"volume": study["scores"]["volume"]}}
    with pytest.raises(ValueError, match="calls differ"):
        run(only, tmp_path, strengths={})
    assert robustness_audit.LARGEST_ERROR < 0.01


def test_another_training_is_compared_at_the_threshold_of_the_first(study, measured):
    rows = rows_of(measured, "cnn_xmask")
    assert list(rows.index[-2:]) == [("rotate", 90.0), ("seed", 2.0)]
    calls = [
        scores_of(measured, f"cnn_{cnn}")[1][0] >= study["thresholds"]["cnn_xmask"]
        for cnn in CNNS
    ]
    found = rows.loc[("seed", 2.0), "calls_changed"]
    assert found == pytest.approx((calls[0] != calls[1]).mean())
    assert found > 0
    assert "seed" not in rows_of(measured, "cnn_status_balanced").index
    # Another training is no change that a scanner or a reader makes.
    nodes = tables.read(measured / "nodes.tsv", STABLE_NODES)
    assert "seed" not in set(nodes["perturbation"])


def test_the_nodes_that_change_most_are_shown_before_and_after(study, measured):
    nodes = tables.read(measured / "nodes.tsv", STABLE_NODES)
    found = read_examples(measured / "examples.h5")
    assert list(found) == [f"cnn_{cnn}" for cnn in CNNS]
    window_hu = read_recipe(study["folder"] / "xmask.json").image.window_hu
    options = ImageOptions(window_hu, 0.0, "ct_and_mask", masked=False)
    for name, shown in found.items():
        own = nodes[nodes["classifier"] == name].nlargest(5, "largest_change")
        assert [one.node_id for one in shown] == list(own["node_id"])
        scores = tables.read(study["scores"][name], tables.SCORES)
        scores = scores.set_index("node_id")["score"]
        for one, row in zip(shown, own.to_dict("records"), strict=True):
            score = np.array(one.scores)
            was, now = np.log(score / (1 - score))
            assert score[0] == scores[one.node_id]
            assert abs(now - was) == pytest.approx(row["largest_change"])
            assert one.perturbation == row["perturbation"]
            assert one.strength == row["strength"]
            source = ImageSource.read(study["patches"], [one.node_id], options)
            assert np.array_equal(one.images[0], source.plain()[0, ..., 0])
            assert np.array_equal(one.masks[0], source.plain()[0, ..., 1] > 0)
            changed = one.masks if row["perturbation"] == "dilate" else one.images
            assert not np.array_equal(*changed)
            if one.perturbation == "dilate":
                assert one.masks[1].sum() > one.masks[0].sum()
