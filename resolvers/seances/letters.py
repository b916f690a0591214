"""How long each letter of an answer takes, and where the planchette is at a moment: for all who look on the same."""

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

LETTER = 200  # milliseconds, all of these
SPACE = 400
PAUSE = 500  # punctuation within a sentence
STOP = 700  # and at its end
STOPS = frozenset(".!?\u2026\u3002\uff01\uff1f")
SHORTEST = 30
LONGEST = 60_000  # of the whole, however long it is
AHEAD = timedelta(seconds=1.5)  # so long an answer has to reach everybody before the first letter
REST = timedelta(seconds=1)  # between two answers
FURTHEST = timedelta(minutes=2)  # ahead; in a room that asks faster than can be spelled, planchettes cross after that


def timing(text: str) -> list[int]:
    """Milliseconds, one number for each Unicode code point.

    What would take too long is hastened: what each has beyond SHORTEST is cut in the same proportion.
    """
    plain = [_pace(letter) for letter in text]
    least = len(plain) * SHORTEST
    room, wanted = max(LONGEST - least, 0), sum(plain) - least
    return plain if wanted <= room else [SHORTEST + (ms - SHORTEST) * room // wanted for ms in plain]


def _pace(letter: str) -> int:
    if letter.isspace():
        return SPACE
    if letter in STOPS:
        return STOP
    return PAUSE if unicodedata.category(letter).startswith("P") else LETTER


def planchette(letter_timing: Sequence[int], starts_at: datetime, now: datetime) -> int:
    """How many characters have been spelled by now: the letter of this index is being pointed at, if there is one.

    Character i (from 0) begins at `starts_at` + sum(letter_timing[:i]) and is spelled when the next one begins. Whoever
    comes late and counts so is in step with all others.
    """
    return bisect_right([*accumulate(letter_timing)], (now - starts_at) / timedelta(milliseconds=1))


def ends_at(letter_timing: Sequence[int], starts_at: datetime) -> datetime:
    """When the last letter is spelled."""
    return starts_at + timedelta(milliseconds=sum(letter_timing))


def begins_at(now: datetime, free_at: datetime | None) -> datetime:
    """When the first letter of a new answer comes, given when the one before it is spelled to its end."""
    return now + AHEAD if free_at is None else min(max(now + AHEAD, free_at + REST), now + FURTHEST)


def spelled_since(now: datetime) -> datetime:
    """What was answered before is spelled to its end."""
    return now - FURTHEST - timedelta(milliseconds=LONGEST)
