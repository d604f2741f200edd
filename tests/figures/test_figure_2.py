"""Figure 2 counts what the tables hold, and its boxes hold their text."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest
from drawn_text import drawn_texts, overlapping
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.datasets.flow import Flow, FlowFiles, Nodes, count_flow, prove
from nodal_staging.datasets.split import Split, make_datasets
from nodal_staging.figures import figure_2, style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.text_boxes import TextBox, text_width_mm, wrapped
from nodal_staging.nodes.patch_files import write_patches
from nodal_staging.study.files import write_json

LONG = "the reason of an exam that took its reporting radiologist a while to explain, "


def written(folder, *, protocol="patient"):
    """Write a cohort of 200 nodes, two without a patch, and three exams left out."""
    nodes = measured_nodes(200, 5, patients=50)
    lost = list(nodes["node_id"][[17, 90]])
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    sheet = nodes.assign(exam_id="E" + nodes["patient_id"], label="1")
    unread = sheet.head(1).assign(node_id="unread")
    columns = list(tables.NODE_SHEET.columns.keys() - {"segmentation", "suggested"})
    sheet = pd.concat([sheet, unread])[columns]
    tables.write(sheet, folder / "sheet.tsv", tables.NEW_NODE_SHEET)
    exams = sheet[["patient_id", "exam_id"]].drop_duplicates()
    exams = exams.assign(included="yes", reason="included", problem="-", notes="-")
    tables.write(exams, folder / "exams.tsv", tables.EXAMS)
    cut = [node_id for node_id in nodes["node_id"] if node_id not in lost]
    write_small_patches(folder / "patches.h5", cut)
    names = ("test", "status_balanced", "location_balanced", "dropped")
    paths = {name: folder / f"{name}.tsv" for name in names}
    make_datasets(
        nodes=folder / "nodes.tsv",
        patches=[folder / "patches.h5"],
        split=Split(protocol, 0.15, 1),
        folds=2,
        test=paths["test"],
        training={name: paths[name] for name in names[1:3]},
        dropped=paths["dropped"],
    )
    write_losses(
        folder / "lost.tsv", {"unread": "measurement"} | dict.fromkeys(lost, "patch")
    )
    write_json(folder / "certificate.json", {"protocol": protocol})
    write_json(folder / "flow.json", cohort_flow(len(exams)))
    return folder


def write_losses(path, stages):
    """Write the stage at which each node was lost."""
    cells = {"patient_id": "P", "exam_id": "E", "reason": "truncated_pixels"}
    cells |= {"problem": "too short", "fix": "restore it"}
    rows = [cells | {"node_id": n, "stage": stage} for n, stage in stages.items()]
    tables.write(pd.DataFrame(rows), path, tables.LOSSES)


def write_small_patches(path, node_ids):
    patch = np.zeros((2, 2, 2), np.int16), np.zeros((2, 2, 2), np.uint8)
    images = dict.fromkeys(node_ids, patch)
    write_patches(path, images, size=2, spacing_mm=1.0)


def cohort_flow(included):
    def step(criterion, meaning, reasons):
        out = sum(reasons.values())
        return {
            "criterion": criterion,
            "meaning": meaning,
            "excluded": {"patients": out, "exams": out},
            "reasons": reasons,
        }

    return {
        "screened": {"patients": included + 5, "exams": included + 9},
        "included": {"patients": included, "exams": included},
        "steps": [
            step("follow_up", "not the first exam", {"follow_up": 4}),
            step("low_dose", "low-dose CT", {}),
            step("unusable", "unusable; see there", {"slice_gap": 2, "no_ct": 3}),
        ],
    }


def counted(folder):
    files = FlowFiles(
        flow=folder / "flow.json",
        cohort=folder / "exams.tsv",
        sheet=folder / "sheet.tsv",
        nodes=folder / "nodes.tsv",
        lost=folder / "lost.tsv",
        test=folder / "test.tsv",
        training={
            name: folder / f"{name}.tsv"
            for name in ("status_balanced", "location_balanced")
        },
        dropped=folder / "dropped.tsv",
        certificate=folder / "certificate.json",
    )
    return count_flow(files)


@pytest.mark.parametrize("protocol", ["patient", "node"])
def test_the_boxes_state_what_the_tables_hold(tmp_path, protocol):
    folder = written(tmp_path, protocol=protocol)
    figure, texts = figure_2.lay_out(counted(folder))
    words = " ".join(text.get_text() for text in texts)
    for name in ("test", "status_balanced", "location_balanced"):
        rows = pd.read_csv(folder / f"{name}.tsv", sep="\t")
        positive = (rows["status"] == "positive").sum()
        assert f"{len(rows)} nodes: {positive} positive, {positive} negative" in words
        assert f"{rows['patient_id'].nunique()} patients" in words
    losses = pd.read_csv(folder / "dropped.tsv", sep="\t")
    for _, own in losses[losses["reason"] != "no_patch"].groupby(["dataset", "reason"]):
        assert f"not used: {len(own)} " in words
    assert f"split by {protocol}" in words
    assert "200 nodes measured" in words
    assert "Nodes left out: 3" in words
    assert "measured, but without a patch, truncated pixels: 2" in words
    assert "not measured, truncated pixels: 1" in words
    assert "Excluded exams: 9" in words
    assert "not the first exam: 4" in words
    assert "unusable (no ct 3, slice gap 2): 5" in words
    assert "low-dose" not in words
    assert not overlapping(figure)


def crowded(reasons):
    nodes = Nodes(1_234_567, 234_567, 1_000_000, 98_765)
    unused = [(f"{LONG * 2}number {k}", 1000 * k) for k in range(reasons)]
    return Flow(
        screened={"patients": 1_000_000, "exams": 2_000_000},
        excluded=unused,
        included={"patients": 1, "exams": 1},
        listed=1,
        measured=nodes,
        lost={"measurement": unused, "patch": []},
        test=nodes,
        pool=nodes,
        training={"status_balanced": nodes, "location_balanced": nodes},
        unused={
            "test": unused,
            "status_balanced": unused,
            "location_balanced": [("x" * 300, 1)],
        },
        protocol="patient",
    )


@pytest.mark.parametrize("reasons", [0, 1, 12])
def test_many_long_reasons_cover_nothing(reasons):
    figure, texts = figure_2.lay_out(crowded(reasons))
    style.mark_synthetic(figure)
    assert not overlapping(figure)
    assert len(drawn_texts(figure)) == len(texts) + 1
    words = " ".join(text.get_text() for text in texts)
    assert all(f"number {k}: {1000 * k:,}" in words for k in range(reasons))


def test_text_stays_inside_its_box_and_nothing_is_lost():
    box = TextBox.of(LONG, [LONG * 3, "y" * 200], width_mm=40)
    figure = style.new_figure(60, box.height_mm + 10, placed=True)
    axes = style.add_axes(figure, 0, 0, 60, box.height_mm + 10)
    axes.set(xlim=(0, 60), ylim=(box.height_mm + 10, 0))
    texts = box.draw(axes, 5, 5, fill="white", edge="black")
    (frame,) = axes.patches
    figure.draw_without_rendering()
    outer = frame.get_window_extent()
    for text in texts:
        inner = text.get_window_extent()
        assert outer.x0 < inner.x0
        assert inner.x1 < outer.x1
        assert outer.y0 < inner.y0
        assert inner.y1 < outer.y1
    said = "".join(text.get_text() for text in texts)
    assert said.replace(" ", "") == (LONG * 4).replace(" ", "") + "y" * 200


def test_lines_are_as_wide_as_they_are_drawn():
    figure = style.new_figure(100, 20)
    text = figure.text(0.1, 0.5, "1,234 nodes: 366 positive", size=6.5)
    figure.set_dpi(300)
    figure.draw_without_rendering()
    drawn = text.get_window_extent().width / figure.dpi * 25.4
    assert text_width_mm(text.get_text(), 6.5) == pytest.approx(drawn, rel=0.02)
    assert wrapped("a b", 100, 6.5) == ["a b"]


def test_a_ledger_that_does_not_add_up_is_a_defect(tmp_path):
    flow = counted(written(tmp_path))
    one_more = {"patients": 60, "exams": flow.screened["exams"] + 1}
    with pytest.raises(RuntimeError, match=r"exams: \d+ enter"):
        prove(dataclasses.replace(flow, screened=one_more))
    with pytest.raises(RuntimeError, match="listed nodes: 201 enter and 200 leave"):
        prove(dataclasses.replace(flow, lost=flow.lost | {"measurement": []}))
    fewer = flow.unused | {"status_balanced": []}
    with pytest.raises(RuntimeError, match=r"status_balanced: \d+ enter"):
        prove(dataclasses.replace(flow, unused=fewer))


@pytest.mark.figures
def test_figure_and_legend_go_together(tmp_path):
    flow = counted(written(tmp_path))
    files = [tmp_path / f"figure_2.{kind}" for kind in ("svg", "pdf", "png")]
    figure_2.draw_figure_2(flow, synthetic=True, output=files)
    once = [path.read_bytes() for path in files]
    figure_2.draw_figure_2(flow, synthetic=True, output=files)
    assert once == [path.read_bytes() for path in files]
    legend = Legend.of(files[0].read_text())
    numbers = {int(n) for n in re.findall(r"\d+", legend.caption)}
    assert {200, flow.test.nodes, flow.pool.nodes, flow.included["patients"]} <= numbers
    assert "synthetic" in legend.caption
