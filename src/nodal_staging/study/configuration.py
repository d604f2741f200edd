"""A configuration is right, or one sentence says where it is wrong."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from nodal_staging.study.configuration_conflicts import check_ranges, check_together
from nodal_staging.study.errors import ConfigurationError
from nodal_staging.study.written_paths import shown

RECIPE_SECTIONS = ("image", "augmentation", "cnn", "training")
"""What decides the weights of a CNN, except its images and the seed."""

ON_REQUEST = (
    "compare",
    "external",
    "learning_curve",
    "prediction",
    "reader_import",
    "reader_page",
    "recover_counts",
    "replay",
)
"""Sections that concern targets of their own, and none of the study's results."""

ONLY_RUNNING = {
    "cohort": ("on_bad_exam",),
    "phantom": ("shards_at_once",),
    "training": ("device", "folds_per_job", "refits"),
}
"""Keys of these sections that concern how the study runs, and no result."""

DECIMAL_COMMA = re.compile(r"-?[0-9]+,[0-9]+")

SAFE_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads YAML in a tenth of the time where PyYAML was built with libyaml."""


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
    check_ranges(config)
    for name in config["selection"]["candidates"]:
        place = f"selection.candidates.{name}."
        changed = _overlaid(config, name)
        _check_schema(validator, changed, place)
        check_ranges(changed, place)
    check_together(config, external_scores(config))


def deciding_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the configuration decides the results of the study.

    Left out are the sections of results on request, and what decides only how the
    study runs.
    """
    chosen = {key: value for key, value in config.items() if key not in ON_REQUEST}
    for section in ONLY_RUNNING:
        chosen[section] = _deciding(config, section)
    if config["cohort"]["source"] == "files":
        del chosen["phantom"]
    if config["selection"]["choose"] == "configured":
        chosen["selection"] = {"choose": "configured"}
    return chosen


def recipe_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections of the configuration that decide the weights of a CNN.

    ``training.device``, ``training.folds_per_job`` and ``training.refits`` say where,
    in how many jobs and how often networks are trained; they are left out.
    """
    return {section: _deciding(config, section) for section in RECIPE_SECTIONS}


def _deciding(config: Mapping[str, Any], section: str) -> dict[str, Any]:
    left_out = ONLY_RUNNING.get(section, ())
    return {k: value for k, value in config[section].items() if k not in left_out}


def candidate_options(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return these sections as a candidate of the architecture selection has them.

    The candidate ``configured`` changes nothing.
    """
    return recipe_options(_overlaid(config, name))


def _overlaid(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    overlay = config["selection"]["candidates"].get(name) or {}
    return dict(config) | {
        section: config[section] | overlay.get(section, {})
        for section in RECIPE_SECTIONS
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
        sentence = _sentence(errors[0], validator.schema)
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


def _sentence(error: jsonschema.ValidationError, rules: Mapping[str, Any]) -> str:
    """Turn a validator's error to one sentence; ``rules`` is the whole schema."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in known)
        near = get_close_matches(str(unknown), known, n=1)
        near += _keys_named(str(unknown), rules)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
        return f"config: {_join(place, str(unknown))} is not a key here; {hint}"
    if error.validator == "required":
        missing = next(
            key for key in error.validator_value if key not in error.instance
        )
        return f"config: {_join(place, missing)} is missing; add it"
    meaning = error.schema.get("description", "")
    hint = f" ({meaning.rstrip('.')})" if meaning else ""
    found = error.message
    if error.validator in ("pattern", "maxLength"):
        found = f"{shown(error.instance)} cannot be used here"
    if error.validator == "type" and DECIMAL_COMMA.fullmatch(str(error.instance)):
        found = f"{error.instance} has a decimal comma, not a point"
    return f"config: {place}: {found}{hint}; correct the value"


def _keys_named(name: str, rules: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Yield where a schema has a key of a name."""
    for key, part in rules.get("properties", {}).items():
        if key == name:
            yield _join(place, key)
        yield from _keys_named(name, part, _join(place, key))


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
