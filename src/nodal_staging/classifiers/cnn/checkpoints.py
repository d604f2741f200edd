"""Checkpoints: a training that was killed goes on and ends in the same weights.

A checkpoint holds every variable of the network and of its optimiser after an epoch,
the history up to there, a key of what is being trained, and the instruction sets of
the CPU. One that belongs to another recipe, other pixels or other code is not used; one
of other instruction sets is refused, since no CPU would repeat the weights.
"""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from nodal_staging.classifiers.cnn.backend import keras
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing

logger = logging.getLogger(__name__)

MOST_TIME_SHARE = 0.01
"""Share of the training time that checkpoints may take."""


class Checkpoint:
    """A file that is written after epochs, for a training that may be killed."""

    def __init__(self, path: Path, key: str, instructions: Mapping[str, str]) -> None:
        """Remember where it is, what is being trained, and with which instructions."""
        self.path = path
        self.key = key
        self.instructions = _words(instructions)
        self._next = 0.0

    def restore(self, model: keras.Model) -> list[dict[str, Any]]:
        """Fill a compiled model and return the history of the epochs it has behind it.

        Returns an empty history, and leaves the model as it is, where there is no
        checkpoint of this training.

        Raises
        ------
        InputError
            If it was written with other instruction sets of the CPU.
        """
        try:
            with h5py.File(self.path) as file:
                if file.attrs["key"] != self.key:
                    logger.info("a checkpoint of another training is left aside")
                    return []
                self._check_instructions(file.attrs["instructions"])
                history: list[dict[str, Any]] = json.loads(file.attrs["history"])
                values = [file[str(n)][()] for n in range(len(all_variables(model)))]
        except (OSError, KeyError):
            return []
        for variable, value in zip(all_variables(model), values, strict=True):
            variable.assign(value)
        logger.info("going on after epoch %d", len(history))
        return history

    def save(self, model: keras.Model, history: list[dict[str, Any]]) -> None:
        """Write the state after an epoch, unless writing has taken too much time."""
        if time.monotonic() < self._next:
            return
        start = time.monotonic()
        with replacing(self.path) as part, h5py.File(part, "w") as file:
            for number, variable in enumerate(all_variables(model)):
                file[str(number)] = np.asarray(keras.ops.convert_to_numpy(variable))
            file.attrs["history"] = json.dumps(history)
            file.attrs["key"] = self.key
            file.attrs["instructions"] = self.instructions
        taken = time.monotonic() - start
        self._next = start + taken / MOST_TIME_SHARE

    def _check_instructions(self, written: str) -> None:
        if written != self.instructions:
            raise InputError(
                f"{self.path} was written by a job with the CPU instructions "
                f"{written}, but this job uses {self.instructions}, which gives other "
                "bits; run the job on a CPU with the same instructions, or delete the "
                "file to train from the start (training.cpu_instructions in the "
                "configuration gives all CPUs the same instructions)"
            )


def _words(instructions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {one}" for name, one in sorted(instructions.items()))


def all_variables(model: keras.Model) -> list[Any]:
    """Return all that training changes: weights, moving averages, seeds, moments."""
    return [*model.variables, *model.optimizer.variables]
