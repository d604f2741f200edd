"""A configuration file is read, or one sentence says what to do."""

import pytest

from nodal_staging.study.configuration_file import read_configuration_file
from nodal_staging.study.errors import ConfigurationError
from snakemake_logger_plugin_nodal_staging.configuration_files import (
    fault_of_configuration,
)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_file_is_read_with_or_without_byte_order_mark(tmp_path, mark):
    path = tmp_path / "study.yaml"
    path.write_text(f"{mark}study: ä\nseed: 1\n", encoding="utf-8")
    assert read_configuration_file(path) == {"study": "ä", "seed": 1}


FAULTS = {
    b"study: a\n\tseed: 1\n": "line 2: a tab",
    b"study: a\n  seed: 1\n": "line 2: not YAML",
    b"study: 'a\n": "line 2: not YAML",
    b"study a\n": "expected keys and values",
    b"- study\n": "expected keys and values",
    b"": "expected keys and values",
    b"study: \x00\n": "characters that YAML does not allow",
    "study: ä\n".encode("latin-1"): "save it as UTF-8",
    "study: a\n".encode("utf-16"): "save it as UTF-8",
}


@pytest.mark.parametrize("content", FAULTS)
def test_a_fault_is_one_sentence_with_its_line(tmp_path, content):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as error:
        read_configuration_file(path)
    assert str(error.value).startswith(str(path))
    assert FAULTS[content] in str(error.value)
    assert "\n" not in str(error.value)
    call = ["/usr/bin/snakemake", "--cores", "2", "--configfile", str(path), "-n"]
    assert fault_of_configuration(call) == str(error.value)


def test_a_target_is_not_a_configuration_file(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("study: own\n")
    after = ["bin/snakemake", "--configfile", str(path), "figure_5"]
    assert "targets stand before --configfile" in fault_of_configuration(after)
    before = ["bin/snakemake", "figure_5", "--configfile", str(path), "-n"]
    assert fault_of_configuration(before) == ""
    assert fault_of_configuration(["bin/pytest", *after[1:]]) == ""
    module = "lib/snakemake/__main__.py"
    assert fault_of_configuration([module, *after[1:]])
    assert fault_of_configuration([module, f"--configfile={tmp_path}"])
