"""Where the runs that hold the locks of a folder were started.

``tools/release_stale_lock.sh`` reads it to prove that the owner of a lock is dead.
"""

import os
import socket
from pathlib import Path

from nodal_staging.study.files import replacing

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PROCESSES = Path("/proc/self/ns/pid")


def record_run(folder: str | Path, *, local: bool) -> None:
    """Write where a run was started that has just taken its lock.

    The file ``host`` has a line for each run: host name, and for a run whose jobs are
    processes of this machine the boot and the process namespace. Lines of earlier runs
    are kept while the locks of several runs exist.

    Parameters
    ----------
    folder
        Snakemake's folder, which contains ``locks``.
    local
        Whether all jobs run on this machine; those of a cluster survive the run.
    """
    record = Path(folder, "host")
    lines = record.read_text().splitlines() if record.exists() else []
    locks = Path(folder, "locks").glob("*.input.lock")
    kept = lines if len(list(locks)) > 1 else []
    with replacing(record) as part:
        part.write_text("\n".join([*kept, _place(local=local)]) + "\n")


def _place(*, local: bool) -> str:
    """Return one line that no other machine, boot or container has."""
    host = socket.gethostname()
    if not local or not BOOT_ID.exists():
        return host
    return f"{host} {BOOT_ID.read_text().strip()} {os.readlink(PROCESSES)}"
