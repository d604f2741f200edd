"""Settings of the user, the machine and the working directory reach no result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, copy_repository, snakemake

FIGURE = """
from nodal_staging.figures import style
figure = style.new_figure(80, 60)
axes = figure.subplots()
axes.plot([0, 1, 2], [0, 2, 1], label="a")
axes.imshow([[0, 1], [1, 0]])
axes.legend()
axes.set_title("title")
style.save(figure, ["figure.svg", "figure.pdf", "figure.png"])
"""
MATPLOTLIBRC = """
axes.grid: True
axes.facecolor: red
axes.prop_cycle: cycler('color', ['k'])
figure.constrained_layout.use: False
image.cmap: gray
image.origin: lower
legend.loc: lower left
lines.linestyle: --
pdf.compression: 0
savefig.bbox: tight
savefig.transparent: True
text.color: green
"""
NETWORK = """
import hashlib
from nodal_staging.classifiers.cnn.network import build_network
from nodal_staging.classifiers.cnn.recipes import Architecture
import keras
layers = Architecture([1, 1, 1, 1, 1], 2, [4], "max", "he_normal", 0.9, 0.5)
model = build_network(layers, channels=1, seed=3)
digest = hashlib.sha256()
for weights in model.get_weights():
    digest.update(weights.tobytes())
print(digest.hexdigest(), weights.dtype, keras.config.floatx())
print(keras.config.epsilon(), keras.config.image_data_format(), keras.backend.backend())
print(keras.layers.Rescaling(1.0).compute_dtype)
"""
HOSTILE_KERAS = {
    "floatx": "float64",
    "epsilon": 1e-3,
    "backend": "tensorflow",
    "image_data_format": "channels_first",
}


def python(code: str, folder: Path, **environment: str) -> str:
    """Run code in a process of its own and return its output."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT / "src")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.figures
@pytest.mark.parametrize("place", ["working directory", "variable"])
def test_a_matplotlibrc_changes_no_figure(tmp_path, place):
    hostile, clean = tmp_path / "hostile", tmp_path / "clean"
    hostile.mkdir()
    rc = hostile / ("matplotlibrc" if place == "working directory" else "mine")
    rc.write_text(MATPLOTLIBRC)
    python(FIGURE, hostile, **({"MATPLOTLIBRC": str(rc)} if rc.name == "mine" else {}))
    python(FIGURE, clean)
    for name in ("figure.svg", "figure.pdf", "figure.png"):
        assert (hostile / name).read_bytes() == (clean / name).read_bytes()


@pytest.mark.training
def test_a_configuration_of_keras_changes_no_network(tmp_path):
    home = tmp_path / "home"
    (home / ".keras").mkdir(parents=True)
    (home / ".keras" / "keras.json").write_text(json.dumps(HOSTILE_KERAS))
    places = {"HOME": str(home), "KERAS_HOME": str(home / ".keras")}
    hostile = python(NETWORK, tmp_path / "hostile", **places)
    assert hostile == python(NETWORK, tmp_path / "clean")
    assert "float32 float32\n1e-07 channels_last tensorflow\nfloat32" in hostile


@pytest.mark.workflow
def test_jobs_do_not_see_the_users_packages(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    lines = 'include: "Snakefile"\n\n\nrule show:\n    output:\n        "shown",\n'
    shell = '    shell:\n        "echo user site: $PYTHONNOUSERSITE >{output}"\n'
    (folder / "wrapper").write_text(lines + shell)
    done = snakemake(folder, "--cores", "1", "--snakefile", "wrapper", "show")
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "shown").read_text() == "user site: 1\n"


@pytest.mark.parametrize("home", ["/dev/null/nobody", "writable"])
def test_make_keeps_caches_elsewhere_if_the_home_folder_is_read_only(tmp_path, home):
    show = "show: ; @echo ${XDG_CACHE_HOME-unset}".replace("$", "$$")
    given = {k: v for k, v in os.environ.items() if k != "XDG_CACHE_HOME"}
    done = subprocess.run(
        ["make", "-s", "--eval", show, "show"],
        cwd=ROOT,
        env=given | {"HOME": str(tmp_path / home)},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = "unset" if home == "writable" else f"{ROOT}/.cache"
    assert done.stdout.strip() == expected
