"""What is left of a PostgreSQL whose postmaster was killed: its processes that are in the midst of a statement.

All others notice within a fifth of a second. These would go on until their statement ends, ten seconds at most, and
until then nobody may start it again.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def quit_orphans(cluster: Path, log: Path, program: Path) -> None:
    """Tells them to quit, as their postmaster would have. Not where it lives, nor where no /proc tells who they are,
    nor by a Python that was built where there was no pidfd.

    They are who runs the program, works in the cluster's directory and writes into the log. A pidfd stays with the
    process that it was opened for; one that ends meanwhile, and whose number another has then, is not mistaken for it.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open") or not hasattr(signal, "pidfd_send_signal"):
        return

    def is_theirs(process: Path) -> bool:
        with suppress(OSError):  # it has ended, or is not ours to look at
            links = (process / "exe", program), (process / "cwd", cluster), (process / "fd" / "2", log)
            return all(link.samefile(path) for link, path in links)
        return False

    with suppress(OSError, IndexError):
        postmaster = (cluster / "postmaster.pid").read_text().split()[0]
        if is_theirs(Path("/proc", postmaster)):
            return
    for process in filter(is_theirs, Path("/proc").glob("[0-9]*")):
        with suppress(OSError):
            handle = os.pidfd_open(int(process.name))
            try:
                if is_theirs(process):
                    signal.pidfd_send_signal(handle, signal.SIGQUIT)
            finally:
                os.close(handle)
