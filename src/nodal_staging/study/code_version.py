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

# The log of a job says nothing about its result.
WITHOUT_INFLUENCE = frozenset({(f"{PACKAGE}.study.jobs", "job_log")})


@cache
def code_version(
    script: str | Path, source_root: str | Path, memory: str | Path | None = None
) -> str:
    """Hash the code of a script and every definition of the package that it uses.

    Counted is what the script can reach: its own statements, the functions, classes
    and constants they name, and what those name in turn. A module that is imported
    counts with what it does on import; a module that is passed on as a value counts
    whole. The hash is taken over syntax trees without docstrings, so comments, layout
    and modification times do not count.

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


def _version(name: str, content: bytes, sources: Sources) -> str:
    """Hash what a script can reach."""
    own = read_module(content)
    walk = _Walk(sources)
    walk.imports(own)
    parts = {(name, "", own.text)}
    for used in own.names:
        walk.follow(own, used)
    digest = hashlib.sha256()
    for part in sorted(parts | walk.parts):
        digest.update("\0".join((*part, "")).encode())
    return digest.hexdigest()[:16]


class _Walk:
    """A walk from definition to definition, each visited once."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources.modules
        self.parts: set[tuple[str, str, str]] = set()
        # Apart, so that the order in which sets are walked has no influence.
        self.followed: set[Place] = set()
        self.visited: set[Place] = set()
        self.imported: set[str] = set()

    def module(self, name: str) -> Module | None:
        """Find the module of a dotted name; None where it names none."""
        source = self.sources.get(name)
        return None if source is None else read_module(source.content, source.home)

    def imports(self, module: Module) -> None:
        """Count what modules do when they are imported, those above them too."""
        for name in module.imports:
            if name in self.imported:
                continue
            self.imported.add(name)
            found = self.module(name)
            if found is not None:
                self.imports(found)
                self.parts.update((name, "", effect) for effect in found.effects)
                for used in found.used_on_import:
                    self.follow(found, used, name)

    def follow(self, module: Module, used: str, label: str = "") -> None:
        """Count what a name means where it is used: here, or in another module."""
        if (label, used) in self.followed:
            return
        self.followed.add((label, used))
        head, _, attribute = used.partition(".")
        if label:
            for text in module.definitions.get(head, ()):
                self.parts.add((label, head, text))
            for inner in module.uses.get(head, ()):
                self.follow(module, inner, label)
        for origin in module.origins.get(head, ()):
            for place in self._places(origin, attribute):
                self._visit(place)

    def _places(self, origin: Place, attribute: str) -> Iterator[Place]:
        """Resolve an imported name: a definition, or what is used of a module."""
        name, wanted = origin
        inside = f"{name}.{wanted}" if wanted else name
        if self.module(inside) is not None and not self._defines(name, wanted):
            yield inside, attribute.partition(".")[0]
        else:
            yield name, wanted

    def _defines(self, name: str, wanted: str) -> bool:
        module = self.module(name) if wanted else None
        return module is not None and module.means(wanted)

    def _visit(self, place: Place) -> None:
        name, wanted = place
        if place in self.visited or place in WITHOUT_INFLUENCE:
            return
        self.visited.add(place)
        module = self.module(name)
        if module is None:
            return
        if module.means(wanted):
            self.follow(module, wanted, name)
            return
        # The module itself is handed on, or asked for what it makes by itself.
        self.parts.add((name, "", module.text))
        for used in module.names:
            self.follow(module, used, name)
