"""Every random draw comes from the study's seed and a name."""

import zlib

import numpy as np


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Open the random stream of a name.

    Streams of different names are independent, so adding a draw in one place
    changes nothing elsewhere.

    Parameters
    ----------
    seed
        The study's seed.
    names
        What the draws are for, as words and non-negative numbers,
        for example ``"split", "test"`` or ``"exam", "P0007"``.
    """
    return np.random.default_rng([seed, *map(_number, names)])


def named_seed(seed: int, *names: str | int) -> int:
    """Derive a seed in [1, 2**31 - 1] for engines that take one integer (R, Keras).

    Examples
    --------
    >>> named_seed(2020, "forest")
    989152094
    """
    return int(stream(seed, *names).integers(1, 2**31 - 1, endpoint=True))


def _number(name: str | int) -> int:
    """Turn a word into a number that is the same on every machine."""
    return zlib.crc32(name.encode()) if isinstance(name, str) else name
