"""Reader page: a blinded folder for readers, and their answers (on request).

INPUTS   patches/<shard>.h5, datasets/test.tsv, datasets/status_balanced.tsv,
         scores/cnn_<cnn>.csv  for the arm with the CNN; the answers that readers return
OUTPUTS  reader_page/                  index.html, cases/, README.txt, SHA256SUMS
         private/reader_key.tsv        which node each code of the page stands for
         readers/readings.tsv          first readings without the CNN, as a sheet
         readers/readings_aided.tsv    the same after the CNN was shown
         readers/log.tsv               all readings with times, slices and windows
         readers/intra_reader.tsv      agreement of each reader with the same reader
         readers/times.tsv             time per case by correctness
         readers/learning.tsv          correct calls by position in the order
         readers/arms_imrmc.csv, readers/arms_mrmcaov.csv  arms, for MRMC software
         tables/reading.{md,html}      agreement, times and learning, to be read

A copy of the key of each page stays in private/reader_keys, which no job deletes.
"""

PAGE = config["reader_page"]
# Not an input of the import, which must not make the page again.
KEYS = "results/{}/private/reader_keys".format(config["study"])


rule make_reader_page:
    """Write the page of the reader study, with codes in place of identifiers."""
    input:
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
        test="<results>/datasets/test.tsv",
        training="<results>/datasets/status_balanced.tsv",
        scores=(
            f"<results>/scores/cnn_{PAGE['cnn']}.csv"
            if "aided" in PAGE["arms"]
            else []
        ),
    output:
        page="<results>/reader_page/index.html",
        readme="<results>/reader_page/README.txt",
        sums="<results>/reader_page/SHA256SUMS",
        key="<results>/private/reader_key.tsv",
    log:
        "<logs>/make_reader_page.log",
    conda:
        "../../envs/core.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        options={
            name: PAGE[name] for name in sorted(PAGE) if name not in ("cnn", "seed")
        },
        study=setting("study"),
        seed=PAGE["seed"] if PAGE["seed"] is not None else config["seed"],
        kept_keys=KEYS,
        code=version_of("make_reader_page"),
    script:
        "../scripts/classifiers/make_reader_page.py"


rule import_readings:
    """Turn the answers that readers returned to a sheet of readings."""
    input:
        answers=returned_answers,
        patches=gather.cohort("<results>/patches/{scatteritem}.h5"),
    output:
        readings="<results>/readers/readings.tsv",
        aided="<results>/readers/readings_aided.tsv",
        log="<results>/readers/log.tsv",
    log:
        "<logs>/import_readings.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        kept_keys=KEYS,
        unread=setting("readers/unread"),
        code=version_of("import_readings"),
    script:
        "../scripts/classifiers/import_readings.py"


rule study_reading:
    """Measure agreement of readers with themselves, their times and learning."""
    input:
        log="<results>/readers/log.tsv",
        test="<results>/datasets/test.tsv",
    output:
        intra_reader="<results>/readers/intra_reader.tsv",
        times="<results>/readers/times.tsv",
        learning="<results>/readers/learning.tsv",
        imrmc="<results>/readers/arms_imrmc.csv",
        mrmcaov="<results>/readers/arms_mrmcaov.csv",
        text="<results>/tables/reading.md",
        page="<results>/tables/reading.html",
    log:
        "<logs>/study_reading.log",
    conda:
        "../../envs/core.yaml"
    resources:
        **SMALL_JOB,
    params:
        confidence_level=setting("statistics/confidence_level"),
        replicates=setting("statistics/replicates"),
        seed=setting("seed"),
        code=version_of("study_reading"),
    script:
        "../scripts/statistics/study_reading.py"


localrules:
    reader_page,
    reader_import,


rule reader_page:
    """Target: The page of the reader study, a folder to hand to readers."""
    input:
        "<results>/reader_page/index.html",
        "<results>/private/reader_key.tsv",


rule reader_import:
    """Target: The answers of readers as readings, with agreement, times and learning."""
    input:
        "<results>/readers/readings.tsv",
        "<results>/tables/reading.html",
