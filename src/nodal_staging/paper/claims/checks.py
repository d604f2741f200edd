"""One check for each claim of the paper.

C1 to C6 are the paper's; C7 and C8 follow from its reading of its own results and were
never tested there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nodal_staging.paper.claims.controls import chosen_beforehand
from nodal_staging.paper.claims.evidence import Evidence
from nodal_staging.paper.claims.rules import (
    FAILS,
    HALFWAY,
    HOLDS,
    OPEN,
    Estimate,
    Part,
    Verdict,
    above,
    below,
    together,
)
from nodal_staging.study.classifier_names import CNNS, printed
from nodal_staging.tables.intervals import with_interval
from nodal_staging.tables.rounding import equated

STATUS, LOCATION, XMASK = CNNS
RF_STATUS, RF_LOCATION = "rf_status_balanced", "rf_location_balanced"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check found.

    Attributes
    ----------
    verdict
        On the claim as a whole.
    parts
        The numbers that it rests on; empty where it is a count.
    remarks
        What else to know, in sentences without a full stop.
    """

    verdict: Verdict
    parts: Sequence[Part] = ()
    remarks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim in words, the rule that decides it, and the check."""

    key: str
    text: str
    rule: str
    check: Callable[[Evidence], Answer]


def _rests_on(*parts: Part, remarks: Sequence[str] = ()) -> Answer:
    return Answer(together([part.verdict for part in parts]), parts, remarks)


def _c1(found: Evidence) -> Answer:
    return _rests_on(
        above(found.auc_difference(STATUS, LOCATION), 0),
        above(found.auc_difference(STATUS, XMASK), 0),
    )


def _c2(found: Evidence) -> Answer:
    binary = ", ".join(
        f"{found.statistics[name]['binary_auc']['estimate']:.3f} {training}"
        for name, training in (
            (RF_STATUS, "status balanced"),
            (RF_LOCATION, "location balanced"),
        )
    )
    return _rests_on(
        above(found.auc(RF_STATUS), HALFWAY),
        below(found.auc(RF_LOCATION), HALFWAY),
        remarks=[f"the binary AUC that the paper prints: {binary}"],
    )


def _c3(found: Evidence) -> Answer:
    return _rests_on(
        above(found.auc_difference(LOCATION, RF_LOCATION), 0),
        above(found.site_matched(LOCATION), 0.5),
        remarks=[_over_simple(found, cnn) for cnn in (STATUS, LOCATION, XMASK)],
    )


def _over_simple(found: Evidence, cnn: str) -> str:
    """Say what a CNN adds to the best simple classifier of the same training nodes."""
    compared = found.over_simple(cnn)
    if compared is None:
        return f"no simple classifier has the training nodes of {printed(cnn)}"
    best, difference = compared
    number = with_interval(difference.value, difference.lower, difference.upper)
    verdicts = {HOLDS: "better", FAILS: "worse", OPEN: "not shown to differ"}
    return (
        f"{printed(cnn)} less the best simple classifier out of fold, {printed(best)}: "
        f"{number}, {verdicts[above(difference, 0).verdict]}"
    )


def _c4(found: Evidence) -> Answer:
    sides = {"status_balanced": below, "location_balanced": above, "xmask": above}
    answered = [_on_node(found, cnn, claimed) for cnn, claimed in sides.items()]
    remarks = [words for _, words in answered if words]
    masks = [share for cnn in sides if (share := found.mask_share(cnn)) is not None]
    if masks:
        shares = ", ".join(f"{100 * share:.0f}" for share in masks)
        remarks.append(
            "maps are of the CT alone; the mask is a channel of the input too, which "
            "shows the CNNs where the node is and has "
            f"{shares}% of all absolute relevance"
        )
    return _rests_on(*(part for part, _ in answered), remarks=remarks)


def _on_node(
    found: Evidence, cnn: str, claimed: Callable[[Estimate, float], Part]
) -> tuple[Part, str]:
    """Set a CNN against the control that was chosen beforehand; quote all."""
    controls = found.over_controls(cnn)
    name = printed(f"cnn_{cnn}")
    if not controls:
        nothing = Estimate(f"relevance on the node, {name}", None, None, None)
        return claimed(nothing, 0), ""
    chosen = chosen_beforehand(controls)
    quoted = ", ".join(f"{one.control} {one.share:.3f}" for one in controls)
    return claimed(
        chosen.difference, 0
    ), f"share on the node, controls of {name}: {quoted}"


def _c5(found: Evidence) -> Answer:
    overlap = found.volume_overlap()
    return _rests_on(
        below(found.volume(), HALFWAY),
        remarks=[
            f"the distributions of volume have {100 * overlap:.0f}% in common "
            "(histograms of ten equally full bins)"
        ],
    )


def _c6(found: Evidence) -> Answer:
    tests = found.comparisons
    tested = tests[tests["status"] != "not_tested"]
    significant = tested[tested["significant"] == "yes"]
    smallest = tested["p_corrected"].min()
    verdict: Verdict = OPEN if tested.empty else FAILS if len(significant) else HOLDS
    remarks = [f"{len(significant)} of {len(tested)} pairs are significant"]
    if len(tested):
        remarks.append(f"the smallest corrected p {equated(smallest)}")
        remarks.append(
            "a test that is not significant does not show that classifiers are alike; "
            "the precision of the study says what this size can detect"
        )
    return Answer(verdict, remarks=remarks)


def _c7(found: Evidence) -> Answer:
    plain = found.auc(STATUS)
    return _rests_on(
        below(found.site_matched(STATUS), HALFWAY),
        remarks=[f"over all pairs its AUC is {plain.value:.3f}"],
    )


def _c8(found: Evidence) -> Answer:
    beyond = [above(found.halo_beyond(name), 0) for name in found.halo_controls()]
    outside = found.outside("integrated_gradients_fill")
    remarks = [
        "PatternAttribution gives relevance to constant pixels by construction, since "
        "patterns of a convolution are the same everywhere"
    ]
    if outside is not None:
        remarks.append(
            "integrated gradients from the fill of the mask, which give constant "
            f"pixels none by construction, have {outside:.3f} outside the node"
        )
    return _rests_on(*beyond, above(found.score_by_volume(), 0), remarks=remarks)


CLAIMS = (
    Claim(
        "C1",
        "The status-balanced CNN has a higher AUC than the location-balanced and the "
        "xMask CNN.",
        "Both differences of AUC, over patients, lie above 0.",
        _c1,
    ),
    Claim(
        "C2",
        "The status-balanced forest is good, the location-balanced one near chance.",
        f"The AUC of the former lies above, that of the latter below {HALFWAY}, half "
        "the way from chance to perfect.",
        _c2,
    ),
    Claim(
        "C3",
        "The location-balanced CNN is far above the location-balanced forest, so it "
        "reads the node.",
        "The difference of AUC, over patients, lies above 0, and the AUC of the CNN "
        "within locations above 0.5.",
        _c3,
    ),
    Claim(
        "C4",
        "The status-balanced CNN attends to what lies outside the node, the two others "
        "to the node.",
        "The share of relevance on the node less that of the centre map (without it, "
        "of the first control), a control chosen before anything was measured, on the "
        "same nodes, lies below 0 for the former and above 0 for both others.",
        _c4,
    ),
    Claim(
        "C5",
        "The volumes of positive and negative nodes overlap widely.",
        f"The AUC of the volume alone lies below {HALFWAY}.",
        _c5,
    ),
    Claim(
        "C6",
        "No pair of CNNs and readers differs significantly in McNemar's test.",
        "No corrected p lies below the configured significance.",
        _c6,
    ),
    Claim(
        "C7",
        "The status-balanced CNN fails where the location is uninformative.",
        f"Its AUC within locations lies below {HALFWAY}.",
        _c7,
    ),
    Claim(
        "C8",
        "The halo around masked nodes is attention to their size.",
        "The halo of the trained xMask CNN exceeds that of every control network, "
        "and its score rises with volume among negative nodes.",
        _c8,
    ),
)
