#!/usr/bin/env bash
# Start a Slurm of one node on the loopback address: tests/workflow/slurm/up.sh FOLDER
#
# Keys, configuration, state, logs and process numbers lie in FOLDER; nothing else on the
# machine is read or changed, so it works next to a Slurm that is already there, as root
# and as an ordinary user. Then
#   source FOLDER/env.sh        # sbatch, squeue, scancel, srun mean this Slurm
#   tests/workflow/slurm/down.sh FOLDER  # stops it
# Needs what Debian calls slurmctld, slurmd, slurm-client and munge.
# The node has SLURM_TEST_CPUS processors (4; Slurm counts them, it need not have them) and
# SLURM_TEST_GPUS counted GPUs (2), which compute nothing.
set -euo pipefail
folder=${1:?the folder of the cluster}
cpus=${SLURM_TEST_CPUS:-4}
gpus=${SLURM_TEST_GPUS:-2}
# Two ports below those that the system gives to clients, which nobody listens on.
free_port() {
    for try in $(seq 100); do
        port=$((10000 + ($$ * 7 + try * 131) % 11000 * 2))
        { : <"/dev/tcp/127.0.0.1/$port" || : <"/dev/tcp/127.0.0.1/$((port + 1))"; } 2>/dev/null || break
    done
    echo "$port"
}
port=${SLURM_TEST_PORT:-$(free_port)}
memory_mib=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
PATH=$PATH:/usr/sbin:/sbin

for program in munged slurmctld slurmd scontrol sbatch; do
    command -v "$program" >/dev/null || {
        echo "$program is missing; run tests/workflow/slurm/install.sh" >&2
        exit 3
    }
done
mkdir -p "$folder"/{bin,etc,run,log,state,spool}
folder=$(cd "$folder" && pwd -P)
# By this down.sh knows its own daemons.
export SLURM_TEST_FOLDER=$folder
# What a Unix socket is called may have 107 letters.
[ ${#folder} -le 85 ] || { echo "$folder: choose a shorter path" >&2; exit 2; }
case $folder in *[[:space:]]*) echo "$folder: Slurm takes no blanks in a path" >&2; exit 2 ;; esac
if ls "$folder"/run/*.pid >/dev/null 2>&1; then
    echo "$folder: a Slurm was started here; stop it with tests/workflow/slurm/down.sh" >&2
    exit 2
fi
chmod 755 "$folder"
# Nothing is left running where something fails.
down=$(cd "$(dirname "$0")" && pwd)/down.sh
trap '[ $? -eq 0 ] || "$down" "$folder"' EXIT

(umask 077 && head -c 1024 /dev/urandom >"$folder/etc/munge.key")
munged --force --socket="$folder/run/munge" --key-file="$folder/etc/munge.key" \
    --pid-file="$folder/run/munged.pid" --log-file="$folder/log/munged.log" \
    --seed-file="$folder/state/munge.seed" 2>"$folder/log/munged.start"

# Slurm counts device files. Null devices of its own give each job a number in
# CUDA_VISIBLE_DEVICES; where none can be made there is one GPU, the null device.
devices=()
for ((number = 0; number < gpus; number++)); do
    device=$folder/run/gpu$number
    mknod -m 666 "$device" c 1 3 2>/dev/null && devices+=("$device")
done
[ "${#devices[@]}" -gt 0 ] || devices=(/dev/null)
for device in "${devices[@]}"; do
    echo "NodeName=node1 Name=gpu File=$device"
done >"$folder/etc/gres.conf"
# Without a cgroup file system slurmd looks for one in vain, though nothing needs it.
echo "CgroupPlugin=cgroup/v1" >"$folder/etc/cgroup.conf"

# Each task writes down what it was given, so that a test need not ask the job itself.
cat >"$folder/bin/task_prolog" <<SCRIPT
#!/bin/sh
echo "\$SLURM_JOB_ID step=\$SLURM_STEP_ID gpu=\${CUDA_VISIBLE_DEVICES-none}" >>"$folder/log/tasks"
SCRIPT
# The plugin's job step drops SLURM_CONF from the environment of the srun it starts.
srun=$(command -v srun)
cat >"$folder/bin/srun" <<SCRIPT
#!/bin/sh
SLURM_CONF="$folder/etc/slurm.conf" exec "$srun" "\$@"
SCRIPT
chmod 755 "$folder"/bin/*
cat >"$folder/env.sh" <<SCRIPT
export SLURM_CONF="$folder/etc/slurm.conf"
export PATH="$folder/bin:\$PATH"
SCRIPT

cat >"$folder/etc/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
AuthType=auth/munge
AuthInfo=socket=$folder/run/munge
CredType=cred/munge
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
TaskProlog=$folder/bin/task_prolog
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/log/jobs
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
# A job over its memory is killed, as cgroups would.
JobAcctGatherParams=OverMemoryKill
# squeue is asked for jobs that are over: nothing keeps an account of them.
MinJobAge=3600
KillWait=2
ReturnToService=2
MailProg=/bin/true
SlurmdParameters=config_overrides
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
GresTypes=gpu
NodeName=node1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=$cpus RealMemory=$memory_mib Gres=gpu:${#devices[@]} State=UNKNOWN
PartitionName=main Nodes=node1 Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/etc/slurm.conf
slurmctld 2>>"$folder/log/start"
slurmd -N node1 2>>"$folder/log/start"
for _ in $(seq 100); do
    [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && exit 0
    sleep 0.2
done
echo "the node did not come up:" >&2
tail -n 20 "$folder"/log/* >&2
exit 4
