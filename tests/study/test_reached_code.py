"""A version holds what a script reaches by any way that Python offers, and no more.

Each case is a package of a few lines, a script that uses it, and an edit.
"""

import pytest
from small_packages import version, versions

from nodal_staging.study.code_version import counted_definitions

ANATOMY = {
    "anatomy/__init__.py": "from nodal_staging.anatomy import neck, trunk\n"
    "REGIONS = {'neck': neck.draw}\n",
    "anatomy/neck.py": "def draw():\n    return width()\n\n"
    "def width():\n    return 1\n",
    "anatomy/trunk.py": "def draw():\n    return 2\n",
}
EXPORTS = {
    "tables/__init__.py": "from nodal_staging.tables.schemas import NODES, ROC\n"
    "from nodal_staging.tables import contract\n__all__ = ['NODES', 'ROC']\n",
    "tables/schemas.py": "NODES = 'nodes'\nROC = 'roc'\n",
    "tables/contract.py": "def read():\n    return 3\n\ndef write():\n    return 4\n",
}
REGISTRY = {
    "registry.py": "KNOWN = {}\n\n"
    "def known(function):\n    KNOWN[function.__name__] = function\n"
    "    return function\n\n"
    "def call(name):\n    return KNOWN[name]()\n",
    "members.py": "from nodal_staging.registry import KNOWN, known\n\n"
    "@known\ndef first():\n    return helper()\n\n"
    "def helper():\n    return 5\n\n"
    "class Group:\n    @known\n    def second():\n        return 6\n\n"
    "def third():\n    return 7\n\n"
    "KNOWN['third'] = third\n\n"
    "def fourth():\n    return 8\n\n"
    "_ = known(fourth)\n\n"
    "def unregistered():\n    return 9\n",
}
DISPATCH = {
    "describe.py": "from functools import singledispatch\n\n"
    "@singledispatch\ndef describe(value):\n    return 10\n",
    "numbers.py": "from nodal_staging.describe import describe\n\n"
    "Small = int\nLarge = float\n\n"
    "@describe.register\ndef _(value: Small):\n    return 11\n\n"
    "def _plain(value: float):\n    return 12\n\n"
    "describe.register(float, _plain)\n",
}
ORDERED = {
    "ordered.py": "import os\n\nLIMIT = 1\nLIMIT = LIMIT + 2\n\n"
    "os.environ['A'] = '3'\nos.environ['A'] = '4'\n",
}
OWN_CACHE = {
    "cache.py": "STORED = []\n\n"
    "def cache(function):\n    STORED.append(function)\n    return function\n",
    "cached.py": "from nodal_staging.cache import STORED, cache\n\n"
    "@cache\ndef stored():\n    return 13\n",
    "cached_by_python.py": "from functools import cache\n\n"
    "@cache\ndef stored():\n    return 14\n",
}
NECK = ("anatomy/neck.py", "return 1", "return 10")
TRUNK = ("anatomy/trunk.py", "return 2", "return 20")
FULL = "nodal_staging.anatomy.neck.draw()"
ROC = ("tables/schemas.py", "'roc'", "'curve'")
READ = ("tables/contract.py", "return 3", "return 30")
CALL = (
    "import nodal_staging.members\nfrom nodal_staging.registry import call\ncall('a')"
)
DESCRIBE = (
    "import nodal_staging.numbers\nfrom nodal_staging.describe import describe\n"
    "describe(1)"
)
F = "from nodal_staging.types_of import f\nf(1)"
MORE = "from nodal_staging.lengths import Length as L"
SWAPPED_LIMITS = (
    "ordered.py",
    "LIMIT = 1\nLIMIT = LIMIT + 2\n",
    "LIMIT = LIMIT + 2\nLIMIT = 1\n",
)
SWAPPED_EFFECTS = (
    "ordered.py",
    "os.environ['A'] = '3'\nos.environ['A'] = '4'\n",
    "os.environ['A'] = '4'\nos.environ['A'] = '3'\n",
)
BY_PYTHON = ("cached_by_python.py", "return 14", "return 140")
BLACK = ("report/page.css", "black", "blue")
WHITE = ("report/other.css", "white", "blue")
PAGE = {
    "report/page.py": "from pathlib import Path\n\n"
    "def page():\n    return (Path(__file__).parent / 'page.css').read_text()\n",
    "report/page.css": "p { color: black }\n",
    "report/other.css": "p { color: white }\n",
}

TYPES = {
    "types_of.py": "from typing import TYPE_CHECKING, NamedTuple\n"
    "from dataclasses import dataclass\n\n"
    "from nodal_staging.lengths import Length, Width\n\n"
    "if TYPE_CHECKING:\n    from nodal_staging.lengths import Unused\n\n"
    "LIMIT: int | None = 15\n'''The largest width.'''\n\n"
    "def f(a: Length | None, *b: Length) -> Length:\n"
    "    c: Width = a\n    d: Width\n    return c, b, LIMIT, Field, Row\n\n"
    "@dataclass\nclass Field:\n    size: Length | None = None\n"
    "    '''In mm.'''\n\n"
    "    def g(self, other: Width) -> None:\n        return other\n\n"
    "class Row(NamedTuple):\n    width: int\n    depth: int\n",
    "lengths.py": "Length = float\nWidth = int\nUnused = str\n",
}
LOCAL = {
    "area.py": "LIMIT = 1\n\ndef below(value):\n    return value < 2\n\n"
    "def unused():\n    return 17\n",
    "user.py": "from nodal_staging import area\n\n"
    "def variable():\n    area = 1\n    return area\n\n"
    "def parameter(area):\n    return lambda: area\n\n"
    "def default(area=area.LIMIT):\n    return area\n\n"
    "def comprehension(values):\n    x = [area for area in values]\n"
    "    return area.LIMIT, x\n\n"
    "def inner():\n    def nested():\n        area = 1\n        return area\n"
    "    return nested() + area.LIMIT\n\n"
    "def late(area):\n    from nodal_staging import area\n    area = area.LIMIT\n"
    "    return area\n",
}
GUARDED = {
    "guard.py": "try:\n    import keras\nexcept ImportError:\n    keras = 19\n\n"
    "def unused():\n    return 20\n",
    "fields.py": "from nodal_staging import guard\n\n"
    "class Row:\n    guard: int = 0\n\n"
    "COUNT = 0\n\ndef more():\n    global COUNT\n    COUNT += 1\n",
}
KERAS = "from nodal_staging.guard import keras\nkeras"
ROW = "from nodal_staging.fields import Row\nRow()"
MORE_OF = "from nodal_staging.fields import more\nmore()"
LIMIT = ("area.py", "LIMIT = 1", "LIMIT = 3")
UNUSED = ("area.py", "17", "18")


def using(name):
    return f"from nodal_staging.user import {name}\nprint({name})"


# Package, script, file of the edit, text before, text after.
COUNTED = [
    # A package that imports modules of its own.
    (
        ANATOMY,
        "from nodal_staging.anatomy import REGIONS\nREGIONS",
        "anatomy/neck.py",
        "1",
        "2",
    ),
    (ANATOMY, "from nodal_staging.anatomy import neck\nneck", *NECK),
    (ANATOMY, "from nodal_staging import anatomy\nanatomy.neck.draw()", *NECK),
    (ANATOMY, "import nodal_staging.anatomy.neck as n\nn.draw()", *NECK),
    (ANATOMY, "import nodal_staging.anatomy.neck\n" + FULL, *NECK),
    # A package that is handed on may be asked for anything.
    (ANATOMY, "from nodal_staging import anatomy\nprint(anatomy)", *TRUNK),
    (EXPORTS, "from nodal_staging import tables\nprint(tables)", *ROC),
    (EXPORTS, "from nodal_staging import tables\ntables.ROC", *ROC),
    (EXPORTS, "from nodal_staging import tables\ntables.contract.read()", *READ),
    # What is registered when a module is imported.
    (REGISTRY, CALL, "members.py", "return helper()", "return 1"),
    (REGISTRY, CALL, "members.py", "5", "50"),
    (REGISTRY, CALL, "members.py", "6", "60"),
    (REGISTRY, CALL, "members.py", "7", "70"),
    (REGISTRY, CALL, "members.py", "8", "80"),
    (DISPATCH, DESCRIBE, "describe.py", "10", "100"),
    (DISPATCH, DESCRIBE, "numbers.py", "11", "110"),
    (DISPATCH, DESCRIBE, "numbers.py", "12", "120"),
    (DISPATCH, DESCRIBE, "numbers.py", "value: Small", "value: Large"),
    (DISPATCH, DESCRIBE, "numbers.py", "Small = int", "Small = str"),
    (OWN_CACHE, "from nodal_staging.cached import STORED", "cached.py", "13", "130"),
    # The order of statements.
    (ORDERED, "from nodal_staging.ordered import LIMIT\nLIMIT", *SWAPPED_LIMITS),
    (ORDERED, "import nodal_staging.ordered", *SWAPPED_EFFECTS),
    # Files next to the code.
    (PAGE, "from nodal_staging.report.page import page\npage()", *BLACK),
    # Variables of a function hide names of its module, and nothing else does.
    (LOCAL, using("default"), *LIMIT),
    (LOCAL, using("comprehension"), *LIMIT),
    (LOCAL, using("inner"), *LIMIT),
    (LOCAL, using("late"), *LIMIT),
    # Names that are bound in a block of their module.
    (GUARDED, KERAS, "guard.py", "19", "190"),
    (GUARDED, MORE_OF, "fields.py", "COUNT = 0", "COUNT = 1"),
    # Annotations that are read.
    (TYPES, F, "types_of.py", "size: Length | None = None", "length: Length = None"),
    (TYPES, F, "types_of.py", "    width: int\n", ""),
    (TYPES, F, "types_of.py", "size: Length | None = None", "size = None"),
    (TYPES, F, "types_of.py", "LIMIT: int | None = 15", "LIMIT: int | None = 16"),
    (TYPES, F, "types_of.py", "c: Width = a", "c: Width = b"),
]
NOT_COUNTED = [
    (ANATOMY, "from nodal_staging.anatomy import REGIONS\nREGIONS", *TRUNK),
    (ANATOMY, "from nodal_staging import anatomy\nanatomy.neck.draw()", *TRUNK),
    (EXPORTS, "from nodal_staging import tables\ntables.NODES", *ROC),
    (EXPORTS, "from nodal_staging import tables\ntables.contract.write()", *READ),
    (REGISTRY, CALL, "members.py", "9", "90"),
    (OWN_CACHE, "import nodal_staging.cached_by_python", *BY_PYTHON),
    (PAGE, "from nodal_staging.report.page import page\npage()", *WHITE),
    (GUARDED, KERAS, "guard.py", "20", "200"),
    (GUARDED, ROW, "guard.py", "20", "200"),
    (LOCAL, using("variable"), *LIMIT),
    (LOCAL, using("parameter"), *LIMIT),
    (LOCAL, using("default"), *UNUSED),
    (TYPES, F, "types_of.py", "The largest", "The upper limit of the"),
    (TYPES, F, "types_of.py", "In mm", "In millimetres"),
    (TYPES, F, "types_of.py", "import Unused", "import Width"),
    (
        TYPES,
        F,
        "types_of.py",
        "if TYPE_CHECKING:\n",
        f"if TYPE_CHECKING:\n    {MORE}\n",
    ),
    (TYPES, F, "types_of.py", "LIMIT: int | None = 15", "LIMIT: None | int = 15"),
    (TYPES, F, "types_of.py", "LIMIT: int | None = 15", "LIMIT = 15"),
    (TYPES, F, "types_of.py", "a: Length | None", "a: None | Length"),
    (TYPES, F, "types_of.py", "-> Length", "-> Width"),
    (TYPES, F, "types_of.py", "*b: Length", "*b"),
    (TYPES, F, "types_of.py", "c: Width", "c: Length"),
    (TYPES, F, "types_of.py", "    d: Width\n", ""),
    (TYPES, F, "types_of.py", "size: Length | None", "size: None | Length"),
    (TYPES, F, "types_of.py", "other: Width", "other: Length"),
    (TYPES, F, "lengths.py", "Width = int", "Width = str"),
]


@pytest.mark.parametrize("case", COUNTED)
def test_an_edit_that_may_change_a_result_changes_the_version(tmp_path, case):
    before, after = versions(tmp_path, *case)
    assert after != before


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_an_edit_that_changes_no_result_keeps_the_version(tmp_path, case):
    before, after = versions(tmp_path, *case)
    assert after == before


def test_what_counts_can_be_listed(tmp_path):
    version(tmp_path, REGISTRY | ANATOMY, "import nodal_staging.members")
    found = counted_definitions(tmp_path / "script.py", tmp_path / "src")
    assert ("nodal_staging.members", "first") in found
    assert ("nodal_staging.members", "helper") in found
    assert ("nodal_staging.members", "unregistered") not in found
    assert not [module for module, _ in found if "anatomy" in module]
