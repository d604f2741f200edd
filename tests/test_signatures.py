"""No function takes more than eight parameters: what travels together is one object."""

import ast
from collections.abc import Iterator
from pathlib import Path

import nodal_staging

PACKAGE = Path(nodal_staging.__path__[0])
MOST = 8
"""Parameters of a function; ``self`` and ``cls`` are not counted."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parameters(function: Function, *, method: bool) -> list[str]:
    """Return the names of all parameters, keyword-only ones included."""
    given = function.args
    named = [*given.posonlyargs, *given.args]
    gathered = [one for one in (given.vararg, given.kwarg) if one is not None]
    decorators = getattr(function, "decorator_list", [])
    static = any(ast.unparse(one) == "staticmethod" for one in decorators)
    own = named[1:] if method and not static else named
    return [one.arg for one in (*own, *given.kwonlyargs, *gathered)]


def long_signatures(source: str) -> Iterator[str]:
    """Yield the functions of a module with too many parameters."""
    tree = ast.parse(source)
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    methods = {id(function) for owner in classes for function in owner.body}
    for node in ast.walk(tree):
        if isinstance(node, Function):
            names = parameters(node, method=id(node) in methods)
            if len(names) > MOST:
                yield f"{getattr(node, 'name', 'lambda')}: {len(names)}"


def test_no_signature_is_long():
    found = [
        f"{place}: {function}"
        for place in (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
        for function in long_signatures((PACKAGE / place).read_text("utf-8"))
    ]
    assert not found, "\n".join(sorted(found))


def test_every_kind_of_parameter_counts():
    few = ", ".join(f"p{number}" for number in range(MOST))
    assert not [*long_signatures(f"def f({few}): ...")]
    assert not [*long_signatures(f"class A:\n    def f(self, {few}): ...")]
    for more in ("x", "*, x", "*x", "**x", "/, x"):
        assert [*long_signatures(f"def f({few}, {more}): ...")] == ["f: 9"]
    static = f"class A:\n    @staticmethod\n    def f(x, {few}): ..."
    assert [*long_signatures(static)] == ["f: 9"]
    assert [*long_signatures(f"f = lambda x, {few}: 0")] == ["lambda: 9"]
