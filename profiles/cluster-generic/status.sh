#!/bin/sh
# Say of a job: running, success or failed. Takes the number that the scheduler gave.
# A job that the scheduler has forgotten counts as failed, so that it is never lost; a
# scheduler that does not answer says nothing of a job, which may still be running.
job=$1
if command -v scontrol >/dev/null; then # Slurm
    answer=$(scontrol show job --oneliner "$job" 2>&1)
    state=$(echo "$answer" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p')
    case $state$answer in
        *[Ii]nvalid\ [Jj]ob*) ;;
        *) state=${state:-RUNNING} ;;
    esac
elif command -v bjobs >/dev/null; then # LSF
    state=$(bjobs -noheader -o stat "$job" 2>/dev/null)
elif command -v qacct >/dev/null; then # SGE
    if qstat -j "$job" >/dev/null 2>&1; then state=RUNNING
    else state=$(qacct -j "$job" 2>/dev/null | awk '$1 == "exit_status" {print ($2 == 0) ? "COMPLETED" : "FAILED"}')
    fi
else # PBS
    state=$(qstat -x -f "$job" 2>/dev/null |
        awk '$1 == "job_state" {state = $3} $1 == "Exit_status" {code = $3}
             END {print (state == "F") ? ((code == 0) ? "COMPLETED" : "FAILED") : (state ? "RUNNING" : "")}')
fi
case $state in
    COMPLETED | DONE) echo success ;;
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUE* | RESIZING | SIGNALING) echo running ;;
    STAGE_OUT | STOPPED | SPECIAL_EXIT | RESV_DEL_HOLD | PEND | RUN | *SUSP) echo running ;;
    *) echo failed ;;
esac
