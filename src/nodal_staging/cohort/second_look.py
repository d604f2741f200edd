"""Answers of the people who looked at every exam and node on the check page."""

from pathlib import Path

import pandas as pd

from nodal_staging import tables
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import write_json
from nodal_staging.tables.columns import identifier, one_of, table, text
from nodal_staging.tables.rounding import and_more

WHOLE_EXAM = "-"
"""In place of a node_id, where an answer is on the exam."""

SECOND_LOOK = table(
    {
        "exam_id": identifier(),
        "node_id": text(),
        "answer": one_of(["accept", "doubt", "-"]),
        "comment": text(),
    },
    unique=["exam_id", "node_id"],
)
"""What the check page saves: an answer or a comment on a node, or on an exam, whose
node_id is ``-``; ``-`` where there is no answer or no comment."""

SAID = ("answer", "comment")


class SecondLookError(InputError):
    """The answers do not fit the cohort, or do not accept all of it."""

    reason = "second_look"


def read_second_look(path: str | Path | None, nodes: pd.DataFrame) -> pd.DataFrame:
    """Read the answers; an empty table where there are none.

    Parameters
    ----------
    path
        What the check page saved (``SECOND_LOOK``).
    nodes
        ``tables.NODE_SHEET``.

    Raises
    ------
    SecondLookError
        If a node is not in the sheet.
    """
    if path is None:
        return pd.DataFrame(columns=list(SECOND_LOOK.columns))
    answers = tables.read(path, SECOND_LOOK)
    of_nodes = answers[answers["node_id"] != WHOLE_EXAM]
    unknown = of_nodes[~of_nodes["node_id"].isin(nodes["node_id"])]
    if len(unknown):
        first = unknown.iloc[0]
        raise SecondLookError(
            f"{Path(path).name}, exam {first['exam_id']}: node {first['node_id']}"
            f"{and_more(len(unknown) - 1)} is not in the node sheet; remove the row, "
            "or save the file again from the present check page"
        )
    empty = {name: answers[name].mask(answers[name] == "-", "") for name in SAID}
    return answers.assign(**empty)


def accept_second_look(
    *,
    answers: str | Path | None,
    nodes: str | Path,
    cohort: str | Path,
    required: bool,
    output: str | Path,
) -> None:
    """Count the answers, and end the study where one is missing that is required.

    Parameters
    ----------
    answers
        ``SECOND_LOOK``; None without any.
    nodes, cohort
        ``tables.NODE_SHEET`` and ``tables.EXAMS``.
    required
        Whether every node of an included exam must be accepted.
    output
        JSON with the numbers of nodes that are accepted, doubted and open.

    Raises
    ------
    SecondLookError
        For the first node that is not accepted, where that is required.
    """
    sheet = tables.read(nodes, tables.NODE_SHEET)
    found = read_second_look(answers, sheet)
    exams = tables.read(cohort, tables.EXAMS)
    included = exams.loc[exams["included"] == "yes", "exam_id"]
    own = sheet[sheet["exam_id"].isin(included)]
    of_nodes = found[found["node_id"] != WHOLE_EXAM]
    said = dict(zip(of_nodes["node_id"], of_nodes["answer"], strict=True))
    answer = pd.Series([said.get(name) or "open" for name in own["node_id"]], own.index)
    missing = own[answer != "accept"]
    if required and len(missing):
        first = missing.iloc[0]
        raise SecondLookError(
            f"exam {first['exam_id']}, node {first['node_id']}"
            f"{and_more(len(missing) - 1)}: not accepted in the second look, which "
            "cohort.second_look.required demands; look at the node on the check page, "
            "save second_look.tsv and give its path as cohort.second_look.sheet"
        )
    counts = answer.value_counts()
    write_json(
        output,
        {name: int(counts.get(name, 0)) for name in ("accept", "doubt", "open")},
    )
