"""The report repeats the artefacts, leaves nobody out, and needs nothing else."""

import re
from collections import Counter
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import Browser
from report_files import CNNS, FIGURES, report_study

import nodal_staging
from nodal_staging import tables
from nodal_staging.audit.counterfactual.effect_tables import EFFECTS
from nodal_staging.audit.heatmaps import FAITHFULNESS, OUTSIDE, RANDOMISATION
from nodal_staging.audit.relevance_regions import LOCALISATION, OVER_CONTROLS
from nodal_staging.audit.shortcut_power import POWER
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.paper.claims.checks import CLAIMS
from nodal_staging.paper.claims.evidence import Evidence, RefitFiles
from nodal_staging.paper.claims.rules import FAILS, HOLDS, VARIES, above
from nodal_staging.paper.reference.reference_rows import REFERENCE
from nodal_staging.report.cohort import cohort, uptake
from nodal_staging.report.counterfactual import findings
from nodal_staging.report.figure_register import FIGURES as FIGURE_REGISTER
from nodal_staging.report.gallery import Errors, error_counts, node_image, outline
from nodal_staging.report.heatmaps import unmoved
from nodal_staging.report.localisation import localisation, over_controls
from nodal_staging.report.provenance_record import record_provenance, source_files
from nodal_staging.report.report_page import page
from nodal_staging.report.summary import summary
from nodal_staging.report.table_register import TABLES
from nodal_staging.report.terms import TERMS
from nodal_staging.statistics.auc_differences import AUC_DIFFERENCES
from nodal_staging.statistics.mcnemar import MCNEMAR
from nodal_staging.statistics.precision.precision_tables import DETECTABLE, PRECISION
from nodal_staging.statistics.reader_study.areas import AREAS
from nodal_staging.statistics.reader_study.contrasts import FIXED
from nodal_staging.statistics.reader_study.inter_reader_agreement import AGREEMENT
from nodal_staging.statistics.refits import SPREAD
from nodal_staging.study.classifier_names import printed
from nodal_staging.study.code_version import code_version
from nodal_staging.study.files import read_json, write_json
from nodal_staging.tables.parts import Banner, Folded, Heading, Items, html
from nodal_staging.tables.rounding import half_up, number
from nodal_staging.tables.style_sheet import STYLE

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture(scope="module")
def study(reported):
    return reported


@pytest.fixture(scope="module")
def text(study):
    return page("small", study)


VOID = {"meta", "img", "br", "image", "path"}


class Document(HTMLParser):
    """What a browser would make of the page, as far as it matters here."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.loaded = [], [], [], []
        self.tables, self.without_words, self.unscrolled = [], [], 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            self.ids.append(given["id"])
        for name in ("src", "href", "xlink:href", "srcset", "data"):
            if name in given:
                (self.links if tag == "a" else self.loaded).append(given[name])
        if tag in {"img", "svg"} and not (given.get("alt") or given.get("aria-label")):
            self.without_words.append(tag)
        if tag in {"table", "pre", "img"}:
            inside = [classes for _, classes in self.open]
            self.unscrolled += "wide" not in inside
        if tag == "table":
            self.tables.append({"class": given["class"], "rows": []})
        if tag == "tr":
            self.tables[-1]["rows"].append([])
        if tag in {"td", "th"}:
            self.tables[-1]["rows"][-1].append("")
        if tag not in VOID:
            self.open.append((tag, given.get("class")))

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, words):
        if self.open and self.open[-1][0] in {"td", "th"}:
            self.tables[-1]["rows"][-1][-1] += words

    def table(self, name):
        (found,) = (t for t in self.tables if t["class"].split()[-1] == name)
        return found["rows"]


@pytest.fixture(scope="module")
def document(text):
    return Document(text)


def opening_of(text):
    """Return the first screen, without the links of explained terms."""
    opening = text.partition("<main")[2].partition("<section")[0]
    return re.sub(r'<a class="term"[^>]*>(.*?)</a>', r"\1", opening)


def test_the_page_is_well_formed_and_every_link_of_the_contents_leads_somewhere(
    document,
):
    assert document.open == []
    assert len(set(document.ids)) == len(document.ids)
    inside = {link[1:] for link in document.links if link.startswith("#")}
    assert len(inside) > 60
    assert inside <= set(document.ids)
    unlinked = set(document.ids) - inside
    assert all(name.startswith("term-") for name in unlinked)


def test_every_table_has_a_number_a_title_and_a_link_to_its_numbers(text, study):
    found = re.findall(
        r'<div class="table" id="table-(\S+)">.*?<caption><strong>(Table \w+)\. '
        r"([^<]+)\.</strong>.*?</table>\s*</div>(.*?)</div>",
        text,
        re.DOTALL,
    )
    assert len(found) == text.count("<table") > 40
    numbers = [number for _, number, _, _ in found if number != "Table 1"]
    assert numbers == [f"Table S{n}" for n in range(1, len(found))]
    assert ("table_1", "Table 1", "Performance on the test set") in {
        one[:3] for one in found
    }
    assert len({title for *_, title, _ in found}) == len(found)
    for name, *_, links in found:
        assert name in TABLES, f"{name}: add its title and files to table_register.py"
        places = re.findall(r'href="([^"]+)"', links)
        assert places, name
        for place in places:
            assert (Path(study.provenance).parent / place).exists(), place


def test_every_figure_has_a_description_and_other_formats(text, study):
    assert set(study.figures) <= set(FIGURE_REGISTER)
    for name in FIGURES:
        drawn = re.search(rf'<figure id="{name}">.*?</figure>', text, re.DOTALL)[0]
        assert f'alt="{FIGURE_REGISTER[name][0]}"' in drawn
        places = re.findall(r'<a href="([^"]+)"', drawn)
        assert places[:2] == [f"{name}.svg", f"{name}.pdf"]
        for place in places:
            assert (Path(study.provenance).parent / place).exists(), place


def test_terms_are_explained_on_first_use_in_the_words_of_the_glossary(text):
    glossary = (SCRIPTS.parents[1] / "docs" / "glossary.md").read_text()
    plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", glossary)
    for term in TERMS:
        assert f"| {term.name} | {term.meaning} |" in plain
        assert text.count(f'href="#{term.anchor}"') <= 1, term.name
    used = text.index('href="#term-xmask"')
    words = re.sub(r"<[^>]*>", " ", text[text.index("<main") : used])
    assert "xMask" not in words.partition("Figure")[0]


def test_nothing_is_requested(text, document):
    assert document.loaded
    assert all(link.startswith("data:image/") for link in document.loaded)
    assert not re.search(r"url\(|@import|<script [a-z]+=|<link", text)
    assert "default-src 'none'" in text


def test_every_picture_has_words_and_everything_wide_its_scroller(document):
    assert document.without_words == []
    assert document.unscrolled == 0


def test_figures_stand_in_the_papers_order(document):
    placed = [name for name in document.ids if name.startswith("figure_")]
    assert placed == FIGURES[:7]
    assert set(FIGURES) <= set(document.ids)


def wrong_nodes(study, cnn):
    """Return the test nodes on the wrong side of the threshold, by plain counting."""
    scores = pd.read_csv(study.scores[cnn])
    threshold = read_json(study.statistics[cnn])["threshold"]["value"]
    wrong = {}
    for row in scores[scores["partition"] == "test"].itertuples():
        if (row.score >= threshold) != (row.status == "positive"):
            kind = "false_negative" if row.status == "positive" else "false_positive"
            wrong[row.node_id] = kind
    return wrong


CASE = re.compile(
    r'<figure class="case (\w+)" data-cnn="(\w+)" data-node="(\w+)">(.*?)</figure>',
    re.DOTALL,
)


@pytest.mark.parametrize("cnn", CNNS)
def test_every_error_stands_in_the_gallery_once(study, text, cnn):
    shown = [(node, kind) for kind, of, node, _ in CASE.findall(text) if of == cnn]
    wrong = wrong_nodes(study, cnn)
    assert wrong
    assert Counter(shown) == Counter(wrong.items())
    counts = Counter(wrong.values())
    summary = (
        f"{printed(f'cnn_{cnn}')}: {counts['false_negative']} false negatives and "
        f"{counts['false_positive']} false positives of 60 test nodes"
    )
    assert summary in text


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (
            ["false_negative"],
            "1 false negative and 0 false positives of 24 test nodes",
        ),
        (
            ["false_negative"] * 2 + ["false_positive"],
            "2 false negatives and 1 false positive of 24 test nodes",
        ),
    ],
)
def test_one_error_is_no_plural(outcomes, words):
    errors = Errors("xmask", pd.DataFrame({"outcome": outcomes}), 0.5, 24)
    assert words in error_counts(errors)


def test_a_case_states_what_is_known_of_its_node(study, text):
    nodes = tables.read(study.nodes, tables.NODES).set_index("node_id")
    for _, cnn, node_id, inside in CASE.findall(text):
        node = nodes.loc[node_id]
        scores = pd.read_csv(study.scores[cnn]).set_index("node_id")["score"]
        assert f"score {half_up(scores[node_id], 3)}" in inside
        assert f"{node['volume_mm3']:,.0f} mm³" in inside
        assert f"short axis {half_up(node['short_axis_mm'], 1)} mm" in inside
        assert node["location"] in inside
        assert node["patient_id"] not in inside
        assert inside.count("data:image/png;base64,") == 1


def test_heatmap_tables_repeat_the_audit(study, document):
    frame = tables.read(study.localisation, LOCALISATION)
    whole = frame[frame["group"] == "all"].set_index(["cnn", "method", "region"])
    names = ["pattern_attribution", "edges", "random", "centre"]
    rows = document.table("localisation")[1:]
    pairs = [(cnn, name) for cnn in CNNS for name in names]
    for row, (cnn, name) in zip(rows, pairs, strict=True):
        for place, region in enumerate(("node", "ring", "background")):
            of = whole.loc[(cnn, name, region)]
            cell = [half_up(100 * of[c], 1) for c in ("share", "lower", "upper")]
            assert row[2 + place] == f"{cell[0]} ({cell[1]}-{cell[2]})"
        of = whole.loc[(cnn, name, "node")]
        cell = [half_up(of[f"enrichment{end}"], 2) for end in ("", "_lower", "_upper")]
        assert row[6] == f"{cell[0]} ({cell[1]}-{cell[2]})"
        assert row[5].split(" / ")[0] == half_up(100 * of["area"], 1)
    over = tables.read(study.localisation_controls, OVER_CONTROLS)
    over = over[(over["method"] == names[0]) & (over["region"] == "node")]
    rows = document.table("localisation_controls")[1:]
    for row, of in zip(rows, over.to_dict("records"), strict=True):
        assert row[4] == half_up(100 * of["difference"], 1)
    halo = tables.read(study.halo, OUTSIDE)
    for row, of in zip(
        document.table("halo")[1:], halo.to_dict("records"), strict=True
    ):
        assert row[3] == half_up(100 * of["outside_share"], 1)
        trained = of["network"] == "trained"
        assert row[6] == ("–" if trained else half_up(100 * of["difference"], 1))
    flipped = tables.read(study.faithfulness, FAITHFULNESS)
    flipped = flipped[flipped["method"] != "random"]
    rows = document.table("faithfulness")[1:]
    for row, of in zip(rows, flipped.to_dict("records"), strict=True):
        itself = of["method"] == "edges"
        assert row[6] == ("–" if itself else half_up(of["gap_over_edges"], 3))
    signed = flipped[flipped["against_share"].notna()]
    rows = document.table("signs")[1:]
    for row, of in zip(rows, signed.to_dict("records"), strict=True):
        assert row[2] == half_up(100 * of["against_share"], 1)
        exact = of["method"] == "pattern_attribution"
        part = of["completeness_error"]
        assert row[4] == ("–" if exact else half_up(100 * part, 1))


def test_what_lies_on_a_mask_channel_is_told_where_there_is_one(study, tmp_path):
    frame = tables.read(study.localisation, LOCALISATION)
    seen = frame["method"].eq("pattern_attribution")
    tables.write(
        frame.assign(ct_share=np.where(seen, 0.25, np.nan)),
        tmp_path / "l.tsv",
        LOCALISATION,
    )
    grid = localisation(tmp_path / "l.tsv", "95% CI")[0]
    place = grid.header.index("Of it on the CT channel, %")
    for group in grid.groups:
        assert [row[place] for row in group] == ["25.0", "–", "–", "–"]
    assert not any(
        "channel" in title
        for title in localisation(study.localisation, "95% CI")[0].header
    )
    assert all(
        len(row) == 7
        for row in over_controls(study.localisation_controls, "95% CI").groups[0]
    )


def test_the_randomisation_table_has_every_stage(study, document):
    frame = tables.read(study.randomisation, RANDOMISATION)
    header, *rows = document.table("randomisation")
    assert len(header) == 2 + frame["network"].nunique()
    cells = [cell for row in rows for cell in row[2:] if cell != "–"]
    values = sorted(half_up(value, 2) for value in frame["rank_correlation"])
    assert sorted(cell.partition(" ")[0] for cell in cells) == values


def test_the_maps_that_the_logit_does_not_move_are_named(study, text):
    # Planted: 0.95 for patterns fitted again, 0.8 for those kept, 0.4 for the gradient.
    said = unmoved(study.randomisation)
    assert said in text
    assert "PatternAttribution" in said
    assert "Gradient" not in said
    assert all(printed(f"cnn_{cnn}") in said for cnn in CNNS)


def test_where_the_logit_moves_every_map_that_is_said(study, tmp_path):
    frame = tables.read(study.randomisation, RANDOMISATION)
    apart = frame.assign(rank_correlation=0.5, lower=0.4, upper=0.6)
    tables.write(apart, tmp_path / "r.tsv", RANDOMISATION)
    assert "no map keeps a rank correlation above 0.9" in unmoved(tmp_path / "r.tsv")


def test_the_patterns_of_every_layer_are_told_where_there_are_any(study, text):
    document = Document(text)
    header, *rows = document.table("patterns")
    assert len(header) == 8
    assert [row[1] for row in rows] == ["block1_conv1", "dense1", "dense2"] * len(CNNS)
    assert rows[0][2:] == ["16", "25.0", "0", "0", "2.5", "8.0"]
    assert rows[1][2:] == ["1,024", "50.0", "3", "2", "12.3", "1,250"]
    assert rows[2][2:] == ["64", "0.0", "64", "0", "–", "–"]
    counts = "67 of 1,104 units without a pattern, 2 with a negative denominator"
    largest = re.findall(rf"{counts}, amplification up to ([\d.,]*\d)", text)
    assert largest == ["1,250"] * len(CNNS)
    folded = re.findall(r"<details>.*?</details>", text, re.DOTALL)
    assert sum("results patterns" in part for part in folded) == 1
    none = page("gradients", replace(study, patterns=None))
    assert "results patterns" not in none
    assert "without a pattern" not in none


def test_the_corrected_aucs_and_the_best_simple_classifiers_are_shown(study, document):
    frame = tables.read(study.reference, REFERENCE)
    frame = frame[(frame["measure"] == "auc") & (frame["assumed"] == "value")]
    rows = document.table("reference-auc")[1:]
    assert [row[-1] for row in rows] == frame["status"].tolist()
    assert rows[0][-1] == "incompatible with independent errors"
    over = tables.read(study.over_simple, AUC_DIFFERENCES)
    rows = document.table("over_simple")[1:]
    assert [row[6] for row in rows] == [half_up(one, 3) for one in over["difference"]]


def test_differences_and_optimism_repeat_the_statistics(study, document):
    frame = tables.read(study.auc_differences, AUC_DIFFERENCES)
    rows = document.table("auc_differences")[1:]
    for row, of in zip(rows, frame.to_dict("records"), strict=True):
        assert row[5] == half_up(of["difference"], 3)
        ends = (of["clustered_lower"], of["clustered_upper"])
        mark = " to " if min(ends) < 0 else "-"
        assert row[6] == mark.join(half_up(end, 3) for end in ends)
    for row, cnn in zip(document.table("optimism")[1:], CNNS, strict=True):
        found = read_json(study.statistics[cnn])["optimism"]
        assert row[2] == half_up(100 * found["apparent"]["accuracy"], 1)
        assert row[4] == half_up(100 * found["honest"]["accuracy"], 1)
        assert row[6] == half_up(100 * found["expected"]["accuracy"], 1)


@pytest.mark.figures
def test_the_published_protocol_is_shown_with_its_weaknesses(tmp_path, text):
    assert "its calls have neither of the two known weaknesses" in text
    published = report_study(
        tmp_path, synthetic=False, protocol="node", threshold_source="test"
    )
    shown = page("published", published)
    assert shown.count("Known weakness:") == 2
    for one in (shown, text):
        assert "One number is chosen on the test set in any protocol" in one
    assert "17 of 60 test nodes have a sibling" in shown
    expected = read_json(published.statistics["xmask"])["optimism"]["expected"]
    points = half_up(100 * expected["balanced_accuracy"], 1)
    assert f"flatter balanced accuracy by {points} percentage points" in shown
    assert "Synthetic cohort" not in shown
    assert 'id="ceilings"' not in shown
    assert 'id="ceilings"' in text


def test_the_first_question_of_the_audit_is_answered_for_each_cnn(
    study, text, document
):
    question = "Does the same node get another score at another location?"
    assert 0 < text.index(f"{question}</h2>") < text.index('<h2 id="audit"')
    answers = findings(tables.read(study.effects, EFFECTS), 0.95)
    assert [": yes." in answer for answer in answers] == [False, False, True]
    assert "72.0 (95% CI 67.0-77.0)" in answers[2]
    assert document.table("counterfactual_shares")[-1][0] == "Ideal observer"
    assert document.table("transplants")[1][1] == "0.90 (0.85-0.95)"
    real = page("real", replace(study, ceilings=None, calibration=None))
    assert "This is an approximation" in real
    assert "rendered again at each of" not in real


def test_table_1_contains_its_ceilings(study, document):
    header, *rows = document.table("table_1")
    place = header.index("Ideal ceiling")
    best = tables.read(study.ceilings, tables.CEILINGS).set_index("classifier")
    for row, cnn in zip(rows, CNNS, strict=True):
        assert row[0] == printed(f"cnn_{cnn}")
        assert row[place] == half_up(best["ceiling"][f"cnn_{cnn}"], 3)
    real = replace(study, ceilings=None)
    assert "Ideal ceiling" not in Document(page("real", real)).table("table_1")[0]


def test_calibration_is_in_numbers(study, document):
    rows = document.table("calibration_numbers")[1:]
    assert [row[1] for row in rows] == ["test set", "all nodes"] * len(CNNS)
    first = read_json(study.statistics[CNNS[0]])["calibration"]["mixes"]["test"]
    for place, name in enumerate(("intercept", "slope", "scaled_brier", "ici"), 2):
        assert rows[0][place].startswith(number(first[name]["estimate"]))


def test_average_precision_stands_next_to_its_baseline(study, document):
    header, *rows = document.table("average_precision")
    first = read_json(study.statistics[CNNS[0]])["average_precision"]
    assert header[1] == f"test set, baseline {half_up(0.5, 3)}"
    natural = half_up(first["natural"]["prevalence"], 3)
    assert header[2] == f"all nodes, baseline {natural}"
    assert rows[0][1].startswith(half_up(first["test"]["estimate"], 3))
    assert rows[0][2].startswith(half_up(first["natural"]["estimate"], 3))


def test_a_result_is_never_said_to_be_at_its_ceiling(study, tmp_path, document):
    header, *rows = document.table("ceilings")
    assert {row[header.index("Status")] for row in rows} == {"not significantly below"}
    knows = {row[0]: row[header.index("It may know of")] for row in rows}
    assert "trained without location" in knows["CNN, location balanced"]
    frame = tables.read(study.ceilings, tables.CEILINGS).assign(status="below")
    tables.write(frame, tmp_path / "ceilings.tsv", tables.CEILINGS)
    below = Document(page("b", replace(study, ceilings=tmp_path / "ceilings.tsv")))
    assert {row[-1] for row in below.table("ceilings")[1:]} == {"significantly below"}


def test_the_page_sums_up_verdicts_claims_and_heatmaps(study, text):
    opening = opening_of(text)
    assert opening.count("(ideal ceiling 0.860; 2 trainings: ") == len(CNNS)
    assert "Of the paper’s 8 claims, 4 hold here (C1, C2, C3, C4)" in opening
    assert "3 do not hold (C5, C6, C7); 1 inconclusive at this size (C8)" in opening
    assert len(re.findall(r"<strong>C\d ", opening)) == 8
    assert "<strong>C8 inconclusive.</strong>" in opening


def test_the_page_opens_with_what_was_studied_and_the_audit(study, text):
    opening = opening_of(text)
    nodes = tables.read(study.nodes, tables.NODES)
    positive = (nodes["status"] == "positive").sum()
    share = half_up(100 * positive / len(nodes), 1)
    said = f"50 simulated patients with 140 lymph nodes, of which {positive} ({share}%)"
    assert said in opening
    assert "31 positive and 29 negative nodes of 25 patients" in opening
    assert opening.count('id="counterfactual"') == text.count('id="counterfactual"')
    verdict = read_json(study.verdict)["cnns"]
    for cnn in CNNS:
        auc = verdict[f"cnn_{cnn}"]["auc"]
        ends = "-".join(half_up(end, 3) for end in auc["interval"])
        assert f"it is {half_up(auc['estimate'], 3)} (95% CI {ends})" in opening
        tested = read_json(study.statistics[cnn])["auc"]
        headline = tested["intervals"]["obuchowski_logit"]
        ends = "-".join(half_up(headline[end], 3) for end in ("lower", "upper"))
        area = half_up(tested["estimate"], 3)
        assert f"AUC in the test set {area} (95% CI {ends})" in opening
    assert "nodal-staging 1.2.3, code c0dec0dec0de" in opening
    assert "some results were computed by another version of the code" in opening
    real = opening_of(page("real", replace(study, ceilings=None)))
    assert "50 patients with 140 lymph nodes" in real


def test_weaknesses_and_claims_of_several_trainings_are_named(study, tmp_path, text):
    once = page("once", replace(study, refits=None, refit_spread=None))
    opening = opening_of(once)
    assert "the spread over trainings was not measured" in opening
    assert "trainings: " not in opening
    assert "AUC over trainings" not in once
    assert "AUC over trainings" in text
    told = read_json(study.claims)
    told["claims"][0] |= {"verdict": VARIES, "verdicts": [HOLDS, FAILS]}
    write_json(tmp_path / "claims.json", told)
    several = page("several", replace(study, claims=tmp_path / "claims.json"))
    assert "1 depend on the training (C1)" in several
    assert "depends on the training: holds in 1, does not hold in 1" in several


def test_the_evidence_of_another_training_is_read_from_its_files(study):
    nothing = pd.DataFrame()
    rest = dict.fromkeys(Evidence.__slots__, nothing)
    first = Evidence(**rest | {"bootstrap": BootstrapOptions(1, 0.95, 1)})
    other = first.of_refit(
        RefitFiles(
            differences=study.auc_differences,
            comparisons=study.mcnemar,
            location=study.location,
            xmask=study.scores["xmask"],
        )
    )
    known = tables.read(study.location, tables.SITE_MATCHED)
    matched = known.set_index("classifier")["site_matched_auc"]["cnn_xmask"]
    assert other.site_matched("cnn_xmask").value == matched
    assert other.auc_difference("cnn_xmask", "cnn_status_balanced").value is not None
    assert other.comparisons.equals(tables.read(study.mcnemar, MCNEMAR))
    assert other.xmask.equals(tables.read(study.scores["xmask"], tables.SCORES))
    assert other.halo is nothing


def test_the_audit_states_its_power_at_this_size(study, text):
    rows = tables.read(study.power, POWER)
    asked = rows[(rows["mix"] == "study") & (rows["weight"] == 0)].iloc[0]
    size = f"{asked['test_patients']:.0f} test patients"
    assert f"At this size (about {size} with " in text
    assert f"a shortcut worth {half_up(0.01, 2)} AUC in " in text
    assert f"one that is not there in {asked['flagged']} of 2 rehearsals" in text
    assert text.count("At this size") == 1


def test_each_verdict_is_that_of_its_file(study, tmp_path):
    verdict = read_json(study.verdict)
    first, second, third = verdict["cnns"].values()
    first |= {"reads": "no verdict", "reason": "few_pairs"}
    second |= {"reads": "no verdict", "reason": "no_width"}
    third |= {"reads": "its location", "reason": None}
    third["worth"] = {"estimate": 0.25, "interval": [0.125, 0.375]}
    first["site_matched_auc"] = {"estimate": None, "interval": None}
    write_json(tmp_path / "verdict.json", verdict)
    shown = page("verdicts", replace(study, verdict=tmp_path / "verdict.json"))
    assert "no verdict: fewer than 20 pairs of the same location" in shown
    assert "no verdict: an interval has no width" in shown
    assert "reads its location" in shown
    assert "locations it would be lower by 0.250 (95% CI 0.125-0.375)" in shown
    assert "and – among those of the same location" in shown


def test_the_summary_has_the_numbers_and_the_control_of_claim_c4(study, text):
    opening = opening_of(text)
    controls = tables.read(study.localisation_controls, OVER_CONTROLS)
    halo = tables.read(study.halo, OUTSIDE)
    nothing = pd.DataFrame()
    evidence = Evidence(
        statistics={},
        differences=nothing,
        simple=nothing,
        comparisons=nothing,
        location=nothing,
        localisation=tables.read(study.localisation, LOCALISATION),
        controls=controls,
        halo=halo,
        nodes=nothing,
        xmask=nothing,
        bootstrap=BootstrapOptions(1, 0.95, 1),
    )
    (claim,) = (claim for claim in CLAIMS if claim.key == "C4")
    for cnn, part in zip(CNNS, claim.check(evidence).parts, strict=True):
        mine = controls[controls["cnn"] == cnn].query(
            "method == 'pattern_attribution' and region == 'node'"
        )
        centre = mine[mine["control"] == "centre"]
        assert part.estimate.value == pytest.approx(centre["difference"].item())
        side = {"holds": "more", "does not hold": "less"}.get(
            above(part.estimate, 0).verdict, "neither more nor less"
        )
        name = re.escape(printed(f"cnn_{cnn}"))
        said = rf"{name} [^;]*{side} than its centre map \(95% CI"
        assert re.search(said, opening)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.1, 0.05, 0.15), "10.0 more than its centre map (95% CI 5.0-15.0)"),
        ((-0.1, -0.15, -0.05), "10.0 less than its centre map (95% CI 5.0-15.0)"),
        (
            (0.01, -0.02, 0.04),
            "neither more nor less than its centre map (95% CI −2.0 to 4.0)",
        ),
        ((0.1, None, None), "cannot be distinguished from its centre map"),
    ],
)
def test_the_summary_says_on_which_side_of_the_control_a_cnn_lies(
    study, tmp_path, numbers, said
):
    frame = tables.read(study.localisation_controls, OVER_CONTROLS)
    chosen = (frame["cnn"] == "xmask") & (frame["control"] == "centre")
    frame.loc[chosen, "control_share"] = 0.9
    frame.loc[chosen, ["difference", "lower", "upper"]] = numbers
    tables.write(frame, tmp_path / "controls.tsv", OVER_CONTROLS)
    planted = replace(study, localisation_controls=tmp_path / "controls.tsv")
    (heatmaps,) = (
        item
        for part in summary(planted)
        if isinstance(part, Items)
        for item in part.items
        if item.strong == "Heatmaps:"
    )
    assert f"CNN, xMask {said}. Claim C4 rests on the same numbers." in heatmaps.text


def test_the_reader_study_stands_on_the_page_where_somebody_read(study, document):
    areas = tables.read(study.readers.areas, AREAS)
    shown = [row[3] for row in document.table("reader-areas")[1:]]
    assert sorted(shown) == sorted(half_up(value, 3) for value in areas["auc"])
    kappa = tables.read(study.readers.agreement, AGREEMENT)["kappa_linear"][0]
    assert document.table("reader-agreement")[1][5].startswith(half_up(kappa, 2))
    differences = tables.read(study.readers.fixed, FIXED)["difference"]
    shown = [row[4] for row in document.table("reader-contrasts")[1:]]
    assert sorted(shown) == sorted(half_up(value, 3) for value in differences)
    assert len(document.table("reader-points")) == 1 + 2 * 3
    assert "readers" in document.ids
    nobody = page("alone", replace(study, readers=None))
    assert 'id="reader_study"' not in nobody
    assert 'id="readers"' not in nobody


def test_what_the_size_can_tell_is_on_the_page(study, document):
    reached = tables.read(study.precision, PRECISION)
    widths = reached[reached["method"] == "obuchowski_logit"]["half_width"]
    rows = document.table("precision-reached")[1:]
    assert [row[2] for row in rows] == [half_up(value, 3) for value in widths]
    least = tables.read(study.detectable, DETECTABLE)
    least = least[least["study"] == "yes"]
    rows = document.table("precision-own")[1:]
    assert len(rows) == len(least)
    found = Counter(row[1].partition(" ")[0] for row in rows)
    assert found == Counter(
        "–" if pd.isna(value) else half_up(100 * value, 1)
        for value in least["difference"]
    )


def test_the_spread_over_trainings_is_on_the_page(study, document):
    spread = tables.read(study.refit_spread, SPREAD)
    rows = document.table("refit_spread")[1:]
    assert [row[1] for row in rows] == ["2", "2", "2"]
    assert [row[2] for row in rows] == [half_up(v, 3) for v in spread["auc_mean"]]
    differ = 100 * spread["calls_that_differ"]
    assert [row[7] for row in rows] == [half_up(value, 1) for value in differ]
    assert len(document.table("refits")) == 1 + 2 * 3
    once = page("alone", replace(study, refits=None, refit_spread=None))
    assert "Each CNN was trained once." in once
    assert 'id="refit_spread"' not in once


def test_trainings_and_uptake_are_told_in_numbers(study, text, document):
    for row in document.table("training")[1:]:
        assert row[1:5] == ["3", "0.900", "0.500", "2"]
        assert row[5] == "0.650 [0.600 to 0.700]"
        assert row[6] == "0.750 [0.700 to 0.800]"
    nodes = tables.read(study.nodes, tables.NODES).dropna(subset=["suv_max"])
    hot = nodes["suv_max"] > study.cutoff_suv
    wrong = int((hot != (nodes["status"] == "positive")).sum())
    assert f"SUVmax disagree in {wrong} of {len(nodes)} nodes" in text


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        ((1, 2), "1 positive node has no SUVmax above 2, 2 negative nodes have one."),
        ((2, 1), "2 positive nodes have no SUVmax above 2, 1 negative node has one."),
    ],
)
def test_one_node_without_uptake_is_no_plural(study, tmp_path, amounts, words):
    kinds = ("positive_without_uptake", "negative_with_uptake")
    table = tables.read(study.disagreements, tables.DISAGREEMENTS)
    row = table.iloc[:1]
    rows = [
        row.assign(disagreement=kind, node_id=f"{kind}_{number}")
        for kind, amount in zip(kinds, amounts, strict=True)
        for number in range(amount)
    ]
    path = tmp_path / "disagreements.tsv"
    tables.write(pd.concat(rows), path, tables.DISAGREEMENTS)
    _, said = uptake(replace(study, disagreements=path, cutoff_suv=2.0))
    assert words in said


def test_what_was_not_watched_or_has_no_pet_is_said(study, tmp_path):
    columns = list(tables.HISTORY.columns)
    history = pd.DataFrame([[1, 0.9, 0.5, np.nan, np.nan]], columns=columns)
    tables.write(history, tmp_path / "history.tsv", tables.HISTORY)
    tables.write(history.assign(fold=1), tmp_path / "fold.tsv", tables.FOLD_HISTORY)
    nodes = tables.read(study.nodes, tables.NODES).assign(suv_max=np.nan)
    tables.write(nodes, tmp_path / "nodes.tsv", tables.NODES)
    bare = replace(
        study,
        trainings={
            cnn: [tmp_path / "history.tsv", tmp_path / "fold.tsv"] for cnn in CNNS
        },
        nodes=tmp_path / "nodes.tsv",
    )
    shown = page("bare", bare)
    assert "No node has an SUV." in shown
    for row in Document(shown).table("training")[1:]:
        assert row[1:] == ["1", "0.900", "0.900", "1", "–", "–"]


def test_seeds_are_those_of_the_statistics(study, document):
    for row, cnn in zip(document.table("seeds")[1:], CNNS, strict=True):
        found = read_json(study.statistics[cnn])
        assert row[1] == str(found["auc"]["intervals"]["bootstrap"]["seed"])
        assert row[2] == str(found["band"]["seed"])


def test_the_page_points_to_no_file_and_shows_no_codes(document, text):
    unseen = r"<style>.*?</style>|<script>.*?</script>|<p class=.files.*?</p>|<[^>]*>"
    words = re.sub(unseen, " ", text, flags=re.DOTALL)
    words = words.partition("Sums of the artefacts")[0]
    assert not re.search(r"\b(statistics|audit|cohort|datasets|tables)/\w", words)
    for code in ("low_dose", "follow_up", "non_contrast", "mm3", "address"):
        assert code not in words
    rows = document.table("excluded")[1:]
    assert rows == [
        ["a low-dose CT", "9"],
        ["the exam cannot be used: unreadable", "7"],
    ]


def test_intervals_say_their_level_and_their_replicates(text):
    pattern = r'<table class="results (\S+)">\n<caption><strong>.*?</strong>(.*?)<'
    captions = dict(re.findall(pattern, text))
    for name in ("location", "reader-agreement", "optimism", "table_1"):
        assert re.search(r"[\d,]+ replicates", captions[name]), name
    assert "95% CI" in captions["location"]


def test_numbers_stay_whole_on_paper(text):
    for kind, cell in re.findall(r'<td( class="number")?>([^<]*)<', text):
        if re.fullmatch(r"[\d.,]+( \([\d.,]+-[\d.,]+\))?", cell):
            assert kind, cell
        if re.search("[a-z]{3}", cell):
            assert not kind, cell
    paper = STYLE.partition("@media print")[2]
    rules = dict(re.findall(r"([^{}]+?)\s*{([^{}]*)}", paper))
    numbers = next(body for names, body in rules.items() if "td.number" in names)
    assert "nowrap" in numbers
    broken = [names for names, body in rules.items() if "anywhere" in body]
    assert all(set(re.findall(r"\.(\w+)", n)) <= {"provenance", "sums"} for n in broken)


def test_what_xmask_sees_is_said(text):
    assert "xMask CNN sees only what lies inside the outline" in text


@pytest.mark.figures
def test_a_null_cohort_is_named_and_whose_interval_misses(tmp_path):
    study = report_study(tmp_path)
    verdict = read_json(study.verdict)
    null = {"level": 0.95, "covers": ["cnn_xmask", "volume"], "misses": ["reader_1"]}
    write_json(study.verdict, verdict | {"null": null})
    shown = page("null", study)
    assert "Null cohort: nothing was planted" in shown
    assert "2 of 3 classifiers cover 0.5; not those of Reader 1" in shown


def test_the_record_hashes_the_whole_package():
    package = Path(nodal_staging.__path__[0])
    assert set(source_files()) == set(package.rglob("*.py"))


def recorded(folder, config):
    """Record the provenance of a study without sheets and artefacts; return it."""
    write_json(folder / "sheets.json", {})
    record_provenance(
        config=config,
        software="nodal-staging 1.2.3",
        sheets=folder / "sheets.json",
        artefacts=[],
        logs=folder / "logs",
        rules=["train_cnn", "score_forest"],
        scripts=SCRIPTS,
        output=folder / "provenance.json",
    )
    return read_json(folder / "provenance.json")


def test_the_record_names_no_file_of_the_user(tmp_path):
    config = {
        "study": "own",
        "cohort": {"source": "files", "exams": "/ward/exams.tsv"},
        "prediction": {"name": "new", "exams": "/ward/new.tsv", "nodes": None},
        "recover_counts": {"table": "/ward/published.tsv", "significance": 0.05},
        "external_scores": {
            "other": "/ward/other.csv",
            "third": {"scores": "/ward/third.csv", "probability": False},
        },
    }
    record = recorded(tmp_path, config)
    assert "/ward" not in (tmp_path / "provenance.json").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+", record["packages"]["tensorflow"])
    kept = record["config"]
    assert kept["prediction"] == {"name": "new"}
    assert kept["recover_counts"] == {"significance": 0.05}
    assert kept["external_scores"] == {"other": {}, "third": {"probability": False}}


def test_the_record_names_the_versions_that_made_the_results(tmp_path):
    logs = tmp_path / "logs" / "train_cnn"
    logs.mkdir(parents=True)
    mark = "INFO nodal_staging: made with"
    (logs / "a.log").write_text(
        f"{mark} OpenBLAS Haswell, R 4.2.2, oneDNN AVX2, pROC 1.18.0, "
        "tensorflow 2.20.0\n"
    )
    (logs / "b.log").write_text(
        f"{mark} OpenBLAS SkylakeX, keras 3.0.0, oneDNN AVX2, tensorflow 2.21.0\n"
    )
    record = recorded(tmp_path, {"cohort": {}})
    packages = record["packages"]
    assert packages["keras"] == "3.0.0"
    both = "2.20.0: train_cnn (1 job); 2.21.0: train_cnn (1 job)"
    assert packages["tensorflow"] == both
    assert record["statistics_engine"] == "pROC 1.18.0 on R 4.2.2"
    assert record["cpu_instructions"] == {
        "NumPy": "not in any log",
        "OpenBLAS": "Haswell: train_cnn (1 job); SkylakeX: train_cnn (1 job)",
        "oneDNN": "AVX2",
    }


def test_the_record_names_the_code_that_made_the_results(tmp_path):
    logs = tmp_path / "logs"
    present = code_version(SCRIPTS / "cnn" / "train_cnn.py", SCRIPTS.parents[1] / "src")
    written = {
        "train_cnn/a": present,
        "train_cnn/b": "0123456789abcdef",
        "score_forest/c": "fedcba9876543210",
        "draw_uptake": "0000000000000000",
    }
    for name, version in written.items():
        path = logs / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"INFO nodal_staging: made with code {version}, numpy 2.0\n")
    write_json(tmp_path / "sheets.json", {})
    record_provenance(
        config={"cohort": {}},
        software="nodal-staging 1.2.3",
        sheets=tmp_path / "sheets.json",
        artefacts=[],
        logs=logs,
        rules=["train_cnn", "score_forest"],
        scripts=SCRIPTS,
        output=tmp_path / "provenance.json",
    )
    record = read_json(tmp_path / "provenance.json")
    other = {"train_cnn": {"0123456789abcdef": 1}}
    other["score_forest"] = {"fedcba9876543210": 1}
    assert record["results_of_other_code"] == other
    assert record["code_versions"]["train_cnn"] == {present: 1, "0123456789abcdef": 1}
    assert "draw_uptake" not in record["code_versions"]


def test_results_of_other_code_are_named(text):
    assert "another version of the code" in text
    assert "train_cnn: 01ab (2 jobs). Run the rules again" in text


def test_words_are_escaped():
    for part in (Heading("<b>", "a"), Banner("<b>", "<b>"), Items(("<b>",)), "<b>"):
        assert escape("<b>") in html(part)
        assert "<b>" not in html(part)
    assert "&lt;b&gt;" in html(Folded("<b>", ("<b>",)))


def test_an_outline_has_the_length_of_the_border_of_its_pixels():
    mask = np.zeros((9, 9), bool)
    mask[2:5, 3:8] = True
    mask[3, 5] = False
    assert outline(mask).count("M") == 2 * (3 + 5) + 4
    assert outline(mask).startswith("M3 2h1")


def test_an_image_of_a_node_is_its_grey_values():
    grey = np.linspace(0, 1, 48 * 48, dtype=np.float32).reshape(48, 48)
    svg = node_image(grey, grey > 0.5, alt="a < b")
    assert 'aria-label="a &lt; b"' in svg
    assert svg == node_image(grey, grey > 0.5, alt="a < b")


def test_lost_nodes_are_counted_by_stage_and_reason(study):
    (grid,) = [p for p in cohort(study) if getattr(p, "name", "") == "lost"]
    assert grid.groups == (
        (
            ("not measured", "truncated pixels", "1", "2"),
            ("without SUV", "truncated pixels", "1", "1"),
        ),
    )


def test_implausible_nodes_are_counted_by_flag(study):
    (grid,) = [p for p in cohort(study) if getattr(p, "name", "") == "flagged"]
    assert grid.groups == ((("overlap", "1"), ("several components", "2")),)
    assert "of 2 nodes" in grid.caption


def test_results_that_cannot_be_meant_follow_table_1(text):
    _, _, after = text.partition('id="table_1"')
    assert "<li>Too few.</li>" in after.partition('id="mcnemar"')[0]


COLUMN = """[...document.querySelectorAll("table.table_1 tbody tr")]
  .map((row) => parseFloat(row.cells[1].textContent))"""
FOLDED = "document.querySelector('[aria-labelledby=audit] .foldable').hidden"


def test_the_page_works_in_a_browser(text, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(text, encoding="utf-8")
    with Browser() as browser:
        page = browser.open(path)
        order = page.evaluate(COLUMN)
        sort = "table.table_1 thead th:nth-child(2) button"
        page.click(sort)
        assert page.evaluate(COLUMN) == sorted(order)
        page.click(sort)
        assert page.evaluate(COLUMN) == sorted(order, reverse=True)
        page.click(sort)
        assert page.evaluate(COLUMN) == order

        page.click("#table-table_1 .files button")
        saved = browser.downloaded("table_1.tsv").read_text(encoding="utf-8")
        assert len(saved.splitlines()) == 1 + len(order)

        page.click("#audit button")
        assert page.evaluate(FOLDED)
        page.evaluate("location.hash = 'table-shortcut'")
        page.wait(f"!({FOLDED})")

        page.click("#figure_5 a.enlarge")
        assert page.evaluate("document.querySelector('dialog').open")
        page.press("Escape")
        assert page.evaluate("document.activeElement.className") == "enlarge"
        assert not page.low_contrast()

        page.resize(390, 844)
        assert page.too_wide() == 0
        page.click("nav .menu")
        assert page.evaluate("document.querySelector('nav').className") != "scripted"
        assert len(page.pdf()) > 50_000
        assert not page.problems()
