"""Data flows one way: a folder of the package imports only folders before it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nodal_staging

PACKAGE = Path(nodal_staging.__path__[0])
LAYERS = [
    {"study"},
    {"geometry", "estimates", "attribution"},
    {"tables", "exams"},
    {"cohort"},
    {"nodes"},
    {"datasets"},
    {"classifiers"},
    {"statistics", "heatmaps", "phantom"},
    {"audit", "figures"},
    {"paper"},
    {"report"},
    {"__main__"},
]
"""Names at the top of the package, ground first; docs/architecture.md lists them."""
ORDER = {name: level for level, layer in enumerate(LAYERS) for name in layer}
WITHIN_A_LAYER = {
    ("exams", "tables"),
    ("figures", "audit"),
}
"""Folders of one layer that may import each other in this direction."""


def imports_of(path: Path) -> Iterator[str]:
    """Yield the top-level name of the package that each import of a file reaches."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = path.relative_to(PACKAGE.parent).parts[: -node.level or None]
            home = ".".join([*(above if node.level else ()), node.module or ""])
            names = [f"{home.rstrip('.')}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, inside = name.partition(".")
            if package == PACKAGE.name and inside:
                yield inside.partition(".")[0]


def edges() -> Iterator[tuple[str, str, Path]]:
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE)
        home = place.parts[0].removesuffix(".py")
        for reached in imports_of(path):
            if reached != home:
                yield home, reached, place


def test_every_name_at_the_top_has_its_place():
    names = {p.name.removesuffix(".py") for p in PACKAGE.iterdir()}
    assert names - {"__init__", "__pycache__", "py.typed"} == set(ORDER)
    assert len(names - {"__pycache__"}) <= 20


def test_a_folder_imports_only_folders_before_it():
    wrong = [
        f"{place}: {reached}"
        for home, reached, place in edges()
        if ORDER[reached] >= ORDER[home] and (home, reached) not in WITHIN_A_LAYER
    ]
    assert not wrong, "\n".join(sorted(wrong))


SHOWING = {"figures", "report"}
"""Folders whose files are named after what they show, which others compute."""


def test_no_two_files_share_a_name():
    homes = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        place = path.relative_to(PACKAGE)
        if path.stem != "__init__":
            homes[path.stem].append(place)
    for name, places in homes.items():
        computing = [place for place in places if place.parts[0] not in SHOWING]
        showing = [place.parts[0] for place in places if place.parts[0] in SHOWING]
        assert len(computing) <= 1, (name, computing)
        assert len(showing) == len(set(showing)), (name, places)


PAGE = (PACKAGE.parents[1] / "docs" / "architecture.md").read_text(encoding="utf-8")
FOLDER = re.compile(r"^\| `(\w+)` \| ", re.MULTILINE)
STEP = re.compile(r"^\| [^|]+ \| `([\w/]+\.py)` \| `(\w+)` \|$", re.MULTILINE)


def test_the_page_lists_the_folders_in_the_order_of_imports():
    listed = FOLDER.findall(PAGE)
    assert sorted(listed) == sorted(ORDER)
    assert [ORDER[name] for name in listed] == sorted(ORDER.values())
    for above, below in ((b, a) for a, b in WITHIN_A_LAYER):
        assert listed.index(above) < listed.index(below)


def test_every_step_on_the_page_is_a_function_of_the_file_it_names():
    paths = PAGE.split("## The path of ")[1:]
    assert len(paths) == 5
    for path in paths:
        steps = STEP.findall(path)
        assert len(steps) > 5
        # Only the header and the rule of a table name no function.
        assert path.count("\n|") == len(steps) + 2
        for file, function in steps:
            body = ast.parse((PACKAGE / file).read_text(encoding="utf-8")).body
            named = {n.name for n in body if isinstance(n, ast.FunctionDef)}
            assert function in named, (file, function)
