"""The text of each sheet of a PDF that Chromium printed, in the order it was drawn."""

import re
import zlib

OBJECT = re.compile(rb"\n(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
ONE = re.compile(rb"<([0-9A-F]+)> <([0-9A-F]+)>\n", re.IGNORECASE)
RANGE = re.compile(rb"<([0-9A-F]+)> <([0-9A-F]+)> <([0-9A-F]+)>", re.IGNORECASE)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]*)>|(ET)")


def sheets(pdf: bytes) -> list[str]:
    """Return the text of each sheet; pieces are parted by blanks."""
    objects = {int(m[1]): m[2] for m in OBJECT.finditer(pdf)}
    pages = [o for o in objects.values() if re.search(rb"/Type /Page\b", o)]
    return [_text(page, objects) for page in pages]


def _text(page: bytes, objects: dict[int, bytes]) -> str:
    fonts = {name: _letters(objects, int(n)) for name, n in FONT.findall(page)}
    (content,) = re.findall(rb"/Contents (\d+) 0 R", page)
    letters: dict[int, str] = {}
    words = []
    for font, shown, end in SHOWN.findall(_stream(objects[int(content)])):
        if font:
            letters = fonts.get(font, {})
        elif end:
            words.append(" ")
        else:
            codes = (int(shown[n : n + 4], 16) for n in range(0, len(shown), 4))
            words.append("".join(letters.get(code, "") for code in codes))
    return re.sub(r"\s+", " ", "".join(words))


def _letters(objects: dict[int, bytes], font: int) -> dict[int, str]:
    """Return the letter of each glyph of a font."""
    (place,) = re.findall(rb"/ToUnicode (\d+) 0 R", objects[font]) or [b"0"]
    if place == b"0":
        return {}
    table = _stream(objects[int(place)])
    found = {}
    for block in re.findall(rb"beginbfchar\n(.*?)endbfchar", table, re.DOTALL):
        for code, letter in ONE.findall(block):
            found[int(code, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange\n(.*?)endbfrange", table, re.DOTALL):
        for first, last, letter in RANGE.findall(block):
            start = int(first, 16)
            for code in range(start, int(last, 16) + 1):
                found[code] = chr(int(letter, 16) + code - start)
    return found


def _stream(content: bytes) -> bytes:
    (packed,) = STREAM.findall(content)
    return zlib.decompress(packed) if b"/FlateDecode" in content else packed
