"""Which secrets can be guessed. Length alone says little: 32 times the same letter is one guess."""

import re
from functools import partial
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, SecretStr

FEWEST = 8  # different characters; 32 random hexadecimal digits have fewer once in 30 million times
# As people write them who mean to come back; `.env.example` has one, and so have the tutorials of most frameworks.
PLACEHOLDERS = re.compile(
    r"change.?(me|this|it)|replace.?(me|this|with)|your.?(own.?|super.?|jwt.?|\d+.?(bits?|char)?.?)*(secret|key|token)|secret.?key"
    r"|super.?secret|top.?secret|not.?so?.?secret|(jwt|my).?secret|placeholder|password|passw0rd|qwerty|letmein"
    r"|parlor.?demo|development.?only|insecure",
    re.IGNORECASE,
)


def weakness(secret: str) -> str | None:
    """Why it can be guessed, as the end of a sentence; None where nothing speaks against it."""
    if PLACEHOLDERS.search(secret):
        return "is a placeholder"
    if len(set(secret)) < FEWEST:
        return f"has fewer than {FEWEST} different characters"
    if _repeats(secret):
        return "repeats itself"
    if _counts(secret):
        return "counts up or down"
    return None


def _repeats(secret: str) -> bool:
    """Whether it is one part over and over, the last time perhaps cut off."""
    return any(secret.startswith(secret[size:]) for size in range(1, len(secret) // 2 + 1))


def _counts(secret: str) -> bool:
    """Whether most characters are neighbours of the one before: of random ones it is a fifth at most."""
    near = sum(abs(ord(one) - ord(next)) <= 1 for one, next in pairwise(secret))
    return near * 3 > len(secret) * 2


def _long(shortest: int, secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < shortest:
        raise ValueError(f"must have at least {shortest} characters")
    return secret


SigningSecret = Annotated[SecretStr, AfterValidator(partial(_long, 32))]  # as many bytes as HS256 makes of it
Token = Annotated[SecretStr, AfterValidator(partial(_long, 16))]
