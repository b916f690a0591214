"""Positions as clients see them: enciphered, since a position counts everybody's transactions and events.

Two cursors in the clear would tell how much others have written in between. A Feistel network of four rounds over
keyed BLAKE2 (Luby and Rackoff, 1988) makes of the position another number of the same size; the key is the log's own.
"""

import re
from hashlib import blake2b

from live.positions import Position

ROUNDS = 4
_WORD = (1 << 64) - 1
_SHAPE = re.compile(r"([0-9a-z]{4,32})-([0-9a-f]{32})")


class MalformedCursor(ValueError):
    """The text was never a cursor of this server."""


def sealed(epoch: str, secret: str, position: Position) -> str:
    left, right = position
    for number in range(ROUNDS):
        left, right = right, left ^ _round(secret, number, right)
    return f"{epoch}-{left << 64 | right:032x}"


def epoch_of(text: str) -> str:
    """The log that a cursor belongs to. Raises MalformedCursor."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise MalformedCursor(text[:64])
    return found[1]


def opened(secret: str, text: str) -> Position:
    """The position in a cursor of this log. Raises MalformedCursor for what can be none."""
    number = int(text.rpartition("-")[2], 16)
    left, right = number >> 64, number & _WORD
    for number in reversed(range(ROUNDS)):
        left, right = right ^ _round(secret, number, left), left
    if left >> 63 or right >> 63:
        raise MalformedCursor(text[:64])
    return Position(left, right)


def _round(secret: str, number: int, word: int) -> int:
    mixed = blake2b(word.to_bytes(8), digest_size=8, key=secret.encode(), salt=bytes([number]))
    return int.from_bytes(mixed.digest())
