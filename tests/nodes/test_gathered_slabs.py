"""One file of central slices holds what the patch files of all shards hold."""

import numpy as np
import pytest

from nodal_staging.nodes.patch_files import (
    PatchFileError,
    gather_slabs,
    patch_sums,
    read_slabs,
    write_patches,
)

SIZE = 12
NODES = [f"N{number:02d}" for number in range(9)]


def patch(number):
    rng = np.random.default_rng(number)
    image = rng.integers(-1000, 1000, (SIZE, SIZE, SIZE)).astype(np.int16)
    return image, rng.integers(0, 2, (SIZE, SIZE, SIZE)).astype(np.uint8)


def shards(folder, number):
    """Write the patches in as many files; the first file holds none."""
    folder.mkdir()
    paths = [folder / f"{shard}.h5" for shard in range(number + 1)]
    for shard, path in enumerate(paths):
        own = [n for n in range(len(NODES)) if n % number == shard - 1]
        pairs = ((NODES[n], patch(n)) for n in own)
        write_patches(path, pairs, size=SIZE, spacing_mm=1.0)
    return paths


def test_central_slices_and_sums_are_those_of_the_patches(tmp_path):
    paths = shards(tmp_path / "patches", 3)
    gathered = tmp_path / "patches.h5"
    gather_slabs(shards=paths, half_depth=2, output=gathered)
    asked = [NODES[n] for n in (7, 0, 4)]
    image, mask = read_slabs([gathered], asked, half_depth=2)
    middle = slice(SIZE // 2 - 2, SIZE // 2 + 2)
    for place, number in enumerate((7, 0, 4)):
        np.testing.assert_array_equal(image[place], patch(number)[0][middle])
        np.testing.assert_array_equal(mask[place], patch(number)[1][middle])
    fewer, _ = read_slabs([gathered], asked, half_depth=1)
    np.testing.assert_array_equal(fewer, image[:, 1:3])
    assert patch_sums([gathered]) == patch_sums(paths)


def test_the_bytes_do_not_depend_on_the_number_of_shards(tmp_path):
    written = []
    for number in (1, 2, 4):
        paths = shards(tmp_path / str(number), number)
        gather_slabs(shards=paths, half_depth=2, output=tmp_path / f"{number}.h5")
        written.append((tmp_path / f"{number}.h5").read_bytes())
    assert written[0] == written[1] == written[2]


def test_a_cohort_without_a_patch_gives_an_empty_file(tmp_path):
    gather_slabs(
        shards=shards(tmp_path / "patches", 1)[:1],
        half_depth=2,
        output=tmp_path / "patches.h5",
    )
    assert patch_sums([tmp_path / "patches.h5"]) == {}


def test_a_patch_file_that_was_cut_short_leaves_no_file(tmp_path):
    paths = shards(tmp_path / "patches", 2)
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    with pytest.raises(PatchFileError, match=r"patches/1\.h5"):
        gather_slabs(shards=paths, half_depth=2, output=tmp_path / "patches.h5")
    assert not (tmp_path / "patches.h5").exists()
