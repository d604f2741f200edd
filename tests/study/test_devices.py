"""A GPU counts if the driver lists it, nothing hides it and TensorFlow can use it."""

from pathlib import Path

import pytest

from nodal_staging.study.devices import has_gpu

CUDA = {"tensorflow", "numpy"}


@pytest.fixture(
    params=["proc/driver/nvidia/gpus/0000:17:00.0", "dev/nvidia0"], ids=["proc", "dev"]
)
def machine(request, tmp_path: Path) -> Path:
    (tmp_path / request.param).mkdir(parents=True)
    return tmp_path


def test_a_listed_gpu_is_used(machine):
    assert has_gpu({}, root=machine, packages=CUDA)
    assert has_gpu({"CUDA_VISIBLE_DEVICES": "1"}, root=machine, packages=CUDA)


@pytest.mark.parametrize("hidden", ["", "-1", " "])
def test_a_hidden_gpu_is_not_used(machine, hidden):
    assert not has_gpu({"CUDA_VISIBLE_DEVICES": hidden}, root=machine, packages=CUDA)


def test_tensorflow_for_cpus_uses_no_gpu(machine):
    assert not has_gpu({}, root=machine, packages={"tensorflow-cpu"})


def test_a_machine_without_driver_has_none(tmp_path):
    (tmp_path / "dev" / "nvidia-caps").mkdir(parents=True)
    assert not has_gpu({}, root=tmp_path, packages=CUDA)
