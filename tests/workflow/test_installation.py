"""The environment is whole or absent, never shared, and built once for each lock."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from repositories import ROOT

REAL_PYTHON = getattr(sys, "_base_executable", sys.executable)
STUB = f"""#!/bin/bash
# A Python that creates environments of stubs, and counts what is installed.
case "$1 $2" in
"-m venv")
    for folder; do :; done
    mkdir -p "$folder/bin"
    touch "$folder/pyvenv.cfg"
    cp "$0" "$folder/bin/python"
    printf '#!/bin/sh\\nexit 0\\n' >"$folder/bin/uv"
    printf '#!%s/bin/python\\n' "$PWD/$folder" >"$folder/bin/tool"
    chmod +x "$folder"/bin/* ;;
"-m pip")
    case "$*" in *--editable*) exit 0 ;; esac
    echo "$*" >>installations
    # No child before the signal: Bash ignores an interrupt that its child survives.
    [ ! -e hang ] || {{ : >hanging; exec sleep 60; }}
    [ ! -e slow ] || sleep 0.5
    [ ! -e broken ] ;;
"-m compileall") ;;
*) exec {REAL_PYTHON} "$@" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path) -> Path:
    folder = tmp_path / "a checkout"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "install_python.sh", folder / "tools")
    for name in ("uv.lock", "build.lock"):
        (folder / "tools" / name).write_text("")
    (folder / "requirements.lock").write_text("first\n")
    (folder / "stubs").mkdir()
    (folder / "stubs" / "python3.11").write_text(STUB)
    (folder / "stubs" / "python3.11").chmod(0o755)
    return folder


def start(checkout: Path, lock: str = "requirements.lock") -> subprocess.Popen[str]:
    stubs = f"{checkout / 'stubs'}{os.pathsep}{os.environ['PATH']}"
    # What a shell starts in the background ignores interrupts.
    heeding = ["env", "--default-signal=INT"]
    return subprocess.Popen(
        [*heeding, checkout / "tools" / "install_python.sh", lock],
        env=os.environ | {"PATH": stubs},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def install(checkout: Path, lock: str = "requirements.lock") -> tuple[int, str]:
    """Return the exit status and the output."""
    run = start(checkout, lock)
    output, _ = run.communicate(timeout=60)
    return run.returncode, output


def installations(checkout: Path) -> int:
    """Return how often packages were installed."""
    path = checkout / "installations"
    return len(path.read_text().splitlines()) if path.exists() else 0


def environments(checkout: Path) -> list[str]:
    """Return the folders that are, or may become, an environment."""
    return sorted(p.name for p in checkout.glob(".venv*") if p.is_dir())


def whole(checkout: Path) -> bool:
    """Tell whether the environment counts as whole, for the script itself."""
    before = installations(checkout)
    return install(checkout)[0] == 0 and installations(checkout) == before


def test_a_second_call_installs_nothing(checkout):
    code, output = install(checkout)
    assert code == 0, output
    assert "Installing Python packages from requirements.lock" in output
    assert install(checkout) == (0, "")
    assert installations(checkout) == 1
    assert environments(checkout) == [".venv"]


def test_scripts_start_the_python_of_the_final_place(checkout):
    install(checkout)
    first = (checkout / ".venv" / "bin" / "tool").read_text().splitlines()[0]
    assert first == f"#!{checkout}/.venv/bin/python"


def test_only_the_content_of_the_lock_counts(checkout):
    install(checkout)
    lock = checkout / "requirements.lock"
    future = time.time() + 1000
    os.utime(lock, (future, future))
    os.utime(checkout / "tools" / "install_python.sh", (future, future))
    assert install(checkout) == (0, "")
    lock.write_text("second\n")
    # As after a checkout by a machine whose clock is late.
    os.utime(lock, (1, 1))
    install(checkout)
    assert installations(checkout) == 2
    lock.write_text("first\n")
    install(checkout)
    assert installations(checkout) == 3


def test_the_lock_for_a_gpu_is_another_environment(checkout):
    install(checkout)
    (checkout / "requirements-gpu.lock").write_text("gpu\n")
    code, output = install(checkout, "requirements-gpu.lock")
    assert code == 0 and "from requirements-gpu.lock" in output
    assert install(checkout, "requirements-gpu.lock") == (0, "")


def test_an_environment_that_was_copied_is_built_anew(checkout, tmp_path):
    install(checkout)
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    assert "Installing" in install(copy)[1]
    assert f"{copy}/.venv/bin/python" in (copy / ".venv/bin/tool").read_text()
    (tmp_path / "link").symlink_to(checkout)
    assert install(tmp_path / "link") == (0, "")


def test_a_link_is_refused_and_its_environment_kept(checkout, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "precious").write_text("")
    (checkout / ".venv").symlink_to(shared)
    code, output = install(checkout)
    assert code == 1
    assert output.startswith(f".venv is a link to {shared}")
    assert output.count("\n") == 1 and "rm .venv" in output
    assert (shared / "precious").exists() and (checkout / ".venv").is_symlink()
    assert installations(checkout) == 0
    (checkout / ".venv").unlink()
    assert install(checkout)[0] == 0
    assert (shared / "precious").exists()


def test_a_link_to_an_environment_with_the_same_lock_is_used(checkout, tmp_path):
    install(checkout)
    other = tmp_path / "other"
    shutil.copytree(checkout, other, ignore=shutil.ignore_patterns(".venv*"))
    (other / ".venv").symlink_to(checkout / ".venv")
    assert install(other) == (0, "")
    (other / "requirements.lock").write_text("second\n")
    assert install(other)[0] == 1
    assert (checkout / ".venv" / "installed").exists()


def test_a_failed_installation_leaves_the_old_environment(checkout):
    install(checkout)
    (checkout / "requirements.lock").write_text("second\n")
    (checkout / "broken").touch()
    code, output = install(checkout)
    assert code != 0 and "The installation has failed" in output
    assert environments(checkout) == [".venv"]
    (checkout / "requirements.lock").write_text("first\n")
    assert whole(checkout)


def test_a_first_installation_that_fails_leaves_nothing(checkout):
    (checkout / "broken").touch()
    assert install(checkout)[0] != 0
    assert environments(checkout) == []
    (checkout / "broken").unlink()
    assert install(checkout)[0] == 0


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("had_one", [True, False])
def test_a_killed_installation_leaves_the_old_environment_or_none(
    checkout, kind, had_one
):
    if had_one:
        install(checkout)
        (checkout / "requirements.lock").write_text("second\n")
    (checkout / "hang").touch()
    run = start(checkout)
    wait_for(checkout / "hanging")
    os.killpg(run.pid, kind)
    run.communicate(timeout=60)
    assert run.returncode != 0
    (checkout / "hang").unlink()
    assert (checkout / ".venv").exists() == had_one
    if had_one:
        assert (checkout / ".venv" / "installed").exists()
    before = installations(checkout)
    assert install(checkout)[0] == 0
    assert installations(checkout) == before + 1
    assert environments(checkout) == [".venv"]


def wait_for(path: Path) -> None:
    until = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_an_installation_that_was_killed_while_it_renamed_is_taken_back(checkout):
    install(checkout)
    (checkout / ".venv").rename(checkout / ".venv.old")
    (checkout / ".venv.new").mkdir()
    (checkout / "requirements.lock").write_text("second\n")
    (checkout / "broken").touch()
    assert install(checkout)[0] != 0
    (checkout / "requirements.lock").write_text("first\n")
    assert whole(checkout)


def test_two_at_once_install_once(checkout):
    (checkout / "slow").touch()
    runs = [start(checkout) for _ in range(3)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert installations(checkout) == 1
    assert sum("Installing" in output for output in outputs) == 1
    waited = "Another make installs packages in this folder; waiting for its end\n"
    assert outputs.count(waited) == 2


BUILD_TOOL = """
import zipfile
from pathlib import Path

def write_wheel(folder, tool, files):
    module, name = tool.replace("-", "_"), tool.replace("-", "_") + "-1.0"
    files |= {
        f"{name}.dist-info/METADATA": (
            f"Metadata-Version: 2.1\\nName: {tool}\\nVersion: 1.0\\n"
        ),
        f"{name}.dist-info/WHEEL": (
            "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        ),
        f"{name}.dist-info/entry_points.txt": (
            f"[console_scripts]\\n{tool} = {module}:main\\n"
        ),
    }
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\\n" for path in [*files, record])
    path = Path(folder, f"{name}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in files.items():
            archive.writestr(member, content)
    return path.name

def build_editable(folder, config_settings=None, metadata_directory=None):
    place = Path("src").resolve()
    return write_wheel(folder, "own-tool", {"own_tool.pth": f"{place}\\n"})
"""
"""A build backend for editable packages that needs no other package."""
PROJECT = """
[build-system]
requires = ["a-tool-that-is-nowhere"]
build-backend = "build_tool"
backend-path = ["."]
"""
TOOL = "import sys\n\ndef main():\n    print(sys.prefix)\n"
"""A module whose command prints the folder of its environment."""


def wheel(folder: Path) -> str:
    """Write a wheel with one script; return its line of a lock file."""
    written: dict[str, Any] = {}
    exec(BUILD_TOOL, written)
    name = written["write_wheel"](folder, "tiny-tool", {"tiny_tool.py": TOOL})
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    return f"tiny-tool==1.0 --hash=sha256:{digest}\n"


@pytest.mark.workflow
def test_a_real_environment_works_where_it_was_renamed_to(checkout, monkeypatch):
    """With pip alone, since there is no wheel of uv in the folder of wheels."""
    shutil.rmtree(checkout / "stubs")
    (checkout / "src").mkdir()
    (checkout / "src" / "own_tool.py").write_text(TOOL)
    (checkout / "build_tool.py").write_text(BUILD_TOOL)
    (checkout / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", checkout.as_uri())
    (checkout / "tools" / "uv.lock").write_text("uv==1.0 --hash=sha256:" + "0" * 64)
    (checkout / "requirements.lock").write_text(wheel(checkout))
    code, output = install(checkout)
    assert code == 0, output
    scripts = checkout / ".venv" / "bin"
    tools = [scripts / "tiny-tool"], [scripts / "own-tool"]
    for command in (*tools, [scripts / "pip", "--version"]):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert str(checkout / ".venv") in done.stdout
    for path in [checkout / ".venv" / "pyvenv.cfg", *scripts.iterdir()]:
        assert b".venv.new" not in path.read_bytes()
    edited = "def main():\n    print('this is another text')\n"
    (checkout / "src" / "own_tool.py").write_text(edited)
    done = subprocess.check_output([scripts / "own-tool"], text=True)
    assert done == "this is another text\n"
    assert install(checkout) == (0, "")
