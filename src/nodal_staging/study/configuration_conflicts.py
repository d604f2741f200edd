"""Keys of a configuration that contradict each other, or what they name."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from nodal_staging.study.classifier_names import OTHERS, PUBLISHED
from nodal_staging.study.errors import ConfigurationError
from nodal_staging.study.workbook import is_workbook
from nodal_staging.study.written_paths import (
    form_fault,
    has_control,
    path_fault,
    placeholder_fault,
    shown,
)

MOST_NODES_A_PATIENT = 30
FIELD_MARGIN_MM = 10
"""How much wider than the largest body the field of view must be."""

SHEETS = ("exams", "nodes", "readings")
PATTERNS = ("contrast_pattern", "native_pattern", "low_dose_pattern")
NAMED_GROUPS = ("location", "status")
"""What the pattern of label names finds."""

START = "the folder of the study, in which snakemake runs"
"""Of relative paths in the configuration."""


def check_together(
    config: Mapping[str, Any], external: Mapping[str, Mapping[str, Any]]
) -> None:
    """Refuse keys that are possible one by one, but not together or not here.

    Parameters
    ----------
    config
        Follows the schema.
    external
        Scores of other classifiers (``configuration.external_scores``).

    Raises
    ------
    ConfigurationError
        Naming the keys and the fix.
    """
    table = config["recover_counts"]["table"]
    fault = form_fault(table, START) or placeholder_fault(table)
    if fault:
        raise ConfigurationError(f"config: recover_counts.table: {fault}")
    _check_patterns(config["cohort"])
    _check_heatmaps(config)
    _check_new_sheets(config["prediction"])
    _check_external(external)
    if config["datasets"]["given"]:
        _require_file("datasets.given", config["datasets"]["given"])
    _check_division(config["datasets"])
    _check_mixes(config["audit"]["mixes"])
    if config["cohort"]["source"] == "files":
        _check_sheets(config["cohort"])
    else:
        _check_no_sheets(config["cohort"])
        _check_phantom(config["phantom"], config["datasets"])


def check_ranges(config: Mapping[str, Any], place: str = "") -> None:
    """Refuse ranges that are empty or reversed; ``place`` stands before the key.

    Raises
    ------
    ConfigurationError
        Naming the key, what was found and the fix.
    """
    bands = config["statistics"]["short_axis_bands_mm"]
    if any(a >= b for a, b in pairwise(bands)):
        raise ConfigurationError(
            f"config: statistics.short_axis_bands_mm is {bands}; let it ascend"
        )
    low, high = config["image"]["window_hu"]
    if low >= high:
        raise ConfigurationError(
            f"config: {place}image.window_hu is [{low:g}, {high:g}], but the lower end "
            "comes first and must be below the upper end; correct the two values"
        )
    for key in ("sensitivity", "specificity"):
        value, lower, upper = config["reference"][key]
        if not lower <= value <= upper:
            raise ConfigurationError(
                f"config: {place}reference.{key} is [{value:g}, {lower:g}, {upper:g}], "
                "but its order is value, lowest, highest; correct the order"
            )
    for key, limits in (
        ("augmentation.brightness", config["augmentation"]["brightness"]),
        *_pairs(config["cohort"], "cohort"),
    ):
        if limits[0] > limits[1]:
            raise ConfigurationError(
                f"config: {place}{key} is [{limits[0]:g}, {limits[1]:g}], but the "
                "smaller value comes first; exchange the two values"
            )


def _pairs(section: Mapping[str, Any], place: str) -> Iterator[tuple[str, list[float]]]:
    """Yield the keys of a section whose values are two numbers, and these."""
    for name, value in section.items():
        key = f"{place}.{name}"
        if isinstance(value, Mapping):
            yield from _pairs(value, key)
        elif isinstance(value, list) and [
            isinstance(end, int | float) for end in value
        ] == [True, True]:
            yield key, value


DIVISIONS = {"centre": (("test",),), "time": (("last",), ("start",))}
"""Keys of ``datasets.by`` in addition to kind and column: one choice of each kind."""


def _check_division(datasets: Mapping[str, Any]) -> None:
    """Refuse a split by a column that lacks its keys, or another split with it."""
    by = datasets["by"]
    if by is None:
        return
    choices = DIVISIONS[by["kind"]]
    if tuple(key for key in by if key not in {"kind", "column"}) not in choices:
        needed = " or ".join(key for choice in choices for key in choice)
        raise ConfigurationError(
            f"config: datasets.by of kind {by['kind']} needs the keys kind, column and "
            f"{needed}, and no others; correct datasets.by"
        )
    others = {"given": "null", "stratified": "false", "protocol": "patient"}
    for key, said in others.items():
        if datasets[key] not in {None, False, "patient"}:
            raise ConfigurationError(
                f"config: datasets.by and datasets.{key} exclude each other; set "
                f"datasets.{key} to {said}, or datasets.by to null"
            )


def _check_patterns(cohort: Mapping[str, Any]) -> None:
    """Refuse patterns that cannot be searched for."""
    for key in PATTERNS:
        _compiled(cohort["criteria"][key], f"cohort.criteria.{key}")
    if cohort["label_names"] is not None:
        key = "cohort.label_names.pattern"
        pattern = _compiled(cohort["label_names"]["pattern"], key)
        missing = set(NAMED_GROUPS) - set(pattern.groupindex)
        if missing:
            raise ConfigurationError(
                f"config: {key} has no group (?P<{min(missing)}>...); add it"
            )


def _compiled(written: str, key: str) -> re.Pattern[str]:
    try:
        return re.compile(written)
    except re.error as error:
        where = "" if error.pos is None else f", see its character {error.pos + 1}"
        raise ConfigurationError(
            f"config: {key} is not a regular expression{where}; correct it, and put a "
            "backslash before a bracket or sign that is meant as such"
        ) from None


def _check_mixes(mixes: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Refuse mixes of locations without positive or without negative nodes."""
    for name, mix in mixes.items():
        totals = [sum(shares) for shares in zip(*mix.values(), strict=True)]
        for status, total in zip(("positive", "negative"), totals, strict=True):
            if total == 0:
                raise ConfigurationError(
                    f"config: audit.mixes.{name} has no {status} nodes; give at least "
                    "one location a share above 0"
                )


def _check_no_sheets(cohort: Mapping[str, Any]) -> None:
    """Refuse sheets that a synthetic cohort would ignore."""
    for key in (*SHEETS, "label_names"):
        if cohort[key]:
            raise ConfigurationError(
                f"config: cohort.{key} is given, but cohort.source is synthetic, which "
                "analyses the phantom instead of your exams; set cohort.source to "
                f"files, or cohort.{key} to null"
            )


def _check_phantom(phantom: Mapping[str, Any], datasets: Mapping[str, Any]) -> None:
    """Refuse dials that are possible one by one but not together."""
    patients, nodes = phantom["patients"], phantom["nodes"]
    if not patients <= nodes <= MOST_NODES_A_PATIENT * patients:
        raise ConfigurationError(
            f"config: phantom.nodes is {nodes}, but {patients} patients have 1 to "
            f"{MOST_NODES_A_PATIENT} nodes each; change phantom.nodes or "
            "phantom.patients"
        )
    positives = round(phantom["prevalence"] * nodes)
    for name, count in (("positive", positives), ("negative", nodes - positives)):
        needed = 2 * datasets["folds"]
        if count < needed:
            raise ConfigurationError(
                f"config: phantom.prevalence and phantom.nodes make {count} {name} "
                f"nodes, too few for {datasets['folds']} folds and a test set (at "
                f"least {needed}); change one of them"
            )
    body, field = phantom["body"], phantom["ct"]["field_mm"]
    for name, extent in zip(("width_mm", "depth_mm"), field, strict=True):
        if body[name] + FIELD_MARGIN_MM > extent:
            raise ConfigurationError(
                f"config: phantom.body.{name} is {body[name]:g}, more than fits into "
                f"phantom.ct.field_mm ({extent:g} with a margin of "
                f"{FIELD_MARGIN_MM} mm); enlarge the field"
            )


def _check_sheets(cohort: Mapping[str, Any]) -> None:
    """Prove that the sheets of one's own cohort are where the configuration says."""
    for key in SHEETS:
        path = cohort[key]
        if key == "nodes" and cohort["label_names"] is not None:
            if path:
                raise ConfigurationError(
                    "config: cohort.nodes and cohort.label_names both say where nodes "
                    "are described; set one of them to null"
                )
            continue
        if not path and key != "readings":
            raise ConfigurationError(
                f"config: cohort.{key} is empty, but cohort.source is files; "
                f"give the path of {key}.tsv{_or_names(key)}"
            )
        if path:
            _require_file(f"cohort.{key}", path)
    given = [(f"cohort.{key}", cohort[key]) for key in SHEETS if cohort[key]]
    _require_different(given)


def _require_different(sheets: Sequence[tuple[str, str]]) -> None:
    """Refuse two sheets in one file, unless it is a workbook with a sheet for each."""
    for (key, path), (other, other_path) in combinations(sheets, 2):
        if os.path.samefile(path, other_path) and not is_workbook(
            Path(path).read_bytes()
        ):
            raise ConfigurationError(
                f"config: {key} and {other} are the same file, {shown(path)}; give "
                "each its own table"
            )


def _check_heatmaps(config: Mapping[str, Any]) -> None:
    """Refuse heatmaps by patterns of a network that patterns are not defined for."""
    methods = config["attribution"]["methods"]
    patterned = [name for name in methods if name.startswith("pattern_")]
    if patterned and config["cnn"]["pooling"] != "max":
        raise ConfigurationError(
            f"config: attribution.methods has {patterned[0]}, which is not defined for "
            f"cnn.pooling {config['cnn']['pooling']}; leave it out or set cnn.pooling "
            "to max"
        )


def _check_new_sheets(prediction: Mapping[str, Any]) -> None:
    """Prove that the sheets of new exams are where the configuration says."""
    for key in ("exams", "nodes"):
        path = prediction[key]
        if path:
            _require_file(f"prediction.{key}", path)
    given = [(f"prediction.{key}", prediction[key]) for key in ("exams", "nodes")]
    _require_different([(key, path) for key, path in given if path])
    if prediction["nodes"] and not prediction["exams"]:
        raise ConfigurationError(
            "config: prediction.nodes is given, but not the exams of its rows; "
            "give prediction.exams too"
        )


def _check_external(external: Mapping[str, Mapping[str, Any]]) -> None:
    """Prove that your own scores are where the configuration says, and are yours."""
    for name, entry in external.items():
        if name in PUBLISHED or name in OTHERS:
            raise ConfigurationError(
                f"config: external_scores.{name} has the name of a classifier of the "
                "study; give yours another"
            )
        _require_file(f"external_scores.{name}", entry["scores"])


def _require_file(key: str, path: str) -> None:
    """Refuse the path of a file that is not there, or that a rule cannot name."""
    replaced = placeholder_fault(path)
    if replaced:
        raise ConfigurationError(f"config: {key}: {replaced}; found {shown(path)}")
    # False, too, for a name that is too long.
    if os.path.isfile(path) and not has_control(path):
        return
    book, mark, _ = path.rpartition("#")
    if mark and os.path.isfile(book):
        raise ConfigurationError(
            f"config: {key} names a sheet of a workbook, {shown(path)}; give the path "
            f"{shown(book)} alone, and rename its sheet to {_sheet_of(key)}"
        )
    if os.path.isdir(path):
        fault = "a folder, expected a file; give the path of the table in it"
    else:
        fault = path_fault(path, START)
    raise ConfigurationError(f"config: {key}: {fault}; found {shown(path)}")


def _sheet_of(key: str) -> str:
    """Return the name of the sheet of a workbook that a key refers to."""
    section, _, name = key.partition(".")
    named = {"external_scores": "scores", "datasets": "split"}
    return named.get(section, name)


def _or_names(key: str) -> str:
    return ", or cohort.label_names" if key == "nodes" else ""
