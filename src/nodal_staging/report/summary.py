"""The study in a few lines, all of them read from its files."""

from collections import Counter

from nodal_staging import tables
from nodal_staging.audit.localisation import LOCALISATION
from nodal_staging.claims.rules import FAILS, HOLDS, OPEN
from nodal_staging.classifier_names import printed
from nodal_staging.files import read_json
from nodal_staging.heatmap_names import method_name
from nodal_staging.report.artefacts import Artefacts
from nodal_staging.report.audit import findings
from nodal_staging.report.parts import Items, Part

EDGES = "edges"


def summary(study: Artefacts) -> list[Part]:
    """Return the verdict on each CNN, the count of claims, a caution on heatmaps."""
    return ["In short:", Items((*findings(study), _claims(study), _heatmaps(study)))]


def _claims(study: Artefacts) -> str:
    """Count the claims by verdict, and name them."""
    verdicts = {
        claim["key"]: claim["verdict"] for claim in read_json(study.answers)["claims"]
    }
    counts = Counter(verdicts.values())
    told = (
        f"{counts[verdict]} {words} ({', '.join(_of(verdicts, verdict))})"
        if counts[verdict]
        else f"none {words}"
        for verdict, words in (
            (HOLDS, "hold here"),
            (FAILS, "do not hold"),
            (OPEN, "cannot be told at this size"),
        )
    )
    return f"Of the paper’s {len(verdicts)} claims, {'; '.join(told)}."


def _of(verdicts: dict[str, str], verdict: str) -> list[str]:
    return [key for key, found in verdicts.items() if found == verdict]


def _heatmaps(study: Artefacts) -> str:
    """Hold the heatmaps against a map of edges, which knows of no network."""
    frame = tables.read(study.localisation, LOCALISATION)
    whole = frame[(frame["region"] == "node") & (frame["group"] == "all")]
    first = str(whole["method"].iloc[0])
    own = whole[whole["method"] == first].set_index("cnn")
    edges = whole[whole["method"] == EDGES].set_index("cnn")["enrichment"]
    beyond = own["enrichment_lower"] > edges.reindex(own.index)
    named = [printed(f"cnn_{cnn}") for cnn in own.index[beyond]]
    which = f" ({'; '.join(named)})" if named else ""
    return (
        f"Heatmaps are to be read with caution: {method_name(first)} lies on the node "
        "more than an edge map of the image does, which knows of no network, for "
        f"{len(named)} of {len(own)} CNNs{which}."
    )
