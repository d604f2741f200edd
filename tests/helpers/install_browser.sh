#!/usr/bin/env bash
# Install a Chromium without windows for the tests of pages, where none is installed;
# `make test BROWSER=1` calls it. On a machine where nothing may be installed the tests say
# so and are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
source tools/apt.sh
for program in chromium-headless-shell chromium chromium-browser google-chrome; do
    command -v "$program" >/dev/null && exit 0
done
(apt_install "Chromium is missing" chromium-headless-shell fonts-dejavu-core) ||
    echo "The tests of pages will be skipped." >&2
