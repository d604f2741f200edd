"""Keras and what computes for it, imported in one place and without noise.

TensorFlow prints lines to standard error while it is imported, before any of its own
settings for that count; in a workflow of some dozen jobs they hide what matters.
Another library than TensorFlow is chosen by the variable KERAS_BACKEND.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# Real errors arrive as exceptions; what TensorFlow calls one on its log is advice.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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


with _native_messages_muted():
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

__all__ = ["keras", "tf", "use_device", "versions"]


def use_device(*, gpu: bool, intra_op_threads: int, xla: bool = False) -> None:
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
        Whether XLA will compile: Keras refuses that where TensorFlow was asked for
        deterministic operations, so it is not asked then.
    """
    if keras.backend.backend() != "tensorflow":
        return
    tf.config.threading.set_intra_op_parallelism_threads(intra_op_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
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


def _device() -> str:
    """Name the GPU that TensorFlow may use; without one ``cpu``."""
    for device in tf.config.get_visible_devices("GPU"):
        details = tf.config.experimental.get_device_details(device)
        return str(details.get("device_name", "gpu"))
    return "cpu"
