"""What the doctor says of settings, and somebody who says nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_server
from typing import Any

from kit.settings import Settings
from server import doctor
from server.doctor.finding import Verdict

STRONG = "b7Gq2vXn9RkTzL4eWm8YcJd5HsAf3PuK"


async def told(settings: Settings, url: str | None = None) -> dict[str, tuple[Verdict, str]]:
    """Verdict and words by item; whatever is not well says what to do."""
    findings = await doctor.examined(settings, url)
    assert all(finding.remedy for finding in findings if finding.verdict in doctor.BAD)
    return {finding.item: (finding.verdict, finding.said) for finding in findings}


def given(**changes: Any) -> Settings:
    return Settings(_env_file=None, **changes)


@contextmanager
def silent() -> Iterator[int]:
    """Somebody who lets connections in and says nothing; the port."""
    with create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
