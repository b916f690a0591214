"""The server that is fuzzed."""

import re
from collections.abc import Iterator

import pytest

from kit.settings import Settings
from server.demo import PEOPLE
from tests.conftest import url_of
from tests.server.processes import Running, serving


@pytest.fixture(scope="module")
def running(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A process of its own, so that its log is all that it says."""
    data = tmp_path_factory.mktemp("fuzz") / "data"
    named = {"DATABASE_URL": url_of(settings), "JWT_SECRET": "a secret of the fuzz tests, long"}
    with serving(data, "--demo", **named) as one:
        yield one
        assert one.ask("{ __typename }") == {"data": {"__typename": "Query"}}, "it still answers"
        assert one.process.poll() is None
        said = one.said
        assert "Traceback" not in said, said[-5_000:]
        assert not re.search(r"\[(error|critical) *\]|\bERROR\b", said), said[-5_000:]


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return running.token([*PEOPLE][-1])
