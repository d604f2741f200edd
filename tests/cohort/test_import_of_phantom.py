"""A cohort without its sheets, files under random names, comes back as it was."""

import random
import shutil
import stat
from pathlib import Path

import pytest
from exam_inspection import COHORT, rules
from small_cohort import SHARD, draw_sheets, simulate_shard, small_scanner

from nodal_staging import tables
from nodal_staging.cohort.imported.collection import Request, import_collection
from nodal_staging.cohort.imported.pseudonyms import MAPPING
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.patches import Cube, extract_patches
from nodal_staging.phantom.canaries import CANARY
from nodal_staging.phantom.synthetic_cohort import Enrolment


def request(source: Path, study: Path, **options) -> Request:
    study.mkdir(exist_ok=True)
    return Request(source, study, options.pop("salt", None), COHORT, **options)


@pytest.fixture(scope="module")
def truth(tmp_path_factory) -> Path:
    folder, scanner = tmp_path_factory.mktemp("raw"), small_scanner(noise_hu=8)
    enrolment = Enrolment(6, 24, 0.25)
    draw_sheets(folder, enrolment, scanner, seed=4, per_node_share=0.4)
    simulate_shard(folder, scanner, seed=4)
    return folder


@pytest.fixture(scope="module")
def renamed(truth, tmp_path_factory) -> dict[Path, Path]:
    """Return where each file of the cohort lies among the others, by random names."""
    folder = tmp_path_factory.mktemp("pacs") / "dump"
    folder.mkdir()
    files = sorted(path for path in (truth / SHARD).rglob("*") if path.is_file())
    names = random.Random(1).sample(range(10**8), len(files))
    places = {path: folder / str(n) for path, n in zip(files, names, strict=True)}
    for path, place in places.items():
        shutil.copyfile(path, place)
    return places


@pytest.fixture(scope="module")
def study(renamed, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    import_collection("dicom", request(next(iter(renamed.values())).parent, folder))
    return folder


@pytest.fixture(scope="module")
def originals(renamed) -> dict[Path, Path]:
    return {place: path for path, place in renamed.items()}


def exam_ids(study: Path) -> dict[str, str]:
    """Return the true exam of each pseudonym, through the private mapping."""
    mapping = tables.read(study / "private" / "mapping.tsv", MAPPING)
    named = mapping["patient"].str.removeprefix(CANARY)
    assert set(mapping["patient"]) == {f"{CANARY}{one}" for one in named}
    return dict(zip(mapping["exam_id"], named, strict=True))


def linked(study: Path, cell: str, originals: dict[Path, Path]) -> set[Path]:
    """Return the files of the cohort to which a cell leads."""
    place = study / cell
    links = list(place.iterdir()) if place.is_dir() else [place]
    assert all(link.is_symlink() for link in links)
    return {originals[link.readlink()] for link in links}


def test_every_ct_pet_and_segmentation_is_that_of_its_exam(truth, study, originals):
    expected = {}
    nodes = tables.read(truth / "nodes.tsv", tables.NODE_SHEET)
    for row in tables.read(truth / "exams.tsv", tables.EXAM_SHEET).to_dict("records"):
        own = nodes.loc[nodes["exam_id"] == row["exam_id"], "segmentation"].dropna()
        cells = {name: row[name] for name in ("ct", "pet", "segmentation")}
        files = {
            name: {truth / cell} if name == "segmentation" else set_of(truth / cell)
            for name, cell in cells.items()
            if isinstance(cell, str)
        }
        files |= {"segmentation": {truth / cell for cell in own}} if len(own) else {}
        expected[row["exam_id"], row["patient_id"]] = files
    found = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
    mapping = tables.read(study / "private" / "mapping.tsv", MAPPING)
    patients = mapping.set_index("exam_id")["patient"].str.removeprefix(CANARY)
    got = []
    for row in found.to_dict("records"):
        files = {
            name: linked(study, row[name], originals)
            for name in ("ct", "pet", "segmentation")
            if isinstance(row[name], str)
        }
        got.append((patients[row["exam_id"]], files))
    wanted = [(patient, files) for (_, patient), files in expected.items()]
    assert len(got) == len(wanted)
    assert all(one in wanted for one in got)
    assert tables.read(study / "exams.tsv", tables.EXAM_SHEET)["ct"].notna().all()


def set_of(folder: Path) -> set[Path]:
    return set(folder.iterdir())


def patches(folder: Path, exams: Path, nodes: Path) -> bytes:
    """Return the bytes of the file of patches that a study of the sheets makes."""
    folder.mkdir()
    inspect_exams(
        exams=exams,
        nodes=nodes,
        shard=SHARD,
        rules=rules(),
        on_bad_exam="exclude",
        inspections=folder / "inspections.tsv",
        index=folder / "index.json",
    )
    shard = InspectedShard(
        name=SHARD,
        exams=exams,
        nodes=nodes,
        inspections=folder / "inspections.tsv",
        index=folder / "index.json",
        limits=Limits(),
    )
    measure_nodes(
        shard=shard,
        refused_share=0.5,
        on_bad_exam="fail",
        output=folder / "measured.tsv",
        lost=folder / "lost.tsv",
    )
    extract_patches(
        shard=shard,
        measured=folder / "measured.tsv",
        cube=Cube(20, 2.0, "centroid"),
        on_bad_exam="fail",
        output=folder / "patches.h5",
        lost=folder / "lost_patches.tsv",
    )
    return (folder / "patches.h5").read_bytes()


def test_patches_are_equal_byte_for_byte(truth, study, originals, tmp_path):
    true_nodes = tables.read(truth / "nodes.tsv", tables.NODE_SHEET)
    true_exams = tables.read(truth / "exams.tsv", tables.EXAM_SHEET)
    used = true_exams[true_exams["exam_id"].isin(true_nodes["exam_id"])]
    exam_of = dict(zip(used["patient_id"], used["exam_id"], strict=True))
    known = tables.read(truth / "truth.tsv", tables.TRUTH)
    exams = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
    nodes = tables.read(study / "nodes.tsv", tables.NODE_SHEET)
    patient = exam_ids(study)
    exams = exams[exams["exam_id"].isin(nodes["exam_id"])]
    cells = dict(zip(exams["exam_id"], exams["segmentation"], strict=True))

    def node_id(row) -> str:
        exam_id = exam_of[patient[row.exam_id]]
        layer, value = row.label.split(":")
        place = study / cells[row.exam_id]
        own = known[known["exam_id"] == exam_id]
        if place.is_dir():
            link = sorted(place.iterdir())[int(layer)]
            path = originals[link.readlink()].relative_to(truth).as_posix()
            return own.loc[own["segmentation"] == path, "node_id"].item()
        return own.loc[own["label_value"] == int(value), "node_id"].item()

    nodes = nodes.assign(
        node_id=[node_id(row) for row in nodes.itertuples()],
        exam_id=[exam_of[patient[one]] for one in nodes["exam_id"]],
        patient_id=[patient[one] for one in nodes["exam_id"]],
    )
    exams = exams.assign(
        patient_id=[patient[one] for one in exams["exam_id"]],
        exam_id=[exam_of[patient[one]] for one in exams["exam_id"]],
        contrast="yes",
        low_dose="no",
    )
    assert sorted(nodes["node_id"]) == sorted(true_nodes["node_id"])
    sheets = {}
    # The sheets stay where the paths in them lead.
    for home, name, frame, schema in (
        (study, "exams", exams, tables.EXAM_SHEET),
        (study, "nodes", nodes, tables.NODE_SHEET),
        (truth, "exams", used.assign(contrast="yes", low_dose="no"), tables.EXAM_SHEET),
        (truth, "nodes", true_nodes, tables.NODE_SHEET),
    ):
        sheets[home, name] = home / f"mapped_{name}.tsv"
        order = ["exam_id"] if name == "exams" else ["node_id"]
        tables.write(frame.sort_values(order), sheets[home, name], schema)
    made = [
        patches(tmp_path / home.name, sheets[home, "exams"], sheets[home, "nodes"])
        for home in (truth, study)
    ]
    assert made[0] == made[1]
    assert len(made[0]) > 10_000


def test_no_identifier_leaves_the_private_folder(study):
    outside = [
        path
        for path in study.rglob("*")
        if path.is_file() and "private" not in path.relative_to(study).parts
    ]
    assert {path.name for path in outside} >= {
        "exams.tsv",
        "nodes.tsv",
        "choices.tsv",
        "left_out.tsv",
    }
    mapping = tables.read(study / "private" / "mapping.tsv", MAPPING)
    for path in outside:
        words = path.read_text()
        assert CANARY.lower() not in words.lower()
        assert "2.25." not in words
        assert not any(uid in words for uid in mapping["exam"])
    assert CANARY in (study / "private" / "mapping.tsv").read_text()
    for name in ("mapping.tsv", "salt.txt"):
        mode = (study / "private" / name).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
    assert (study / "private" / ".gitignore").read_text() == "*\n"


def test_the_salt_decides_on_the_pseudonyms(study, renamed, tmp_path):
    source = next(iter(renamed.values())).parent
    same = request(source, tmp_path / "same", salt=study / "private" / "salt.txt")
    import_collection("dicom", same)
    first = tables.read(study / "exams.tsv", tables.EXAM_SHEET)
    again = tables.read(tmp_path / "same" / "exams.tsv", tables.EXAM_SHEET)
    assert first.equals(again)
    import_collection("dicom", request(source, tmp_path / "other"))
    other = tables.read(tmp_path / "other" / "exams.tsv", tables.EXAM_SHEET)
    for column in ("patient_id", "exam_id"):
        assert not set(first[column]) & set(other[column])
