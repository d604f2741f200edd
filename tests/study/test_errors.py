"""An error of an input names its file once, wherever it is raised."""

import pickle

import pytest

from nodal_staging.study.errors import DicomSeriesError, SUVError, VolumeError, naming


def test_an_error_names_the_file_in_which_it_was_raised():
    with pytest.raises(VolumeError) as caught, naming("the column ct of exams.tsv"):
        raise VolumeError("expected 3 axes, found 4")
    assert str(caught.value) == "the column ct of exams.tsv: expected 3 axes, found 4"


def test_the_innermost_name_stays():
    with pytest.raises(SUVError) as caught, naming("the scene"), naming("a.nrrd in it"):
        raise SUVError("no weight")
    assert str(caught.value) == "a.nrrd in it: no weight"


def test_other_errors_pass_unchanged():
    with pytest.raises(ValueError, match=r"^plain$"), naming("a file"):
        raise ValueError("plain")


@pytest.mark.parametrize(
    "error", [DicomSeriesError("gaps", "missing_slices"), VolumeError("damaged")]
)
def test_an_error_comes_out_of_a_child_process_as_it_is(error):
    with pytest.raises(type(error)) as caught, naming("the column ct"):
        raise error
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.reason) == (str(error), error.reason)
    assert str(copy).startswith("the column ct: ")
