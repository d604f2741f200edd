"""The reference of tables: columns, types and allowed values of every file."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from nodal_staging.tables.columns import ColumnSchema, TableSchema
from reference_pages.markdown import code, stacked, table

PACKAGE = "nodal_staging"
MAKERS = ("table", "sheet")
"""Functions that make a schema."""

FILES = {
    "raw/exams.tsv": "tables.input_sheets.EXAM_SHEET",
    "raw/nodes.tsv": "tables.input_sheets.NODE_SHEET",
    "raw/readings.tsv": "tables.input_sheets.READING_SHEET",
    "raw/truth.tsv": "tables.schemas.TRUTH",
    "cohort/nodes_from_labels.tsv": "tables.input_sheets.NEW_NODE_SHEET",
    "cohort/labels/<shard>.tsv": "tables.input_sheets.NEW_NODE_SHEET",
    "cohort/inspected/<shard>.tsv": "tables.schemas.INSPECTIONS",
    "cohort/exams.tsv": "tables.schemas.EXAMS",
    "predictions/<name>/exams.tsv": "tables.schemas.EXAMS",
    "cohort/characteristics.tsv": "tables.schemas.CHARACTERISTICS",
    "check/exams.tsv": "tables.schemas.CHECKED",
    "check/support.tsv": "cohort.support.SUPPORT",
    "nodes.tsv": "tables.schemas.NODES",
    "nodes/<shard>.tsv": "tables.schemas.NODES",
    "cohort/uptake_disagreements.tsv": "tables.schemas.DISAGREEMENTS",
    "cohort/lost/measurement/<shard>.tsv": "tables.schemas.LOSSES",
    "cohort/lost/patches/<shard>.tsv": "tables.schemas.LOSSES",
    "cohort/node_flags.tsv": "tables.schemas.NODE_FLAGS",
    "predictions/<name>/node_flags.tsv": "tables.schemas.NODE_FLAGS",
    "cohort/lost_nodes.tsv": "tables.schemas.LOSSES",
    "predictions/<name>/lost_nodes.tsv": "tables.schemas.LOSSES",
    "radiomics.tsv": "nodes.radiomics.node_features.RADIOMICS",
    "examples/chosen.tsv": "nodes.example_nodes.EXAMPLES",
    "datasets/test.tsv": "tables.schemas.DATASET",
    "datasets/status_balanced.tsv": "tables.schemas.DATASET",
    "datasets/location_balanced.tsv": "tables.schemas.DATASET",
    "attribution/permuted/<cnn>/training.tsv": "tables.schemas.DATASET",
    "datasets/all_test_nodes.tsv": "tables.schemas.DATASET",
    "datasets/balance.tsv": "datasets.balance.BALANCE",
    "datasets/dropped.tsv": "tables.schemas.DROPPED",
    "models/<cnn>/history.tsv": "tables.schemas.HISTORY",
    "models/<cnn>/folds/<folds>.history.tsv": "tables.schemas.FOLD_HISTORY",
    "attribution/permuted/<cnn>/history.tsv": "tables.schemas.HISTORY",
    "selection/<candidate>/<cnn>/<folds>.history.tsv": "tables.schemas.FOLD_HISTORY",
    "replay/<cnn>.tsv": "tables.schemas.REPLAY",
    "scores/<classifier>.csv": "tables.schemas.SCORES",
    "scores/all_test_nodes/<classifier>.csv": "tables.schemas.SCORES",
    "models/<cnn>/folds/<folds>.csv": "tables.schemas.SCORES",
    "selection/<candidate>/<cnn>/<folds>.csv": "tables.schemas.SCORES",
    "selection/leaderboard.tsv": "classifiers.cnn.candidates.LEADERBOARD",
    "models/rf_<forest>/importances.tsv": "classifiers.forest.IMPORTANCES",
    "models/rf_<forest>/permuted.tsv": "classifiers.forest.PERMUTED",
    "models/logistic_location_volume/coefficients.tsv": (
        "classifiers.logistic_baseline.COEFFICIENTS"
    ),
    "models/radiomics_<training>/coefficients.tsv": (
        "classifiers.radiomics_baseline.COEFFICIENTS"
    ),
    "models/radiomics_forest_<training>/importances.tsv": (
        "classifiers.forest.IMPORTANCES"
    ),
    "audit/reweighted.tsv": "audit.mixes.reweighting.REWEIGHTED",
    "audit/shortcut_matrix/scores.csv": (
        "audit.shortcut_matrix.matrix_tables.VIEW_SCORES"
    ),
    "audit/shortcut_matrix.tsv": "audit.shortcut_matrix.matrix_tables.MATRIX",
    "audit/radiomics_stability.tsv": (
        "audit.robustness.feature_stability.FEATURE_STABILITY"
    ),
    "audit/robustness.tsv": "audit.robustness.robustness_tables.ROBUSTNESS",
    "audit/robustness_nodes.tsv": "audit.robustness.robustness_tables.STABLE_NODES",
    "audit/robustness_stability.tsv": "audit.robustness.robustness_tables.STABILITY",
    "tables/learning_curve.tsv": "tables.schemas.LEARNING_CURVE",
    "predictions/<name>/not_scored.tsv": "nodes.unscored.UNSCORED",
    "predictions/<name>/threshold_range.tsv": (
        "audit.robustness.threshold_range.THRESHOLD_RANGE"
    ),
    "predictions/<name>/cnn_<cnn>.tsv": "classifiers.cnn.predicted_nodes.PREDICTIONS",
    "external/<name>/cnn_<cnn>.tsv": "classifiers.cnn.predicted_nodes.PREDICTIONS",
    "external/<name>/scores/<classifier>.csv": "tables.schemas.SCORES",
    "external/<name>/transport.tsv": "statistics.external.transport.TRANSPORT",
    "statistics/roc/<classifier>.tsv": "tables.schemas.ROC",
    "statistics/band/<classifier>.tsv": "tables.schemas.BAND",
    "statistics/calibration/<classifier>.tsv": "statistics.calibration.CALIBRATION",
    "statistics/decision_curve/<classifier>.tsv": (
        "statistics.decision_curve.DECISION_CURVE"
    ),
    "statistics/remarks.tsv": "statistics.result_remarks.REMARKS",
    "statistics/mcnemar.tsv": "statistics.mcnemar.MCNEMAR",
    "tables/mcnemar.tsv": "statistics.mcnemar.MCNEMAR",
    "statistics/auc_differences.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "tables/auc_differences.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "refits/<refit>/<cnn>/history.tsv": "tables.schemas.HISTORY",
    "refits/<refit>/auc_differences.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "refits/<refit>/location.tsv": "tables.schemas.SITE_MATCHED",
    "refits/<refit>/mcnemar.tsv": "statistics.mcnemar.MCNEMAR",
    "refits/<refit>/<cnn>/scores.csv": "tables.schemas.SCORES",
    "statistics/refits.tsv": "statistics.refits.REFITS",
    "statistics/refit_spread.tsv": "statistics.refits.SPREAD",
    "statistics/simple_choice.tsv": "statistics.best_simple.SIMPLE_CHOICE",
    "statistics/over_simple.tsv": "statistics.auc_differences.AUC_DIFFERENCES",
    "statistics/subgroups.tsv": "statistics.subgroups.SUBGROUPS",
    "statistics/recomputation.tsv": ("statistics.recomputation.ledger.RECOMPUTATION"),
    "statistics/precision.tsv": "statistics.precision.precision_tables.PRECISION",
    "statistics/detectable.tsv": "statistics.precision.precision_tables.DETECTABLE",
    "statistics/nodes_needed.tsv": "statistics.precision.precision_tables.NEEDED",
    "readers/areas.tsv": "statistics.reader_study.areas.AREAS",
    "readers/operating_points.tsv": "statistics.reader_study.areas.POINTS",
    "readers/agreement.tsv": "statistics.reader_study.inter_reader_agreement.AGREEMENT",
    "readers/contrasts.tsv": "statistics.reader_study.contrasts.FIXED",
    "readers/random_readers.tsv": "statistics.reader_study.contrasts.RANDOM",
    "readers/imrmc.csv": "statistics.reader_study.exports.IMRMC",
    "readers/mrmcaov.csv": "statistics.reader_study.exports.MRMCAOV",
    "private/reader_key.tsv": "classifiers.reader_page.page_folder.KEY",
    "readers/readings.tsv": "tables.input_sheets.READING_SHEET",
    "readers/readings_aided.tsv": "tables.input_sheets.READING_SHEET",
    "readers/log.tsv": "classifiers.reader_page.reader_answers.LOG",
    "readers/intra_reader.tsv": ("statistics.reader_study.reading_course.INTRA_READER"),
    "readers/times.tsv": "statistics.reader_study.reading_course.TIMES",
    "readers/learning.tsv": "statistics.reader_study.reading_course.LEARNING",
    "readers/arms_imrmc.csv": "statistics.reader_study.exports.IMRMC",
    "readers/arms_mrmcaov.csv": "statistics.reader_study.exports.MRMCAOV",
    "attribution/<cnn>.checks.tsv": "heatmaps.heatmap_files.NODE_CHECKS",
    "attribution/<cnn>.curves.tsv": "heatmaps.heatmap_files.CURVES",
    "audit/copies/copies.tsv": "phantom.copies.COPIES",
    "audit/copies/radiomics.tsv": "nodes.radiomics.node_features.RADIOMICS",
    "audit/copies/cnn_scores.tsv": "audit.counterfactual.effect_tables.CNN_SCORES",
    "audit/transplants/copies.tsv": "phantom.copies.COPIES",
    "audit/transplants/cnn_scores.tsv": "audit.counterfactual.effect_tables.CNN_SCORES",
    "audit/transplants.tsv": "audit.counterfactual.effect_tables.CALIBRATION",
    "audit/counterfactual.tsv": "audit.counterfactual.effect_tables.COUNTERFACTUAL",
    "audit/counterfactual_effects.tsv": "audit.counterfactual.effect_tables.EFFECTS",
    "audit/ceilings.tsv": "tables.ceiling_table.CEILINGS",
    "audit/location.tsv": "tables.schemas.SITE_MATCHED",
    "audit/shortcut.tsv": "audit.shortcut.SHORTCUT",
    "audit/decodability.tsv": "audit.decodability.DECODABILITY",
    "audit/power.tsv": "audit.shortcut_power.POWER",
    "audit/localisation.tsv": "audit.relevance_regions.LOCALISATION",
    "audit/localisation_differences.tsv": "audit.relevance_regions.DIFFERENCES",
    "audit/localisation_controls.tsv": "audit.relevance_regions.OVER_CONTROLS",
    "audit/randomisation.tsv": "audit.heatmaps.RANDOMISATION",
    "audit/faithfulness.tsv": "audit.heatmaps.FAITHFULNESS",
    "audit/halo.tsv": "audit.heatmaps.OUTSIDE",
    "audit/patterns.tsv": "audit.pattern_layers.PATTERN_LAYERS",
    "patients/stages.tsv": "statistics.patients.staged_patients.STAGES",
    "patients/accuracy.tsv": "statistics.patients.accuracy.ACCURACY",
    "patients/confusion.tsv": "statistics.patients.accuracy.CONFUSION",
    "patients/changes.tsv": "statistics.patients.accuracy.CHANGES_OF_STAGE",
    "tables/table_1.tsv": "paper.table_1.TABLE_1",
    "tables/reference.tsv": "paper.reference.reference_rows.REFERENCE",
    "tables/scorecard.tsv": "paper.scorecard.judgement.SCORECARD",
    "compare/<pair>/classifiers.tsv": "report.study_comparison.COMPARED_CLASSIFIERS",
    "compare/<pair>/facts.tsv": "report.study_comparison.STUDY_FACTS",
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
    "cohort.exams": "tables.input_sheets.EXAM_SHEET",
    "prediction.exams": "tables.input_sheets.EXAM_SHEET",
    "cohort.nodes": "tables.input_sheets.NODE_SHEET",
    "prediction.nodes": "tables.input_sheets.NEW_NODE_SHEET",
    "cohort.readings": "tables.input_sheets.READING_SHEET",
    "datasets.given": "tables.input_sheets.SPLIT_SHEET",
    "external_scores": "classifiers.external.SUBMITTED",
    "cohort.second_look.sheet": "cohort.second_look.SECOND_LOOK",
    "reader_import": "classifiers.reader_page.reader_answers.ANSWERS",
}
"""Schema of the sheet that each key of the configuration names."""

SHIPPED = {"config/published_numbers.tsv": "paper.scorecard.published.PUBLISHED"}
"""Schema of tables that come with the project."""

IMPORTED = {
    "left_out.tsv": "cohort.imported.drafted_sheets.LEFT_OUT",
    "choices.tsv": "cohort.imported.drafted_sheets.CHOICES",
    "lesions.tsv": "cohort.imported.drafted_sheets.LESIONS",
    "private/mapping.tsv": "cohort.imported.pseudonyms.MAPPING",
}
"""Schema of the tables that an import writes into the folder of a study."""

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
    columns: TableSchema


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
    places = (FILES, INPUTS, IMPORTED, SHIPPED)
    order = dict.fromkeys(name for place in places for name in place.values())
    sections = [_section(schemas[name]) for name in order]
    return "\n\n".join([INTRODUCTION, *sections]) + "\n"


def _section(schema: Schema) -> str:
    files = [one for p in (FILES, IMPORTED, SHIPPED) for one in _named(p, schema)]
    keys = _named(INPUTS, schema)
    title = code((files or keys)[0])
    uses = [f"Files: {', '.join(map(code, files))}."] if files else []
    if keys:
        uses.append(f"Read from {', '.join(map(_key, keys))}.")
    unique = schema.columns.unique
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
                stacked(table(["Column", "Type", "Allowed values", "Remarks"], rows)),
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


def _row(name: str, column: ColumnSchema) -> list[str]:
    remarks = {
        "optional": not column.required,
        "may be empty": column.nullable,
        "unique": column.unique,
    }
    return [
        code(name),
        next(word for name, word in TYPES.items() if column.dtype.startswith(name)),
        ", ".join(_allowed(column)),
        ", ".join(remark for remark, holds in remarks.items() if holds),
    ]


def _allowed(column: ColumnSchema) -> Iterator[str]:
    """Yield what the cells of a column may be, in words."""
    yield from (code(word) for word in column.words)
    if column.lowest is not None:
        yield f"at least {column.lowest}"
    if column.highest is not None:
        yield f"at most {column.highest}"
