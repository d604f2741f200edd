"""The report on one page, and the provenance of every result.

INPUTS   everything above
OUTPUTS  report.html      self-contained, offline
         provenance.json  configuration, versions, seeds, sums of inputs and artefacts
"""

# Answers of the audit whose sums are recorded; the last ones only where there are any.
AUDITED = [
    "location.tsv",
    "shortcut.tsv",
    "reweighted.tsv",
    "power.tsv",
    "localisation.tsv",
    "localisation_differences.tsv",
    "localisation_controls.tsv",
    "randomisation.tsv",
    "faithfulness.tsv",
    "halo.tsv",
    "robustness.tsv",
    "robustness_nodes.tsv",
    "robustness_stability.tsv",
    "robustness_scores.h5",
    "robustness_examples.h5",
    "verdict.json",
    "claims.json",
    "counterfactual.tsv",
    "counterfactual_effects.tsv",
    *(["ceilings.tsv", "transplants.tsv"] if SYNTHETIC else []),
    *(["patterns.tsv"] if PATTERN_TABLE else []),
    *(["shortcut_matrix.tsv", "shortcut_matrix.json"] if MATRIX_SHOWN else []),
]

# Rules whose results come before the record of provenance, which lists their versions.
RECORDED = [
    "audit_ceilings",
    "audit_heatmaps",
    "audit_location",
    "audit_location_of_refit",
    "calibrate_transplants",
    "check_claims",
    "check_sheets",
    "compare_aucs",
    "compare_aucs_of_refit",
    "compare_classifiers",
    "compare_classifiers_of_refit",
    "compare_refits",
    "compare_with_simple",
    "compute_simple_statistics",
    "compute_statistics",
    "draw_cohort",
    "explain_cnn",
    "extract_patches",
    "gather_label_names",
    "gather_nodes",
    "gather_slabs",
    "import_readings",
    "import_scores",
    "inspect_exams",
    "list_all_test_nodes",
    "make_datasets",
    "measure_ball",
    "measure_counterfactual",
    "measure_localisation",
    "measure_matrix",
    "measure_nodes",
    "measure_radiomics",
    "measure_robustness",
    "measure_shortcut",
    "permute_labels",
    "rank_candidates",
    "rehearse_audit",
    "reweight_mixes",
    "read_label_names",
    "render_copies",
    "score_baselines",
    "score_cnn",
    "score_copies",
    "score_forest",
    "score_logistic",
    "score_radiomics",
    "score_radiomics_forest",
    "score_reader",
    "score_refit",
    "score_transplants",
    "score_views",
    "simulate_exams",
    "simulate_readers",
    "tabulate_patterns",
    "tabulate_results",
    "train_candidate",
    "train_cnn",
    "train_folds",
    "train_on_surroundings",
    "train_permuted",
    "train_refit",
    "write_candidate",
    "write_recipe",
    "write_refit_recipe",
    "write_verdict",
]


rule record_provenance:
    """Record configuration, versions, seeds, and sums of inputs and artefacts."""
    input:
        sheets="<results>/cohort/sheets.json",
        nodes="<results>/nodes.tsv",
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        patterns=collect(PATTERN_FILE, cnn=CNNS) if PATTERN_FILE else [],
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        audit=collect("<results>/audit/{name}", name=AUDITED),
        refits=REFIT_TABLES,
        table_1="<results>/tables/table_1.tsv",
    output:
        "<results>/provenance.json",
    log:
        "<logs>/record_provenance.log",
    conda:
        "../../envs/stats.yaml"
    resources:
        **SMALL_JOB,
    params:
        config=deciding_options(config),
        software=own_software(),
        recorded=RECORDED,
        code=version_of("record_provenance"),
    script:
        "../scripts/report/record_provenance.py"


rule write_report:
    """Write the report of the study on one offline page."""
    input:
        flow="<results>/cohort/flow.json",
        characteristics="<results>/cohort/characteristics.tsv",
        certificate="<results>/datasets/certificate.json",
        balance="<results>/datasets/balance.tsv",
        nodes="<results>/nodes.tsv",
        lost=LOST_NODES,
        node_flags=NODE_FLAGS,
        remarks=REMARKS,
        figures=collect("<results>/figures/{name}.svg", name=ILLUSTRATED),
        classifiers=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        mcnemar="<results>/statistics/mcnemar.tsv",
        claims="<results>/audit/claims.json",
        table_1="<results>/tables/table_1.tsv",
        subgroups="<results>/statistics/subgroups.tsv",
        scorecard="<results>/tables/scorecard.tsv",
        refits=REFIT_TABLES[:1],
        refit_spread=REFIT_TABLES[1:],
        reference="<results>/tables/reference.tsv",
        precision="<results>/statistics/precision.tsv",
        detectable="<results>/statistics/detectable.tsv",
        readers=READER_TABLES,
        disagreements="<results>/cohort/uptake_disagreements.tsv",
        histories=collect("<results>/models/{cnn}/history.tsv", cnn=CNNS),
        folds=collect(
            "<results>/models/{cnn}/folds/{folds}.history.tsv", cnn=CNNS, folds=FOLDS
        ),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        auc_differences="<results>/statistics/auc_differences.tsv",
        over_simple="<results>/statistics/over_simple.tsv",
        simple_choice="<results>/statistics/simple_choice.tsv",
        location="<results>/audit/location.tsv",
        shortcut="<results>/audit/shortcut.tsv",
        reweighted="<results>/audit/reweighted.tsv",
        matrix=MATRIX_SHOWN[:1],
        matrix_reading=MATRIX_SHOWN[1:],
        power="<results>/audit/power.tsv",
        localisation="<results>/audit/localisation.tsv",
        localisation_differences="<results>/audit/localisation_differences.tsv",
        localisation_controls="<results>/audit/localisation_controls.tsv",
        randomisation="<results>/audit/randomisation.tsv",
        faithfulness="<results>/audit/faithfulness.tsv",
        halo="<results>/audit/halo.tsv",
        robustness="<results>/audit/robustness.tsv",
        stability="<results>/audit/robustness_stability.tsv",
        examples="<results>/audit/robustness_examples.h5",
        patterns=PATTERN_TABLE,
        verdict="<results>/audit/verdict.json",
        ceilings=CEILINGS,
        effects=EFFECTS,
        calibration=CALIBRATION,
        recomputation=RECOMPUTATION,
        provenance="<results>/provenance.json",
    output:
        report(
            "<results>/report.html",
            caption="../report/write_report.rst",
            category="Report",
            labels={"item": "Report", "content": "the whole study on one page"},
        ),
    log:
        "<logs>/write_report.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        study=setting("study"),
        cnns=CNNS,
        classifiers=CLASSIFIERS,
        figures=ILLUSTRATED,
        cutoff_suv=setting("cohort/suv_cutoff"),
        significance=SIGNIFICANCE,
        code=version_of("write_report"),
    script:
        "../scripts/report/write_report.py"


localrules:
    table_1,
    report,


rule table_1:
    """Target: Table 1 of the paper."""
    input:
        "<results>/tables/table_1.html",
        "<results>/tables/table_1.tsv",


rule report:
    """Target: The report."""
    input:
        "<results>/report.html",
