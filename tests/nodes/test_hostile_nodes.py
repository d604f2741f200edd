"""Nodes, exams and patients of any name go from the sheets to pages and scores."""

import json
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk
from hostile_identifiers import HOSTILE, identifiers
from hypothesis import HealthCheck, given, settings
from studies import measured_nodes, write_study

from nodal_staging import tables
from nodal_staging.classifiers.baselines import score_baseline
from nodal_staging.classifiers.external import import_scores
from nodal_staging.classifiers.labelled_scores import read_partition
from nodal_staging.cohort.check import CheckFiles, write_check
from nodal_staging.cohort.contrast_and_dose import Rules
from nodal_staging.cohort.inclusion_criteria import Limits
from nodal_staging.cohort.inspected_shard import InspectedShard
from nodal_staging.cohort.inspection import inspect_exams
from nodal_staging.cohort.sheets import check_sheets
from nodal_staging.heatmaps.heatmap_files import Heatmaps, read_heatmaps, write_heatmaps
from nodal_staging.nodes.exam_volumes import picture_exams
from nodal_staging.nodes.measurements import measure_nodes
from nodal_staging.nodes.patch_files import read_slabs
from nodal_staging.nodes.patches import Cube, extract_patches
from nodal_staging.study.sheet_identifiers import identifier

SHARD = "1-of-1"
CT, SEGMENTATION = "ct {a} <results> 100% s.nii.gz", '节点\'s "{{b}}" & c.nii.gz'
NAMES = [identifier(one) for one in HOSTILE]


class Text(HTMLParser):
    """The headings of a page, as a browser shows them, and what it would run."""

    def __init__(self, page):
        super().__init__()
        self.headings, self.tags, self.exams, self.inside = [], set(), [], False
        self.nodes = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "article":
            self.exams.append(dict(attributes))
        if "data-node" in dict(attributes):
            self.nodes.append(dict(attributes))
        if tag == "h2":
            self.inside = True
            self.headings.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "h2"

    def handle_data(self, data):
        if self.inside:
            self.headings[-1] += data


def write_volume(values, path):
    image = sitk.GetImageFromArray(values)
    image.SetSpacing([1.0, 1.0, 2.0])
    sitk.WriteImage(image, str(path))


def write_cohort(folder, names):
    """Write one exam whose labels are all nodes; exam and patient have names too."""
    values = np.zeros((16, 40, 40), np.uint8)
    for place, _ in enumerate(names):
        row, column = divmod(place, 6)
        values[6:9, 6 * row + 2 : 6 * row + 5, 6 * column + 2 : 6 * column + 5] = (
            place + 1
        )
    write_volume(values.astype(np.int16), folder / CT)
    write_volume(values, folder / SEGMENTATION)
    exam = {"patient_id": names[0], "exam_id": names[-1], "ct": CT}
    exam |= {"segmentation": SEGMENTATION, "contrast": "yes", "low_dose": "no"}
    tables.write(pd.DataFrame([exam]), folder / "exams.tsv", tables.EXAM_SHEET)
    rows = [
        {
            "patient_id": names[0],
            "exam_id": names[-1],
            "node_id": name,
            "label": str(place + 1),
            "location": "inguinal",
            "status": "positive",
        }
        for place, name in enumerate(names)
    ]
    tables.write(pd.DataFrame(rows), folder / "nodes.tsv", tables.NODE_SHEET)


def sheets(folder):
    return {name: folder / f"{name}.tsv" for name in ("exams", "nodes")}


def cut(folder):
    """Go from the sheets to the patches."""
    check_sheets(
        **sheets(folder), readings=None, labelled=True, output=folder / "sheets.json"
    )
    files = {"inspections": folder / "inspected.tsv", "index": folder / "index.json"}
    inspect_exams(
        **sheets(folder),
        shard=SHARD,
        rules=Rules(low_dose_mas=40),
        on_bad_exam="fail",
        **files,
    )
    shard = InspectedShard(SHARD, **sheets(folder), **files, limits=Limits())
    measured, patches = folder / "measured.tsv", folder / "patches.h5"
    measure_nodes(
        shard=shard,
        refused_share=0.5,
        on_bad_exam="fail",
        output=measured,
        lost=folder / "lost.tsv",
    )
    extract_patches(
        shard=shard,
        measured=measured,
        cube=Cube(16, 1.0, "centroid"),
        on_bad_exam="fail",
        output=patches,
        lost=folder / "lost_patches.tsv",
    )
    return tables.read(measured, tables.NODES), patches


@pytest.mark.parametrize("part", [NAMES[:15], NAMES[15:]])
def test_nodes_of_any_name_are_measured_and_cut(tmp_path, part):
    write_cohort(tmp_path, part)
    measured, patches = cut(tmp_path)
    assert list(measured["node_id"]) == part
    assert set(measured["patient_id"]) == {part[0]}
    places = [part.index(name) for name in reversed(part)]
    image, mask = read_slabs([patches], part[::-1], half_depth=2)
    for place, hu, inside in zip(places, image, mask, strict=True):
        assert hu[inside > 0].max() == place + 1


@pytest.mark.fuzz
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=identifiers())
def test_drawn_names_are_measured_and_cut(tmp_path, names):
    write_cohort(tmp_path, names)
    measured, patches = cut(tmp_path)
    assert list(measured["node_id"]) == names
    read_slabs([patches], names, half_depth=1)


@pytest.mark.figures
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("part", [NAMES[:12], NAMES[12:]])
def test_the_check_page_shows_every_name_as_it_is(tmp_path, part):
    write_cohort(tmp_path, part)
    cut(tmp_path)
    pictures = tmp_path / "check" / "pictures"
    picture_exams(
        **sheets(tmp_path), index=tmp_path / "index.json", shard=SHARD, output=pictures
    )
    none = pd.DataFrame(columns=list(tables.NODE_FLAGS.columns))
    tables.write(none, tmp_path / "flags.tsv", tables.NODE_FLAGS)
    page = tmp_path / "check" / "index.html"
    write_check(
        study="mine",
        files=CheckFiles(
            **sheets(tmp_path),
            inspections=[tmp_path / "inspected.tsv"],
            lost=[tmp_path / "lost.tsv"],
            measured=[tmp_path / "measured.tsv"],
            flags=tmp_path / "flags.tsv",
            pictures=[pictures],
        ),
        limits=Limits(),
        table=tmp_path / "check" / "exams.tsv",
        page=page,
        summary=tmp_path / "check" / "summary.txt",
    )
    shown = Text(page.read_text(encoding="utf-8"))
    assert shown.headings == [f"{part[-1]} of {part[0]} ok"]
    assert "b" not in shown.tags
    (exam,) = shown.exams
    assert exam["data-exam"] == part[-1]
    assert [node["data-node"] for node in shown.nodes] == part
    assert {node["data-of"] for node in shown.nodes} == {part[-1]}
    script = (page.parent / unquote(exam["data-source"])).read_text(encoding="utf-8")
    content = json.loads(script.removeprefix("checkExam(").removesuffix(");\n"))
    assert content["exam"] == part[-1]
    assert list(content["nodes"]) == part
    found = tables.read(tmp_path / "check" / "exams.tsv", tables.CHECKED)
    assert list(found["exam_id"]) == [part[-1]]


def test_scores_of_nodes_of_any_name(tmp_path):
    nodes = measured_nodes(len(NAMES), 1).assign(
        node_id=NAMES, patient_id=NAMES[::-1], status=["negative", "positive"] * 15
    )
    paths = write_study(tmp_path, nodes, n_test=12)
    scores = tmp_path / "volume.csv"
    score_baseline(baseline="volume", **paths, scores=scores)
    own = tmp_path / "own.csv"
    import_scores(name="own", source=scores, test=paths["test"], scores=own)
    tested = read_partition(own, "test", classifier="own")
    assert sorted(tested.node_id) == sorted(NAMES[:12])
    assert set(tested.patient_id) == set(NAMES[:-13:-1])


def test_heatmaps_of_nodes_of_any_name(tmp_path):
    image = np.zeros((len(NAMES), 2, 2, 1), np.float32)
    maps = Heatmaps(NAMES, np.zeros(len(NAMES)), image, image > 0, {})
    write_heatmaps(tmp_path / "maps.h5", maps)
    assert list(read_heatmaps(tmp_path / "maps.h5").node_ids) == NAMES
