"""Radiologists, as classifiers like any other.

INPUTS   readings.tsv, datasets/test.tsv
OUTPUTS  scores/reader_<number>.csv
"""


rule score_reader:
    """Turn the ratings of one reader on the test set to scores."""
    input:
        readings=SHARD_SHEETS["readings"] or [],
        test="<results>/datasets/test.tsv",
    output:
        "<results>/scores/reader_{number}.csv",
    log:
        "<logs>/score_reader/{number}.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        rows=readings_of,
        unread=lookup(within=config, dpath="readers/unread"),
        code=version_of("score_reader"),
    script:
        "../scripts/score_reader.py"
