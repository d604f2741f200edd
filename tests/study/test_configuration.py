"""A wrong configuration is one sentence."""

import re
from pathlib import Path

import pandas as pd
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


def test_every_key_of_the_default_has_a_comment_of_one_line():
    lines = (ROOT / "config" / "config.yaml").read_text().splitlines()
    keys = [n for n, line in enumerate(lines) if re.match(r" *[a-z_0-9]+:", line)]
    assert len(keys) > 200
    for n in keys:
        before, line = lines[n - 1], lines[n]
        indent = line[: len(line) - len(line.lstrip())]
        above = before if re.match(rf"{indent}# \S", before) else ""
        comment = above or line.rpartition(" # ")[2].removeprefix(line)
        assert 3 < len(comment.strip()) < 106, f"add a comment to {line}"


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
        ("study", "../../etc", "config: study: '../../etc' cannot be used here (Name"),
        ("study", "demo\n", r"config: study: 'demo\n' cannot be used here"),
        ("study", "a" * 10_000, "config: study: 'aaa"),
        ("prediction.name", "new\n", r"config: prediction.name: 'new\n' cannot"),
        (
            "exams",
            "a.tsv",
            "config: exams is not a key here; did you mean cohort.exa",
        ),
        (7, "a", "config: 7 is not a key here; known: study"),
        (
            "image.window_hu",
            [240, -160],
            "config: image.window_hu is [240, -160], but the lower end comes first",
        ),
        ("image.window_hu", [40, 40], "config: image.window_hu is [40, 40], but"),
        (
            "selection.candidates",
            {"bone": {"image": {"window_hu": [1, 0]}}},
            "config: selection.candidates.bone.image.window_hu is [1, 0], but",
        ),
        ("augmentation.brightness", [1.5, 0.5], "config: augmentation.brightness is"),
        ("cohort.criteria.period", [9, 3], "config: cohort.criteria.period is [9, 3]"),
        (
            "cohort.pet_limits.weight_kg",
            [300, 20],
            "config: cohort.pet_limits.weight_kg is [300, 20], but the smaller value",
        ),
        (
            "cohort.content.ct.voxel_mm",
            [10, 0.2],
            "config: cohort.content.ct.voxel_mm is [10, 0.2], but the smaller value",
        ),
        (
            "cohort.criteria.contrast_pattern",
            "(km",
            "config: cohort.criteria.contrast_pattern is not a regular expression, see "
            "its character 1; correct it",
        ),
        (
            "cohort.label_names",
            {"pattern": "(?P<status>a)", "locations": {}, "statuses": {}},
            "config: cohort.label_names.pattern has no group (?P<location>...); add it",
        ),
        (
            "cohort.exams",
            "own/exams.tsv",
            "config: cohort.exams is given, but cohort.source is synthetic, which "
            "analyses the phantom instead of your exams; set cohort.source to files",
        ),
        (
            "recover_counts.table",
            "a" * 10_000,
            "config: recover_counts.table: the path",
        ),
        (
            "cohort.source",
            "files",
            "config: cohort.exams is empty, but cohort.source is files",
        ),
    ],
)
def test_what_is_wrong_is_named(config, path, value, words):
    *parents, last = path.split(".") if isinstance(path, str) else [path]
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    with pytest.raises(ConfigurationError) as caught:
        check_configuration(config, SCHEMA)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


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
    with pytest.raises(ConfigurationError, match=r"cohort\.exams: there is no such"):
        check_configuration(config, SCHEMA)
    (tmp_path / "exams.tsv").touch()
    config["cohort"]["exams"] = str(tmp_path / "exams.tsv")
    check_configuration(config, SCHEMA)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("x" * 10_000, r"the path has 10000 letters, more .* \(4096\); shorten it"),
        ("a\nb.tsv", "contains a line break or another control character; remove"),
        (r"C:\study\exams.tsv", "a Windows path, .* write it with slashes"),
        ("C:/study/exams.tsv", "a Windows path"),
        (r"\\server\share\exams.tsv", "a Windows path"),
        (r"study\exams.tsv", "contains backslashes; write it with slashes"),
        ("s3://bucket/exams.tsv", "a URL, which is not read; download the file"),
        ("file:///data/exams.tsv", "a URL, which is not read"),
        ("~/exams.tsv", "~ does not stand for your home folder here"),
        ("$HOME/exams.tsv", "environment variables are not replaced here"),
        ("%USERPROFILE%/exams.tsv", "environment variables are not replaced here"),
        (".", "a folder, expected a file"),
        (
            "exams.tsv",
            "in which snakemake runs; found 'exams",
        ),
    ],
)
def test_a_path_names_what_is_wrong_with_it(config, path, words):
    config["cohort"] |= {"source": "files", "exams": path}
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_configuration(config, SCHEMA)
    assert len(str(caught.value)) < 600
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("key", ["nodes", "readings"])
def test_one_table_for_two_sheets_is_refused(config, tmp_path, key, link):
    table, other = tmp_path / "exams.tsv", tmp_path / "nodes.tsv"
    for path in (table, other):
        path.write_text("patient_id\n")
    sheets = {"exams": str(table), "nodes": str(other), "readings": None}
    same = table
    if link:
        same = tmp_path / "link.tsv"
        same.symlink_to(table)
    config["cohort"] |= {"source": "files"} | sheets
    check_configuration(config, SCHEMA)
    config["cohort"][key] = str(same)
    words = f"config: cohort.exams and cohort.{key} are the same file"
    with pytest.raises(ConfigurationError, match=words):
        check_configuration(config, SCHEMA)


def test_one_workbook_may_hold_all_sheets(config, tmp_path):
    book = tmp_path / "study.xlsx"
    with pd.ExcelWriter(book) as writer:
        for name in ("exams", "nodes", "readings"):
            frame = pd.DataFrame({"patient_id": ["P1"]})
            frame.to_excel(writer, sheet_name=name, index=False)
    sheets = dict.fromkeys(("exams", "nodes", "readings"), str(book))
    config["cohort"] |= {"source": "files"} | sheets
    check_configuration(config, SCHEMA)


def test_a_sheet_of_a_workbook_is_chosen_by_its_name(config, tmp_path):
    (tmp_path / "study.xlsx").touch()
    config["external_scores"] = {"mine": f"{tmp_path}/study.xlsx#AI 2"}
    with pytest.raises(ConfigurationError, match="rename its sheet to scores"):
        check_configuration(config, SCHEMA)
    config["external_scores"] = {"mine": f"{tmp_path}/study.xlsx"}
    check_configuration(config, SCHEMA)


def test_new_exams_that_are_not_there_are_named(config, tmp_path):
    config["prediction"]["exams"] = str(tmp_path / "new.tsv")
    with pytest.raises(
        ConfigurationError, match=r"prediction\.exams: there is no such file"
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
        ConfigurationError,
        match=r"external_scores\.mine: there is .*nope\.csv",
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


def test_mixes_of_locations_have_nodes_of_both_classes(config):
    config["audit"]["mixes"] = {"theirs": {"iliac": [3, 2], "inguinal": [0.5, 0]}}
    check_configuration(config, SCHEMA)
    config["audit"]["mixes"]["theirs"]["iliac"] = [3, 0]
    with pytest.raises(ConfigurationError, match=r"theirs has no negative nodes"):
        check_configuration(config, SCHEMA)
    config["audit"]["mixes"] = {"balanced": {"iliac": [1, 1]}}
    with pytest.raises(ConfigurationError, match=r"audit\.mixes"):
        check_configuration(config, SCHEMA)


def test_a_split_by_a_column_has_the_keys_of_its_kind_and_no_other_split(config):
    centre = {"kind": "centre", "column": "centre", "test": ["B"]}
    time = {"kind": "time", "column": "day"}
    for by in (centre, time | {"last": 0.2}, time | {"start": 1500}):
        config["datasets"]["by"] = by
        check_configuration(config, SCHEMA)
    for by in (
        time,
        time | {"last": 0.2, "start": 3},
        time | {"test": ["B"]},
        centre | {"last": 0.2},
    ):
        config["datasets"]["by"] = by
        with pytest.raises(ConfigurationError, match=r"config: datasets\.by of kind"):
            check_configuration(config, SCHEMA)
    config["datasets"] |= {"by": centre, "protocol": "node"}
    with pytest.raises(ConfigurationError, match=r"set datasets\.protocol to patient"):
        check_configuration(config, SCHEMA)
    config["datasets"] |= {"protocol": "patient", "stratified": True}
    with pytest.raises(ConfigurationError, match=r"set datasets\.stratified to false"):
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
    assert kept["training"] == {
        key: value
        for key, value in config["training"].items()
        if key not in ("device", "folds_per_job", "refits")
    }
    assert "phantom" not in deciding_options(
        config | {"cohort": config["cohort"] | own}
    )
    best = config["selection"] | {"choose": "best"}
    assert deciding_options(config | {"selection": best})["selection"] == best


@pytest.mark.parametrize("folder", ["a {b}", "<results>", "x <logs> y"])
@pytest.mark.parametrize("key", ["cohort", "prediction", "external_scores"])
def test_a_path_that_snakemake_would_change_is_refused(config, tmp_path, folder, key):
    (tmp_path / folder).mkdir()
    config["cohort"]["source"] = "files"
    sheets = {}
    for name in ("exams", "nodes"):
        path = tmp_path / folder / f"{name}.tsv"
        plain = tmp_path / f"plain <a b> {name}.tsv"
        path.touch()
        plain.touch()
        sheets[name] = str(path)
        config["cohort"][name] = str(plain)
    check_configuration(config, SCHEMA)
    changes = {"external_scores": {"mine": str(path)}}.get(key, config[key] | sheets)
    config[key] = changes
    with pytest.raises(ConfigurationError, match="rename the file or folder") as found:
        check_configuration(config, SCHEMA)
    assert str(found.value).startswith(f"config: {key}.")
