"""Every reason code of the code has a meaning and a fix, and none is left over."""

import ast
from pathlib import Path

import pytest

import nodal_staging
from nodal_staging.cohort import inclusion_criteria
from nodal_staging.study.reasons import CRITERIA, EXAMS, INPUTS

PACKAGE = Path(nodal_staging.__path__[0])
WITH_REASON = {
    "ContentError",
    "DicomSeriesError",
    "MissingPartError",
    "check_exists",
}
"""Errors and checks whose second argument is the code."""
JARGON = ("Python", "None", "nan", "regex", "codec", "  ")


def codes_in(path):
    """Yield the codes of errors that a file defines or raises."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield from (code for line in node.body for code in declared(line))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WITH_REASON:
            parts = (part for arg in node.args[1:] for part in ast.walk(arg))
            yield from (part.value for part in parts if is_word(part))
        if isinstance(node, ast.FunctionDef):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            if any(one.arg == "reason" for one in arguments):
                yield from (one.value for one in node.args.defaults if is_word(one))


def is_word(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def declared(line):
    targets = [getattr(line, "target", None), *getattr(line, "targets", [])]
    target = next(filter(None, targets), None)
    if isinstance(target, ast.Name) and target.id == "reason" and is_word(line.value):
        yield line.value.value


def test_every_code_has_an_entry_and_every_entry_a_code():
    used = {code for path in PACKAGE.rglob("*.py") for code in codes_in(path)}
    assert used == (EXAMS.keys() | INPUTS.keys() | {"missing_pet"})


def test_every_criterion_has_an_entry():
    codes = [one.code for one in inclusion_criteria.CRITERIA]
    assert set(codes) - {inclusion_criteria.UNUSABLE} == CRITERIA.keys()
    assert not CRITERIA.keys() & (EXAMS.keys() | INPUTS.keys())


@pytest.mark.parametrize("code", [*CRITERIA, *EXAMS, *INPUTS])
def test_meaning_and_fix_are_sentences_of_one_line(code):
    for words in (CRITERIA | EXAMS | INPUTS)[code]:
        assert words
        assert "\n" not in words
        assert not words.endswith(".")
        assert not [word for word in JARGON if word in words]
