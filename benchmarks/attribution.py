"""Patterns and maps of the full-width network against training and plain gradients.

Two networks of the published layout: dense layers of 1024, 512 and 256 units (21
million parameters), and those of config/paper_network.yaml. Patterns are fitted on as
many images as the paper trains on, maps drawn of as many as it tests, once after the
graphs are traced. The peers are a training step per image and the gradient of the same
test images, in the same process. The floor is the time of the products that each needs,
as square matrix products: the way forward and the sums of each kernel for patterns, the
ways forward and back for maps. They are listed with the limits that were set for two
cores on which a training step of 32 images takes 0.587 s; as many training steps are
the same limits for cores of any speed.

    python benchmarks/attribution.py
"""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rows import Row, publish
from synthetic_inputs import configuration

from nodal_staging.classifiers.cnn.backend import keras, use_device

TRAINED_ON, TESTED_ON, BATCH = 732, 130, 32
LIMIT, FLOOR = "limit for two cores", "its products as one of matrices"
SCALED = "limit in training steps"
FIT_S, MAPS_S, STEP_S = 25, 4, 0.587
SQUARE = 2048


def main() -> None:
    """Measure and publish."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--networks", nargs="+", default=["narrow", "paper"])
    given = parser.parse_args()
    use_device(gpu=False, intra_op_threads=given.threads)
    widths = {"narrow": [1024, 512, 256], "paper": None}
    for name in given.networks:
        publish(measure(name, network(widths[name]), given.dtype))


def network(dense_widths: list[int] | None) -> keras.Model:
    """Build the published network, optionally with other dense layers."""
    from nodal_staging.classifiers.cnn.network import build_network, compile_network
    from nodal_staging.classifiers.cnn.recipes import Architecture

    config = configuration("paper_network")
    options = config["cnn"] | ({"dense_widths": dense_widths} if dense_widths else {})
    model = build_network(Architecture(**options), channels=1, seed=1)
    training = config["training"]
    names = ("learning_rate", "beta_1", "beta_2", "epsilon", "loss")
    compile_network(model, **{key: training[key] for key in names})
    return model


def measure(name: str, model: keras.Model, dtype: Any) -> list[Row]:
    """Time one network."""
    from nodal_staging.attribution.chain import LinearChain
    from nodal_staging.attribution.estimation import fit_patterns
    from nodal_staging.attribution.gradients import gradient
    from nodal_staging.attribution.pattern_attribution import attribute

    rng = np.random.default_rng(0)
    images = rng.random((TRAINED_ON, 48, 48, 1), dtype=np.float32)
    target = rng.integers(0, 2, TRAINED_ON).astype(np.float32)
    tested = images[:TESTED_ON]
    chain = LinearChain.from_keras(model)
    warm = fit_patterns(chain, images[:BATCH], dtype=dtype)
    attribute(chain, warm, tested[:BATCH])
    gradient(chain, tested[:BATCH])
    model.train_on_batch(images[:BATCH], target[:BATCH])
    last = images[-BATCH:], target[-BATCH:]
    step = min(seconds(lambda: model.train_on_batch(*last)) for _ in range(3))
    plain = seconds(lambda: gradient(chain, tested))
    # The training steps changed the model, but not the chain, which has a copy.
    fit = seconds(lambda: fit_patterns(chain, images, dtype=dtype))
    maps = seconds(lambda: attribute(chain, warm, tested))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{model.count_params():,} parameters, {dtype}, {memory:.1f} GB at most")
    fitting = f"patterns from {TRAINED_ON} images, {name} network"
    drawing = f"{TESTED_ON} maps, {name} network"
    product = products(model) * seconds_a_product()
    rows = [
        Row(fitting, fit, "s", "a training epoch", step * TRAINED_ON / BATCH),
        Row(drawing, maps, "s", "their gradients", plain),
        Row(fitting, fit, "s", FLOOR, 2 * TRAINED_ON * product),
        Row(drawing, maps, "s", FLOOR, 2 * TESTED_ON * product),
    ]
    if name == "narrow":
        rows += [
            Row(fitting, fit, "s", LIMIT, FIT_S, 1),
            Row(drawing, maps, "s", LIMIT, MAPS_S, 1),
            Row(fitting, fit, "s", SCALED, FIT_S / STEP_S * step, 1),
            Row(drawing, maps, "s", SCALED, MAPS_S / STEP_S * step, 1),
        ]
    return rows


def products(model: keras.Model) -> float:
    """Count multiplications with additions for one image on its way forward."""
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    # The last axis of an output is in the kernel already.
    places = [np.prod(layer.output.shape[1:-1]) for layer in kernels]
    sizes = [np.prod(layer.kernel.shape) for layer in kernels]
    return float(np.dot(places, sizes))


def seconds_a_product() -> float:
    """Time a multiplication with addition where nothing else is to be done."""
    square = keras.random.normal((SQUARE, SQUARE), seed=0)
    times = [seconds(lambda: np.asarray(square @ square)) for _ in range(5)]
    return min(times) / SQUARE**3


def seconds(action: Callable[[], object]) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
