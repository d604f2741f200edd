#!/usr/bin/env bash
# Release the lock that a killed run has left behind; a run that still lives keeps it.
set -euo pipefail
cd "$(dirname "$0")/.."
snakemake=${SNAKEMAKE:-.venv/bin/snakemake}

[[ -n $(ls -A .snakemake/locks 2>/dev/null) ]] || exit 0
# Processes of another machine cannot be seen; `make demo` leaves the name of its own.
host=$(cat .snakemake/host 2>/dev/null || hostname)
if [[ $host != "$(hostname)" ]]; then
    echo "The last run was started on $host; look there, then run snakemake --unlock." >&2
    exit 0
fi
for process in /proc/[0-9]*; do
    if [[ $(readlink "$process/cwd" 2>/dev/null) == "$PWD" ]] &&
        tr '\0' '\n' 2>/dev/null <"$process/cmdline" | grep -qx -e '.*bin/snakemake' -e snakemake; then
        echo "Another run works in this folder (process ${process#/proc/})." >&2
        exit 0
    fi
done
echo "An earlier run was killed; releasing its lock."
$snakemake --unlock --quiet all
