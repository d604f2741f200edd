"""Nothing in the package hides from the code versions what a script uses."""

from pathlib import Path

import pytest
from untraceable_code import filling, unnamed_files, untraceable

from nodal_staging.study.source_code import Source, Sources, read_sources

ROOT = Path(__file__).parents[2]
SOURCES = read_sources(ROOT / "src")
SCRIPTS = sorted((ROOT / "workflow" / "scripts").glob("*/*.py"))

ALLOWED = {
    # Where the package lies, to sum up all of it.
    "nodal_staging.study.memory": "reads a file of the package without naming it",
    "nodal_staging.report.provenance_record": "reads a file of the package without "
    "naming it",
    # The traceback of a child, for an error of the software itself.
    "nodal_staging.exams.isolation": "gives words and lines, which a version leaves "
    "out",
    # The name of the package as such.
    "nodal_staging.statistics.roc": "names a module in a text",
    "nodal_staging.study.jobs": "names a module in a text",
    "nodal_staging.study.source_code": "names a module in a text",
    # A table that it writes.
    "nodal_staging.paper.recover_counts.command": "reads a file that is no data",
    # Which packages a job has loaded, for its log.
    "nodal_staging.study.package_versions": "looks up modules that nothing names",
    # It hides two libraries of others from Keras.
    "nodal_staging.classifiers.cnn.backend": "looks up modules that nothing names",
}

# The line that hides something, and the module.
HIDING = [
    (1, "from nodal_staging.tables import *"),
    (2, "from importlib import import_module\nimport_module('nodal_staging.tables')"),
    (2, "import importlib\nimportlib.import_module(f'nodal_staging.{name}')"),
    (2, "def f(name):\n    return __import__(name)"),
    (2, "def f(name):\n    return globals()[name]()"),
    (2, "def f(module, name):\n    return vars(module)[name]"),
    (2, "def f(text):\n    return eval(text)"),
    (2, "import sys\nsys.modules['nodal_staging.tables']"),
    (2, "class A:\n    def __init_subclass__(cls):\n        KNOWN.append(cls)"),
    (1, "class A(B, metaclass=Registry):\n    pass"),
    (1, "class A(B, name='a'):\n    pass"),
    (2, "def f(cls):\n    return cls.__subclasses__()"),
    (1, "def __getattr__(name):\n    return 1"),
    (2, "from pathlib import Path\nSTYLE = (Path(__file__).parent / NAME).read_text()"),
    (3, "from importlib.resources import files\ndef f(n):\n    return files('a') / n"),
    (2, "def f(g):\n    return g.__doc__"),
    (3, "from typing import get_type_hints\ndef f(g):\n    return get_type_hints(g)"),
    (2, "def f(cls):\n    return cls.__annotations__"),
    (1, "NAME = known(print)"),
    (1, "look_up = globals"),
    (2, "def f(g):\n    return g.__globals__['NAME']"),
    (1, "from sys import modules"),
    (1, "import sys as system"),
    (1, "from inspect import getsource"),
    (1, "import inspect"),
    (2, "def f(g):\n    return getattr(g, '__doc__')"),
    (2, "def f(g):\n    global KNOWN\n    KNOWN = g"),
    (1, "from traceback import format_exc"),
    (1, "import traceback"),
    (1, "from sys import exc_info"),
    (2, "import sys\nsys.exception()"),
    (2, "from importlib import import_module\nimport_module('.x', 'nodal_staging')"),
    (1, "from importlib import import_module as load"),
    (2, "import importlib\nload = importlib.import_module"),
    (1, "from typing import get_type_hints as g"),
    (1, "x = eval"),
    (1, "x: object = eval"),
    (1, "x = [exec]"),
    (1, "from builtins import eval"),
    (1, "from pkgutil import resolve_name"),
    (1, "COMMAND = ['python', '-m', 'nodal_staging.x']"),
    (1, "COMMAND = ['python', '-c', 'import nodal_staging']"),
    (1, "COMMAND = f'nodal_staging.{x}'"),
    (1, "from a import b  # noqa: F401"),
    (3, "from pathlib import Path\nimport a\nPLACE = Path(a.__file__)"),
    (2, "import a\nPLACES = a.__path__"),
    (1, "PLACE = __spec__.origin"),
    (1, "PAGE = 'page.md'"),
    (1, "PAGE = 'report/page.py'"),
    (2, "class A:\n    x: Annotated[int, register(f)]"),
    (1, "def f(x: Annotated[int, register(f)]):\n    return x"),
    (1, "def f() -> Annotated[int, register(f)]:\n    return 1"),
    (2, "class A:\n    __set_name__ = keep"),
    (2, "class A:\n    def __or__(self, other):\n        KNOWN.append(other)"),
    (1, "__getattr__ = keep"),
    (2, "def f(g):\n    return g.__code__"),
    (2, "def f(code):\n    return code.co_firstlineno"),
    (1, "from typing import get_overloads"),
    (2, "import typing\ntyping.get_overloads(f)"),
    (1, "import linecache"),
]
OPEN = [
    "from importlib import import_module\nimport_module('rpy2.robjects')",
    "from pathlib import Path\ndef f():\n    return Path(__file__).parent / 'page.css'",
    "def f(model):\n    return model.modules",
    "known(print)",
    "class A(B):\n    pass",
]
FILLER = b"KNOWN = []\n\ndef known(f):\n    KNOWN.append(f)\n    return f\n"


@pytest.mark.parametrize(("line", "text"), HIDING)
def test_what_hides_is_found(line, text):
    found = list(untraceable(text.encode(), ["report/page.css"], ["known"]))
    assert {place for place, _ in found} == {line}


@pytest.mark.parametrize("text", OPEN)
def test_what_can_be_followed_is_not(text):
    assert not list(untraceable(text.encode(), ["report/page.css"], ["known"]))


def test_functions_that_fill_a_registry_are_found():
    quiet = b"KNOWN = []\n\ndef f():\n    KNOWN = []\n    KNOWN.append(1)\n"
    assert filling({"a": FILLER, "b": quiet}) == {"known"}


def test_a_file_that_nothing_names_is_found():
    page = Source(b"STYLE = 'page.css'", "nodal_staging")
    data = {"report/page.css": "", "report/other.css": ""}
    sources = Sources({"nodal_staging.page": page}, data, "")
    assert unnamed_files(sources) == {"report/other.css"}


@pytest.mark.workflow
def test_nothing_hides_in_the_package():
    modules = {name: source.content for name, source in SOURCES.modules.items()}
    modules |= {path.stem: path.read_bytes() for path in SCRIPTS}
    fillers = filling(modules)
    found = [
        f"{name}, line {line}: {problem}"
        for name, content in modules.items()
        for line, problem in untraceable(content, SOURCES.data, fillers)
        if ALLOWED.get(name) != problem
    ]
    assert found == []
    assert not unnamed_files(SOURCES)


def test_every_folder_of_the_package_has_its_own_module():
    """A folder without one is imported too, and nothing reads its place."""
    package = ROOT / "src" / "nodal_staging"
    modules = package.rglob("*.py")
    assert [
        path for path in modules if not (path.parent / "__init__.py").exists()
    ] == []


def test_texts_without_a_sum_are_for_readers_alone():
    names = {path.name for path in (ROOT / "src").rglob("*.md")}
    assert names <= {"README.md"}


def test_what_is_allowed_is_still_there():
    for name, problem in ALLOWED.items():
        content = SOURCES.modules[name].content
        assert problem in dict(untraceable(content)).values()
