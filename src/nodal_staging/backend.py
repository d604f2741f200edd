"""Keras and TensorFlow, imported in one place and without noise.

TensorFlow prints lines to standard error while it is imported, before any of its own
settings for that count; in a workflow of some dozen jobs they hide what matters.
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
    import tensorflow as tf

__all__ = ["keras", "tf"]
