"""Training repeats itself to the bit, also after a kill and on another backend."""

import dataclasses
import hashlib
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from nodal_staging import tables
from nodal_staging.classifiers.cnn import checkpoints, epochs
from nodal_staging.classifiers.cnn.backend import instructions, use_device
from nodal_staging.classifiers.cnn.fitting import (
    HeldOut,
    Trainer,
    new_network,
    predict,
)
from nodal_staging.classifiers.cnn.inputs import ImageOptions, ImageSource, windowed
from nodal_staging.classifiers.cnn.recipes import read_recipe, recipe_of, write_recipe
from nodal_staging.classifiers.cnn.training import train_cnn, trained_network
from nodal_staging.nodes import patch_files
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import read_json, write_json
from nodal_staging.study.instruction_sets import VARIABLES
from nodal_staging.study.seeds import stream

# TensorFlow takes the number of threads once, and other tests start it too.
use_device(gpu=False, intra_op_threads=1)

NODES = [f"N{number:02}" for number in range(24)]
NETWORK = {
    "convolutions": [1, 1, 1, 1, 1],
    "first_width": 4,
    "dense_widths": [8],
    "pooling": "max",
    "initializer": "he_normal",
    "batch_norm_momentum": 0.8,
    "dropout": 0.0,
}


def sections(**training):
    """Return the sections of a configuration that decide the weights."""
    defaults = {
        "learning_rate": 5e-3,
        "schedule": "constant",
        "loss": "binary_crossentropy",
        "precision": "float32",
        "xla": False,
        "held_out_every": 1,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
        "epochs": 2,
        "batch_size": 8,
        "cpu_instructions": "native",
        "intra_op_threads": 1,
    }
    return {
        "image": {"window_hu": [-160, 240], "mask_fill": 0.0, "channels": "ct"},
        "augmentation": {
            "brightness": [1, 1],
            "brightness_scale": "windowed",
            "rotation_deg": 180,
            "shift_mm": 2,
            "flip": "independent",
        },
        "cnn": NETWORK,
        "training": defaults | training,
    }


def recipe(cnn: str = "status_balanced", **training):
    parts = sections(**training)
    network = parts.pop("cnn")
    return recipe_of(cnn=cnn, network=network, **parts, seed=1)


@pytest.fixture(scope="module")
def patch_file(tmp_path_factory):
    """Discs in fat, bright where positive, on a background of fat."""
    path = tmp_path_factory.mktemp("patches") / "1-of-1.h5"
    z, y, x = np.ogrid[-39.5:40, -39.5:40, -39.5:40]
    mask = (z**2 + y**2 + x**2 < 36).astype(np.uint8)
    rng = np.random.default_rng(0)
    images = {}
    for number, node_id in enumerate(NODES):
        hu = np.where(mask, 140 if number % 2 else -40, -100)
        noisy = hu + rng.normal(0, 10, hu.shape)
        images[node_id] = (noisy.astype(np.int16), mask)
    patch_files.write_patches(path, images, size=80, spacing_mm=1.0)
    return path


@pytest.fixture(scope="module")
def dataset():
    status = np.where(np.arange(len(NODES)) % 2, "positive", "negative")
    columns = {"node_id": NODES, "patient_id": NODES, "location": "cervical"}
    return pd.DataFrame(columns | {"status": status, "fold": 0})


@pytest.fixture(scope="module")
def job(tmp_path_factory, patch_file, dataset):
    """Return what ``train_cnn`` takes, in files, for a training of some seconds."""
    folder = tmp_path_factory.mktemp("job")
    plan, training = folder / "recipe.json", folder / "training.tsv"
    write_recipe(
        cnn="status_balanced",
        options=sections(epochs=40),
        seed=1,
        chosen=None,
        percent=100,
        output=plan,
    )
    tables.write(dataset, training, tables.DATASET)
    return {"recipe": str(plan), "training": str(training), "patches": [patch_file]}


def run_job(job, folder: Path) -> dict[str, Path]:
    """Train in this process; return the outputs."""
    names = {"weights": "weights.h5", "history": "history.tsv", "card": "card.json"}
    folder.mkdir(exist_ok=True)
    outputs = {kind: folder / name for kind, name in names.items()}
    train_cnn(**job, gpu=False, code="1", **outputs)
    return outputs


@pytest.fixture(scope="module")
def whole(job, tmp_path_factory):
    """Return the outputs of the job that nothing disturbed."""
    return run_job(job, tmp_path_factory.mktemp("whole"))


def sums(outputs: dict[str, Path]) -> dict[str, str]:
    return {k: hashlib.sha256(p.read_bytes()).hexdigest() for k, p in outputs.items()}


JOB = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import test_training as this
this.run_job(
    {"recipe": sys.argv[2], "training": sys.argv[3], "patches": [sys.argv[4]]},
    Path(sys.argv[5]),
)
"""


def start_job(job, folder: Path, **settings: str) -> subprocess.Popen:
    """Train in a process of its own, as the workflow does."""
    here = str(Path(__file__).parent)
    files = [job["recipe"], job["training"], str(job["patches"][0]), str(folder)]
    return subprocess.Popen(
        [sys.executable, "-c", JOB, here, *files],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | settings,
        stderr=subprocess.DEVNULL,
    )


def kill_after_checkpoint(process: subprocess.Popen, state: Path) -> None:
    """Wait for the first checkpoint and kill the training without mercy."""
    patience = time.monotonic() + 120
    while not state.exists() and process.poll() is None:
        assert time.monotonic() < patience
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.training
def test_a_killed_training_ends_in_the_same_bytes(job, whole, tmp_path):
    folder = tmp_path / "killed"
    state = folder / "checkpoint.h5"
    folder.mkdir()
    kill_after_checkpoint(start_job(job, folder), state)
    assert state.exists()
    assert not (folder / "weights.h5").exists()
    again = start_job(job, folder)
    assert again.wait() == 0
    paths = {kind: folder / path.name for kind, path in whole.items()}
    assert sums(paths) == sums(whole)
    assert not state.exists()


def with_instructions(state: Path, words: str) -> None:
    """Pretend that a checkpoint was written on another CPU."""
    with h5py.File(state, "r+") as file:
        file.attrs["instructions"] = words


@pytest.mark.training
def test_a_checkpoint_of_other_instructions_is_refused_until_it_is_deleted(
    patch_file, dataset, tmp_path
):
    plan, state = recipe(epochs=2), tmp_path / "checkpoint.h5"
    with pytest.raises(KilledError):
        interrupted(plan, patch_file, dataset, state, 1)
    with h5py.File(state) as file:
        written = file.attrs["instructions"]
    assert written == ", ".join(f"{k} {v}" for k, v in sorted(instructions().items()))
    with_instructions(state, "OpenBLAS Haswell, oneDNN AVX2")
    with pytest.raises(InputError) as refused:
        interrupted(plan, patch_file, dataset, state, 2)
    sentence = str(refused.value)
    assert "with the CPU instructions OpenBLAS Haswell, oneDNN AVX2, but" in sentence
    assert f"this job uses {written}, which" in sentence
    # Any of the two fixes works: a CPU with the same instructions, or no file.
    with_instructions(state, written)
    whole, _ = interrupted(plan, patch_file, dataset, state, 1)
    Path(sentence.partition(" was written")[0]).unlink()
    again, _ = interrupted(plan, patch_file, dataset, state, 2)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.training
@pytest.mark.skipif(
    instructions().get("oneDNN") != "AVX512_CORE", reason="this CPU has no AVX-512"
)
def test_weights_depend_on_the_instructions_and_a_pin_decides_them(
    job, whole, tmp_path
):
    def train(name, **settings):
        folder = tmp_path / name
        folder.mkdir()
        assert start_job(job, folder, **settings).wait() == 0
        used = read_json(folder / "card.json")["cpu_instructions"]
        weights = (folder / "weights.h5").read_bytes()
        return used, hashlib.sha256(weights).hexdigest()

    used, pinned = train("avx2", **VARIABLES["avx2"])
    assert used == {"NumPy": "X86_V3", "OpenBLAS": "Haswell", "oneDNN": "AVX2"}
    assert pinned != sums(whole)["weights"]
    assert train("again", **VARIABLES["avx2"]) == (used, pinned)
    assert read_json(whole["card"])["cpu_instructions"] == instructions()


class KilledError(Exception):
    """What stands for the end of a process, in one process."""


def interrupted(plan, patch_file, dataset, state: Path, epochs: int):
    """Train, but for no more than so many epochs after the start or restart."""
    source = ImageSource.read([patch_file], NODES, plan.image)
    done = iter(range(epochs))
    trainer = Trainer(plan)
    whole = trainer.train_epoch

    def epoch(*arguments):
        if next(done, None) is None:
            raise KilledError
        return whole(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        # Every epoch leaves a checkpoint, as long ones do.
        patch.setattr(checkpoints, "MOST_TIME_SHARE", 1e9)
        patch.setattr(trainer, "train_epoch", epoch)
        told = trainer.fit(dataset, source, name="all", checkpoint=state, code="1")
    return trainer.model, told


@pytest.mark.training
def test_every_epoch_is_a_place_to_go_on(patch_file, dataset, tmp_path):
    """With all that has a state: dropout, a schedule, a loss that is scaled."""
    plan = recipe(epochs=4, schedule="cosine", precision="mixed_float16")
    plan = dataclasses.replace(
        plan, network=dataclasses.replace(plan.network, dropout=0.4)
    )
    whole, history = interrupted(plan, patch_file, dataset, tmp_path / "whole.h5", 4)
    for done in (1, 0, 2):
        with pytest.raises(KilledError):
            interrupted(plan, patch_file, dataset, tmp_path / "state.h5", done)
    # What a write that was cut short leaves behind does not disturb.
    (tmp_path / ".part.state.h5").write_bytes(b"half")
    again, told = interrupted(plan, patch_file, dataset, tmp_path / "state.h5", 4)
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    pd.testing.assert_frame_equal(history, told)


def test_half_precision_scales_its_loss():
    model = new_network(recipe(precision="mixed_float16"), "all")
    assert type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert model.optimizer.inner_optimizer.epsilon == 1e-8
    whole = new_network(recipe(precision="mixed_bfloat16"), "all")
    assert type(whole.optimizer).__name__ == "Adam"


OF_MULTIPLICATION = """
import sys
from nodal_staging.classifiers.cnn.backend import tf, use_device
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.recipes import read_recipe
plan = read_recipe(sys.argv[1])
use_device(gpu=True, intra_op_threads=1, precision=plan.precision)
network = new_network(plan, "all")
assert {layer.compute_dtype for layer in network.layers} == {"float32"}
print(tf.config.experimental.tensor_float_32_execution_enabled())
"""


@pytest.mark.training
@pytest.mark.parametrize("precision", ["float32", "tensor_float32"])
def test_float32_is_multiplied_in_full_unless_named_otherwise(job, tmp_path, precision):
    """TensorFlow's own default would round factors to 10 bits on recent GPUs."""
    path = tmp_path / "recipe.json"
    write_json(path, read_json(job["recipe"]) | {"precision": precision})
    done = subprocess.run(
        [sys.executable, "-c", OF_MULTIPLICATION, path],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [str(precision == "tensor_float32")]


WITH_XLA = """
import sys
from nodal_staging.classifiers.cnn.backend import use_device
from nodal_staging.classifiers.cnn.fitting import new_network
from nodal_staging.classifiers.cnn.recipes import read_recipe
plan = read_recipe(sys.argv[1])
use_device(gpu=False, intra_op_threads=1, xla=plan.xla)
assert new_network(plan, "all").jit_compile is True
"""


@pytest.mark.training
def test_xla_compiles_where_it_is_asked_for(job, tmp_path):
    """Keras drops it with a mere warning where operations must be deterministic."""
    path = tmp_path / "recipe.json"
    write_json(path, read_json(job["recipe"]) | {"xla": True})
    subprocess.run([sys.executable, "-c", WITH_XLA, path], check=True)


@pytest.mark.training
def test_progress_is_told_epoch_by_epoch(patch_file, dataset, caplog):
    plan = recipe(epochs=3)
    source = ImageSource.read([patch_file], NODES, plan.image)
    seen = HeldOut(source.plain(), np.arange(len(NODES)) % 2 == 1)
    with caplog.at_level("INFO", logger="nodal_staging"):
        Trainer(plan).fit(dataset, source, name="fold 2", held_out=seen)
    lines = [line for line in caplog.messages if "epoch" in line]
    assert [line.split(",")[0] for line in lines] == [
        f"fold 2: epoch {number} of 3" for number in (1, 2, 3)
    ]
    assert all("held out: loss" in line and "AUC" in line for line in lines)


@pytest.mark.training
def test_an_epoch_reports_the_means_over_all_its_nodes(patch_file, dataset):
    """Nothing is learned at a rate of zero, so each batch can be asked again."""
    how, nodes = recipe(learning_rate=0.0), dataset[:23]
    target = (nodes["status"] == "positive").to_numpy(np.float32)
    source = ImageSource.read([patch_file], list(nodes["node_id"]), how.image)
    model = new_network(how, "all")
    row = Trainer(how).train_epoch(source, target, 0)
    images = source.augmented(how.ranges, seed=how.seed, epoch=0)
    order = stream(how.seed, "training", "order", 0).permutation(23)
    score = np.empty(23)
    for batch in (order[:12], order[12:]):
        score[batch] = np.asarray(model(images[batch], training=True))[:, 0]
    right = np.where(target == 1, score, 1 - score)
    assert row["loss"] == pytest.approx(-np.log(right).mean(), rel=1e-4)
    assert row["accuracy"] == pytest.approx((right > 0.5).mean())


@pytest.mark.training
def test_a_kill_between_two_outputs_changes_nothing(job, whole, tmp_path):
    def die(*_):
        raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nodal_staging.classifiers.cnn.training.write_json", die)
        with pytest.raises(KilledError):
            run_job(job, tmp_path)
    assert (tmp_path / "checkpoint.h5").exists()
    assert sums(run_job(job, tmp_path)) == sums(whole)


@pytest.mark.training
def test_a_checkpoint_of_another_training_is_left_aside(job, whole, tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    state = folder / "checkpoint.h5"
    other = tmp_path / "other.json"
    write_json(other, read_json(job["recipe"]) | {"seed": 2})
    kill_after_checkpoint(start_job(job | {"recipe": str(other)}, folder), state)
    assert sums(run_job(job, folder)) == sums(whole)


def test_a_recipe_survives_its_file(job):
    assert read_recipe(job["recipe"]) == recipe(epochs=40)


def test_epochs_are_scaled_to_the_share_of_the_nodes(tmp_path):
    write_recipe(
        cnn="xmask",
        options=sections(epochs=10),
        seed=3,
        chosen=None,
        percent=25,
        output=tmp_path / "recipe.json",
    )
    expected = dataclasses.replace(recipe("xmask", epochs=40), seed=3)
    assert read_recipe(tmp_path / "recipe.json") == expected


OTHER_BACKEND = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import keras, numpy as np
import test_training as this
from nodal_staging.classifiers.cnn.recipes import read_recipe
from nodal_staging.classifiers.cnn.training import trained_network
recipe, training, patches, weights, images, scores, folder, backend = sys.argv[2:]
assert keras.backend.backend() == backend
model = trained_network(read_recipe(recipe), weights)
seen = model(np.load(images), training=False)
np.save(scores, keras.ops.convert_to_numpy(seen))
job = {"recipe": recipe, "training": training, "patches": [patches]}
this.run_job(job, Path(folder))
"""


@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_scores_alike_and_trains(
    job, whole, patch_file, tmp_path, backend
):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    plan = read_recipe(job["recipe"])
    images = ImageSource.read([patch_file], NODES, plan.image).plain()
    np.save(tmp_path / "images.npy", images)
    files = [job["recipe"], job["training"], patch_file, whole["weights"]]
    files += [tmp_path / name for name in ("images.npy", "scores.npy", "there")]
    subprocess.run(
        [sys.executable, "-c", OTHER_BACKEND, Path(__file__).parent, *files, backend],
        env=os.environ | {"KERAS_BACKEND": backend},
        check=True,
    )
    model = trained_network(plan, whole["weights"])
    scores = np.load(tmp_path / "scores.npy")[:, 0]
    np.testing.assert_allclose(scores, predict(model, images), rtol=0, atol=2e-5)
    history = tables.read(tmp_path / "there" / "history.tsv", tables.HISTORY)
    assert history["loss"].iloc[-1] < history["loss"].iloc[0] / 2


def test_only_two_modules_name_tensorflow():
    """The study's, and that of the heatmaps, which may leave it."""
    package = Path(tables.__file__).parents[1]
    named = [p.name for p in package.rglob("*.py") if " tensorflow" in p.read_text()]
    assert set(named) <= {"backend.py", "autodiff.py"}


def test_a_file_of_weights_holds_nothing_else(job, whole):
    plan = read_recipe(job["recipe"])
    size = sum(value.nbytes for value in new_network(plan, "all").get_weights())
    assert whole["weights"].stat().st_size < size + 100_000
    with h5py.File(whole["weights"]) as file:
        assert "optimizer" not in file


@pytest.mark.parametrize(
    ("scale", "expected"),
    [("windowed", 1.5 * 0.625), ("hu", 0.775), ("attenuation", 1.0)],
)
def test_brightness_acts_on_the_scale_that_is_named(scale, expected):
    options = ImageOptions((-160, 240), 0.0, "ct", False, scale)
    hu = np.full((1, 1, 1), 90 if scale == "windowed" else 100, np.float32)
    windowed(hu, np.array([1.5]), options)
    assert hu[0, 0, 0] == pytest.approx(expected)


@pytest.mark.training
def test_two_trainings_give_the_same_bits(patch_file, dataset):
    source = ImageSource.read([patch_file], NODES, recipe().image)
    first, second = Trainer(recipe()), Trainer(recipe())
    first.fit(dataset, source, name="all")
    # The second has another training behind it, as those of folds have.
    second.fit(dataset[:16], _part(source, 16), name="fold 1")
    second.fit(dataset, source, name="all")
    for a, b in zip(first.model.get_weights(), second.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def _part(source: ImageSource, n: int) -> ImageSource:
    return ImageSource(source.slabs[:n], source.masks[:n], NODES[:n], source.options)


@pytest.mark.training
def test_an_epoch_in_one_graph_takes_the_same_steps(patch_file, monkeypatch):
    """Batches of two sizes, and parts of an epoch, against one call for each batch."""
    how = recipe()
    source = ImageSource.read([patch_file], NODES, how.image)
    images, target = source.plain(), (np.arange(len(NODES)) % 2).astype(np.float32)
    batches = np.array_split(np.random.default_rng(1).permutation(len(NODES)), 5)
    monkeypatch.setattr(epochs, "LARGEST_PART", 2 * len(batches[0]) * images[0].nbytes)
    ways = []
    for way in (epochs.epochs_of, epochs.step_by_step):
        model = new_network(how, "all")
        epoch = way(model)
        told = [epoch(images, target, batches) for _ in range(2)]
        ways.append((told, model))
    (told, model), (expected, other) = ways
    for one, same in zip(told, expected, strict=True):
        assert one == pytest.approx(same, rel=1e-4)
    np.testing.assert_allclose(
        predict(model, images), predict(other, images), rtol=0, atol=1e-4
    )


@pytest.mark.training
def test_an_easy_difference_is_learned(patch_file, dataset):
    plan = recipe(epochs=25)
    source = ImageSource.read([patch_file], NODES, plan.image)
    trainer = Trainer(plan)
    history = trainer.fit(dataset, source, name="all")
    scores = predict(trainer.model, source.plain())
    positive = dataset["status"].to_numpy() == "positive"
    assert scores[positive].min() > scores[~positive].max()
    assert history["loss"].iloc[-1] < history["loss"].iloc[0]


def test_window_maps_its_ends_to_zero_and_one(patch_file):
    image = recipe().image
    low_high = ImageOptions((-100, 140), 0.0, "ct", False)
    images = ImageSource.read([patch_file], NODES[:2], low_high).plain()
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert image.window_hu == (-160, 240)


def test_xmask_sees_nothing_but_the_node(patch_file):
    plain = ImageSource.read([patch_file], NODES[:2], recipe().image).plain()
    masked = ImageSource.read([patch_file], NODES[:2], recipe("xmask").image).plain()
    y, x = np.ogrid[-23.5:24, -23.5:24]
    outside = y**2 + x**2 > 40
    inside = y**2 + x**2 < 30
    assert (masked[:, outside] == 0).all()
    np.testing.assert_array_equal(masked[:, inside], plain[:, inside])


def test_mask_can_be_a_second_channel(patch_file):
    options = ImageOptions((-160, 240), 0.0, "ct_and_mask", False)
    images = ImageSource.read([patch_file], NODES[:2], options).plain()
    assert images.shape == (2, 48, 48, 2)
    assert set(np.unique(images[..., 1])) == {0.0, 1.0}


def test_slabs_come_in_the_order_that_was_asked_for(patch_file):
    forth, _ = patch_files.read_slabs([patch_file], NODES, half_depth=2)
    back, _ = patch_files.read_slabs([patch_file], NODES[::-1], half_depth=2)
    np.testing.assert_array_equal(forth[::-1], back)
    assert forth.shape == (24, 4, 80, 80)


def test_a_node_without_patch_is_an_error(patch_file):
    with pytest.raises(KeyError, match="N99"):
        patch_files.read_slabs([patch_file], ["N99"], half_depth=2)
