"""How `profiles/slurm` requests a GPU, as the command line of a submission."""

import os
import shlex
from pathlib import Path

import pytest
import yaml
from repositories import ROOT, snakemake

pytestmark = pytest.mark.workflow

# What docs/clusters.md says to write in the profile, and what sbatch then gets.
REQUESTS = {
    "number": ({}, ["--gpus=1"]),
    "model": ({"gpu_model": "h100"}, ["--gpus=h100:1"]),
    "generic": ({"gpu": 0, "gres": "gpu:h100:1"}, ["--gres=gpu:h100:1"]),
    "feature": ({"constraint": "h100"}, ["--gpus=1", "-C", "h100"]),
}
RULE = """
rule {name}:
    output: "{name}.txt"
    resources: gpu=1
    shell: "touch {{output}}"
"""
SBATCH = """#!/bin/sh
printf '%s\\n' "$*" >> "$SUBMITTED"
exit 1
"""


@pytest.fixture(scope="module")
def submitted(tmp_path_factory) -> dict[str, list[str]]:
    """Return the words that sbatch got for the job of each rule; it accepts none."""
    folder: Path = tmp_path_factory.mktemp("gpu")
    rules = "".join(RULE.format(name=name) for name in REQUESTS)
    (folder / "Snakefile").write_text(rules)
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())
    for key in ("groups", "group-components"):
        del profile[key]
    asked = {name: keys for name, (keys, _) in REQUESTS.items() if keys}
    profile |= {"set-resources": asked, "retries": 0}
    profile["slurm-init-seconds-before-status-checks"] = 1
    # Named, so that the plugin does not look for a default.
    profile["default-resources"] |= {"slurm_account": "a", "slurm_partition": "p"}
    (folder / "profile").mkdir()
    (folder / "profile" / "profile.yaml").write_text(yaml.safe_dump(profile))
    (folder / "sbatch").write_text(SBATCH)
    (folder / "sacctmgr").write_text("#!/bin/sh\necho a\n")
    (folder / "sinfo").write_text("#!/bin/sh\n")
    for program in ("sbatch", "sacctmgr", "sinfo"):
        (folder / program).chmod(0o755)
    lines = folder / "submitted"
    variables = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "SUBMITTED": str(lines),
    }
    files = [f"{name}.txt" for name in REQUESTS]
    arguments = ("--workflow-profile", "profile", *files)
    done = snakemake(folder, *arguments, configuration=[], variables=variables)
    assert lines.is_file(), done.stdout[-3000:] + done.stderr[-3000:]
    words = [shlex.split(line) for line in lines.read_text().splitlines()]
    rule_of = {line[line.index("--comment") + 1]: line for line in words}
    return {rule.removeprefix("rule_"): line for rule, line in rule_of.items()}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_gpu_is_requested_in_the_way_that_the_cluster_wants(submitted, name):
    options = ("--gpus", "--gres", "-C", "--constraint", "h100")
    found = [word for word in submitted[name] if word.startswith(options)]
    assert sorted(found) == sorted(REQUESTS[name][1])
