"""What the rest of Parlor knows of language models: a prompt, an answer that comes in pieces, and what it took.

    async with model.answering(prompt) as answer:
        async for piece in answer:
            ...
    answer.usage

Whoever leaves the `async with`, also by being cancelled, has closed the request to the provider.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Speaker(StrEnum):
    USER = "user"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Line:
    """What was said by whom, word for word."""

    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """`lines` are in the order they were said; the last is the one to be answered, and a user's.

    `most_tokens` ends the answer, in the middle of a sentence if need be.
    """

    instructions: str
    lines: Sequence[Line]
    most_tokens: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took. Tokens are 0 where the provider does not say.

    `cost_micro_usd` is in millionths of a US dollar by genai-prices; None where nobody knows, which is not 0.
    """

    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cost_micro_usd: int | None


class Reason(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"  # no connection, or it ended before anything came
    REFUSED = "refused"  # the key, the model's name or the prompt; it will not do to ask again
    BUSY = "busy"  # too many questions for the provider, or for what was paid
    STALLED = "stalled"  # nothing came for too long
    LATE = "late"  # it came, but not to an end in time
    BROKEN = "broken"  # nonsense, a provider's own error, an answer cut off in its midst, or one without end
    SILENT = "silent"  # it ended without a word


class Unanswered(Exception):
    """Nothing of what the provider wrote is in it, no key and no address: it may be logged as it is.

    `detail` is for the log: the status of an HTTP response, or the name of a class of errors.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class Answer(Protocol):
    """Pieces of text as they come, none empty; it is read once. Raises Unanswered at whichever piece fails."""

    def __aiter__(self) -> AsyncIterator[str]: ...

    @property
    def usage(self) -> Usage:
        """Known when the last piece has been read."""


class LanguageModel(Protocol):
    """`provider` and `model` are names for people: "openai", "gpt-4o-mini"."""

    @property
    def provider(self) -> str: ...

    @property
    def model(self) -> str: ...

    def answering(self, prompt: Prompt) -> AbstractAsyncContextManager[Answer]:
        """An answer under way. Entering, and each piece, may raise Unanswered; no wait is without a limit."""


async def whole(model: LanguageModel, prompt: Prompt) -> tuple[str, Usage]:
    """The whole answer and what it took. Raises Unanswered."""
    async with model.answering(prompt) as answer:
        pieces = [piece async for piece in answer]
    return "".join(pieces), answer.usage
