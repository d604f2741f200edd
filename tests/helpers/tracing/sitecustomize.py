"""Write down which functions of the package the script of a job executes.

Python imports a module of this name when it starts, if its folder is on PYTHONPATH. It
does nothing but in a script that Snakemake runs, and its forked children. Functions
that run while a module is imported are left out: what they make counts under its name.
"""

import os
import re
import sys
import threading
from pathlib import Path

SCRIPT = re.compile(r"\.snakemake/scripts/\w+\.(\w+)\.py$")
FOLDER = os.environ.get("TRACED_CALLS", "")
PACKAGE = "nodal_staging"

seen = set()
modules = {}


def record(frame, event, argument):
    """Take part in every call of a Python function; lines are not traced."""
    code = frame.f_code
    if code not in seen:
        module = modules.get(code.co_filename)
        if module is None:
            module = modules[code.co_filename] = module_of(code.co_filename)
        if not module or code.co_name == "<module>" or not importing(frame):
            seen.add(code)
            if module and code.co_name != "<module>":
                write(module, code)


def module_of(file):
    """Return the dotted name of a module of the package; empty for others."""
    parts = Path(file).with_suffix("").parts
    if PACKAGE not in parts or "src" not in parts:
        return ""
    inside = parts[parts.index("src") + 1 :]
    return ".".join(inside[:-1] if inside[-1] == "__init__" else inside)


def importing(frame):
    """Tell whether a module of the package is being imported."""
    while frame := frame.f_back:
        code = frame.f_code
        if code.co_name == "<module>" and module_of(code.co_filename):
            return True
    return False


def write(module, code):
    """Write at once: a child that is forked ends without saying goodbye.

    What has no name of its own, such as a lambda of a module, is known by its line.
    """
    name = code.co_qualname.partition(".")[0]
    definition = f"line {code.co_firstlineno}" if name.startswith("<") else name
    with (Path(FOLDER) / f"{SCRIPT_NAME}.{os.getpid()}").open("a") as file:
        file.write(f"{module} {definition}\n")


found = SCRIPT.search(sys.orig_argv[-1]) if FOLDER else None
if found:
    SCRIPT_NAME = found[1]
    threading.settrace(record)
    sys.settrace(record)
