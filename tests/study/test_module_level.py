"""Modules act on import where versions see it, and nowhere else."""

from pathlib import Path

import pytest
from module_level import Package, acting_statements

from nodal_staging.study.source_code import read_sources

SOURCES = read_sources(Path(__file__).parents[2] / "src")
ALLOWED = {
    "": [
        "os.environ['TF_ENABLE_ONEDNN_OPTS'] = '1'",
        "os.environ['KERAS_HOME'] = os.devnull",
    ],
    ".__main__": ["if __name__ == '__main__':\n    sys.exit(main())"],
    ".classifiers.cnn.backend": [
        "os.environ.setdefault('KERAS_BACKEND', 'tensorflow')",
        "with _nothing_collected(), _native_messages_muted(), _wrappers_left_out():\n"
        "    import keras\n"
        "    if keras.backend.backend() == 'tensorflow':\n"
        "        import tensorflow as tf",
    ],
    # A secret of the process, to compare identifiers by their hash.
    ".exams.dicom.identity_digests": ["KEY = os.urandom(32)"],
    ".exams.dicom.headers": [
        "pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE"
    ],
}
"""What modules do on import, in this order; a version counts the statements."""

REGISTRY = (
    "KNOWN = []\nNAMED = {}\n\n"
    "def register(function):\n    KNOWN.append(function)\n    return function\n\n"
    "def fill(known, function):\n    known.append(function)\n    return function\n\n"
    "def passed_on(function):\n    return register(function)\n\n"
    "class Entry:\n"
    "    def __init__(self, function):\n        KNOWN.append(function)\n\n"
    "class Pair:\n"
    "    def __init__(self, function):\n        self.function = function\n\n"
    "    @classmethod\n    def of(cls, function):\n        return cls(function)\n"
)
IMPORTS = (
    "import os\nfrom functools import partial\nfrom nodal_staging import registry\n"
    "from nodal_staging.registry import KNOWN, NAMED, Entry, Pair, fill, passed_on\n"
    "from nodal_staging.registry import register\n"
    "def f():\n    return 1\n"
)
ACTING = [
    # Side effects at the level of a module, which could move past other statements.
    "os.environ['A'] = '1'",
    "register(f)",
    "KNOWN[:] = []",
    "registry.LIMIT = 3",
    "del KNOWN[0]",
    "for one in KNOWN:\n    one()",
    "if KNOWN:\n    LIMIT = 1",
    "try:\n    import absent\nexcept ImportError:\n    absent = None",
    # Registrations in class bodies and in defaults.
    "class A:\n    x = register(f)",
    "class A:\n    class B:\n        x: int = register(f)",
    "class A:\n    register(f)",
    "class A(passed_on(f)):\n    pass",
    "def g(x=register(f)):\n    pass",
    "def g(*, x=passed_on(f)):\n    pass",
    "class A:\n    def g(self, x=register(f)):\n        pass",
    "SHAPES = (lambda x=register(f): x)",
    # Changes of what other modules own.
    "registry.KNOWN += [f]",
    "KNOWN += [f]",
    "NAMED |= {'f': f}",
    "_ = NAMED",
    "X = NAMED.setdefault('f', f)",
    "X = registry.NAMED.setdefault('f', f)",
    "X = NAMED.update(f=f)",
    "X = registry.KNOWN.append(f)",
    "X = os.environ.setdefault('A', '1')",
    "X = fill(KNOWN, f)",
    "X = registry.fill(KNOWN, f)",
    "X = passed_on(f)",
    "X = [passed_on(g) for g in [f]]",
    "X = list(map(register, [f]))",
    "X = Entry(f)",
    "X = list(map(KNOWN.append, [f]))",
    "X = list(map(lambda g: KNOWN.append(g), [f]))",
    "X = sorted([f], key=lambda g: register(g))",
    "X = Pair.of(lambda: register(f))",
    # Names that are bound inside expressions.
    "X = [Y := 1]",
    "X = [Y := n for n in range(3)]",
    "class A:\n    x = (y := 1)",
]
QUIET = [
    "'''Text.'''\nLIMIT = 1\nA, B = 1, 2\nC: int = 3",
    "X = Pair(f)",
    "X = Pair.of(f)",
    "X = lambda: register(f)",
    "X = partial(register, f)",
    "X = {'f': register}",
    "X = [str(n) for n in range(3)]",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fractions",
    "from dataclasses import dataclass, field\n"
    "@dataclass(frozen=True)\nclass A:\n    x: list = field(default_factory=list)",
]


def found(text: str) -> list[str]:
    modules = {
        "nodal_staging": b"",
        "nodal_staging.registry": REGISTRY.encode(),
        "nodal_staging.user": f"{IMPORTS}{text}\n".encode(),
    }
    package = Package(modules)
    return [text for _, _, text in acting_statements(package, "nodal_staging.user")]


@pytest.mark.parametrize("text", ACTING)
def test_what_acts_on_import_is_found(text):
    assert found(text)


@pytest.mark.parametrize("text", QUIET)
def test_definitions_and_constants_are_not(text):
    assert found(text) == []


def test_imports_stand_before_what_acts():
    assert found("KNOWN[0] = f\nimport fractions") == [
        "KNOWN[0] = f",
        "import fractions",
    ]


def test_modules_act_on_import_only_as_listed_and_in_this_order():
    modules = {name: source.content for name, source in SOURCES.modules.items()}
    package = Package(modules)
    acting = {
        name.removeprefix("nodal_staging"): [
            text for _, _, text in acting_statements(package, name)
        ]
        for name in modules
    }
    assert {name: texts for name, texts in acting.items() if texts} == ALLOWED
