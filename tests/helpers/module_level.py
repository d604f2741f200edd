"""Statements of a module that may act when it is imported, which versions cannot see.

The module level, class bodies and defaults of arguments hold imports, definitions, and
constants that are built from literals and by functions that change nothing.
"""

import ast
from collections.abc import Iterator, Mapping

from untraceable_code import FILLING

from nodal_staging.study.statements import Import, written_out

PURE = {
    *("bytes", "dict", "float", "frozenset", "int", "len", "list", "map", "max", "min"),
    *("range", "set", "slice", "sorted", "str", "sum", "tuple", "zip", "getattr"),
    *(
        "dataclasses.dataclass",
        "dataclasses.field",
        "dataclasses.fields",
        "functools.lru_cache",
    ),
    *("datetime.datetime", "datetime.timedelta"),
    *("functools.partial", "hashlib.sha256", "logging.getLogger", "pathlib.Path"),
    *("re.compile", "socket.gethostname", "struct.Struct"),
    *("typing.TypeVar", "typing.cast"),
    "matplotlib.patheffects.withStroke",
    *("pydicom.tag.Tag",),
    *("numpy.abs", "numpy.arange", "numpy.array", "numpy.empty", "numpy.finfo"),
    *(
        "numpy.float32",
        "numpy.linspace",
        "numpy.ones",
        "numpy.round",
        "numpy.subtract.outer",
    ),
}
"""Functions of others that change nothing."""
PURE_METHODS = {
    *("astype", "encode", "get", "hexdigest", "items", "join", "keys", "resolve"),
    *("split", "values", "with_name"),
}
MAKING = {"__init__", "__new__", "__post_init__"}
CHANGING = {*FILLING, "clear", "discard", "pop", "popitem", "remove", "sort"}


class Package:
    """Modules by name, and which of their functions change what is not theirs."""

    def __init__(self, modules: Mapping[str, bytes]) -> None:
        self.trees = {name: ast.parse(content) for name, content in modules.items()}
        self.meanings = {name: _meanings(name, self.trees) for name in modules}
        self._known: dict[tuple[str, str], bool] = {}

    def acts(self, module: str, written: str) -> bool:
        """Tell whether a function or class changes its arguments or any module.

        Parameters
        ----------
        module
            Where the name stands.
        written
            The name, with attributes; one of another package does not act here.
        """
        if (module, written) not in self._known:
            self._known[module, written] = False
            self._known[module, written] = any(
                _changes(function)
                or any(self.acts(place, n) for n in _called(function))
                for place, function in self.executed(module, written) or ()
            )
        return self._known[module, written]

    def executed(
        self, module: str, written: str
    ) -> list[tuple[str, ast.FunctionDef]] | None:
        """Return what a call of a name executes, None where it names no definition."""
        head, dot, rest = written.partition(".")
        if full := self.meanings[module].get(head):
            if full + dot + rest in self.trees:
                return None
            place, name = self._place(full + dot + rest)
            return self.executed(place, name) if place else None
        for node in self.trees[module].body:
            if isinstance(node, ast.FunctionDef) and node.name == written:
                return [(module, node)]
            if isinstance(node, ast.ClassDef) and node.name == head:
                wanted = {rest} if rest else MAKING
                inner = [one for one in node.body if isinstance(one, ast.FunctionDef)]
                found = [(module, one) for one in inner if one.name in wanted]
                return found if found or not rest else None
        return None

    def _place(self, full: str) -> tuple[str, str]:
        """Return the module of a full name, and what is meant in it."""
        parts = full.split(".")
        for count in range(len(parts) - 1, 0, -1):
            if (place := ".".join(parts[:count])) in self.trees:
                return place, ".".join(parts[count:])
        return "", ""


def acting_statements(package: Package, module: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, problem and text of what may act when a module is imported."""
    level = _Level(package, module)
    yield from level.statements(package.trees[module].body)


class _Level:
    """The level of a module, and the class bodies in it."""

    def __init__(self, package: Package, module: str) -> None:
        self.package = package
        self.module = module
        self.meanings = package.meanings[module]

    def statements(self, body: list[ast.stmt]) -> Iterator[tuple[int, str, str]]:
        """Yield what may act; imports stand before anything that does."""
        acted = False
        for statement in body:
            problem = self._problem(statement)
            if acted and isinstance(statement, Import):
                problem = "imports after something that acts"
            if problem:
                yield statement.lineno, problem, ast.unparse(statement)
            acted |= bool(problem)
            if isinstance(statement, ast.ClassDef):
                yield from self.statements(statement.body)

    def _problem(self, statement: ast.stmt) -> str:
        match statement:
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                return ""
            case ast.Import() | ast.ImportFrom():
                return ""
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
                return ""
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                eager = _defaults(statement.args)
            case ast.ClassDef():
                eager = [*statement.bases]
            case ast.Assign() | ast.AnnAssign():
                targets = getattr(statement, "targets", None) or [statement.target]
                if not all(map(_is_plain, targets)):
                    return "changes something that has a name already"
                eager = [statement.value] if statement.value else []
            case _:
                return "acts when its module is imported"
        eager += getattr(statement, "decorator_list", [])
        return next(filter(None, map(self._problem_of, eager)), "")

    def _problem_of(self, value: ast.expr) -> str:
        """Say why an expression is not a constant."""
        for node in _eager(value):
            if isinstance(node, ast.NamedExpr):
                return "binds a name inside an expression"
            if isinstance(node, ast.Call):
                handed = [*node.args, *(keyword.value for keyword in node.keywords)]
                if written_out(node.func) == "partial":
                    handed = []
                if not self._is_pure(node.func) or any(map(self._may_act, handed)):
                    return "calls what may act"
        return ""

    def _may_act(self, handed: ast.expr) -> bool:
        """Tell whether what is handed on may act when it is called."""
        for node in ast.walk(handed):
            if isinstance(node, ast.Attribute) and node.attr in CHANGING:
                return True
            if isinstance(node, ast.Name | ast.Attribute) and self._acts(node):
                return True
        return False

    def _acts(self, expression: ast.expr) -> bool:
        written = written_out(expression)
        return bool(written) and self.package.acts(self.module, written)

    def _is_pure(self, called: ast.expr) -> bool:
        if self._acts(called):
            return False
        head, dot, rest = written_out(called).partition(".")
        full = self.meanings.get(head, head) + dot + rest
        if self.package.executed(self.module, head + dot + rest) is not None:
            return True
        value = isinstance(called, ast.Attribute) and head not in self.meanings
        return full in PURE or (value and called.attr in PURE_METHODS)


def _meanings(module: str, trees: Mapping[str, ast.Module]) -> dict[str, str]:
    """Return the full names of what a module imports."""
    is_package = any(name.startswith(f"{module}.") for name in trees)
    above = module.split(".") if is_package else module.split(".")[:-1]
    found: dict[str, str] = {}
    for node in trees[module].body:
        if isinstance(node, ast.ImportFrom):
            near = above[: len(above) + 1 - node.level] if node.level else []
            home = ".".join([*near, *filter(None, [node.module])])
            found |= {a.asname or a.name: f"{home}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                head = alias.name.partition(".")[0]
                found[alias.asname or head] = alias.name if alias.asname else head
    return found


def _eager(value: ast.expr) -> Iterator[ast.AST]:
    """Walk what is evaluated at once: all but the bodies of lambdas."""
    yield value
    inner = ast.iter_child_nodes(value)
    if isinstance(value, ast.Lambda):
        inner = iter(_defaults(value.args))
    for node in inner:
        yield from _eager(node)


def _defaults(arguments: ast.arguments) -> list[ast.expr]:
    return [*arguments.defaults, *filter(None, arguments.kw_defaults)]


def _is_plain(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(map(_is_plain, target.elts))
    return isinstance(target, ast.Name) and target.id != "_"


def _called(function: ast.FunctionDef) -> set[str]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {written_out(call.func) for call in calls} - {""}


def _changes(function: ast.FunctionDef) -> bool:
    """Tell whether a function changes what it has not made itself."""
    made = _made_by(function)
    for node in ast.walk(function):
        match node:
            case ast.Global():
                return True
            case ast.Call(func=ast.Name(id="setattr" | "delattr")):
                return function.name != "__post_init__"
            case ast.Call(func=ast.Attribute(value=changed, attr=name)):
                if name not in CHANGING:
                    continue
            case ast.AugAssign(target=ast.Name(id=name)) if name in made:
                continue
            case ast.AugAssign(target=changed):
                pass
            case (
                ast.Subscript(value=changed, ctx=ast.Store() | ast.Del())
                | ast.Attribute(value=changed, ctx=ast.Store() | ast.Del())
            ):
                pass
            case _:
                continue
        if not isinstance(root := _root(changed), ast.Name) or root.id not in made:
            if not isinstance(root, ast.Constant):
                return True
    return False


def _made_by(function: ast.FunctionDef) -> set[str]:
    """Name variables that hold new objects, and the one that is being made."""
    made = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(
            node.value, ast.Name | ast.Attribute | ast.Subscript
        ):
            targets = getattr(node, "targets", None) or [node.target]
            made -= {target.id for target in targets if isinstance(target, ast.Name)}
    made -= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    return made | ({"self"} if function.name[:2] == "__" else set())


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node
