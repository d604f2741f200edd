"""Constructs that hide from a code version which code or file a script uses."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from nodal_staging.study.source_code import PACKAGE, Sources
from nodal_staging.study.syntax import FILE_NAME

CALLS = {
    "__import__": "imports a module that nobody can tell",
    "eval": "runs code that nobody can read",
    "exec": "runs code that nobody can read",
    "globals": "looks a name up that nobody can tell",
    "locals": "looks a name up that nobody can tell",
    "vars": "looks a name up that nobody can tell",
    "get_type_hints": "reads annotations, which a version leaves out",
    "signature": "reads annotations, which a version leaves out",
    "run_module": "runs a module that nobody can tell",
    "run_path": "runs a file that nobody can tell",
}
NAMESPACES = {"globals", "locals", "vars"}
OTHER_NAMES = {*CALLS, "import_module"} - {"signature"}
"""Functions that may be called by their own names alone; ``inspect`` is refused."""
MODULES = {
    "builtins": "gives functions other names",
    "inspect": "reads source code, of which a version leaves out parts",
    "linecache": "reads source code, of which a version leaves out parts",
    "pkgutil": "finds modules that nothing names",
    "runpy": "runs a module that nobody can tell",
    "traceback": "gives words and lines, which a version leaves out",
}
"""Modules that may not be imported."""
ATTRIBUTES = {
    "__doc__": "reads a docstring, which a version leaves out",
    "__annotations__": "reads annotations, which a version leaves out",
    "__globals__": "looks a name up that nobody can tell",
    "__subclasses__": "finds classes that nothing names",
    "__code__": "reads code, of which a version leaves out parts",
    "co_firstlineno": "reads a line number, which a version leaves out",
    "f_lineno": "reads a line number, which a version leaves out",
    "tb_lineno": "reads a line number, which a version leaves out",
    "get_overloads": "reads overloads, which a version leaves out",
    "modules": "looks up modules that nothing names",
}
"""``modules`` is that of ``sys`` alone."""
OF_SYS = {
    "_getframe": "looks a name up that nobody can tell",
    "exc_info": MODULES["traceback"],
    "exception": MODULES["traceback"],
    "modules": ATTRIBUTES["modules"],
}
SPECIAL = re.compile("__[a-z_]+__")
METHODS = {"__call__", "__init__", "__post_init__", "__reduce__", "__str__"}
"""Special methods that act only where their class is used by name."""
SPECIAL_NAMES = {"__all__"}
UNUSED_IMPORT = re.compile("#.*noqa.*F401")
SOURCES_OF_DATA = {".md", ".py"}
"""Suffixes of files that a version does not hold as data."""
FILLING = {"add", "append", "extend", "insert", "register", "setdefault", "update"}
PLACES = {"__file__", "__loader__", "__path__", "__spec__"}
READING_FILES = {"files", "get_data"}
"""Ways to the data files of a package; harmless next to the name of such a file."""


def untraceable(
    content: bytes, data: Iterable[str] = (), fillers: Iterable[str] = ()
) -> Iterator[tuple[int, str]]:
    """Yield lines of a module and what hides in each.

    Parameters
    ----------
    content
        Source of the module.
    data
        Paths of the data files of the package.
    fillers
        Functions that fill a container of their module, from :func:`filling`.
    """
    names = {PurePosixPath(path).name for path in data}
    tree = ast.parse(content)
    texts, handed_on = _texts_named(tree), _lookups_handed_on(tree)
    for number, line in enumerate(content.decode().splitlines(), start=1):
        if UNUSED_IMPORT.search(line):
            yield number, "imports what nothing uses"
    for statement in tree.body:
        named = {PurePosixPath(text).name for text in _file_names(statement)}
        for node in ast.walk(statement):
            if problem := _problem(node):
                yield node.lineno, problem
            elif node in handed_on:
                yield node.lineno, "gives a function another name"
            elif node in texts:
                yield node.lineno, "names a module in a text"
            elif _reads_files(node) and not named & names:
                yield node.lineno, "reads a file of the package without naming it"
        yield from _lookups_of_a_module(statement)
        yield from _hidden_registrations(statement, set(fillers))


def unnamed_files(sources: Sources) -> set[str]:
    """Return the data files of a package that no string of its modules names."""
    named = {
        path
        for source in sources.modules.values()
        for text in _file_names(ast.parse(source.content))
        for path in sources.files_named(text)
    }
    return set(sources.data) - named


def filling(modules: Mapping[str, bytes]) -> set[str]:
    """Return the functions that fill a container of their module."""
    return {
        function.name
        for content in modules.values()
        for function, own in _functions(ast.parse(content))
        if any(_filled(node) in own for node in ast.walk(function))
    }


def _problem(node: ast.AST) -> str:
    """Say what one construct hides; nothing where it hides nothing."""
    match node:
        case ast.Import() | ast.ImportFrom():
            return _problem_of_import(node)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _problem_of_call(node, name)
        case ast.Attribute(value=ast.Name(id="sys"), attr=name) if name in OF_SYS:
            return OF_SYS[name]
        case ast.Attribute(attr=name) if name != "modules":
            return ATTRIBUTES.get(name, "")
        case ast.Global():
            return "rebinds a name of its module"
        case ast.Name(id="__doc__"):
            return ATTRIBUTES["__doc__"]
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMESPACES:
            return CALLS[name]
        case ast.ClassDef(keywords=keywords) if keywords:
            return "has a metaclass or arguments for __init_subclass__"
    return _problem_of_names(node) or _problem_of_annotation(node)


def _problem_of_names(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) if SPECIAL.fullmatch(name):
            return "" if name in SPECIAL_NAMES else "binds a special name"
        case ast.FunctionDef(name=name) if SPECIAL.fullmatch(name):
            return "" if name in METHODS else "is called where nothing names it"
        case ast.Constant(value=str(text)) if FILE_NAME.fullmatch(text):
            hidden = PurePosixPath(text).suffix in SOURCES_OF_DATA
            return "reads a file that is no data" if hidden else ""
    return ""


def _problem_of_import(node: ast.Import | ast.ImportFrom) -> str:
    home = getattr(node, "module", None)
    names = {alias.name for alias in node.names}
    if "*" in names:
        return "imports names that nobody can tell"
    modules = {home} if home else names
    if found := modules & MODULES.keys():
        return MODULES[found.pop()]
    if any(alias.name == "sys" and alias.asname for alias in node.names):
        return ATTRIBUTES["modules"]
    if home == "sys" and (found := names & OF_SYS.keys()):
        return OF_SYS[found.pop()]
    if found := names & ATTRIBUTES.keys() - {"modules"}:
        return ATTRIBUTES[found.pop()]
    if any(alias.asname and alias.name in OTHER_NAMES for alias in node.names):
        return "gives a function another name"
    return ""


def _problem_of_call(node: ast.Call, name: str) -> str:
    if name == "import_module":
        return "" if _elsewhere(node.args) else "imports a hidden module"
    if name == "getattr":
        asked = node.args[1] if len(node.args) > 1 else None
        return ATTRIBUTES.get(getattr(asked, "value", ""), "")
    # A namespace is found as a name. A dictionary may have a key of another name, and
    # no function is called so.
    return "" if name in NAMESPACES else CALLS.get(name, "")


def _elsewhere(arguments: list[ast.expr]) -> bool:
    """Tell whether a module is named by a string and is not of the package."""
    first = arguments[0] if len(arguments) == 1 else None
    text = first.value if isinstance(first, ast.Constant) else PACKAGE
    return isinstance(text, str) and text.partition(".")[0] not in {"", PACKAGE}


def _lookups_handed_on(tree: ast.Module) -> set[ast.AST]:
    """Return names of functions that may only be called, where they are not."""
    nodes = list(ast.walk(tree))
    called = {node.func for node in nodes if isinstance(node, ast.Call)}
    return {
        node
        for node in nodes
        if isinstance(node, ast.Name | ast.Attribute) and node not in called
        if getattr(node, "attr", getattr(node, "id", "")) in OTHER_NAMES - NAMESPACES
    }


def _problem_of_annotation(node: ast.AST) -> str:
    annotation = getattr(node, "annotation", getattr(node, "returns", None))
    calls = annotation is not None and any(
        isinstance(inner, ast.Call) for inner in ast.walk(annotation)
    )
    return "acts in an annotation, which a version leaves out" if calls else ""


def _texts_named(tree: ast.Module) -> set[ast.AST]:
    """Return the texts that may name a module of the package to another program."""
    loose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return {
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and PACKAGE in str(node.value)
        and node not in loose
    }


def _reads_files(node: ast.AST) -> bool:
    if isinstance(node, ast.Name | ast.Attribute):
        return getattr(node, "attr", getattr(node, "id", "")) in PLACES
    if isinstance(node, ast.Call):
        called = node.func
        name = getattr(called, "attr", getattr(called, "id", ""))
        return name in READING_FILES
    return False


def _lookups_of_a_module(statement: ast.stmt) -> Iterator[tuple[int, str]]:
    """Yield a function that a module calls for names it does not have."""
    if isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__":
        yield statement.lineno, "makes names of a module when they are asked for"


def _hidden_registrations(
    statement: ast.stmt, fillers: set[str]
) -> Iterator[tuple[int, str]]:
    """Yield ``name = register(...)``, which counts only where the name is used."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or not statement.value:
        return
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in fillers:
                yield node.lineno, f"registers by {name}; call it in a statement"


def _file_names(tree: ast.AST) -> set[str]:
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [node.value for node in constants if isinstance(node.value, str)]
    return {text for text in texts if FILE_NAME.fullmatch(text)}


def _functions(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef, set[str]]]:
    """Yield functions, and names of the module that they do not bind themselves."""
    bound = {
        node.id
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inner = list(ast.walk(function))
            local = {node.arg for node in inner if isinstance(node, ast.arg)} | {
                node.id
                for node in inner
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            yield function, bound - local


def _filled(node: ast.AST) -> str:
    """Return the name of a container that is changed in place."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)):
            return name if attribute in FILLING else ""
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
            return name
    return ""
