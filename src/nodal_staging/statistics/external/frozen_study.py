"""Whether a study may be validated on a cohort: unchanged, and by other patients.

The record of provenance holds the sums of weights and scores that the study reported. A
threshold follows from the scores and is chosen again to compare it. Pseudonyms of two
cohorts may have been made with different salts, so the voxels of the nodes are compared
as well.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.called_nodes import chosen_threshold
from nodal_staging.classifiers.labelled_scores import ScoredClassifier
from nodal_staging.nodes.patch_files import patch_sums
from nodal_staging.statistics.youden_threshold import ThresholdRule, choose_threshold
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json, write_json


class ExternalError(InputError):
    """A cohort cannot be used to validate the study, or the study has changed."""

    reason = "unusable_external"


@dataclass(frozen=True, slots=True)
class FrozenNetwork:
    """Files of a trained CNN in its study.

    Attributes
    ----------
    weights, scores, statistics
        HDF5, ``tables.SCORES`` and JSON.
    """

    weights: str | Path
    scores: str | Path
    statistics: str | Path


@dataclass(frozen=True, slots=True)
class CohortFiles:
    """Measured nodes (``tables.NODES``) and patches of a cohort, of all shards."""

    nodes: Iterable[str | Path]
    patches: Iterable[str | Path]

    def measured(self) -> pd.DataFrame:
        """Read the nodes."""
        return pd.concat([tables.read(path, tables.NODES) for path in self.nodes])


def verify_frozen_study(
    *,
    provenance: str | Path,
    networks: Mapping[str, FrozenNetwork],
    study: CohortFiles,
    external: CohortFiles,
    allow_shared_pseudonyms: bool,
    output: str | Path,
) -> None:
    """Prove that a study has not changed, and that a cohort shares nobody with it.

    Parameters
    ----------
    provenance
        Record of the finished study.
    networks
        Files of each CNN, by its name among the classifiers.
    study, external
        All nodes of the study, and those of the other cohort.
    allow_shared_pseudonyms
        Whether equal pseudonyms name different patients; equal patches never do.
    output
        JSON: sums of the weights, thresholds, and how much was compared.

    Raises
    ------
    ExternalError
        If weights, scores or a threshold are not those that the study reported, if
        patients or patches are in both cohorts, or if no node has a status.
    """
    recorded = read_json(provenance)["artefacts_sha256"]
    frozen = {
        name: _verified(name, network, recorded) for name, network in networks.items()
    }
    measured = external.measured()
    judged = measured["status"].isin(tables.STATUS)
    if not judged.any():
        raise ExternalError(
            "prediction.nodes: no node of an included exam has a status; fill in the "
            "column status with positive or negative, or ask for predict"
        )
    patients = set(measured["patient_id"])
    if not allow_shared_pseudonyms:
        _refuse_shared_patients(patients, set(study.measured()["patient_id"]))
    _refuse_shared_patches(patch_sums(external.patches), patch_sums(study.patches))
    write_json(
        output,
        {
            "classifiers": frozen,
            "patients": len(patients),
            "nodes": len(measured),
            "nodes_with_status": int(judged.sum()),
            "pseudonyms_compared": not allow_shared_pseudonyms,
        },
    )


def _verified(
    name: str, network: FrozenNetwork, recorded: Mapping[str, str]
) -> dict[str, str | float]:
    """Return sum and threshold of a CNN, if they are those of the study."""
    own = f"models/{name.removeprefix('cnn_')}/weights.h5"
    for what, path, key in (
        ("weights", network.weights, own),
        ("scores", network.scores, f"scores/{name}.csv"),
    ):
        if recorded.get(key) != _sum(path):
            raise ExternalError(
                f"{key}: the {what} of the {printed(name)} are not those that the "
                "study reported in provenance.json; restore the file, or finish the "
                "study again (snakemake all)"
            )
    threshold = chosen_threshold(network.statistics)
    stated = read_json(network.statistics)["threshold"]
    rule = ThresholdRule(stated["source"], stated["tie_rule"])
    again = choose_threshold(ScoredClassifier.read(name, network.scores), rule)
    if again["value"] != threshold:
        raise ExternalError(
            f"statistics/{name}.json: the threshold of the {printed(name)} is "
            f"{threshold:.6g}, but its scores lead to {again['value']:.6g}; restore "
            "the file, or finish the study again (snakemake all)"
        )
    return {"weights_sha256": recorded[own], "threshold": threshold}


def _refuse_shared_patients(patients: set[str], known: set[str]) -> None:
    """Refuse pseudonyms that both cohorts have."""
    shared = sorted(patients & known)
    if shared:
        raise ExternalError(
            f"prediction.exams: {len(shared)} of {len(patients)} patients are in the "
            f"study too, the first is {shared[0]}; remove them, or set "
            "external.allow_shared_pseudonyms to true if the pseudonyms of the two "
            "cohorts were made independently"
        )


def _refuse_shared_patches(
    patches: Mapping[str, str], known: Mapping[str, str]
) -> None:
    """Refuse nodes whose voxels are in the study."""
    sums = set(known.values())
    shared = sorted(node_id for node_id, value in patches.items() if value in sums)
    if shared:
        raise ExternalError(
            f"prediction.nodes: the images of {len(shared)} of {len(patches)} nodes "
            f"are in the study too, the first is {shared[0]}; remove their exams"
        )


def _sum(path: str | Path) -> str:
    """Hash a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
