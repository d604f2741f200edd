"""Which folds one job trains, and the name of its files."""


def fold_jobs(folds: int, per_job: int) -> list[str]:
    """Divide folds among jobs; return the name of each.

    Examples
    --------
    >>> fold_jobs(5, 2)
    ['1-2', '3-4', '5']
    """
    jobs = [
        range(first, min(first + per_job, folds + 1))
        for first in range(1, folds + 1, per_job)
    ]
    return ["-".join(map(str, sorted({job[0], job[-1]}))) for job in jobs]


def folds_of(job: str) -> range:
    """Return the folds of a job by its name.

    Examples
    --------
    >>> list(folds_of("3-5"))
    [3, 4, 5]
    """
    first, _, last = job.partition("-")
    return range(int(first), int(last or first) + 1)
