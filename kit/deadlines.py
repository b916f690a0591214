"""Ends what takes too long. One timer looks after all: asyncio's own costs as much as a tenth of a prepared query."""

import asyncio
from functools import cached_property
from types import TracebackType

from kit.errors import TooSlow

LOOK_SECONDS = 0.25  # between looks: by so much something may take longer


class Deadlines:
    """`seconds` is how long each may take."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._under_way: dict[Deadline, None] = {}  # in the order in which they began, and will be over
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> "Deadline":
        """To be entered by the task that is to be ended; then leaving raises TooSlow."""
        return Deadline(self)

    @cached_property
    def loop(self) -> asyncio.AbstractEventLoop:
        """To be asked for what is running, which costs a system call each time."""
        return asyncio.get_running_loop()

    def enter(self, deadline: "Deadline") -> float:
        """When it will be over."""
        self._under_way[deadline] = None
        if self._timer is None:
            self._timer = self.loop.call_later(LOOK_SECONDS, self._look)
        return self.loop.time() + self._seconds

    def leave(self, deadline: "Deadline") -> None:
        self._under_way.pop(deadline, None)

    def _look(self) -> None:
        now = self.loop.time()
        for deadline in [*self._under_way]:
            if now < deadline.at:
                break
            deadline.end()
        self._timer = self.loop.call_later(LOOK_SECONDS, self._look) if self._under_way else None


class Deadline:
    """What is done within it is cancelled when its time is over, as by `asyncio.timeout`."""

    __slots__ = ("_all", "_task", "at", "over")

    _task: "asyncio.Task[object]"

    def __init__(self, all: Deadlines) -> None:
        self._all = all
        self.over = False
        self.at = 0.0

    def __enter__(self) -> None:
        task = asyncio.current_task(self._all.loop)
        assert task is not None, "only a task can be cancelled"
        self._task = task
        self.at = self._all.enter(self)

    def end(self) -> None:
        self.over = True
        self._all.leave(self)
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.leave(self)
        if self.over:
            self._task.uncancel()
            if kind is asyncio.CancelledError:
                raise TooSlow from error
