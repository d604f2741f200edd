#!/usr/bin/env bash
# Install the packages of a lock file and nodal-staging in .venv, if they are not there:
# install_python.sh LOCK
#
# A new environment is built in .venv.new and renamed when it is whole, so that .venv is
# never half of one. Its last file names the checksum of the lock file, and its place: the
# scripts of an environment that was copied or moved start another Python.
set -euo pipefail
cd -P "$(dirname "$0")/.."
lock=$1
stamp="$(sha256sum <"$lock") $(readlink -f .venv) with nodal-staging"

is_installed() { [[ -x .venv/bin/python && $(cat .venv/installed 2>/dev/null) == "$stamp" ]]; }

find_python() {
    python=$(command -v python3.11 || command -v python3 || true)
    if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
        echo "Python 3.11 is needed (Debian 12 has it as python3); found: $("$python" --version 2>/dev/null || echo none)" >&2
        exit 1
    fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        source tools/apt.sh
        apt_install "Python's venv is missing" python3-venv
    fi
}

build() {
    "$python" -m venv --prompt .venv .venv.new
    # Bytecode is compiled once, here: without it every job of a workflow compiles anew.
    unset PYTHONDONTWRITEBYTECODE
    # Two packages exist as source alone. They are built with the tools of build.lock, which are
    # checked by hash; an environment of its own would take the newest tools, unchecked.
    if .venv.new/bin/python -m pip install --quiet --require-hashes -r tools/uv.lock -r tools/build.lock; then
        VIRTUAL_ENV=$PWD/.venv.new .venv.new/bin/uv pip install --quiet --compile-bytecode \
            --no-build-isolation --require-hashes -r "$lock"
    else
        .venv.new/bin/python -m pip install --quiet --require-hashes -r tools/build.lock
        .venv.new/bin/python -m pip install --quiet --no-build-isolation --require-hashes -r "$lock"
    fi
    # Edits of src count without a new installation. Its build tool is setuptools, of the lock.
    .venv.new/bin/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .
    rm -rf src/nodal_staging.egg-info
    .venv.new/bin/python -m compileall -q src || true
    # An R of this folder (install_r.sh) is found without a search path.
    [[ ! -d .cache/r/bin ]] || ln -s "$PWD"/.cache/r/bin/* .venv.new/bin/
    "$python" -I - "$PWD/.venv" <<'PYTHON'
"""Write the final place of the environment into its scripts."""
import sys
from pathlib import Path

place = sys.argv[1]
for path in [Path(".venv.new/pyvenv.cfg"), *Path(".venv.new/bin").iterdir()]:
    if path.is_file() and not path.is_symlink():
        before = path.read_bytes()
        after = before.replace(f"{place}.new".encode(), place.encode())
        if after != before:
            path.write_bytes(after)
PYTHON
    echo "$stamp" >.venv.new/installed
}

give_up() {
    [[ -e .venv || ! -d .venv.old ]] || mv .venv.old .venv
    rm -rf .venv.new
    echo "The installation has failed; .venv is as it was before" >&2
}

is_installed && exit 0
if [[ -L .venv ]]; then
    echo ".venv is a link to $(readlink .venv), which does not hold the packages of $lock and may be shared;" \
        "remove the link (rm .venv) and run make setup, which then creates an environment of this folder" >&2
    exit 1
fi
exec {guard}>.venv.lock
if ! flock --nonblock "$guard"; then
    echo "Another make installs packages in this folder; waiting for its end"
    flock "$guard"
    ! is_installed || exit 0
fi
# Left by an installation that was killed, the last one while it renamed.
[[ -e .venv || ! -d .venv.old ]] || mv .venv.old .venv
rm -rf .venv.new .venv.old
find_python
echo "Installing Python packages from $lock (2.4 GB)"
trap give_up EXIT
build
[[ ! -e .venv ]] || mv .venv .venv.old
mv .venv.new .venv
trap - EXIT
rm -rf .venv.old
