#!/usr/bin/env bash
# Install what a Slurm of one node needs, where it is missing; `make test SLURM=1` calls it.
# The packages are installed for the whole system, and Debian starts munge.
# On a machine where nothing may be installed the tests of Slurm say so and are skipped.
set -euo pipefail
cd "$(dirname "$0")/../../.."
PATH=$PATH:/usr/sbin:/sbin
source tools/apt.sh
for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || {
        (apt_install "Slurm is missing" slurmctld slurmd slurm-client munge) ||
            echo "The tests of Slurm will be skipped." >&2
        break
    }
done
