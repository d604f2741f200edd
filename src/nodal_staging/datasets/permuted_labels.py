"""Training sets with permuted labels, from which there is nothing to learn."""

from pathlib import Path

from nodal_staging import tables
from nodal_staging.study.seeds import stream


def permute_labels(*, training: str | Path, seed: int, output: str | Path) -> None:
    """Write a training set with its labels permuted over its nodes.

    Parameters
    ----------
    training
        ``tables.DATASET``.
    seed
        The study's seed.
    output
        The same nodes in the same order, with as many of each status.
    """
    frame = tables.read(training, tables.DATASET)
    order = stream(seed, "attribution", "permuted labels").permutation(len(frame))
    status = frame["status"].to_numpy()[order]
    tables.write(frame.assign(status=status), output, tables.DATASET)
