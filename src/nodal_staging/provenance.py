"""Which code made a result: a version that comments and checkouts do not change."""

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = "nodal_staging"

# The log of a job says nothing about its result.
WITHOUT_INFLUENCE = frozenset({f"{PACKAGE}.jobs"})


def code_version(script: str | Path, source_root: str | Path) -> str:
    """Hash the code of a script and of every module of the package that it imports.

    The hash is taken over syntax trees without docstrings, so comments, layout and
    modification times do not count; what the script imports counts transitively.

    Parameters
    ----------
    script
        A Python file that imports modules of the package by absolute name.
    source_root
        The folder that holds the package (``src``).

    Returns
    -------
    16 hexadecimal digits of a SHA-256 sum.
    """
    source_root = Path(source_root).resolve()
    pending = [Path(script).resolve()]
    trees: dict[str, str] = {}
    while pending:
        path = pending.pop()
        name = _label(path, source_root)
        if name in trees:
            continue
        trees[name], imported = _read(path, name)
        pending.extend(
            module
            for name in imported
            if name not in WITHOUT_INFLUENCE
            for module in _files_of(name, source_root)
        )
    digest = hashlib.sha256()
    for name in sorted(trees):
        digest.update(f"{name}\0{trees[name]}\0".encode())
    return digest.hexdigest()[:16]


def _label(path: Path, source_root: Path) -> str:
    """Name a file independently of where the repository lies."""
    if path.is_relative_to(source_root):
        return path.relative_to(source_root).as_posix()
    return path.name


@cache
def _read(path: Path, label: str) -> tuple[str, tuple[str, ...]]:
    """Return the syntax tree of a file as text and the package modules it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = tuple(sorted(_imports(tree, label.split("/")[:-1])))
    return ast.dump(_without_docstrings(tree)), imported


def _imports(tree: ast.AST, package: list[str]) -> set[str]:
    """List names of package modules that a tree imports, also inside functions.

    ``package`` is where the file lies, for relative imports.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] == PACKAGE}


def _files_of(name: str, source_root: Path) -> list[Path]:
    """Find the file of a dotted name, and the ``__init__`` files above it."""
    parts = name.split(".")
    folder = source_root.joinpath(*parts)
    above = [
        source_root.joinpath(*parts[:depth], "__init__.py")
        for depth in range(1, len(parts) + 1)
    ]
    return [path for path in (*above, folder.with_suffix(".py")) if path.is_file()]


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Drop the docstrings of a module, its classes and functions."""
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node, clean=False):
            node.body = node.body[1:]
    return tree
