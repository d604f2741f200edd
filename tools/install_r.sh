#!/usr/bin/env bash
# Make sure that R and pROC are there; the engine of record for ROC statistics.
# Without R's recommended packages they take 270 MB, not 2.4 GB.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/apt.sh

have_proc() { command -v Rscript >/dev/null && Rscript --vanilla -e 'library(pROC)' >/dev/null 2>&1; }

have_proc && exit 0
apt_install "R or its package pROC is missing" r-base-core r-cran-proc
have_proc || {
    echo "R or its package pROC is missing; install R 4.2 or later and run install.packages(\"pROC\") in it" >&2
    exit 1
}
