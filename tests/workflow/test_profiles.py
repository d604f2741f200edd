"""Every profile is made of options and rules that exist, and plans the whole study.

The plugins of profiles/kubernetes are not in the lock. Without them its options are
compared with those that the plugins document, and the study is planned with all else
that the profile says, through a submit command that does nothing.
"""

import importlib.util
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml
from repositories import ROOT, copy_repository, snakemake
from snakemake.cli import get_argument_parser

pytestmark = pytest.mark.workflow

PROFILES = sorted(path.parent.name for path in ROOT.glob("profiles/*/profile.yaml"))
SUBMITTING = [name for name in PROFILES if name not in {"default", "gpu"}]
RULE = re.compile(r"^(?:use )?rule (\w+)(?: as (\w+) with)?:", re.MULTILINE)
COUNT = re.compile(r"^(\w+) +(\d+)$", re.MULTILINE)
GROUP = re.compile(r"Group job (\w+)")
PLUGINS = {
    "snakemake_executor_plugin_kubernetes": {
        # 0.5.1
        "kubernetes-namespace",
        "kubernetes-cpu-scalar",
        "kubernetes-service-account-name",
        "kubernetes-privileged",
        "kubernetes-persistent-volumes",
        "kubernetes-omit-job-cleanup",
    },
    "snakemake_storage_plugin_s3": {
        # 0.3.6
        "storage-s3-endpoint-url",
        "storage-s3-region",
        "storage-s3-access-key",
        "storage-s3-secret-key",
        "storage-s3-token",
        "storage-s3-signature-version",
        "storage-s3-retries",
        "storage-s3-max-requests-per-second",
    },
}
"""Settings that the plugins of profiles/kubernetes document."""
OF_PLUGINS = re.compile("executor|shared-fs-usage|kubernetes-|(default-)?storage-")
NOWHERE = {"executor": "cluster-generic", "cluster-generic-submit-cmd": "true"}


def profile(name: str) -> dict:
    return yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text())


@cache
def options() -> set[str]:
    """Return all options of Snakemake and of the plugins that are installed."""
    actions = get_argument_parser()._actions
    found = {option for action in actions for option in action.option_strings}
    return {option.removeprefix("--") for option in found}


def rules() -> set[str]:
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    found = [match for file in files for match in RULE.findall(file.read_text())]
    return {other or name for name, other in found}


def plan(folder: Path, name: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many jobs of each rule, and of each group, the study would have."""
    arguments = ("--cores", "2", "--dry-run", "--workflow-profile", f"profiles/{name}")
    done = snakemake(folder, *arguments)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    assert f"profile profiles/{name} " in said
    table = said.partition("Job stats:")[2].partition("\n\n")[0]
    jobs = Counter({rule: int(count) for rule, count in COUNT.findall(table)})
    return jobs, Counter(GROUP.findall(said))


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    folder = copy_repository(tmp_path_factory.mktemp("profiles") / "repository")
    changed = profile("kubernetes")
    kept = {key: value for key, value in changed.items() if not OF_PLUGINS.match(key)}
    (folder / "profiles" / "without_plugins").mkdir()
    path = folder / "profiles" / "without_plugins" / "profile.yaml"
    path.write_text(yaml.safe_dump(kept | NOWHERE))
    return folder


@pytest.fixture(scope="module")
def usual(repository) -> Counter[str]:
    return plan(repository, "default")[0]


def test_there_are_profiles():
    assert {"default", "gpu", "slurm", "cluster-generic", "kubernetes"} <= set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_every_key_is_an_option(name):
    documented = set().union(*PLUGINS.values()) if name == "kubernetes" else set()
    assert profile(name).keys() <= options() | documented


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_plugin_has_the_settings_that_it_documents(plugin):
    if importlib.util.find_spec(plugin) is None:
        pytest.skip(f"{plugin.replace('_', '-')} is not part of the lock")
    assert PLUGINS[plugin] <= options()


@pytest.mark.parametrize("name", PROFILES)
def test_every_rule_and_group_it_names_exists(name):
    found = profile(name)
    groups = found.get("groups", {})
    assert groups.keys() | found.get("set-resources", {}).keys() <= rules()
    assert found.get("group-components", {}).keys() <= set(groups.values())


@pytest.mark.parametrize("name", SUBMITTING)
def test_what_names_no_memory_and_time_gets_some(name):
    assert {"mem_mb", "disk_mb", "runtime"} <= profile(name)["default-resources"].keys()


def test_the_usual_study_is_whole(usual):
    assert usual["write_report"] == usual["certify_datasets"] == usual["all"] == 1
    assert usual["extract_patches"] == usual["train_cnn"] == 3


@pytest.mark.parametrize("name", ["gpu", "slurm", "cluster-generic", "without_plugins"])
def test_the_whole_study_can_be_planned(repository, usual, name):
    jobs, groups = plan(repository, name)
    assert jobs == usual
    assert groups["shard"] == (0 if name == "gpu" else 3)


@pytest.mark.parametrize(
    ("name", "device", "gpus"),
    [
        ("default", "auto", 0),
        ("default", "gpu", 1),
        ("without_plugins", "gpu", 1),
        ("without_plugins", "cpu", 0),
    ],
)
def test_trainings_request_the_gpus_that_there_are(repository, name, device, gpus):
    """This test hides the GPUs of the machine; test_slurm.py has those of a cluster."""
    done = snakemake(
        repository,
        *("--cores", "2", "--dry-run", "--workflow-profile", f"profiles/{name}"),
        *("--resources", "gpu=1", "--config", f"training={{device: {device}}}"),
        *("--", "results/tests/models/xmask/weights.h5"),
        variables={"CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    job = (done.stdout + done.stderr).partition("\nrule train_cnn:")[2]
    resources = job.partition("resources: ")[2].splitlines()[0].split(", ")
    assert dict(pair.split("=") for pair in resources)["gpu"] == str(gpus)


SHOW = """
include: "Snakefile"


rule show:
    output:
        "shown",
    script:
        "show.py"
"""
"""A rule whose script writes from where it imports the package."""


def test_the_package_of_another_checkout_is_not_used(tmp_path):
    folder = copy_repository(tmp_path / "repository")
    (folder / "wrapper").write_text(SHOW)
    script = "import nodal_staging\nfrom pathlib import Path\n"
    script += "Path(snakemake.output[0]).write_text(nodal_staging.__path__[0])\n"
    (folder / "show.py").write_text(script)
    other = tmp_path / "other" / "nodal_staging"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("raise AssertionError('of another checkout')")
    done = snakemake(
        folder,
        *("--cores", "1", "--snakefile", "wrapper", "show"),
        variables={"PYTHONPATH": str(other.parent)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    shown = Path((folder / "shown").read_text())
    assert shown.samefile(folder / "src" / "nodal_staging")
