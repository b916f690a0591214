"""Words that nobody shall read in a room are masked, however they are written."""

import time
from collections.abc import AsyncIterator
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.settings import Settings
from resolvers.seances.words import masked
from tests.conftest import served
from tests.seances.talking import page, say, texts
from tests.seances.world import World
from tests.seances.world import world as made

WORDS = "damn, Café,straße , ひか"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Damn! DAMN; damn", "****! ****; ****"),
        ("d\u00e4mn da\u0301mn", "**** *****"),
        ("\uff24\uff21\uff2d\uff2e \U0001d41d\U0001d41a\U0001d426\U0001d427", "**** ****"),
        ("d\u200bamn da\u00admn da\ufe0fmn", "***** ***** *****"),
        ("cafe CAFE\u0301", "**** *****"),
        ("STRASSE strasse", "******* *******"),
        ("👻damn👻", "👻****👻"),
        ("<b>damn</b>'damn'", "<b>****</b>'****'"),
        ("undamned damned damn2 dam n", "undamned damned damn2 dam n"),
        ("ひか ひが", "** ひが"),
        ("", ""),
        ("damn", "****"),
        ("\u0301\u200bdamn", "\u0301\u200b****"),
    ],
)
def test_whole_words_are_masked_in_whatever_spelling(text: str, shown: str) -> None:
    assert masked(text, WORDS) == shown


@pytest.mark.parametrize("words", ["", " ", ",", " , ,, "])
def test_where_no_words_are_set_nothing_is_masked(words: str) -> None:
    assert masked("damn , ,", words) == "damn , ,"


@given(st.text(), st.lists(st.text(min_size=1, max_size=6), max_size=4))
def test_what_is_masked_stays_as_long_and_what_is_not_as_it_was(text: str, words: list[str]) -> None:
    shown = masked(text, ",".join(words))
    assert len(shown) == len(text)
    assert all(after in (before, "*") for before, after in zip(text, shown, strict=True))
    assert masked(shown, ",".join(words)) == shown


@given(st.sampled_from(["damn", "café", "straße"]), st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.booleans())
def test_a_word_is_masked_in_every_normal_form_and_case(word: str, form: str, upper: bool) -> None:
    written = normalize(form, word.upper() if upper else word)  # type: ignore[arg-type]
    assert masked(f"so {written}.", WORDS) == f"so {'*' * len(written)}."


def test_the_longest_text_takes_milliseconds_with_many_words_too() -> None:
    words = ",".join(f"{'a' * n}b" for n in range(1, 1_000))
    masked("a", words)
    for text in ("a" * 1_000, "a " * 500, "é\u0301" * 500, "".join(map(chr, range(0x4E00, 0x4E00 + 1_000)))):
        began = time.thread_time()  # not what others take of the machine
        assert masked(text, words) == text
        assert time.thread_time() - began < 0.5  # 2 ms on a quiet machine


@pytest.fixture(scope="module")
async def strict(settings: Settings) -> AsyncIterator[World]:
    """A room of a server that has a word filter."""
    async with served(settings.model_copy(update={"blocked_words": "damn, poltergeist"})) as running:
        yield await made(running.people)


async def test_what_is_said_is_kept_masked_and_is_not_found_by_the_word(strict: World) -> None:
    await say(strict.gus, strict.room.id, "Damn, a Poltergeist in the attic")
    assert await texts(strict.ida, strict.room.id) == ["****, a *********** in the attic"]
    assert (await page(strict.ida, strict.room.id, search="poltergeist"))["totalCount"] == 0
    assert (await page(strict.ida, strict.room.id, search="attic"))["totalCount"] == 1


async def test_without_the_setting_nothing_is_masked(world: World) -> None:
    await say(world.gus, world.room.id, "Damn, a Poltergeist")
    assert await texts(world.ida, world.room.id) == ["Damn, a Poltergeist"]


async def test_the_names_of_rooms_are_masked_too(strict: World) -> None:
    made = await strict.gus.ask('mutation { createSeance(input: {name: "Damn attic"}) { id name } }')
    assert made.data["createSeance"]["name"] == "**** attic"
    renamed = "mutation ($id: ID!, $name: String!) { updateSeance(id: $id, input: {name: $name}) { name } }"
    answer = await strict.gus.ask(renamed, id=made.data["createSeance"]["id"], name="Poltergeist hall")
    assert answer.data["updateSeance"]["name"] == "*********** hall"
