"""R comes from the system, from Debian with or without rights, or from conda.

Stubs stand for apt, sudo and conda; Debian packages are real ones, of a shell script.
"""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from repositories import ROOT

TOOLS = (
    "basename bash cat chmod cp dirname dpkg-deb find id ln mkdir mv patchelf readlink "
    "rm sed sh sort tar touch tr uname xargs env"
).split()
RSCRIPT = '#!/bin/sh\necho "R of ${RHOME:-the system}"\n'
R = """#!/bin/bash
R_HOME_DIR=/usr/lib/R
if test "${R_HOME_DIR}" = "/usr/lib/R"; then
   R_HOME_DIR=/usr/lib64/R
fi
R_SHARE_DIR=/usr/share/R/share
echo "$R_HOME_DIR $R_SHARE_DIR"
"""
APT = """#!/bin/bash
echo "$*" >>"{log}"
case "$*" in
*update*) exit {status} ;;
*--download-only*)
    for word; do
        [[ $word != Dir::Cache::Archives=* ]] || cp "{packages}"/*.deb "${{word#*=}}"
    done ;;
*install*) printf '%s' '{rscript}' >"{bin}/Rscript"; chmod +x "{bin}/Rscript" ;;
esac
"""
CONDA = """#!/bin/bash
echo "$*" >>"{log}"
while [[ $1 != --prefix ]]; do shift; done
mkdir -p "$2/bin"
printf '%s' '{rscript}' >"$2/bin/Rscript"
cp "$2/bin/Rscript" "$2/bin/R"
chmod +x "$2"/bin/*
"""

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed"
)


class Machine:
    """A checkout, and a search path that holds nothing but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.bin = folder / "bin"
        self.log = folder / "calls"
        self.packages = folder / "packages"
        for name in ("tools", ".venv/bin"):
            (self.checkout / name).mkdir(parents=True)
        for name in ("install_r.sh", "unpack_r.sh", "apt.sh"):
            shutil.copy(ROOT / "tools" / name, self.checkout / "tools")
        self.bin.mkdir()
        self.packages.mkdir()
        for name in TOOLS:
            if found := shutil.which(name):
                (self.bin / name).symlink_to(found)
        self.user(1000)

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def user(self, number: int) -> None:
        self.program("id", f"#!/bin/sh\necho {number}\n")

    def apt(self, status: int = 0) -> None:
        names = {"log": self.log, "packages": self.packages, "bin": self.bin}
        self.program("apt-get", APT.format(**names, status=status, rscript=RSCRIPT))

    def install(self) -> tuple[int, str]:
        done = subprocess.run(
            [shutil.which("bash") or "bash", self.checkout / "tools" / "install_r.sh"],
            env={"PATH": str(self.bin), "HOME": str(self.checkout)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def calls(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def package(folder: Path, name: str, files: dict[str, str], links: dict[str, str]):
    """Build a Debian package."""
    root = folder / name
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
        (root / path).chmod(0o755)
    for path, target in links.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to(target)
    control = root / "DEBIAN" / "control"
    control.parent.mkdir()
    control.write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\n"
        "Maintainer: nobody <nobody@example.org>\nDescription: a test\n"
    )
    call = ["dpkg-deb", "--build", "--root-owner-group", root, f"{root}.deb"]
    subprocess.run(call, check=True, capture_output=True)
    shutil.rmtree(root)


@pytest.fixture
def debian(machine) -> Machine:
    """A machine of an ordinary user with Debian's packages within reach."""
    home = "usr/lib/R"
    r_base = {
        f"{home}/bin/R": R,
        f"{home}/bin/Rscript": RSCRIPT,
        f"{home}/etc/Renviron.ucf": "PAGER=less\n",
        f"{home}/library/stats/libs/stats.so": "a library",
        "etc/R/ldpaths": "paths\n",
    }
    links = {
        f"{home}/etc/ldpaths": "/etc/R/ldpaths",
        f"{home}/etc/Renviron": "/etc/R/Renviron",
    }
    package(machine.packages, "r-base-core", r_base, links)
    library = {"usr/lib/x86_64-linux-gnu/libblas.so.3": "a library"}
    package(machine.packages, "libblas3", library, {})
    patchelf = f'#!/bin/sh\necho "patchelf $*" >>"{machine.log}"\n'
    package(machine.packages, "patchelf", {"usr/bin/patchelf": patchelf}, {})
    machine.apt()
    return machine


def test_what_the_system_has_is_used(machine):
    machine.program("Rscript", RSCRIPT)
    machine.apt()
    assert machine.install() == (0, "")
    assert machine.calls() == []


@pytest.mark.parametrize("how", ["root", "sudo"])
def test_who_may_installs_packages_of_the_system(machine, how):
    machine.apt()
    if how == "root":
        machine.user(0)
    else:
        machine.program("sudo", '#!/bin/sh\n[ "$1" != -n ] || shift\nexec "$@"\n')
        machine.program("true", "#!/bin/sh\n")
    code, output = machine.install()
    assert code == 0 and output == "Installing r-base-core r-cran-proc\n"
    assert machine.calls()[-1].endswith("r-base-core r-cran-proc")
    assert not (machine.checkout / ".cache").exists()


def test_without_rights_packages_are_unpacked_below_the_checkout(debian):
    code, output = debian.install()
    assert code == 0, output
    assert output.startswith("Unpacking Debian's r-base-core and r-cran-proc below")
    own = debian.checkout / ".cache" / "r"
    home = own / "debian" / "usr" / "lib" / "R"
    for program in (own / "bin" / "Rscript", home / "bin" / "Rscript"):
        assert subprocess.check_output([program], text=True) == f"R of {home}\n"
    said = subprocess.check_output([own / "bin" / "R"], text=True)
    assert said == f"{home} {own}/debian/usr/share/R/share\n"
    assert (home / "etc" / "Renviron").read_text() == "PAGER=less\n"
    assert (home / "etc" / "ldpaths").read_text() == "paths\n"
    assert not any(path.is_symlink() for path in (home / "etc").iterdir())
    [search] = [call for call in debian.calls() if call.startswith("patchelf")]
    assert f"{own}/debian/usr/lib/x86_64-linux-gnu:" in search
    assert search.endswith("library/stats/libs/stats.so")
    assert os.listdir(own.parent) == ["r"]
    for name in ("R", "Rscript"):
        assert (debian.checkout / ".venv" / "bin" / name).samefile(own / "bin" / name)


def test_a_second_call_installs_nothing(debian):
    debian.install()
    before = debian.calls()
    assert debian.install() == (0, "")
    assert debian.calls() == before


def test_an_environment_that_is_a_link_gets_no_links(debian):
    shutil.move(debian.checkout / ".venv", debian.checkout.parent / "shared")
    (debian.checkout / ".venv").symlink_to("../shared")
    assert debian.install()[0] == 0
    assert os.listdir(debian.checkout.parent / "shared" / "bin") == []


def test_conda_is_asked_where_packages_cannot_be_fetched(machine):
    machine.apt(status=100)
    names = {"log": machine.log, "rscript": RSCRIPT}
    machine.program("micromamba", CONDA.format(**names))
    code, output = machine.install()
    assert code == 0, output
    assert "Installing R and pROC with micromamba below .cache/r\n" in output
    assert machine.calls()[-1].endswith("conda-forge r-base=4 r-proc")
    mode = (machine.checkout / ".cache/r/bin/Rscript").stat().st_mode
    assert mode & stat.S_IXUSR


def test_where_nothing_helps_one_sentence_says_what_to_ask_for(machine):
    machine.apt(status=100)
    code, output = machine.install()
    assert code == 1
    last = output.splitlines()[-1]
    assert last.endswith(
        "ask an administrator for: apt-get install --no-install-recommends "
        "r-base-core r-cran-proc"
    )
    assert list((machine.checkout / ".cache").glob("*")) == []


def test_a_system_without_apt_is_told_the_names_of_the_packages(machine):
    code, output = machine.install()
    assert code == 1
    assert output.splitlines()[-1].endswith("Debian calls: r-base-core r-cran-proc")
