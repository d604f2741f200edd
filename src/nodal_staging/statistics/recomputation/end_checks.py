"""Ends of intervals, computed a second time."""

from nodal_staging.statistics.recomputation import second_estimates as second
from nodal_staging.statistics.recomputation.ledger import Written
from nodal_staging.statistics.recomputation.second_draws import GENERATOR, limits
from nodal_staging.statistics.recomputation.ways import (
    BY_PROC,
    EXACT_SHARE,
    LOOPS,
    RANKS,
    Block,
    FloatArray,
)


def check_intervals(
    written: Written, name: str, block: Block, placed: second.Placed
) -> None:
    """Compare DeLong's and Obuchowski's errors and intervals of an area."""
    of = block["intervals"]
    error, lower, upper = second.delong_ends(placed, of["delong"]["level"])
    written.same(f"{name}/standard_error/delong", error, RANKS)
    written.same(f"{name}/intervals/delong/lower", lower, RANKS)
    written.same(f"{name}/intervals/delong/upper", upper, RANKS)
    clustered, _ = second.clustered_error(placed)
    written.same(f"{name}/standard_error/obuchowski", clustered, LOOPS)
    ends = second.logit_ends(placed, of["obuchowski_logit"]["level"])
    for end, value in zip(("lower", "upper"), ends, strict=True):
        written.same(f"{name}/intervals/obuchowski_logit/{end}", value, LOOPS)


def of_agreement(one: Block) -> tuple[str, str]:
    """Say whether the job that wrote a file compared pROC's draws with others."""
    if one.get("agreement", {}).get("bootstrap_difference") is None:
        return "not_recomputed", "the file does not say that it was compared"
    return "checked_before", BY_PROC


def check_ends(
    written: Written,
    start: str,
    block: Block,
    values: FloatArray,
    units: int | None = None,
) -> None:
    """Compare a percentile interval over patients, or the exact bound of 0 or 1."""
    written.leave(
        [f"{start}/undefined"], "not_recomputed", "a count of draws without a value"
    )
    if block["lower"] is None:
        written.leave(
            written.below(f"{start}/"), "not_recomputed", "no draw has a value"
        )
        return
    if block.get("method") == "exact_bound_patients" and units:
        bound = second.exact_bound(units, block.get("level", 0.95))
        high = block["upper"] == 1
        written.same(f"{start}/lower", bound if high else 0.0, EXACT_SHARE)
        written.same(f"{start}/upper", 1.0 if high else 1 - bound, EXACT_SHARE)
        return
    for end, probability in interval_ends(block.get("level", 0.95)):
        low, high_end = limits(values, probability, block["replicates"])
        written.within(f"{start}/{end}", low, high_end, GENERATOR)


def interval_ends(level: float) -> tuple[tuple[str, float], tuple[str, float]]:
    """Return the names of the ends of an interval, and the share of draws below."""
    return ("lower", (1 - level) / 2), ("upper", (1 + level) / 2)
