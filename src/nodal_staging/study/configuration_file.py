"""One file of a configuration is a mapping in YAML, or one sentence says why not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from nodal_staging.study.configuration import SAFE_LOADER
from nodal_staging.study.errors import ConfigurationError
from nodal_staging.study.written_paths import form_fault

TAB = "\t"


def read_configuration_file(path: str | Path) -> dict[str, Any]:
    """Read a configuration file, without checking its keys.

    Parameters
    ----------
    path
        Of a file in YAML or JSON.

    Raises
    ------
    ConfigurationError
        If there is no such file, or it does not hold keys and values.
    """
    text = _text(path)
    try:
        content = yaml.load(text, Loader=SAFE_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}{_sentence(error, text)}") from None
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{path}: expected keys and values, such as study: my_study; see "
            "config/README.md"
        )
    for line, key in _repeated(yaml.compose(text, Loader=SAFE_LOADER)):
        raise ConfigurationError(
            f"{path}, line {line}: {key} stands twice in its section, and the first "
            "would be ignored; keep one"
        )
    return content


def _repeated(node: yaml.Node) -> Iterator[tuple[int, str]]:
    """Yield line and name of each key that its mapping has already."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, str(key.value)
            seen.add(key.value)
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            yield from _repeated(inner)


def _text(path: str | Path) -> str:
    if not Path(path).is_file():
        kind = "a folder" if Path(path).is_dir() else "no such file"
        fault = form_fault(path, "the current folder")
        raise ConfigurationError(
            f"{path}: expected a configuration file, found {kind}; "
            + (fault or "correct the path; targets stand before --configfile")
        )
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, PermissionError):
        raise ConfigurationError(
            f"{path}: the file cannot be read as text; save it as UTF-8"
        ) from None


def _sentence(error: yaml.YAMLError, text: str) -> str:
    """Say on which line a text is not YAML, and what to do."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ": the file contains characters that YAML does not allow; remove them"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    place = f", line {mark.line + 1}: "
    if TAB in line[: len(line) - len(line.lstrip())]:
        return f"{place}a tab at the start of the line; indent with blanks"
    if '"' in line and "\\" in line:
        return (
            f"{place}in double quotation marks YAML reads a backslash as the start of "
            "a special character; write paths with / or in single quotation marks"
        )
    return (
        f"{place}not YAML; check the indentation, the colons (key: value) and the "
        "quotation marks of this line and the one before"
    )
