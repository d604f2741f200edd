"""Gradient times input: the plainest attribution, first order and exact.

The map of an image is the product of the image with the gradient of the logit with
respect to it; its sum approximates how much the image moves the logit from zero.

References
----------
Simonyan et al. 2014 (arXiv:1312.6034); Shrikumar et al. 2016 (arXiv:1605.01713).
"""

import numpy as np
import numpy.typing as npt

from nodal_staging.backend import tf

FloatArray = npt.NDArray[np.float32]


def gradient_times_input(
    model: tf.keras.Model, images: FloatArray, *, layer: str, batch_size: int = 64
) -> FloatArray:
    """Attribute a layer's single output to the pixels.

    Parameters
    ----------
    model
        A network.
    images
        Its inputs ``(n, y, x, channels)``.
    layer
        Name of the layer whose output is explained, before any sigmoid.
    batch_size
        Images at a time.

    Returns
    -------
    Maps ``(n, y, x)``, summed over channels.
    """
    explained = tf.keras.Model(model.inputs, model.get_layer(layer).output)
    maps = []
    for start in range(0, len(images), batch_size):
        batch = tf.convert_to_tensor(images[start : start + batch_size])
        with tf.GradientTape() as tape:
            tape.watch(batch)
            output = tf.reduce_sum(explained(batch, training=False))
        gradient = tape.gradient(output, batch)
        maps.append(tf.reduce_sum(gradient * batch, axis=-1).numpy())
    return np.concatenate(maps)
