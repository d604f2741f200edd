"""Which code made a result: a version that comments and checkouts do not change."""

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from nodal_staging.study.memory import remembered
from nodal_staging.study.source_code import (
    PACKAGE,
    Module,
    Place,
    Sources,
    read_module,
    read_sources,
)
from nodal_staging.study.syntax import FILE

# The log of a job, and the versions that it names, say nothing about its result.
WITHOUT_INFLUENCE = frozenset(
    {
        (f"{PACKAGE}.study.jobs", "job_log"),
        (f"{PACKAGE}.study.package_versions", "note_version"),
    }
)


@cache
def code_version(
    script: str | Path, source_root: str | Path, memory: str | Path | None = None
) -> str:
    """Hash the code of a script and every definition of the package that it uses.

    Counted is what the script can reach: its own statements, the functions, classes
    and constants they name, and what those name in turn. A module that is imported
    counts with what it does on import, such as the functions that a decorator
    registers; a module that is passed on as a value counts whole; a data file counts
    where its name stands in a string. The hash is taken over syntax trees without
    docstrings, annotations that are never evaluated, and blocks for type checkers, so
    comments, layout and modification times do not count, and neither do the words of
    errors and of the log.

    Parameters
    ----------
    script
        A Python file that imports from the package by absolute name.
    source_root
        The folder that holds the package (``src``).
    memory
        A file that keeps the version until a byte of the package or the script
        changes; those of all scripts take a second.

    Returns
    -------
    16 hexadecimal digits of a SHA-256 sum.
    """
    sources = read_sources(Path(source_root).resolve())
    name, content = Path(script).name, Path(script).read_bytes()
    origin = [sources.digest, name, hashlib.sha256(content).hexdigest()]
    return remembered(memory, lambda: origin, lambda: _version(name, content, sources))


def counted_definitions(script: str | Path, source_root: str | Path) -> set[Place]:
    """Name the definitions of the package that the version of a script contains.

    Parameters
    ----------
    script, source_root
        As for :func:`code_version`.

    Returns
    -------
    Dotted names of modules, and of a function, class or constant in them; what a
    module does on import stands under an empty name.
    """
    sources = read_sources(Path(source_root).resolve())
    parts = _parts(Path(script).name, Path(script).read_bytes(), sources)
    return {(module, definition) for module, definition, _ in parts}


def _version(name: str, content: bytes, sources: Sources) -> str:
    """Hash what a script can reach."""
    digest = hashlib.sha256()
    for part in sorted(_parts(name, content, sources)):
        digest.update("\0".join((*part, "")).encode())
    return digest.hexdigest()[:16]


def _parts(name: str, content: bytes, sources: Sources) -> set[tuple[str, str, str]]:
    """Gather what a script can reach: module, name in it, text."""
    own = read_module(content)
    walk = _Walk(sources)
    walk.imports(own)
    for used in own.names:
        walk.follow("", own, used)
    return {(name, "", own.text)} | walk.parts


class _Walk:
    """A walk from definition to definition, each visited once.

    Attributes
    ----------
    parts
        What has been reached: module, name in it, text.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.parts: set[tuple[str, str, str]] = set()
        self.imported: set[str] = set()
        self.defined: set[Place] = set()
        # Apart, so that the order in which sets are walked has no influence.
        self.followed: set[Place] = set()
        self.visited: set[Place] = set()

    def module(self, name: str) -> Module | None:
        """Find the module of a dotted name; None where it names none."""
        source = self.sources.modules.get(name)
        return None if source is None else read_module(source.content, source.home)

    def imports(self, module: Module) -> None:
        """Count what modules do when they are imported, those above them too."""
        loaded = list(self._loaded(module))
        for name, found in loaded:
            if found.effects:
                self.parts.add((name, "", "\n".join(found.effects)))
            for used in found.used_on_import:
                self.follow(name, found, used)

    def _loaded(self, module: Module) -> Iterator[tuple[str, Module]]:
        """Yield every module that is imported, once."""
        for name in module.imports - self.imported:
            found = self.module(name)
            if name not in self.imported and found is not None:
                self.imported.add(name)
                yield name, found
                yield from self._loaded(found)

    def follow(self, name: str, module: Module, used: str) -> None:
        """Count what a name means where it is used: here, or in another module.

        Parameters
        ----------
        name
            Dotted name of the module; empty for the script, which counts whole.
        module
            Its pieces.
        used
            The name, with the attributes that are taken of it.
        """
        if (name, used) in self.followed:
            return
        self.followed.add((name, used))
        if used.startswith(FILE):
            for path in self.sources.files_named(used.removeprefix(FILE)):
                self.parts.add((path, "", self.sources.data[path]))
            return
        head, _, attributes = used.partition(".")
        self._define(name, module, head)
        for origin, wanted in module.origins.get(head, ()):
            self._visit(origin, ".".join(filter(None, (wanted, attributes))))

    def _define(self, name: str, module: Module, head: str) -> None:
        """Count what binds a name in a module, and follow what that uses."""
        if (name, head) in self.defined:
            return
        self.defined.add((name, head))
        texts = module.definitions.get(head)
        if name and texts:
            self.parts.add((name, head, "\n".join(texts)))
        for inner in module.uses.get(head, ()):
            self.follow(name, module, inner)

    def _visit(self, name: str, wanted: str) -> None:
        """Count what is wanted of a module: a definition, a module in it, or all."""
        head, _, attributes = wanted.partition(".")
        module = self.module(name)
        if module is None or (name, wanted) in self.visited:
            return
        if (name, head) in WITHOUT_INFLUENCE:
            return
        self.visited.add((name, wanted))
        # A package may bind the name of a module in it, also to that very module.
        inside = f"{name}.{head}"
        is_module = bool(head) and self.module(inside) is not None
        if is_module:
            self._visit(inside, attributes)
        if module.means(head):
            self.follow(name, module, wanted)
        elif not is_module:
            self._whole(name, module)

    def _whole(self, name: str, module: Module) -> None:
        """Count a module that is handed on, or whose attributes are read by name."""
        for used in {*module.definitions, *module.origins, *module.names}:
            self.follow(name, module, used)
        for inside in self.imported:
            if inside.rpartition(".")[0] == name:
                self._visit(inside, "")
