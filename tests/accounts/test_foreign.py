"""Which tokens of another issuer are believed."""

import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from kit.settings import Settings
from tests.accounts.issuer import (
    AUDIENCE,
    EC,
    NAME,
    OTHER_RSA,
    PEM,
    PRIVATE,
    SHARED,
    Issuer,
    bearer,
    part,
    published,
    trusting,
)
from tests.accounts.signing import INVALID, ME, MISSING, Hand, fresh, refusal, rows
from tests.conftest import SECRET, served
from tests.people import People

NOBODY = "select count(*) from identity where subject = :subject"


async def refused(people: People, token: str, subject: str) -> None:
    """As any bad token is, and nobody has come of it."""
    assert refusal(await bearer(people, token).ask(ME)) == INVALID
    assert await rows(people, NOBODY, subject=subject) == [(0,)]


@pytest.mark.parametrize("algorithm", list(PRIVATE))
async def test_a_token_of_the_issuer_is_good(trusted: People, issuer: Issuer, algorithm: str) -> None:
    answer = await bearer(trusted, issuer.token(fresh("sub"), algorithm)).ask(ME)
    assert answer.data["me"]["role"] == "USER"


async def test_our_own_tokens_are_as_good_as_before(trusted: People) -> None:
    dora = await trusted.one()
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id
    assert refusal(await trusted.nobody.ask(ME)) == MISSING


@pytest.mark.parametrize("algorithm", list(PRIVATE))
async def test_where_nobody_else_is_trusted_it_is_refused(people: People, issuer: Issuer, algorithm: str) -> None:
    subject = fresh("sub")
    await refused(people, issuer.token(subject, algorithm), subject)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, ["RS256"], {"a": 1}])
async def test_a_token_without_a_signature_is_refused(trusted: People, issuer: Issuer, algorithm: Any) -> None:
    subject = fresh("sub")
    for kid in ("RS256", "none"):
        unsigned = f"{part({'alg': algorithm, 'kid': kid})}.{part(issuer.claims(subject))}."
        await refused(trusted, unsigned, subject)


def with_hmac(header: Any, claims: Any, key: bytes) -> str:
    """Signed with what PyJWT would not sign with."""
    text = f"{part(header)}.{part(claims)}"
    signature = hmac.digest(key, text.encode(), hashlib.sha256)
    return f"{text}.{jwt.utils.base64url_encode(signature).decode()}"


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
async def test_the_public_key_is_no_secret(trusted: People, issuer: Issuer, algorithm: str) -> None:
    subject = fresh("sub")
    for key in (PEM, PEM.strip(), part(issuer.keys[0]).encode(), issuer.keys[0]["n"].encode()):
        forged = with_hmac({"alg": algorithm, "kid": "RS256"}, issuer.claims(subject), key)
        await refused(trusted, forged, subject)


async def test_a_key_verifies_by_its_own_algorithm_only(trusted: People, issuer: Issuer) -> None:
    subject = fresh("sub")
    await refused(trusted, issuer.token(subject, "RS256", header={"kid": "ES256"}), subject)
    await refused(trusted, issuer.token(subject, "ES256", header={"kid": "RS256"}), subject)
    await refused(trusted, issuer.token(subject, "RS512", PRIVATE["RS256"], {"kid": "RS256"}), subject)
    await refused(trusted, issuer.token(subject, "PS256", PRIVATE["RS256"], {"kid": "RS256"}), subject)
    await refused(trusted, issuer.token(subject, "HS384", SHARED * 2), subject)
    await refused(trusted, issuer.token(subject, "RS256", OTHER_RSA), subject)


async def test_what_a_header_brings_along_is_not_used(trusted: People, issuer: Issuer) -> None:
    subject, fetches = fresh("sub"), issuer.fetches
    forged: list[dict[str, Any]] = [
        {"jwk": published(OTHER_RSA, "RS256")},
        {"jwk": published(OTHER_RSA, "mine"), "kid": "mine"},
        {"jku": issuer.url.replace("jwks", "mine"), "x5u": issuer.url},
        {"x5c": ["MII"], "x5t": "x"},
    ]
    for header in forged:
        await refused(trusted, issuer.token(subject, "RS256", OTHER_RSA, header), subject)
    assert issuer.fetches <= fetches + 1, "for a key of an unknown name, and from the address that is set"


@pytest.mark.parametrize("header", [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": True}])
async def test_what_must_be_understood_and_is_not_is_refused(trusted: People, issuer: Issuer, header: Any) -> None:
    subject = fresh("sub")
    for algorithm in ("RS256", "HS256"):
        token = issuer.token(subject, algorithm, header=header)
        await refused(trusted, token, subject)


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_an_access_token_may_say_that_it_is_one(trusted: People, issuer: Issuer, typ: str) -> None:
    good = issuer.token(fresh("sub"), header={"typ": typ}, type="access", token_use="access", typ="Bearer")
    assert "errors" not in (await bearer(trusted, good).ask(ME)).body


KINDS: list[dict[str, Any]] = [
    {"type": "refresh"},
    {"type": "id"},
    {"type": ["access"]},
    {"type": 1},
    {"token_use": "id"},
    {"token_use": "refresh"},
    {"typ": "ID"},
    {"typ": "Refresh"},
    {"typ": "Offline"},
    {"typ": "Logout"},
]


@pytest.mark.parametrize("claims", KINDS, ids=str)
async def test_a_token_of_another_kind_is_refused(trusted: People, issuer: Issuer, claims: Any) -> None:
    subject = fresh("sub")
    await refused(trusted, issuer.token(subject, **claims), subject)


@pytest.mark.parametrize("typ", ["rt+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE"])
async def test_a_header_of_another_kind_is_refused(trusted: People, issuer: Issuer, typ: str) -> None:
    subject = fresh("sub")
    await refused(trusted, issuer.token(subject, header={"typ": typ}), subject)


LONG = "x" * 256
CHANGES: list[dict[str, Any]] = [
    *({"iss": iss} for iss in (None, "", "parlor", NAME[:-1], NAME.upper(), "https://evil.example/")),
    *({"aud": aud} for aud in (None, "", "parlor", [], ["another"], AUDIENCE.upper())),
    *({"sub": sub} for sub in (None, "", LONG, "a\0b", "\ud800", "ü", "a\nb")),
    *({"sid": sid} for sid in (1, "", LONG, "\0", "\ud800", ["x"])),
    *({"exp": exp} for exp in (None, 0, 1, -1, "soon", True, 1e300, 10**20, float("inf"), float("nan"), [1])),
    *({"iat": iat} for iat in ("now", True, 1e300, 10**20, ["now"])),
    *({"nbf": nbf} for nbf in ("now", True, 1e300, float("inf"))),
]


def as_told(claims: Any, algorithm: str) -> str:
    """Signed though PyJWT would not write such claims."""
    told = json.dumps(claims).encode()
    return jwt.api_jws.encode(told, PRIVATE[algorithm], algorithm, headers={"kid": algorithm})


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: str(changes)[:40])
@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA"])
async def test_claims_that_are_not_as_they_must_be_are_refused(
    trusted: People, issuer: Issuer, algorithm: str, changes: Any
) -> None:
    subject = fresh("sub")
    await refused(trusted, as_told(issuer.claims(subject, **changes), algorithm), subject)
    good = await bearer(trusted, as_told(issuer.claims(fresh("sub")), algorithm)).ask(ME)
    assert "errors" not in good.body, "without these changes"


async def test_one_audience_of_several_is_enough(trusted: People, issuer: Issuer) -> None:
    good = issuer.token(fresh("sub"), aud=["another", AUDIENCE])
    assert "errors" not in (await bearer(trusted, good).ask(ME)).body


async def test_a_token_ends_when_it_says(trusted: People, issuer: Issuer, clock: Hand) -> None:
    dora = bearer(trusted, issuer.token(fresh("sub"), exp=int(clock.at.timestamp()) + 60))
    clock.forward(seconds=59)
    assert "errors" not in (await dora.ask(ME)).body
    clock.forward(seconds=1)
    assert refusal(await dora.ask(ME)) == INVALID


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_token_begins_when_it_says_give_or_take_half_a_minute(
    trusted: People, issuer: Issuer, clock: Hand, claim: str
) -> None:
    subject, begins = fresh("sub"), {claim: int(clock.at.timestamp()) + 60}
    dora = bearer(trusted, jwt.encode(issuer.claims(subject, **begins), SHARED, "HS256"))
    await refused(trusted, str(dora.token), subject)
    clock.forward(seconds=30)
    assert "errors" not in (await dora.ask(ME)).body


@pytest.mark.parametrize("size", [4_000, 6_000])
async def test_a_token_may_be_long_but_not_endless(trusted: People, issuer: Issuer, size: int) -> None:
    token = issuer.token(fresh("sub"), "HS256", groups="x" * (size * 3 // 4 - 300))
    assert abs(len(token) - size) < 300
    answer = await bearer(trusted, token).ask(ME)
    assert ("errors" in answer.body) is (size > 5_000)


async def test_a_token_that_does_not_come_from_here_is_not_ours_though_it_says_so(
    trusted: People, issuer: Issuer
) -> None:
    """Nor is one of ours theirs, whatever it is signed with."""
    dora = await trusted.one()
    for key in (SHARED, SECRET):
        posing = issuer.claims(dora.id, iss="parlor", aud="parlor", sid=dora.session_id, type="access", role="ADMIN")
        assert refusal(await bearer(trusted, jwt.encode(posing, SHARED, "HS256")).ask(ME)) == INVALID
        told = jwt.encode(issuer.claims(dora.id, type="access"), SECRET, "HS256")
        assert refusal(await bearer(trusted, told).ask(ME)) == INVALID, key


async def test_a_secret_alone_needs_neither_issuer_nor_audience(settings: Settings, issuer: Issuer) -> None:
    """As Better Auth has it: subject, e-mail and an end."""
    shared = {"foreign_jwt_secret": SecretStr(SHARED)}
    async with served(settings.model_copy(update=shared), issuer.clock) as running:
        told: dict[str, Any] = {"email": f"{fresh('dora')}@example.org", "iss": None, "aud": None, "iat": None}
        subject = fresh("sub")
        good = issuer.token(subject, "HS256", header={}, **told)
        assert "errors" not in (await bearer(running.people, good).ask(ME)).body
        assert await rows(running.people, "select issuer from identity where subject = :sub", sub=subject) == [("",)]
        for changes in ({"aud": AUDIENCE}, {"iss": "parlor"}, {"sub": None}):
            bad = issuer.token("nobody", "HS256", **(told | changes))
            assert refusal(await bearer(running.people, bad).ask(ME)) == INVALID
        assert refusal(await bearer(running.people, issuer.token("nobody", **told)).ask(ME)) == INVALID


async def test_keys_alone_believe_no_secret(settings: Settings, issuer: Issuer) -> None:
    async with trusting(settings, issuer) as people:
        subject = fresh("sub")
        await refused(people, issuer.token(subject, "HS256"), subject)
        assert "errors" not in (await bearer(people, issuer.token(subject, "ES256", EC)).ask(ME)).body


def nested(depth: int) -> str:
    """A header whose type is a list of a list of a list …"""
    header = b'{"alg": "RS256", "kid": "RS256", "typ": ' + b"[" * depth + b"]" * depth + b"}"
    return f"{jwt.utils.base64url_encode(header).decode()}.e30.eA"


DEPTHS = (10, 500, 800, 900, 950, 1_000, 1_500)
NONSENSE = [
    *map(nested, DEPTHS),
    "x",
    "..",
    "a.b.c",
    f"{part({'alg': 'RS256', 'kid': 7})}.e30.x",
    f"{part([])}.e30.x",
    "." * 4_000,
]


@pytest.mark.parametrize("token", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_refused(trusted: People, token: str) -> None:
    assert refusal(await bearer(trusted, token).ask(ME)) == INVALID


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "elsewhere"}, "InvalidAudienceError"),
        ({"iss": "https://elsewhere.example/"}, "InvalidIssuerError"),
        ({"exp": 1}, "InvalidToken('not now')"),
        ({"token_use": "id"}, "InvalidToken('no access token')"),
    ],
)
async def test_why_a_token_is_refused_is_told_to_the_log_alone(
    trusted: People, issuer: Issuer, logged: list[EventDict], changes: dict[str, Any], why: str
) -> None:
    subject = fresh("sub")
    await refused(trusted, issuer.token(subject, **changes), subject)
    (line,) = [line for line in logged if line["event"] == "foreign.refused"]
    assert line["error"].startswith(why)
    assert line["log_level"] == "debug"
