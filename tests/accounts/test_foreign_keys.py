"""The issuer's keys: when they are fetched, what of them is taken, and what becomes of a faulty endpoint."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kit.errors import NoKeys
from resolvers.accounts import foreign_keys
from resolvers.accounts.foreign_keys import Keys, usable
from tests.accounts.issuer import EC, ED, KEYS, OTHER_RSA, RSA, Issuer, bearer, part, published
from tests.accounts.signing import INVALID, ME, Hand, fresh, refusal
from tests.people import Answer, People
from tests.sockets import Closed

DOWN = ("UNAVAILABLE", "The keys of the token's issuer cannot be fetched just now; try again")


async def asked(people: People, issuer: Issuer, algorithm: str = "RS256", **more: Any) -> Answer:
    """Somebody new asks, with a token of theirs."""
    return await bearer(people, issuer.token(fresh("sub"), algorithm, **more)).ask(ME)


async def good(people: People, issuer: Issuer, algorithm: str = "RS256", **more: Any) -> bool:
    answer = await asked(people, issuer, algorithm, **more)
    if "errors" in answer.body:
        assert refusal(answer) == INVALID
    return "errors" not in answer.body


async def test_they_are_fetched_once_for_all(trusting_it: People, own_issuer: Issuer) -> None:
    assert own_issuer.fetches == 0
    algorithms = ["RS256", "ES256", "EdDSA"] * 10
    answers = await asyncio.gather(*(good(trusting_it, own_issuer, algorithm) for algorithm in algorithms))
    assert (all(answers), own_issuer.fetches) == (True, 1)


async def test_a_token_seen_before_asks_for_nothing(trusting_it: People, own_issuer: Issuer, clock: Hand) -> None:
    dora = bearer(trusting_it, own_issuer.token(fresh("sub")))
    assert "errors" not in (await dora.ask(ME)).body
    own_issuer.keys = [published(OTHER_RSA, "RS256")]
    clock.forward(minutes=9)
    assert "errors" not in (await dora.ask(ME)).body
    assert own_issuer.fetches == 1


async def test_a_new_key_is_found_when_a_token_names_it(trusting_it: People, own_issuer: Issuer, clock: Hand) -> None:
    assert await good(trusting_it, own_issuer)
    own_issuer.keys = [published(OTHER_RSA, "new"), *KEYS]
    clock.forward(seconds=31)
    assert await good(trusting_it, own_issuer, key=OTHER_RSA, header={"kid": "new"})
    assert await good(trusting_it, own_issuer)
    assert own_issuer.fetches == 2


async def test_a_key_that_was_taken_back_is_noticed(trusting_it: People, own_issuer: Issuer, clock: Hand) -> None:
    """Also of a token that was good before."""
    dora = bearer(trusting_it, own_issuer.token(fresh("sub")))
    assert "errors" not in (await dora.ask(ME)).body
    own_issuer.keys = KEYS[1:]
    clock.forward(minutes=10, seconds=1)
    assert not await good(trusting_it, own_issuer)
    assert refusal(await dora.ask(ME)) == INVALID
    assert own_issuer.fetches == 2


async def test_a_storm_of_unknown_keys_asks_once_in_half_a_minute(
    trusting_it: People, own_issuer: Issuer, clock: Hand
) -> None:
    assert await good(trusting_it, own_issuer)

    async def storm() -> None:
        kids = [{"kid": fresh("unknown")} for _ in range(100)]
        assert not any(await asyncio.gather(*(good(trusting_it, own_issuer, header=kid) for kid in kids)))

    await storm()
    assert own_issuer.fetches == 1, "they were fetched just now"
    clock.forward(seconds=31)
    await storm()
    assert own_issuer.fetches == 2
    clock.forward(seconds=29)
    await storm()
    assert own_issuer.fetches == 2


KIDS = ["../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "' or 1=1 --", "\0", "\ud800", "", "x" * 3_000]


@pytest.mark.parametrize("kid", KIDS, ids=range(len(KIDS)))
async def test_a_key_id_is_a_name_and_nothing_else(trusted: People, issuer: Issuer, kid: str) -> None:
    assert not await good(trusted, issuer, header={"kid": kid})


@pytest.mark.parametrize("kid", [None, 1, [], {}])
async def test_a_token_must_name_its_key(trusted: People, issuer: Issuer, kid: Any) -> None:
    _, claims, signature = issuer.token(fresh("sub")).split(".")
    for header in ({"alg": "RS256", "kid": kid}, {"alg": "RS256"}):
        assert refusal(await bearer(trusted, f"{part(header)}.{claims}.{signature}").ask(ME)) == INVALID


async def _slow(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b" " * 65_536)
        await writer.drain()


def _redirecting(issuer: Issuer) -> Callable[[asyncio.StreamWriter], None]:
    return lambda writer: issuer.write(writer, b"", "302 Found", f"location: {issuer.url}\r\n")


def _saying(body: bytes, status: str = "200 OK", more: str = "") -> Callable[[Issuer], Any]:
    return lambda issuer: lambda writer: issuer.write(writer, body, status, more)


FAULTS: dict[str, Callable[[Issuer], Any]] = {
    "slow": lambda _: _slow,
    "dripping": lambda _: _dripping,
    "endless": lambda _: _endless,
    "redirecting": _redirecting,
    "gone": lambda _: lambda writer: writer.close(),
    "garbage": lambda _: lambda writer: writer.write(b"\x16\x03\x01 nonsense\r\n\r\n"),
    "failing": _saying(b'{"keys": []}', "500 Internal Server Error"),
    "missing": _saying(b"Not found", "404 Not Found"),
    "empty": _saying(b""),
    "html": _saying(b"<html>Sign in</html>"),
    "a list": _saying(b"[]"),
    "a number": _saying(b"5"),
    "no keys": _saying(b'{"keys": []}'),
    "keys of no kind": _saying(b'{"keys": {"kid": 1}}'),
    "what are no keys": _saying(b'{"keys": [null, 5, "x", [], {}, {"kid": "RS256"}, {"kid": "RS256", "kty": "RSA"}]}'),
    "nested": _saying(b'{"keys": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "too large": _saying(b'{"keys": [' + b" " * 262_144 + b"]}"),
    "packed": _saying(b"\x1f\x8b\x08\x00", more="content-encoding: gzip\r\n"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_faulty_endpoint_is_no_reason_to_believe_anything_nor_to_wait(
    trusting_it: People, own_issuer: Issuer, clock: Hand, monkeypatch: pytest.MonkeyPatch, fault: Any
) -> None:
    """It is told apart from a bad token, and mended as soon as the endpoint is."""
    monkeypatch.setattr(foreign_keys, "SECONDS", 1.0)
    own_issuer.answer = fault(own_issuer)
    answers = await asyncio.gather(*(asked(trusting_it, own_issuer) for _ in range(20)))
    assert {refusal(answer) for answer in answers} == {DOWN}
    assert {answer.status for answer in answers} == {503}
    assert own_issuer.fetches == 1
    own_issuer.answer = own_issuer.publish
    assert refusal(await asked(trusting_it, own_issuer)) == DOWN, "it is left in peace for a while"
    clock.forward(seconds=5)
    assert await good(trusting_it, own_issuer)
    assert own_issuer.fetches == 2


async def test_keys_go_on_working_for_a_day_while_the_endpoint_is_down(
    trusting_it: People, own_issuer: Issuer, clock: Hand
) -> None:
    assert await good(trusting_it, own_issuer)
    own_issuer.answer = lambda writer: writer.close()
    for hours in (1, 22):
        clock.forward(hours=hours)
        assert await good(trusting_it, own_issuer)
    clock.forward(hours=2)
    assert refusal(await asked(trusting_it, own_issuer)) == DOWN
    dora = await trusting_it.one()
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id, "others' keys are not ours"


async def test_a_socket_that_cannot_be_looked_at_is_told_to_try_again(
    trusting_it: People, own_issuer: Issuer, clock: Hand
) -> None:
    own_issuer.answer = lambda writer: writer.close()
    dora = bearer(trusting_it, own_issuer.token(fresh("sub")))
    socket = await dora.socket().open()
    await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {dora.token}"}})
    with pytest.raises(Closed) as closed:
        await socket.frame()
    assert (closed.value.code, closed.value.reason) == (1013, DOWN[1])
    own_issuer.answer = own_issuer.publish
    clock.forward(seconds=5)
    async with dora.socket() as socket:
        assert "errors" not in await socket.ask(ME)


async def test_a_failure_is_one_line_in_the_log(
    trusting_it: People, own_issuer: Issuer, logged: list[dict[str, Any]]
) -> None:
    own_issuer.answer = lambda writer: own_issuer.write(writer, b"x" * 1_000, "404 Not Found")
    await asyncio.gather(*(asked(trusting_it, own_issuer) for _ in range(20)))
    assert [entry["codes"] for entry in logged if entry["event"] == "request.refused"] == [["UNAVAILABLE"]] * 20
    assert {entry["event"] for entry in logged if entry["log_level"] == "warning"} == {"request.refused", "jwks.failed"}
    [line] = [entry for entry in logged if entry["event"] == "jwks.failed"]
    assert line == {
        "event": "jwks.failed",
        "log_level": "warning",
        "host": "127.0.0.1",
        "error": "ValueError('status 404')",
    }


async def test_a_fetch_goes_on_for_others_when_who_began_it_leaves(own_issuer: Issuer, clock: Hand) -> None:
    asked_for, may = asyncio.Event(), asyncio.Event()

    async def waiting(writer: asyncio.StreamWriter) -> None:
        asked_for.set()
        await may.wait()
        own_issuer.publish(writer)

    own_issuer.answer = waiting
    keys = Keys(own_issuer.url, clock)
    first, second = asyncio.create_task(keys.of("RS256")), asyncio.create_task(keys.of("ES256"))
    await asked_for.wait()
    first.cancel()
    may.set()
    found = await second
    assert (found is not None, own_issuer.fetches) == (True, 1)
    await keys.close()


async def test_closing_ends_a_fetch_that_is_under_way(own_issuer: Issuer, clock: Hand) -> None:
    asked_for = asyncio.Event()

    async def waiting(writer: asyncio.StreamWriter) -> None:
        asked_for.set()
        await asyncio.sleep(60)

    own_issuer.answer = waiting
    keys = Keys(own_issuer.url, clock)
    asking = asyncio.create_task(keys.of("RS256"))
    await asked_for.wait()
    async with asyncio.timeout(1):
        await keys.close()
    with pytest.raises((NoKeys, asyncio.CancelledError)):
        await asking


def _taken(*keys: Any) -> dict[str, str]:
    listed = [*keys, published(EC, "control")]
    found = usable(orjson.dumps({"keys": listed}))
    assert found.pop("control").algorithm_name == "ES256"
    return {kid: key.algorithm_name for kid, key in found.items()}


def test_a_key_is_taken_for_the_algorithm_of_its_kind() -> None:
    taken = _taken(published(RSA, "a", alg="RS256"), published(ED, "b"), published(EC, "c", alg="ES256"))
    assert taken == {"a": "RS256", "b": "EdDSA", "c": "ES256"}


WEAK = rsa.generate_private_key(65537, 1024)  # noqa: S505 (which is the point)
PRIVATE_JWK = published(RSA, "x") | {"d": "AQAB"}
LEFT: dict[str, Any] = {
    "symmetrical": {"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "x"},
    "symmetrical, said to be for RS256": {"kty": "oct", "k": "c2VjcmV0" * 8, "kid": "x", "alg": "RS256"},
    "for encryption": published(RSA, "x", use="enc"),
    "for another algorithm": published(RSA, "x", alg="RS512"),
    "for HMAC, it says": published(RSA, "x", alg="HS256"),
    "for none": published(RSA, "x", alg="none"),
    "too short": published(WEAK, "x"),
    "of another curve": published(ec.generate_private_key(ec.SECP384R1()), "x"),
    "private": PRIVATE_JWK,
    "of no name": published(RSA, "x", kid=None),
    "of a name that is none": published(RSA, "x", kid=["x"]),
    "not on its curve": published(EC, "x", y=published(EC, "x")["x"]),
    "of no kind": published(RSA, "x", kty=["RSA"]),
    "of no number": published(RSA, "x", n=5),
    "of no such letters": published(RSA, "x", n="!!", e="AQAB"),
    "of a number that is zero": published(RSA, "x", n="AA"),
    "of a curve that is none": published(ED, "x", crv=["Ed25519"]),
    "too short for its curve": published(ED, "x", x="AAAA"),
}


@pytest.mark.parametrize("key", LEFT.values(), ids=LEFT)
def test_a_key_that_is_not_for_this_is_left_out(key: Any) -> None:
    assert _taken(key) == {}


def test_of_two_keys_of_one_name_the_first_counts() -> None:
    assert _taken(published(RSA, "x"), published(EC, "x")) == {"x": "RS256"}


def test_of_very_many_keys_the_first_count() -> None:
    listed = [published(ED, f"key{number}") for number in range(1_000)]
    assert len(usable(orjson.dumps({"keys": listed}))) == foreign_keys.MOST
