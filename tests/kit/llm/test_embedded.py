"""The spirit in Parlor itself: it answers everything, shortly, and always the same."""

import subprocess
import sys
from pathlib import Path

import pytest

from kit.llm import embedded
from kit.llm.chosen import language_model
from kit.llm.embedded import LONGEST, answer
from kit.llm.language import Line, Prompt, Speaker, Usage, whole
from kit.llm.settings import LanguageModelSettings

ROOT = Path(__file__).parents[3]

RULES = [
    ("Is anybody there?", embedded.YES_OR_NO),
    ("O spirit, will it rain?", embedded.YES_OR_NO),
    ("It is you, isn't it?", embedded.YES_OR_NO),
    ("You don\u2019t know, right?", embedded.YES_OR_NO),
    ("Hello?", embedded.GREETINGS),
    ("good evening, spirit", embedded.GREETINGS),
    ("Thank you.", embedded.THANKS),
    ("What is your name?", [f"I AM {name}" for name in embedded.NAMES]),
    ("Spirit, who are you?", [f"I AM {name}" for name in embedded.NAMES]),
    ("What was the name of my cat?", embedded.NAMES),
    ("How many ghosts are here?", embedded.NUMBERS),
    ("Can you tell us how old you are?", embedded.NUMBERS),
    ("When did you die?", embedded.TIMES),
    ("Where is the will?", embedded.PLACES),
    ("Who did it?", embedded.PERSONS),
    ("Why?", embedded.REASONS),
    ("How did it happen?", embedded.MANNERS),
    ("Goodbye!", ["GOODBYE"]),
]
ODD = [
    "",
    " ",
    "?",
    "\x00\x1b",
    "🕯️" * 200,
    "ΐ" * 1000,
    "so " * 333,
    "who " * 250,
    "'; DROP TABLE seances; --",
    "Ünïcödé ßßßß",
]


@pytest.mark.parametrize(("question", "words"), RULES)
def test_a_question_gets_an_answer_of_its_kind(question: str, words: list[str]) -> None:
    assert answer(question) in words


def test_a_word_of_anything_else_is_given_back() -> None:
    assert "CANDLE" in answer("The candle!")


@pytest.mark.parametrize("question", [*ODD, *(question for question, _ in RULES)])
def test_every_answer_is_short_and_always_the_same(question: str) -> None:
    assert 1 <= len(answer(question)) <= LONGEST
    assert answer(question) == answer(f" {question.upper()} ") or not question.isascii()
    assert answer(question) == answer(question)


def test_answers_to_different_questions_differ() -> None:
    assert {answer(f"Will it rain on day {number}?") for number in range(200)} == set(embedded.YES_OR_NO)


async def test_it_is_asked_like_any_other_and_costs_nothing() -> None:
    prompt = Prompt("You are a ghost.", [Line(Speaker.USER, "Why did you go?")], most_tokens=50)
    async with language_model(LanguageModelSettings()) as model, model.answering(prompt) as told:
        pieces = [piece async for piece in told]
    said = answer("Why did you go?")
    assert pieces == [word if not number else f" {word}" for number, word in enumerate(said.split())]
    assert told.usage == Usage("embedded", "embedded-spirit-1", 8, len(said.split()), 0)


async def test_it_says_no_more_than_was_asked_for() -> None:
    prompt = Prompt("", [Line(Speaker.USER, "Where?")], most_tokens=1)
    async with language_model(LanguageModelSettings()) as model:
        said, _ = await whole(model, prompt)
    assert said == answer("Where?").split()[0]


def test_without_a_provider_no_package_of_one_is_loaded() -> None:
    code = (
        "import asyncio, sys\n"
        "from kit.llm.chosen import language_model\n"
        "from kit.settings import Settings\n"
        "async def main():\n"
        "    async with language_model(Settings(_env_file=None)): pass\n"
        "asyncio.run(main())\n"
        "print({'pydantic_ai', 'openai', 'anthropic', 'httpx2', 'genai_prices'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
