"""Jobs in words, and the seconds they are expected to take."""

import re
from collections.abc import Mapping

from nodal_staging.study.classifier_names import printed

JOBS: dict[str, tuple[str, float]] = {
    "draw_cohort": ("Synthetic cohort", 5),
    "simulate_exams": ("Simulation of exams, {shard}", 32),
    "simulate_readers": ("Simulation of readers", 2),
    "read_label_names": ("Names of labels, {shard}", 3),
    "gather_label_names": ("Names of labels, all shards", 2),
    "check_sheets": ("Check of the sheets", 2),
    "inspect_exams": ("Inspection of exams, {shard}", 14),
    "accept_exams": ("Acceptance of exams", 2),
    "accept_second_look": ("Second look", 2),
    "select_cohort": ("Inclusion criteria", 2),
    "describe_cohort": ("Description of the cohort", 3),
    "picture_exams": ("Nodes of the check page, {shard}", 10),
    "assess_cohort": ("What the cohort can support", 5),
    "write_check": ("Report of the check", 3),
    "measure_nodes": ("Measurement of nodes, {shard}", 4),
    "gather_nodes": ("Measurements of all shards", 2),
    "check_uptake": ("Comparison of uptake and status", 2),
    "flag_nodes": ("Check of the masks", 2),
    "gather_losses": ("List of lost nodes", 2),
    "accept_nodes": ("Acceptance of nodes", 2),
    "extract_patches": ("Patches, {shard}", 11),
    "gather_slabs": ("Central slices of all patches", 3),
    "measure_radiomics": ("Radiomics features of all nodes", 9),
    "make_datasets": ("Test set and training sets", 3),
    "list_all_test_nodes": ("All nodes of the test patients", 3),
    "certify_datasets": ("Leakage certificate", 3),
    "choose_examples": ("Choice of example nodes", 2),
    "simulate_examples": ("Simulation of example exams", 5),
    "picture_examples": ("Pictures of example exams", 3),
    "write_recipe": ("Recipe of the {cnn}", 2),
    "train_cnn": ("Training of the {cnn}", 27),
    "train_folds": ("{cnn}, {folds}", 32),
    "score_cnn": ("Scores of the {cnn}", 4),
    "write_candidate": ("Candidate {candidate}, recipe of the {cnn}", 2),
    "train_candidate": ("Candidate {candidate}, {cnn}, {folds}", 32),
    "rank_candidates": ("Ranking of the candidates", 3),
    "score_forest": ("Scores of the random forest, {forest}", 4),
    "score_logistic": ("Scores of the logistic regression", 3),
    "score_radiomics": ("Scores of the radiomics models", 5),
    "score_radiomics_forest": ("Scores of the radiomics forest, {training}", 6),
    "score_baselines": ("Scores of single measurements", 3),
    "score_reader": ("Ratings of {reader}", 3),
    "make_reader_page": ("Page for readers", 15),
    "import_readings": ("Answers of readers", 3),
    "study_reading": ("Agreement, times and learning of readers", 4),
    "import_scores": ("Scores of {external}", 3),
    "compute_statistics": ("Statistics of {classifier}", 6),
    "compute_simple_statistics": ("Statistics of the classifiers without images", 12),
    "compare_classifiers": ("McNemar's tests", 4),
    "compare_aucs": ("Comparison of AUCs", 6),
    "compute_subgroups": ("Subgroups", 6),
    "stage_patients": ("Stages of the patients", 4),
    "recompute_statistics": ("Second computation of the statistics", 8),
    "list_remarks": ("List of implausible results", 2),
    "tabulate_results": ("Table 1", 3),
    "draw_calibration": ("Calibration figure", 4),
    "draw_decision_curves": ("Decision curves", 4),
    "draw_subgroups": ("Subgroup figure", 4),
    "compute_precision": ("Precision", 6),
    "study_readers": ("Reader study", 6),
    "draw_readers": ("Reader figure", 4),
    "permute_labels": ("Permuted labels for the {cnn}", 2),
    "train_permuted": ("Training of the {cnn} with permuted labels", 27),
    "explain_cnn": ("Heatmaps of the {cnn} and their checks", 32),
    "measure_localisation": ("Localisation of the heatmaps", 4),
    "audit_heatmaps": ("Audit of the heatmaps", 4),
    "tabulate_patterns": ("Table of patterns", 3),
    "render_copies": ("Copies of nodes at every location", 32),
    "score_copies": ("Scores of the CNNs for copies of nodes", 6),
    "score_transplants": ("Scores of the CNNs for transplanted nodes", 8),
    "calibrate_transplants": ("Calibration of the transplants", 4),
    "measure_counterfactual": ("Effect of the location on scores", 6),
    "draw_counterfactual": ("Figure of the effect of the location", 4),
    "measure_feature_stability": ("Stability of radiomics features", 20),
    "measure_robustness": ("Robustness of calls and scores", 22),
    "audit_ceilings": ("Comparison with ceilings", 3),
    "measure_decodability": ("Probe of the CNNs for the location", 60),
    "audit_location": ("Comparison within locations", 4),
    "measure_shortcut": ("What each AUC owes to the location", 4),
    "measure_ball": ("Size of the ball that hides every node", 6),
    "train_on_surroundings": ("Training of the {cnn} on the surroundings", 110),
    "score_views": ("Scores of the views of the test nodes", 25),
    "measure_matrix": ("Shortcut matrix", 5),
    "reweight_mixes": ("Results under other mixes of locations", 6),
    "rehearse_audit": ("Rehearsals of the audit", 16),
    "write_verdict": ("Verdict of the audit", 3),
    "draw_figure_1": ("Figure 1", 4),
    "draw_figure_2": ("Figure 2", 3),
    "draw_figure_3": ("Figure 3", 4),
    "draw_figure_4": ("Figure 4", 8),
    "draw_figure_5": ("Figure 5", 4),
    "draw_figure_6": ("Figure 6", 5),
    "draw_figure_7": ("Figure 7", 5),
    "draw_unsigned_heatmaps": ("Figures 6 and 7 in one colour", 6),
    "draw_faithfulness": ("Faithfulness figure", 4),
    "draw_shortcut_matrix": ("Figure of the shortcut matrix", 4),
    "draw_mixes": ("Figure of the mixes of locations", 4),
    "draw_robustness": ("Robustness figure", 4),
    "draw_training": ("Training figure", 4),
    "draw_uptake": ("Uptake figure", 4),
    "draw_phantom_gallery": ("Phantom gallery", 20),
    "draw_share": ("Training sets with {percent}% of the patients, draw {repeat}", 3),
    "write_share_recipe": (
        "Recipe of the {cnn}, {percent}%, draw {repeat}",
        2,
    ),
    "train_share": ("Training of the {cnn}, {percent}%, draw {repeat}", 27),
    "score_share": ("Scores of the {cnn}, {percent}%, draw {repeat}", 4),
    "gather_learning_curve": ("Learning curve", 5),
    "draw_learning_curve": ("Learning curve figure", 4),
    "write_refit_recipe": ("Recipe of the {cnn}, training {refit}", 2),
    "train_refit": ("Training {refit} of the {cnn}", 27),
    "score_refit": ("Scores of the {cnn}, training {refit}", 4),
    "compare_refits": ("Comparison of the trainings", 4),
    "compare_aucs_of_refit": ("Differences of AUCs, training {refit}", 4),
    "compare_classifiers_of_refit": ("McNemar's tests, training {refit}", 4),
    "audit_location_of_refit": ("AUCs within locations, training {refit}", 5),
    "replay_images": ("Training images of the {cnn}", 10),
    "compare_with_simple": ("CNNs and the best simple classifiers", 4),
    "correct_for_reference": ("Correction for errors of PET", 4),
    "write_scorecard": ("Scorecard", 4),
    "check_claims": ("Claims of the paper", 4),
    "recover_counts": ("Counts behind a published table", 20),
    "record_provenance": ("Provenance record", 5),
    "compare_studies": ("Comparison of two studies", 5),
    "write_report": ("Report", 6),
    "read_new_labels": ("Names of labels of new exams, {shard}", 3),
    "gather_new_labels": ("Names of labels of new exams, all shards", 2),
    "check_new_sheets": ("Check of the sheets of new exams", 2),
    "inspect_new_exams": ("Inspection of new exams, {shard}", 14),
    "select_new_exams": ("Selection of new exams", 2),
    "measure_new_nodes": ("Measurement of new nodes, {shard}", 4),
    "extract_new_patches": ("Patches of new nodes, {shard}", 11),
    "gather_new_slabs": ("Central slices of new patches", 3),
    "gather_new_losses": ("List of lost new nodes", 2),
    "flag_new_nodes": ("Check of the masks of new nodes", 2),
    "describe_training_images": ("Description of the training images of the {cnn}", 10),
    "predict_nodes": ("Scores of new nodes, {cnn}", 12),
    "check_threshold_range": ("Check of the thresholds for new nodes", 3),
    "list_unscored": ("List of new exams and nodes without scores", 2),
    "verify_frozen_study": ("Check that the study is unchanged", 3),
    "describe_frozen_images": ("Description of the training images of the {cnn}", 10),
    "predict_external_nodes": ("Scores of nodes of the other cohort, {cnn}", 12),
    "measure_transport": ("Comparison of the study with the other cohort", 5),
}
"""By rule: the work of a job, and its seconds on one core in the demonstration."""

EXPECTED_SECONDS = {rule: seconds for rule, (_, seconds) in JOBS.items()}

CNNS = {
    "status_balanced": "status-balanced CNN",
    "location_balanced": "location-balanced CNN",
    "xmask": "xMask CNN",
}
SHARD = re.compile(r"(\d+)-of-(\d+)")


class _Wildcards(dict[str, str]):
    """Wildcards of a job in words; a missing one is left out."""

    def __missing__(self, key: str) -> str:
        return ""


def in_words(rule: str, wildcards: Mapping[str, str]) -> str:
    """Name a job for people.

    Examples
    --------
    >>> in_words("train_folds", {"cnn": "xmask", "folds": "1-2"})
    'xMask CNN, folds 1-2'
    >>> in_words("compute_statistics", {"classifier": "cnn_xmask"})
    'Statistics of CNN, xMask'
    >>> in_words("measure_nodes", {"scatteritem": "3-of-8"})
    'Measurement of nodes, shard 3 of 8'
    >>> in_words("a_new_rule", {"sample": "A"})
    'a new rule, A'
    """
    if rule not in JOBS:
        return ", ".join([rule.replace("_", " "), *map(str, wildcards.values())])
    words = _Wildcards({key: str(value) for key, value in wildcards.items()})
    for key in ("classifier", "external", "reader"):
        if key in words:
            words[key] = printed(words[key])
    if "folds" in words:
        words["folds"] = f"fold{'s' * ('-' in words['folds'])} {words['folds']}"
    if "forest" in words:
        words["forest"] = words["forest"].replace("_", " ")
    words["cnn"] = CNNS.get(words["cnn"], words["cnn"])
    if shard := SHARD.fullmatch(words["scatteritem"]):
        words["shard"] = f"shard {shard[1]} of {shard[2]}"
    text = JOBS[rule][0].format_map(words)
    return text if text.startswith("xMask") else text[:1].upper() + text[1:]
