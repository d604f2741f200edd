"""Which part of a syntax tree can influence a result, as text and as names."""

import ast
import re
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

FILE_NAME = re.compile(r"[\w./-]+\.\w+")
FILE = "/"
"""Stands before a name that may be that of a data file of the package."""


class Reading:
    """One pass over a tree: its text, the names that it uses, and its imports.

    Comments, layout, docstrings and other strings without use, blocks that only a type
    checker reads, and annotations are left out. The annotations of a class body and of
    a function with a decorator that may read them are kept; the order of the members
    of a union is not.

    Parameters
    ----------
    home
        Dotted name of the package where relative imports begin.
    aliases
        What the imported names of the module mean, for example ``functools.cache``.

    Attributes
    ----------
    text
        The tree as text, in parts.
    names
        Names in use, as far as they are written out (``tables.NODES``), and strings
        that may name a data file, behind a ``/``.
    imports
        Import statements, absolute.
    """

    def __init__(self, home: str, aliases: Mapping[str, str]) -> None:
        self.home = home.split(".")
        self.aliases = aliases
        self.text: list[str] = []
        self.names: set[str] = set()
        self.imports: list[Import] = []
        self._in_class = False
        self._reads_annotations = False
        self._in_annotation = False
        self._local: frozenset[str] = frozenset()

    def node(self, node: ast.AST) -> None:
        """Read a statement or expression."""
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.arg():
                self._argument(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.BinOp(op=ast.BitOr()) if self._in_annotation:
                self._union(node)
            case _:
                self._other(node)

    def _other(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                self._use(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._use(node.target.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            self.imports.append(self._absolute(node))
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, str) and FILE_NAME.fullmatch(node.value):
                self.names.add(FILE + node.value)
        self._fields(node, node._fields)

    def _use(self, written: str) -> None:
        """Keep a name, unless it is that of a variable of the function around it."""
        if written.partition(".")[0] not in self._local:
            self.names.add(written)

    def _fields(self, node: ast.AST, names: Sequence[str]) -> None:
        self.text.append(f"{type(node).__name__}(")
        for name in names:
            self._field(getattr(node, name, None))
        self.text.append(")")

    def _field(self, value: object) -> None:
        if isinstance(value, ast.AST):
            self.node(value)
        elif isinstance(value, list):
            self.text.append("[")
            for item in executed(value, in_class=self._in_class):
                self._field(item)
            self.text.append("]")
        else:
            self.text.append(f"{value!r},")

    def _function(self, node: Function) -> None:
        outside = self._in_class, self._reads_annotations, self._local
        self._field(node.decorator_list)
        self._in_class = False
        self._reads_annotations = acts_when_defined(node, self.aliases)
        self._fields(node, ("name", "args"))
        if self._reads_annotations:
            self._annotation(node.returns)
        self._reads_annotations = False
        self._local |= _variables(node)
        self._field(node.body)
        self._in_class, self._reads_annotations, self._local = outside

    def _class(self, node: ast.ClassDef) -> None:
        outside = self._in_class
        self._fields(node, ("name", "bases", "keywords", "decorator_list"))
        self._in_class = True
        self._field(node.body)
        self._in_class = outside

    def _annotated(self, node: ast.AnnAssign) -> None:
        """Read a dataclass field as it stands, and a variable as if it had no type."""
        if self._in_class:
            self._annotation(node.annotation)
            self._fields(node, ("target", "value"))
        elif node.value is not None:
            self._other(ast.Assign([node.target], node.value))

    def _argument(self, node: ast.arg) -> None:
        self._fields(node, ("arg",))
        if self._reads_annotations:
            self._annotation(node.annotation)

    def _annotation(self, node: ast.expr | None) -> None:
        self._in_annotation = True
        self._field(node)
        self._in_annotation = False

    def _attribute(self, node: ast.Attribute) -> None:
        """Name what is taken of a module, however deep it lies."""
        if written := _written_out(node):
            self._use(written)
            self.text.append(f"{written} {type(node.ctx).__name__},")
        else:
            self._fields(node, node._fields)

    def _union(self, node: ast.BinOp) -> None:
        """Read the members of ``A | B`` in an order of their own."""
        texts, before = [], self.text
        for member in _members(node):
            self.text = []
            self.node(member)
            texts.append("".join(self.text))
        self.text = before
        self.text.extend(["Union(", *sorted(texts), ")"])

    def _absolute(self, node: Import) -> Import:
        """Write out a relative import, which names a module from where it stands."""
        if isinstance(node, ast.ImportFrom) and node.level:
            above = self.home[: len(self.home) + 1 - node.level]
            node.module = ".".join([*above, *filter(None, [node.module])])
            node.level = 0
        return node


def executed(body: Sequence[object], *, in_class: bool = False) -> Iterator[object]:
    """Yield what of a list of statements, or of other things, is ever executed."""
    for item in body:
        if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant):
            continue
        if isinstance(item, ast.If) and _asks_for_type_checking(item.test):
            yield from executed(item.orelse, in_class=in_class)
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
    meanings = {_meaning(one, aliases) for one in _decorators(statement)}
    if meanings - BINDING_ONLY:
        return True
    return isinstance(statement, ast.ClassDef) and any(
        isinstance(inner, ast.AST) and acts_when_defined(inner, aliases)
        for inner in executed(statement.body, in_class=True)
    )


def _variables(function: Function) -> frozenset[str]:
    """Name the variables of a function, which hide names of its module throughout."""
    arguments = function.args
    parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    parameters += filter(None, [arguments.vararg, arguments.kwarg])
    stored = {parameter.arg for parameter in parameters}
    elsewhere: set[str] = set()
    for node in _own_nodes(function.body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.add(node.id)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            elsewhere.update(node.names)
        elif isinstance(node, Import):
            names = [alias.asname or alias.name for alias in node.names]
            elsewhere.update(name.partition(".")[0] for name in names)
    return frozenset(stored - elsewhere)


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Walk a function without the scopes inside it, which bind names of their own."""
    for node in body:
        yield node
        if not isinstance(node, SCOPES):
            yield from _own_nodes(list(ast.iter_child_nodes(node)))


def _decorators(statement: Definition) -> Iterator[ast.expr]:
    """Yield decorators without their arguments; those of a property are its own."""
    for decorator in statement.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not (isinstance(called, ast.Attribute) and called.attr == "setter"):
            yield called


def _meaning(expression: ast.expr, aliases: Mapping[str, str]) -> str:
    """Return the full name of what an expression names."""
    head, dot, rest = _written_out(expression).partition(".")
    return aliases.get(head, head) + dot + rest


def _written_out(node: ast.expr) -> str:
    """Return ``a.b.c`` for such an expression, and nothing for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (value := _written_out(node.value)):
        return f"{value}.{node.attr}"
    return ""


def _members(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _members(node.left)
        yield from _members(node.right)
    else:
        yield node


def _asks_for_type_checking(test: ast.expr) -> bool:
    return _written_out(test).rpartition(".")[2] == "TYPE_CHECKING"
