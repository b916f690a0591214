"""Access tokens are short-lived JWTs; refresh tokens are random, kept as a hash and good for one use."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from db.accounts.users import User
from kit.ids import Id
from kit.settings import Settings

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "parlor"
REQUIRED = ["sub", "sid", "exp", "iat", "type", "aud", "iss"]


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: Id
    session_id: Id
    expires_at: datetime


class InvalidToken(Exception):
    """Not a token of ours, or no longer."""


def access_token(settings: Settings, user: User, session_id: Id, now: datetime) -> str:
    claims = {
        "sub": user.id,
        "email": user.email,
        "role": user.role,
        "sid": session_id,
        "type": "access",
        "aud": AUDIENCE,
        "iss": ISSUER,
        "iat": now,
        "exp": now + timedelta(minutes=settings.access_token_minutes),
    }
    return jwt.encode(claims, _key(settings), algorithm=ALGORITHM)


def read_access_token(settings: Settings, token: str, now: datetime) -> Claims:
    """The claims of a token that is ours and not expired. Raises InvalidToken."""
    try:
        claims = jwt.decode(
            token,
            _key(settings),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
        )
    except jwt.PyJWTError as error:
        raise InvalidToken from error
    expires_at = datetime.fromtimestamp(claims["exp"], tz=now.tzinfo)
    if claims["type"] != "access" or expires_at <= now:
        raise InvalidToken
    return Claims(Id(str(claims["sub"])), Id(str(claims["sid"])), expires_at)


def _key(settings: Settings) -> str:
    assert settings.jwt_secret is not None, "with_secret() comes first"
    return settings.jwt_secret.get_secret_value()


def refresh_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
