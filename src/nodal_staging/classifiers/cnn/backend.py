"""Keras and what computes for it, imported in one place and without noise.

TensorFlow prints lines to standard error while it is imported, before any of its own
settings for that count; in a workflow of some dozen jobs they hide what matters.
Another library than TensorFlow is chosen by the variable KERAS_BACKEND.
"""

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nodal_staging.study.instruction_sets import used_instructions

os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@contextmanager
def _native_messages_muted() -> Iterator[None]:
    """Send what compiled code writes to standard error nowhere."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _wrappers_left_out() -> Iterator[None]:
    """Let Keras find neither scikit-learn nor matplotlib.

    It imports both if it can, for wrappers that nothing here uses: 2 s of CPU time in
    each job that computes with a network.
    """
    # None in the place of a module refuses its import.
    modules: dict[str, Any] = sys.modules
    hidden = {"sklearn", "matplotlib"} - modules.keys()
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Let the collector of garbage leave modules alone, now and later.

    An import makes half a million objects that stay. To search them for garbage takes
    a quarter of its time, and of that of tracing graphs and reading tables later.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


with _nothing_collected(), _native_messages_muted(), _wrappers_left_out():
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

__all__ = ["instructions", "keras", "tf", "use_device", "versions"]


TENSOR_FLOAT32 = "tensor_float32"
"""The precision that stores float32 and multiplies with 10 bits of mantissa on GPUs."""


def use_device(
    *,
    gpu: bool,
    intra_op_threads: int,
    xla: bool = False,
    precision: str = "float32",
) -> None:
    """Fix threads and device before TensorFlow starts; ask for determinism.

    Without a GPU on the machine training runs on the CPU. Another library than
    TensorFlow is left to its own settings.

    Parameters
    ----------
    gpu
        Whether a GPU may be used.
    intra_op_threads
        Threads inside an operation, which change bits.
    xla
        Whether XLA will compile: Keras refuses that together with deterministic
        operations of TensorFlow, which are not requested then.
    precision
        Precision of the recipe. TensorFlow multiplies float32 as TensorFloat-32 on
        recent GPUs by default; here it does so only for ``tensor_float32``.
    """
    if keras.backend.backend() != "tensorflow":
        return
    tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_tensor_float_32_execution(precision == TENSOR_FLOAT32)
    if not xla:
        tf.config.experimental.enable_op_determinism()
    devices = tf.config.list_physical_devices("GPU")
    if not gpu:
        tf.config.set_visible_devices([], "GPU")
    for device in devices if gpu else []:
        # Several jobs may share a GPU; none takes all of its memory.
        tf.config.experimental.set_memory_growth(device, True)


def versions() -> dict[str, str]:
    """Return what decides the bits of weights: versions, and CPU or which GPU."""
    found = {"keras": keras.__version__, "backend": keras.backend.backend()}
    if keras.backend.backend() == "tensorflow":
        found |= {"tensorflow": tf.__version__, "device": _device()}
    return found


def instructions() -> dict[str, str]:
    """Name the instruction sets that decide the bits of weights on a CPU."""
    backend = "tensorflow" if keras.backend.backend() == "tensorflow" else ""
    return used_instructions({backend, "numpy"})


def _device() -> str:
    """Name the GPU that TensorFlow may use; without one ``cpu``."""
    for device in tf.config.get_visible_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        return str(details.get("device_name", "gpu"))
    return "cpu"
