"""Text as it is searched: which words there are in it."""

import string
from collections.abc import Mapping

from sqlalchemy import Computed

PUNCTUATION = string.punctuation  # ASCII's; PostgreSQL's parser knows the rest for what it is


def words_of(weights: Mapping[str, str]) -> Computed:
    """A column of the words of others; their weights are A to D.

    Punctuation parts words; left alone, PostgreSQL takes `milk/bread` and addresses for one word.
    """
    return Computed(" || ".join(_lexemes(name, weight) for name, weight in weights.items()), persisted=True)


def _lexemes(text: str, weight: str) -> str:
    marks = "'" + PUNCTUATION.replace("'", "''") + "'"
    return f"setweight(to_tsvector('simple', translate({text}, {marks}, '{' ' * len(PUNCTUATION)}')), '{weight}')"
