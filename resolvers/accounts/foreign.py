"""Tokens of one other issuer, signed with a secret that it shares or with a key that it publishes.

Which of the two is tried follows from the token; what it may be signed with does not: the secret verifies HS256
and nothing else, each key the one algorithm of its kind.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
import structlog

from kit.clock import Clock
from kit.settings import Settings
from resolvers.accounts.foreign_keys import ALGORITHMS, Keys
from resolvers.accounts.tokens import ISSUER, InvalidToken

SHARED = "HS256"
SKEW = timedelta(seconds=30)  # by which the issuer's clock may be ahead; nothing is added to a token's end
LONG_AGO = datetime.fromtimestamp(0, UTC)

# What tells an access token from the issuer's others, where it says so: RFC 9068, Cognito, Keycloak and ourselves.
HEADER_TYPES = {"jwt", "at+jwt", "application/at+jwt"}
CLAIMED_TYPES = {"type": {"access"}, "token_use": {"access"}, "typ": {"access", "bearer", "jwt", "at+jwt"}}

logger = structlog.get_logger()

_NAME = re.compile(r"[\x20-\x7e]{1,255}")  # as OpenID Connect has them


@dataclass(frozen=True, slots=True)
class Told:
    """What a token says that counts; `email` only if verified.

    `session` is what the issuer names so; else all tokens of its subject are of one, "", where they say when they were
    issued, and each is of its own where they do not.
    """

    issuer: str
    subject: str
    session: str
    issued_at: datetime
    expires_at: datetime
    email: object
    name: object

    @property
    def spared_until(self) -> datetime:
        """Ends of its session before this do not concern it. One that has a name ends once."""
        return LONG_AGO if self.session else self.issued_at


class Foreign:
    """At least one of the secret and the keys' address must be set."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        secret, url = settings.foreign_jwt_secret, settings.foreign_jwks_url
        self._secret = secret.get_secret_value() if secret is not None else None
        self._keys = Keys(url, clock) if url is not None else None
        self._issuer = settings.foreign_issuer
        self._audience = settings.foreign_audience

    async def read(self, token: str, now: datetime) -> Told:
        """What a token says that is good. Raises InvalidToken; NoKeys where it cannot be told."""
        try:
            header = jwt.get_unverified_header(token)
            if "crit" in header or _kind(header.get("typ", "jwt")) not in HEADER_TYPES:
                raise InvalidToken("no access token")
            key, algorithm = await self._verifying(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                options={
                    "require": ["sub", "exp"],
                    "verify_exp": False,  # by our own clock, below
                    "verify_iat": False,
                    "verify_nbf": False,
                    "enforce_minimum_key_length": True,
                },
            )
            return _told(claims, now)
        except (jwt.PyJWTError, InvalidToken) as error:
            logger.debug("foreign.refused", error=repr(error))  # whoever shows it is not told
            raise InvalidToken from error

    async def _verifying(self, header: dict[str, Any]) -> tuple[str | jwt.PyJWK, str]:
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == SHARED and self._secret is not None:
            return self._secret, SHARED
        if self._keys is not None and isinstance(kid, str) and algorithm in ALGORITHMS.values():
            key = await self._keys.of(kid)
            if key is not None:
                return key, key.algorithm_name
        raise InvalidToken("no key for it")

    async def close(self) -> None:
        if self._keys is not None:
            await self._keys.close()


def _told(claims: dict[str, Any], now: datetime) -> Told:
    for name, allowed in CLAIMED_TYPES.items():
        if name in claims and _kind(claims[name]) not in allowed:
            raise InvalidToken("no access token")
    told = Told(
        issuer=_name(claims, "iss"),
        subject=_name(claims, "sub"),
        session=_name(claims, "sid") or ("" if "iat" in claims else f"exp {claims['exp']}"),
        issued_at=_moment(claims, "iat"),
        expires_at=_moment(claims, "exp"),
        email=claims.get("email") if _verified(claims) else None,
        name=claims.get("name"),
    )
    begins = max(told.issued_at, _moment(claims, "nbf"))
    if told.issuer == ISSUER or not told.subject:
        raise InvalidToken("of nobody")
    if begins > now + SKEW or told.expires_at <= now:
        raise InvalidToken("not now")
    return told


def _kind(value: object) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _name(claims: dict[str, Any], claim: Literal["iss", "sub", "sid"]) -> str:
    value = claims.get(claim)
    if value is None:
        return ""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidToken
    return value


def _moment(claims: dict[str, Any], claim: Literal["exp", "iat", "nbf"]) -> datetime:
    value = claims.get(claim, 0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidToken from error


def _verified(claims: dict[str, Any]) -> bool:
    """As OpenID Connect has it, or Better Auth, whose tokens hold its user as it is."""
    return claims.get("email_verified") is True or claims.get("emailVerified") is True
