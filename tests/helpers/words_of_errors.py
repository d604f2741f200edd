"""Places that take the words of an error, and those that decide by them.

A code version leaves the words of errors out, so no result may depend on them.
"""

import ast
from collections.abc import Iterator

from nodal_staging.study.statements import written_out
from nodal_staging.study.syntax import ERROR, LOGGER

WORDS = {"__str__", "args", "message", "msg", "strerror"}
"""Attributes of an error that hold words."""


def words_taken(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield where words of errors go elsewhere than into another error or the log."""
    errors = _names_of_errors(tree)
    passed = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _passes_on(node)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node not in passed and _takes_words(node, errors):
            yield node.lineno, ast.unparse(node)


def decisions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield conditions, comparisons and searches that read the words of an error."""
    errors = _names_of_errors(tree)
    for node in ast.walk(tree):
        for read in _read_to_decide(node):
            if any(_takes_words(inner, errors) for inner in ast.walk(read)):
                yield read.lineno, ast.unparse(read)
                break


def _names_of_errors(tree: ast.AST) -> set[str]:
    """Name the variables of a module that hold an error."""
    found = {"error", "exception"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.arg) and node.annotation:
            if any(
                isinstance(one, ast.Name | ast.Attribute)
                and written_out(one).endswith(ERROR)
                for one in ast.walk(node.annotation)
            ):
                found.add(node.arg)
    return found


def _takes_words(node: ast.AST, errors: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="str" | "repr" | "format"), args=[value, *_]):
            return _is_error(value, errors)
        case ast.FormattedValue(value=value):
            return _is_error(value, errors)
        case ast.Attribute(value=value, attr=name) if name in WORDS:
            return _is_error(value, errors)
    return False


def _is_error(value: ast.expr, errors: set[str]) -> bool:
    return written_out(value).rpartition(".")[2] in errors


def _passes_on(call: ast.Call) -> bool:
    """Tell whether a call makes an error or writes to the log."""
    head, _, name = written_out(call.func).rpartition(".")
    return name.endswith(ERROR) or head == LOGGER


def _read_to_decide(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.If() | ast.While() | ast.IfExp() | ast.Assert():
            return [node.test]
        case ast.comprehension():
            return node.ifs
        case ast.Compare():
            return [node]
        case ast.BoolOp():
            return node.values
        case ast.Match():
            return [node.subject]
        case ast.Call(func=ast.Attribute(attr=name)) if name in SEARCHES:
            return [node]
        case ast.Subscript():
            return [node.slice]
    return []


SEARCHES = {
    *("startswith", "endswith", "find", "rfind", "index", "rindex", "count"),
    *("match", "search", "fullmatch", "findall", "finditer", "get", "__contains__"),
}
"""Methods, and functions of ``re``, whose answer depends on what a text says."""
