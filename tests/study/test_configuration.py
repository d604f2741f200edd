"""A wrong configuration is one sentence."""

from pathlib import Path

import pytest
import yaml

from nodal_staging.study.configuration import (
    ConfigurationError,
    check_configuration,
    deciding_options,
    external_scores,
    family_of,
)

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"


@pytest.fixture
def config():
    return yaml.safe_load((ROOT / "config" / "config.yaml").read_text())


def test_the_default_is_right(config):
    check_configuration(config, SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("seed", "x", "config: seed: 'x' is not of type 'integer'"),
        ("phantom.prevalence", 1.5, "config: phantom.prevalence: 1.5 is greater than"),
        (
            "datasets.protocol",
            "exam",
            "config: datasets.protocol: 'exam' is not one of ['patient', 'node']",
        ),
        ("training.learning_rate", "2e-3", "config: training.learning_rate: '2e-3'"),
        ("wavelength", 1, "config: wavelength is not a key here; known: study, seed"),
        (
            "cnn.first_widht",
            8,
            "config: cnn.first_widht is not a key here; did you mean first_width?",
        ),
        ("phantom.nodes", 100, "config: phantom.nodes is 100, but 240 patients"),
        ("phantom.prevalence", 0.0005, "config: phantom.prevalence and phantom.nodes"),
        ("phantom.body.width_mm", 400, "config: phantom.body.width_mm is 400, more"),
        ("phantom.delta_size", 20, "config: phantom.delta_size: 20 is greater than"),
        ("phantom.delta_size", float("nan"), "config: phantom.delta_size is nan"),
        ("phantom.ct.noise_hu", float("inf"), "config: phantom.ct.noise_hu"),
        (
            "selection.candidates",
            {"wide": {"cnn": {"first_width": 0}}},
            "config: selection.candidates.wide.cnn.first_width: 0 is less than",
        ),
        (
            "selection.candidates",
            {"wide": {"cnn": {"width": 8}}},
            "config: selection.candidates.wide.cnn.width is not a key here",
        ),
        ("study", "../../etc", "config: study: '../../etc' does not match"),
        (
            "cohort.source",
            "files",
            "config: cohort.exams is empty, but cohort.source is files",
        ),
    ],
)
def test_what_is_wrong_is_named(config, path, value, words):
    *parents, last = path.split(".")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(config, SCHEMA)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_missing_key_is_named(config):
    del config["training"]["epochs"]
    with pytest.raises(
        ConfigurationError, match=r"training\.epochs is missing; add it"
    ):
        check_configuration(config, SCHEMA)


def objects(schema):
    if schema.get("type") == "object":
        yield schema
        for part in schema.get("properties", {}).values():
            yield from objects(part)


def leaves(schema, path=""):
    for name, part in schema["properties"].items():
        if part.get("type") == "object":
            yield from leaves(part, f"{path}{name}.")
        else:
            yield f"{path}{name}", part


def test_the_schema_is_closed_and_explains_every_key():
    schema = yaml.safe_load(SCHEMA.read_text())
    assert all(part["additionalProperties"] is False for part in objects(schema))
    unexplained = [name for name, part in leaves(schema) if not part.get("description")]
    assert unexplained == []


def test_a_sheet_that_is_not_there_is_named(config, tmp_path):
    there = tmp_path / "nodes.tsv"
    there.touch()
    sheets = {"exams": "nope/exams.tsv", "nodes": str(there), "readings": None}
    config["cohort"] |= {"source": "files"} | sheets
    with pytest.raises(ConfigurationError, match=r"cohort\.exams: there is no file"):
        check_configuration(config, SCHEMA)
    config["cohort"]["exams"] = str(there)
    check_configuration(config, SCHEMA)


def test_new_exams_that_are_not_there_are_named(config, tmp_path):
    config["prediction"]["exams"] = str(tmp_path / "new.tsv")
    with pytest.raises(
        ConfigurationError, match=r"prediction\.exams: there is no file"
    ):
        check_configuration(config, SCHEMA)
    (tmp_path / "new.tsv").touch()
    check_configuration(config, SCHEMA)


def test_new_nodes_need_their_exams(config, tmp_path):
    (tmp_path / "new.tsv").touch()
    config["prediction"]["nodes"] = str(tmp_path / "new.tsv")
    with pytest.raises(ConfigurationError, match=r"give prediction\.exams too"):
        check_configuration(config, SCHEMA)


def test_your_own_scores_are_named_where_they_are_wrong(config, tmp_path):
    (tmp_path / "mine.csv").touch()
    config["external_scores"] = {"mine": str(tmp_path / "mine.csv")}
    check_configuration(config, SCHEMA)
    usual = external_scores(config)["mine"]
    assert (usual["probability"], usual["prevalence"]) == (True, 0.5)
    config["external_scores"]["mine"] = {"scores": "nope.csv", "probability": False}
    with pytest.raises(
        ConfigurationError, match=r"external_scores\.mine: there is no file nope\.csv"
    ):
        check_configuration(config, SCHEMA)
    config["external_scores"] = {"volume": str(tmp_path / "mine.csv")}
    with pytest.raises(ConfigurationError, match="name of a classifier of the study"):
        check_configuration(config, SCHEMA)
    config["external_scores"] = {"reader_3": str(tmp_path / "mine.csv")}
    with pytest.raises(ConfigurationError, match="external_scores"):
        check_configuration(config, SCHEMA)


def test_bands_of_the_short_axis_ascend(config):
    config["statistics"]["short_axis_bands_mm"] = [5, 10, 8]
    with pytest.raises(ConfigurationError, match="let it ascend"):
        check_configuration(config, SCHEMA)


def test_the_family_of_comparisons():
    everyone = ["cnn", "reader_1", "mine"]
    groups = {"paper": ["cnn", "reader_1"], "everyone": everyone}
    assert family_of("paper", **groups) == ["cnn", "reader_1"]
    assert family_of("extended", **groups) == everyone
    assert family_of(["mine", "cnn"], **groups) == ["mine", "cnn"]
    with pytest.raises(
        ConfigurationError, match=r"family names nobody.*choose from cnn"
    ):
        family_of(["cnn", "nobody"], **groups)


def test_results_depend_on_what_decides_them(config):
    own = {"source": "files"}
    kept = deciding_options(config)
    assert not kept.keys() & {"prediction", "learning_curve", "replay"}
    assert "on_bad_exam" not in kept["cohort"]
    assert "shards_at_once" not in kept["phantom"]
    assert kept["selection"] == {"choose": "configured"}
    assert kept["training"] == config["training"]
    assert "phantom" not in deciding_options(
        config | {"cohort": config["cohort"] | own}
    )
    best = config["selection"] | {"choose": "best"}
    assert deciding_options(config | {"selection": best})["selection"] == best
