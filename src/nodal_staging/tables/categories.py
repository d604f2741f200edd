"""The values of categorical columns: status, location, partition, rating."""

STATUS = ["negative", "positive"]
ALL_TEST_NODES = "all_test_nodes"
"""The partition of all nodes of the test patients, which the audit alone reads."""

PARTITIONS = ["test", "out_of_fold", "external", ALL_TEST_NODES]
RATINGS = ["very unlikely", "unlikely", "likely", "very likely"]
LOCATIONS = [
    "inguinal",
    "iliac",
    "retroperitoneal",
    "perirectal",
    "mediastinal",
    "axillary",
    "supraclavicular",
    "infraclavicular",
    "cervical",
]
"""The paper's categories, clavicular split in two, in the order in which random draws
and features go through them; changing it would change every synthetic cohort."""

SHOWN_LOCATIONS = [
    "inguinal",
    "iliac",
    "perirectal",
    "retroperitoneal",
    "axillary",
    "mediastinal",
    "supraclavicular",
    "infraclavicular",
    "cervical",
]
"""The same in the paper's order, that of every table and figure."""

UNKNOWN = "unknown"
"""Location and status that are not given, as for new nodes; a study has none."""
