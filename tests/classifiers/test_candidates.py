"""The leaderboard ranks by what folds held out, and says how sure it is."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from nodal_staging import tables
from nodal_staging.classifiers.cnn.candidates import LEADERBOARD, rank_candidates
from nodal_staging.classifiers.scores import score_table
from nodal_staging.study.files import read_json

OPTIONS = {"cnn": {"dropout": 0.0}}


@pytest.fixture
def ranked(tmp_path):
    """Return leaderboard, choice and the scores behind them."""
    rng = np.random.default_rng(3)
    positive = np.arange(80) % 2 == 1
    scores, frames = {}, {}
    for name, signal in {"configured": 1.0, "weak": 0.2, "same": 1.0}.items():
        draws = np.random.default_rng(5) if name != "weak" else rng
        score = 1 / (1 + np.exp(-(draws.normal(size=80) + signal * positive)))
        frames[name] = pd.DataFrame({"positive": positive, "score": score})
        paths = []
        for fold in (0, 1):
            rows = np.arange(80) % 4 // 2 == fold
            dataset = pd.DataFrame(
                {
                    "node_id": [f"N{k}" for k in np.flatnonzero(rows)],
                    "patient_id": [f"P{k // 4}" for k in np.flatnonzero(rows)],
                    "status": np.where(positive[rows], "positive", "negative"),
                }
            )
            path = tmp_path / name / f"{2 * fold + 1}-{2 * fold + 2}.csv"
            path.parent.mkdir(exist_ok=True)
            table = score_table(dataset, score[rows], "out_of_fold")
            tables.write(table, path, tables.SCORES)
            paths.append(path)
        scores[name, "status_balanced"] = paths
    rank_candidates(
        scores=scores,
        options={name: OPTIONS | {"of": name} for name in frames},
        level=0.95,
        leaderboard=tmp_path / "leaderboard.tsv",
        chosen=tmp_path / "chosen.json",
    )
    board = tables.read(tmp_path / "leaderboard.tsv", LEADERBOARD)
    return board, read_json(tmp_path / "chosen.json"), frames


def test_quality_is_that_of_all_folds_together(ranked):
    board, _, frames = ranked
    for row in board.itertuples():
        frame = frames[row.candidate]
        assert row.auc == pytest.approx(
            roc_auc_score(frame["positive"], frame["score"])
        )
        expected = log_loss(frame["positive"], frame["score"])
        assert row.cross_entropy == pytest.approx(expected)
        assert row.lower < row.auc < row.upper
        assert (row.folds, row.nodes) == (4, 80)


def test_the_best_comes_first_and_the_configured_one_before_its_equals(ranked):
    board, chosen, _ = ranked
    assert board["candidate"].tolist() == ["configured", "same", "weak"]
    assert board["rank"].tolist() == [1, 2, 3]
    assert chosen == {
        "candidate": "configured",
        "options": OPTIONS | {"of": "configured"},
    }


def test_what_a_choice_costs_is_the_difference_on_the_same_nodes(ranked):
    board, _, frames = ranked
    rows = board.set_index("candidate")
    areas = {n: roc_auc_score(f["positive"], f["score"]) for n, f in frames.items()}
    for name, row in rows.iterrows():
        expected = areas[name] - areas["configured"]
        assert row["difference"] == pytest.approx(expected, abs=1e-12)
    same, weak = rows.loc["same"], rows.loc["weak"]
    assert same["difference_lower"] == same["difference_upper"] == 0
    assert weak["difference_lower"] < weak["difference"] < weak["difference_upper"]
