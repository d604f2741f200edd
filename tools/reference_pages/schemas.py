"""The reference of tables: columns, types and allowed values of every file."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandera.pandas as pa

from reference_pages.markdown import code, table

PACKAGE = "nodal_staging"
MAKERS = ("table", "sheet", "DataFrameSchema")
"""Functions that make a schema."""

FILES = {
    "raw/exams.tsv": "tables.schemas.EXAM_SHEET",
    "raw/nodes.tsv": "tables.schemas.NODE_SHEET",
    "raw/readings.tsv": "tables.schemas.READING_SHEET",
    "raw/truth.tsv": "tables.schemas.TRUTH",
    "cohort/nodes_from_labels.tsv": "tables.schemas.NEW_NODE_SHEET",
    "cohort/labels/<shard>.tsv": "tables.schemas.NEW_NODE_SHEET",
    "cohort/inspected/<shard>.tsv": "tables.schemas.INSPECTIONS",
    "cohort/exams.tsv": "tables.schemas.EXAMS",
    "predictions/<name>/exams.tsv": "tables.schemas.EXAMS",
    "cohort/characteristics.tsv": "tables.schemas.CHARACTERISTICS",
    "check/exams.tsv": "tables.schemas.CHECKED",
    "nodes.tsv": "tables.schemas.NODES",
    "nodes/<shard>.tsv": "tables.schemas.NODES",
    "cohort/uptake_disagreements.tsv": "tables.schemas.DISAGREEMENTS",
    "examples/chosen.tsv": "nodes.example_nodes.EXAMPLES",
    "datasets/test.tsv": "tables.schemas.DATASET",
    "datasets/status_balanced.tsv": "tables.schemas.DATASET",
    "datasets/location_balanced.tsv": "tables.schemas.DATASET",
    "attribution/permuted/<cnn>/training.tsv": "tables.schemas.DATASET",
    "datasets/dropped.tsv": "tables.schemas.DROPPED",
    "models/<cnn>/history.tsv": "tables.schemas.HISTORY",
    "models/<cnn>/folds/<fold>.history.tsv": "tables.schemas.HISTORY",
    "attribution/permuted/<cnn>/history.tsv": "tables.schemas.HISTORY",
    "selection/<candidate>/<cnn>/<fold>.history.tsv": "tables.schemas.HISTORY",
    "replay/<cnn>.tsv": "tables.schemas.REPLAY",
    "scores/<classifier>.csv": "tables.schemas.SCORES",
    "models/<cnn>/folds/<fold>.csv": "tables.schemas.SCORES",
    "selection/<candidate>/<cnn>/<fold>.csv": "tables.schemas.SCORES",
    "selection/leaderboard.tsv": "classifiers.cnn.candidates.LEADERBOARD",
    "models/rf_<forest>/importances.tsv": "tables.schemas.IMPORTANCES",
    "models/rf_<forest>/permuted.tsv": "tables.schemas.PERMUTED",
    "models/logistic_location_volume/coefficients.tsv": (
        "classifiers.logistic_baseline.COEFFICIENTS"
    ),
    "tables/learning_curve.tsv": "tables.schemas.LEARNING_CURVE",
    "predictions/<name>/cnn_<cnn>.tsv": "tables.schemas.PREDICTIONS",
    "statistics/roc/<classifier>.tsv": "tables.schemas.ROC",
    "statistics/band/<classifier>.tsv": "tables.schemas.BAND",
    "statistics/calibration/<classifier>.tsv": "statistics.calibration.CALIBRATION",
    "statistics/decision_curve/<classifier>.tsv": (
        "statistics.decision_curve.DECISION_CURVE"
    ),
    "statistics/mcnemar.tsv": "statistics.mcnemar.MCNEMAR",
    "tables/mcnemar.tsv": "statistics.mcnemar.MCNEMAR",
    "statistics/auc_differences.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "tables/auc_differences.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "statistics/subgroups.tsv": "statistics.subgroups.SUBGROUPS",
    "statistics/precision.tsv": "statistics.precision.precision_tables.PRECISION",
    "statistics/detectable.tsv": "statistics.precision.precision_tables.DETECTABLE",
    "statistics/nodes_needed.tsv": "statistics.precision.precision_tables.NEEDED",
    "readers/areas.tsv": "statistics.reader_study.areas.AREAS",
    "readers/operating_points.tsv": "statistics.reader_study.areas.POINTS",
    "readers/agreement.tsv": "statistics.reader_study.kappa.AGREEMENT",
    "readers/contrasts.tsv": "statistics.reader_study.contrasts.FIXED",
    "readers/random_readers.tsv": "statistics.reader_study.contrasts.RANDOM",
    "readers/imrmc.csv": "statistics.reader_study.exports.IMRMC",
    "readers/mrmcaov.csv": "statistics.reader_study.exports.MRMCAOV",
    "attribution/<cnn>.checks.tsv": "heatmaps.heatmap_files.NODE_CHECKS",
    "attribution/<cnn>.curves.tsv": "heatmaps.heatmap_files.CURVES",
    "audit/ceilings.tsv": "tables.schemas.CEILINGS",
    "audit/location.tsv": "tables.schemas.SITE_MATCHED",
    "audit/localisation.tsv": "audit.relevance_regions.LOCALISATION",
    "audit/localisation_differences.tsv": "audit.relevance_regions.DIFFERENCES",
    "audit/localisation_controls.tsv": "audit.relevance_regions.OVER_CONTROLS",
    "audit/randomisation.tsv": "audit.heatmaps.RANDOMISATION",
    "audit/faithfulness.tsv": "audit.heatmaps.FAITHFULNESS",
    "audit/halo.tsv": "audit.heatmaps.OUTSIDE",
    "audit/patterns.tsv": "audit.pattern_layers.PATTERN_LAYERS",
    "tables/table_1.tsv": "paper.table_1.TABLE_1",
    "tables/scorecard.tsv": "paper.scorecard.judgement.SCORECARD",
    "recover_counts/counts.tsv": "paper.recover_counts.recovered_tables.COUNTS",
    "recover_counts/rows.tsv": "paper.recover_counts.recovered_tables.ROWS",
    "recover_counts/removals.tsv": "paper.recover_counts.recovered_tables.REMOVALS",
    "recover_counts/conventions.tsv": (
        "paper.recover_counts.recovered_tables.CONVENTIONS"
    ),
    "recover_counts/points.tsv": "paper.recover_counts.recovered_tables.POINTS",
    "recover_counts/means.tsv": "paper.recover_counts.recovered_tables.MEANS",
    "recover_counts/mcnemar_bounds.tsv": "paper.recover_counts.recovered_tables.BOUNDS",
}
"""Schema of each table below ``results/<study>/``; a test compares it with a study."""

INPUTS = {
    "cohort.exams": "tables.schemas.EXAM_SHEET",
    "prediction.exams": "tables.schemas.EXAM_SHEET",
    "cohort.nodes": "tables.schemas.NODE_SHEET",
    "prediction.nodes": "tables.schemas.NEW_NODE_SHEET",
    "cohort.readings": "tables.schemas.READING_SHEET",
    "external_scores": "classifiers.external.SUBMITTED",
}
"""Schema of the sheet that each key of the configuration names."""

SHIPPED = {"config/published_numbers.tsv": "paper.scorecard.judgement.PUBLISHED"}
"""Schema of tables that come with the project."""

INTRODUCTION = """\
# Columns of tables

Made from the schemas of the package. Every table is UTF-8 text with a header,
tab-separated (`.tsv`) or comma-separated (`.csv`). It is checked when it is written and
when it is read; a column that is not listed here is refused. Sheets of your own may
also have semicolons and further columns. *Optional* columns may be absent; cells that
*may be empty* need no value.
"""


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema of the package.

    Attributes
    ----------
    name
        Dotted name without that of the package.
    note
        Text below its definition.
    columns
        What it checks.
    """

    name: str
    note: str
    columns: pa.DataFrameSchema


def read_schemas(root: Path) -> dict[str, Schema]:
    """Return every schema of the package by name, in the order of the files."""
    source = root / "src"
    found = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        for name, note in _defined(path):
            schema = getattr(import_module(module), name)
            own = f"{module.removeprefix(PACKAGE + '.')}.{name}"
            found[own] = Schema(own, note, schema)
    return found


def _defined(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the schemas that a module defines, with the text below each."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker)):
                if ast.unparse(maker).rpartition(".")[2] in MAKERS:
                    yield name, _text(following)


def _text(statement: ast.stmt | None) -> str:
    match statement:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return " ".join(text.split()).replace("``", "`")
    return ""


def slug(name: str) -> str:
    """Return the anchor of a schema."""
    return name.lower().replace(".", "-")


def tables_page(root: Path) -> str:
    """Return the page: a section for each schema."""
    schemas = read_schemas(root)
    order = dict.fromkeys([*FILES.values(), *INPUTS.values(), *SHIPPED.values()])
    sections = [_section(schemas[name]) for name in order]
    return "\n\n".join([INTRODUCTION, *sections]) + "\n"


def _section(schema: Schema) -> str:
    files = [*_named(FILES, schema), *_named(SHIPPED, schema)]
    keys = _named(INPUTS, schema)
    title = code((files or keys)[0])
    uses = [f"Files: {', '.join(map(code, files))}."] if files else []
    if keys:
        uses.append(f"Read from {', '.join(map(_key, keys))}.")
    unique = schema.columns.unique or []
    if unique:
        uses.append(f"One row for each {', '.join(map(code, unique))}.")
    rows = [_row(name, column) for name, column in schema.columns.columns.items()]
    return "\n\n".join(
        filter(
            None,
            [
                f"## {title} {{ #{slug(schema.name)} }}",
                schema.note,
                " ".join(uses),
                table(["Column", "Type", "Allowed values", "Remarks"], rows),
                f"Schema: `{PACKAGE}.{schema.name}`",
            ],
        )
    )


def _named(places: dict[str, str], schema: Schema) -> list[str]:
    return [place for place, name in places.items() if name == schema.name]


def _key(name: str) -> str:
    return f"[{name}](configuration.md#{name})"


TYPES = {"str": "text", "int": "integer", "float": "number", "bool": "true or false"}
"""What values are, by the beginning of the name of their type."""


def _row(name: str, column: pa.Column) -> list[str]:
    remarks = {
        "optional": not column.required,
        "may be empty": column.nullable,
        "unique": column.unique,
    }
    return [
        code(name),
        next(
            word for name, word in TYPES.items() if str(column.dtype).startswith(name)
        ),
        ", ".join(map(_allowed, column.checks)),
        ", ".join(remark for remark, holds in remarks.items() if holds),
    ]


def _allowed(check: pa.Check) -> str:
    """Put a check in words."""
    given = check.statistics
    match check.name:
        case "isin":
            return ", ".join(code(str(value)) for value in given["allowed_values"])
        case "greater_than_or_equal_to":
            return f"at least {given['min_value']}"
        case "less_than_or_equal_to":
            return f"at most {given['max_value']}"
        case "greater_than":
            return f"above {given['min_value']}"
        case "less_than":
            return f"below {given['max_value']}"
        case "str_matches":
            return f"matches {code(str(given['pattern']))}"
    return str(check.error or check.name)
