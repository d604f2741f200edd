"""Times of a PET header against each other: SUV factors in closed form, or refusals."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_files import write_series
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pet_headers import INJECTION, TRACER, dataset
from pydicom.dataset import Dataset

from nodal_staging.exams.dicom import Indexed, index_pet
from nodal_staging.exams.dicom.pet_header import pet_slice
from nodal_staging.exams.suv import Factors, SUVError, suv_factors

GALLIUM_S, FLUORINE_S, ZIRCONIUM_S, COPPER_S = 4062.6, 6586.2, 282_276.0, 45_720.0
DATED, UNDATED = "RadiopharmaceuticalStartDateTime", "RadiopharmaceuticalStartTime"
ZONE = "TimezoneOffsetFromUTC"
NAME = "Sekretowski"


@pytest.fixture
def read(tmp_path):
    """Return a reader of a series that is written with changes of the header."""
    return lambda **changes: _read(
        tmp_path / f"{len(list(tmp_path.iterdir()))}", **changes
    )


def _read(folder: Path, **changes) -> Indexed:
    header = dataset(**changes)
    attributes = {element.keyword: element.value for element in public(header)}
    write_series(
        folder,
        np.ones((2, 4, 4)),
        **{"modality": "PT", "RescaleIntercept": 0, "PatientName": NAME} | attributes,
    )
    return index_pet(folder)


def public(header: Dataset) -> Iterator:
    return (element for element in header if not element.tag.is_private)


def suv_of(**changes) -> Factors:
    """Return factors of a header that may have private elements."""
    return suv_factors([pet_slice(dataset(**changes))])


def factor(found: Indexed) -> float:
    return found.series.slices[0].slope


def by_hand(
    uptake_min: float, half_life_s=GALLIUM_S, weight_kg=80, dose_bq=150e6
) -> float:
    return 1000 * weight_kg / (dose_bq * 2 ** (-60 * uptake_min / half_life_s))


def refusal(read, **changes) -> str:
    with pytest.raises(SUVError) as caught:
        read(**changes)
    message = str(caught.value)
    assert_anonymous(message)
    return message


def assert_anonymous(message: str) -> None:
    """Messages show times of day, no dates, names or UIDs."""
    assert NAME not in message
    assert not re.search(r"20\d\d|1\.2\.", message)


def test_an_injection_in_utc_is_read_on_the_scanners_clock(faults):
    """08:00 UTC is 09:00 in the scanner's zone: an hour before the scan."""
    folder = faults / "pet" / "pet_utc_1078_both"
    found = index_pet(folder)
    expected = by_hand(60, FLUORINE_S, dose_bq=370e6)
    assert expected == pytest.approx(3.158e-4, rel=1e-4)
    slopes = [pydicom.dcmread(path).RescaleSlope for path in sorted(folder.iterdir())]
    rescaled = [item.slope / slopes[item.file] for item in found.series.slices]
    assert rescaled == pytest.approx([expected] * 8, rel=1e-12)
    assert found.notes == ()


def test_two_injection_times_that_contradict_each_other_are_refused(faults):
    with pytest.raises(SUVError) as caught:
        index_pet(faults / "pet" / "pet_contradict_1072_1078")
    assert f"{UNDATED} is 09:00:00" in str(caught.value)
    assert f"{DATED} 07:00:00" in str(caught.value)
    assert_anonymous(str(caught.value))


@pytest.mark.parametrize(
    ("changes", "uptake_min"),
    [
        ({DATED: "20200101120000"}, 60),
        ({DATED: "20200101120000", ZONE: "+0100"}, 60),
        ({DATED: "20200101110000+0000", ZONE: "+0100"}, 60),
        ({DATED: "20200101120000+0100", ZONE: "+0100"}, 60),
        ({DATED: "20200101120000+0200"}, 60),  # the clocks agree as they stand
        ({DATED: "20200101063000+0000", ZONE: "+0530"}, 60),
        ({DATED: "20200101200000+0000", ZONE: "-0800"}, 60),
        ({DATED: "20200101173000+0530", ZONE: "+0000"}, 60),
        ({DATED: "20200101000000-1200", ZONE: "-0000"}, 60),
        (
            {
                DATED: "20200101110000.500000+0000",
                UNDATED: "120000.500000",
                ZONE: "+0100",
            },
            60 - 0.5 / 60,
        ),
        ({DATED: "20200101120030"}, 59.5),
        (
            {
                DATED: "20200101200000+0000",
                UNDATED: None,
                ZONE: "-0800",
            },
            60,
        ),
    ],
)
def test_injection_times_that_agree(read, changes, uptake_min):
    """The time with a date counts, turned to the scanner's clock."""
    found = read(**changes)
    assert factor(found) == pytest.approx(by_hand(uptake_min), rel=1e-12)
    assert found.notes == ()


@pytest.mark.parametrize(
    "changes",
    [
        {DATED: "20200101233000", UNDATED: "233000"},
        {DATED: "20200101223000+0000", UNDATED: "233000", ZONE: "+0100"},
        {DATED: "20200102043000+0530", UNDATED: "233000", ZONE: "+0030"},
        {DATED: "20200102073000+0000", UNDATED: "233000", ZONE: "-0800"},
        {DATED: None, UNDATED: "233000"},
    ],
)
def test_injection_before_midnight_in_any_zone(read, changes):
    found = read(
        SeriesDate="20200102",
        AcquisitionDate="20200102",
        SeriesTime="003000",
        AcquisitionTime="003000",
        **changes,
    )
    assert factor(found) == pytest.approx(by_hand(60), rel=1e-12)
    assert found.notes == ()


OFFSETS_MIN = st.integers(-12 * 4, 14 * 4).map(lambda quarters: 15 * quarters)
SECONDS = st.integers(0, 24 * 3600 - 1)


def zone(minutes: int) -> str:
    """Return an offset from UTC as headers state it."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    scan_s=SECONDS,
    uptake_s=st.integers(15 * 60, 240 * 60),
    scanner_min=OFFSETS_MIN,
    stated_min=OFFSETS_MIN,
)
def test_a_clean_header_of_any_zone_gives_its_factor_without_remark(
    scan_s, uptake_s, scanner_min, stated_min
):
    """However the moment of the injection is written, the factor is one."""
    scan = datetime(2020, 1, 15) + timedelta(seconds=scan_s)
    injected = scan - timedelta(seconds=uptake_s)
    elsewhere = injected + timedelta(minutes=stated_min - scanner_min)
    dates = {f"{name}Date": f"{scan:%Y%m%d}" for name in ("Series", "Acquisition")}
    times = {f"{name}Time": f"{scan:%H%M%S}" for name in ("Series", "Acquisition")}
    undated = {UNDATED: f"{injected:%H%M%S}"}
    local = {DATED: f"{injected:%Y%m%d%H%M%S}"}
    scanner = {ZONE: zone(scanner_min)}
    abroad = {DATED: f"{elsewhere:%Y%m%d%H%M%S}{zone(stated_min)}", **scanner}
    for injection_times in (
        undated,
        {**local, UNDATED: None},
        {**local, **undated},
        {**local, **undated, **scanner},
        {**abroad, **undated},
        {**abroad, UNDATED: None},
    ):
        found = suv_of(**dates, **times, **injection_times)
        assert found.values[0] == pytest.approx(by_hand(uptake_s / 60), rel=1e-12)
        assert found.notes == ()


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    scan_s=SECONDS,
    dated_min=st.integers(5, 300),
    undated_min=st.integers(5, 300),
    scanner_min=OFFSETS_MIN,
)
def test_two_plausible_injection_times_are_never_chosen_from(
    scan_s, dated_min, undated_min, scanner_min
):
    assume(abs(dated_min - undated_min) > 5)
    scan = datetime(2020, 1, 15) + timedelta(seconds=scan_s)
    dated = scan - timedelta(minutes=dated_min + scanner_min)
    undated = scan - timedelta(minutes=undated_min)
    with pytest.raises(SUVError, match="so that the uptake time is unknown"):
        suv_of(
            SeriesDate=f"{scan:%Y%m%d}",
            SeriesTime=f"{scan:%H%M%S}",
            AcquisitionDate=f"{scan:%Y%m%d}",
            AcquisitionTime=f"{scan:%H%M%S}",
            **{DATED: f"{dated:%Y%m%d%H%M%S}+0000", UNDATED: f"{undated:%H%M%S}"},
            **{ZONE: zone(scanner_min)},
        )


def test_injection_an_instant_before_midnight(read):
    """A clock that rounds to the other day agrees with one that does not."""
    found = read(
        SeriesDate="20200102",
        AcquisitionDate="20200102",
        SeriesTime="010000",
        AcquisitionTime="010000",
        **{DATED: "20200102000000", UNDATED: "235959.9"},
    )
    assert factor(found) == pytest.approx(by_hand(60), rel=1e-12)
    assert found.notes == ()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({DATED: "20200101110000"}, "11:00:00"),
        ({DATED: "20200101121000"}, "12:10:00"),
        ({DATED: "20200101115459"}, "11:54:59"),
        ({DATED: "20200101120000+0000", ZONE: "+0100"}, "13:00:00"),
        ({DATED: "20200101110700+0000"}, "11:07:00"),
        ({DATED: "20200101120000-0800", ZONE: "-0730"}, "12:30:00"),
    ],
)
def test_contradicting_injection_times_are_refused_by_name(read, changes, shown):
    message = refusal(read, **changes)
    assert f"{UNDATED} is 12:00:00" in message
    assert f"{DATED} {shown}" in message


@pytest.mark.parametrize("removed", [DATED, UNDATED])
def test_removing_the_wrong_injection_time_makes_a_series_readable(read, removed):
    """As the refusal advises."""
    stated = {DATED: "20200101110000", UNDATED: "120000"}
    assert "correct or remove the wrong one" in refusal(read, **stated)
    left = 120 if removed == UNDATED else 60
    found = read(**stated | {removed: None})
    assert factor(found) == pytest.approx(by_hand(left), rel=1e-12)
    corrected = read(**stated | {DATED: "20200101120000"})
    assert factor(corrected) == pytest.approx(by_hand(60), rel=1e-12)


@pytest.mark.parametrize(
    ("changes", "uptake_min", "words"),
    [
        ({DATED: "20200101120300"}, 57, "the second was used"),
        ({DATED: "20200101115500"}, 65, "the second was used"),
        # shifted dates leave the time of day behind
        ({UNDATED: "020000", DATED: "20200101120000"}, 60, "the second was used"),
        ({UNDATED: "140000", DATED: "20200101120000"}, 60, "the second was used"),
        # the offset of the scanner's clock follows from the two
        ({DATED: "20200101100000+0000"}, 60, "the first was used"),
        ({DATED: "20200101063000+0000"}, 60, "the first was used"),
        ({DATED: "20200101040000-0800"}, 60, "the first was used"),
    ],
)
def test_injection_times_that_can_be_reconciled_are_remarked(
    read, changes, uptake_min, words
):
    found = read(**changes)
    assert factor(found) == pytest.approx(by_hand(uptake_min), rel=1e-12)
    (note,) = found.notes
    assert note.startswith(f"{UNDATED} is ")
    assert DATED in note
    assert words in note
    assert_anonymous(note)


def test_an_offset_without_that_of_the_scanner_is_remarked(read):
    found = read(**{DATED: "20200101120000+0200", UNDATED: None})
    assert factor(found) == pytest.approx(by_hand(60), rel=1e-12)
    (note,) = found.notes
    assert "TimezoneOffsetFromUTC is missing" in note
    assert_anonymous(note)


@pytest.mark.parametrize("offset", ["+2500", "+01", "0100", "x", "+0199"])
def test_a_damaged_offset_counts_as_none(read, offset):
    found = read(**{DATED: "20200101120000", ZONE: offset})
    assert factor(found) == pytest.approx(by_hand(60), rel=1e-12)


def test_a_missing_date_of_acquisition_is_refused(read):
    assert "AcquisitionDate" in refusal(read, AcquisitionDate=None)


def test_a_missing_date_of_the_series_leaves_the_acquisition(read):
    found = read(SeriesDate=None)
    assert factor(found) == pytest.approx(by_hand(60), rel=1e-12)
    assert found.notes == ()


def test_an_injection_after_the_scan_is_refused_with_both_times(read):
    message = refusal(read, **{DATED: "20200101133000", UNDATED: None})
    assert "injection at 13:30:00 to scan at 13:00:00" in message
    assert "-30 minutes" in message


def test_an_injection_of_another_day_is_refused_with_both_times(read):
    message = refusal(read, **{DATED: "20191231120000"})
    assert "1500 minutes from injection at 12:00:00 on another day" in message


@pytest.mark.parametrize(
    ("changes", "uptake_min", "words"),
    [
        ({"SeriesTime": "150000"}, 60, ("AcquisitionTime is 13:00:00", "15:00:00")),
        ({"SeriesTime": "124500"}, 45, ("SeriesTime is 12:45:00", "13:00:00")),
        (
            {"SeriesTime": "124500", "FrameReferenceTime": 60_000},
            45,
            ("SeriesTime is 12:45:00", "FrameReferenceTime 12:59:59"),
        ),
        (
            {"SeriesTime": "123000", "ge": "20200101130000.00"},
            60,
            ("private start time of the scan is 13:00:00", "SeriesTime 12:30:00"),
        ),
        (
            {"siemens": "20200101124000.00"},
            40,
            ("private start time of the scan is 12:40:00", "SeriesTime 13:00:00"),
        ),
        (
            {"SeriesTime": None, "ge": "20200101124000"},
            40,
            ("private start time of the scan is 12:40:00", "AcquisitionTime 13:00:00"),
        ),
        (
            {"ge": "20191231130000.00"},
            60,
            ("is 13:00:00", "13:00:00 of another day"),
        ),
    ],
)
def test_clocks_of_the_scan_that_differ_are_remarked(changes, uptake_min, words):
    """The one that is used is stated first."""
    found = suv_of(**changes)
    assert found.values[0] == pytest.approx(by_hand(uptake_min), rel=1e-6)
    assert found.notes
    assert all(word in found.notes[0] for word in words)
    for note in found.notes:
        assert_anonymous(note)


@pytest.mark.parametrize(
    "changes",
    [
        {"AcquisitionTime": "130300"},
        {"SeriesTime": "130300"},
        {"AcquisitionTime": "131500", "FrameReferenceTime": 960_000},
        # a frame that states its beginning
        {
            "AcquisitionTime": "132000",
            "FrameReferenceTime": 1_200_000,
            "ActualFrameDuration": 1_200_000,
        },
        {"ge": "20200101130000.00"},
        {"siemens": "20200101120000.00+0000", ZONE: "+0100"},
        {"ge": "20200101210000.00+0000", ZONE: "-0800"},
        # a series time rewritten later, which the frames replace
        {"SeriesTime": "150000", "FrameReferenceTime": 60_000},
    ],
)
def test_clocks_of_the_scan_that_agree_raise_no_remark(changes):
    assert suv_of(**changes).notes == ()


@pytest.mark.parametrize(
    ("half_life_s", "uptake_min"), [(ZIRCONIUM_S, 72 * 60), (COPPER_S, 24 * 60)]
)
def test_a_tracer_with_a_long_half_life_needs_the_day(read, half_life_s, uptake_min):
    """A time of day alone is read as the last one before the scan, with a remark."""
    scan = {"SeriesDate": "20200104", "AcquisitionDate": "20200104"}
    day = 4 - uptake_min // (24 * 60)
    dated = {DATED: f"2020010{day}130000", UNDATED: "130000"}
    found = read(RadionuclideHalfLife=half_life_s, **scan, **dated)
    assert factor(found) == pytest.approx(by_hand(uptake_min, half_life_s), rel=1e-12)
    assert found.notes == ()
    undated = read(RadionuclideHalfLife=half_life_s, **scan)
    assert factor(undated) == pytest.approx(by_hand(60, half_life_s), rel=1e-12)
    (note,) = undated.notes
    assert "no date" in note
    assert_anonymous(note)


@pytest.mark.parametrize("uptake_min", [0, 3, 310])
def test_an_unusual_uptake_time_is_remarked(read, uptake_min):
    hours, minutes = divmod(13 * 60 - uptake_min, 60)
    found = read(**{DATED: f"20200101{hours:02}{minutes:02}00", UNDATED: None})
    (note,) = found.notes
    assert note.startswith(f"{uptake_min} minutes from injection to scan, expected 5 ")
    assert "to 300" in note


def test_frames_without_decay_correction_compare_their_injection_too(read):
    changes = {"DecayCorrection": "NONE", "CorrectedImage": ["ATTN"]}
    assert DATED in refusal(read, **changes, **{DATED: "20200101110000"})
    (note,) = read(**changes, **{DATED: "20200101120300"}).notes
    assert DATED in note


@pytest.mark.parametrize(
    "changes", [{"DecayCorrection": "ADMIN"}, {"Units": "GML", "SUVType": "BW"}]
)
def test_times_on_which_no_suv_depends_are_not_compared(read, changes):
    assert read(**changes, **{DATED: "20200101110000"}).notes == ()


def test_philips_own_factor_is_used_whatever_the_times_say():
    found = suv_of(Units="CNTS", suv=0.00123, **{DATED: "20200101110000"})
    assert found.values == [0.00123]
    (note,) = found.notes
    assert "12:00:00" in note
    assert "11:00:00" in note


def test_two_injections_are_refused_until_one_is_left(read):
    items = [injection(), injection(RadionuclideTotalDose=80e6)]
    message = refusal(read, RadiopharmaceuticalInformationSequence=items)
    assert "RadiopharmaceuticalInformationSequence has 2 items" in message
    assert "1 to 2, into the column injection of exams.tsv" in message
    found = read(RadiopharmaceuticalInformationSequence=items[1:])
    assert factor(found) == pytest.approx(by_hand(60, dose_bq=80e6), rel=1e-12)
    empty = read(RadiopharmaceuticalInformationSequence=[*items[1:], Dataset()])
    assert factor(empty) == factor(found)


def injection(**changes) -> Dataset:
    assert set(changes) <= {*TRACER, *INJECTION}
    return dataset(**changes).RadiopharmaceuticalInformationSequence[0]
