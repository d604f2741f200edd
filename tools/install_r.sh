#!/usr/bin/env bash
# Make sure that R and pROC are there; the engine of record for ROC statistics.
set -euo pipefail

have_proc() { command -v Rscript >/dev/null && Rscript --vanilla -e 'library(pROC)' >/dev/null 2>&1; }

have_proc && exit 0
packages="r-base-core r-cran-proc"
if command -v apt-get >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo"
    else
        echo "R or its package pROC is missing; ask an administrator for: apt-get install --no-install-recommends $packages" >&2
        exit 1
    fi
    echo "Installing R and pROC (270 MB without recommended packages)"
    $as_root apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $packages >/dev/null
fi
have_proc || {
    echo "R or its package pROC is missing; install R 4.2 or later and run install.packages(\"pROC\") in it" >&2
    exit 1
}
