"""Write the folder that readers get, and the key that stays here."""

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nodal_staging import tables
from nodal_staging.classifiers.reader_page.reading_plan import (
    ARMS,
    CASE,
    SCALES,
    TRAINING,
    PageOptions,
    Reading,
    choose_training,
    draw_codes,
    reading_order,
)
from nodal_staging.nodes.patch_files import patch_sums, read_patches
from nodal_staging.study.errors import InputError
from nodal_staging.study.files import replacing_folder, write_text
from nodal_staging.study.reader_names import LONGEST_NAME, RESERVED
from nodal_staging.study.sheet_identifiers import fault_of
from nodal_staging.tables.columns import identifier, one_of, table, text
from nodal_staging.tables.rounding import and_more
from nodal_staging.tables.volume_viewer import encode_volume, viewer_script

logger = logging.getLogger(__name__)

KEY = table(
    {
        "code": text(unique=True),
        "node_id": identifier(unique=True),
        "kind": one_of([CASE, TRAINING]),
        "sha256": text(),
        "page": text(),
        "scale": one_of(list(SCALES)),
    },
)
"""Which node each code stands for, in one page; ``sha256`` is of its patch."""

BLOCK = 65536
"""Case files have one size, a multiple of this."""

FIXED_TIME = 315_619_200
"""The time of all case files, 1980-01-02, the first day that archives can state."""

IDLE_S = 60
"""Without a key or a move of the pointer for longer, a reader is away."""

DIGITS = 16


class ReaderPageError(InputError):
    """The reader page cannot be made."""

    reason = "unusable_reader_page"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPageInputs:
    """What the page is made from.

    Attributes
    ----------
    patches
        The patch files of all shards.
    test, training
        Nodes to read, and nodes to practise with (``tables.DATASET``).
    scores
        Of the CNN that the aided arm shows (``tables.SCORES``); None without that arm.
    """

    patches: Sequence[str | Path]
    test: str | Path
    training: str | Path
    scores: str | Path | None = None


def make_reader_page(
    *,
    inputs: ReaderPageInputs,
    options: PageOptions,
    folder: str | Path,
    key: str | Path,
    kept_keys: str | Path,
) -> None:
    """Write the folder of a reader study.

    Equal inputs give equal bytes, and neither names nor sizes nor times of the files
    depend on status or location.

    Parameters
    ----------
    inputs
        Patches and nodes.
    options
        Readers, arms, scale and seed.
    folder
        Output: ``index.html``, ``README.txt``, ``SHA256SUMS`` and ``cases/``.
    key
        Output: ``KEY``, outside of the folder.
    kept_keys
        Folder in which a copy of the key stays, named after the page, so that answers
        can be imported after the page was made again.

    Raises
    ------
    ReaderPageError
        If a reader's name cannot be used, or a node has no patch.
    """
    _require_names(options.readers)
    tested = tables.read(inputs.test, tables.DATASET)["node_id"].tolist()
    others = set(tables.read(inputs.training, tables.DATASET)["node_id"]) - set(tested)
    practised = choose_training(sorted(others), options)
    codes = draw_codes([*tested, *practised], options)
    texts = _volumes(inputs.patches, codes, options)
    spacing_mm = texts.spacing_mm
    scores = _scores(inputs.scores)
    files = _padded(
        {
            codes[node_id]: _case(codes[node_id], text, scores.get(node_id))
            for node_id, text in texts.by_node.items()
        }
    )
    plan = _plan(
        [codes[node_id] for node_id in practised],
        [codes[node_id] for node_id in tested],
        options,
    )
    study = _hash([json.dumps(plan["unaided"]), *_sorted(texts.by_node, codes)])
    page = _page(plan, study, spacing_mm, files, options)
    _write_folder(Path(folder), page.text, files, _readme(len(tested), options))
    sums = patch_sums(inputs.patches)
    frame = pd.DataFrame(
        {
            "code": [codes[node_id] for node_id in sorted(codes)],
            "node_id": sorted(codes),
            "kind": [
                TRAINING if node_id in practised else CASE for node_id in sorted(codes)
            ],
            "sha256": [sums[node_id] for node_id in sorted(codes)],
            "page": page.version,
            "scale": options.scale,
        }
    )
    tables.write(frame, key, KEY)
    tables.write(frame, kept_key(kept_keys, page.version), KEY)


def _require_names(readers: Sequence[str]) -> None:
    """Refuse names that the sheet of readings would refuse later."""
    if not readers:
        raise ReaderPageError(
            "config: reader_page.readers is empty; name the readers, such as [A, B]"
        )
    for reader in readers:
        fault = fault_of(reader, longest=LONGEST_NAME)
        if reader.casefold() in RESERVED:
            fault = "a name without a meaning in the result files; rename the reader"
        if fault:
            raise ReaderPageError(
                f"config: reader_page.readers, {reader}: expected {fault}"
            )


def kept_key(folder: str | Path, page: str) -> Path:
    """Return the path of the key of a page."""
    return Path(folder) / f"{page}.tsv"


@dataclass(frozen=True, slots=True)
class _Volumes:
    """Volumes as texts by node_id, and the spacing that they share."""

    by_node: dict[str, str]
    spacing_mm: float


def _volumes(
    patches: Iterable[str | Path], codes: Mapping[str, str], options: PageOptions
) -> _Volumes:
    found: dict[str, str] = {}
    spacing_mm = 1.0
    for path in patches:
        for node_id, (image, _), apart_mm in read_patches(path, only=codes):
            found[node_id] = encode_volume(image, compressed=options.compressed)
            spacing_mm = apart_mm
    missing = sorted(set(codes) - set(found))
    if missing:
        raise ReaderPageError(
            f"node {missing[0]}: no patch{and_more(len(missing) - 1)}; make the "
            "datasets again with nodal-staging run split"
        )
    return _Volumes(found, spacing_mm)


def _scores(path: str | Path | None) -> dict[str, float]:
    """Return scores by node_id: of the test set, and out of fold."""
    if path is None:
        return {}
    frame = tables.read(path, tables.SCORES)
    return dict(zip(frame["node_id"], frame["score"].astype(float), strict=True))


def _case(code: str, volume: str, score: float | None) -> str:
    """Return the script of a case."""
    aid = "" if score is None else f", {score:.4f}"
    return f'addCase("{code}", "{volume}"{aid});'


def _padded(scripts: Mapping[str, str]) -> dict[str, bytes]:
    """Return scripts of one size, in the order of their codes."""
    longest = max(map(len, scripts.values())) + 1
    size = -(-longest // BLOCK) * BLOCK
    return {
        code: scripts[code].encode("ascii").ljust(size - 1) + b"\n"
        for code in sorted(scripts)
    }


def _plan(
    training: Sequence[str], codes: Sequence[str], options: PageOptions
) -> dict[str, dict[str, list[Reading]]]:
    """Return what each reader reads in each arm, by arm and reader."""
    return {
        arm: {
            reader: reading_order(training, codes, options, reader=reader, arm=arm)
            for reader in options.readers
        }
        for arm in ARMS
    }


def _sorted(texts: Mapping[str, str], codes: Mapping[str, str]) -> list[str]:
    pairs = sorted((codes[node_id], text) for node_id, text in texts.items())
    return [part for pair in pairs for part in pair]


def _hash(parts: Iterable[str | bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        total.update(hashlib.sha256(encoded).digest())
    return total.hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class _Page:
    """The page as text, and its version."""

    text: str
    version: str


def _page(
    plan: Mapping[str, Mapping[str, list[Reading]]],
    study: str,
    spacing_mm: float,
    files: Mapping[str, bytes],
    options: PageOptions,
) -> _Page:
    """Return the page; its version is a sum over all that it shows and does."""
    content: dict[str, Any] = {
        "study": study,
        "scale": options.scale,
        "arms": [arm for arm in ARMS if arm in options.arms],
        "sessions": options.sessions,
        "window": list(options.window),
        "spacing": [spacing_mm] * 3,
        "idle_s": IDLE_S,
        "compressed": options.compressed,
        "readers": {
            reader: {arm: plan[arm][reader] for arm in ARMS if arm in options.arms}
            for reader in options.readers
        },
    }
    template = _resource("reader_page.html")
    for mark, script in (
        ("/*STYLE*/", _resource("reader_page.css")),
        ("/*VIEWER*/", viewer_script()),
        ("/*SCRIPT*/", _resource("reader_page.js")),
    ):
        template = template.replace(mark, script)
    version = _hash([template, json.dumps(content), *files, *files.values()])
    # "<" could end the script.
    plan_text = json.dumps(content | {"page": version}).replace("<", "\\u003c")
    return _Page(template.replace("/*STUDY*/", plan_text), version)


def _resource(name: str) -> str:
    """Return a text of this folder."""
    texts = ("reader_page.html", "reader_page.css", "reader_page.js", "reader_page.txt")
    (place,) = (Path(__file__).with_name(text) for text in texts if text == name)
    return place.read_text(encoding="utf-8")


def _readme(count: int, options: PageOptions) -> str:
    """Return what readers should know."""
    return _resource("reader_page.txt").format(
        count=count,
        readers=", ".join(options.readers),
        sessions=options.sessions,
    )


def _write_folder(
    path: Path, page: str, files: Mapping[str, bytes], readme: str
) -> None:
    """Write the folder, whole or not at all."""
    with replacing_folder(path) as folder:
        whole = {
            "README.txt": readme.encode(),
            **{f"cases/{code}.js": content for code, content in files.items()},
            "index.html": page.encode(),
        }
        (folder / "cases").mkdir()
        for name, content in whole.items():
            (folder / name).write_bytes(content)
            if "/" in name:
                os.utime(folder / name, (FIXED_TIME, FIXED_TIME))
        lines = [
            f"{hashlib.sha256(content).hexdigest()}  {name}\n"
            for name, content in sorted(whole.items())
        ]
        write_text(folder / "SHA256SUMS", "".join(lines))
        os.utime(folder / "cases", (FIXED_TIME, FIXED_TIME))
