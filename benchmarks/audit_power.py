"""How often the audit finds the shortcut that trained CNNs take.

For each strength of the location bias, size and seed a cohort is drawn without the
detour over DICOM (``slabs``), the status-balanced CNN is trained on it as the study
does, all nodes of its test patients are scored, and the rule of the verdict is applied.
The table `audit/power.tsv` of a study rehearses it with scores in place of CNNs.

    python benchmarks/audit_power.py --room FOLDER --table docs/evidence/audit_power.tsv

Expected: about 28 s of one core for a cohort of 120 patients and 60 s for one of 240.
Each is a row of the table as soon as it is tested. A run that was ended goes on where
it was; with ``--biases``, ``--patients`` and ``--seeds`` it computes a part.
"""

import argparse
import copy
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from drawn_cohorts import drawn_part, source_of, training_set
from synthetic_inputs import configuration, recipe

from nodal_staging.audit.location_mix import Mix
from nodal_staging.audit.shortcut import LocationUse, reads_location
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import Trainer, predict
from nodal_staging.datasets.split import Split
from nodal_staging.datasets.test_patients import draw_all_test_nodes
from nodal_staging.estimates.auc import empirical_auc
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap
from nodal_staging.estimates.proportions import wilson_interval
from nodal_staging.study.files import replacing

CNN = "status_balanced"
KEYS = ["bias", "patients", "seed", "epochs"]


def main() -> None:
    """Train and audit what the table lacks; print how often the location is read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--biases", type=float, nargs="+", default=[0, 0.25, 0.5, 0.75, 1]
    )
    parser.add_argument("--patients", type=int, nargs="+", default=[120, 240, 549])
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--room", type=Path, default=None, help="keeps states")
    parser.add_argument("--table", type=Path, required=True, help="file of rows")
    given = parser.parse_args()
    use_device(gpu=False, intra_op_threads=1)
    with tempfile.TemporaryDirectory() as empty:
        for patients in given.patients:
            for bias in given.biases:
                for seed in given.seeds:
                    key = (bias, patients, seed, given.epochs)
                    if not known(given.table, KEYS, key):
                        row = _audited(key, given.room or Path(empty))
                        enter(row, given.table, KEYS)
    print(_summary(pd.read_csv(given.table, sep="\t")).to_string(index=False))


def _audited(key: tuple[float, int, int, int], room: Path) -> dict[str, Any]:
    """Train on one cohort and audit the CNN."""
    bias, patients, seed, epochs = key
    config = copy.deepcopy(configuration())
    phantom = config["phantom"]
    nodes = round(phantom["nodes"] / phantom["patients"] * patients)
    phantom |= {"location_bias": bias, "patients": patients, "nodes": nodes}
    config["training"]["epochs"] = epochs
    own = room / f"bias_{bias}_patients_{patients}"
    cohort = drawn_part(config, seed, own)
    sets = config["datasets"]
    split = Split(sets["protocol"], sets["test_share"], seed)
    test = draw_all_test_nodes(cohort.nodes, split, sets["folds"])
    training, how = training_set(config, cohort, CNN, seed), recipe(config, CNN, seed)
    trainer = Trainer(how)
    state = own / f"{seed}_{epochs}.h5"
    source = source_of(cohort, training, how.image)
    trainer.fit(training, source, name="all", checkpoint=state)
    score = predict(trainer.model, source_of(cohort, test, how.image).plain())
    row = dict(zip(KEYS, key, strict=True)) | {"test_nodes": len(test)}
    return row | _verdict(cohort.nodes, test, np.asarray(score, float), config)


def _verdict(
    nodes: pd.DataFrame, test: pd.DataFrame, score: np.ndarray, config: dict[str, Any]
) -> dict[str, Any]:
    """Apply the rule of the audit to the scores of the test nodes."""
    options = config["statistics"]
    positive = test["status"].eq("positive").to_numpy(bool)
    drawn = PatientBootstrap(
        positive,
        test["patient_id"].to_numpy(str),
        BootstrapOptions(options["replicates"], options["confidence_level"], 1),
    )
    mix = Mix.of(nodes.drop(test.index), np.unique(nodes["location"].to_numpy(str)))
    use = LocationUse(drawn, test["location"].to_numpy(str), mix)
    concordance = use.concordance(score)
    flagged = use.enough_pairs and reads_location(concordance, use.location_auc())
    return {
        "auc": round(empirical_auc(score, positive), 5),
        "concordance": concordance.value,
        "lower": concordance.lower,
        "flagged": int(bool(flagged)),
    }


def known(table: Path, keys: Sequence[str], key: Sequence[object]) -> bool:
    """Tell whether a table has the row of a key, the values of its columns."""
    if not table.exists():
        return False
    rows = pd.read_csv(table, sep="\t")[list(keys)]
    return bool((rows == list(key)).all(axis=1).any())


def enter(row: dict[str, Any], table: Path, keys: Sequence[str]) -> None:
    """Add a row to a table, which is in the order of its key columns."""
    frame = pd.DataFrame([row])
    if table.exists():
        frame = pd.concat([pd.read_csv(table, sep="\t"), frame])
    with replacing(table) as part:
        frame.sort_values(list(keys)).to_csv(part, sep="\t", index=False)
    print(row, flush=True)


def _summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Count flags by bias and size, with Wilson's interval."""
    counted = rows.groupby(["patients", "bias", "epochs"], as_index=False).agg(
        auc=("auc", "mean"), flagged=("flagged", "sum"), cohorts=("flagged", "size")
    )
    ends = [
        wilson_interval(int(row.flagged), int(row.cohorts), level=0.95)
        for row in counted.itertuples()
    ]
    return counted.assign(interval=[f"{low:.2f}-{high:.2f}" for low, high in ends])


if __name__ == "__main__":
    main()
