"""What a module of the package defines, and what each definition uses."""

import ast
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of a module, and the dotted package where its relative imports begin."""

    content: bytes
    home: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Modules by dotted name, and a sum that changes with any byte or name of them.

    It changes with Python too, whose syntax trees differ between versions.
    """

    modules: dict[str, Source]
    digest: str


@cache
def read_sources(root: Path) -> Sources:
    """Read every module of the package below ``root``."""
    modules: dict[str, Source] = {}
    digest = hashlib.sha256(sys.version.encode())
    for path in _files(root / PACKAGE):
        content = path.read_bytes()
        place = path.relative_to(root).with_suffix("").parts
        for part in ("/".join(place).encode(), content):
            digest.update(hashlib.sha256(part).digest())
        name = place[:-1] if path.stem == "__init__" else place
        source = Source(content, ".".join(place[:-1]))
        # Sorted, a package stands before a module of its name, and Python takes it.
        modules.setdefault(".".join(name), source)
    return Sources(modules, digest.hexdigest())


def _files(folder: Path) -> list[Path]:
    """List Python files in order, those of a package before a module of its name."""
    found = os.walk(folder, followlinks=True)
    files = (Path(place, name) for place, _, names in found for name in names)
    # What an editor leaves beside an open file may be a link to nowhere.
    return sorted(path for path in files if path.suffix == ".py" and path.is_file())


PACKAGE = "nodal_staging"

Place = tuple[str, str]
"""Dotted name of a module, and of what is meant in it; empty for the module itself."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Import = ast.Import | ast.ImportFrom


@dataclass
class Module:
    """A module in pieces, as text of syntax trees without docstrings.

    Attributes
    ----------
    text, names
        The whole module, and the names it uses.
    definitions
        What binds a name: functions, classes, assignments, imports from elsewhere.
    uses
        Names that the definitions of a name use; ``tables.NODES`` for an attribute.
    origins
        Where in the package a name was imported from.
    effects, used_on_import
        Statements that bind nothing, executed on import, and the names they use.
    imports
        Every module of the package that is imported, also inside functions.
    """

    text: str = ""
    names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    effects: set[str] = field(default_factory=set)
    used_on_import: set[str] = field(default_factory=set)
    definitions: defaultdict[str, set[str]] = field(
        default_factory=lambda: defaultdict(set)
    )
    uses: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    origins: defaultdict[str, set[Place]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def means(self, name: str) -> bool:
        """Tell whether a name means something in this module."""
        return name in self.definitions or name in self.origins


@cache
def read_module(content: bytes, home: str = "") -> Module:
    """Take a module to pieces.

    Parameters
    ----------
    content
        What its file holds.
    home
        Dotted name of the package where its relative imports begin.
    """
    module = Module()
    for statement in _body(ast.parse(content)):
        read = _Reading(home)
        read.node(statement)
        text = "".join(read.text)
        module.text += text
        module.names |= read.names
        for inner in read.imports:
            _keep_origins(module, inner)
        _sort_in(module, statement, text, read.names)
    return module


class _Reading:
    """One pass over a tree: its text, the names it uses, and its imports."""

    def __init__(self, home: str) -> None:
        self.home = home.split(".")
        self.text: list[str] = []
        self.names: set[str] = set()
        self.imports: list[Import] = []

    def node(self, node: ast.AST) -> None:
        self.text.append(f"{type(node).__name__}(")
        fields = node._fields
        if isinstance(node, ast.Name):
            self.names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            # The first attribute taken of a name tells what of a module is used.
            self.names.add(f"{node.value.id}.{node.attr}")
            self.text.append(f"{node.value.id}.")
            fields = fields[1:]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.imports.append(self.absolute(node))
        for name in fields:
            if name == "body" and isinstance(node, Definition):
                self.field(_body(node))
            else:
                self.field(getattr(node, name, None))
        self.text.append(")")

    def absolute(self, node: Import) -> Import:
        """Write out a relative import, which names a module from where it stands."""
        if isinstance(node, ast.ImportFrom) and node.level:
            above = self.home[: len(self.home) + 1 - node.level]
            node.module = ".".join([*above, *filter(None, [node.module])])
            node.level = 0
        return node

    def field(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.node(value)
        elif isinstance(value, list):
            self.text.append("[")
            for item in value:
                self.field(item)
            self.text.append("]")
        else:
            self.text.append(f"{value!r},")


def _body(tree: ast.Module | Definition) -> list[ast.stmt]:
    """Return the statements of a module, function or class without its docstring."""
    documented = ast.get_docstring(tree, clean=False)
    return tree.body[1:] if documented else tree.body


def _sort_in(
    module: Module, statement: ast.stmt, text: str, names: Iterable[str]
) -> None:
    """Put a statement under the names it binds, or among the effects."""
    bound = list(_bound(statement))
    if isinstance(statement, Import):
        if any(_modules(statement)):
            return
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            home = getattr(statement, "module", "")
            module.definitions[name].add(f"{home}: {alias.name} as {alias.asname}")
    elif bound:
        for name in bound:
            module.definitions[name].add(text)
            module.uses[name].update(names)
    else:
        module.effects.add(text)
        module.used_on_import.update(names)


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Name what a statement of a module binds, if binding is all it does."""
    if isinstance(statement, Definition):
        yield statement.name
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _modules(statement: Import) -> Iterator[str]:
    """Name the modules of the package, and what may be one, that are imported."""
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    else:
        home = statement.module or ""
        names = [home, *(f"{home}.{alias.name}" for alias in statement.names)]
    for name in names:
        if name.partition(".")[0] == PACKAGE:
            yield name


def _keep_origins(module: Module, statement: Import) -> None:
    """Remember where in the package imported names come from."""
    for name in _modules(statement):
        parts = name.split(".")
        module.imports.update(".".join(parts[: n + 1]) for n in range(len(parts)))
        for alias in statement.names:
            if isinstance(statement, ast.ImportFrom):
                origin = (statement.module or "", alias.name)
                module.origins[alias.asname or alias.name].add(origin)
            else:
                bound = alias.asname or alias.name.partition(".")[0]
                module.origins[bound].add((alias.name, ""))
