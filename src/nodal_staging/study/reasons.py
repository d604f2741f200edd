"""Every reason for which an exam is left out or an input refused, and its fix."""

from typing import NamedTuple


class Reason(NamedTuple):
    """What a reason code means, and what to do about it."""

    meaning: str
    fix: str


CRITERIA = {
    "order_undetermined": Reason(
        "neither sheet nor headers state which exam of the patient was first",
        "fill in the column day of exams.tsv for every exam of the patient, with "
        "different days",
    ),
    "follow_up": Reason(
        "not the first exam of the patient",
        "if this order is wrong, correct the column day of exams.tsv; to include later "
        "exams, set cohort.criteria.first_exam_only to false",
    ),
    "outside_period": Reason(
        "not made within the study's period",
        "correct or fill in the column day of exams.tsv, or change "
        "cohort.criteria.period",
    ),
    "non_contrast": Reason(
        "CT without contrast medium",
        "if contrast medium was given, write yes in the column contrast of exams.tsv, "
        "and set cohort.criteria.contrast_evidence to [sheet] if the descriptions "
        "contradict it",
    ),
    "low_dose": Reason(
        "low-dose CT",
        "if the dose was diagnostic, write no in the column low_dose of exams.tsv",
    ),
    "quality": Reason(
        "poor image quality",
        "if the images can be used, write good in the column quality of exams.tsv",
    ),
    "missing_pet": Reason(
        "no PET that leads to SUV",
        "correct the column pet of exams.tsv as the remarks on the exam state, or set "
        "cohort.criteria.require_pet to false",
    ),
    "contrast_undetermined": Reason(
        "the evidence on contrast medium is absent or contradicts itself",
        "fill in the column contrast of exams.tsv with yes or no, and set "
        "cohort.criteria.contrast_evidence to [sheet] if header or descriptions "
        "contradict it",
    ),
    "low_dose_undetermined": Reason(
        "neither sheet nor header states the dose of the CT",
        "fill in the column low_dose of exams.tsv with yes or no",
    ),
}
"""Criteria of the study, which exclude exams that could be read."""

EXAMS = {
    "missing_ct": Reason(
        "nothing lies at the path of the CT", "correct the column ct of exams.tsv"
    ),
    "missing_segmentation": Reason(
        "nothing lies at the path of a segmentation",
        "correct the column segmentation of exams.tsv or nodes.tsv",
    ),
    "no_nodes": Reason(
        "nodes.tsv has no node of the exam", "add its nodes, or remove the exam"
    ),
    "label_name": Reason(
        "the name of a label does not state location and status",
        "rename the label, or extend cohort.label_names",
    ),
    "contradicting_sheets": Reason(
        "two sheets contradict each other, or a node has no segmentation",
        "correct the cell that the message names",
    ),
    "other_patient": Reason(
        "files of one exam or series state different patients",
        "correct the paths in exams.tsv, or remove the files of other patients",
    ),
    "unusable_file": Reason(
        "a file is missing, too large or of another kind",
        "name the file or folder that the message expects",
    ),
    "unusable_volume": Reason(
        "a NIfTI, NRRD or MetaImage file does not hold one volume with its place",
        "export the volume again, in HU or SUV",
    ),
    "unusable_segmentation": Reason(
        "a segmentation does not fit the exam or its nodes",
        "correct label, path or segmentation as the message states",
    ),
    "unusable_suv": Reason(
        "the headers of a PET do not lead to an SUV",
        "complete the header or the columns of exams.tsv that the message names",
    ),
    "no_image": Reason(
        "no image of the modality in the folder",
        "correct the column ct or pet of exams.tsv",
    ),
    "several_series": Reason(
        "several series, orientations or acquisitions in a folder",
        "name one of them behind the path, as the message lists them",
    ),
    "same_position": Reason(
        "two images at one position",
        "keep one reconstruction, or one time point, in a folder",
    ),
    "contradicting_copies": Reason(
        "two files claim to be the same image but differ", "keep the right one"
    ),
    "single_slice": Reason("one slice is not a volume", "add the other slices"),
    "slice_gap": Reason(
        "slices are missing or unevenly spaced",
        "restore them, or set cohort.repairs.resample_gaps to true",
    ),
    "irregular_positions": Reason(
        "a slice lies off the line of the others", "keep one series in a folder"
    ),
    "gantry_tilt": Reason(
        "slices are stacked at an angle",
        "set cohort.repairs.correct_tilt to true, or export the series without tilt",
    ),
    "multi_frame": Reason(
        "an enhanced multi-frame file that cannot be read",
        "export the series uncompressed, or as one file per slice",
    ),
    "transfer_syntax": Reason(
        "a compression that is not supported", "export the series uncompressed"
    ),
    "undecodable_pixels": Reason(
        "the compressed pixels cannot be decoded",
        "restore the file from the archive, or export the series uncompressed",
    ),
    "truncated_pixels": Reason(
        "pixels are absent or truncated", "restore the file from the archive"
    ),
    "unreadable_file": Reason(
        "a DICOM file is damaged",
        "restore the file from the archive, or export the series again",
    ),
    "damaged_header": Reason(
        "attributes of a DICOM header cannot be true", "export the series again"
    ),
    "damaged_geometry": Reason(
        "position or orientation of an image is missing or impossible",
        "export the series again",
    ),
    "no_rescale": Reason(
        "values of a CT without rescaling to HU", "export the series again"
    ),
    "not_hounsfield": Reason(
        "values of a CT that are not HU",
        "take the series of the ordinary CT, or write the file again in HU",
    ),
    "constant_ct": Reason(
        "all values of a CT are equal", "restore the file, or export it again"
    ),
    "constant_pet": Reason(
        "all values of a PET are equal", "restore the file, or export it again"
    ),
    "not_suv": Reason(
        "values of a PET volume that are not SUV", "export the PET again, in SUV"
    ),
    "mask_covers_ct": Reason(
        "the labels cover most of the CT",
        "give a segmentation of lymph nodes, which is 0 elsewhere",
    ),
    "covers_ct": Reason(
        "the mask of a node covers most of the CT",
        "give a segmentation of lymph nodes, which is 0 elsewhere",
    ),
    "changed_since_inspection": Reason(
        "files have changed since they were inspected",
        "inspect the exams again: add --forcerun inspect_exams at the end of the "
        "snakemake command (--forcerun inspect_new_exams if it predicts)",
    ),
    "reader_died": Reason(
        "the decoder crashed, or needed too much time or memory",
        "restore or export the files that the message names",
    ),
}
"""Reasons for which an exam cannot be used."""

INPUTS = {
    "unusable_table": Reason(
        "a sheet has another form than its columns need",
        "correct the row or column that the message names",
    ),
    "wrong_configuration": Reason(
        "keys of the configuration are wrong or contradict each other",
        "correct the key that the message names",
    ),
    "empty_cohort": Reason(
        "no exam can be included", "correct the exams as check/exams.tsv states"
    ),
    "split_not_usable": Reason(
        "the given split does not fit the cohort",
        "correct the rows or the key that the message names",
    ),
    "no_exam": Reason(
        "a folder that is imported contains no exam",
        "name the folder that contains the exams",
    ),
    "unusable_pattern": Reason(
        "a pattern of file names cannot be used",
        "write it as the message states",
    ),
    "unusable_organs": Reason(
        "masks of organs, or their names, cannot be used",
        "give the multi-label volume, and a value and a name a line",
    ),
    "private_folder": Reason(
        "the salt of the pseudonyms cannot be used",
        "correct --salt, or name another study",
    ),
    "unknown_nodes": Reason(
        "status or location of nodes is unknown",
        "fill in the cells of nodes.tsv, or remove the rows",
    ),
    "too_few_nodes": Reason(
        "too few nodes for a data set or figure", "add exams, or lower the demand"
    ),
    "incomplete_readings": Reason(
        "a reader did not rate every test node",
        "complete readings.tsv, or set readers.unread to leave_out",
    ),
    "unusable_reader_page": Reason(
        "the reader page cannot be made",
        "correct the key or the node that the message names",
    ),
    "unusable_comparison": Reason(
        "two studies cannot be compared",
        "name two finished studies under the key compare",
    ),
    "unusable_answers": Reason(
        "answers of a reader do not fit the reader page",
        "return the file that the message names as the page exported it",
    ),
    "second_look": Reason(
        "answers of the check page do not fit the cohort or do not accept all of it",
        "answer the nodes that the message names on the check page, and export again",
    ),
    "patients_on_both_sides": Reason(
        "the split does not set patients apart, so none can be staged",
        "set datasets.protocol: patient",
    ),
    "unusable_scores": Reason(
        "scores of a classifier do not fit the study",
        "correct the row or column that the message names",
    ),
    "unusable_external": Reason(
        "a cohort cannot validate the study, or the study has changed",
        "follow the message",
    ),
    "unusable_published_table": Reason(
        "a published table cannot be read",
        "correct the row or column that the message names",
    ),
    "lost_node": Reason(
        "a node was lost after the inspection of its exam",
        "follow the message, or set cohort.on_bad_exam to exclude",
    ),
    "unusable_patches": Reason(
        "a file of patches is damaged", "delete the file, and run again"
    ),
    "replay": Reason(
        "a training cannot be replayed", "correct the section replay as stated"
    ),
    "leak": Reason(
        "a classifier exceeds the best possible one",
        "look for test nodes in its training set",
    ),
    "no_proc": Reason("pROC is missing", "run make r"),
    "unusable_input": Reason("an input cannot be used", "follow the message"),
}
"""Reasons for which an input is refused and a command ends."""


def exclusion(code: str) -> str:
    """Return the sentence on a criterion: what it means, and its fix."""
    reason = CRITERIA[code]
    return f"{reason.meaning}; {reason.fix}"
