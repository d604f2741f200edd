"""Which part of a syntax tree can influence a result, as text and as names."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from nodal_staging.study.statements import (
    Function,
    Import,
    acts_when_defined,
    executed,
    meaning,
    variables,
    written_out,
)

ERROR = "Error"
"""What the name of each class of errors ends with, and of nothing else."""

LOGGER = "logger"
"""The name of the log of a module, and of nothing else."""

FILE_NAME = re.compile(r"[\w./-]+\.\w+")
FILE = "/"
"""Stands before a name that may be that of a data file of the package."""


class Reading:
    """One pass over a tree: its text, the names that it uses, and its imports.

    Comments, layout, docstrings and other strings without use, blocks that only a type
    checker reads, overloads, the type of a cast, and annotations are left out. The
    annotations of a class body and of a function with a decorator that may read them
    are kept; the order of the members of a union is not. The words of errors, of
    assertions and of the log are left out; what is filled in stays.

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
            case ast.Call() if len(node.args) == 2 and self._means(
                node.func, "typing.cast"
            ):
                self.node(node.args[1])
            case ast.Call() if written_out(node.func).endswith(ERROR):
                self._worded(node, node.args[:1])
            case ast.Call(func=ast.Attribute(value=ast.Name(id=log))) if log == LOGGER:
                self._worded(node, node.args)
            case ast.Raise(exc=ast.Call() as made):
                self._raise(made, node.cause)
            case ast.Assert():
                self._fields(node, ("test",))
                self._words(node.msg)
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

    def _means(self, named: ast.expr, full: str) -> bool:
        """Tell whether an expression names something that the module has imported."""
        head = written_out(named).partition(".")[0]
        imported = head in self.aliases and head not in self._local
        return imported and meaning(named, self.aliases) == full

    def _raise(self, made: ast.Call, cause: ast.expr | None) -> None:
        """Read an error that is raised, by its class or by a function that makes it."""
        self.text.append("Raise(")
        if written_out(made.func).endswith(ERROR):
            self.node(made)
        else:
            self._worded(made, [])
        self._field(cause)
        self.text.append(")")

    def _worded(self, call: ast.Call, worded: list[ast.expr]) -> None:
        """Read a call without its words, which no result depends on.

        Those of the arguments in ``worded`` are left out, and of the others sentences:
        a text without a space may be a code, such as the reason of an exam.
        """
        self.text.append("Call(")
        self.node(call.func)
        for argument in call.args:
            self._words(argument, codes=argument not in worded)
        for keyword in call.keywords:
            self.text.append(f"{keyword.arg}=")
            self._words(keyword.value, codes=True)
        self.text.append(")")

    def _words(self, words: ast.expr | None, *, codes: bool = False) -> None:
        """Read what is filled into a message; what may be a code where asked for."""
        match words:
            case ast.Constant(value=str()) if not codes or _is_sentence(words):
                pass
            case ast.JoinedStr():
                codes = codes and not any(map(_is_sentence, words.values))
                for part in words.values:
                    self._words(part, codes=codes)
            case ast.BinOp(op=ast.Add()):
                self._words(words.left, codes=codes)
                self._words(words.right, codes=codes)
            case ast.IfExp():
                self.node(words.test)
                self._words(words.body, codes=codes)
                self._words(words.orelse, codes=codes)
            case _:
                self._field(words)

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
            for item in executed(value, self.aliases, in_class=self._in_class):
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
        own, elsewhere = variables(node)
        self._local = (self._local - elsewhere) | own
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
        if written := written_out(node):
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


def _is_sentence(part: ast.expr) -> bool:
    """Tell whether a text is one for people, since it holds a space; no code does."""
    return isinstance(part, ast.Constant) and " " in str(part.value)


def _members(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _members(node.left)
        yield from _members(node.right)
    else:
        yield node
