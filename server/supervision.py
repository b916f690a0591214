"""What was started runs until nobody wants it any more: it is started again whenever it ends before.

It never gives up. To start Parlor anew would do nothing but the next try, and what stood in the way (no memory, a full
disk) goes without telling anybody. Meanwhile probes answer 503, and the log has a line for each try.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from time import monotonic

import structlog

FIRST_SECONDS, LONGEST_SECONDS = 0.5, 30.0  # from an end to the next try, twice as many each time
STEADY_SECONDS = 10  # after so long it counts as well
LOOK_SECONDS = 0.1

Run = Callable[[threading.Event], AbstractContextManager[subprocess.Popen[bytes]]]

log = structlog.get_logger()


@contextmanager
def kept(run: Run, leaving: threading.Event) -> Iterator[None]:
    """`run` starts it, gives up on that once the event it is given is set, and stops it when it is left.

    Once `leaving` is set it is not started again. Raises what the first start does.
    """
    supervisor = Supervisor(run, leaving)
    supervisor.start()
    try:
        yield
    finally:
        supervisor.over.set()
        supervisor.join()


class Supervisor(threading.Thread):
    """A thread, since an event loop comes and goes while a database is needed."""

    def __init__(self, run: Run, leaving: threading.Event) -> None:
        super().__init__(name="supervisor", daemon=True)
        self.over = threading.Event()
        self._begin = run
        self._leaving = leaving
        self._tries = 0
        self._life = ExitStack()
        self._process = self._life.enter_context(run(self.over))

    def run(self) -> None:
        while self._ended():
            self._start_again(f"it ended with {self._process.returncode}")

    def _ended(self) -> bool:
        """Once it has: whether nobody wanted that."""
        began = monotonic()
        with self._life:
            while self._process.poll() is None and not self.over.wait(LOOK_SECONDS):
                pass
        if monotonic() - began > STEADY_SECONDS:
            self._tries = 0
        return self._wanted()

    def _wanted(self) -> bool:
        return not self.over.is_set() and not self._leaving.is_set()

    def _start_again(self, error: str) -> None:
        """Returns once it runs, or nobody wants it any more."""
        while self._wanted():
            seconds = min(FIRST_SECONDS * 2.0 ** min(self._tries, 30), LONGEST_SECONDS)
            self._tries += 1
            log.warning("postgres.lost", error=error, retry_in=seconds)
            if self.over.wait(seconds) or not self._wanted():
                return
            try:
                self._process = self._life.enter_context(self._begin(self.over))
            except Exception as failed:
                lines = str(failed).splitlines() or [repr(failed)]
                error = " … ".join(dict.fromkeys((lines[0], lines[-1])))  # the last is the log's
            else:
                log.info("postgres.found", tries=self._tries)
                return
