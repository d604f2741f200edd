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
    answer=$(bjobs -noheader -o stat "$job" 2>&1)
    case $answer in
        *not\ found*) state=EXIT ;;
        *) state=$(echo "$answer" | grep -xE '[A-Z]+') || state=RUN ;;
    esac
elif command -v qacct >/dev/null; then # SGE
    answer=$(qstat -j "$job" 2>&1)
    case $answer in
        *do\ not\ exist*) state=$(qacct -j "$job" 2>/dev/null | awk '$1 == "exit_status" {print ($2 == 0) ? "COMPLETED" : "FAILED"}') ;;
        *) state=RUNNING ;;
    esac
else # PBS
    answer=$(qstat -x -f "$job" 2>&1)
    state=$(echo "$answer" |
        awk '$1 == "job_state" {state = $3} $1 == "Exit_status" {code = $3}
             END {print (state == "F") ? ((code == 0) ? "COMPLETED" : "FAILED") : (state ? "RUNNING" : "")}')
    case $answer in
        *[Uu]nknown\ [Jj]ob*) ;;
        *) state=${state:-RUNNING} ;;
    esac
fi
case $state in
    COMPLETED | DONE) echo success ;;
    PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUE* | RESIZING | SIGNALING) echo running ;;
    STAGE_OUT | STOPPED | SPECIAL_EXIT | RESV_DEL_HOLD | PEND | RUN | *SUSP | UNKWN) echo running ;;
    *) echo failed ;;
esac
