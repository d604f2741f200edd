"""The configuration reference, from the schema and the default configuration."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from snakemake.utils import update_config

from reference_pages.markdown import anchor, code, prose, stacked, table

SCHEMA = "workflow/schemas/config.schema.yaml"
DEFAULTS = "config/config.yaml"
PUBLISHED = tuple(
    f"config/paper_{part}.yaml" for part in ("network", "protocol", "phantom")
)

Schema = dict[str, Any]

UNITS = {
    "mm": "mm",
    "hu": "HU",
    "deg": "degrees",
    "mas": "mAs",
    "mgy": "mGy",
    "cutoff": "g/ml (SUV)",
}
"""Units by the last word of a key."""

HEADER = ["Key", "Type", "Default", "Meaning"]
DIFFERENCES = ["Key", "Meaning", "Demonstration", "Published configuration"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the configuration.

    Attributes
    ----------
    path
        Names of its sections and its own.
    schema
        What the schema says of it.
    default
        Its value in the default configuration; ``...`` where it has none.
    """

    path: tuple[str, ...]
    schema: Schema
    default: object

    @property
    def name(self) -> str:
        """Return the dotted name."""
        return ".".join(self.path)

    @property
    def is_section(self) -> bool:
        """Tell whether other keys stand below it in the default configuration."""
        return "properties" in self.schema and isinstance(self.default, dict)


def read_keys(root: Path, *overlays: str) -> list[Key]:
    """Return every key of the schema, sections before what stands in them.

    Parameters
    ----------
    root
        Of the repository.
    overlays
        Configuration files that are merged into the default one, as Snakemake does.
    """
    schema = yaml.safe_load((root / SCHEMA).read_text(encoding="utf-8"))
    merged: dict[str, Any] = {}
    for path in (DEFAULTS, *overlays):
        text = (root / path).read_text(encoding="utf-8")
        update_config(merged, yaml.safe_load(text))
    return list(_keys(schema, merged, ()))


def _keys(schema: Schema, defaults: object, above: tuple[str, ...]) -> Iterator[Key]:
    for name, inner in schema.get("properties", {}).items():
        default = defaults.get(name, ...) if isinstance(defaults, dict) else ...
        key = Key((*above, name), inner, default)
        yield key
        yield from _keys(inner, default, key.path)
    named = schema.get("additionalProperties")
    for inner in named.get("anyOf", [named]) if named else []:
        yield from _keys(inner, ..., (*above, "<name>"))


def configuration_page(root: Path) -> str:
    """Return the page: each section of the configuration with a table of its keys."""
    keys = read_keys(root)
    sections = {key.name: key for key in keys if len(key.path) == 1 and key.is_section}
    parts = [
        "# Configuration",
        f"Made from [{SCHEMA}](/{SCHEMA}) and the defaults of"
        f" [{DEFAULTS}](/{DEFAULTS}). A key that is not listed here is refused. Write"
        " your own values in a file of your own, which overrules the default:",
        "```bash\nsnakemake --cores 8 --configfile my_study.yaml\n```",
        "## Study",
        _table(key for key in keys if key.path[0] not in sections),
    ]
    for name, section in sections.items():
        below = [key for key in keys if key.path[0] == name and key is not section]
        parts += [
            f"## {name}",
            prose(section.schema["description"]),
            _table(below),
        ]
    return "\n\n".join(parts) + "\n"


def differences_table(root: Path) -> str:
    """Return the keys whose values differ between demonstration and publication."""
    pairs = zip(read_keys(root), read_keys(root, *PUBLISHED), strict=True)
    return table(
        DIFFERENCES,
        (
            [code(ours.name), prose(ours.schema["description"])]
            + [code(_shown(key.default)) for key in (ours, theirs)]
            for ours, theirs in pairs
            if not ours.is_section and ours.default != theirs.default
        ),
    )


def _table(keys: Iterable[Key]) -> str:
    """Return the table of some keys."""
    return stacked(table(HEADER, map(_row, keys)), "keys")


def _row(key: Key) -> list[str]:
    named = anchor(key.name) + code(key.name)
    meaning = prose(key.schema["description"])
    if key.is_section:
        return [named, "section", "", meaning]
    measured = unit(key.path[-1])
    return [
        named,
        f"{kind(key.schema)}; {measured}" if measured else kind(key.schema),
        "" if key.default is ... else code(_shown(key.default)),
        meaning,
    ]


def _shown(value: object) -> str:
    """Write a value as it would stand in the configuration."""
    text: str = yaml.safe_dump(
        value, default_flow_style=True, width=10_000, allow_unicode=True
    )
    return text.removesuffix("...\n").strip()


def unit(name: str) -> str:
    """Return the unit that the name of a key ends with, or nothing."""
    return UNITS.get(name.rpartition("_")[2], "")


def kind(schema: Schema) -> str:
    """Say which values a key takes.

    Parameters
    ----------
    schema
        Its part of a JSON schema.
    """
    if "enum" in schema:
        return _one_of(schema["enum"])
    if "const" in schema:
        return code(str(schema["const"]))
    if "anyOf" in schema:
        return ", or ".join(kind(choice) for choice in schema["anyOf"])
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " or ".join(_typed(name, schema) for name in types)


def _one_of(values: list[object]) -> str:
    return "one of " + ", ".join(code(str(value)) for value in values)


WORDS = {
    "boolean": "`true` or `false`",
    "null": "`null`",
    "object": "mapping",
    "string": "text",
}


def _typed(name: str, schema: Schema) -> str:
    if name in ("integer", "number"):
        return name + _bounds(schema)
    if name == "array":
        return _list(schema)
    if name == "string" and schema.get("format") == "regex":
        return "regular expression"
    if name == "string" and "pattern" in schema:
        return f"text that matches {code(schema['pattern'])}"
    return WORDS[name]


def _list(schema: Schema) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    count = f"{most} of" if most == least and most else "list of"
    inner = kind(schema["items"])
    several = re.sub(r"^(integer|number)", r"\1s", inner.removeprefix("one of "))
    return f"{count} {several}"


def _bounds(schema: Schema) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    words = []
    if low is not None:
        words.append(f"{'above' if 'exclusiveMinimum' in schema else 'from'} {low}")
    if high is not None:
        words.append(f"{'below' if 'exclusiveMaximum' in schema else 'to'} {high}")
    return f" {' '.join(words)}" if words else ""
