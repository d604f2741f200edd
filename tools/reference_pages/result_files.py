"""The file reference: the tree that a study leaves, and what each file holds."""

import re
from collections.abc import Iterator
from pathlib import Path

from nodal_staging_command.rule_files import Outputs, Stage, read_stages
from reference_pages.markdown import code, table
from reference_pages.schemas import FILES, slug

INTRODUCTION = """\
# Result files

Made from the contracts at the head of each file under `workflow/rules/`. Paths are
relative to `results/<study>/`. `<name>` stands for what varies, for example
`cnn_<cnn>.csv` for `cnn_xmask.csv`; `{pdf,svg,png}` for one file each. Files that are
called temporary are removed when nothing needs them any more. Logs are in
`logs/<rule>/`, times and memory of jobs in `benchmarks/<rule>/`.
"""


def files_page(root: Path) -> str:
    """Return the page: the tree, then a table for each stage."""
    stages = [stage for stage in read_stages(root) if stage.outputs]
    tree = "\n".join(["results/<study>/", *_drawn(_tree(stages))])
    parts = [INTRODUCTION, "## Tree", f"```text\n{tree}\n```"]
    for stage in stages:
        rows = [row for outputs in stage.outputs for row in _rows(outputs)]
        parts += [
            f"## {stage.title.rstrip('.')} {{ #{stage.name} }}",
            table(["File", "Content", "Columns"], rows),
            stage.notes,
        ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _rows(outputs: Outputs) -> Iterator[list[str]]:
    for number, path in enumerate(outputs.paths):
        content = outputs.content if number == 0 else "as above"
        yield [code(path), content, _columns(path)]


def _columns(path: str) -> str:
    return ", ".join(
        f"[{name}](tables.md#{slug(name)})"
        for file, name in FILES.items()
        if covers(path, file)
    )


def pattern_of(path: str) -> str:
    """Return a regular expression for the files that a path of a contract means."""
    parts = re.split(r"(<[^>]*>|\{[^}]*\})", path)
    found = ""
    for part in parts:
        if part.startswith("<"):
            found += r"[^/]+"
        elif part.startswith("{"):
            found += f"(?:{part[1:-1].replace(',', '|')})"
        else:
            found += re.escape(part)
    return found + (".*" if path.endswith("/") else "")


def covers(path: str, file: str) -> bool:
    """Tell whether a path of a contract stands for a file, written with ``<name>``."""
    return re.fullmatch(pattern_of(path), file) is not None


Tree = dict[str, "Tree"]


def _tree(stages: list[Stage]) -> Tree:
    tree: Tree = {}
    for stage in stages:
        for outputs in stage.outputs:
            for path in outputs.paths:
                place = tree
                for part in re.findall(r"[^/]+/?", path):
                    place = place.setdefault(part, {})
    return tree


def _drawn(tree: Tree, margin: str = "") -> Iterator[str]:
    """Yield the lines of a tree, folders before files."""
    names = sorted(tree, key=lambda name: (not name.endswith("/"), name))
    for name in names:
        last = name == names[-1]
        yield f"{margin}{'└── ' if last else '├── '}{name}"
        yield from _drawn(tree[name], margin + ("    " if last else "│   "))
