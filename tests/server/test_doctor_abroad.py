"""What `parlor doctor` says of a server that runs, and of what stands beside the database."""

import pytest
from pydantic import SecretStr

from kit.settings import Settings
from live import vitals
from server.doctor.finding import Verdict
from server.origins import Origins
from server.requests import Refusal
from tests.accounts.issuer import NAME, issuing
from tests.breaking import until_ready
from tests.conftest import served
from tests.live.places import place
from tests.server.doctoring import STRONG, given, silent, told


async def test_a_server_without_its_broker_is_a_warning(own: Settings) -> None:
    broken = own.model_copy(update={"broadcast_url": SecretStr("postgres://nobody@127.0.0.1:1/no")})
    async with served(broken) as house:
        await until_ready(house, "degraded")
        found = await told(own, house.url)
        assert found["health check"] == (Verdict.WARNING, "degraded: broker (200)")
        assert found["WebSocket"][0] is Verdict.OK


async def test_a_server_that_is_not_ready_fails_and_says_what_of_it(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(own) as house:
        await until_ready(house)
        monkeypatch.setattr(vitals, "LAG_SECONDS", -1)
        assert (await told(own, house.url))["health check"] == (Verdict.FAILED, "not ready: log (503)")


async def test_a_server_of_another_name_fails_and_says_why(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Origins, "check", refusing)
    async with served(own) as house:
        found = await told(own, house.url)
        assert found["health check"] == (Verdict.FAILED, "The server does not answer to it (421)")
        assert found["WebSocket"][0] is Verdict.FAILED


def refusing(*_: object) -> None:
    raise Refusal(421, "The server does not answer to it")


async def test_a_redis_that_does_not_answer_fails() -> None:
    found = (await told(given(rate_limit_url="redis://:hunter2@127.0.0.1:1")))["Redis"]
    assert found[0] is Verdict.FAILED
    assert found[1].startswith("does not answer, and each process counts tries for itself: Error")
    assert "hunter2" not in found[1]


async def test_a_redis_that_answers_is_well(database_url: str) -> None:
    async with place("redis", database_url) as redis:
        found = (await told(given(rate_limit_url=redis.url)))["Redis"]
        assert found == (Verdict.OK, "counts tries for all processes")


async def test_the_keys_of_another_issuer_are_fetched() -> None:
    async with issuing() as issuer:
        named = given(foreign_jwks_url=issuer.url, foreign_issuer=NAME)
        assert (await told(named))["foreign tokens"] == (Verdict.OK, f"{issuer.url} has 3 keys")
        issuer.keys = []
        assert (await told(named))["foreign tokens"] == (Verdict.FAILED, f"{issuer.url}: no key that can be used")
    assert (await told(named))["foreign tokens"][0] is Verdict.FAILED


async def test_an_issuer_that_shares_a_secret_is_named() -> None:
    found = (await told(given(BETTER_AUTH_SECRET=STRONG, foreign_issuer=NAME)))["foreign tokens"]
    assert found == (Verdict.OK, f"of {NAME}, by a shared secret")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "ftp://example.org", "api.example.org", "http://no-such-host.invalid"]
)
async def test_a_server_that_is_not_there_fails(url: str) -> None:
    assert (await told(given(), url))["health check"][0] is Verdict.FAILED


async def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.doctor.running.ANSWER_SECONDS", 0.2)
    with silent() as port:
        found = await told(given(), f"http://127.0.0.1:{port}")
    assert found["health check"][0] is found["WebSocket"][0] is Verdict.FAILED
