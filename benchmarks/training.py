"""A training epoch of the published network beside a bare Keras ``fit``.

Same network, batch size and optimiser at full width. Ours draws, samples, windows and
augments its images; the peer is fed an array that lies in memory. Both run in one
process, in turn.

    python benchmarks/training.py
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from rows import Row, publish
from studies import configuration, noise_source, recipe

from nodal_staging.backend import use_device
from nodal_staging.fitting import new_network, train_epoch


def main() -> None:
    """Print the seconds of an epoch and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    use_device(gpu=False, intra_op_threads=given.threads)
    how = recipe(configuration("paper"), "status_balanced", 1)
    source = noise_source(given.steps * how.batch_size, how.image)
    target = (np.arange(len(source.keys)) % 2).astype(np.float32)
    images = source.plain()
    own, bare = new_network(how, "all"), new_network(how, "all")

    def ours(epoch: int) -> None:
        train_epoch(own, how, source, target, epoch)

    def fit(epoch: int) -> None:
        options = {"batch_size": how.batch_size, "verbose": 0, "shuffle": True}
        bare.fit(images, target, initial_epoch=epoch, epochs=epoch + 1, **options)

    ways = {"ours": ours, "fit": fit}
    for way in ways.values():
        way(0)  # traces the graph
    rows = [
        {name: _seconds(way, turn) for name, way in ways.items()}
        for turn in range(1, given.rounds + 1)
    ]
    print(f"{own.count_params():,} parameters, batch {how.batch_size}")
    frame = pd.DataFrame(rows)
    frame["ratio"] = frame["ours"] / frame["fit"]
    step = frame.median() / [given.steps, given.steps, 1]
    print(step.round(4).to_string())
    what = "a step of the published network"
    publish([Row(what, step["ours"], "s", "Keras fit from memory", step["fit"], 1.05)])


def _seconds(way: Callable[[int], None], epoch: int) -> float:
    start = time.perf_counter()
    way(epoch)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
