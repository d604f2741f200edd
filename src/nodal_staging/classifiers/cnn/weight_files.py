"""Weight files: the trained network without its form and its optimiser."""

import shutil
import tempfile
from pathlib import Path

from nodal_staging.classifiers.cnn.backend import keras
from nodal_staging.classifiers.cnn.network import NETWORK
from nodal_staging.study.files import replacing


def save_weights(model: keras.Model, path: str | Path) -> None:
    """Write weights alone, whole or not at all.

    Keras insists on a suffix of its own, so the file is written next to its place
    under that suffix and renamed.
    """
    with replacing(path) as part:
        keras_name = part.with_name(f"{part.name}.weights.h5")
        _bare(model).save_weights(keras_name)
        keras_name.rename(part)


def load_weights(model: keras.Model, path: str | Path) -> None:
    """Read weights that ``save_weights`` wrote into a network of the same form."""
    with tempfile.TemporaryDirectory() as folder:
        keras_name = Path(folder) / "model.weights.h5"
        shutil.copyfile(path, keras_name)
        _bare(model).load_weights(keras_name)


def _bare(model: keras.Model) -> keras.Model:
    """Return the network without its optimiser, on the same weights.

    Keras would save the optimiser's state too, which is twice the size of the weights.
    """
    return keras.Model(model.input, model.output, name=NETWORK)
