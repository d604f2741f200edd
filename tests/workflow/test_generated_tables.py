"""Tables within the documents are made from files, and are those of the files."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from reference_pages import evidence
from reference_pages.regions import REGION, TABLES, pages_with_regions, with_tables
from seed_rows import COLUMNS, enter

ROOT = Path(__file__).parents[2]
MEASURED_SECTIONS = ["How near the ceiling", "What the choices cost"]
AREAS = {11: 0.80, 12: 0.84, 13: 0.85}


def row(seed=11, cnn="xmask", **changes):
    """Return a row of the benchmark."""
    area = AREAS[seed]
    found = {"seed": seed, "cnn": cnn, "nodes": 680 + seed, "auc": area}
    found |= {"lower": area - 0.02, "upper": area + 0.02, "ceiling": 0.86}
    found |= {"distance": 0.86 - area, "epochs": 50, "times": 1, "tests": 2}
    return found | {"seconds": 201.7} | changes


@pytest.fixture
def root(tmp_path):
    """Return a repository that has an earlier measurement, and no seeds."""
    (tmp_path / evidence.FOLDER).mkdir(parents=True)
    names = (ROOT / evidence.EARLIER).read_text().partition("\n")[0]
    earlier = "xmask\t1\t50\t2\t5\t684\t0.777\t0.006\t\t\t0.851\t0.012\n"
    (tmp_path / evidence.EARLIER).write_text(f"{names}\n{earlier}")
    header = "\t".join(COLUMNS)
    (tmp_path / evidence.SEEDS).write_text(f"{header}\n")
    return tmp_path


@pytest.mark.parametrize("page", pages_with_regions(ROOT), ids=lambda page: page.name)
def test_a_page_has_the_tables_of_the_files(page):
    text = page.read_text(encoding="utf-8")
    assert with_tables(text, ROOT) == text, "run make tables"


def test_measurements_of_the_networks_are_never_typed():
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    for title in MEASURED_SECTIONS:
        section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        assert REGION.search(section), title
        assert not re.search(r"^\|", REGION.sub("", section), re.MULTILINE), title


def test_a_region_without_a_table_is_refused():
    with pytest.raises(ValueError, match="no table is named gone; the tables are"):
        with_tables("<!-- make tables: gone -->\n<!-- /gone -->", ROOT)


def test_every_table_is_a_table_with_a_row():
    for name, table in TABLES.items():
        lines = table(ROOT).splitlines()
        if name not in ("ceiling_seeds", "leaderboard_location_balanced"):
            assert len(lines) > 2, name
        assert len({line.count("|") for line in lines}) == 1, name


def leaves(section, place=""):
    """Yield the dotted name and value of each key of a configuration."""
    for name, value in section.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{place}{name}.")
        else:
            yield f"{place}{name}", value


def test_every_value_that_differs_from_the_demonstration_is_listed():
    demonstration, *parts = (
        dict(leaves(yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())))
        for name in ("config", "paper_network", "paper_protocol", "paper_phantom")
    )
    overlay = parts[0] | parts[1] | parts[2]
    assert len(overlay) == sum(map(len, parts))
    assert overlay.keys() <= demonstration.keys()
    changed = {k for k, value in overlay.items() if value != demonstration[k]}
    rows = TABLES["differences"](ROOT).splitlines()[2:]
    cells = {line.split("`")[1]: line.split(" | ") for line in rows}
    assert cells.keys() == changed
    assert cells["training.learning_rate"][2:] == ["`0.006`", "`0.0001` |"]
    assert "Adam alpha" in cells["training.learning_rate"][1]
    for name, (*_, ours, theirs) in cells.items():
        assert yaml.safe_load(ours.strip("`")) == demonstration[name], name
        assert yaml.safe_load(theirs.strip("`| ")) == overlay[name], name


def test_means_are_those_of_the_seeds(root):
    assert "| 0.777 (SD 0.006) | 0.851 | 0.012 | earlier |" in evidence.ceiling_table(
        root
    )
    for seed in AREAS:
        enter(row(seed), root / evidence.SEEDS)
    enter(row(11, times=10, epochs=8), root / evidence.SEEDS)
    areas = np.array(list(AREAS.values()))
    shown = f"{areas.mean():.3f} (SD {areas.std(ddof=1):.3f})"
    made = evidence.ceiling_table(root)
    expected = f"| 1 | 50 | 2 | 3 | 692 | {shown} | 0.860 | {0.86 - areas.mean():.3f} |"
    assert expected in made
    assert (
        "| 10 | 8 | 2 | 1 | 691 | 0.800 (95% CI 0.780-0.820) | 0.860 | 0.060 |" in made
    )
    assert "earlier" not in made
    assert evidence.seeds_table(root).count("\n| CNN, xMask |") == 4


def test_a_row_replaces_that_of_the_same_training(tmp_path):
    path = tmp_path / "seeds.tsv"
    enter(row(13), path)
    enter(row(11, seconds=None), path)
    enter(row(11, "status_balanced"), path)
    enter(row(13, auc=0.9), path)
    found = pd.read_csv(path, sep="\t")
    assert list(found.columns) == COLUMNS
    assert list(found["cnn"]) == ["status_balanced", "xmask", "xmask"]
    assert list(found["seed"]) == [11, 11, 13]
    assert list(found["auc"]) == [0.8, 0.8, 0.9]
    assert list(found["seconds"].isna()) == [False, True, False]


def test_a_leaderboard_of_a_study_names_the_changes_of_the_configuration(root):
    text = (ROOT / evidence.CANDIDATES).read_text()
    (root / "config").mkdir()
    (root / evidence.CANDIDATES).write_text(text)
    board = pd.read_csv(ROOT / evidence.LEADERBOARD, sep="\t").drop(columns="change")
    board.to_csv(root / evidence.LEADERBOARD, sep="\t", index=False)
    made = evidence.leaderboard_table(root, "xmask")
    assert "| `dropout` | `cnn.dropout 0.3` | 0.793 (0.755-0.826) |" in made
    assert "| `configured` | none |" in made


def test_shares_on_the_node_are_those_of_the_demonstration():
    found = pd.read_csv(
        ROOT / evidence.DEMONSTRATION / "localisation.tsv", sep="\t"
    ).set_index(["method", "cnn"])["share"]
    lines = TABLES["heatmaps"](ROOT).splitlines()
    (centre,) = (line for line in lines if line.startswith("| centre |"))
    printed = [float(cell.split()[0]) for cell in centre.split("|")[2:-1]]
    np.testing.assert_allclose(printed, found["centre"], atol=5e-4)
    assert len(lines) == 2 + len(evidence.MAPS) + 1
