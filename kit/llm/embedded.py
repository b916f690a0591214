"""A spirit that needs no network: a few rules and small tables of words, in the manner of a talking board.

It understands English, more or less. The same question always gets the same answer.
"""

import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from kit.llm.language import Answer, Prompt, Usage

LONGEST = 60  # characters of an answer
ECHOED = 24  # characters of a word that is given back

Words = Sequence[str]

YES_OR_NO: Words = ("YES", "YES", "NO", "NO", "NOT YET", "PERHAPS", "ASK AGAIN", "NEVER", "SOON", "NO GOODBYE")
NAMES: Words = ("ELSPETH", "AMBROSE", "IDA", "THADDEUS", "MARGUERITE", "SILAS", "OTTILIE", "JONAS", "WINIFRED", "EZRA")
NUMBERS: Words = ("ONE", "TWO", "THREE", "FIVE", "SEVEN", "NINE", "THIRTEEN", "27", "40", "1847", "1889", "NONE")
TIMES: Words = (
    "SOON", "AT MIDNIGHT", "BEFORE WINTER", "WHEN THE BELL RINGS", "IN 1889", "TOMORROW", "NEVER", "ON A THURSDAY",
)  # fmt: skip
PLACES: Words = (
    "UNDER THE STAIRS", "IN THE ATTIC", "BY THE RIVER", "BEHIND THE DOOR", "IN THE GARDEN", "NEAR YOU", "FAR AWAY",
)  # fmt: skip
PERSONS: Words = ("SOMEONE NEAR", "A FRIEND", "YOU KNOW WHO", "THE TALL ONE", "NOBODY", "MY SISTER", "ONE OF YOU")
REASONS: Words = ("FOR LOVE", "FOR GOLD", "I WAS ALONE", "IT WAS A PROMISE", "OUT OF FEAR", "YOU CALLED ME")
MANNERS: Words = ("IN SILENCE", "SLOWLY", "BY FIRE", "BY WATER", "LIKE A CANDLE", "WITH PATIENCE", "IN THE DARK")
GREETINGS: Words = ("HELLO", "GOOD EVENING", "I AM HERE", "HELLO FRIENDS", "WELCOME")
THANKS: Words = ("GLADLY", "REST WELL", "REMEMBER ME")
ECHOES: Words = ("{} YES", "I REMEMBER {}", "BEWARE OF {}", "{} IS NEAR", "NO MORE OF {}", "TELL ME OF {}")
WANDERING: Words = ("I AM COLD", "LISTEN", "THE DOOR IS OPEN", "SOMEONE IS HERE", "ASK AGAIN", "IT IS DARK")

# What stands before the question itself.
ADDRESS = re.compile(
    r"\s*((o+h?|dear|please|well|so|and|then|spirits?|ghosts?|tell (me|us)|(can|could|will|would) you (please )?"
    r"(tell|show|spell|say)( (me|us|to me|to us|out))?)\b[\s,.:;!]*)*",
    re.IGNORECASE,
)
# The first that fits; those with ^ speak of the beginning.
RULES: Sequence[tuple[str, Words]] = (
    (r"\byour name|\bwho (are|were) you|\bcalled you", [f"I AM {name}" for name in NAMES]),
    (r"\b(good ?bye|farewell|good ?night|leave us|go away)\b", ["GOODBYE"]),
    (r"^(hello|hi|hey|greetings|welcome|good (morning|day|evening))\b", GREETINGS),
    (r"\bthank", THANKS),
    (r"\b(how (many|much|old|long|far)|numbers?|(what|which) year|age)\b", NUMBERS),
    (r"^(is|are|am|was|were|do|does|did|will|would|shall|should|can|could|may|might|must|have|has|had)\b", YES_OR_NO),
    (r"\bname[ds]?\b", NAMES),
    (r"\bwhen\b|\bwhat (time|day|hour)\b", TIMES),
    (r"\bwhere\b", PLACES),
    (r"\bwho(m|se)?\b", PERSONS),
    (r"\bwhy\b", REASONS),
    (r"\bhow\b", MANNERS),
    (r"((isn|aren|don|doesn|won)'t( \w+)?|right|true|yes or no)\W*$", YES_OR_NO),
)
EMPTY = {
    "about",
    "been",
    "could",
    "does",
    "from",
    "have",
    "that",
    "them",
    "there",
    "they",
    "this",
    "were",
    "what",
    "with",
    "your",
}


class Embedded:
    provider = "embedded"
    model = "embedded-spirit-1"

    @asynccontextmanager
    async def answering(self, prompt: Prompt) -> AsyncIterator[Answer]:
        yield Spelled(prompt)


class Spelled:
    """Words are its tokens, and it costs nothing."""

    def __init__(self, prompt: Prompt) -> None:
        self._words = answer(prompt.lines[-1].text).split()[: prompt.most_tokens]
        read = sum(len(text.split()) for text in (prompt.instructions, *(line.text for line in prompt.lines)))
        self.usage = Usage(Embedded.provider, Embedded.model, read, len(self._words), 0)

    async def __aiter__(self) -> AsyncIterator[str]:
        for number, word in enumerate(self._words):
            yield f" {word}" if number else word


def answer(question: str) -> str:
    """Of 1 to LONGEST characters, in capitals."""
    asked = ADDRESS.sub("", " ".join(question.split()), count=1).lower().replace("\u2019", "'")
    dice = random.Random(asked)  # noqa: S311 (it shall be foreseeable)
    for pattern, words in RULES:
        if re.search(pattern, asked):
            return dice.choice(words)
    return _echo(asked, dice)


def _echo(asked: str, dice: random.Random) -> str:
    found = [word for word in re.findall(r"[^\W\d_]{4,}", asked) if word not in EMPTY]
    if not found:
        return dice.choice(WANDERING)
    return dice.choice(ECHOES).format(dice.choice(found)[:ECHOED].upper())[:LONGEST]
