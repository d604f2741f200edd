#!/usr/bin/env bash
# Release the lock of a killed run, once its owner is proved dead: it was started on this
# machine since the machine was booted, and no process of Snakemake works in this folder.
# Otherwise the lock stays, and one sentence says what to check.
set -euo pipefail
cd -P "$(dirname "$0")/.."
snakemake=${SNAKEMAKE:-.venv/bin/snakemake}
processes=${PROCESSES:-/proc}
# A run writes here where it was started, after it has taken its lock (study/run_record.py).
record=.snakemake/host

leave() {
    echo "$1; then run: .venv/bin/snakemake --unlock" >&2
    exit 0
}

# Whether a command line, one word a line, is that of Snakemake or of one of its jobs.
is_snakemake() {
    local program=${1%%$'\n'*}
    [[ ${program##*/} =~ ^(python[0-9.]*|snakemake)$ && $1 == *snakemake* ]]
}

# Leave the lock if a process works in this folder; remember one that may.
require_no_run_here() {
    local process words
    for process in "$processes"/[0-9]*; do
        if ! words=$({ tr '\0' '\n' <"$process/cmdline"; } 2>/dev/null); then
            [[ ! -e $process ]] || doubtful=${process##*/}
        elif ! is_snakemake "$words"; then
            continue
        elif [[ $process/cwd -ef . ]]; then
            leave "Another run works in this folder (process ${process##*/}); wait for its end or stop it"
        elif [[ -e $process && ! -e $process/cwd ]]; then
            doubtful=${process##*/}
        fi
    done
}

require_this_machine() {
    local place lock here
    here="$(uname -n) $(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)" || true
    for lock in .snakemake/locks/*; do
        [[ -s $record && ! $lock -nt $record ]] ||
            leave "It is not recorded where the run that locked this folder was started; make sure that no machine runs Snakemake in it"
    done
    while read -r place; do
        [[ ${place%% *} == "$(uname -n)" ]] ||
            leave "The last run was started on ${place%% *}; make sure that Snakemake no longer runs there"
        [[ $place == "$here" ]] ||
            leave "The last run was started before a restart, in another container or with jobs on a cluster; make sure that it and its jobs have ended"
    done <"$record"
}

require_readable_processes() {
    [[ -z $doubtful ]] ||
        leave "Process $doubtful may be a run in this folder, but it belongs to another user; ask its owner (ps -fp $doubtful)"
    # Where processes of other users are hidden, the first process is hidden too.
    [[ -r $processes/1/cmdline ]] ||
        leave "The processes of other users are hidden; make sure that none is a run in this folder"
}

[[ -n $(ls -A .snakemake/locks 2>/dev/null) ]] || exit 0
doubtful=
require_no_run_here
require_this_machine
require_readable_processes
echo "An earlier run was killed; releasing its lock."
$snakemake --unlock --quiet all
