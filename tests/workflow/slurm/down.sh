#!/usr/bin/env bash
# Stop the Slurm that up.sh started in FOLDER, and nothing else: tests/workflow/slurm/down.sh FOLDER
set -uo pipefail
folder=$(cd "${1:?the folder of the cluster}" && pwd -P) || exit 2
export SLURM_CONF=$folder/etc/slurm.conf
PATH=$PATH:/usr/sbin:/sbin

# Jobs go first, so that none outlives the daemon that started it.
timeout 10 scancel --user="$(id -un)" 2>/dev/null
for _ in $(seq 60); do
    [ -n "$(timeout 5 squeue -h -t R,CG,PD,S -o %i 2>/dev/null)" ] || break
    sleep 0.25
done
for daemon in slurmd slurmctld munged; do
    number=$(cat "$folder/run/$daemon.pid" 2>/dev/null) || continue
    # The number may by now be that of another program, or of another Slurm.
    [ "$(cat "/proc/$number/comm" 2>/dev/null)" = "$daemon" ] || continue
    tr '\0' '\n' 2>/dev/null <"/proc/$number/environ" | grep -qx "SLURM_TEST_FOLDER=$folder" || continue
    kill -TERM "$number"
    for _ in $(seq 100); do kill -0 "$number" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$number" 2>/dev/null
done
rm -f "$folder"/run/*
exit 0
