#!/usr/bin/env bash
# Create .venv and install the locked packages: install_python.sh LOCK
set -euo pipefail
cd "$(dirname "$0")/.."
lock=$1

python=$(command -v python3.11 || command -v python3 || true)
if [ -z "$python" ] || ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "Python 3.11 is needed (Debian 12 has it as python3); found: $("$python" --version 2>/dev/null || echo none)" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    source tools/apt.sh
    apt_install "Python's venv is missing" python3-venv
fi
echo "Installing Python packages from $lock (2.4 GB)"
"$python" -m venv --clear .venv
# Bytecode is compiled once, here: without it every job of a workflow compiles anew.
unset PYTHONDONTWRITEBYTECODE
if .venv/bin/python -m pip install --quiet --require-hashes -r tools/uv.lock; then
    VIRTUAL_ENV=$PWD/.venv .venv/bin/uv pip install --quiet --compile-bytecode --require-hashes -r "$lock"
else
    .venv/bin/python -m pip install --quiet --require-hashes -r "$lock"
fi
.venv/bin/python -m compileall -q src || true
