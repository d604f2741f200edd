"""Packages of a few lines, and the versions of scripts that use them."""

from nodal_staging.study.code_version import code_version


def version(folder, package, script):
    """Write a package and a script, and return the version of the script."""
    for name, text in ({"__init__.py": ""} | package).items():
        path = folder / "src" / "nodal_staging" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for inner in {path.parent for path in folder.rglob("*.py")}:
        (inner / "__init__.py").touch()
    (folder / "script.py").write_text(script)
    return code_version(folder / "script.py", folder / "src")


def versions(folder, package, script, name, old, new):
    """Return the versions before and after an edit."""
    assert package[name].count(old) == 1
    edited = package | {name: package[name].replace(old, new)}
    before = version(folder / "before", package, script)
    return before, version(folder / "after", edited, script)
