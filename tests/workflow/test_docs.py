"""Every command that the documents show is one that works."""

import ast
import importlib.util
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from public_layouts import LAYOUTS

from nodal_staging import tables
from nodal_staging.report.lineage.record import Made, record_lineage
from nodal_staging.study.classifier_names import OTHERS, PUBLISHED
from nodal_staging.study.finished_studies import LAST_FILES
from nodal_staging_command.rule_files import read_stages

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "config/README.md",
    *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md")),
]
PROGRAMS = r"(?:make|snakemake|nodal-staging|python -m nodal_staging) "
COMMAND = re.compile(rf"^{PROGRAMS}[^`\n]+", re.MULTILINE)
FENCED = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
INLINE = re.compile(rf"`({PROGRAMS}[^`]+)`")
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


def planned_together() -> dict[str, list[str]]:
    """Return the commands, those that differ by their targets alone as one.

    A plan of several targets fails if a plan of one does. Targets are words before the
    first option: none can be taken for the value of an option.
    """
    groups = defaultdict(list)
    for command in commands():
        words = shlex.split(command)
        start = 2 if words[0] == "nodal-staging" else 1
        ends = [n for n, word in enumerate(words) if word.startswith("-")]
        end = ends[0] if ends else len(words)
        joins = words[:2] == ["nodal-staging", "run"] or words[0] == "snakemake"
        if joins and end > start:
            key = shlex.join([*words[:start], "...", *words[end:]])
            groups[key] += [w for w in words[start:end] if w != FINISHED]
        else:
            groups[shlex.join(words)] = []
    return {key: list(dict.fromkeys(targets)) for key, targets in groups.items()}


FINISHED = "validate_external"
"""A target that cannot be planned before the study is finished."""


def test_there_are_commands():
    found = commands()
    assert "make demo" in found
    assert "nodal-staging init my_study" in found
    assert "nodal-staging run figure_5 --study demo" in found
    together = planned_together()
    assert len(together) < len(found)
    assert {"figure_5", "statistics"} <= set(together["nodal-staging run ..."])


def test_targets_stand_before_the_options():
    targets = {rule.name for stage in read_stages(ROOT) for rule in stage.rules}
    for command in commands():
        words = shlex.split(command)
        ends = [n for n, word in enumerate(words) if word.startswith("-")]
        if words[0] in ("snakemake", "nodal-staging") and ends:
            assert not targets & set(words[ends[0] :]), command


def test_no_target_of_snakemake_is_that_of_the_demonstration_by_accident():
    """A command names the configuration of the reader, or the demonstration."""
    for command in commands():
        words = shlex.split(command)
        if words[0] == "snakemake" and "--unlock" not in words:
            named = {"--configfile", "training", "results/demo/nodes.tsv"}
            assert named & set(words), command


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Return a repository with the study of a reader, in a folder and next to it."""
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
    written = given(folder, ["nodal-staging", "init", "my_study"])
    # The tutorial shows what the command prints.
    shown = (ROOT / "docs" / "own_files.md").read_text(encoding="utf-8")
    assert f"```text\n{written}```" in shown
    study = folder / "my_study"
    # The document on comparisons names two studies that are finished.
    for place, name in itertools.product((folder, study), ("first", "second")):
        (place / "results" / name).mkdir(parents=True)
        for last in LAST_FILES:
            (place / "results" / name / last).write_text(name)
    text = (study / "study.yaml").read_text()
    for name in ("exams", "nodes"):
        text = text.replace(f"{name}: ", f"{name}: my_study/")
    (folder / "my_study.yaml").write_text(text)
    # Readings, which some targets need, and new exams.
    shown = (study / "study.yaml").read_text()
    shown = shown.replace("readings: null", "readings: readings.tsv")
    (study / "study.yaml").write_text(shown)
    for name in ("A.csv", "B.csv"):
        (study / name).write_text("")
    (study / "path" / "to").mkdir(parents=True)
    shutil.copy(study / "exams.tsv", study / "path" / "to" / "new_exams.tsv")
    shutil.copy(ROOT / "config" / "published_table_1.tsv", study / "table.tsv")
    write_results(study / "results" / "my_study")
    return folder


def write_results(results: Path) -> None:
    """Write two files of a finished study, and their record."""
    table = results / "tables" / "table_1.tsv"
    table.parent.mkdir(parents=True)
    table.write_text("classifier\tauc\ncnn_xmask\t0.75\n")
    (results / "report.html").write_text("")
    made = [
        Made(
            path=str(results / path),
            made_by=rule,
            log=str(results / "logs" / f"{rule}.log"),
            inputs=inputs,
            parameters=(),
            ended=1.0,
        )
        for path, rule, inputs in (
            ("tables/table_1.tsv", "tabulate_results", ()),
            ("report.html", "write_report", (str(table),)),
        )
    ]
    memory = results.parent / "memory.json"
    record_lineage(results, made, software="software 1.2.3", memory=memory)


def given(folder: Path, command: list[str], *, status: int = 0) -> str:
    """Run a command as a reader does after ``make setup``; return what it shows.

    Nothing is exported, and the environment is activated. Where the environment
    contains the package of another checkout, that of this one is named.
    """
    programs = str(Path(sys.executable).parent)
    kept = {
        name: os.environ[name]
        for name in ("HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME")
        if name in os.environ
    }
    kept["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    if not is_installed_here():
        kept["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        command, cwd=folder, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def is_installed_here() -> bool:
    """Tell whether the environment contains the package of this checkout."""
    record = distribution("nodal-staging").read_text("direct_url.json") or "{}"
    return json.loads(record).get("url") == ROOT.resolve().as_uri()


WITHOUT_A_PLAN = {
    *("init", "report", "targets", "recover-counts"),
    *("verify", "why", "crate"),
}
"""Subcommands that take seconds."""


PLUGINS = ("executor_plugin_kubernetes", "storage_plugin_s3")


@pytest.mark.workflow
@pytest.mark.parametrize("command", planned_together())
def test_command_can_be_given(checkout, command, tmp_path):
    words = shlex.split(command)
    for program in {"conda", "apptainer"} & set(words):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed on this machine")
    for plugin in PLUGINS if "profiles/kubernetes" in words else ():
        if importlib.util.find_spec(f"snakemake_{plugin}") is None:
            pytest.skip(f"snakemake_{plugin} is not part of the lock")
    if "..." in words:
        place = words.index("...")
        words[place : place + 1] = planned_together()[command]
    if words[0] == "make":
        given(checkout, ["make", "--dry-run", *words[1:]])
    elif words[0] == "snakemake":
        place = checkout / "my_study" if "../Snakefile" in words else checkout
        if "--report" in words:
            # It needs finished results; the rest of the command is planned.
            del words[words.index("--report") : words.index("--report") + 2]
        given(place, [*words, "--dry-run", "--quiet", "all"])
    elif words[1] == "init":
        given(checkout, [*words, "--help"])
    elif words[1] == "import":
        LAYOUTS[words[2]](tmp_path / words[3])
        # An exam without lesions is left to a person, with a status of its own.
        given(tmp_path, words, status=3 if words[2] == "autopet" else 0)
    elif words[1] in WITHOUT_A_PLAN:
        given(checkout / "my_study", words)
    else:
        given(checkout / "my_study", [*words, "--dry-run", "--quiet", "all"])


FROM_OTHERS = {
    "command not found",
    "cannot be locked",
    "invalid choice: 'nodal-staging'",
}
"""Messages of the shell and of Snakemake."""


def test_every_message_of_the_troubleshooting_page_is_one_of_ours():
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)) - FROM_OTHERS
    paths = [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk")]
    source = "".join(path.read_text(encoding="utf-8") for path in paths)
    # A sentence is written as several strings, some with values.
    joined = re.sub(r'"\s*f?"', "", source)
    joined = re.sub(r"\{USUAL\}", "study.yaml", joined)
    assert len(shown) > 20
    assert not [words for words in shown if words not in joined]


PROSE = [
    *DOCUMENTS,
    "CONTRIBUTING.md",
    "config/config.yaml",
    "workflow/schemas/config.schema.yaml",
    *(f"workflow/report/{p.name}" for p in (ROOT / "workflow/report").glob("*.rst")),
]
IDIOMS = (
    r"foretold|in earnest|at hand|lay over|beside\b|cannot be told|no finding",
    r"speaks? (?:for|of|against)|tells? of|is told by|as .{1,20} has them",
    r"for nothing|says? nothing|what has no|nobody|who comes|flatters",
    r"takes? for granted|be told from|knows? (?:of|no|nothing)",
    r"\bsome \d+ ?(?:days?|hours?|min|s\b)|are each one sentence",
    r"\.md\)? (?:says|tells|knows)|\.(?:tsv|json|csv)`? (?:says|tells|knows)",
)
"""Words that are not those of the field; CONTRIBUTING.md, Style."""


@pytest.mark.parametrize("document", PROSE)
def test_no_document_has_the_worst_idioms(document):
    text = " ".join((ROOT / document).read_text(encoding="utf-8").split())
    text = re.sub(r"```.*?```", "", text)
    found = [m[0] for p in IDIOMS for m in re.finditer(p, text, re.IGNORECASE)]
    assert not found


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
        ("split.tsv", tables.SPLIT_SHEET),
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
    radiomics = names_in_rules("RADIOMICS")
    classifiers |= {f"radiomics_{name}" for name in radiomics}
    classifiers |= {f"radiomics_forest_{name}" for name in radiomics}
    assert names.keys() == classifiers
