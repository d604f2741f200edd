"""PatternNet and PatternAttribution once more, in plain NumPy with patches written out.

Reads a Keras model layer by layer and shares no code with the package: covariances
are those of the published formula in one pass, relevance goes back through explicit
patches.
"""

import numpy as np

EPSILON = np.finfo(float).eps


def patch_places(size, kernel, stride, dilation, padding):
    """Return output size and, per output and kernel place, the input place or -1."""
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        out = -(-size // stride)
        before = max((out - 1) * stride + reach - size, 0) // 2
    else:
        out, before = (size - reach) // stride + 1, 0
    places = np.arange(out)[:, None] * stride + np.arange(kernel) * dilation - before
    return np.where((places >= 0) & (places < size), places, -1)


class Patches:
    """Patches of images for a convolution, and the way back."""

    def __init__(self, x, kernel, strides, dilation, padding):
        self.shape = x.shape
        (kh, kw), c = kernel[:2], x.shape[-1]
        rows = patch_places(x.shape[1], kh, strides[0], dilation[0], padding)
        cols = patch_places(x.shape[2], kw, strides[1], dilation[1], padding)
        # One more row and column of zeros, where places of -1 lead.
        padded = np.zeros((len(x), x.shape[1] + 1, x.shape[2] + 1, c))
        padded[:, :-1, :-1] = x
        self.index = (rows[:, None, :, None], cols[None, :, None, :])
        taken = padded[:, self.index[0], self.index[1]]
        self.out = taken.shape[1:3]
        self.rows = taken.reshape(-1, kh * kw * c)
        self.taken_shape = taken.shape

    def back(self, rows):
        n, height, width, c = self.shape
        found = np.zeros((n, height + 1, width + 1, c))
        values = rows.reshape(self.taken_shape)
        for image in range(n):
            np.add.at(found[image], self.index, values[image])
        return found[:, :-1, :-1]


def is_relu(layer):
    kind = type(layer).__name__
    if kind == "ReLU":
        return True
    return getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def scale_of(layer):
    gamma = np.asarray(layer.gamma, float) if layer.scale else 1.0
    return gamma / np.sqrt(np.asarray(layer.moving_variance, float) + layer.epsilon)


def shift_of(layer):
    beta = np.asarray(layer.beta, float) if layer.center else 0.0
    return beta - scale_of(layer) * np.asarray(layer.moving_mean, float)


def pool_windows(layer, x):
    (kh, kw), (sh, sw) = layer.pool_size, layer.strides
    out_h, out_w = (x.shape[1] - kh) // sh + 1, (x.shape[2] - kw) // sw + 1
    for i in range(out_h):
        for j in range(out_w):
            yield (i, j), x[:, i * sh : i * sh + kh, j * sw : j * sw + kw]


class Walk:
    """Everything that one pass of images through a model computes."""

    def __init__(self, model, images):
        self.trace = []  # (kind, layer, input, extra)
        x = np.asarray(images, float)
        for layer in model.layers:
            x = self._pass(layer, x)
        self.logit = x.reshape(-1)

    def _pass(self, layer, x):
        kind = type(layer).__name__
        if kind in {"Conv2D", "Dense"}:
            kernel = np.asarray(layer.kernel, float)
            bias = np.asarray(layer.bias, float) if layer.use_bias else 0.0
            patches = None
            rows = x
            if kind == "Conv2D":
                options = layer.strides, layer.dilation_rate, layer.padding
                patches = Patches(x, kernel.shape, *options)
                rows = patches.rows
            y = rows @ kernel.reshape(-1, kernel.shape[-1])
            self.trace.append(("kernel", layer, rows, patches))
            x = y + bias
            if patches:
                x = x.reshape(len(images_of(patches)), *patches.out, -1)
            if is_relu(layer):
                self.trace.append(("relu", layer, x, None))
                x = np.maximum(x, 0)
        elif kind == "BatchNormalization":
            self.trace.append(("norm", layer, x, None))
            x = scale_of(layer) * x + shift_of(layer)
        elif is_relu(layer):
            self.trace.append(("relu", layer, x, None))
            x = np.maximum(x, 0)
        elif kind == "MaxPooling2D":
            self.trace.append(("pool", layer, x, None))
            cells = {place: w.max(axis=(1, 2)) for place, w in pool_windows(layer, x)}
            size = np.array(list(cells)).max(axis=0) + 1
            x = np.stack([cells[p] for p in np.ndindex(*size)], axis=1)
            x = x.reshape(len(x), *size, -1)
        elif kind == "Flatten":
            self.trace.append(("flatten", layer, x, None))
            x = x.reshape(len(x), -1)
        return x

    def gate_after(self, place):
        """Return the ReLU's input after a kernel, flat, or None."""
        for kind, _, x, _ in self.trace[place + 1 :]:
            if kind == "relu":
                return x.reshape(-1, x.shape[-1])
            if kind != "norm":
                return None
        return None


def images_of(patches):
    return range(patches.shape[0])


def oracle_patterns(model, images, estimator="relu"):
    """Return layer name to patterns, by the formula as it is published."""
    walk = Walk(model, images)
    found = {}
    for place, (kind, layer, x, _) in enumerate(walk.trace):
        if kind != "kernel":
            continue
        kernel = np.asarray(layer.kernel, float)
        w = kernel.reshape(-1, kernel.shape[-1])
        y = x @ w
        gate = walk.gate_after(place)
        if gate is None or estimator == "linear":
            mask = np.ones_like(y)
        else:
            mask = (gate <= 0 if estimator == "closed" else gate > 0).astype(float)
        count = mask.sum(axis=0)
        safe = np.where(count > 0, count, 1)
        mean_xy = x.T @ (mask * y) / safe
        mean_x = x.T @ mask / safe
        mean_y = y.mean(axis=0)
        if estimator == "relu.cond":
            mean_y = (mask * y).sum(axis=0) / safe
        c = mean_xy - mean_x * mean_y
        q = (w * c).sum(axis=0)
        bad = np.abs(q) <= 1e-12 * np.abs(w * c).sum(axis=0)
        a = np.where(bad, 0, c / np.where(bad, 1, q))
        found[layer.name] = a.reshape(kernel.shape)
    return found


def oracle_maps(model, patterns, images, mode="attribution", batch_norm="own"):
    """Return the unscaled share maps ``(n, y, x, channels)`` and the logits."""
    walk = Walk(model, images)
    r = np.ones((len(images), 1))
    for kind, layer, x, patches in reversed(walk.trace):
        if kind == "kernel":
            kernel = np.asarray(layer.kernel, float)
            a = patterns[layer.name]
            back = kernel * a if mode == "attribution" else a
            back = back.reshape(-1, kernel.shape[-1])
            r = r.reshape(-1, kernel.shape[-1]) @ back.T
            if patches:
                r = patches.back(r)
        elif kind == "relu":
            r = r.reshape(x.shape) * (x > 0)
        elif kind == "norm":
            s = scale_of(layer)
            if batch_norm == "gradient":
                r = r.reshape(x.shape) * s
            elif mode == "attribution":
                r = r.reshape(x.shape) * (s != 0)
            else:
                r = np.where(s == 0, 0, r.reshape(x.shape) / np.where(s == 0, 1, s))
        elif kind == "flatten":
            r = r.reshape(x.shape)
        elif kind == "pool":
            r = unpool(layer, x, r)
    return r, walk.logit


def unpool(layer, x, r):
    found = np.zeros_like(x)
    (_, kw), (sh, sw) = layer.pool_size, layer.strides
    for (i, j), window in pool_windows(layer, x):
        flat = window.reshape(len(x), -1, x.shape[-1])
        first = flat.argmax(axis=1)  # NumPy: the first of equals
        for n, c in np.ndindex(len(x), x.shape[-1]):
            row, column = divmod(first[n, c], kw)
            found[n, i * sh + row, j * sw + column, c] += r[n, i, j, c]
    return found
