"""What the files under workflow/rules/ say: stages, their outputs, and their rules."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = "workflow/rules"
BLOCK = re.compile(
    r"^(?:use rule (?P<base>\w+) as (?P<copy>\w+) with|rule (?P<name>\w+)):\n"
    r"(?P<body>(?:[ \t]+.*\n|\n)*)",
    re.MULTILINE,
)
INCLUDE = re.compile(r'^include: "workflow/rules/(\w+)\.smk"$', re.MULTILINE)
DOCSTRING = re.compile(r'\A\s*("""(?:.|\n)*?""")')
TARGET = "Target: "
"""The docstring of a rule that a person asks for starts with it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the workflow.

    Attributes
    ----------
    name
        As on the command line.
    summary
        First line of its docstring, without ``TARGET``.
    is_target
        Whether a person asks for it; the other rules are its steps.
    """

    name: str
    summary: str
    is_target: bool


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files that a stage leaves, below ``results/<study>/``.

    Attributes
    ----------
    paths
        With ``<name>`` for what varies and ``{a,b}`` for choices; a folder ends in /.
    content
        What they hold.
    """

    paths: tuple[str, ...]
    content: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A file of rules.

    Attributes
    ----------
    name
        Of the file.
    title, notes
        First line of its docstring, and what follows inputs and outputs there.
    outputs, rules
        What it leaves, and how, in the order of the file.
    """

    name: str
    title: str
    notes: str
    outputs: tuple[Outputs, ...]
    rules: tuple[Rule, ...]


def read_stages(root: Path) -> list[Stage]:
    """Return the stages in the order in which the Snakefile includes them."""
    snakefile = (root / "Snakefile").read_text(encoding="utf-8")
    names = INCLUDE.findall(snakefile)
    texts = {
        name: (root / FOLDER / f"{name}.smk").read_text(encoding="utf-8")
        for name in names
    }
    rules = {name: list(_rules(text)) for name, text in texts.items()}
    known = {rule.name: rule for inner in rules.values() for rule, _ in inner}
    stages = [
        _stage(name, texts[name], [_inherited(r, base, known) for r, base in found])
        for name, found in rules.items()
    ]
    whole = Stage("all", "The whole study.", "", (), _targets(snakefile))
    return [whole, *(s for s in stages if s.rules)]


def _targets(snakefile: str) -> tuple[Rule, ...]:
    return tuple(rule for rule, _ in _rules(snakefile))


def _rules(text: str) -> Iterator[tuple[Rule, str | None]]:
    """Yield each rule, and the name of the rule it takes everything else from."""
    for block in BLOCK.finditer(text):
        name, summary = block["name"] or block["copy"], _summary(block["body"])
        is_target = summary.startswith(TARGET)
        yield Rule(name, summary.removeprefix(TARGET), is_target), block["base"]


def _summary(body: str) -> str:
    return " ".join(_docstring(body).partition("\n\n")[0].split())


def _docstring(text: str) -> str:
    """Return the docstring that a file or the body of a rule begins with."""
    found = DOCSTRING.match(text)
    return str(ast.literal_eval(found[1])) if found else ""


def _inherited(rule: Rule, base: str | None, known: dict[str, Rule]) -> Rule:
    """Give a rule without docstring that of the rule it repeats."""
    if rule.summary or base is None:
        return rule
    return Rule(rule.name, f"As `{base}`: {known[base].summary}", rule.is_target)


def _stage(name: str, text: str, rules: list[Rule]) -> Stage:
    title, _, rest = _docstring(text).strip().partition("\n\n")
    contract, _, notes = rest.partition("\n\n")
    return Stage(
        name=name,
        title=" ".join(title.split()),
        notes=" ".join(notes.split()),
        outputs=tuple(_outputs(contract, name)),
        rules=tuple(rules),
    )


def _outputs(contract: str, stage: str) -> Iterator[Outputs]:
    """Take the part OUTPUTS of a docstring to pieces."""
    _, _, block = contract.partition("OUTPUTS")
    entries: list[str] = []
    for line in block.splitlines():
        text = line[len("OUTPUTS  ") :] if entries else line.lstrip()
        if not entries or (text[:1].strip() and not entries[-1].endswith(",")):
            entries.append(text.rstrip())
        else:
            entries[-1] += f" {text.strip()}"
    for entry in entries:
        paths, _, content = entry.partition("  ")
        if not paths or not content:
            raise ValueError(
                f"{stage}.smk: OUTPUTS needs a file, two spaces and what it holds: "
                f"{entry}"
            )
        yield Outputs(_split(paths), " ".join(content.split()))


def _split(paths: str) -> tuple[str, ...]:
    """Part a list of paths at its commas, but not within braces."""
    return tuple(re.split(r",\s+", paths.strip().rstrip(",")))
