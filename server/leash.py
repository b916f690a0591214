"""A command on a leash: a child that does not outlive us, however we die.

The leash is a pipe whose only write end is ours. A small shell reads the other end and takes the command down at end of
file. The line `stop` asks for the orderly way instead.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

STOP_SECONDS = 15  # for the orderly shutdown, which writes a checkpoint
QUIT_SECONDS = 6  # for the immediate one: the postmaster kills its children after 5
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}  # no secrets, no PGPORT

# The shell must outlast a SIGTERM meant for everybody (systemd sends one to the whole unit). It repeats SIGQUIT because
# a shell's background jobs ignore that signal until PostgreSQL has set its own handler.
GUARD = """
trap '' HUP INT TERM
exec 3<&0 </dev/null
"$@" 3<&- & pid=$!
{
    read -r word <&3 && kill -INT $pid && read -r word <&3
    while kill -QUIT $pid; do sleep 0.1; done
} 2>/dev/null & leash=$!
wait $pid; code=$?
{ kill -KILL $leash; wait; } 2>/dev/null
exit $code
"""

# Files that a forked child must not keep: with the leash in its hands PostgreSQL would outlive us, with a lock nobody
# could start again. (A child that execs loses them anyway.)
_OURS: set[IO[bytes]] = set()
if sys.platform != "win32":
    os.register_at_fork(after_in_child=lambda: [file.close() for file in _OURS])


@contextmanager
def held(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Keep a file open for the length of the block, in this process only."""
    _OURS.add(file)
    try:
        with file:
            yield file
    finally:
        _OURS.discard(file)


@contextmanager
def guarded(command: list[str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command on the leash, in a session of its own (Ctrl-C is not for it); after the block it is gone."""
    shell = ["/bin/sh", "-c", GUARD, "parlor-guard", *command]
    guard = subprocess.Popen(  # noqa: S603 - the command is ours
        shell, stdin=subprocess.PIPE, stdout=log, stderr=log, bufsize=0, env=ENVIRONMENT, start_new_session=True
    )
    assert guard.stdin is not None
    try:
        with held(guard.stdin):
            yield guard
    finally:  # the leash is let go of: whatever still runs is being quit
        with suppress(subprocess.TimeoutExpired):
            guard.wait(QUIT_SECONDS)
        if guard.returncode is None:
            os.killpg(guard.pid, signal.SIGKILL)
            guard.wait()


def stop(guard: subprocess.Popen[bytes]) -> None:
    """Ask for the orderly shutdown and wait for it. What has not stopped in time is quit when the leash goes."""
    assert guard.stdin is not None
    with suppress(BrokenPipeError, subprocess.TimeoutExpired):  # it has ended; it does not
        guard.stdin.write(b"stop\n")
        guard.wait(STOP_SECONDS)
