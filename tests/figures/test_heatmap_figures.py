"""Figures 6 and 7: their nodes follow from a rule, their panels from the artefacts."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from drawn_text import overlapping
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from studies import measured_nodes

from nodal_staging import tables
from nodal_staging.figures.heatmap_panels import (
    Network,
    NetworkFiles,
    against,
    draw_map,
    lay_out,
    scaled,
)
from nodal_staging.figures.heatmaps import caption, draw_figure_6, draw_figure_7
from nodal_staging.figures.legend import Legend
from nodal_staging.heatmaps.heatmap_files import Heatmap, Heatmaps, write_heatmaps
from nodal_staging.heatmaps.shown_nodes import paired_examples, rule, single_examples
from nodal_staging.nodes.example_nodes import NoExampleError
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.files import write_json

CNNS = ["status_balanced", "location_balanced", "xmask"]
METHODS = {"pattern_attribution": "share", "gradient_x_input": "logit"}
THRESHOLD = 0.4


def candidates(n=120, seed=2, **columns):
    nodes = measured_nodes(n, seed, patients=n // 3)
    suv = np.random.default_rng(seed).lognormal(1, 1, n)
    return nodes.assign(suv_max=suv).assign(**columns)


def nearest(nodes, location, status):
    """Return the node next to the medians of its location and status, spelled out."""
    own = nodes[(nodes["location"] == location) & (nodes["status"] == status)]
    away = 0.0
    for column in ("volume_mm3", "suv_max"):
        values = np.log(own[column].to_numpy())
        low, middle, high = np.percentile(values, [25, 50, 75])
        away = away + ((values - middle) / (high - low)) ** 2
    return own["node_id"].to_numpy()[np.argmin(away)]


@pytest.mark.parametrize("seed", range(4))
def test_the_most_typical_nodes_of_location_and_status_are_shown(seed):
    nodes = candidates(seed=seed)
    positive, negative = single_examples(nodes)
    wanted = nearest(nodes, "retroperitoneal", "positive")
    assert positive.node["node_id"] == wanted
    assert negative.node["node_id"] == nearest(nodes, "inguinal", "negative")
    pair = [one.node["node_id"] for one in paired_examples(nodes)]
    assert pair == [nearest(nodes, "inguinal", s) for s in ("positive", "negative")]
    assert "instead" not in rule([positive, negative])


def without(nodes, location, status):
    return nodes[~((nodes["location"] == location) & (nodes["status"] == status))]


def test_a_missing_node_is_replaced_and_the_figure_says_so():
    nodes = without(candidates(), "retroperitoneal", "positive")
    positive = nodes[nodes["status"] == "positive"]
    most = positive["location"].value_counts()
    shown, other = single_examples(nodes)
    assert shown.node["status"] == "positive"
    assert most[shown.node["location"]] == most.max()
    assert other.node["location"] == "inguinal"
    words = rule([shown, other])
    assert "no positive retroperitoneal node" in words
    assert shown.node["location"] in words


def test_a_pair_stays_at_one_location():
    nodes = without(candidates(), "inguinal", "positive")
    positive, negative = paired_examples(nodes)
    assert positive.node["location"] == negative.node["location"] != "inguinal"
    counts = nodes.groupby(["location", "status"]).size().unstack(fill_value=0)
    rarer = counts.min(axis=1)
    assert rarer[positive.node["location"]] == rarer.max()
    assert rule([positive, negative]).count("instead") == 1


def test_a_pair_without_a_shared_location_is_shown_all_the_same():
    nodes = candidates()
    place = np.where(nodes["status"] == "positive", "cervical", "axillary")
    pair = paired_examples(nodes.assign(location=place))
    assert [one.node["location"] for one in pair] == ["cervical", "axillary"]
    assert "no positive inguinal" in rule(pair)


def test_the_order_of_the_rows_decides_nothing():
    nodes = candidates()
    shuffled = nodes.sample(frac=1, random_state=1)
    for choose in (single_examples, paired_examples):
        once, again = (
            [one.node["node_id"] for one in choose(n)] for n in (nodes, shuffled)
        )
        assert once == again


def test_a_test_set_of_one_status_is_refused():
    with pytest.raises(NoExampleError, match="no positive node"):
        single_examples(candidates(status="negative"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Write heatmaps, scores and statistics of three CNNs on 40 nodes."""
    folder = tmp_path_factory.mktemp("study")
    nodes = candidates(40, seed=5)
    tables.write(nodes, folder / "nodes.tsv", tables.NODES)
    rng = np.random.default_rng(0)
    masks = np.zeros((40, 48, 48), bool)
    masks[:, 20:28, 19:29] = True
    for cnn in CNNS:
        score = rng.uniform(size=40)
        maps = {}
        for method, explains in METHODS.items():
            values = rng.normal(0.2, 1, (40, 48, 48)).astype(np.float32)
            values /= np.abs(values).max(axis=(1, 2), keepdims=True)
            maps[method] = Heatmap(values, np.zeros(40), np.ones((40, 1)), explains)
        images = rng.uniform(size=(40, 48, 48)).astype(np.float32)
        ids = list(nodes["node_id"])
        logit = np.log(score / (1 - score))
        write_heatmaps(folder / f"{cnn}.h5", Heatmaps(ids, logit, images, masks, maps))
        frame = nodes[["node_id", "patient_id", "status"]].assign(
            partition="test", score=score, prediction=None
        )
        tables.write(frame, folder / f"cnn_{cnn}.csv", tables.SCORES)
        write_json(folder / f"{cnn}.json", {"threshold": {"value": THRESHOLD}})
    return folder


def files_of(study, cnn):
    return NetworkFiles(
        study / f"{cnn}.h5", study / f"cnn_{cnn}.csv", study / f"{cnn}.json"
    )


def read(study, cnn, *, signed=False):
    return Network.read(
        cnn,
        files_of(study, cnn),
        signed=signed,
    )


def drawn(study, folder, draw, cnns, *, synthetic=True):
    outputs = {kind: folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")}
    draw(
        networks={cnn: files_of(study, cnn) for cnn in cnns},
        nodes=study / "nodes.tsv",
        window_hu=(-160, 240),
        synthetic=synthetic,
        output=list(outputs.values()),
    )
    return outputs


def panels(study, cnns, choose, *, signed=False) -> tuple[list[Network], list, Figure]:
    networks = [read(study, cnn, signed=signed) for cnn in cnns]
    examples = choose(tables.read(study / "nodes.tsv", tables.NODES))
    return networks, examples, lay_out(networks, examples, (-160, 240))


@pytest.mark.parametrize(
    ("cnns", "choose"), [(CNNS, single_examples), (CNNS[1:], paired_examples)]
)
def test_panels_state_output_and_call_and_nothing_overlaps(study, cnns, choose):
    networks, examples, figure = panels(study, cnns, choose)
    texts = [t.get_text() for axes in figure.axes for t in axes.texts]
    for network in networks:
        frame = tables.read(study / f"{network.classifier}.csv", tables.SCORES)
        score = frame.set_index("node_id")["score"]
        for one in examples:
            output = score[one.node["node_id"]]
            right = (output >= THRESHOLD) == (one.node["status"] == "positive")
            star = " ★" if right else " ✗"
            assert any(t.startswith(f"output {output:.3f}{star}\n") for t in texts)
    assert overlapping(figure) == []


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    ("cnns", "choose"), [(CNNS, single_examples), (CNNS[1:], paired_examples)]
)
def test_each_panel_says_how_much_speaks_against_its_output(
    study, cnns, choose, signed
):
    networks, examples, figure = panels(study, cnns, choose, signed=signed)
    lines = [t.get_text().split("\n")[-1] for axes in figure.axes for t in axes.texts]
    plain = [read(study, one.classifier.removeprefix("cnn_")) for one in networks]
    expected = []
    for one in examples:
        for network in plain:
            values = network.first.map[network.place(one.node["node_id"])].astype(float)
            share = -values[values < 0].sum() / np.abs(values).sum()
            expected.append(f"{100 * share:.0f}% against the output")
    assert [line for line in lines if line.endswith("against the output")] == expected
    assert overlapping(figure) == []


def test_maps_without_a_direction_do_not_speak_against_anything(study):
    network = read(study, "xmask")
    size = dataclasses.replace(network.first, explains="size")
    drawn = dataclasses.replace(network.drawn, maps={network.method: size})
    undirected = dataclasses.replace(network, drawn=drawn)
    examples = single_examples(tables.read(study / "nodes.tsv", tables.NODES))
    figure = lay_out([undirected], examples, (-160, 240))
    texts = [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]
    assert not any("against" in t.get_text() for t in texts)
    words = caption([undirected, undirected], examples, (-160, 240))
    assert "against" not in words


@pytest.mark.parametrize(
    ("signed", "colours"),
    [
        (False, "Light contributes to the output, dark little"),
        (True, "Red supports a positive node, blue a negative one"),
    ],
)
def test_the_figure_alone_says_what_star_and_colours_mean(study, signed, colours):
    _, _, figure = panels(study, CNNS[1:], paired_examples, signed=signed)
    words = " ".join(text.get_text() for text in figure.texts)
    assert "CT: −160 (black) to 240 (white) HU." in words
    assert "★ right, ✗ wrong call at the threshold of the CNN" in words
    assert colours in words


@pytest.mark.parametrize("signed", [False, True])
def test_the_outline_on_a_map_stands_for_no_status(study, signed):
    network = read(study, "xmask", signed=signed)
    node = tables.read(study / "nodes.tsv", tables.NODES).iloc[3]
    axes = draw_map(Figure().subplots(), network, node)
    (drawn,) = (one for one in axes.collections if isinstance(one, ContourSet))
    red, green, blue, _ = drawn.get_edgecolor()[0]
    # Grey, so neither the orange nor the blue of a status.
    assert red == green == blue
    # A white line is lost on the light end of the colours without its dark edge.
    assert bool(drawn.get_path_effects()) == (red == 1)


def test_a_map_is_drawn_over_its_percentile_and_signs_are_drawn():
    values = np.zeros((48, 48), np.float32)
    values[0, :24] = 0.5
    values[1, 0] = -1.0
    shown = scaled(values)
    assert shown[0, 0] == pytest.approx(1.0)
    assert shown[1, 0] == pytest.approx(-2.0)
    assert (scaled(0 * values) == 0).all()


def test_one_colour_shows_how_much_and_two_for_what(study):
    network = read(study, "xmask")
    node = tables.read(study / "nodes.tsv", tables.NODES).iloc[3]
    values = scaled(network.first.map[3])
    axes = Figure().subplots()
    draw_map(axes, network, node)
    np.testing.assert_allclose(axes.images[0].get_array(), np.abs(values))
    turned = read(study, "xmask", signed=True)
    axes = Figure().subplots()
    draw_map(axes, turned, node)
    np.testing.assert_allclose(np.abs(axes.images[0].get_array()), np.abs(values))
    assert axes.images[0].get_array().min() < 0


@pytest.mark.parametrize("ct_share", [1.0, 0.3])
def test_the_legend_tells_of_a_mask_channel_where_there_is_one(study, ct_share):
    network = read(study, "xmask")
    own = network.first
    channels = np.ones((40, 1)) if ct_share == 1 else np.tile([0.3, 0.7], (40, 1))
    maps = {network.method: dataclasses.replace(own, channel_share=channels)}
    seen = dataclasses.replace(
        network, drawn=dataclasses.replace(network.drawn, maps=maps)
    )
    examples = single_examples(tables.read(study / "nodes.tsv", tables.NODES))
    words = caption([seen, seen], examples, (-160, 240))
    assert ("70% of the absolute relevance lie on the other" in words) == (
        ct_share != 1
    )


def test_what_speaks_against_the_side_of_the_output_is_measured(study):
    network = read(study, "xmask")
    node = tables.read(study / "nodes.tsv", tables.NODES).iloc[7]
    values = network.first.map[7].astype(float)
    expected = -values[values < 0].sum() / np.abs(values).sum()
    assert against(network, node) == pytest.approx(expected)


def test_signed_maps_speak_for_a_positive_node_whatever_the_decision(study):
    plain = read(study, "xmask")
    turned = read(study, "xmask", signed=True)
    assert plain.first.explains == "share"
    assert turned.first.explains == "logit"
    for place, logit in enumerate(plain.drawn.logit):
        expected = plain.first.map[place] if logit >= 0 else -plain.first.map[place]
        assert (turned.first.map[place] == expected).all()
    for name, drawn in plain.drawn.maps.items():
        if drawn.explains != "share":
            assert (turned.drawn.maps[name].map == drawn.map).all()


@pytest.mark.figures
@pytest.mark.parametrize(
    ("signed", "colours"),
    [
        (True, "Red supports a positive node, blue a negative one."),
        (False, "Light contributes to the output, for or against"),
    ],
)
@pytest.mark.parametrize(
    ("figure", "cnns"), [(draw_figure_6, CNNS), (draw_figure_7, CNNS[1:])]
)
def test_a_figure_says_what_its_colours_mean(
    study, tmp_path, figure, cnns, signed, colours
):
    draw = figure if signed else partial(figure, signed=False)
    files = drawn(study, tmp_path, draw, cnns)
    assert colours in Legend.of(files["svg"].read_text()).caption
    assert files["png"].stat().st_size > 0


@pytest.mark.figures
@pytest.mark.parametrize(
    ("draw", "cnns"), [(draw_figure_6, CNNS), (draw_figure_7, CNNS[1:])]
)
def test_a_figure_is_the_same_bytes_twice_and_states_its_rules(
    study, tmp_path, draw, cnns
):
    once, again = (drawn(study, tmp_path / x, draw, cnns) for x in "ab")
    assert all(once[kind].read_bytes() == again[kind].read_bytes() for kind in once)
    words = Legend.of(once["svg"].read_text()).caption
    for said in ("99.5th percentile", "−160", "240 (white) HU", "by rule", "audit"):
        assert said in words
    assert "PatternAttribution" in words
    *others, last = (printed(f"cnn_{cnn}").removeprefix("CNN, ") for cnn in cnns)
    assert f"maps of the CNNs {', '.join(others)} and {last}." in words
    assert "synthetic cohort" in once["svg"].read_text()
    real = drawn(study, tmp_path / "c", draw, cnns, synthetic=False)
    assert "synthetic" not in real["svg"].read_text()
