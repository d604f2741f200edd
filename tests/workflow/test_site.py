"""The documentation site builds, lacks nothing, and loads nothing from elsewhere."""

import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
import yaml
from reference_pages import numpydoc, repository
from reference_pages.api import api_pages, modules_of, read_folders
from reference_pages.configuration import kind, read_keys, unit
from reference_pages.markdown import code, prose, stacked, table
from reference_pages.result_files import covers
from reference_pages.schemas import FILES, IMPORTED, INPUTS, SHIPPED, read_schemas

import nodal_staging
from nodal_staging.tables.columns import TableSchema
from nodal_staging_command.rule_files import read_stages

ROOT = Path(__file__).parents[2]
PACKAGE = Path(nodal_staging.__path__[0])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """Return the site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[str, str]:
    return {
        str(path.relative_to(site)): path.read_text(encoding="utf-8")
        for path in site.rglob("*.html")
    }


def words(page: str) -> str:
    """Return what a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


def ids_of(page: str) -> list[str]:
    """Return the places of a page that a link can name."""
    return [html.unescape(p) for p in re.findall(r"\bid=[\"']?([^\"'> ]+)", page)]


LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc=[\"']?([^\"'> ]+)"
    r"|<link\b(?![^>]*rel=[\"']?(?:canonical|next|prev))[^>]*\bhref=[\"']?([^\"'> ]+)"
)


@pytest.mark.site
def test_no_page_loads_anything_from_elsewhere(site, pages):
    for name, page in pages.items():
        loaded = ["".join(found) for found in LOADED.findall(page)]
        assert loaded
        assert not [url for url in loaded if re.match(r"(?:\w+:)?//", url)], name
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.findall(r"@import|url\([\"']?(?:\w+:)?//", text), style


@pytest.mark.site
def test_the_search_holds_every_page_and_needs_no_server(site, pages):
    text = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("var __index = "))
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert found >= pages.keys() - {"404.html"}
    assert "iframe-worker.js" in pages["index.html"]
    assert (site / "javascripts" / "iframe-worker.js").is_file()


@pytest.mark.site
def test_every_link_within_the_site_leads_somewhere(site, pages):
    places = {name: set(ids_of(page)) for name, page in pages.items()}
    links = 0
    for name, page in pages.items():
        if name == "404.html":
            continue
        for target in re.findall(r"<a\b[^>]*\bhref=[\"']?([^\"'> ]+)", page):
            if re.match(r"\w+:", target):
                continue
            path, _, place = html.unescape(target).partition("#")
            other = os.path.normpath(os.path.join(os.path.dirname(name), path))
            reached = other if path else name
            assert (site / reached).is_file(), (name, target)
            if place and reached in pages:
                assert place in places[reached], (name, target)
            links += 1
    assert links > 1000


@pytest.mark.site
def test_every_key_of_the_configuration_is_on_its_page(pages):
    page = pages["reference/configuration.html"]
    for key in read_keys(ROOT):
        place = re.sub("[<>]", "", key.name)
        assert f'id="{place}"' in page, key.name
    assert "results/<study>/" in words(page)


@pytest.mark.site
def test_every_rule_is_on_the_page_of_commands(pages):
    page = pages["reference/commands.html"]
    for stage in read_stages(ROOT):
        for rule in stage.rules:
            assert f'id="rule-{rule.name}"' in page
    assert "usage: nodal-staging recover-counts" in words(page)


@pytest.mark.site
def test_every_schema_and_column_is_on_the_page_of_tables(pages):
    page = words(pages["reference/tables.html"])
    for name, schema in read_schemas(ROOT).items():
        section = page.partition(f"Schema: {PACKAGE.name}.{name}\n")[0]
        assert section != page, name
        section = section.rpartition("Schema: ")[2]
        for column in schema.columns.columns:
            assert f"\n{column}\n" in section, (name, column)


@pytest.mark.site
def test_every_public_function_and_class_is_in_the_api(pages):
    shown = {
        place
        for name, page in pages.items()
        if name.startswith("reference/api/")
        for place in ids_of(page)
    }
    for path in PACKAGE.rglob("*.py"):
        home = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if path.name.startswith("__"):
            continue
        for name in re.findall(r"^(?:def|class) ([a-zA-Z]\w*)", path.read_text(), re.M):
            assert f"{home}.{name}" in shown


def load_keys() -> set[str]:
    """Return dotted names of every key in the default configuration."""
    content = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    found, waiting = set(), [("", content)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                name = f"{place}.{key}".lstrip(".")
                found.add(name)
                waiting.append((name, inner))
    return found


def test_every_key_has_a_description_and_the_schema_has_every_key():
    keys = {key.name: key for key in read_keys(ROOT)}
    for key in keys.values():
        assert len(key.schema["description"]) > 3, key.name
    of_any_name = {n for n in load_keys() if n.startswith("selection.candidates.")}
    assert load_keys() - of_any_name <= keys.keys()
    assert "external_scores.<name>.prevalence" in keys


def test_a_default_is_that_of_the_configuration():
    keys = {key.name: key for key in read_keys(ROOT)}
    assert keys["datasets.folds"].default == 2
    assert keys["cohort.exams"].default is None
    assert keys["external_scores.<name>.prevalence"].default is ...


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer from 1 to 9"),
        (
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "number above 0 below 1",
        ),
        ({"enum": ["a", "b"]}, "one of `a`, `b`"),
        ({"type": ["string", "null"]}, "text or `null`"),
        (
            {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": {"type": "number"},
            },
            "2 of numbers",
        ),
        ({"type": "array", "items": {"enum": ["a"]}}, "list of `a`"),
    ],
)
def test_a_type_is_put_in_words(schema, said):
    assert kind(schema) == said


def test_units_come_from_the_names_of_keys():
    assert unit("width_mm") == "mm"
    assert unit("window_hu") == "HU"
    assert unit("patients") == ""


def test_markup_in_a_description_is_text():
    assert prose("results/<study>/ a*b_c") == r"results/&lt;study&gt;/ a\*b\_c"
    assert table(["a"], [["b|c\nd"]]) == "| a |\n| --- |\n| b\\|c d |\n"


@pytest.mark.site
@pytest.mark.parametrize(
    "text", ["(a|b)[ _-]*c_d_e", "^(?<![a-z])x|y<z>", "a*b*c | `d`", "plain"]
)
def test_code_in_a_table_is_shown_as_it_is_written(text):
    rows = stacked(table(["Key", "Default"], [["key", code(text)]]), "keys")
    made = markdown.markdown(rows, extensions=["tables", "md_in_html", "attr_list"])
    (shown,) = re.findall(r"<code>(.*?)</code>", made)
    assert html.unescape(shown) == text
    assert made.startswith('<div class="stacked keys">\n<table>')


def test_every_schema_of_the_package_belongs_to_a_file():
    places = (FILES, INPUTS, IMPORTED, SHIPPED)
    used = {name for place in places for name in place.values()}
    assert read_schemas(ROOT).keys() == used
    keys = {key.name for key in read_keys(ROOT)}
    assert keys >= INPUTS.keys()
    for path in SHIPPED:
        assert (ROOT / path).is_file()


@pytest.mark.site
def test_schemas_are_found_where_they_are_defined():
    found = {id(schema.columns) for schema in read_schemas(ROOT).values()}
    for value in vars(nodal_staging.tables).values():
        if isinstance(value, TableSchema):
            assert id(value) in found


def documented_paths() -> list[str]:
    return [p for s in read_stages(ROOT) for o in s.outputs for p in o.paths]


def test_every_table_is_one_of_the_result_files():
    for file in FILES:
        assert any(covers(path, file) for path in documented_paths()), file


def test_every_rule_and_each_of_its_outputs_are_documented():
    from test_rules_contract import RULES

    names = [rule.name for stage in read_stages(ROOT) for rule in stage.rules]
    assert sorted(names) == sorted(RULES)
    paths = documented_paths()
    unused = set(paths)
    for name, rule in RULES.items():
        for output in map(str, rule.output):
            file = re.sub(r"\{(\w+)[^}]*\}", r"<\1>", output).split("/", 2)[2]
            found = [p for p in paths if covers(p, file) or covers(p, f"{file}/")]
            assert found, (name, file)
            unused.difference_update(found)
    assert not unused


def test_targets_are_told_from_jobs():
    rules = {rule.name: rule for stage in read_stages(ROOT) for rule in stage.rules}
    assert rules["figure_5"].is_target
    assert rules["all"].is_target
    assert rules["recover_counts"].is_target
    assert rules["figure_5"].summary == "Figure 5 of the paper."
    assert not rules["draw_figure_5"].is_target
    assert not rules["train_candidate"].is_target
    assert rules["train_candidate"].summary.startswith("As `train_folds`: Train")


@pytest.mark.parametrize(
    ("path", "file", "covered"),
    [
        ("figures/a.{pdf,svg}", "figures/a.svg", True),
        ("figures/a.{pdf,svg}", "figures/a.png", False),
        ("models/<cnn>/card.json", "models/xmask/card.json", True),
        ("models/<cnn>/card.json", "models/a/b/card.json", False),
        ("raw/<shard>/", "raw/1-of-2/a/b.dcm", True),
    ],
)
def test_a_path_covers_files(path, file, covered):
    assert covers(path, file) == covered


@pytest.mark.workflow
def test_tables_of_a_study_have_the_columns_that_are_documented(study):
    schemas, seen = read_schemas(ROOT), set()
    results = study / "results" / "tests"
    for path in [*results.rglob("*.tsv"), *results.rglob("*.csv")]:
        file = path.relative_to(results).as_posix()
        if file.startswith("benchmarks/"):
            continue
        names = {name for place, name in FILES.items() if covers(place, file)}
        assert len(names) == 1, file
        columns = schemas[names.pop()].columns.columns
        header = path.read_text(encoding="utf-8").partition("\n")[0]
        found = header.split("," if path.suffix == ".csv" else "\t")
        assert [name for name in columns if name in found] == found, file
        assert {n for n, c in columns.items() if c.required} <= set(found), file
        seen.add(file)
    assert len(seen) > 100


def test_pages_of_the_package_follow_its_folders():
    folders = [f.name for f in read_folders(ROOT)]
    names = {p.stem for p in PACKAGE.iterdir()} - {"__init__", "__pycache__", "py"}
    assert set(folders) == names
    assert [n for n in api_pages(ROOT) if n != "index"] == folders[:-1]
    listed = [name for f in read_folders(ROOT) for name in modules_of(f, ROOT)]
    assert len(listed) == len(set(listed)) > 100


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (
            "Do.\n\nReturns\n-------\nAll of\nit.\n\nRaises\n------\nError\n    If.",
            "Do.\n\nReturns\n-------\nint\n    All of\n    it.\n\n"
            "Raises\n------\nError\n    If.",
        ),
        ("Do.\n\nReturns\n-------\nIt.", "Do.\n\nReturns\n-------\nint\n    It.\n"),
        ("Do.\n\nReturns\n-------\nint\n    It.", None),
        ("Do.", None),
    ],
)
def test_sentences_of_returns_get_their_type(given, made):
    assert numpydoc.with_type(given, "int").rstrip() == (made or given).rstrip()


def test_links_lead_to_pages_or_to_files():
    moved = repository.relinked(
        "[a](../config/README.md) [b](statistics.md#x) [c](https://d.e) [f](/a/b.tsv)",
        "docs/readers.md",
        "readers.md",
        lambda path: repository.page_of(path) or f"files/{path}",
    )
    assert (
        moved
        == "[a](sheets.md) [b](statistics.md#x) [c](https://d.e) [f](files/a/b.tsv)"
    )
    for path in repository.REPLACED:
        assert (ROOT / path).exists(), path


def test_every_page_is_in_the_index():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    linked = repository.linked(text, "docs/index.md")
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"docs/{path.name}" in linked
