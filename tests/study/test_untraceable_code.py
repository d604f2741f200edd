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
    # Which packages a job has loaded, for its log.
    "nodal_staging.study.package_versions": "looks up modules that nothing names",
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
    assert [place for place, _ in found] == [line]


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


def test_what_is_allowed_is_still_there():
    for name, problem in ALLOWED.items():
        content = SOURCES.modules[name].content
        assert problem in dict(untraceable(content)).values()
