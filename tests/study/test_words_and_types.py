"""Words of errors, of the log, and types change no version; what acts there does."""

import pytest
from small_packages import versions

READER = {
    "study/errors.py": "class InputError(ValueError):\n    reason = 'x'\n",
    "other.py": "from nodal_staging.study.errors import InputError\n\n"
    "class OtherError(InputError):\n    reason = 'other'\n\n"
    "def shown(x):\n    return x\n",
    "reader.py": "import logging\n\n"
    "from nodal_staging.other import OtherError, shown\n"
    "from nodal_staging.study import errors\n"
    "from nodal_staging.study.errors import InputError\n\n"
    "logger = logging.getLogger(__name__)\n\n"
    "def read(x):\n"
    "    if x < 1:\n        raise InputError('the value is small')\n"
    "    if x < 2:\n"
    "        raise errors.InputError(f'value {shown(x)} of ' + '2 expected')\n"
    "    if x < 3:\n        raise InputError('a value', 'three')\n"
    "    if x < 4:\n        raise OtherError('four is expected')\n"
    "    if x < 5:\n        raise InputError(WORDS) from None\n"
    "    if x < 6:\n        raise _damaged(f'six {shown(-x)}', 'seven eight', 'code')\n"
    "    if x < 7:\n        raise OSError(7, 'no space is left')\n"
    "    if x < 8:\n        raise KeyError('one' if x else 'two')\n"
    "    assert x > 9, f'ten {x + 10}'\n"
    "    logger.warning('%s are few', x + 11)\n"
    "    logger.info(f'read {x + 12} values')\n"
    "    print('eleven values')\n"
    "    return InputError('not raised')\n\n"
    "def _damaged(where, fix, code):\n"
    "    end = 'an end'\n"
    "    return OtherError(f'{where} is damaged; {fix}, {end}')\n\n"
    "WORDS = 'given as a constant'\n",
    "handlers.py": "from nodal_staging.reader import read\n"
    "from nodal_staging.study.errors import InputError\n\n"
    "def keeping(x):\n    try:\n        return read(x)\n"
    "    except InputError as error:\n"
    "        return {'problem': str(error), 'of': 'a patient'}\n\n"
    "def raising(x):\n    try:\n        return read(x)\n"
    "    except InputError as error:\n"
    "        raise InputError(f'unreadable: {error}') from error\n",
}
READ = "from nodal_staging.reader import read\nread(1)"
SMALL = ("reader.py", "the value is small", "the number is small")


def handled(how):
    return f"from nodal_staging.handlers import {how}\n{how}(1)"


TYPED = {
    "typed.py": "import typing\nfrom typing import cast, overload\n\n"
    "from nodal_staging.kinds import Long, Short\n\n"
    "@overload\ndef f(x: int) -> int: ...\n\n"
    "@overload\ndef f(x: str) -> str: ...\n\n"
    "def f(x):\n    return cast(Long, x + 1), typing.cast('Short', x + 2)\n\n"
    "class Box:\n    @typing.overload\n    def g(self, x: int) -> int: ...\n\n"
    "    def g(self, x):\n        return x\n\n"
    "def own(cast, x):\n    return cast(Long, x)\n",
    "kinds.py": "Long = int\nShort = str\nOther = float\n",
    "setters.py": "from nodal_staging.kinds import Other\n\n"
    "class Registry:\n"
    "    def setter(self, f):\n        self.f = f\n        return f\n\n"
    "    getter = setter\n\nKNOWN = Registry()\n\n"
    "def call():\n    return KNOWN.f()\n",
    "members.py": "from nodal_staging.setters import KNOWN\n\n"
    "@KNOWN.setter\ndef first():\n    return 18\n\n"
    "class Group:\n    @KNOWN.getter\n    def second():\n        return 19\n",
    "nested.py": "LIMIT = 20\nDEPTH = 21\nWIDTH = 22\n\n"
    "def outer():\n    LIMIT = 1\n\n    def inner():\n        global LIMIT\n"
    "        return LIMIT\n\n    return inner, LIMIT\n\n"
    "def importing():\n    DEPTH = 1\n\n    def inner():\n"
    "        from nodal_staging.nested import DEPTH\n        return DEPTH\n\n"
    "    return inner, DEPTH\n\n"
    "def around():\n    WIDTH = 1\n\n    def inner():\n        nonlocal WIDTH\n"
    "        WIDTH = 2\n        return WIDTH\n\n    return inner, WIDTH\n",
}
F = "from nodal_staging.typed import Box, f\nf(1)\nBox().g(1)"
OWN = "from nodal_staging.typed import own\nown(max, 1)"
CALL = "import nodal_staging.members\nfrom nodal_staging.setters import call\ncall()"


def nested(name):
    return f"from nodal_staging.nested import {name}\n{name}()"


COUNTED = [
    # What is filled in, codes, constants, and what the results hold.
    (READER, READ, "reader.py", "{shown(x)}", "{shown(x + 1)}"),
    (READER, READ, "reader.py", "shown(-x)", "shown(x)"),
    (READER, READ, "reader.py", "'three'", "'two'"),
    (READER, READ, "reader.py", "'code'", "'other_code'"),
    (READER, READ, "reader.py", "as a constant", "as a name"),
    (READER, READ, "reader.py", "an end", "the end"),
    (READER, READ, "reader.py", "OSError(7", "OSError(8"),
    (READER, READ, "reader.py", "'one' if x", "'one' if not x"),
    (READER, READ, "reader.py", "x > 9", "x > 8"),
    (READER, READ, "reader.py", "x + 10", "x - 10"),
    (READER, READ, "reader.py", "x + 11", "x - 11"),
    (READER, READ, "reader.py", "x + 12", "x - 12"),
    (READER, READ, "reader.py", "eleven values", "twelve values"),
    (READER, READ, "reader.py", "x < 1:", "x <= 1:"),
    (READER, READ, "reader.py", "raise InputError('the", "raise OtherError('the"),
    (READER, READ, "other.py", "return x", "return -x"),
    (READER, READ, "other.py", "'other'", "'another'"),
    (READER, handled("keeping"), "handlers.py", "a patient", "an exam"),
    # What stands behind a type.
    (TYPED, F, "typed.py", "x + 1", "x + 3"),
    (TYPED, F, "typed.py", "x + 2", "x + 4"),
    (TYPED, OWN, "typed.py", "cast(Long, x)\n", "cast(Short, x)\n"),
    # Decorators that only look like those of a property.
    (TYPED, CALL, "members.py", "18", "180"),
    (TYPED, CALL, "members.py", "19", "190"),
    # Names of the module behind variables of a function around.
    (TYPED, nested("outer"), "nested.py", "20", "200"),
    (TYPED, nested("importing"), "nested.py", "21", "210"),
]
NOT_COUNTED = [
    (READER, READ, *SMALL),
    (READER, READ, "reader.py", " of ' + '2 expected", "' + '; 2 expected"),
    (READER, READ, "reader.py", "f'value {shown(x)} of '", "f'{shown(x)} of '"),
    (READER, READ, "reader.py", "a value'", "another value'"),
    (READER, READ, "reader.py", "four is", "five is"),
    (READER, READ, "reader.py", "'six ", "'a seventh "),
    (READER, READ, "reader.py", "seven eight", "eight nine"),
    (READER, READ, "reader.py", "no space", "no room"),
    (READER, READ, "reader.py", "'one'", "'a third'"),
    (READER, READ, "reader.py", "'ten ", "'eleven "),
    (READER, READ, "reader.py", "%s are few", "%s are not many"),
    (READER, READ, "reader.py", "'read ", "'found "),
    (READER, READ, "reader.py", "not raised", "returned"),
    (READER, READ, "reader.py", " is damaged; ", " cannot be read; "),
    (READER, handled("keeping"), *SMALL),
    (READER, handled("raising"), *SMALL),
    (READER, handled("raising"), "handlers.py", "unreadable: ", "cannot be read: "),
    (TYPED, F, "typed.py", "cast(Long, x +", "cast(Short, x +"),
    (TYPED, F, "typed.py", "cast('Short'", "cast('Other'"),
    (TYPED, F, "typed.py", "cast(Long, x + 1)", "x + 1"),
    (TYPED, F, "typed.py", "(x: str) -> str", "(x: bytes) -> bytes"),
    (TYPED, F, "typed.py", "@overload\ndef f(x: str) -> str: ...\n\n", ""),
    (TYPED, F, "typed.py", "(self, x: int) -> int", "(self, x: str) -> str"),
    (TYPED, F, "kinds.py", "int", "bytes"),
    (TYPED, nested("around"), "nested.py", "22", "220"),
]


@pytest.mark.parametrize("case", COUNTED)
def test_an_edit_that_may_change_a_result_changes_the_version(tmp_path, case):
    before, after = versions(tmp_path, *case)
    assert after != before


@pytest.mark.parametrize("case", NOT_COUNTED)
def test_an_edit_that_changes_no_result_keeps_the_version(tmp_path, case):
    before, after = versions(tmp_path, *case)
    assert after == before
