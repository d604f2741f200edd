"""The shortcut audit: does a CNN use the node, or its location?

INPUTS   scores/, statistics/, nodes.tsv, attribution/, raw/truth.json (synthetic only);
         models/, datasets/, radiomics.tsv, patches/<shard>.h5  for the robustness
OUTPUTS  audit/counterfactual.tsv  the same nodes at every location
         audit/counterfactual_effects.tsv  what moves their scores, with intervals
         audit/copies/            these copies, and their scores (synthetic only)
         audit/transplants/       nodes in patches of other patients, and their scores
         audit/transplants.tsv    how well these agree with copies (synthetic only)
         figures/counterfactual.{pdf,svg,png}  their scores by location
         audit/ceilings.tsv       each AUC next to the best that the truth allows
         audit/location.tsv       AUC over pairs of the same location
         refits/<refit>/location.tsv  the same of another training
         audit/shortcut.tsv       what each AUC owes to the location
         audit/decodability.tsv   whether the location can be read from a CNN's last layer
         audit/reweighted.tsv     AUC and calls under other mixes of locations
         figures/mixes.{pdf,svg,png}  the AUCs of all classifiers by mix
         audit/power.tsv          how often a shortcut is found, by its strength
         audit/localisation.tsv   where the heatmaps lie
         audit/localisation_differences.tsv  differences between two CNNs
         audit/localisation_controls.tsv     differences from control maps
         audit/randomisation.tsv  how the heatmaps depend on what was learned
         audit/faithfulness.tsv   whether they name the pixels that matter
         audit/halo.tsv           what lies outside the node, trained or not
         audit/patterns.tsv       how well the patterns of each layer are determined
         audit/robustness.tsv     calls and AUC when HU, centre or mask change
         audit/robustness_nodes.tsv      test nodes that keep their call, or not
         audit/robustness_stability.tsv  how many do, and their accuracy
         audit/radiomics_stability.tsv   features that outline and noise do not change
         audit/robustness_scores.h5      all scores of perturbed nodes
         audit/robustness_examples.h5    images of those that change most
         figures/robustness.{pdf,svg,png}  changes of sensitivity, specificity, AUC
         audit/verdict.json       the verdict on each CNN, and known weaknesses
"""

CEILINGS = "<results>/audit/ceilings.tsv" if SYNTHETIC else []
TRUTH = "<results>/raw/truth.json" if SYNTHETIC else []
# Only where a heatmap is drawn by patterns.
PATTERN_TABLE = "<results>/audit/patterns.tsv" if PATTERN_FILE else []
ROBUSTNESS_FIGURE = multiext("<results>/figures/robustness", ".pdf", ".svg", ".png")


rule audit_ceilings:
    """Compare each classifier with its ceiling; a result above it fails the study."""
    input:
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        truth="<results>/raw/truth.json",
    output:
        "<results>/audit/ceilings.tsv",
    log:
        "<logs>/audit_ceilings.log",
    priority: PRIORITY["results"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        classifiers=CLASSIFIERS,
        readers_see_location=setting("phantom/readers/sees_location"),
        code=version_of("audit_ceilings"),
    script:
        "../scripts/audit/audit_ceilings.py"


EFFECTS = "<results>/audit/counterfactual_effects.tsv"
COUNTERFACTUAL_FIGURE = multiext(
    "<results>/figures/counterfactual", ".pdf", ".svg", ".png"
)
# A node can only be rendered again where the truth is known; other nodes are put into
# patches of other patients, which is calibrated where both can be done.
COPY_KIND = "copies" if SYNTHETIC else "transplants"
CALIBRATION = "<results>/audit/transplants.tsv" if SYNTHETIC else []
# Who scores the copies: external scores and readers cannot, and transplants are images
# for the CNNs alone.
COPY_SCORERS = [f"cnn_{cnn}" for cnn in CNNS]
if SYNTHETIC:
    COPY_SCORERS += [
        *[f"rf_{forest}" for forest in FORESTS],
        "location",
        "logistic_location_volume",
        *[f"radiomics_{training}" for training in RADIOMICS],
    ]


rule render_copies:
    """Render the same nodes at every location, and measure them."""
    input:
        truth="<results>/raw/truth.tsv",
        test="<results>/datasets/test.tsv",
    output:
        copies="<results>/audit/copies/copies.tsv",
        radiomics="<results>/audit/copies/radiomics.tsv",
        patches=temp("<results>/audit/copies/patches.h5"),
    log:
        "<logs>/render_copies.log",
    benchmark:
        "<benchmarks>/render_copies.tsv"
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(3000),
        # A full-size CT takes about 20 s.
        runtime=growing(120),
    params:
        body=setting("phantom/body"),
        ct=setting("phantom/ct"),
        size_mm=setting("patches/size_mm"),
        spacing_mm=setting("patches/spacing_mm"),
        centre=setting("patches/centre"),
        nodes=setting("audit/counterfactual_nodes"),
        renderings=setting("audit/counterfactual_renderings"),
        dosed_nodes=setting("audit/dosed_nodes"),
        seed=setting("seed"),
        code=version_of("render_copies"),
    script:
        "../scripts/phantom/render_copies.py"


rule score_copies:
    """Score the same nodes at every location with the CNNs."""
    input:
        recipes=collect("<results>/models/{cnn}/recipe.json", cnn=CNNS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        copies="<results>/audit/copies/copies.tsv",
        patches="<results>/audit/copies/patches.h5",
    output:
        "<results>/audit/copies/cnn_scores.tsv",
    log:
        "<logs>/score_copies.log",
    benchmark:
        "<benchmarks>/score_copies.tsv"
    priority: PRIORITY["figures"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(3000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        cnns=CNNS,
        code=version_of("score_copies"),
    script:
        "../scripts/audit/score_copies.py"


rule score_transplants:
    """Put nodes into patches of other patients, and score them with the CNNs."""
    input:
        recipes=collect("<results>/models/{cnn}/recipe.json", cnn=CNNS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        copies="<results>/audit/copies/copies.tsv" if SYNTHETIC else [],
        nodes="<results>/nodes.tsv",
        test="<results>/datasets/test.tsv",
        patches=["<results>/audit/copies/patches.h5"] if SYNTHETIC else PATCHES,
    output:
        transplants="<results>/audit/transplants/copies.tsv",
        scores="<results>/audit/transplants/cnn_scores.tsv",
    log:
        "<logs>/score_transplants.log",
    benchmark:
        "<benchmarks>/score_transplants.tsv"
    priority: PRIORITY["figures"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        cnns=CNNS,
        nodes=setting("audit/counterfactual_nodes"),
        renderings=setting("audit/counterfactual_renderings"),
        spacing_mm=setting("patches/spacing_mm"),
        seed=setting("seed"),
        code=version_of("score_transplants"),
    script:
        "../scripts/audit/score_transplants.py"


rule calibrate_transplants:
    """Compare transplants with the exact effect of the location."""
    input:
        copies="<results>/audit/copies/copies.tsv",
        scores="<results>/audit/copies/cnn_scores.tsv",
        transplants="<results>/audit/transplants/copies.tsv",
        transplant_scores="<results>/audit/transplants/cnn_scores.tsv",
    output:
        "<results>/audit/transplants.tsv",
    log:
        "<logs>/calibrate_transplants.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("calibrate_transplants"),
    script:
        "../scripts/audit/calibrate_transplants.py"


rule measure_counterfactual:
    """Measure what moves the scores of a node: the node itself, or its location."""
    input:
        copies=f"<results>/audit/{COPY_KIND}/copies.tsv",
        copied_radiomics="<results>/audit/copies/radiomics.tsv" if SYNTHETIC else [],
        cnn_scores=f"<results>/audit/{COPY_KIND}/cnn_scores.tsv",
        nodes="<results>/nodes.tsv",
        radiomics=FEATURES,
        training=collect("<results>/datasets/{training}.tsv", training=RADIOMICS),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=COPY_SCORERS
        ),
        truth=TRUTH,
    output:
        counterfactual="<results>/audit/counterfactual.tsv",
        effects="<results>/audit/counterfactual_effects.tsv",
    log:
        "<logs>/measure_counterfactual.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        training=RADIOMICS,
        classifiers=COPY_SCORERS,
        trees=setting("forest/trees"),
        max_depth=setting("forest/max_depth"),
        ridge=setting("baselines/ridge"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_counterfactual"),
    script:
        "../scripts/audit/measure_counterfactual.py"


rule draw_counterfactual:
    """Draw the scores of the same nodes at every location."""
    input:
        counterfactual="<results>/audit/counterfactual.tsv",
        effects="<results>/audit/counterfactual_effects.tsv",
    output:
        drawn(
            "counterfactual",
            item="Counterfactual",
            content="same nodes, other locations",
            category="Audit",
        ),
    log:
        "<logs>/draw_counterfactual.log",
    priority: PRIORITY["figures"]
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_counterfactual"),
    script:
        "../scripts/figures/draw_counterfactual.py"


localrules:
    counterfactual,


rule counterfactual:
    """Target: Whether the same node gets another score at another location."""
    input:
        EFFECTS,
        CALIBRATION,
        multiext("<results>/figures/counterfactual", ".pdf", ".svg", ".png"),


rule audit_location:
    """Compare nodes of the same location only."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        nodes="<results>/nodes.tsv",
    output:
        location="<results>/audit/location.tsv",
    log:
        "<logs>/audit_location.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        classifiers=CLASSIFIERS,
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("audit_location"),
    script:
        "../scripts/audit/audit_location.py"


# Claims are put to every training.
use rule audit_location as audit_location_of_refit with:
    input:
        scores=scores_with_refit(CLASSIFIERS),
        nodes="<results>/nodes.tsv",
    output:
        location="<results>/refits/{refit}/location.tsv",
    log:
        "<logs>/audit_location_of_refit/{refit}.log",
    priority: PRIORITY["controls"]


rule measure_shortcut:
    """Measure on all nodes of the test patients what each AUC owes to the location."""
    input:
        scores=collect(
            "<results>/scores/all_test_nodes/{classifier}.csv",
            classifier=SCORES_ALL_TEST_NODES,
        ),
        test_scores=collect(
            "<results>/scores/{classifier}.csv", classifier=SCORES_TEST_SET
        ),
        nodes="<results>/nodes.tsv",
    output:
        "<results>/audit/shortcut.tsv",
    log:
        "<logs>/measure_shortcut.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        classifiers=SCORES_ALL_TEST_NODES,
        tested_only=SCORES_TEST_SET,
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_shortcut"),
    script:
        "../scripts/audit/measure_shortcut.py"


MIXES = [
    "<results>/audit/reweighted.tsv",
    *multiext("<results>/figures/mixes", ".pdf", ".svg", ".png"),
]


rule reweight_mixes:
    """Weigh the test set to other mixes of locations."""
    input:
        scores=collect("<results>/scores/{classifier}.csv", classifier=CLASSIFIERS),
        statistics=collect(
            "<results>/statistics/{classifier}.json", classifier=CLASSIFIERS
        ),
        nodes="<results>/nodes.tsv",
    output:
        "<results>/audit/reweighted.tsv",
    log:
        "<logs>/reweight_mixes.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(20),
    params:
        classifiers=CLASSIFIERS,
        mixes=setting("audit/mixes"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("reweight_mixes"),
    script:
        "../scripts/audit/reweight_mixes.py"


rule draw_mixes:
    """Draw the AUC of every classifier under other mixes of locations."""
    input:
        reweighted="<results>/audit/reweighted.tsv",
    output:
        drawn(
            "mixes", item="Mixes", content="other mixes of locations", category="Audit"
        ),
    log:
        "<logs>/draw_mixes.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        synthetic=SYNTHETIC,
        code=version_of("draw_mixes"),
    script:
        "../scripts/figures/draw_mixes.py"


localrules:
    mixes,


rule mixes:
    """Target: AUC, sensitivity and specificity under other mixes of locations."""
    input:
        MIXES,


rule rehearse_audit:
    """Rehearse the audit with a known shortcut, and count how often it is found."""
    input:
        nodes="<results>/nodes.tsv",
        given=SPLIT_SHEET,
    output:
        "<results>/audit/power.tsv",
    log:
        "<logs>/rehearse_audit.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(60),
    params:
        options=setting("audit_power"),
        protocol=setting("datasets/protocol"),
        test_share=setting("datasets/test_share"),
        strata_mm=STRATA_MM,
        by=setting("datasets/by"),
        folds=setting("datasets/folds"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        rows=sheets_of(*SPLIT_KEYS),
        code=version_of("rehearse_audit"),
    script:
        "../scripts/audit/rehearse_audit.py"


rule measure_localisation:
    """Measure how much of the heatmaps lies on the node, around it and elsewhere."""
    input:
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        scores=collect("<results>/scores/cnn_{cnn}.csv", cnn=CNNS),
        statistics=collect("<results>/statistics/cnn_{cnn}.json", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        localisation="<results>/audit/localisation.tsv",
        differences="<results>/audit/localisation_differences.tsv",
        controls="<results>/audit/localisation_controls.tsv",
    log:
        "<logs>/measure_localisation.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        cnns=CNNS,
        ring_mm=setting("attribution/ring_mm"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_localisation"),
    script:
        "../scripts/audit/measure_localisation.py"


rule audit_heatmaps:
    """Say how far the heatmaps can be trusted."""
    input:
        checks=collect("<results>/attribution/{cnn}.checks.tsv", cnn=CNNS),
        heatmaps=collect("<results>/attribution/{cnn}.h5", cnn=CNNS),
        nodes="<results>/nodes.tsv",
    output:
        randomisation="<results>/audit/randomisation.tsv",
        faithfulness="<results>/audit/faithfulness.tsv",
        halo="<results>/audit/halo.tsv",
    log:
        "<logs>/audit_heatmaps.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=growing(20),
    params:
        cnns=CNNS,
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("audit_heatmaps"),
    script:
        "../scripts/audit/audit_heatmaps.py"


rule tabulate_patterns:
    """Say how well the patterns of every layer are determined."""
    input:
        patterns=collect("<results>/attribution/{cnn}.patterns.h5", cnn=CNNS),
    output:
        "<results>/audit/patterns.tsv",
    log:
        "<logs>/tabulate_patterns.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        code=version_of("tabulate_patterns"),
    script:
        "../scripts/audit/tabulate_patterns.py"


# Those of the study's own models: neither readers nor your scores can score again.
MODELS = [name for name in CLASSIFIERS if name not in READERS + list(EXTERNAL)]


rule measure_robustness:
    """Score perturbed test nodes by all models, at the thresholds of the study."""
    input:
        recipes=collect("<results>/models/{cnn}/recipe.json", cnn=CNNS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        training=collect("<results>/datasets/{training}.tsv", training=RADIOMICS),
        test="<results>/datasets/test.tsv",
        nodes="<results>/nodes.tsv",
        radiomics=FEATURES,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
        scores=collect("<results>/scores/{classifier}.csv", classifier=MODELS),
        statistics=collect("<results>/statistics/{classifier}.json", classifier=MODELS),
        refits=collect(
            "<results>/refits/{refit}/{cnn}/scores.csv", cnn=CNNS, refit=REFITS
        ),
    output:
        changes="<results>/audit/robustness.tsv",
        nodes="<results>/audit/robustness_nodes.tsv",
        stability="<results>/audit/robustness_stability.tsv",
        scores="<results>/audit/robustness_scores.h5",
        examples="<results>/audit/robustness_examples.h5",
    log:
        "<logs>/measure_robustness.log",
    benchmark:
        "<benchmarks>/measure_robustness.tsv"
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        # The patches of the test set, as floating-point numbers and once perturbed.
        mem_mb=growing(3000, per_mb=1),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        cnns=CNNS,
        trainings=RADIOMICS,
        classifiers=MODELS,
        trees=setting("forest/trees"),
        max_depth=setting("forest/max_depth"),
        ridge=setting("baselines/ridge"),
        strengths=setting("robustness/strengths"),
        plausible=setting("robustness/plausible"),
        centre=setting("patches/centre"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_robustness"),
    script:
        "../scripts/audit/measure_robustness.py"


rule measure_feature_stability:
    """Measure radiomics features again after changes of the outline and noise."""
    input:
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
        nodes="<results>/nodes.tsv",
        training="<results>/datasets/status_balanced.tsv",
    output:
        "<results>/audit/radiomics_stability.tsv",
    log:
        "<logs>/measure_feature_stability.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(2500),
        runtime=growing(30),
    params:
        centre=setting("patches/centre"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_feature_stability"),
    script:
        "../scripts/audit/measure_feature_stability.py"


rule draw_robustness:
    """Draw the changes of sensitivity, specificity and AUC of the CNNs."""
    input:
        robustness="<results>/audit/robustness.tsv",
    output:
        drawn("robustness", item="Robustness", content="of the CNNs", category="Audit"),
    log:
        "<logs>/draw_robustness.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        cnns=CNNS,
        synthetic=SYNTHETIC,
        code=version_of("draw_robustness"),
    script:
        "../scripts/figures/draw_robustness.py"


localrules:
    robustness,


rule robustness:
    """Target: What happens to calls and scores when HU, centre or mask change."""
    input:
        ROBUSTNESS_FIGURE,
        "<results>/audit/robustness.tsv",
        "<results>/audit/robustness_nodes.tsv",
        "<results>/audit/robustness_stability.tsv",
        "<results>/audit/radiomics_stability.tsv",


rule write_verdict:
    """Decide for each CNN whether it uses the node, its location, or both."""
    input:
        shortcut="<results>/audit/shortcut.tsv",
        ceilings=CEILINGS,
        truth=TRUTH,
    output:
        "<results>/audit/verdict.json",
    log:
        "<logs>/write_verdict.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        protocol=setting("datasets/protocol"),
        threshold_source=setting("statistics/threshold_source"),
        confidence_level=setting("statistics/confidence_level"),
        code=version_of("write_verdict"),
    script:
        "../scripts/audit/write_verdict.py"


rule measure_decodability:
    """Probe the last hidden layer of each CNN, and its controls, for the location."""
    input:
        recipes=collect("<results>/models/{cnn}/recipe.json", cnn=CNNS),
        weights=collect("<results>/models/{cnn}/weights.h5", cnn=CNNS),
        training=[
            "<results>/datasets/status_balanced.tsv",
            "<results>/datasets/location_balanced.tsv",
            "<results>/datasets/status_balanced.tsv",
        ],
        test="<results>/datasets/test.tsv",
        nodes="<results>/nodes.tsv",
        patches=PATCHES,
    output:
        "<results>/audit/decodability.tsv",
    log:
        "<logs>/measure_decodability.log",
    priority: PRIORITY["controls"]
    conda:
        "../../envs/cnn.yaml"
    threads: config["training"]["intra_op_threads"]
    resources:
        mem_mb=growing(4000, per_mb=2),
        runtime=growing(60, per_mb=0.1),
        gpu=gpus_of_a_network,
    params:
        cnns=CNNS,
        untrained=setting("audit/probed_untrained"),
        permutations=setting("audit/probed_permutations"),
        replicates=setting("statistics/replicates"),
        confidence_level=setting("statistics/confidence_level"),
        seed=setting("seed"),
        code=version_of("measure_decodability"),
    script:
        "../scripts/audit/measure_decodability.py"


localrules:
    audit,
    audit_power,
    decodability,


rule decodability:
    """Target: Whether the location can be read from the last layer of each CNN."""
    input:
        "<results>/audit/decodability.tsv",


rule audit_power:
    """Target: How often the audit finds a shortcut, and one that is not there."""
    input:
        "<results>/audit/power.tsv",


rule audit:
    """Target: All results of the audit."""
    input:
        "<results>/audit/verdict.json",
        "<results>/audit/location.tsv",
        "<results>/audit/power.tsv",
        "<results>/audit/localisation.tsv",
        "<results>/audit/randomisation.tsv",
        PATTERN_TABLE,
        EFFECTS,
        CALIBRATION,
