"""Words that nobody shall read in a room.

They are the same word however they are written: in capitals or not, with accents or without, in full width, with marks
in them that nobody sees. What only contains one is another word.
"""

from collections.abc import Iterator
from functools import lru_cache
from unicodedata import category, combining, normalize

MASK = "*"
LETTERS = 10_000  # whose folding is kept, the latest; each takes 200 bytes
VOICED = 9  # up to this class a mark makes another letter of one (nukta, voicing, virama), above it is an accent
UNSEEN = {0x34F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}  # marks that say how others are drawn


def masked(text: str, words: str) -> str:
    """The text with a `*` for each character of those words; it stays as long as it was.

    Whatever stands between words in `words` parts them. The time is linear in the text.
    """
    blocked = _among(words)
    if not blocked:
        return text
    shown = [*text]
    for start, end, word in _words(text):
        if word in blocked:
            shown[start:end] = MASK * (end - start)
    return "".join(shown)


@lru_cache(maxsize=8)
def _among(words: str) -> frozenset[str]:
    return frozenset(word for _, _, word in _words(words))


def _words(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each begins and ends, and how it is written when all are written alike."""
    start: int | None = None
    letters = [*map(_folded, text), None]
    for at, here in enumerate(letters):
        if here and start is None:
            start = at
        elif here is None and start is not None:
            yield start, at, "".join(filter(None, letters[start:at]))
            start = None


@lru_cache(maxsize=LETTERS)
def _folded(character: str) -> str | None:
    """The letters and numbers that it stands for; none for a mark upon another. None where it parts words."""
    plain = normalize("NFKD", _bare(normalize("NFKD", character)).casefold())
    letters = _bare(plain)
    return letters if all(category(letter)[0] in "LNM" for letter in letters) else None


def _bare(text: str) -> str:
    """Without accents, and without what is not seen."""
    return "".join(
        letter
        for letter in text
        if combining(letter) <= VOICED and category(letter) != "Cf" and ord(letter) not in UNSEEN
    )
