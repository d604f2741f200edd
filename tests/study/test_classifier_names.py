"""Names in print and their order."""

from nodal_staging.study.classifier_names import in_order, is_published, printed


def test_order_is_that_of_the_published_table():
    shuffled = [
        "my_network",
        "volume",
        "reader_10",
        "attenuation_27hu",
        "reader_2",
        "rf_location_balanced",
        "cnn_xmask",
        "rf_status_balanced",
        "cnn_location_balanced",
        "cnn_status_balanced",
    ]
    assert in_order(shuffled) == [
        "cnn_status_balanced",
        "cnn_location_balanced",
        "cnn_xmask",
        "rf_status_balanced",
        "rf_location_balanced",
        "reader_2",
        "reader_10",
        "attenuation_27hu",
        "volume",
        "my_network",
    ]


def test_names_for_people():
    assert printed("reader_2") == "Reader 2"
    assert printed("cnn_xmask") == "CNN, xMask"
    assert printed("my_network") == "my_network"


def test_published_rows():
    assert is_published("reader_3")
    assert is_published("rf_status_balanced")
    assert not is_published("volume")
    assert not is_published("reader_of_dreams")
