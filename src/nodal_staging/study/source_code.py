"""What a module of the package defines, and what each definition uses."""

import ast
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nodal_staging.study.statements import (
    Definition,
    Import,
    acts_when_defined,
    executed,
)
from nodal_staging.study.syntax import Reading

PACKAGE = "nodal_staging"

Place = tuple[str, str]
"""Dotted name of a module, and of what is meant in it; empty for the module itself."""


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes of a module, and the dotted package where its relative imports begin."""

    content: bytes
    home: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The package as files.

    Attributes
    ----------
    modules
        Modules by dotted name.
    data
        SHA-256 sums of its other files, by path in the package (``report/page.css``).
    digest
        A sum that changes with any byte or name of them. It changes with Python too,
        whose syntax trees differ between versions.
    """

    modules: dict[str, Source]
    data: dict[str, str]
    digest: str

    def files_named(self, name: str) -> list[str]:
        """Return the data files that a string may name."""
        return [path for path in self.data if f"/{path}".endswith(f"/{name}")]


@cache
def read_sources(root: Path) -> Sources:
    """Read every module and data file of the package below ``root``."""
    modules: dict[str, Source] = {}
    data: dict[str, str] = {}
    digest = hashlib.sha256(sys.version.encode())
    for path in _files(root / PACKAGE):
        content = path.read_bytes()
        place = path.relative_to(root).parts
        total = hashlib.sha256(content)
        digest.update(hashlib.sha256("/".join(place).encode()).digest())
        digest.update(total.digest())
        if path.suffix != ".py":
            data["/".join(place[1:])] = total.hexdigest()
            continue
        parts = (*place[:-1], path.stem)
        name = parts[:-1] if path.stem == "__init__" else parts
        source = Source(content, ".".join(parts[:-1]))
        # Sorted, a package stands before a module of its name, and Python takes it.
        modules.setdefault(".".join(name), source)
    return Sources(modules, data, digest.hexdigest())


def _files(folder: Path) -> list[Path]:
    """List files in order, those of a package before a module of its name."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [one for one in folders if one != "__pycache__"]
        found.extend(Path(place, name) for name in names)
    # What an editor leaves next to an open file may be a link to nowhere.
    return sorted(
        path
        for path in found
        if path.is_file() and path.name[0] != "." and path.suffix not in {".pyc", ".md"}
    )


@dataclass
class Module:
    """A module in pieces, as text of what its statements do.

    Attributes
    ----------
    text, names
        The whole module, and the names it uses.
    definitions
        What binds a name, in order: functions, classes, assignments, imports from
        elsewhere.
    uses
        Names that the definitions of a name use; ``tables.NODES`` for an attribute,
        ``/page.css`` for what may be a data file.
    origins
        Where in the package a name was imported from.
    effects, made, used_on_import
        Statements that do more than bind a name, executed on import; names that they
        bind all the same, in an ``if`` or ``try``; the names they use, and the names
        whose definitions do more than bind them.
    imports
        Every module of the package that is imported, also inside functions.
    """

    text: str = ""
    names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    effects: list[str] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    used_on_import: set[str] = field(default_factory=set)
    definitions: defaultdict[str, list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    uses: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    origins: defaultdict[str, set[Place]] = field(
        default_factory=lambda: defaultdict(set)
    )

    def means(self, name: str) -> bool:
        """Tell whether a name means something in this module."""
        return any(name in one for one in (self.definitions, self.origins, self.made))


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
    tree = ast.parse(content)
    aliases = _aliases(tree)
    for statement in executed(tree.body, aliases):
        assert isinstance(statement, ast.stmt)  # noqa: S101
        read = Reading(home, aliases)
        read.node(statement)
        module.text += "".join(read.text)
        module.names |= read.names
        for inner in read.imports:
            _keep_origins(module, inner)
        _sort_in(module, statement, read)
        if acts_when_defined(statement, aliases):
            module.used_on_import.update(_bound(statement))
    return module


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Return the full names of what a module imports; its own begin with a dot."""
    found: dict[str, str] = {}
    for statement in tree.body:
        found |= {name: f".{name}" for name in _bound(statement)}
        if isinstance(statement, Import):
            home = getattr(statement, "module", None) or ""
            dots = "." * getattr(statement, "level", 0)
            for alias in statement.names:
                full = f"{home}.{alias.name}" if home else alias.name
                found[alias.asname or alias.name] = dots + full
    return found


def _sort_in(module: Module, statement: ast.stmt, read: Reading) -> None:
    """Put a statement under the names it binds, or among the effects."""
    bound = list(_bound(statement))
    if isinstance(statement, Import):
        if any(_modules(statement)):
            return
        for alias in statement.names:
            name = alias.asname or alias.name.partition(".")[0]
            home = getattr(statement, "module", "")
            module.definitions[name].append(f"{home}: {alias.name} as {alias.asname}")
    elif bound:
        for name in bound:
            module.definitions[name].append("".join(read.text))
            module.uses[name].update(read.names)
    else:
        module.effects.append("".join(read.text))
        module.made.update(_bound_inside(statement))
        module.used_on_import.update(read.names)


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


def _bound_inside(statement: ast.stmt) -> Iterator[str]:
    """Name what the statements inside another one may bind."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, Definition):
            yield node.name
        elif isinstance(node, Import):
            yield from (one.asname or one.name.partition(".")[0] for one in node.names)


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
            bound, origin = alias.name, (statement.module or "", alias.name)
        elif alias.asname:
            bound, origin = "", (alias.name, "")
        else:
            bound = alias.name.partition(".")[0]
            origin = (bound, "")
        if origin[0].partition(".")[0] == PACKAGE:
            module.origins[alias.asname or bound].add(origin)
