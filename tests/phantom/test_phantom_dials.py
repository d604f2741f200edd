"""Each dial of the phantom does what it says, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_cohort import DEFAULT, dials

from nodal_staging.phantom import scan_headers
from nodal_staging.phantom.anatomy import REGIONS
from nodal_staging.phantom.body import Body, paint_region
from nodal_staging.phantom.ct import Grid, Noise, render_ct
from nodal_staging.phantom.habitus import UNENHANCED_HU, draw_habitus
from nodal_staging.phantom.placing import place_nodes
from nodal_staging.phantom.scanner import Scanner
from nodal_staging.phantom.shapes import Raster
from nodal_staging.phantom.simulated_readers import read_nodes
from nodal_staging.phantom.truth import LATENTS, draw_nodes
from nodal_staging.tables import RATINGS

HEIGHT_MM = 20.0


def cohort(**changes) -> pd.DataFrame:
    patients = [f"P{number:04}" for number in range(600)]
    return draw_nodes(patients, 3000, dials(**changes), seed=1)


def auc(score, positive) -> float:
    positive = np.asarray(positive)
    ranks = rankdata(score)[positive].sum()
    n = int(positive.sum())
    return float((ranks - n * (n + 1) / 2) / (n * (len(positive) - n)))


def location_auc(nodes: pd.DataFrame) -> float:
    """Score each node by the share of positives at its location in other patients."""
    y = nodes["status"] == "positive"
    half = nodes["patient_id"].str[-1].astype(int) % 2 == 0
    shares = y[half].groupby(nodes["location"][half]).mean()
    return auc(nodes["location"][~half].map(shares), y[~half])


def test_without_location_bias_a_location_only_classifier_guesses():
    assert location_auc(cohort(location_bias=0.0)) == pytest.approx(0.5, abs=0.04)
    assert location_auc(cohort()) == pytest.approx(0.87, abs=0.03)


@pytest.mark.parametrize("name", LATENTS)
def test_a_delta_shifts_its_latent_alone(name):
    before, after = cohort(), cohort(**{f"delta_{name}": 3.0})
    positive = before["status"] == "positive"
    others = [other for other in LATENTS if other != name]
    kept = ["patient_id", "status", "recorded_status", "location", *others]
    pd.testing.assert_frame_equal(before[kept], after[kept])
    shift = after[name] - before[name]
    assert shift[positive].to_numpy() == pytest.approx(3.0 - DEFAULT[f"delta_{name}"])
    assert not shift[~positive].any()


def test_prevalence_is_exact():
    for prevalence in (0.1, 0.5):
        drawn = cohort(prevalence=prevalence)
        assert (drawn["status"] == "positive").sum() == round(prevalence * 3000)


def test_label_noise_flips_recorded_labels_and_nothing_else():
    clean, noisy = cohort(), cohort(label_noise=0.2)
    same = [column for column in clean if column != "recorded_status"]
    pd.testing.assert_frame_equal(clean[same], noisy[same])
    assert (clean["recorded_status"] == clean["status"]).all()
    flipped = (noisy["recorded_status"] != noisy["status"]).mean()
    assert flipped == pytest.approx(0.2, abs=0.03)


def test_label_noise_may_differ_by_status_and_location():
    wrong = {"iliac": {"false_positive": 0.4}, "cervical": {"false_negative": 0.5}}
    noise = {"false_negative": 0.2, "by_location": wrong}
    nodes = cohort(label_noise=noise)
    flipped = nodes["recorded_status"] != nodes["status"]
    positive = nodes["status"] == "positive"
    expected = {
        ("iliac", True): 0.2,
        ("iliac", False): 0.4,
        ("retroperitoneal", True): 0.2,
        ("inguinal", False): 0.0,
    }
    for (location, status), share in expected.items():
        here = (nodes["location"] == location) & (positive == status)
        error = 4 * np.sqrt(share * (1 - share) / here.sum())
        assert flipped[here].mean() == pytest.approx(share, abs=error)
    both = {"false_negative": 0.2, "false_positive": 0.2}
    pd.testing.assert_frame_equal(cohort(label_noise=0.2), cohort(label_noise=both))


def test_clusters_leave_deltas_and_marginals_alone():
    nodes = cohort(score_icc=0.8, label_icc=0.8)
    positive = nodes["status"] == "positive"
    assert positive.sum() == round(0.35 * 3000)
    for name in LATENTS:
        gap = nodes.loc[positive, name].mean() - nodes.loc[~positive, name].mean()
        assert gap == pytest.approx(DEFAULT[f"delta_{name}"], abs=0.25)
        assert nodes.loc[~positive, name].var() == pytest.approx(1, abs=0.25)


def test_reader_noise_lowers_the_readers_skill():
    nodes = cohort()
    skill = []
    for noise in (0.0, 1.0, 4.0):
        read = read_nodes(nodes, dials(), noise=[noise], sees_location=False, seed=1)
        rating = read["rating"].map({word: k for k, word in enumerate(RATINGS)})
        skill.append(auc(rating.to_numpy(), nodes["status"] == "positive"))
    assert skill[0] > skill[1] + 0.03
    assert skill[1] > skill[2] + 0.03


def test_readers_of_a_null_cohort_guess():
    null = {f"delta_{name}": 0.0 for name in LATENTS} | {"location_bias": 0.0}
    nodes = cohort(**null)
    read = read_nodes(nodes, dials(**null), noise=[0.3], sees_location=False, seed=1)
    rating = read["rating"].map({word: k for k, word in enumerate(RATINGS)})
    assert rating.nunique() > 1
    guessed = auc(rating.to_numpy(), nodes["status"] == "positive")
    assert guessed == pytest.approx(0.5, abs=0.04)


def habitus(seed=1, *, contrast=True):
    return draw_habitus(148, 112, contrast=contrast, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("location", REGIONS)
def test_the_place_of_a_node_knows_nothing_of_its_latents(location):
    """Context carries no status: only the location itself is drawn given status."""
    for seed in range(5):
        centres = []
        for value in (-2.0, 2.0):
            node = pd.DataFrame([dict.fromkeys(LATENTS, value)])
            rng = np.random.default_rng(seed)
            placed = place_nodes(
                node.assign(location=location), habitus(seed), HEIGHT_MM, rng=rng
            )
            centres.append(placed[0].centre_mm)
        np.testing.assert_array_equal(*centres)


@pytest.mark.parametrize("size", [(220, 154), (350, 235)], ids=["demo", "full"])
@pytest.mark.parametrize("location", REGIONS)
def test_nodes_lie_in_fat_inside_the_body(location, size):
    node = pd.DataFrame([dict.fromkeys(LATENTS, 0.0)]).assign(location=location)
    fat = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        patient = draw_habitus(*size, contrast=True, rng=rng)
        centre = place_nodes(node, patient, HEIGHT_MM, rng=rng)[0].centre_mm
        away = np.arange(-5, 5.1, 1.0, dtype=np.float32)
        x, y = (away + np.float32(centre[k] - patient.offset_mm[k]) for k in (0, 1))
        canvas = paint_region(Raster(x, y), float(centre[2]), patient, HEIGHT_MM)
        assert canvas.fat.mean() > 0.98
        fat.append((np.abs(canvas.hu - patient.fat_hu) < 60).mean())
    assert np.mean(fat) > 0.8


def slab(*, blur_mm=0.0, contrast=True):
    grid = Grid(160, 128, 40, 1.0, 4.0)
    x, y, z = grid.coordinates()
    body = Body(
        x,
        y,
        habitus(contrast=contrast),
        region_height_mm=HEIGHT_MM,
        blur_mm=blur_mm,
        rng=np.random.default_rng(2),
    )
    return body.slab(z)


@pytest.fixture(scope="module")
def scanned_nodes():
    """Return status, values in the node and in a shell around it, of 200 nodes."""
    drawn = draw_nodes(
        [f"P{number:02}" for number in range(40)],
        200,
        dials(prevalence=0.5, location_bias=0.0, label_icc=0.0),
        seed=4,
    )
    grid = Grid(160, 128, 264, 1.5, 3.0)
    percentiles = np.arange(5, 100, 10)
    rows = []
    for number, (_, own) in enumerate(drawn.groupby("patient_id")):
        rng = np.random.default_rng(number)
        placed = place_nodes(own, habitus(number), HEIGHT_MM, rng=rng)
        scan = {"region_height_mm": HEIGHT_MM, "blur_mm": 0.6, "noise_hu": 8.0}
        hu, labels = render_ct(grid, habitus(number), placed, **scan, rng=rng)
        x, y, z = np.meshgrid(*grid.coordinates(), indexing="ij")
        axes = np.stack([x, y, z], axis=-1).transpose(2, 1, 0, 3)
        for place, (node, status) in enumerate(
            zip(placed, own["status"], strict=True), start=1
        ):
            away = np.linalg.norm(axes - node.centre_mm, axis=-1)
            shell = (away > 14) & (away < 30) & (labels == 0)
            inside = hu[labels == place]
            rows.append(
                {
                    "positive": status == "positive",
                    "node": [len(inside), *np.percentile(inside, percentiles)],
                    "context": [
                        hu[shell].std(),
                        *np.percentile(hu[shell], percentiles),
                    ],
                }
            )
    return pd.DataFrame(rows)


@pytest.mark.phantom
@pytest.mark.parametrize(
    ("seen", "low", "high"), [("node", 0.7, 1), ("context", 0, 0.62)]
)
def test_a_classifier_learns_from_the_node_and_not_from_its_surroundings(
    scanned_nodes, seen, low, high
):
    """Without location bias and patient clusters; 0.62 is 3 standard errors of 0.5."""
    y = scanned_nodes["positive"].to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1))
    features = np.array(scanned_nodes[seen].tolist())
    score = cross_val_predict(model, features, y, cv=5, method="decision_function")
    assert low < auc(score, y) < high


def test_noise_has_its_deviation_and_no_bias():
    planes = np.zeros((40, 100, 120), np.float32)
    Noise((100, 120), 12.0, rng=np.random.default_rng(1)).add(planes)
    assert planes.std() == pytest.approx(12.0, rel=0.02)
    assert planes.mean() == pytest.approx(0, abs=0.2)
    neighbours = np.corrcoef(planes[0, :, 1:].ravel(), planes[0, :, :-1].ravel())[0, 1]
    assert 0.3 < neighbours < 0.9


def test_blur_softens_edges_and_keeps_the_mean():
    sharp, soft = slab(), slab(blur_mm=2.0)
    steepest = [np.abs(np.diff(part, axis=2)).max() for part in (sharp, soft)]
    assert steepest[1] < 0.6 * steepest[0]
    assert soft.mean() == pytest.approx(sharp.mean(), abs=3)


def test_without_contrast_no_vessel_is_enhanced():
    native, enhanced = habitus(contrast=False), habitus()
    assert native.artery_hu == native.vein_hu == native.kidney_hu == UNENHANCED_HU
    assert min(enhanced.artery_hu, enhanced.vein_hu) > 100
    differs = np.abs(slab() - slab(contrast=False)) > 50
    assert 0.001 < differs.mean() < 0.1


def test_slices_are_as_thick_as_asked_and_thick_slices_blur_nodes():
    node = pd.DataFrame([dict.fromkeys(LATENTS, 0.5)]).assign(location="iliac")
    volumes = {}
    for slice_mm in (1.0, 5.0):
        grid = Grid(160, 128, 264, 2.0, slice_mm)
        rng = np.random.default_rng(3)
        placed = place_nodes(node, habitus(), HEIGHT_MM, rng=rng)
        scan = {"region_height_mm": HEIGHT_MM, "blur_mm": 0.0, "noise_hu": 0.0}
        _, labels = render_ct(grid, habitus(), placed, **scan, rng=rng)
        assert labels.shape[0] == round(264 / slice_mm)
        volumes[slice_mm] = int((labels > 0).sum()) * 4 * slice_mm
    assert volumes[5.0] == pytest.approx(volumes[1.0], rel=0.35)


@pytest.mark.parametrize(("fate", "factor"), [("low_dose", 6**0.5), ("other", 1)])
def test_noise_follows_the_dose(fate, factor):
    scanner = Scanner(body={}, ct={"noise_hu": 8.0}, pet={}, segmentation={})
    assert scanner.noise_hu(fate) == pytest.approx(8 * factor)


def test_both_encodings_store_the_same_uptake():
    suv = np.random.default_rng(1).uniform(0, 20, (2, 8, 8)).astype(np.float32)
    grid = Grid(32, 32, 8, 4.0, 4.0)
    protocol = scan_headers.Protocol(
        "E1", 3, contrast=True, exposure_mas=100, age=60, patient_id="P1"
    )
    injection = scan_headers.Injection(150e6, 80.0, 3600.0, 40_000.0)
    factors = {}
    for counts in (True, False):
        common, slices = scan_headers.pet_series(
            protocol, grid.lattice((0, 0, 0)), suv, injection, counts=counts
        )
        own, stored = next(iter(slices))
        factors[common.Units] = own["RescaleSlope"]
        largest = int(np.asarray(stored).max())
        assert largest == scan_headers.LARGEST_STORED
    assert set(factors) == {"CNTS", "BQML"}
    assert factors["CNTS"] != pytest.approx(factors["BQML"])
