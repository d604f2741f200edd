"""What a statement does when it is executed: bind names, hide others, or act."""

import ast
from collections.abc import Iterator, Mapping, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Import = ast.Import | ast.ImportFrom
SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
"""Nodes that bind names of their own."""

BINDING_ONLY = frozenset(
    {
        "abc.abstractmethod",
        "classmethod",
        "contextlib.contextmanager",
        "dataclasses.dataclass",
        "enum.unique",
        "functools.cache",
        "functools.cached_property",
        "functools.lru_cache",
        "functools.singledispatch",
        "functools.singledispatchmethod",
        "functools.total_ordering",
        "functools.wraps",
        "property",
        "staticmethod",
        "typing.final",
        "typing.overload",
        "typing.override",
    }
)
"""Decorators that change nothing but what they decorate, and read no annotation."""


def executed(
    body: Sequence[object], aliases: Mapping[str, str], *, in_class: bool = False
) -> Iterator[object]:
    """Yield what of a list of statements, or of other things, is ever executed.

    An overload is executed, but a definition of the same name takes its place.
    """
    for item in body:
        if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
            continue
        if isinstance(item, ast.If) and _asks_for_type_checking(item.test):
            yield from executed(item.orelse, aliases, in_class=in_class)
        elif isinstance(item, Function) and [
            meaning(one, aliases) for one in item.decorator_list
        ] == ["typing.overload"]:
            continue
        elif isinstance(item, ast.AnnAssign) and not (item.value or in_class):
            continue
        else:
            yield item


def acts_when_defined(statement: ast.AST, aliases: Mapping[str, str]) -> bool:
    """Tell whether a statement that binds names may do more, such as register them.

    A decorator may put a function into a registry, and a class body may hold any
    statement. So such a definition counts wherever its module is imported.
    """
    if isinstance(statement, ast.Assign):
        targets = [node for target in statement.targets for node in ast.walk(target)]
        stored = [node for node in targets if isinstance(node, ast.Name)]
        elsewhere = any(isinstance(n, ast.Attribute | ast.Subscript) for n in targets)
        return elsewhere or all(node.id == "_" for node in stored)
    if not isinstance(statement, Definition):
        return not isinstance(statement, ast.AnnAssign | ast.Pass)
    meanings = {meaning(one, aliases) for one in _decorators(statement)}
    if meanings - BINDING_ONLY:
        return True
    return isinstance(statement, ast.ClassDef) and any(
        isinstance(inner, ast.AST) and acts_when_defined(inner, aliases)
        for inner in executed(statement.body, aliases, in_class=True)
    )


def variables(function: Function) -> tuple[frozenset[str], frozenset[str]]:
    """Name the variables of a function, and its names that come from elsewhere.

    The first hide names of its module throughout, also in the functions inside it. The
    second hide variables of the functions around it.
    """
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += filter(None, [arguments.vararg, arguments.kwarg])
    stored = {parameter.arg for parameter in parameters}
    around: set[str] = set()
    elsewhere: set[str] = set()
    for node in _own_nodes(function.body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.add(node.id)
        elif isinstance(node, ast.Global):
            elsewhere.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            around.update(node.names)
        elif isinstance(node, Import):
            names = [alias.asname or alias.name for alias in node.names]
            elsewhere.update(name.partition(".")[0] for name in names)
    return frozenset(stored - around - elsewhere), frozenset(elsewhere)


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walk a function without the scopes inside it, which bind names of their own."""
    for node in body:
        yield node
        if not isinstance(node, SCOPES):
            yield from _own_nodes(list(ast.iter_child_nodes(node)))


def _decorators(statement: Definition) -> Iterator[ast.expr]:
    """Yield decorators without their arguments."""
    for decorator in statement.decorator_list:
        yield decorator.func if isinstance(decorator, ast.Call) else decorator


def meaning(expression: ast.expr, aliases: Mapping[str, str]) -> str:
    """Return the full name of what an expression names."""
    head, dot, rest = written_out(expression).partition(".")
    return aliases.get(head, head) + dot + rest


def written_out(node: ast.expr) -> str:
    """Return ``a.b.c`` for such an expression, and nothing for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (value := written_out(node.value)):
        return f"{value}.{node.attr}"
    return ""


def _asks_for_type_checking(test: ast.expr) -> bool:
    return written_out(test).rpartition(".")[2] == "TYPE_CHECKING"
