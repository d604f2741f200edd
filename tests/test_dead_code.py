"""Each function, class, method and constant of the package is used by something."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import nodal_staging

PACKAGE = Path(nodal_staging.__path__[0])
ROOT = PACKAGE.parent.parent
PLACES = ("src", "workflow", "benchmarks")
UNNAMED = {
    "nodal_staging.attribution.gradients.gradient_times_input": "attribution is a "
    "package of its own; the study multiplies gradients that it has already",
    "nodal_staging.attribution.pattern_attribution.Maps.unscaled": "attribution is a "
    "package of its own; its users need the maps in units of the logit",
    "nodal_staging.exams.dicom.index.index_images": "real files of other modalities "
    "with a second reader's values test the decoders",
    "nodal_staging.study.code_version.counted_definitions": "the test of soundness "
    "compares what jobs execute with what their versions count",
    "nodal_staging.tables.volume_viewer.decode_volume": "tests decode the volumes of "
    "pages in a second way than the viewer does",
}
"""What the study itself does not use, with the reason for keeping it."""

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class File:
    """A Python file: what it defines, and which names stand where.

    Its place is the dotted name of a module, whose last part is ``__init__`` for a
    package.
    """

    def __init__(self, place: str, text: str) -> None:
        self.name = place.removesuffix(".__init__")
        tree = ast.parse(text)
        write_out_relative_imports(tree, place)
        self.body = tree.body
        self.imported = {
            bound: origin
            for node in ast.walk(tree)
            for bound, origin in imports_of(node)
        }
        self.names: defaultdict[str, list[int]] = defaultdict(list)
        self.attributes: defaultdict[str, list[int]] = defaultdict(list)
        self.reached: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self.names[node.id].append(node.lineno)
            elif isinstance(node, ast.Attribute):
                self.attributes[node.attr].append(node.lineno)
                if isinstance(node.value, ast.Name):
                    self.reached.add(f"{node.value.id}.{node.attr}")

    def definitions(self) -> Iterator[tuple[str, ast.stmt]]:
        """Yield what stands at the top of the file, by name."""
        for statement in self.body:
            if isinstance(statement, Definition):
                yield statement.name, statement
            for target in targets_of(statement):
                for node in ast.walk(target):
                    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                        yield node.id, statement

    def methods(self) -> Iterator[tuple[str, str, ast.stmt]]:
        """Yield class, name and definition of each method but those of Python."""
        for statement in self.body:
            if isinstance(statement, ast.ClassDef):
                for inner in statement.body:
                    if isinstance(inner, Definition) and not dunder(inner.name):
                        yield statement.name, inner.name, inner

    def uses(self) -> Iterator[str]:
        """Yield the dotted names of the package that the file takes from others."""
        for bound, origin in self.imported.items():
            if bound in self.names:
                yield origin
        for reached in self.reached:
            bound, _, attribute = reached.partition(".")
            if bound in self.imported:
                yield f"{self.imported[bound]}.{attribute}"


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    return [statement.target] if isinstance(statement, ast.AnnAssign) else []


def dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def write_out_relative_imports(tree: ast.Module, place: str) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = place.split(".")[: -node.level]
            node.module = ".".join([*above, *filter(None, [node.module])])


def imports_of(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what an import binds, and the dotted name of what is bound."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.asname:
                yield alias.asname, alias.name
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def outside(lines: list[int], statement: ast.stmt) -> bool:
    return any(not statement.lineno <= line <= statement.end_lineno for line in lines)


def words_of_rules() -> set[str]:
    """Return every word of the Snakefiles, which Python cannot parse."""
    files = [ROOT / "Snakefile", ROOT / "workflow" / "Snakefile"]
    files += sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    return set(re.findall(r"\w+", " ".join(path.read_text() for path in files)))


def origin_of(name: str, files: dict[str, File]) -> str:
    """Follow a name that a package passes on to the module that defines it."""
    module, _, last = name.rpartition(".")
    passed_on = files[module].imported.get(last) if module in files else None
    if passed_on is None or passed_on == name:
        return name
    return origin_of(passed_on, files)


def unused(files: dict[str, File], words: set[str]) -> Iterator[str]:
    """Yield the dotted names of the package that nothing but themselves names."""
    taken = {origin_of(name, files) for file in files.values() for name in file.uses()}
    attributes = defaultdict(list)
    for file in files.values():
        for name in file.attributes:
            attributes[name].append(file)
    for file in files.values():
        if not file.name.startswith(PACKAGE.name):
            continue
        for name, statement in file.definitions():
            whole = f"{file.name}.{name}"
            known = whole in taken or name in words or dunder(name)
            if not known and not outside(file.names[name], statement):
                yield whole
        for owner, name, statement in file.methods():
            known = name in words or any(
                other is not file or outside(file.attributes[name], statement)
                for other in attributes[name]
            )
            if not known:
                yield f"{file.name}.{owner}.{name}"


def read_files() -> dict[str, File]:
    files = {}
    for folder in (ROOT / place for place in PLACES):
        for path in sorted(folder.rglob("*.py")):
            place = ".".join(path.relative_to(folder).with_suffix("").parts)
            file = File(place, path.read_text("utf-8"))
            files[file.name] = file
    return files


def test_everything_is_used():
    found = set(unused(read_files(), words_of_rules()))
    assert found == set(UNNAMED)


def test_what_only_names_itself_is_found():
    source = """
LIMIT = 3
IDLE = 4

def used():
    return LIMIT

def idle(n):
    return idle(n - 1)

class Box:
    def __len__(self):
        return used()

    def open(self):
        return self.open()
"""
    file = File("nodal_staging.box", source)
    user = File("scripts.user", "from nodal_staging.box import Box\nBox()\n")
    found = set(unused({file.name: file, user.name: user}, set()))
    home = "nodal_staging.box"
    assert found == {f"{home}.IDLE", f"{home}.idle", f"{home}.Box.open"}
