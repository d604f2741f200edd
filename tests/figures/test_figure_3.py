"""Figure 3 counts and measures the nodes of the datasets."""

import re

import numpy as np
import pytest
from drawn_text import overlapping
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.figures.figure_3 import (
    count_locations,
    draw_figure_3,
    draw_locations,
    draw_volumes,
    lay_out,
    legend,
)
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.style import new_figure


def sets_of(scale=1):
    nodes = measured_nodes(400 * scale, 2)
    return {
        "status_balanced": nodes.iloc[: 250 * scale],
        "location_balanced": nodes.iloc[40 * scale : 280 * scale],
        "test": nodes.iloc[300 * scale :],
    }


def test_bars_are_the_counts_of_the_table():
    nodes = sets_of()["status_balanced"]
    axes = draw_locations(new_figure(80, 80).subplots(), nodes)
    drawn = [bar.get_width() for bar in axes.patches]
    expected = [
        ((nodes["location"] == location) & (nodes["status"] == status)).sum()
        for status in ("negative", "positive")
        for location in tables.SHOWN_LOCATIONS
    ]
    assert drawn == expected
    labels = [text.get_text() for text in axes.texts]
    assert labels == [str(count) for count in expected]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_a_location_without_nodes_has_its_row():
    nodes = sets_of()["test"]
    counts = count_locations(nodes[nodes["location"] == "axillary"])
    assert list(counts.index) == tables.SHOWN_LOCATIONS
    assert counts.to_numpy().sum() == (nodes["location"] == "axillary").sum()


def test_boxes_are_quartiles_and_whiskers_the_stated_percentiles():
    sets = sets_of()
    axes = draw_volumes(new_figure(80, 80).subplots(), sets)
    assert axes.get_yscale() == "log"
    groups = [
        nodes.loc[nodes["status"] == status, "volume_mm3"]
        for nodes in sets.values()
        for status in ("negative", "positive")
    ]
    assert len(axes.patches) == len(groups)
    for box, volumes in zip(axes.patches, groups, strict=True):
        edges = box.get_path().vertices[:, 1]
        quartiles = np.percentile(volumes, [25, 75])
        np.testing.assert_allclose([edges.min(), edges.max()], quartiles)
    heights = [line.get_ydata() for line in axes.get_lines()]
    for volumes in groups:
        for share in (50, 95):
            value = np.percentile(volumes, share)
            inside = volumes[volumes <= value].max() if share == 95 else value
            assert any(np.isclose(line[0], inside) for line in heights if len(line))
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert labels == [f"n =\n{len(volumes)}" for volumes in groups]


@pytest.mark.parametrize("scale", [1, 60])
def test_no_label_covers_another(scale):
    assert not overlapping(lay_out(sets_of(scale)))


def test_the_legend_states_sizes_and_medians():
    sets = sets_of()
    caption = legend(sets, synthetic=False).caption
    for nodes in sets.values():
        assert f"{len(nodes)}" in caption
        for status in ("negative", "positive"):
            own = nodes.loc[nodes["status"] == status, "volume_mm3"]
            assert f"{own.median():,.0f}" in caption
    assert "synthetic" not in caption


@pytest.mark.figures
def test_volumes_are_those_of_the_nodes_in_the_datasets(tmp_path):
    nodes = measured_nodes(300, 8)
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    datasets = {}
    for number, name in enumerate(sets_of()):
        rows = nodes.iloc[100 * number : 100 * number + 70 + number].assign(fold=0)
        datasets[name] = tmp_path / f"{name}.tsv"
        tables.write(rows[list(tables.DATASET.columns)], datasets[name], tables.DATASET)
    files = [tmp_path / f"figure_3.{kind}" for kind in ("svg", "pdf", "png")]
    contents = []
    for _ in range(2):
        draw_figure_3(
            nodes=tmp_path / "nodes.tsv",
            datasets=datasets,
            synthetic=True,
            output=files,
        )
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]
    svg = contents[0][0].decode()
    assert "synthetic cohort" in svg
    assert re.findall(r"\((\d+)\s+and (\d+)\s+nodes\)", Legend.of(svg).caption) == [
        ("70", "71")
    ]
