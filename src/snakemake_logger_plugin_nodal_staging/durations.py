"""How long the jobs of each study took, kept for the next run in the same folder."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

MEMORY = Path(".snakemake/nodal_staging/durations.json")


def remembered(study: str, network: str, memory: Path = MEMORY) -> dict[str, float]:
    """Return the mean seconds of each rule in the last runs; empty if not known.

    Parameters
    ----------
    study
        Folder of its results.
    network
        Cost of the network: durations of another one do not count.
    memory
        File that :func:`remember` has written.
    """
    return _studies(memory).get(_key(study, network), {})


def remember(
    study: str, network: str, seconds: Mapping[str, float], memory: Path = MEMORY
) -> None:
    """Keep the mean seconds of the rules that ran, next to those of other rules."""
    studies = _studies(memory)
    key = _key(study, network)
    studies[key] = studies.get(key, {}) | dict(seconds)
    memory.parent.mkdir(parents=True, exist_ok=True)
    half = memory.with_suffix(f".{os.getpid()}")
    half.write_text(json.dumps(studies, indent=1, sort_keys=True), encoding="utf-8")
    half.replace(memory)


def _key(study: str, network: str) -> str:
    return f"{study}, {network}"


def _studies(memory: Path) -> dict[str, dict[str, float]]:
    """Read the file; one that is damaged or of another kind counts as none."""
    try:
        found = json.loads(memory.read_text(encoding="utf-8"))
        return {
            str(study): {str(rule): float(seconds) for rule, seconds in rules.items()}
            for study, rules in found.items()
        }
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
