#!/usr/bin/env bash
# Make sure that R and pROC are there; the engine of record for ROC statistics.
#
# In this order: what the system has; Debian's packages, as root or with sudo; Debian's packages
# unpacked below .cache/r, which needs no rights; an environment of conda there. Without R's
# recommended packages they take 270 MB, not 2.4 GB.
set -euo pipefail
cd -P "$(dirname "$0")/.."
source tools/apt.sh
here=$PWD/.cache/r

# has_proc FOLDER: whether the Rscript of a folder starts R and finds pROC.
has_proc() { [[ -x $1/Rscript ]] && "$1/Rscript" --vanilla -e 'library(pROC)' >/dev/null 2>&1; }

of_system() {
    local found
    found=$(command -v Rscript) && has_proc "$(dirname "$found")"
}

# Programs of the environment, of which this R is one, find it without a search path.
offer() {
    [[ ! -d .venv/bin || -L .venv ]] || ln -sfn "$here"/bin/* .venv/bin/
}

by_conda() {
    local conda
    conda=$(command -v micromamba || command -v mamba || command -v conda) || return 1
    echo "Installing R and pROC with $(basename "$conda") below .cache/r"
    rm -rf "$here"
    "$conda" create --quiet --yes --prefix "$here/environment" --override-channels \
        --channel conda-forge r-base=4 r-proc >/dev/null || return 1
    mkdir "$here/bin"
    ln -s ../environment/bin/R ../environment/bin/Rscript "$here/bin/"
}

! of_system || exit 0
if has_proc "$here/bin"; then
    offer
    exit 0
fi
if may_install; then
    apt_install "R or its package pROC is missing" r-base-core r-cran-proc
    of_system || {
        echo "R or its package pROC is missing; install R 4.2 or later and run install.packages(\"pROC\") in it" >&2
        exit 1
    }
    exit 0
fi
{ tools/unpack_r.sh && has_proc "$here/bin"; } || { by_conda && has_proc "$here/bin"; } || {
    rm -rf "$here"
    # Ends with what an administrator has to install.
    apt_install "R or its package pROC is missing, and neither Debian's packages nor conda could be unpacked here" \
        r-base-core r-cran-proc
}
offer
