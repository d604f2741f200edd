"""The viewer decodes what was encoded, and its slices lie as radiologists look."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from browser import Browser
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nodal_staging.tables.volume_viewer import (
    decode_volume,
    encode_volume,
    viewer_script,
)


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.int16, st.tuples(*[st.integers(1, 5)] * 3)),
    st.booleans(),
)
def test_a_volume_comes_back_whole(volume, compressed):
    text = encode_volume(volume, compressed=compressed)
    assert np.array_equal(decode_volume(text), volume)
    assert text == encode_volume(volume.copy(order="F"), compressed=compressed)


@pytest.mark.parametrize("text", ["", ":", ":AAAA", "ABzY8", "not base 85"])
def test_a_damaged_text_is_no_volume(text):
    with pytest.raises(ValueError, match="damaged"):
        decode_volume(text)


@pytest.fixture(scope="module")
def browser():
    with Browser() as browser:
        yield browser


def write_page(folder: Path, volumes: dict[str, str]) -> Path:
    """Write a page that shows volumes of unequal edges."""
    path = folder / "viewer.html"
    path.write_text(
        "<!doctype html><html lang=en><title>Viewer</title>"
        "<style>#views { grid: 300px / repeat(3, 1fr); }</style>"
        f"<div id=views></div><script>{viewer_script()}</script><script>"
        f"const texts = {json.dumps(volumes)};"
        "document.head.append(Object.assign(document.createElement('style'),"
        " { textContent: VolumeViewer.STYLE }));"
        "const viewer = new VolumeViewer(document.querySelector('#views'));"
        "(async () => { for (const name in texts) {"
        " window[name] = await VolumeViewer.decode(texts[name]);"
        " window[name].spacing = [1, 1, 1]; } window.ready = true; })();"
        "</script>",
        encoding="utf-8",
    )
    return path


def octants(size: tuple[int, int, int]) -> np.ndarray:
    """Return a volume with another value in each octant, -100 to 600 HU."""
    volume = np.zeros(size, np.int16)
    halves = [(slice(0, n // 2), slice(n // 2, n)) for n in size]
    for number, place in enumerate(product((0, 1), repeat=3)):
        volume[tuple(h[p] for h, p in zip(halves, place, strict=True))] = (
            100 * number - 100
        )
    return volume


PIXEL = """(name, u, v) => {
  const c = viewer.element(name), b = c.getBoundingClientRect();
  return c.getContext("2d").getImageData(u * b.width, v * b.height, 1, 1).data[0]; }"""


def test_slices_are_those_of_the_voxels_and_lie_as_radiologists_look(browser, tmp_path):
    rng = np.random.default_rng(3)
    noise = rng.integers(-32768, 32768, (6, 5, 4)).astype(np.int16)
    ct = octants((40, 40, 40))
    texts = {
        "noise": encode_volume(noise),
        "stored": encode_volume(noise, compressed=False),
        "ct": encode_volume(ct),
    }
    page = browser.open(write_page(tmp_path, texts), width=930, height=400)
    page.wait("window.ready")
    for name in ("noise", "stored"):
        assert page.evaluate(f"[...{name}.values]") == noise.ravel().tolist()
        assert page.evaluate(f"{name}.size") == [4, 5, 6]
    page.evaluate("viewer.setCrosshair(false)")
    page.evaluate("viewer.setWindow(300, 1000)")
    page.evaluate("viewer.show({ ct, centre: [10, 10, 30] })")
    page.wait("viewer.element('axial').getAttribute('aria-label')")

    def seen(plane, u, v):
        return page.wait(f"[({PIXEL})('{plane}', {u}, {v})]")[0]

    def grey(z, y, x):
        """Return the grey of a voxel: level 300, width 1000."""
        return (int(ct[z, y, x]) + 200) * 255 / 1000

    # Left of the picture is the patient's right (low x) or front (low y); its top is
    # the front (low y) or the head (high z).
    for u, v in product((0.25, 0.75), repeat=2):
        low_u, low_v = int(u * 40), int(v * 40)
        assert abs(seen("axial", u, v) - grey(30, low_v, low_u)) <= 1
        assert abs(seen("coronal", u, v) - grey(39 - low_v, 10, low_u)) <= 1
        assert abs(seen("sagittal", u, v) - grey(39 - low_v, low_u, 10)) <= 1
    assert not page.problems()


def test_wheel_keys_and_pointer_move_slices_and_window(browser, tmp_path):
    ct = np.zeros((20, 30, 40), np.int16)
    page = browser.open(write_page(tmp_path, {"ct": encode_volume(ct)}), width=930)
    page.wait("window.ready")
    page.evaluate("viewer.show({ ct })")
    page.evaluate("document.addEventListener('keydown', (e) => viewer.key(e))")
    assert page.evaluate("viewer.at") == [19.5, 14.5, 9.5]
    page.wheel("canvas", -100)
    page.wait("viewer.at[2] === 11")
    page.press("PageDown")
    assert page.evaluate("viewer.at[2]") == 6
    assert page.evaluate("[...viewer.seen.axial]") == [10, 11, 6]
    page.drag("canvas", 10, 5)
    assert page.evaluate("[viewer.window.level, viewer.window.width]") == [50, 440]
    page.press("ArrowUp", shift=True)
    assert page.evaluate("viewer.window.level") == 60
    page.press("w")
    assert page.evaluate("viewer.window.name") == "Narrow"
    page.evaluate("viewer.centre()")
    page.click(".volume-coronal canvas")
    middle = page.evaluate("viewer.at")
    assert np.allclose(middle, [19.5, 14.5, 9.5], atol=0.6)
    page.press("+")
    assert page.evaluate("viewer.zoom") == 1.25
    page.press("r")
    assert page.evaluate("[viewer.zoom, viewer.window.name]") == [1, "Soft tissue"]
    assert not page.problems()
    assert not page.unreachable()
