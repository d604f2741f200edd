"""What to open after a run."""

from collections.abc import Mapping, Sequence

OPEN: dict[str, tuple[str, str]] = {
    "write_report": ("Report", ".html"),
    "tabulate_results": ("Table 1", "table_1.html"),
    "draw_figure_5": ("Figure 5", ".pdf"),
    "write_check": ("Check", ".html"),
    "draw_figure_1": ("Figure 1", ".pdf"),
    "draw_figure_2": ("Figure 2", ".pdf"),
    "draw_figure_3": ("Figure 3", ".pdf"),
    "draw_figure_4": ("Figure 4", ".pdf"),
    "draw_figure_6": ("Figure 6", ".pdf"),
    "draw_figure_7": ("Figure 7", ".pdf"),
    "predict_nodes": ("Predictions", ".csv"),
    "measure_transport": ("External validation", ".tsv"),
    "study_readers": ("Reader study", ".html"),
    "compute_precision": ("Precision", ".html"),
    "write_scorecard": ("Scorecard", ".html"),
    "check_claims": ("Claims", ".html"),
    "rank_candidates": ("Leaderboard", ".html"),
    "draw_learning_curve": ("Learning curve", ".pdf"),
    "recover_counts": ("Recovered counts", ".html"),
    "compare_studies": ("Comparison", ".html"),
    "draw_phantom_gallery": ("Phantom gallery", ".pdf"),
}
"""By rule, most important first: name of the result, and ending of its file."""
AFTER_A_REPORT = 3
"""With the report, which contains the others, only the first ones are listed."""


def to_open(outputs: Mapping[str, Sequence[str]]) -> list[str]:
    """Return lines with the results of a run that people open.

    Parameters
    ----------
    outputs
        Files that each rule has written in this run.
    """
    found = []
    for rule, (name, ending) in OPEN.items():
        found += [
            (name, path) for path in outputs.get(rule, ()) if path.endswith(ending)
        ]
    if "write_report" in outputs:
        found = found[:AFTER_A_REPORT]
    return [f"  {name + ':':<18}{path}" for name, path in found]
