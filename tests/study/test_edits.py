"""Edits of the package, and the scripts whose results are made again after each."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from nodal_staging.study import code_version
from nodal_staging.study.source_code import Source, Sources, read_sources
from nodal_staging.study.statements import written_out

ROOT = Path(__file__).parents[2]
SOURCES = read_sources(ROOT / "src")
SCRIPTS = {path.stem: path for path in (ROOT / "workflow" / "scripts").glob("*/*.py")}
SOME = [
    "draw_cohort",
    "inspect_exams",
    "extract_patches",
    "train_cnn",
    "explain_cnn",
    "compute_statistics",
    "check_claims",
    "write_report",
]
"""Scripts that reach every folder of the package between them."""

SIMULATING = {
    "simulate_exams",
    "simulate_examples",
    "draw_phantom_gallery",
    "render_copies",
}
FEEDING = {
    "train_cnn",
    "train_folds",
    "score_cnn",
    "score_copies",
    "score_transplants",
    "describe_training_images",
    "predict_nodes",
    "explain_cnn",
    "measure_robustness",
    "measure_decodability",
    "train_on_surroundings",
    "score_views",
    "draw_figure_4",
    "replay_images",
}
"""Scripts that make the images of a network."""

# A function of the package, and who runs it.
COUNTED = [
    ("phantom.anatomy.pelvis", "inguinal", SIMULATING),
    ("phantom.anatomy.trunk", "retroperitoneal", SIMULATING),
    ("phantom.anatomy.neck", "cervical", SIMULATING),
    ("phantom.simulated_readers", "read_nodes", {"simulate_readers"}),
    ("cohort.contrast_and_dose", "low_dose", {"inspect_exams"}),
    ("nodes.measurements", "node_size", {"measure_nodes", "render_copies"}),
    ("datasets.split", "make_datasets", {"make_datasets"}),
    ("classifiers.cnn.augmentation", "draw_augmentations", FEEDING),
    ("classifiers.forest", "score_forest", {"score_forest"}),
    (
        "statistics.embedded_r",
        "r_vector",
        {
            "compute_statistics",
            "compare_aucs",
            "compare_studies",
            "compare_with_simple",
            "study_readers",
        },
    ),
    ("figures.uptake", "draw_uptake", {"draw_uptake"}),
    ("report.report_page", "write_report", {"write_report"}),
]


def version(script: str, sources: Sources = SOURCES) -> str:
    content = SCRIPTS[script].read_bytes()
    return code_version._version(f"{script}.py", content, sources)


@cache
def version_before(script: str) -> str:
    return version(script)


def edited(edit: Callable[[str], str], *names: str) -> Sources:
    """Return the package after an edit of the modules of these names, or of all."""
    modules = dict(SOURCES.modules)
    for name in names or modules:
        before = modules[name]
        text = edit(before.content.decode())
        modules[name] = Source(text.encode(), before.home)
    assert modules != SOURCES.modules
    return Sources(modules, SOURCES.data, "edited")


def changed(sources: Sources, scripts: list[str]) -> set[str]:
    return {name for name in scripts if version(name, sources) != version_before(name)}


def with_a_statement_in(function: str) -> Callable[[str], str]:
    """Return an edit that inserts a statement before the last one of a function."""

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        (found,) = [
            node
            for node in ast.parse(text).body
            if isinstance(node, ast.FunctionDef) and node.name == function
        ]
        last = found.body[-1]
        lines.insert(last.lineno - 1, " " * last.col_offset + "edited = 1\n")
        return "".join(lines)

    return edit


@pytest.mark.parametrize(("module", "function", "scripts"), COUNTED)
def test_an_edit_counts_for_the_scripts_that_execute_it(module, function, scripts):
    sources = edited(with_a_statement_in(function), f"nodal_staging.{module}")
    assert changed(sources, list(SCRIPTS)) == scripts


def transformed(transformer: type[ast.NodeTransformer]) -> Callable[[str], str]:
    return lambda text: ast.unparse(transformer().visit(ast.parse(text)))


class OtherStrings(ast.NodeTransformer):
    """Every docstring and every string below a constant says something else."""

    def visit_Expr(self, node):
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return ast.Expr(ast.Constant("Another text."))
        return self.generic_visit(node)


class NoAnnotations(ast.NodeTransformer):
    """Functions without annotations; none of the package is read at run time."""

    def visit_FunctionDef(self, node):
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.annotation = None
        return node


class OtherOrder(ast.NodeTransformer):
    """Members of unions the other way round, as far as they are annotations."""

    def visit_AnnAssign(self, node):
        node.annotation = Reversed().visit(node.annotation)
        return node


class Reversed(ast.NodeTransformer):
    """``A | B`` as ``B | A``."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.BitOr):
            node.left, node.right = node.right, node.left
        return node


def with_functions_backwards(text: str) -> str:
    """Return a module whose functions stand in the opposite order, at its end."""
    tree = ast.parse(text)
    functions = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    others = [one for one in tree.body if one not in functions]
    # A module may call its functions when it is imported.
    calls = {node.id for one in others for node in ast.walk(one) if is_name(node)}
    if calls & {one.name for one in functions} or any(
        one.decorator_list for one in functions
    ):
        return text
    return ast.unparse(ast.Module([*others, *reversed(functions)], []))


def is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name)


TYPES = (
    "\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from nodal_staging.study.files import write_text\n"
)
NOT_COUNTED = {
    "comments": lambda text: (
        text.replace("\n", "  # why\n", 1) if text[:1] == "#" else f"# Why.\n{text}"
    ),
    "layout": lambda text: ast.unparse(ast.parse(text)),
    "docstrings and strings below constants": transformed(OtherStrings),
    "annotations of functions": transformed(NoAnnotations),
    "order in annotations": transformed(OtherOrder),
    "blocks for type checkers": lambda text: text + TYPES,
    "order of functions": with_functions_backwards,
    "a function that nobody calls": lambda text: f"{text}\ndef unused():\n    pass\n",
    "a constant that is never read": lambda text: f"{text}\nUNUSED_NUMBER = 1\n",
    "an import that nobody uses": lambda text: f"{text}\nimport fractions\n",
    "a class that nobody uses": lambda text: f"{text}\nclass Unused:\n    a: int = 1\n",
    "line ends": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.workflow
@pytest.mark.parametrize("edit", NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_an_edit_of_every_module_that_changes_nothing_counts_for_none(edit):
    assert changed(edited(edit), SOME) == set()


class OtherWords(ast.NodeTransformer):
    """Other words in each error, in each function that makes one, and in the log."""

    def visit_Call(self, node):
        self.generic_visit(node)
        if written_out(node.func).endswith("Error"):
            node.args[:1] = map(reworded, node.args[:1])
        elif written_out(node.func).startswith("logger."):
            node.args = [reworded(one) for one in node.args]
        return node

    def visit_Raise(self, node):
        self.generic_visit(node)
        if isinstance(node.exc, ast.Call):
            node.exc.args = [reworded(one) for one in node.exc.args]
        return node


def reworded(node: ast.expr) -> ast.expr:
    """Return a message in other words; what is filled in and codes stay."""
    if isinstance(node, ast.JoinedStr):
        node.values = [ast.Constant("See, "), *map(reworded, node.values)]
    elif isinstance(node, ast.BinOp):
        node.left, node.right = reworded(node.left), reworded(node.right)
    elif isinstance(node, ast.Constant) and " " in str(node.value):
        return ast.Constant(f"{node.value} indeed")
    return node


@pytest.mark.workflow
def test_words_of_errors_and_of_the_log_count_for_none():
    sources = edited(transformed(OtherWords))
    known = SOURCES.modules
    reworded = [name for name in known if b"indeed" in sources.modules[name].content]
    assert len(reworded) > 100
    assert changed(sources, list(SCRIPTS)) == set()


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("tables.contract", "TableError(", "TableError('Read: ' + "),
        (
            "exams.segmentation.rle",
            "return SegmentationError(",
            "return SegmentationError('Read: ' + ",
        ),
        ("classifiers.cnn.checkpoints", "going on after", "continued after"),
    ],
)
def test_words_of_one_error_count_for_none(module, old, new):
    sources = edited(lambda text: text.replace(old, new), f"nodal_staging.{module}")
    assert changed(sources, list(SCRIPTS)) == set()


@pytest.mark.parametrize(
    ("old", "new", "scripts"),
    [
        ("CT without", "a CT without", {"select_cohort", "write_check"}),
        ("{reason.meaning}; ", "{reason.meaning}: ", {"select_cohort", "write_check"}),
        ("a slice lies off", "one slice lies off", {"write_check"}),
    ],
)
def test_sentences_on_reasons_count_only_where_they_are_printed(old, new, scripts):
    name = "nodal_staging.study.reasons"
    sources = edited(lambda text: text.replace(old, new), name)
    assert changed(sources, list(SCRIPTS)) == scripts


def test_the_log_level_of_tensorflow_is_no_part_of_the_package():
    """A change of it would train every network again."""
    for source in SOURCES.modules.values():
        assert b"LOG_LEVEL" not in source.content


@pytest.mark.parametrize(
    ("module", "function"),
    [
        ("study.jobs", "job_log"),
        ("study.jobs", "_end_without_memory"),
        ("study.package_versions", "versions_in_use"),
    ],
)
def test_the_log_of_a_job_counts_for_none(module, function):
    sources = edited(with_a_statement_in(function), f"nodal_staging.{module}")
    assert changed(sources, list(SCRIPTS)) == set()
