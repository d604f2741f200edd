"""Rules and scripts keep to their contract: each names what the other gives."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from nodal_staging.study.code_version import code_version
from nodal_staging.study.configuration import check_configuration
from snakemake_logger_plugin_nodal_staging.words import JOBS

ROOT = Path(__file__).parents[2]
FIRST_PAGE = (ROOT / "workflow/report/workflow.rst").read_text(encoding="utf-8")
USED = re.compile(r"snakemake\.(input|output|params|wildcards|resources)\.(\w+)")


def load_rules():
    with SnakemakeApi(OutputSettings(quiet=None)) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[ROOT / "config/config.yaml"]),
            snakefile=ROOT / "Snakefile",
            workdir=ROOT,
        )
        return {rule.name: rule for rule in workflow._workflow.rules}


RULES = load_rules()
SCRIPTED = {name: rule for name, rule in RULES.items() if rule.script}


SHARED = {
    "write_candidate": "write_recipe",
    "write_share_recipe": "write_recipe",
    "train_candidate": "train_folds",
    "train_share": "train_cnn",
    "train_permuted": "train_cnn",
    "score_share": "score_cnn",
    "audit_location_of_refit": "audit_location",
    "compare_aucs_of_refit": "compare_aucs",
    "compare_classifiers_of_refit": "compare_classifiers",
    "score_refit": "score_cnn",
    "train_refit": "train_cnn",
    "write_refit_recipe": "write_recipe",
    "compute_simple_statistics": "compute_statistics",
    "read_new_labels": "read_label_names",
    "gather_new_labels": "gather_label_names",
    "check_new_sheets": "check_sheets",
    "inspect_new_exams": "inspect_exams",
    "select_new_exams": "select_cohort",
    "measure_new_nodes": "measure_nodes",
    "extract_new_patches": "extract_patches",
    "gather_new_losses": "gather_losses",
    "gather_new_slabs": "gather_slabs",
    "flag_new_nodes": "flag_nodes",
    "describe_frozen_images": "describe_training_images",
    "predict_external_nodes": "predict_nodes",
}


def script_of(name: str) -> Path:
    """Return the script of a rule; some rules do the same on other files."""
    own = SHARED.get(name, name)
    return next((ROOT / "workflow" / "scripts").glob(f"*/{own}.py"))


def test_there_are_rules():
    assert len(SCRIPTED) > 20


@pytest.mark.parametrize("name", RULES)
def test_every_rule_says_what_it_does(name):
    assert RULES[name].docstring.strip()


def test_what_a_person_asks_for_is_marked_in_the_list_of_rules():
    """A target needs no wildcards; a rule that makes nothing itself is one."""
    marked = {n for n, rule in RULES.items() if rule.docstring.startswith("Target: ")}
    collecting = RULES.keys() - set(SCRIPTED)
    unmarked = collecting - marked
    assert not unmarked, f'start their docstrings with "Target: ": {unmarked}'
    assert not any(RULES[name].has_wildcards() for name in marked)
    assert 30 <= len(marked) <= 55
    # Rules that compute have the name of what they do; a target, of a result.
    assert marked & set(SCRIPTED) == {"recover_counts"}


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_rule_runs_the_script_of_its_name_in_an_environment(name):
    rule = SCRIPTED[name]
    assert Path(str(rule.script)).name == script_of(name).name
    assert len(rule.log) == 1
    assert (ROOT / "envs" / Path(str(rule.conda_env)).name).is_file()
    assert "_" in name


DRAWN = [
    name
    for name, rule in SCRIPTED.items()
    if name.startswith("draw_") and any("/figures/" in str(o) for o in rule.output)
]


@pytest.mark.parametrize("name", DRAWN)
def test_every_figure_is_a_target(name):
    own = name.removeprefix("draw_")
    # The readers' figure comes with the tables of their study.
    target = RULES["reader_study" if own == "readers" else own]
    assert not target.script
    assert set(map(str, RULES[name].output)) <= set(map(str, target.input))


ON_REQUEST = {"draw_learning_curve", "draw_phantom_gallery", "study_reading"}
"""Rules whose results are part of no study."""
PAGES = [
    name
    for name, rule in SCRIPTED.items()
    if any("/tables/" in str(o) for o in rule.output)
]


def shown_in_the_report(name: str) -> dict[str, object]:
    """Return the entry of each output of a rule in the report of Snakemake."""
    outputs = RULES[name].output
    return {str(o): o.flags["report"] for o in outputs if "report" in o.flags}


@pytest.mark.parametrize("name", sorted(set(DRAWN) - ON_REQUEST))
def test_every_figure_is_in_the_report_of_snakemake(name):
    images = {str(o) for o in RULES[name].output if str(o).endswith(".png")}
    shown = shown_in_the_report(name)
    assert shown.keys() == images
    for entry in shown.values():
        assert len(Path(str(entry.caption)).read_text(encoding="utf-8").split()) > 5
        assert entry.labels.keys() == {"item", "content"}
        # The first page explains the categories.
        assert f"*{entry.category}*" in FIRST_PAGE


@pytest.mark.parametrize("name", sorted(set(PAGES) - ON_REQUEST))
def test_every_table_for_reading_is_in_the_report_of_snakemake(name):
    pages = {str(o) for o in RULES[name].output if str(o).endswith(".html")}
    assert shown_in_the_report(name).keys() == pages


@pytest.mark.parametrize("name", SCRIPTED)
def test_results_depend_on_the_code(name):
    assert SCRIPTED[name].params.code({}) == code_version(script_of(name), ROOT / "src")


@pytest.mark.parametrize("name", SCRIPTED)
def test_script_uses_what_the_rule_declares_and_nothing_else(name):
    rule = SCRIPTED[name]
    text = script_of(name).read_text()
    used = {kind: set() for kind in ("input", "output", "params", "wildcards")}
    for kind, item in USED.findall(text):
        used.setdefault(kind, set()).add(item)
    assert used["input"] <= set(rule.input.keys())
    assert used["output"] <= set(rule.output.keys())
    assert used["wildcards"] <= set(rule.wildcard_names)
    # Sums of code and of rows of a sheet: a job depends on them without reading them.
    assert used["params"] | {"code"} == set(rule.params.keys()) - {"rows"}
    # A resource that is no parameter changes no result.
    assert used.get("resources", set()) <= {"gpu", "stops_at_bad_exam"}
    assert ("stops_at_bad_exam" in rule.resources) == ("stops_at_bad_exam" in text)
    if "snakemake.resources.gpu" in text:
        assert rule.resources["gpu"]


def test_every_job_has_words_for_the_terminal():
    assert set(JOBS) == set(SCRIPTED)
    for name, (words, _) in JOBS.items():
        named = set(re.findall(r"{(\w+)}", words)) - {"shard"}
        assert named <= RULES[name].wildcard_names, name
        assert ("{shard}" in words) == ("scatteritem" in RULES[name].wildcard_names)


def test_every_script_belongs_to_a_rule():
    scripts = set((ROOT / "workflow" / "scripts").glob("*/*.py"))
    assert scripts == {script_of(name) for name in SCRIPTED}


OVERLAYS = [
    "config.yaml",
    "paper_network.yaml",
    "paper_protocol.yaml",
    "paper_phantom.yaml",
    "paper_rehearsal.yaml",
    "tests.yaml",
    "null.yaml",
    "stress.yaml",
    "unstated_options.yaml",
]


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_configuration_keeps_the_schema(name):
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    for key, value in yaml.safe_load((ROOT / "config" / name).read_text()).items():
        config[key] = _merged(config[key], value)
    check_configuration(config, ROOT / "workflow/schemas/config.schema.yaml")


def _merged(base, overlay):
    if not isinstance(overlay, dict) or not isinstance(base, dict):
        return overlay
    changed = {key: _merged(base.get(key), value) for key, value in overlay.items()}
    return base | changed


@pytest.mark.parametrize("name", SCRIPTED)
def test_every_job_names_memory_and_time(name):
    """On a cluster about 300 MB of a job are Snakemake's own; each attempt has more."""
    asked = SCRIPTED[name].resources
    memory, minutes = (
        [
            asked[what].evaluate(None, input=[], attempt=number).value
            for number in (1, 2, 3)
        ]
        for what in ("mem_mb", "runtime")
    )
    assert memory[0] >= 1000
    assert 10 <= minutes[0] <= 24 * 60
    for first, second, third in (memory, minutes):
        assert (second, third) == (2 * first, 3 * first)


@pytest.mark.parametrize("name", SCRIPTED)
def test_who_computes_with_a_network_asks_for_a_gpu(name):
    environment = Path(str(SCRIPTED[name].conda_env)).name
    assert ("gpu" in SCRIPTED[name].resources) == (environment == "cnn.yaml")
