"""A configuration is right, or one sentence says where it is wrong."""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from nodal_staging.study.classifier_names import OTHERS, PUBLISHED
from nodal_staging.study.errors import InputError

RECIPE_SECTIONS = ("image", "augmentation", "cnn", "training")
"""What decides the weights of a CNN beside its images and the seed."""

ON_REQUEST = ("learning_curve", "prediction", "recover_counts", "replay")
"""Sections that concern targets of their own, and none of the study's results."""

SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads YAML in a tenth of the time where PyYAML was built with libyaml."""

MOST_NODES_A_PATIENT = 30
FIELD_MARGIN_MM = 10
"""How much wider than the largest body the field of view must be."""


class ConfigurationError(InputError):
    """A key of the configuration is missing, unknown or out of range."""

    reason = "wrong_configuration"


def check_configuration(config: Mapping[str, Any], schema: str | Path) -> None:
    """Check a configuration against its schema.

    Parameters
    ----------
    config
        All overlays merged.
    schema
        A JSON schema, written in YAML.

    Raises
    ------
    ConfigurationError
        Naming the key, what was found and what is expected; the first of several.
    """
    text = Path(schema).read_text(encoding="utf-8")
    rules = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506
    validator = jsonschema.Draft202012Validator(rules)
    _check_schema(validator, config)
    _check_finite(config)
    for name in config["selection"]["candidates"]:
        changed = dict(config) | candidate_options(config, name)
        _check_schema(validator, changed, f"selection.candidates.{name}.")
    _check_heatmaps(config)
    _check_new_sheets(config["prediction"])
    _check_external(config)
    if config["cohort"]["source"] == "files":
        _check_sheets(config["cohort"])
    else:
        _check_phantom(config["phantom"], config["datasets"])


def deciding_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the configuration decides the results of the study.

    Left out are the sections of results on request, and what decides only how the
    study runs.
    """
    chosen = {key: value for key, value in config.items() if key not in ON_REQUEST}
    for section, key in (("cohort", "on_bad_exam"), ("phantom", "shards_at_once")):
        chosen[section] = {k: v for k, v in config[section].items() if k != key}
    if config["cohort"]["source"] == "files":
        del chosen["phantom"]
    if config["selection"]["choose"] == "configured":
        chosen["selection"] = {"choose": "configured"}
    return chosen


def recipe_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of the configuration that decide the weights of a CNN."""
    return {section: config[section] for section in RECIPE_SECTIONS}


def candidate_options(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return these sections as a candidate of the architecture selection has them.

    The candidate ``configured`` changes nothing.
    """
    overlay = config["selection"]["candidates"].get(name) or {}
    return {
        section: values | overlay.get(section, {})
        for section, values in recipe_options(config).items()
    }


def external_scores(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return your own classifiers: name to ``scores``, ``probability``, ``prevalence``.

    A bare path stands for scores that are probabilities at a prevalence of one half.
    """
    usual: dict[str, Any] = {"probability": True, "prevalence": 0.5}
    return {
        name: usual | (dict(entry) if isinstance(entry, Mapping) else {"scores": entry})
        for name, entry in config["external_scores"].items()
    }


def family_of(
    family: str | Sequence[str], *, paper: Sequence[str], everyone: Sequence[str]
) -> list[str]:
    """Return the classifiers whose pairs are tested.

    Parameters
    ----------
    family
        ``paper``, ``extended`` or names.
    paper, everyone
        The networks and readers; all classifiers of the study.

    Raises
    ------
    ConfigurationError
        If a name is that of no classifier.
    """
    if isinstance(family, str):
        return list(paper if family == "paper" else everyone)
    for name in family:
        if name not in everyone:
            raise ConfigurationError(
                f"config: statistics.family names {name}, which is no classifier of "
                f"this study; choose from {', '.join(everyone)}"
            )
    return list(family)


def _check_schema(validator: Any, config: Mapping[str, Any], place: str = "") -> None:
    """Say what is wrong first; ``place`` stands before the key."""
    errors = sorted(validator.iter_errors(dict(config)), key=lambda e: list(e.path))
    if errors:
        sentence = _sentence(errors[0])
        raise ConfigurationError(sentence.replace("config: ", f"config: {place}", 1))


def _check_finite(config: Any, place: str = "") -> None:
    """Refuse .nan and .inf, which YAML and the schema let pass as numbers."""
    if isinstance(config, Mapping):
        for key, value in config.items():
            _check_finite(value, _join(place, str(key)))
    elif isinstance(config, list):
        for value in config:
            _check_finite(value, place)
    elif isinstance(config, float) and not math.isfinite(config):
        raise ConfigurationError(
            f"config: {place} is {config}, not a finite number; correct the value"
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
    for key in ("exams", "nodes", "readings"):
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
        if path and not Path(path).is_file():
            raise ConfigurationError(_no_file(f"cohort.{key}", path))


def _check_heatmaps(config: Mapping[str, Any]) -> None:
    """Refuse heatmaps by patterns of a network that patterns are not defined for."""
    methods = config["attribution"]["methods"]
    asked = [name for name in methods if name.startswith("pattern_")]
    if asked and config["cnn"]["pooling"] != "max":
        raise ConfigurationError(
            f"config: attribution.methods has {asked[0]}, which is not defined for "
            f"cnn.pooling {config['cnn']['pooling']}; leave it out or set cnn.pooling "
            "to max"
        )


def _check_new_sheets(prediction: Mapping[str, Any]) -> None:
    """Prove that the sheets of new exams are where the configuration says."""
    for key in ("exams", "nodes"):
        path = prediction[key]
        if path and not Path(path).is_file():
            raise ConfigurationError(_no_file(f"prediction.{key}", path))
    if prediction["nodes"] and not prediction["exams"]:
        raise ConfigurationError(
            "config: prediction.nodes is given, but not the exams that it speaks of; "
            "give prediction.exams too"
        )


def _check_external(config: Mapping[str, Any]) -> None:
    """Prove that your own scores are where the configuration says, and are yours."""
    for name, entry in external_scores(config).items():
        if name in PUBLISHED or name in OTHERS:
            raise ConfigurationError(
                f"config: external_scores.{name} has the name of a classifier of the "
                "study; give yours another"
            )
        if not Path(entry["scores"]).is_file():
            raise ConfigurationError(
                _no_file(f"external_scores.{name}", entry["scores"])
            )
    bands = config["statistics"]["short_axis_bands_mm"]
    if any(a >= b for a, b in pairwise(bands)):
        raise ConfigurationError(
            f"config: statistics.short_axis_bands_mm is {bands}; let it ascend"
        )


def _no_file(key: str, path: str) -> str:
    return (
        f"config: {key}: there is no file {path}; give a path that is absolute, or "
        "relative to the folder in which snakemake runs"
    )


def _or_names(key: str) -> str:
    return ", or cohort.label_names" if key == "nodes" else ""


def _sentence(error: jsonschema.ValidationError) -> str:
    """Turn a validator's error to one sentence."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        close = get_close_matches(unknown, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
        return f"config: {_join(place, unknown)} is not a key here; {hint}"
    if error.validator == "required":
        missing = next(
            key for key in error.validator_value if key not in error.instance
        )
        return f"config: {_join(place, missing)} is missing; add it"
    meaning = error.schema.get("description", "")
    hint = f" ({meaning.rstrip('.')})" if meaning else ""
    return f"config: {place}: {error.message}{hint}; correct the value"


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
