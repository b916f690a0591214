"""What parts words is written down by code points; here it is compared with Unicode's own tables."""

import re
import unicodedata

import pytest

from db.words import BETWEEN_WORDS

SELECTORS = {*map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))}  # they say how an emoji is drawn
UNKNOWN = {"Cn", "Co", "Cs"}  # characters that nobody has given a meaning


def parts(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "PSZ" or kind in ("Cc", "Cf", "Me") or character in SELECTORS


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="Python knows another Unicode")
def test_whatever_is_no_letter_number_or_accent_parts_words() -> None:
    known = [chr(n) for n in range(1, 0x110000) if unicodedata.category(chr(n)) not in UNKNOWN]
    parting = {*re.findall(f"[{BETWEEN_WORDS}]", "".join(known))}
    assert sorted(parting) == [character for character in known if parts(character)]
