"""Settings of the user, the machine and the working directory reach no result."""

import json
import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont
from repositories import (
    ENVIRONMENT,
    ROOT,
    SNAKEMAKE,
    TESTS,
    copy_repository,
    snakemake,
)

from nodal_staging.study.instruction_sets import VARIABLES

FIGURE = """
from nodal_staging.figures import style
figure = style.new_figure(80, 60)
axes = figure.subplots()
axes.plot([0, 1, 2], [0, 2, 1], label="a")
axes.imshow([[0, 0.3], [0.8, 1]], cmap=style.colour_map("hot"))
axes.legend()
axes.set_title("title")
style.save(figure, ["figure.svg", "figure.pdf", "figure.png"])
"""
MATPLOTLIBRC = """
axes.grid: True
axes.facecolor: red
axes.prop_cycle: cycler('color', ['k'])
figure.constrained_layout.use: False
font.sans-serif: Mine
image.cmap: gray
image.lut: 8
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


@pytest.mark.figures
def test_fonts_of_the_user_change_no_figure(tmp_path):
    home = tmp_path / "home"
    (home / ".fonts").mkdir(parents=True)
    write_font(home / ".fonts" / "DejaVuSans.ttf")
    hostile, clean = tmp_path / "hostile", tmp_path / "clean"
    listed = "from matplotlib.font_manager import fontManager\n"
    listed += "print([f.fname for f in fontManager.ttflist])"
    found = {"HOME": str(home), "XDG_DATA_HOME": str(home / ".fonts")}
    found |= {"MPLCONFIGDIR": str(home)}
    assert str(home / ".fonts") in python(listed, hostile, **found)
    # A list of fonts that was kept by another installation has the user's first.
    (kept,) = home.glob("fontlist*.json")
    fonts = json.loads(kept.read_text())
    fonts["ttflist"].sort(key=lambda font: str(home) not in font["fname"])
    kept.write_text(json.dumps(fonts))
    python(FIGURE, hostile, **found)
    python(FIGURE, clean)
    for name in ("figure.svg", "figure.pdf", "figure.png"):
        assert (hostile / name).read_bytes() == (clean / name).read_bytes()


def write_font(path: Path) -> None:
    """Write a font of the name of ours whose letters are others."""
    font = TTFont(
        Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"
    )
    for record in font["name"].names:
        text = record.toUnicode().replace("DejaVu Sans Mono", "DejaVu Sans")
        record.string = text.replace("DejaVuSansMono", "DejaVuSans")
    font.save(path)


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


@pytest.mark.workflow
def test_snakemake_runs_with_a_read_only_home_folder(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    given = {k: v for k, v in ENVIRONMENT.items() if not k.startswith("XDG_")}
    target = "results/tests/raw/exams.tsv"
    done = subprocess.run(
        [*SNAKEMAKE, *TESTS, "--cores", "1", "--", target],
        cwd=folder,
        env=given | {"HOME": "/dev/null/nobody"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / target).is_file()


@pytest.mark.workflow
@pytest.mark.parametrize("name", VARIABLES)
def test_jobs_compute_with_the_instructions_of_the_configuration(tmp_path, name):
    folder = copy_repository(tmp_path / "repository")
    lines = 'include: "Snakefile"\n\n\nrule show:\n    output:\n        "shown",\n'
    (folder / "wrapper").write_text(lines + '    shell:\n        "env >{output}"\n')
    overlay = folder / "overlay.yaml"
    overlay.write_text(json.dumps({"training": {"cpu_instructions": name}}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "ONEDNN_MAX_CPU_ISA", "SSE41")
        given = ("--cores", "1", "--snakefile", "wrapper", "show")
        done = snakemake(folder, *given, configuration=[*TESTS, str(overlay)])
    assert done.returncode == 0, done.stderr[-3000:]
    shown = (folder / "shown").read_text().splitlines()
    seen = dict(line.partition("=")[::2] for line in shown)
    settings = {key: seen[key] for key in VARIABLES["avx2"] if key in seen}
    assert settings == VARIABLES[name]


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
