"""A training epoch of the published network compared with a bare Keras ``fit``.

Same network, batch size and optimiser at full width, each in a process of its own on
the same cores. Ours fixes threads and order, draws, samples, windows and augments its
images; the peer is fed an array that lies in memory and is free of all that. They take
turns, so that what else the machine does meets both. Checkpoints, which are bounded to
one hundredth of the time, are not in it.

    python benchmarks/training.py
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
import pandas as pd
from rows import Row, publish
from synthetic_inputs import configuration, noise_source, recipe

from nodal_staging.classifiers.cnn.inputs import ImageSource
from nodal_staging.classifiers.cnn.recipes import Recipe

EPOCH = 732
"""Images of the published training set; few steps of them keep the benchmark short."""

Epoch = Callable[[int], dict[str, float]]


def main() -> None:
    """Print the seconds of a step, their ratio, and what augmentation takes of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    ways = {name: _start(name, given) for name in ("ours", "fit")}
    rows = []
    for turn in range(given.rounds + 1):
        found = {name: _turn(way, turn) for name, way in ways.items()}
        row = {f"{name} {k}": v for name, own in found.items() for k, v in own.items()}
        row["ratio of wall"] = row["ours wall s"] / row["fit wall s"]
        row["ratio of CPU"] = row["ours CPU s"] / row["fit CPU s"]
        print({name: round(value, 3) for name, value in row.items()}, flush=True)
        rows.append(row)
    for way in ways.values():
        way.send(None)
    # The first turn traces the graph.
    step = pd.DataFrame(rows[1:]).median()
    print(step.round(4).to_string())
    what = "a step of the published network"
    peer = "Keras fit from memory, nothing augmented"
    publish([Row(what, step["ours wall s"], "s", peer, step["fit wall s"], 1.05)])


def _start(name: str, given: argparse.Namespace) -> Connection:
    """Start a process; it answers the number of an epoch with what that took."""
    here, there = multiprocessing.Pipe()
    options = (name, there, given.steps, given.threads)
    context = multiprocessing.get_context("spawn")
    context.Process(target=_serve, args=options, daemon=True).start()
    return here


def _turn(way: Connection, epoch: int) -> dict[str, float]:
    way.send(epoch)
    found: dict[str, float] = way.recv()
    return found


def _serve(name: str, line: Connection, steps: int, threads: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    how = recipe(configuration("paper_network"), "status_balanced", 1)
    source = noise_source(steps * how.batch_size, how.image)
    target = (np.arange(len(source.keys)) % 2).astype(np.float32)
    train = {"ours": _ours, "fit": _fit}[name](how, source, target, threads)
    while (epoch := line.recv()) is not None:
        wall, used = time.perf_counter(), time.process_time()
        more = train(epoch)
        spent = {
            "wall s": (time.perf_counter() - wall) / steps,
            "CPU s": (time.process_time() - used) / steps,
        }
        line.send(spent | more)


class _Timed:
    """Images of the published epoch, of which a part trains, and what they took."""

    def __init__(self, source: ImageSource) -> None:
        self.needed = len(source.keys)
        self.images = noise_source(max(EPOCH, self.needed), source.options)
        self.micro = 0.0

    def augmented(self, *given: object, **options: int) -> np.ndarray:
        """Draw the images of an epoch."""
        start = time.thread_time()
        images = self.images.augmented(*given, **options)
        self.micro = (time.thread_time() - start) / len(images) * 1e6
        return images[: self.needed]


def _ours(how: Recipe, source: ImageSource, target: np.ndarray, threads: int) -> Epoch:
    from nodal_staging.classifiers.cnn.backend import use_device
    from nodal_staging.classifiers.cnn.fitting import Trainer

    use_device(gpu=False, intra_op_threads=threads)
    trainer, images = Trainer(how), _Timed(source)

    def epoch(number: int) -> dict[str, float]:
        trainer.train_epoch(images, target, number)
        return {"augmentation, us an image": images.micro}

    return epoch


def _fit(how: Recipe, source: ImageSource, target: np.ndarray, threads: int) -> Epoch:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    from nodal_staging.classifiers.cnn.fitting import new_network

    model, images = new_network(how, "all"), source.plain()

    def epoch(number: int) -> dict[str, float]:
        options = {"batch_size": how.batch_size, "verbose": 0, "shuffle": True}
        model.fit(images, target, initial_epoch=number, epochs=number + 1, **options)
        return {}

    return epoch


if __name__ == "__main__":
    main()
