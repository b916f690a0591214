"""What the log had to say of it."""

import pytest
from structlog.typing import EventDict


def lines(logged: list[EventDict]) -> list[EventDict]:
    """What is written where not every request is."""
    return [line for line in logged if line["log_level"] != "debug"]


def quiet(logged: list[EventDict], caplog: pytest.LogCaptureFixture) -> bool:
    """Nothing that anybody would look at."""
    return caplog.records == [] and not [line for line in lines(logged) if line["log_level"] != "info"]
