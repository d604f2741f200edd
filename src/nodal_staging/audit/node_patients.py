"""The patients of the nodes whose heatmaps are audited."""

import pandas as pd

from nodal_staging.estimates.patient_bootstrap import BootstrapOptions, PatientBootstrap


def draws_of(nodes: pd.DataFrame, options: BootstrapOptions) -> PatientBootstrap:
    """Return draws of the patients of some nodes.

    Parameters
    ----------
    nodes
        Rows of ``tables.NODES``, in the order of what is measured on them.
    options
        Replicates, confidence level, and the seed of the draws.
    """
    return PatientBootstrap(
        nodes["status"].eq("positive").to_numpy(bool),
        nodes["patient_id"].to_numpy(str),
        options,
    )
