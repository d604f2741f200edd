"""No result depends on the words of an error, which no code version holds."""

import ast
import builtins
from pathlib import Path

import pytest
from words_of_errors import decisions, words_taken

from nodal_staging.study.source_code import read_sources
from nodal_staging.study.statements import written_out
from nodal_staging.study.syntax import ERROR, LOGGER

ROOT = Path(__file__).parents[2]
TREES = {
    name: ast.parse(source.content)
    for name, source in read_sources(ROOT / "src").modules.items()
} | {
    path.stem: ast.parse(path.read_text())
    for path in (ROOT / "workflow" / "scripts").glob("*/*.py")
}

TAKEN = {
    # Sentences of tables.
    ".audit.cohort_support": ["{error}", "{error}"],
    ".cohort.inspection": ["str(looked.error)", "str(error)"],
    ".cohort.exam_content": ["{error}", "{error}"],
    ".cohort.imported.drawn_labels": ["{error}"],
    ".cohort.imported.mask_nodes": ["{error}"],
    ".cohort.imported.negative_candidates": ["{error}"],
    ".cohort.label_names": ["str(error)"],
    ".nodes.exam_volumes": ["str(error)"],
    ".nodes.losses": ["str(error)"],
    # Printed, or part of another message.
    ".paper.recover_counts.command": ["{error}"],
    ".study.configuration": ["error.message"],
}
"""Where words go elsewhere than into another error or the log; none decides."""
OF_OTHERS = {"argparse.ArgumentTypeError"}

HANDLER = "try:\n    f()\nexcept ValueError as error:\n    "
DECIDING = [
    "if str(error) == 'a':\n        g()",
    "if 'a' in str(error):\n        g()",
    "x = 1 if error.args else 2",
    "x = error.args[0] == 'a'",
    "x = [1 for one in y if one in f'{error}']",
    "match str(error):\n        case 'a':\n            g()",
    "x = re.search('a', str(error))",
    "x = str(error).startswith('a')",
    "x = KNOWN[str(error)]",
    "x = KNOWN.get(str(error))",
    "while str(error):\n        g()",
    "x = str(error) and 1",
]
HARMLESS = [
    "raise InputError(f'{error}') from error",
    "logger.info('%s', str(error))",
    "x = error.reason == 'a'",
    "if error.errno == 1:\n        raise",
]


@pytest.mark.parametrize("text", DECIDING)
def test_a_decision_by_words_is_found(text):
    assert list(decisions(ast.parse(HANDLER + text)))


@pytest.mark.parametrize("text", HARMLESS)
def test_a_decision_by_a_code_is_not(text):
    assert not list(decisions(ast.parse(HANDLER + text)))
    assert not list(words_taken(ast.parse(HANDLER + text)))


def test_nothing_decides_by_words():
    found = {name: list(decisions(tree)) for name, tree in TREES.items()}
    assert {name: places for name, places in found.items() if places} == {}


def test_words_are_taken_only_as_listed():
    taken = {
        name.removeprefix("nodal_staging"): [text for _, text in words_taken(tree)]
        for name, tree in TREES.items()
    }
    found = {name: sorted(texts) for name, texts in taken.items() if texts}
    assert found == {name: sorted(texts) for name, texts in TAKEN.items()}


def test_classes_of_errors_and_nothing_else_have_their_names():
    classes = [
        node
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    errors = {one.name for one in classes if any(map(is_error, one.bases))}
    assert errors == {one.name for one in classes if one.name.endswith(ERROR)}
    called = {
        written_out(node.func)
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and written_out(node.func).endswith(ERROR)
    }
    assert {one for one in called if one.rpartition(".")[2] not in errors} <= {
        *OF_OTHERS,
        *(one for one in dir(builtins) if is_exception(getattr(builtins, one))),
    }


def is_error(base: ast.expr) -> bool:
    return written_out(base).endswith((ERROR, "Exception"))


def is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def test_the_log_and_nothing_else_has_its_name():
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.arg):
                assert node.arg != LOGGER
            if isinstance(node, ast.Assign) and LOGGER in map(
                written_out, node.targets
            ):
                assert written_out(node.value.func) == "logging.getLogger"
