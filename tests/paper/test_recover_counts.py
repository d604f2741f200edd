"""Recovered counts against brute force: every pair, every subset, every curve."""

import csv
import math
import re
import subprocess
import sys
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Decimal,
    getcontext,
)
from fractions import Fraction
from itertools import combinations, permutations, product
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from nodal_staging import __main__, tables
from nodal_staging.paper.recover_counts import recovered_tables as schemas
from nodal_staging.paper.recover_counts.command import main
from nodal_staging.paper.recover_counts.consensus import find_consensus
from nodal_staging.paper.recover_counts.contradictions import judge
from nodal_staging.paper.recover_counts.discordance import (
    TESTS,
    bounds,
    chance_not_significant,
    ranges,
)
from nodal_staging.paper.recover_counts.fits import RULES, fits, points_at_target
from nodal_staging.paper.recover_counts.printed import (
    METRICS,
    Cell,
    PublishedRow,
    PublishedTableError,
    read_published,
)
from nodal_staging.paper.recover_counts.results import find

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "config" / "published_table_1.tsv"
DECIMAL = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "truncation": ROUND_DOWN,
    "ceiling": ROUND_CEILING,
}
getcontext().prec = 60


def shares(tp, tn, p, n):
    """Write down the definitions once more, as fractions."""
    fn, fp = p - tp, n - tn
    pairs = {
        "auc": (tp * n + tn * p, 2 * p * n),
        "accuracy": (tp + tn, p + n),
        "sensitivity": (tp, p),
        "specificity": (tn, n),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "f1": (2 * tp, 2 * tp + fp + fn),
    }
    return {name: Fraction(*pair) if pair[1] else None for name, pair in pairs.items()}


def rounded(share, scale, rule):
    """Round by the decimal module, an implementation that is not ours."""
    if share is None:
        return None
    value = Decimal(share.numerator * scale) / Decimal(share.denominator)
    return int(value.quantize(Decimal(1), rounding=DECIMAL[rule]))


def row(p, n, *, youden=False, name="A", cells=()):
    return PublishedRow(name, p, n, tuple(cells), youden, ())


def cell(metric, printed, scale=100, source="table"):
    name = metric if source == "table" else f"{metric}@{source}"
    return Cell(name, metric, source, str(printed), printed, scale)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("p", "n", "scale"), [(65, 65, 100), (9, 40, 1000)])
def test_every_pair_of_counts_prints_what_it_fits(p, n, scale, metric, rule):
    expected = np.array(
        [
            [
                -1
                if (share := shares(tp, tn, p, n)[metric]) is None
                else rounded(share, scale, rule)
                for tn in range(n + 1)
            ]
            for tp in range(p + 1)
        ]
    )
    for printed in range(scale + 1):
        found = fits(row(p, n), cell(metric, printed, scale), rule)
        np.testing.assert_array_equal(found, expected == printed)


def brute_force(published, rule):
    """Try all 66 x 66 counts on the shares of a row of the paper, in plain Python."""
    names = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
    violated = {}
    for tp, tn in product(range(66), repeat=2):
        true = shares(tp, tn, 65, 65)
        wrong = tuple(
            name
            for name in names
            if rounded(true[name], 100, rule) != int(published[name])
        )
        violated.setdefault(wrong, []).append((tp, tn))
    return violated


@pytest.fixture(scope="module")
def published():
    lines = [x for x in TABLE.read_text().splitlines() if not x.startswith("#")]
    rows = {x["classifier"]: x for x in csv.DictReader(lines, delimiter="\t")}
    return {name: x for name, x in rows.items() if not x["mean_of"]}


@pytest.fixture(scope="module")
def findings():
    return find(read_published(TABLE), significance=0.005)


@pytest.mark.parametrize("rule", RULES)
def test_the_published_rows_by_one_rule(findings, published, rule):
    judged = {
        one.row.classifier: one.verdict
        for one in findings.judged
        if one.scope == "shares" and one.rule == rule
    }
    assert judged.keys() == published.keys()
    for name, verdict in judged.items():
        violated = brute_force(published[name], rule)
        assert list(verdict.counts) == violated.get((), [])
        if verdict.counts:
            assert verdict.removals == ()
            continue
        minimal = {
            cells: counts
            for cells, counts in violated.items()
            if not any(set(other) < set(cells) for other in violated)
        }
        names = ("accuracy", "sensitivity", "specificity", "ppv", "npv", "f1")
        assert {
            tuple(names[place] for place in removal.cells): list(removal.counts)
            for removal in verdict.removals
        } == minimal


def test_the_published_counts(findings):
    """Truncation alone explains all shares; each row then has one solution."""
    assert {one.row.classifier: one.counts for one in findings.recovered} == {
        "CNN, status balanced": ((56, 60),),
        "CNN, location balanced": ((47, 58),),
        "CNN, xMask": ((50, 50),),
        "Random forest, status balanced": ((55, 62),),
        "Random forest, location balanced": ((46, 39),),
        "Reader 1": ((52, 61),),
        "Reader 2": ((33, 64),),
    }
    assert findings.consensus.rules("table: shares") == ["truncation"]
    assert findings.consensus.rules("text: shares") == ["half_up", "half_even"]


def test_the_published_areas_contradict_each_other(findings):
    """0.869 is printed as 0.86 but 0.746 as 0.75, and 0.654 once as 0.677."""
    contradicted = {
        one.row.classifier: one.contradicted
        for one in findings.recovered
        if one.contradicted
    }
    assert contradicted == {
        "Random forest, location balanced": {"auc@discussion": tuple(RULES)},
        "Reader 1": {"auc": ("half_up", "half_even")},
        "Reader 2": {"auc": ("truncation",)},
    }
    assert findings.consensus.contradicted == 2


def test_the_published_tie_of_the_youden_index(findings):
    """Specificity 88 % at 90 % sensitivity leaves one point, which ties: 59 + 57."""
    points = {one.row.classifier: one.points for one in findings.recovered}
    assert points["CNN, status balanced"] == (("specificity_at_90@text", (59, 57)),)
    assert {tn for _, (_, tn) in points["CNN, location balanced"]} == {34}
    assert {tn for _, (_, tn) in points["CNN, xMask"]} == {36}


def test_the_published_means(findings):
    found = {mean.cell.metric: mean for mean in findings.means}
    assert found["accuracy"].least == Fraction(113 + 97, 260)
    assert "half_up" in found["accuracy"].rules
    assert found["accuracy"].rules_of_printed == ()
    for mean in found.values():
        assert mean.least == mean.greatest
        assert "half_up" in mean.rules


def test_the_published_pair_that_should_have_been_significant(findings):
    """Errors 14 and 33: at least 43 of 27 to 47 discordant, 7.6 % if independent."""
    pair = next(
        one
        for one in findings.bounds
        if one["classifier_a"] == "CNN, status balanced"
        and one["classifier_b"] == "Reader 2"
        and one["scope"] == "all"
    )
    assert (pair["discordant_min"], pair["discordant_max"]) == (27, 47)
    assert pair["difference_min"] == pair["difference_max"] == 19
    assert pair["corrected_spared_from"] == pair["exact_spared_from"] == 43
    assert pair["uncorrected_spared_from"] == 47
    assert pair["chance_corrected_spared"] == pytest.approx(0.076, abs=5e-4)
    assert pair["chance_uncorrected_spared"] == pytest.approx(0.001, abs=5e-4)


@pytest.mark.parametrize("seed", range(8))
def test_contradictions_against_all_subsets(seed):
    rng = np.random.default_rng(seed)
    masks = list(rng.random((5, 4, 5)) < 0.35)
    verdict = judge(masks)

    def counts(kept):
        mask = np.all([np.ones((4, 5), bool), *(masks[k] for k in kept)], axis=0)
        return tuple((int(a), int(b)) for a, b in np.argwhere(mask))

    everything = [set(s) for k in range(6) for s in combinations(range(5), k)]
    enough = [s for s in everything if counts(set(range(5)) - s)]
    removals = [s for s in enough if not any(o < s for o in enough)]
    unfit = [s for s in everything if not counts(s)]
    conflicts = [s for s in unfit if not any(o < s for o in unfit)]
    if not unfit:
        assert verdict.counts == counts(range(5))
        return
    assert sorted(map(sorted, removals)) == sorted(
        list(r.cells) for r in verdict.removals
    )
    assert sorted(map(sorted, conflicts)) == sorted(map(list, verdict.conflicts))
    for removal in verdict.removals:
        assert removal.counts == counts(set(range(5)) - set(removal.cells))


def curves(p, n):
    """Yield every ROC curve of p and n cases as points, ties included."""

    def walk(path):
        s, t = path[-1]
        if (s, t) == (0, n):
            yield path
        for s_next, t_next in product(range(s + 1), range(t, n + 1)):
            if (s_next, t_next) != (s, t):
                yield from walk([*path, (s_next, t_next)])

    yield from walk([(p, 0)])


@pytest.mark.parametrize("youden", [True, False])
@pytest.mark.parametrize("target", [60, 90])
def test_points_at_a_sensitivity_against_all_curves(youden, target):
    p, n = 3, 4
    possible = set()
    for curve in curves(p, n):
        attained = next(x for x in reversed(curve) if 100 * x[0] >= target * p)
        best = max(s * n + t * p for s, t in curve)
        for own in curve:
            if not youden or own[0] * n + own[1] * p == best:
                possible.add((own, attained))
    study = row(p, n, youden=youden)
    found = set()
    for tn in range(n + 1):
        printed = cell(f"specificity_at_{target}", 100 * tn // n)
        mask = fits(study, printed, "truncation")
        for own in product(range(p + 1), range(n + 1)):
            points = points_at_target(study, printed, "truncation", own)
            assert bool(points) == mask[own]
            found |= {(own, point) for point in points}
    assert found == possible


def test_consensus_against_all_assignments():
    """Two sources rounded by different rules, one misprint."""
    p, n = 20, 30
    rows = []
    for name, (tp, tn) in {"A": (11, 17), "B": (7, 29), "C": (19, 8)}.items():
        true = shares(tp, tn, p, n)
        cells = [
            cell(m, rounded(true[m], 100, "truncation"))
            for m in ("accuracy", "ppv", "npv", "f1")
        ] + [cell("f1", rounded(true["f1"], 1000, "ceiling"), 1000, "text")]
        rows.append(row(p, n, name=name, cells=cells))
    wrong = cell("sensitivity", 99)
    rows[0] = row(p, n, name="A", cells=[*rows[0].cells, wrong])
    consensus = find_consensus(rows)
    for chosen in product(RULES, repeat=2):
        of = dict(zip(("table: shares", "text: shares"), chosen, strict=True))
        cost = 0
        for one in rows:
            masks = [fits(one, c, of[c.convention]) for c in one.cells]
            cost += int(np.sum([~m for m in masks], axis=0).min())
        assert (of in consensus.best) == (cost == consensus.contradicted)
    assert consensus.contradicted == 1
    assert {"table: shares": "truncation", "text: shares": "ceiling"} in consensus.best


def arrangements(errors_a, errors_b, n):
    """Yield who is right where, for all ways to place errors among n cases."""
    for wrong_a in combinations(range(n), errors_a):
        for wrong_b in combinations(range(n), errors_b):
            yield (
                [k not in wrong_a for k in range(n)],
                [k not in wrong_b for k in range(n)],
            )


@pytest.mark.parametrize("scope", ["all", "positives", "negatives", "calls"])
def test_discordance_against_all_arrangements(scope):
    p, n = 4, 3
    a, b = (3, 1), (1, 2)
    found = set()
    for positives in arrangements(p - a[0], p - b[0], p):
        for negatives in arrangements(n - a[1], n - b[1], n):
            right_a, right_b = list(positives[0]), list(positives[1])
            more_a, more_b = negatives
            if scope == "calls":
                more_a, more_b = [not x for x in more_a], [not x for x in more_b]
            if scope == "negatives":
                right_a, right_b = [], []
            if scope != "positives":
                right_a, right_b = right_a + more_a, right_b + more_b
            pairs = list(zip(right_a, right_b, strict=True))
            found.add((pairs.count((True, False)), pairs.count((False, True))))
    (ours,) = ranges([a], [b], (p, n), scope)
    assert {(pair.only_a, pair.only_b) for pair in ours.discordances()} == found


def test_bounds_are_the_extremes_of_the_p_values():
    p, n = 9, 8
    a, b = (9, 8), (2, 5)
    found = bounds([a], [b], (p, n), scope="all", significance=0.05)
    exact = [
        statsmodels_mcnemar([[0, x], [y, 0]], exact=True).pvalue
        for x in range(18)
        for y in range(18)
        if y == x - 10 and x + y <= min(7, p) + min(3, n)
    ]
    assert found["p_exact_min"] == pytest.approx(min(exact))
    assert found["p_exact_max"] == pytest.approx(max(exact))
    plain = statsmodels_mcnemar([[0, 10], [0, 0]], exact=False, correction=False)
    assert found["p_uncorrected_min"] == pytest.approx(plain.pvalue)
    assert found["exact"] == "always"
    assert found["exact_spared_from"] is None


def test_chance_under_independence_by_counting():
    p, n = 4, 3
    a, b = (1, 1), (3, 3)
    spared, total = 0, 0
    for positives in arrangements(p - a[0], p - b[0], p):
        for negatives in arrangements(n - a[1], n - b[1], n):
            right_a, right_b = (
                x + y for x, y in zip(positives, negatives, strict=True)
            )
            pairs = list(zip(right_a, right_b, strict=True))
            table = [[0, pairs.count((True, False))], [pairs.count((False, True)), 0]]
            spared += statsmodels_mcnemar(table, exact=True).pvalue >= 0.15
            total += 1
    found = chance_not_significant(a, b, (p, n), test="exact", significance=0.15)
    assert 0 < spared < total
    assert found == pytest.approx(spared / total)


def test_a_row_of_several_solutions_keeps_them_all():
    study = row(30, 30, cells=[cell("accuracy", 50), cell("sensitivity", 50)])
    found = find([study], significance=0.05).recovered[0]
    expected = [
        (tp, tn)
        for tp, tn in product(range(31), repeat=2)
        if rounded(Fraction(tp, 30), 100, "half_up") == 50
        and rounded(Fraction(tp + tn, 60), 100, "half_up") == 50
    ]
    assert set(expected) <= set(found.counts)
    assert not found.contradicted


def write(tmp_path, text):
    path = tmp_path / "table.tsv"
    path.write_text(text.replace(" | ", "\t"))
    return path


HEAD = "classifier | n_positive | n_negative | sensitivity | auc@text\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("classifier | sensitivity\nA | 5\n", "missing column n_positive, n_negative"),
        ("classifier | n_positive | n_negative | sens\n", "unexpected column sens;"),
        (HEAD, "no rows"),
        (HEAD + "A | 5 | 5 |  | \n", "no printed share determines counts"),
        (HEAD + "A | 5 | 5 | high | \n", "A, column sensitivity: expected a number"),
        (HEAD + "A | 0 | 5 | 80 | \n", "A, column n_positive: expected the number of"),
        (HEAD + "A | ² | 5 | 80 | \n", "A, column n_positive: expected the number of"),
        (HEAD + f"A | 5 | {'9' * 5000} | 80 | \n", "A, column n_negative: expected"),
        (HEAD + f"A | 5 | 5 | 0.{'9' * 5000} | \n", "sensitivity: expected a number"),
        (HEAD + "A | 5 | 5 | 80 | \nA | 5 | 5 | 80 | \n", "'A' stands in 2 rows"),
        (HEAD + "A | 5 | 5 | 120 | \n", "found '120', which exceeds 100 %"),
        (HEAD + "A | 5000 | 5000 | 80 | \n", "more than 1,000,000 pairs"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path, text, words):
    with pytest.raises(PublishedTableError, match=words):
        read_published(write(tmp_path, text))


def test_words_and_names_are_checked(tmp_path):
    head = HEAD.strip() + " | auc_is | mean_of\n"
    with pytest.raises(PublishedTableError, match="column auc_is: expected one of"):
        read_published(write(tmp_path, head + "A | 5 | 5 | 80 |  | area | \n"))
    with pytest.raises(
        PublishedTableError, match="column mean_of: there is no row 'B'"
    ):
        read_published(write(tmp_path, head + "A | 5 | 5 | 80 |  |  | B\n"))
    with pytest.raises(PublishedTableError, match="no such file"):
        read_published(tmp_path / "nowhere.tsv")


def test_digits_and_percentages_are_read_as_printed(tmp_path):
    text = (
        "# a comment\nclassifier | n_positive | n_negative | sensitivity | ppv | auc | "
        "auc_is | f1@text\nA | 20 | 20 | 50 | 1 | .90 | counts | 0,333\n"
    )
    cells = {c.name: c for c in read_published(write(tmp_path, text))[0].cells}
    # 50 makes the shares of the table percentages, and the 1 is one per cent.
    assert (cells["ppv"].printed, cells["ppv"].scale) == (1, 100)
    assert (cells["auc"].printed, cells["auc"].scale) == (90, 100)
    assert (cells["f1@text"].printed, cells["f1@text"].scale) == (333, 1000)


@pytest.mark.parametrize("form", [",", ";", "\t"])
def test_a_published_table_of_any_form_is_the_same(tmp_path, form):
    rows = read_published(TABLE)
    with TABLE.open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-16", newline="") as file:
        csv.writer(file, delimiter=form).writerows(csv.reader(lines, delimiter="\t"))
    assert read_published(path) == rows


def test_names_of_columns_have_no_case(tmp_path):
    text = (
        "Classifier | N_positive | N_Negative | Sensitivity@Text\nA | 20 | 20 | 0.5\n"
    )
    cells = read_published(write(tmp_path, text))[0].cells
    assert [cell.name for cell in cells] == ["sensitivity@Text"]


def test_a_column_that_is_a_misspelling_is_named(tmp_path):
    text = "classifier | n_positive | n_negative | {}\nA | 20 | 20 | 0.5\n"
    words = "unexpected column sensitivty; did you mean sensitivity. Rename it to"
    with pytest.raises(PublishedTableError, match=words):
        read_published(write(tmp_path, text.format("sensitivty")))
    assert read_published(write(tmp_path, text.format("sensitivity")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "table.tsv: the file is empty"),
        (b"%PDF-1.4", "table.tsv: a PDF document"),
        ("classifier\nB\xfccher\n".encode("latin-1"), "row 2: a letter that is not"),
        (b'classifier\tn_positive\n"A\t5\n', "row 2: a quotation mark opens"),
    ],
)
def test_what_is_no_published_table_is_named(tmp_path, content, words):
    (tmp_path / "table.tsv").write_bytes(content)
    with pytest.raises(PublishedTableError, match=words):
        read_published(tmp_path / "table.tsv")


def test_a_byte_order_mark_is_read(faults):
    (row,) = read_published(faults / "recover_counts" / "bom.tsv")
    assert (row.classifier, row.n_positive, row.n_negative) == ("x", 50, 50)
    assert [(cell.metric, cell.printed) for cell in row.cells] == [
        ("sensitivity", 80),
        ("specificity", 90),
    ]


def test_shares_and_percentages_in_one_table_are_refused(faults, tmp_path):
    table = faults / "recover_counts" / "mixed_scale.tsv"
    words = "mixed, column sensitivity: shares and percentages mixed: found '0.80', and"
    with pytest.raises(PublishedTableError, match=words):
        read_published(table)
    # Each of the ways out that the message names.
    for old, new in (("0.80", "80"), ("90", "0.90"), ("0.80", "0.80 %")):
        cured = tmp_path / "cured.tsv"
        cured.write_text(table.read_text().replace(old, new))
        assert len(read_published(cured)[0].cells) == 2


def test_two_exchanged_digits_are_found(faults):
    """Altman's liver scans, 231/54 of 258/86, with the NPV printed as 0.76 for 0.67."""
    rows = read_published(faults / "recover_counts" / "altman_liver_error.tsv")
    (found,) = find(rows, significance=0.05).recovered
    assert set(found.contradicted) == {"npv"}
    assert found.fewest_removed == 1
    assert (231, 54) in found.counts


def test_a_curve_tells_no_counts(tmp_path):
    text = "classifier | n_positive | n_negative | auc | ppv\nA | 20 | 20 | 0.9 | 0.8\n"
    cells = read_published(write(tmp_path, text))[0].cells
    assert [c.name for c in cells] == ["ppv"]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the folder that the command writes."""
    folder = tmp_path_factory.mktemp("command")
    call = [sys.executable, "-m", "nodal_staging", "recover-counts", str(TABLE)]
    done = subprocess.run(
        [*call, "--output", "found"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "| Reader 2 | 33 | 32 | 64 | 1 | 33 |" in done.stdout
    return folder / "found"


def test_the_command_writes_every_file(written):
    assert {path.name for path in written.iterdir()} == {
        "counts.tsv",
        "rows.tsv",
        "removals.tsv",
        "conventions.tsv",
        "points.tsv",
        "means.tsv",
        "mcnemar_bounds.tsv",
        "recovered.md",
        "recovered.html",
    }
    counts = tables.read(written / "counts.tsv", schemas.COUNTS)
    consensus = counts[counts["scope"] == "consensus"]
    assert consensus["errors"].tolist() == [14, 25, 30, 13, 45, 17, 33]
    bound = tables.read(written / "mcnemar_bounds.tsv", schemas.BOUNDS)
    assert len(bound) == math.comb(7, 2) * 4
    assert set(bound.filter(regex=f"^({'|'.join(TESTS)})$").stack()) == {
        "always",
        "never",
        "perhaps",
    }
    for name, schema in (("rows", schemas.ROWS), ("means", schemas.MEANS)):
        assert len(tables.read(written / f"{name}.tsv", schema))
    page = (written / "recovered.html").read_text()
    assert "http:" not in page and "https:" not in page
    assert re.search(r"<td[^>]*>59/57</td>", page)


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert main([str(tmp_path / "no.tsv")]) == 1
    assert (
        "nodal-staging: no.tsv: no such file; correct its path"
        in capsys.readouterr().err
    )
    assert __main__.main(["help"]) == 2
    assert "recover-counts" in capsys.readouterr().err


def test_permuting_rows_changes_no_row():
    rows = [one for one in read_published(TABLE) if not one.mean_of][:3]
    counts = [
        {
            one.row.classifier: one.counts
            for one in find(order, significance=0.05).recovered
        }
        for order in permutations(rows)
    ]
    assert all(one == counts[0] for one in counts)


def test_the_documents_tell_the_counts_that_are_found(findings):
    text = (ROOT / "docs" / "recover_counts.md").read_text()
    for one in findings.recovered:
        ((tp, tn),) = one.counts
        cells = (one.row.classifier, tp, 65 - tp, tn, 65 - tn, 130 - tp - tn)
        assert f"| {' | '.join(map(str, cells))} |" in text
