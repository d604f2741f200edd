#!/opt/nodal-staging/.venv/bin/python
"""List every program of the container with its version and licence."""

import subprocess
from importlib.metadata import Distribution, distributions

NOTICE = """\
nodal-staging is under the MIT licence. This container also holds R, pROC,
rpy2-rinterface and rpy2-robjects, which are under the GNU General Public License; who
passes the container on passes them on under its terms. Licence texts:
/usr/share/doc/*/copyright, and the *.dist-info folders below /opt/nodal-staging/.venv.
Source code: apt-get source PACKAGE, and the addresses that pip show PACKAGE names.
"""


def licence_of(package: Distribution) -> str:
    """Return the licence that a Python package declares, on one line."""
    declared = package.metadata
    for key in ("License-Expression", "License"):
        text = (declared.get(key) or "").strip()
        if text and "\n" not in text:
            return text
    classes = declared.get_all("Classifier") or []
    names = [name.split(" :: ")[-1] for name in classes if name.startswith("License")]
    return ", ".join(names) or "see its licence file"


def python_packages() -> list[tuple[str, str, str]]:
    """Return name, version and licence of every Python package."""
    return sorted(
        {
            (one.metadata["Name"], one.version, licence_of(one))
            for one in distributions()
        },
        key=lambda row: row[0].lower(),
    )


def debian_packages() -> list[tuple[str, str, str]]:
    """Return name, version and licence file of every Debian package."""
    listed = subprocess.run(
        ["/usr/bin/dpkg-query", "--show", "--showformat=${Package}\t${Version}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split("\t") for line in listed.stdout.splitlines()]
    return [
        (name, version, f"/usr/share/doc/{name}/copyright") for name, version in rows
    ]


if __name__ == "__main__":
    print(NOTICE)
    for row in (*python_packages(), *debian_packages()):
        print("\t".join(row))
