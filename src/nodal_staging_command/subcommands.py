"""The subcommands of ``nodal-staging``, and what each one does."""

import json
import os
import shlex
import sys
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from nodal_staging.study.written_paths import path_fault
from nodal_staging_command import imported_study, lineage_commands
from nodal_staging_command.arguments import CommandError, Given, Option
from nodal_staging_command.closing import (
    made_by_check,
    made_by_predict,
    made_by_run,
    made_by_split,
)
from nodal_staging_command.new_study import write_study
from nodal_staging_command.snakemake_call import (
    DRY,
    run_snakemake,
    snakemake_arguments,
)
from nodal_staging_command.study import Study, find_study
from nodal_staging_command.targets import check_targets, list_targets

OF_A_STUDY = {
    "--study": Option(
        "PATH",
        "folder or configuration file of the study (the current folder); demo is the "
        "synthetic demonstration",
    ),
    "--overlay": Option(
        "FILE",
        "configuration file that comes before the study's own, such as paper_network",
    ),
}


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand.

    Attributes
    ----------
    words
        What stands after its name, for the help text.
    summary
        What it does.
    run
        Carries it out and returns the exit status.
    options
        Its own options.
    passes_on
        Whether further options are Snakemake's.
    most_words
        How many words it takes at most.
    """

    words: str
    summary: str
    run: Callable[[Given], int]
    options: Mapping[str, Option] = field(default_factory=dict)
    passes_on: bool = False
    most_words: int = 0


def _init(given: Given) -> int:
    if not given.words:
        raise CommandError("init needs a folder; write nodal-staging init FOLDER")
    folder = Path(given.words[0])
    paths = write_study(folder)
    sys.stdout.write("".join(f"{path}\n" for path in paths))
    sys.stdout.write(
        f"Next: replace the example rows, then cd {shlex.quote(str(folder))} and run\n"
    )
    sys.stdout.write("  nodal-staging check\n")
    return 0


def _check(given: Given) -> int:
    study = find_study(given, Path.cwd())
    return _make(study, given, ["check"], made_by_check)


def _run_targets(given: Given) -> int:
    check_targets(given.words)
    study = find_study(given, Path.cwd())
    made = partial(made_by_run, targets=given.words)
    return _make(study, given, given.words, made)


def _split(given: Given) -> int:
    study = find_study(given, Path.cwd())
    return _make(study, given, ["split"], made_by_split)


def _predict(given: Given) -> int:
    study = find_study(given, Path.cwd())
    chosen = {"name": given.last("--name") or "new"}
    if given.words:
        chosen["exams"] = _sheet(given.words[0], study)
    elif not study.setting("prediction", "exams"):
        raise CommandError(
            "predict needs the sheet of the new exams; write nodal-staging predict "
            "EXAMS, or name it in the configuration (prediction.exams)"
        )
    if nodes := given.last("--nodes"):
        chosen["nodes"] = _sheet(nodes, study)
    config = [f"prediction={json.dumps(chosen, ensure_ascii=False)}"]
    return _make(
        study,
        given,
        ["predict"],
        lambda study: made_by_predict(study, chosen["name"]),
        config=config,
    )


def _report(given: Given) -> int:
    page = find_study(given, Path.cwd()).results / "report.html"
    study = given.last("--study")
    named = f" --study {shlex.quote(study)}" if study else ""
    if not page.is_file():
        raise CommandError(
            f"{page} does not exist; write it with nodal-staging run report{named}"
        )
    sys.stdout.write(f"{page}\n")
    if "--open" in given.options:
        webbrowser.open(page.as_uri())
    return 0


def _targets(_: Given) -> int:
    sys.stdout.write(f"{list_targets()}\n")
    return 0


def _recover_counts(given: Given) -> int:
    from nodal_staging.paper.recover_counts.command import (  # noqa: PLC0415 (pandas)
        main as recover_counts,
    )

    options = [word for pair in given.options.items() for word in (pair[0], *pair[1])]
    return recover_counts([*given.words, *options])


def _make(
    study: Study,
    given: Given,
    targets: Sequence[str],
    made: Callable[[Study], list[str]],
    *,
    config: Sequence[str] = (),
) -> int:
    """Run Snakemake, then print what was made."""
    arguments = snakemake_arguments(study, targets, given.passed, config=config)
    status = run_snakemake(arguments, study.folder)
    if status == 0 and not set(DRY) & set(given.passed):
        sys.stdout.write("".join(f"{_short(line)}\n" for line in made(study)))
    return status


def _short(line: str) -> str:
    """Write a path below the current folder without it."""
    return line.replace(f"{Path.cwd()}{os.sep}", "")


def _sheet(written: str, study: Study) -> str:
    """Return a path for the configuration, relative to the folder of the study."""
    path = Path(written)
    if not path.is_file():
        raise CommandError(f"{written}: {path_fault(written, 'the current folder')}")
    return os.path.relpath(path, study.folder)


COMMANDS: dict[str, Command] = {
    "init": Command(
        "FOLDER",
        "Write a folder for a study: configuration, example sheets, next steps",
        _init,
        most_words=1,
    ),
    "import": Command(
        "KIND FOLDER [STUDY]",
        "Draft the sheets of a study from files; KIND is "
        f"{', '.join(imported_study.KINDS)}",
        imported_study.import_study,
        imported_study.OPTIONS,
        most_words=3,
    ),
    "check": Command(
        "",
        "Inspect every exam, and report whether it can be used and what to fix",
        _check,
        OF_A_STUDY,
        passes_on=True,
    ),
    "split": Command(
        "",
        "Assign nodes to the test set and the folds, before any training",
        _split,
        OF_A_STUDY,
        passes_on=True,
    ),
    "run": Command(
        "[TARGET ...]",
        "Make targets with all that they need; everything without a target",
        _run_targets,
        OF_A_STUDY,
        passes_on=True,
        most_words=sys.maxsize,
    ),
    "targets": Command("", "List the targets by stage", _targets),
    "predict": Command(
        "[EXAMS]",
        "Score the nodes of new exams, which a sheet lists",
        _predict,
        OF_A_STUDY
        | {
            "--nodes": Option("FILE", "sheet of the nodes (names of labels)"),
            "--name": Option("NAME", "folder of the results (new)"),
        },
        passes_on=True,
        most_words=1,
    ),
    "report": Command(
        "",
        "Print the path of the report",
        _report,
        OF_A_STUDY | {"--open": Option("", "open it in a browser")},
    ),
    "verify": Command(
        "",
        "Name each file of the results that was changed, is missing or is new",
        lineage_commands.verify,
        OF_A_STUDY,
    ),
    "why": Command(
        "FILE[:ROW:COLUMN]",
        "Print where a file, or a number in it, comes from, back to the raw exams",
        lineage_commands.why,
        OF_A_STUDY,
        most_words=1,
    ),
    "crate": Command(
        "",
        "Write the lineage of the results as an RO-Crate (ro-crate-metadata.json)",
        lineage_commands.crate,
        OF_A_STUDY
        | {
            "--date": Option("DAY", "of publication, such as 2026-01-31 (today)"),
            "--license": Option("URL", "of the licence of the results"),
        },
    ),
    "recover-counts": Command(
        "TABLE",
        "Find all counts that fit a published table of shares; needs no study",
        _recover_counts,
        {
            "--output": Option("FOLDER", "folder of the results (recovered)"),
            "--significance": Option("LEVEL", "of McNemar's tests (0.005)"),
        },
        most_words=1,
    ),
}
"""By name, in the order of a study."""
