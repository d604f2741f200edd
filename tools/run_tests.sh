#!/usr/bin/env bash
# Run all tests: whole studies beside the others, since each leaves a core idle.
# What pytest says of the studies comes last.
set -euo pipefail

pytest=${PYTEST:-.venv/bin/pytest}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

"$pytest" -m workflow >"$log" 2>&1 &
studies=$!
status=0
"$pytest" -m "not workflow" || status=$?
wait "$studies" || status=$?
cat "$log"
exit "$status"
