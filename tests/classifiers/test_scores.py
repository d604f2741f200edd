"""What every classifier writes."""

import numpy as np
import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.scores import score_table

DATASET = pd.DataFrame(
    {
        "node_id": ["N1", "N2", "N3"],
        "patient_id": ["P1", "P1", "P2"],
        "status": ["positive", "negative", "negative"],
    },
    index=[7, 3, 5],
)


def test_scores_survive_writing_and_reading_to_the_last_bit(tmp_path):
    score = np.array([0.1 + 0.2, 1e-300, np.nextafter(1, 0)])
    frame = score_table(DATASET, score, "test", positive=[True, False, False])
    tables.write(frame, tmp_path / "a.csv", tables.SCORES)
    found = tables.read(tmp_path / "a.csv", tables.SCORES)
    assert found["score"].tolist() == score.tolist()
    assert found["prediction"].tolist() == ["positive", "negative", "negative"]
    assert found["status"].tolist() == DATASET["status"].tolist()


def test_an_open_decision_stays_open(tmp_path):
    parts = [score_table(DATASET, [1, 2, 3], p) for p in ("test", "out_of_fold")]
    tables.write(pd.concat(parts), tmp_path / "a.csv", tables.SCORES)
    found = tables.read(tmp_path / "a.csv", tables.SCORES)
    assert found["prediction"].isna().all()
    assert found["partition"].tolist() == ["test"] * 3 + ["out_of_fold"] * 3
