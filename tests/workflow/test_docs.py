"""Every command that the documents show is one that works."""

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from nodal_staging import tables
from nodal_staging.study.classifier_names import OTHERS, PUBLISHED

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "config/README.md",
    *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]
COMMAND = re.compile(r"^(?:make|snakemake) [^`\n]+", re.MULTILINE)
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`((?:make|snakemake) [^`]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def commands() -> list[str]:
    found = set()
    for name in DOCUMENTS:
        text = (ROOT / name).read_text()
        for language, block in FENCED.findall(text):
            if language == "bash":
                found |= set(COMMAND.findall(block))
        found |= {" ".join(c.split()) for c in INLINE.findall(FENCED.sub("", text))}
    return sorted(c.partition("#")[0].strip() for c in found)


def test_there_are_commands():
    assert "make demo" in commands()
    assert "snakemake --cores 2 figure_5" in commands()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Return a repository with the reader's own configuration and sheets."""
    folder = tmp_path_factory.mktemp("docs") / "repository"
    folder.mkdir()
    for part in (
        "Snakefile",
        "Makefile",
        "workflow",
        "src",
        "config",
        "profiles",
        "envs",
        "tools",
        "requirements.lock",
        "requirements-gpu.lock",
    ):
        (folder / part).symlink_to(ROOT / part)
    shown = [
        yaml.safe_load(block)
        for language, block in FENCED.findall((ROOT / "config/README.md").read_text())
        if language == "yaml"
    ]
    (folder / "my_study.yaml").write_text(yaml.safe_dump(shown[0]))
    sheets = {
        "exams": tables.EXAM_SHEET,
        "nodes": tables.NODE_SHEET,
        "readings": tables.READING_SHEET,
    }
    for name, schema in sheets.items():
        path = folder / shown[0]["cohort"][name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\t".join(schema.columns) + "\n")
    return folder


@pytest.mark.workflow
@pytest.mark.parametrize("command", commands())
def test_command_can_be_given(checkout, command):
    program, *arguments = shlex.split(command)
    if "conda" in arguments and shutil.which("conda") is None:
        pytest.skip("conda is not installed on this machine")
    if "profiles/kubernetes" in arguments:
        for plugin in ("executor_plugin_kubernetes", "storage_plugin_s3"):
            if importlib.util.find_spec(f"snakemake_{plugin}") is None:
                pytest.skip(f"snakemake_{plugin} is not part of the lock")
    if program == "make":
        call = ["make", "--dry-run", *arguments]
    else:
        call = [
            sys.executable,
            "-m",
            "snakemake",
            "--dry-run",
            "--quiet",
            "all",
            *arguments,
        ]
        if "--configfile" in arguments:
            # Arguments of several values end at the next option.
            call = [
                sys.executable,
                "-m",
                "snakemake",
                *arguments,
                "--dry-run",
                "--quiet",
                "all",
            ]
    done = subprocess.run(
        call, cwd=checkout, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for target in LINK.findall((ROOT / document).read_text()):
        assert ((ROOT / document).parent / target).exists(), target


@pytest.mark.parametrize(
    ("sheet", "schema"),
    [
        ("exams.tsv", tables.EXAM_SHEET),
        ("nodes.tsv", tables.NODE_SHEET),
        ("readings.tsv", tables.READING_SHEET),
    ],
)
def test_every_column_of_a_sheet_is_explained(sheet, schema):
    text = (ROOT / "config/README.md").read_text()
    section = text.partition(f"## {sheet}")[2].partition("\n## ")[0]
    for column in schema.columns:
        assert f"`{column}`" in section, column


NAMED = re.compile(
    r"`((?:benchmarks|config|docs|envs|profiles|src|tests|tools|workflow)/[\w./-]+)`"
)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_of_the_project_that_is_named_exists(document):
    for path in NAMED.findall((ROOT / document).read_text()):
        assert (ROOT / path).exists(), path


def test_every_key_of_the_deviations_exists():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    keys = re.findall(
        r"`((?:[a-z_0-9]+\.)+[a-z_0-9]+)`", (ROOT / "docs/deviations.md").read_text()
    )
    keys = [key for key in keys if key.split(".")[0] in config]
    assert len(keys) > 15
    for key in keys:
        place = config
        for part in key.split("."):
            assert part in place, key
            place = place[part]


def names_in_rules(variable: str) -> list[str]:
    """Return the names that a list of the workflow's common rules adds."""
    text = (ROOT / "workflow/rules/common.smk").read_text(encoding="utf-8")
    found = re.search(rf"^{variable} = (?:\w+ \+ )?(\[.*?\])$", text, re.M | re.S)
    return ast.literal_eval(found[1])


def test_every_classifier_has_a_printed_name():
    names = PUBLISHED | OTHERS
    assert len(set(names.values())) == len(names)
    classifiers = {f"cnn_{cnn}" for cnn in names_in_rules("CNNS")}
    classifiers |= {f"rf_{forest}" for forest in names_in_rules("FORESTS")}
    classifiers |= {*names_in_rules("MEASUREMENTS"), *names_in_rules("BASELINES")}
    assert names.keys() == classifiers
