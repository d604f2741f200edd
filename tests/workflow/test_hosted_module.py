"""The workflow as a module of another one, from a hosted repository."""

import shutil
import subprocess
from pathlib import Path

import pytest
from repositories import ROOT, copy_repository, snakemake

pytestmark = pytest.mark.workflow

SNAKEFILE = """
configfile: "config/config.yaml"
configfile: "config/tests.yaml"

module nodal_staging:
    snakefile:
        gitlab("ns/nodal-staging", path="workflow/Snakefile", tag="v1", host="git.test")
    config:
        config

use rule * from nodal_staging as ns_*
"""
IMPORTED = "from pathlib import Path\nPath('imported').write_text(__file__)\n"


def hosted(folder: Path) -> dict[str, str]:
    """Put this checkout on a host that is a folder; return how to reach it."""
    repository = copy_repository(folder / "ns" / "nodal-staging")
    with (repository / "src/nodal_staging/__init__.py").open("a") as package:
        package.write(IMPORTED)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["commit", "-qm", "All"],
        ["tag", "v1"],
    ):
        subprocess.run(["git", *author, *words], cwd=repository, check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{folder}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://git.test/",
        "XDG_CACHE_HOME": f"{folder}/cache",
    }


def test_a_foreign_workflow_uses_the_rules_of_a_hosted_repository(tmp_path):
    variables = hosted(tmp_path / "host")
    study = tmp_path / "study"
    shutil.copytree(ROOT / "config", study / "config")
    (study / "Snakefile").write_text(SNAKEFILE)

    def run(*arguments: str) -> str:
        done = snakemake(
            study, "--cores", "1", *arguments, configuration=[], variables=variables
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    assert "ns_draw_figure_5" in run("-n", "results/tests/figures/figure_5.pdf")
    run("results/tests/raw/exams.tsv")
    assert (study / "results/tests/raw/exams.tsv").stat().st_size > 0
    # Not the package of this environment, and the tables of that commit.
    unpacked = study / ".snakemake/nodal_staging/checkouts"
    assert unpacked in Path((study / "imported").read_text()).parents
    run("-n", "results/tests/tables/scorecard.html")
    (table,) = unpacked.glob("*/config/published_numbers.tsv")
    assert table.read_bytes() == (ROOT / "config/published_numbers.tsv").read_bytes()
