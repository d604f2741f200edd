"""The reader study against pROC, scikit-learn, brute force and simulation."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_text import overlapping
from matplotlib.legend import Legend as Key
from r_session import robjects
from reader_files import nodes, perceive, write_network, write_reader
from scipy import stats
from sklearn.metrics import cohen_kappa_score, confusion_matrix, roc_auc_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

from nodal_staging import tables
from nodal_staging.classifiers.labelled_scores import ScoreError
from nodal_staging.estimates.delong import (
    Areas,
    clustered_areas,
    clustered_auc,
    delong_areas,
)
from nodal_staging.estimates.patient_bootstrap import BootstrapOptions
from nodal_staging.figures import style
from nodal_staging.figures.legend import Legend
from nodal_staging.figures.readers import draw_readers
from nodal_staging.statistics.reader_study.areas import AREAS, POINTS, describe_areas
from nodal_staging.statistics.reader_study.contrasts import (
    FIXED,
    RANDOM,
    fixed_readers,
    random_readers,
)
from nodal_staging.statistics.reader_study.exports import IMRMC, MRMCAOV
from nodal_staging.statistics.reader_study.inter_reader_agreement import (
    AGREEMENT,
    WEIGHTS,
    describe_agreement,
    kappa,
)
from nodal_staging.statistics.reader_study.ratings import in_common, read_reader
from nodal_staging.statistics.reader_study.reader_tables import (
    ReaderStudyFiles,
    study_readers,
)
from nodal_staging.statistics.recomputation.ledger import Ledger, RecomputationError
from nodal_staging.statistics.recomputation.reader_checks import check_readers
from nodal_staging.statistics.recomputation.scored_nodes import Scores, read_table
from nodal_staging.statistics.recomputation.second_draws import Draws
from nodal_staging.study.reader_names import reader_key
from nodal_staging.study.seeds import named_seed

DOCUMENT = Path(__file__).parents[2] / "docs" / "readers.md"
NO_THRESHOLD = {"threshold": {"value": 0.5}}
READERS = ["reader_1", "reader_2", "reader_3"]
NETWORKS = ["cnn_status_balanced", "cnn_xmask"]
OUTPUTS = ("areas", "points", "agreement", "fixed", "random", "imrmc", "mrmcaov")


@pytest.fixture(scope="module")
def frame():
    return nodes(40, 3, np.random.default_rng(5))


def run(folder, frame, readers=READERS, networks=NETWORKS, kept=None):
    """Run the study; ``kept`` maps a reader to the nodes it read."""
    rng = np.random.default_rng(11)
    ratings = []
    for place, name in enumerate(readers):
        perceived = perceive(frame, 1.0 + 0.4 * place, rng)
        keep = (kept or {}).get(name, np.ones(len(frame), bool))
        path = folder / f"{name}.csv"
        ratings.append(write_reader(path, frame[keep], perceived[keep]))
    written = [
        write_network(folder, name, frame, perceive(frame, 1.8, rng))
        for name in networks
    ]
    outputs = {
        name: folder / f"{name}.{'csv' if 'mrmc' in name else 'tsv'}"
        for name in OUTPUTS
    }
    study_readers(
        readers=dict(zip(readers, ratings, strict=True)),
        networks=dict(zip(networks, written, strict=True)),
        bootstrap=BootstrapOptions(400, 0.95, 3),
        outputs=ReaderStudyFiles(
            **outputs, pages=[folder / "readers.md", folder / "readers.html"]
        ),
    )
    schemas = (AREAS, POINTS, AGREEMENT, FIXED, RANDOM, IMRMC, MRMCAOV)
    return {
        name: tables.read(outputs[name], schema)
        for name, schema in zip(OUTPUTS, schemas, strict=True)
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readers")


@pytest.fixture(scope="module")
def study(folder, frame):
    return run(folder, frame)


def read(folder, name):
    return pd.read_csv(folder / f"{name}.csv").sort_values("node_id")


def r_roc(scores, positive):
    return robjects.r("pROC::roc")(
        response=robjects.IntVector(positive.astype(int).tolist()),
        predictor=robjects.FloatVector(scores.tolist()),
        levels=robjects.IntVector([0, 1]),
        direction="<",
        quiet=True,
    )


@pytest.fixture(scope="module")
def three(frame):
    """Return scores of three raters, one with ties everywhere."""
    rng = np.random.default_rng(7)
    scores = np.array([perceive(frame, shift, rng) for shift in (1.5, 1.0, 0.5)])
    scores[1] = np.round(scores[1])
    return scores, (frame["status"] == "positive").to_numpy(bool)


def test_covariance_is_that_of_proc(three):
    scores, positive = three
    found = delong_areas(scores, positive)
    curves = [r_roc(score, positive) for score in scores]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        expected = robjects.r("pROC::cov")(curves[i], curves[j], method="delong")[0]
        assert found.covariance[i, j] == pytest.approx(expected, abs=1e-14)
        variance = robjects.r("pROC::var")(curves[i], method="delong")[0]
        assert found.covariance[i, i] == pytest.approx(variance, abs=1e-14)
    for estimate, score in zip(found.estimates, scores, strict=True):
        assert estimate == pytest.approx(roc_auc_score(positive, score), abs=1e-12)


def test_a_network_against_one_reader_is_proc_s_paired_test(three):
    scores, positive = three
    areas = delong_areas(scores[:2], positive)
    found = fixed_readers(areas, areas, level=0.95)
    curves = [r_roc(score, positive) for score in scores[:2]]
    test = robjects.r("pROC::roc.test")(
        *curves, paired=True, method="delong", quiet=True
    )
    assert found["p"] == pytest.approx(test.rx2("p.value")[0], rel=1e-9)
    error = found["standard_error"]
    z = (areas.estimates[0] - areas.estimates[1]) / error
    assert z == pytest.approx(test.rx2("statistic")[0], rel=1e-9)
    assert found["upper"] - found["lower"] == pytest.approx(2 * 1.959964 * error)


def obuchowski_by_hand(scores, positive, patient_id):
    """Loop over patients and pairs, as the formulas are written."""
    k = len(scores)
    cases, controls = np.flatnonzero(positive), np.flatnonzero(~positive)
    psi = np.array(
        [
            [[(s[i] > s[j]) + 0.5 * (s[i] == s[j]) for j in controls] for i in cases]
            for s in scores
        ]
    )
    area = psi.mean(axis=(1, 2))
    patients = np.unique(patient_id)
    ten = np.zeros((k, len(patients)))
    one = np.zeros((k, len(patients)))
    for place, patient in enumerate(patients):
        for at, i in enumerate(cases):
            if patient_id[i] == patient:
                ten[:, place] += psi[:, at].mean(axis=1) - area
        for at, j in enumerate(controls):
            if patient_id[j] == patient:
                one[:, place] += psi[:, :, at].mean(axis=1) - area
    with_cases = len(set(patient_id[positive]))
    with_controls = len(set(patient_id[~positive]))
    m, n, total = len(cases), len(controls), len(patients)
    s10 = with_cases / ((with_cases - 1) * m) * ten @ ten.T
    s01 = with_controls / ((with_controls - 1) * n) * one @ one.T
    s11 = total / (total - 1) * ten @ one.T
    return s10 / m + s01 / n + (s11 + s11.T) / (m * n)


def test_clustered_covariance_against_loops(three, frame):
    scores, positive = three
    patient = frame["patient_id"].to_numpy(str)
    found = clustered_areas(scores, positive, patient)
    expected = obuchowski_by_hand(scores, positive, patient)
    np.testing.assert_allclose(found.covariance, expected, atol=1e-14)
    error = clustered_auc(scores[0], positive, patient).standard_error
    assert found.covariance[0, 0] == pytest.approx(error**2, abs=1e-14)


def test_one_node_per_patient_is_delong(three, frame):
    scores, positive = three
    alone = clustered_areas(scores, positive, frame["node_id"].to_numpy(str))
    expected = delong_areas(scores, positive).covariance
    np.testing.assert_allclose(alone.covariance, expected, atol=1e-14)


@pytest.mark.simulation
def test_clustered_contrasts_cover_and_delong_s_fall_short():
    """Raters err by patient, so nodes are no independent units."""
    rng = np.random.default_rng(2)
    covered = {"clustered": 0, "delong": 0}
    truth = stats.norm.cdf(1.5 / np.sqrt(2)) - stats.norm.cdf(1.0 / np.sqrt(2))
    runs = 500
    for _ in range(runs):
        frame = nodes(80, 4, rng)
        positive = (frame["status"] == "positive").to_numpy(bool)
        scores = np.array(
            [perceive(frame, shift, rng, icc=0.7) for shift in (1.5, 1.0, 1.0)]
        )
        delong = delong_areas(scores, positive)
        patient = frame["patient_id"].to_numpy(str)
        by_patient = clustered_areas(scores, positive, patient)
        for name, areas in (("clustered", by_patient), ("delong", delong)):
            found = fixed_readers(areas, delong, level=0.95)
            covered[name] += found["lower"] <= truth <= found["upper"]
    assert 0.93 <= covered["clustered"] / runs <= 0.97
    assert covered["delong"] / runs < 0.92


def obuchowski_rockette(differences, covariance):
    """Return the F test of two treatments crossed with readers, as published.

    Treatment 1 gives ``differences`` more than treatment 2 for each reader;
    ``covariance`` is that of all 2 x J areas, treatment 1 first.
    """
    readers = len(differences)
    theta = np.vstack([differences, np.zeros(readers)])
    of_treatment = theta.mean(axis=1, keepdims=True)
    of_reader = theta.mean(axis=0, keepdims=True)
    rest = theta - of_treatment - of_reader + theta.mean()
    mean_square_treatment = readers * ((of_treatment - theta.mean()) ** 2).sum()
    mean_square_both = (rest**2).sum() / (readers - 1)
    blocks = covariance.reshape(2, readers, 2, readers)
    other = ~np.eye(readers, dtype=bool)
    cov2 = np.mean([blocks[i, :, i, :][other].mean() for i in range(2)])
    cov3 = blocks[0, :, 1, :][other].mean()
    denominator = mean_square_both + max(readers * (cov2 - cov3), 0)
    freedom = denominator**2 / (mean_square_both**2 / (readers - 1))
    f = mean_square_treatment / denominator
    error = np.sqrt(2 * denominator / readers)
    return stats.f.sf(f, 1, freedom), freedom, error


def test_random_readers_are_the_two_treatment_analysis():
    """The network as a treatment in which every reader says what the network says."""
    rng = np.random.default_rng(8)
    frame = nodes(60, 2, rng)
    positive = (frame["status"] == "positive").to_numpy(bool)
    scores = np.array([perceive(frame, s, rng) for s in (1.6, 1.1, 0.9, 0.7, 1.0)])
    areas = delong_areas(scores, positive)
    found = random_readers(areas, level=0.95)
    crossed = delong_areas(scores[[0, 0, 0, 0, 1, 2, 3, 4]], positive)
    differences = crossed.estimates[:4] - crossed.estimates[4:]
    p, freedom, error = obuchowski_rockette(differences, crossed.covariance)
    assert found["p"] == pytest.approx(p, rel=1e-9)
    assert found["degrees_of_freedom"] == pytest.approx(freedom, rel=1e-9)
    assert found["standard_error"] == pytest.approx(error, rel=1e-9)


def test_without_error_of_cases_random_readers_are_a_t_test():
    estimates = np.array([0.9, 0.8, 0.75, 0.86])
    areas = Areas(estimates, np.zeros((4, 4)))
    found = random_readers(areas, level=0.9)
    test = stats.ttest_1samp(0.9 - estimates[1:], 0)
    assert found["p"] == pytest.approx(test.pvalue)
    assert found["degrees_of_freedom"] == pytest.approx(2)
    interval = test.confidence_interval(0.9)
    assert (found["lower"], found["upper"]) == pytest.approx(tuple(interval))


def test_readers_that_do_not_differ_leave_the_normal_distribution():
    covariance = np.full((3, 3), 0.001) + 0.001 * np.eye(3)
    areas = Areas(np.array([0.9, 0.8, 0.8]), covariance)
    found = random_readers(areas, level=0.95)
    assert found["status"] == "no_reader_variance"
    assert found["degrees_of_freedom"] is None
    assert found["upper"] - found["lower"] == pytest.approx(
        2 * stats.norm.isf(0.025) * found["standard_error"]
    )


def test_without_any_variance_there_is_no_p():
    areas = Areas(np.array([1.0, 1.0, 1.0]), np.zeros((3, 3)))
    assert fixed_readers(areas, areas, level=0.95)["p"] is None
    assert random_readers(areas, level=0.95)["status"] == "no_variance"


def test_too_few_patients_fall_back_on_nodes():
    negative = Areas(np.array([0.9, 0.8]), -0.001 * np.eye(2))
    nodewise = Areas(np.array([0.9, 0.8]), 0.001 * np.eye(2))
    found = fixed_readers(negative, nodewise, level=0.95)
    assert found["variance"] == "delong"
    assert found["standard_error"] == pytest.approx(np.sqrt(0.002))


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("kappa_unweighted", None),
        ("kappa_linear", "linear"),
        ("kappa_quadratic", "quadratic"),
    ],
)
def test_kappa_is_scikit_learns(name, weights):
    rng = np.random.default_rng(4)
    for _ in range(20):
        a = rng.integers(1, 5, 30)
        b = np.where(rng.random(30) < 0.5, a, rng.integers(1, 5, 30))
        table = confusion_matrix(a, b, labels=[1, 2, 3, 4])
        expected = cohen_kappa_score(a, b, weights=weights, labels=[1, 2, 3, 4])
        assert kappa(table, WEIGHTS[name]) == pytest.approx(expected, abs=1e-12)
    called = cohen_kappa_score(a >= 3, b >= 3)
    assert kappa(table, WEIGHTS["kappa_calls"]) == pytest.approx(called, abs=1e-12)


@pytest.mark.simulation
def test_agreement_against_patients_drawn_one_by_one(folder, frame, study):
    readers = [read_reader(name, folder / f"{name}.csv") for name in READERS[:2]]
    found = describe_agreement(readers, BootstrapOptions(4000, 0.9, 1)).iloc[0]
    common = in_common(readers)
    a, b = common.scores
    assert found["n_same_rating"] == (a == b).sum()
    assert found["same_call"] == pytest.approx(((a >= 3) == (b >= 3)).mean())
    rng = np.random.default_rng(0)
    groups: dict[tuple[bool, bool], list[np.ndarray]] = {}
    for patient in np.unique(common.patient_id):
        own = np.flatnonzero(common.patient_id == patient)
        kind = (common.positive[own].any(), (~common.positive[own]).any())
        groups.setdefault(kind, []).append(own)
    drawn = []
    for _ in range(500):
        rows = np.concatenate(
            [
                members[pick]
                for members in groups.values()
                for pick in rng.integers(0, len(members), len(members))
            ]
        )
        drawn.append(cohen_kappa_score(a[rows], b[rows], weights="linear"))
    ends = np.quantile(drawn, [0.05, 0.95])
    assert found[["kappa_linear_lower", "kappa_linear_upper"]].tolist() == (
        pytest.approx(ends, abs=0.035)
    )
    assert found["seed"] == named_seed(1, "reader_1", "reader_2")


def test_all_readers_together_have_a_row_of_their_own(folder, study):
    readers = [read_reader(name, folder / f"{name}.csv") for name in READERS]
    common = in_common(readers)
    row = study["agreement"].iloc[-1]
    assert (row["reader_a"], row["reader_b"]) == ("all", "all")
    ratings, calls = common.scores.astype(int) - 1, common.scores.astype(int) >= 3
    assert row["fleiss"] == pytest.approx(
        fleiss_kappa(aggregate_raters(ratings.T, n_cat=4)[0]), abs=1e-12
    )
    assert row["fleiss_calls"] == pytest.approx(
        fleiss_kappa(aggregate_raters(calls.T, n_cat=2)[0]), abs=1e-12
    )
    assert row["n_same_call"] == (calls.sum(axis=0) % len(readers) == 0).sum()
    assert np.isnan(row["kappa_linear"])
    for name in ("same_rating", "same_call", "fleiss", "ac1", "ac1_calls"):
        assert row[f"{name}_lower"] < row[name] < row[f"{name}_upper"]
    page = (folder / "readers.md").read_text(encoding="utf-8")
    assert "All readers" in page


def test_the_row_of_all_readers_is_computed_a_second_time(folder, study):
    def recomputed(agreement):
        ledger = Ledger()
        readers = {
            name: Scores(name, read_table(folder / f"{name}.csv"), NO_THRESHOLD)
            for name in READERS
        }
        read = {name: study[name].iloc[:0] for name in ("areas", "points")}
        read |= {name: study[name].iloc[:0] for name in ("fixed", "random")}
        read["agreement"] = agreement
        check_readers(read, readers, {}, 0.95, (ledger, Draws()))
        return ledger.frame()

    row = study["agreement"].iloc[-1:]
    account = recomputed(row)
    left = account.loc[account["status"] == "not_recomputed", "quantity"]
    assert left.tolist() == ["undefined_replicates"]
    for name in ("fleiss", "ac1_calls", "fleiss_upper", "ac1_lower", "same_rating"):
        with pytest.raises(RecomputationError, match=name):
            recomputed(row.assign(**{name: row[name] + 0.3}))


def test_readers_of_one_category_have_no_kappa(tmp_path, frame):
    readers = []
    for name in READERS[:2]:
        path = write_reader(tmp_path / f"{name}.csv", frame, np.zeros(len(frame)))
        readers.append(read_reader(name, path))
    found = describe_agreement(readers, BootstrapOptions(100, 0.95, 1))
    tables.write(found, tmp_path / "a.tsv", AGREEMENT)
    row = tables.read(tmp_path / "a.tsv", AGREEMENT).iloc[0]
    assert row["same_rating"] == 1
    assert np.isnan(row["kappa_linear"])
    assert np.isnan(row["kappa_linear_lower"])
    assert row["undefined_replicates"] == 100


def test_areas_of_readers(folder, study):
    areas = study["areas"].set_index(["reader", "basis"])
    for name in READERS:
        table = read(folder, name)
        positive = table["status"] == "positive"
        called = table["prediction"] == "positive"
        ordinal = roc_auc_score(positive, table["score"])
        mean = (called[positive].mean() + (~called[~positive]).mean()) / 2
        assert areas.loc[(name, "ordinal"), "auc"] == pytest.approx(ordinal)
        assert areas.loc[(name, "dichotomised"), "auc"] == pytest.approx(mean)
    for basis in ("ordinal", "dichotomised"):
        rows = areas.xs(basis, level="basis")
        assert rows.loc["mean", "auc"] == pytest.approx(rows.loc[READERS, "auc"].mean())
    assert (areas["clustered_lower"] < areas["auc"]).all()
    assert (areas["delong_upper"] > areas["auc"]).all()


def test_operating_points_count_nodes(folder, study):
    points = study["points"]
    assert points.groupby("reader").size().tolist() == [3, 3, 3]
    for row in points.itertuples():
        table = read(folder, row.reader)
        expected = confusion_matrix(
            table["status"] == "positive", table["score"] >= row.rating_from
        )
        assert [[row.tn, row.fp], [row.fn, row.tp]] == expected.tolist()
        assert (row.published == "yes") == (row.rating_from == 3)
        wilson = stats.binomtest(row.tp, row.tp + row.fn).proportion_ci(
            0.95, method="wilson"
        )
        assert (row.sensitivity_lower, row.sensitivity_upper) == pytest.approx(
            tuple(wilson)
        )


def test_contrasts_compare_like_with_like(folder, study):
    fixed = study["fixed"].set_index(["network", "basis", "covariance"])
    assert len(fixed) == 2 * 3 * 2
    network = read(folder, NETWORKS[0])
    positive = (network["status"] == "positive").to_numpy(bool)
    ratings = [read(folder, name)["score"].to_numpy() for name in READERS]
    calls = [rating >= 3 for rating in ratings]
    expected = {
        "ordinal": (network["score"], ratings),
        "dichotomised": (network["score"] >= 0.65, calls),
        "published": (network["score"], calls),
    }
    for basis, (own, theirs) in expected.items():
        row = fixed.loc[(NETWORKS[0], basis, "clustered")]
        assert row["auc_network"] == pytest.approx(roc_auc_score(positive, own))
        mean = np.mean([roc_auc_score(positive, other) for other in theirs])
        assert row["auc_readers"] == pytest.approx(mean)
        assert row["difference"] == pytest.approx(row["auc_network"] - mean)
        assert row["lower"] < row["difference"] < row["upper"]


def test_software_for_mrmc_finds_the_same(study):
    """Analyse the exported file as MRMCaov would, and compare."""
    table = study["mrmcaov"]
    assert table.groupby(["treatment", "reader"]).size().nunique() == 1
    own = table[table["treatment"].isin(["readers", NETWORKS[1]])]
    wide = own.pivot_table(
        index=["case", "truth"], columns=["treatment", "reader"], values="rating"
    )
    order = [(t, r) for t in (NETWORKS[1], "readers") for r in READERS]
    positive = wide.index.get_level_values("truth").to_numpy() == 1
    areas = delong_areas(wide[order].to_numpy().T, positive)
    differences = areas.estimates[:3] - areas.estimates[3:]
    p, freedom, _ = obuchowski_rockette(differences, areas.covariance)
    row = study["random"].set_index(["network", "basis", "covariance"])
    row = row.loc[(NETWORKS[1], "ordinal", "delong")]
    assert row["p"] == pytest.approx(p, rel=1e-9)
    assert row["degrees_of_freedom"] == pytest.approx(freedom, rel=1e-9)


def test_both_exports_hold_the_same_ratings(study, frame):
    table = study["imrmc"]
    truth = table[table["readerID"] == "truth"].set_index("caseID")["score"]
    assert (
        truth.loc[frame["node_id"]].to_numpy() == (frame["status"] == "positive")
    ).all()
    rated = table[table["readerID"] != "truth"]
    keys = ["readerID", "modalityID", "caseID"]
    other = study["mrmcaov"].set_index(["reader", "treatment", "case"])
    assert rated.set_index(keys)["score"].tolist() == other["rating"].tolist()
    assert (truth.loc[study["mrmcaov"]["case"]].to_numpy() == other["truth"]).all()


def test_two_readers_leave_one_degree_of_freedom_or_more(tmp_path, frame):
    found = run(tmp_path, frame, readers=READERS[:2])["random"]
    assert (found["degrees_of_freedom"] >= 1).all()
    assert (found["degrees_of_freedom"] > 2).any()
    assert (found["readers"] == 2).all()
    printed = documented_formula()
    for row in found.to_dict("records"):
        names = {"R": row["readers"], "MS": row["mean_square_readers"], "max": max}
        names["Cov"] = row["covariance_of_readers"]
        expected = eval(printed, names)
        assert row["degrees_of_freedom"] == pytest.approx(expected, rel=1e-9)


def documented_formula() -> str:
    """Return the degrees of freedom as the document prints them."""
    (block,) = re.findall(r"```text\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return block.strip().replace("^", "**")


SOFTWARE = """
library <- function(package) invisible(NULL)
empirical_auc <- function(truth, rating) stop("only named in calls")
DeLong <- "DeLong"
jackknife <- "jackknife"
# As MRMCaov 0.3.1 declares it; the analysis of two tests in full factorial design.
mrmc <- function(response, test, reader, case, data, cov = jackknife, design = NULL) {
  call <- match.call()
  stopifnot(identical(cov, DeLong), call$response[[1]] == "empirical_auc")
  truth <- eval(call$response[[2]], data)
  rating <- eval(call$response[[3]], data)
  test <- eval(call$test, data)
  reader <- eval(call$reader, data)
  case <- eval(call$case, data)
  tests <- unique(test)
  readers <- unique(reader)
  cells <- expand.grid(reader = readers, test = tests, stringsAsFactors = FALSE)
  rocs <- lapply(seq_len(nrow(cells)), function(k) {
    own <- reader == cells$reader[k] & test == cells$test[k]
    own <- which(own)[order(case[own])]
    pROC::roc(truth[own], rating[own], levels = 0:1, direction = "<", quiet = TRUE)
  })
  theta <- matrix(sapply(rocs, pROC::auc), length(readers), length(tests))
  covariance <- function(same_test) {
    found <- c()
    for (i in seq_along(rocs)) for (k in seq_along(rocs)) {
      if (cells$reader[i] != cells$reader[k] &&
          (cells$test[i] == cells$test[k]) == same_test) {
        found <- c(found, pROC::cov(rocs[[i]], rocs[[k]], method = "delong"))
      }
    }
    mean(found)
  }
  rest <- theta - outer(rowMeans(theta), colMeans(theta), "+") + mean(theta)
  r <- length(readers)
  t <- length(tests)
  ms_test <- r * sum((colMeans(theta) - mean(theta))^2) / (t - 1)
  ms_both <- sum(rest^2) / ((t - 1) * (r - 1))
  below <- ms_both + max(r * (covariance(TRUE) - covariance(FALSE)), 0)
  df <- below^2 / (ms_both^2 / ((t - 1) * (r - 1)))
  p <- pf(ms_test / below, t - 1, df, lower.tail = FALSE)
  list(p = p, df = df, tests = tests)
}
# As iMRMC 2 declares it.
doIMRMC <- function(data = NULL, fileName = NULL, workDir = NULL,
                    iMRMCjarFullPath = NULL, stripDatesForTests = FALSE) {
  stopifnot(c("readerID", "caseID", "modalityID", "score") %in% names(data))
  truth <- data[data$modalityID == "truth", ]
  stopifnot(truth$readerID == "truth", !anyDuplicated(truth$caseID))
  rated <- data[data$modalityID != "truth", ]
  stopifnot(rated$caseID %in% truth$caseID, !anyNA(data))
  list(cases = nrow(truth), readers = unique(rated$readerID))
}
"""


def run_in_r(block: str, folder: Path):
    """Run an R block of the document in a folder, with the software's signatures."""
    before = robjects.r("getwd()")[0]
    try:
        robjects.r["setwd"](str(folder))
        code = robjects.r["parse"](text=SOFTWARE + block)
        return robjects.r["eval"](code, robjects.r("new.env()"))
    finally:
        robjects.r["setwd"](before)


def documented_blocks() -> list[str]:
    """Return the R blocks of the document, that of MRMCaov first."""
    return re.findall(r"```r\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)


def test_the_documented_calls_of_mrmc_software_answer_the_question(tmp_path, frame):
    names = ["NA", "007", "Dr. M\u00fc, (A)"]
    special = frame.assign(node_id=["NA", "007", "7", '"q"', *frame["node_id"][4:]])
    found = run(tmp_path, special, readers=[reader_key(name) for name in names])
    mrmcaov, imrmc = documented_blocks()
    analysed = run_in_r(mrmcaov, tmp_path)
    rows = found["random"].set_index(["network", "basis", "covariance"])
    row = rows.loc[("cnn_xmask", "ordinal", "delong")]
    assert set(analysed.rx2("tests")) == {"readers", "cnn_xmask"}
    assert analysed.rx2("p")[0] == pytest.approx(row["p"], rel=1e-9)
    freedom = row["degrees_of_freedom"]
    assert analysed.rx2("df")[0] == pytest.approx(freedom, rel=1e-9)
    listed = run_in_r(imrmc, tmp_path)
    assert listed.rx2("cases")[0] == len(frame)
    assert list(listed.rx2("readers")) == names
    assert set(found["areas"]["reader"]) == {*names, "mean"}
    page = (tmp_path / "readers.html").read_text(encoding="utf-8")
    assert all(name in page for name in names)


def test_one_reader_alone_is_compared_but_not_generalised(tmp_path, frame):
    found = run(tmp_path, frame, readers=READERS[:1])
    assert len(found["random"]) == len(found["agreement"]) == 0
    assert (found["fixed"]["readers"] == 1).all()
    page = (tmp_path / "readers.md").read_text()
    assert "Agreement" not in page
    assert "readers random" not in page


def test_skipped_nodes_leave_the_common_ones(tmp_path, frame):
    kept = np.ones(len(frame), bool)
    kept[::5] = False
    found = run(tmp_path, frame, kept={"reader_2": kept})
    areas = found["areas"].set_index(["reader", "basis"])
    count = areas["n_positive"] + areas["n_negative"]
    assert count[("reader_1", "ordinal")] == len(frame)
    assert count[("reader_2", "ordinal")] == kept.sum()
    assert count[("mean", "ordinal")] == kept.sum()
    assert (
        (found["fixed"]["n_positive"] + found["fixed"]["n_negative"])
        .eq(kept.sum())
        .all()
    )
    sizes = [kept.sum(), len(frame), kept.sum(), kept.sum()]
    assert found["agreement"]["n"].tolist() == sizes


def test_what_cannot_be_compared_is_named(tmp_path, frame):
    path = write_reader(tmp_path / "a.csv", frame, np.zeros(len(frame)))
    text = path.read_text()
    path.write_text(text.replace(",2.0,", ",2.5,", 1))
    with pytest.raises(ScoreError, match=r"reader_1, node N0000: expected a rating"):
        read_reader("reader_1", path)
    path.write_text(text)
    one = read_reader("reader_1", path)
    flipped = frame.assign(
        status=np.where(frame["node_id"] == "N0003", "positive", frame["status"])
    )
    if (flipped["status"] == frame["status"]).all():
        flipped.loc[3, "status"] = "negative"
    other = read_reader(
        "reader_2", write_reader(tmp_path / "b.csv", flipped, np.zeros(len(frame)))
    )
    with pytest.raises(ScoreError, match="node N0003: the column status differs"):
        in_common([one, other])
    half = frame[:60], frame[60:]
    apart = [
        read_reader(name, write_reader(tmp_path / f"{name}.csv", part, np.zeros(60)))
        for name, part in zip(("reader_1", "reader_2"), half, strict=True)
    ]
    with pytest.raises(ScoreError, match=r"found 0 of 0; complete readings.tsv"):
        in_common(apart)


def test_a_perfect_reader_and_one_who_says_one_thing(tmp_path, frame):
    """A perfect area has an exact bound, one without variance no interval."""
    truth = np.where(frame["status"] == "positive", 9.0, -9.0)
    readers = [
        read_reader(name, write_reader(tmp_path / f"{name}.csv", frame, perceived))
        for name, perceived in (
            ("reader_1", truth),
            ("reader_2", np.full(len(frame), -9.0)),
        )
    ]
    areas = describe_areas(readers, in_common(readers), level=0.95)
    tables.write(areas, tmp_path / "areas.tsv", AREAS)
    ordinal = areas[areas["basis"] == "ordinal"].set_index("reader")
    assert ordinal["auc"].tolist() == [1.0, 0.5, 0.75]
    lower, upper = ordinal["clustered_lower"], ordinal["clustered_upper"]
    assert 0.8 < lower["reader_1"] < upper["reader_1"] == 1
    assert lower["reader_2"] == upper["reader_2"] == 0.5
    agreement = describe_agreement(readers, BootstrapOptions(100, 0.95, 1))
    assert agreement["kappa_linear"].tolist() == [0.0]


def test_the_page_says_what_the_tables_hold(folder, study):
    page = (folder / "readers.html").read_text()
    assert "http:" not in page and "https:" not in page
    row = study["fixed"].iloc[0]
    assert f"{row['auc_network']:.3f}" in page
    assert "readers are taken as fixed" in page
    assert "Hillis" in page


def drawn_readers(folder, tmp_path, curve, output):
    """Draw the figure of readers, with the same curve for both networks."""
    tables.write(curve, tmp_path / "roc.tsv", tables.ROC)
    draw_readers(
        points=folder / "points.tsv",
        fixed=folder / "fixed.tsv",
        networks=NETWORKS,
        roc=[tmp_path / "roc.tsv"] * 2,
        level=0.95,
        synthetic=True,
        output=output,
    )


@pytest.mark.figures
def test_the_figure_shows_every_reader_and_difference(folder, study, tmp_path):
    curve = pd.DataFrame(
        {"threshold": [-1.0, 0.5, 1.0], "sensitivity": [1, 0.8, 0]}
    ).assign(specificity=[0, 0.9, 1])
    drawn = []
    for name in ("one", "two"):
        output = [tmp_path / f"{name}.{suffix}" for suffix in ("svg", "pdf", "png")]
        drawn_readers(folder, tmp_path, curve, output)
        drawn.append([path.read_bytes() for path in output])
    assert drawn[0] == drawn[1]
    text = drawn[0][0].decode()
    for words in ("Reader 1", "Reader 3", "CNN, xMask", "synthetic cohort"):
        assert words in text
    caption = Legend.of(text).caption
    for label in ("four ratings", "likely or not"):
        assert f"“{label}”" in caption
        assert label in text


@pytest.mark.figures
@pytest.mark.filterwarnings("error")
def test_names_of_readers_are_shown_as_they_are(tmp_path, frame):
    """Formulas, tags and letters that the font lacks, in the figure and on the page."""
    names = ["N$\\frac{$", "_hidden $x$", "<b>节点</b> עק"]
    run(tmp_path, frame, readers=[reader_key(name) for name in names])
    curve = pd.DataFrame(
        {"threshold": [-1.0, 0.5, 1.0], "sensitivity": [1, 0.8, 0]}
    ).assign(specificity=[0, 0.9, 1])
    output = [tmp_path / f"figure.{suffix}" for suffix in ("svg", "pdf", "png")]
    drawn_readers(tmp_path, tmp_path, curve, output)
    text = " ".join(unescape(output[0].read_text(encoding="utf-8")).split())
    for words in (*names[:2], "<b>[U+8282 U+70B9]</b> [U+05E2 U+05E7]"):
        assert words in text
    for kind in ("html", "md"):
        page = (tmp_path / f"readers.{kind}").read_text(encoding="utf-8")
        assert "<b>" not in page
        assert all(name in unescape(page) for name in names)


def test_nothing_covers_the_curves(folder, study, tmp_path, monkeypatch):
    """Curves below the diagonal run where curves of good networks leave room."""
    curve = pd.DataFrame(
        {"threshold": [-1.0, 0.5, 1.0], "sensitivity": [1, 0.1, 0]}
    ).assign(specificity=[0, 0.1, 1])
    kept = []
    monkeypatch.setattr(style, "save", lambda figure, *_, **__: kept.append(figure))
    drawn_readers(folder, tmp_path, curve, [])
    (figure,) = kept
    assert overlapping(figure) == []
    (key,) = figure.findobj(Key)
    names = [text.get_text() for text in key.get_texts()]
    assert {"CNN, xMask", "Reader 1", "Reader 3"} <= set(names)
    square = key.get_window_extent()
    assert not any(square.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_same_inputs_same_bytes(folder, frame, study, tmp_path):
    run(tmp_path, frame)
    for name in ("agreement.tsv", "fixed.tsv", "readers.html", "imrmc.csv"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
