"""Jobs run in the image that is named, or the user is told; the image can be built."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from repositories import ENVIRONMENT, ROOT, SNAKEMAKE, TESTS, copy_repository

pytestmark = pytest.mark.workflow

APPTAINER = """#!/bin/bash
# Stands for apptainer: notes what runs in which image, and runs it here, with the
# environment of this checkout first on the path, as the image has its own.
case $1 in
--version) echo "apptainer version 1.3.0"; exit 0 ;;
esac
words=("$@")
echo "$*" >>"{log}"
while [[ $# -gt 0 && $1 != "{image}" ]]; do shift; done
shift
PATH={packages}:$PATH exec "$@"
"""
BASE = os.environ.get("CONTAINER_TEST_BASE")
"""Image from which the container is built, such as ``debian:bookworm-slim``."""


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("containers") / "repository")


def run(
    folder: Path, *options: str, search: str = ""
) -> subprocess.CompletedProcess[str]:
    path = f"{search}{os.pathsep}{ENVIRONMENT['PATH']}"
    return subprocess.run(
        [*SNAKEMAKE, *TESTS, "--cores", "1", *options],
        cwd=folder,
        env=ENVIRONMENT | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_apptainer_without_an_image_is_refused_in_one_sentence(repository):
    done = run(repository, "--sdm", "apptainer", "-n")
    assert done.returncode == 1
    said = (done.stdout + done.stderr).splitlines()
    [sentence] = [line for line in said if "needs an image" in line]
    assert "docs/containers.md" in sentence and "container" in sentence
    assert (ROOT / "docs" / "containers.md").exists()


def test_every_job_runs_in_the_image(repository, tmp_path):
    image, log = tmp_path / "study.sif", tmp_path / "calls"
    image.touch()
    stub = tmp_path / "apptainer"
    packages = Path(sys.executable).parent
    stub.write_text(APPTAINER.format(log=log, image=image, packages=packages))
    stub.chmod(0o755)
    made = "results/tests/raw/exams.tsv"
    options = ["--sdm", "apptainer", "--config", f"container={image}", "--", made]
    done = run(repository, *options, search=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repository / made).exists()
    [call] = log.read_text().splitlines()
    assert call.startswith("exec ") and str(image) in call and "draw_cohort" in call


@pytest.mark.skipif(
    not (BASE and shutil.which("buildah")),
    reason="buildah or CONTAINER_TEST_BASE, the name of a base image, is missing",
)
def test_the_image_is_built_and_runs_a_study_for_an_ordinary_user(tmp_path):
    build = ["buildah", "bud", "--isolation", "chroot", "--build-arg", f"BASE={BASE}"]
    name = "nodal-staging-test"
    subprocess.run(
        [*build, "--tag", name, "--file", "containers/Dockerfile", "."],
        cwd=ROOT,
        check=True,
    )
    made = ["buildah", "from", name]
    container = subprocess.run(
        made, capture_output=True, text=True, check=True
    ).stdout.strip()
    study = tmp_path / "study"
    study.mkdir(mode=0o777)
    study.chmod(0o777)

    def inside(*words: str) -> str:
        call = ["buildah", "run", "--isolation", "chroot", "--user", "1777:1777"]
        call += ["--volume", f"{study}:/study", "--workingdir", "/study", container]
        done = subprocess.run(
            [*call, "--", *words], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    try:
        assert "GPL" in inside("nodal-staging-licences")
        assert "figure_5" in inside("nodal-staging", "targets")
        inside("nodal-staging", "run", "--study", "demo", "check", "--cores", "2")
        assert list(study.rglob("summary.txt"))
    finally:
        subprocess.run(["buildah", "rm", container], check=False, capture_output=True)
