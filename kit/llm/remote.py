"""Language models that others run, through pydantic_ai. Loading it takes a second: only those who need one do."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import ROUND_CEILING, Decimal
from typing import TypeVar

import pydantic_ai.exceptions as failures
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    UserPromptPart,
)
from pydantic_ai.models import Model, StreamedResponse
from pydantic_ai.settings import ModelSettings

from kit.llm.language import Answer, Prompt, Reason, Speaker, Unanswered, Usage
from kit.llm.providers import http_client, model_of
from kit.llm.settings import LanguageModelSettings

LONGEST_TOKEN = 16  # characters of one, on an average that no language exceeds
MOST_TOKENS = 10_000_000  # that a provider is believed to have counted

T = TypeVar("T")


@asynccontextmanager
async def connected(settings: LanguageModelSettings) -> AsyncIterator["Remote"]:
    """One HTTP client serves all questions."""
    # These would repeat on stderr what a provider wrote, at any length.
    warnings.filterwarnings("ignore", module=r"(pydantic_ai|openai|anthropic|genai_prices)\b")
    warnings.filterwarnings("ignore", "Pydantic serializer warnings")
    async with http_client(settings) as http:
        yield Remote(model_of(settings, http), settings)


class Remote:
    def __init__(self, model: Model, settings: LanguageModelSettings) -> None:
        self.provider = settings.llm_provider.value
        self.model = settings.llm_model or ""
        self._model = model
        self._seconds = settings.llm_seconds
        self._stall_seconds = settings.llm_stall_seconds

    @asynccontextmanager
    async def answering(self, prompt: Prompt) -> AsyncIterator[Answer]:
        waits = Waits(self._seconds, self._stall_seconds)
        # Whoever asks waits: a model that can do without thinking aloud shall.
        wanted = ModelSettings(max_tokens=prompt.most_tokens, thinking=False)
        request = model_request_stream(self._model, [*_messages(prompt)], model_settings=wanted, instrument=False)
        async with AsyncExitStack() as stack:
            stream = await waits.bound(stack.enter_async_context(request), Reason.UNREACHABLE)
            yield Streamed(stream, waits, LONGEST_TOKEN * prompt.most_tokens, self.provider, self.model)


class Waits:
    """All that one answer waits for: each wait for `stall_seconds` at most, and together for `seconds`."""

    def __init__(self, seconds: float, stall_seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self._end = self._time() + seconds
        self._stall_seconds = stall_seconds

    async def bound(self, awaited: Awaitable[T], lost: Reason) -> T:
        """`lost` is the reason where the connection is. Raises Unanswered, with nothing behind it."""
        stall = self._time() + self._stall_seconds
        try:
            async with asyncio.timeout_at(min(stall, self._end)):
                return await awaited
        except TimeoutError:
            found = Unanswered(Reason.STALLED if stall < self._end else Reason.LATE)
        except Exception as error:  # of packages that parse what anybody may have sent
            found = _unanswered(error, lost)
        raise found


def _unanswered(error: Exception, lost: Reason) -> Unanswered:
    status = str(error.status_code) if isinstance(error, failures.ModelHTTPError) else ""
    detail = status or type(error).__name__[:64]
    match error:
        case failures.ModelRateLimitError() | failures.ModelQuotaExceededError() | failures.ModelUnavailableError():
            return Unanswered(Reason.BUSY, detail)
        case failures.ModelRequestRejectedError():
            return Unanswered(Reason.REFUSED, detail)
        case failures.ModelConnectionError():
            return Unanswered(lost, detail)
        case failures.ModelHTTPError() if error.status_code < 500:
            return Unanswered(Reason.REFUSED, detail)
    return Unanswered(Reason.BROKEN, detail)


class Streamed:
    def __init__(self, stream: StreamedResponse, waits: Waits, most: int, provider: str, model: str) -> None:
        self._stream = stream
        self._waits = waits
        self._room = most  # characters
        self._names = provider, model
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage:
        assert self._usage is not None, "the answer has not been read to its end"
        return self._usage

    async def __aiter__(self) -> AsyncIterator[str]:
        events, spoke = aiter(self._stream), False
        while (event := await self._waits.bound(anext(events, None), Reason.BROKEN)) is not None:
            if piece := _plain(_text(event)):
                self._room -= len(piece)
                if self._room < 0:
                    raise Unanswered(Reason.BROKEN, "too long")
                spoke = spoke or not piece.isspace()
                yield piece
        self._end(spoke)

    def _end(self, spoke: bool) -> None:
        response = self._stream.get()
        if response.finish_reason in (None, "error"):
            raise Unanswered(Reason.BROKEN, "cut off")
        if response.finish_reason == "content_filter":
            raise Unanswered(Reason.REFUSED, "content filter")
        if not spoke:
            raise Unanswered(Reason.SILENT)
        tokens = response.usage.input_tokens, response.usage.output_tokens
        if any(tokens) and all(isinstance(number, int) and 0 <= number <= MOST_TOKENS for number in tokens):
            self._usage = Usage(*self._names, *tokens, _cost(response))
        else:
            self._usage = Usage(*self._names, 0, 0, None)


def _messages(prompt: Prompt) -> Iterator[ModelMessage]:
    *before, last = prompt.lines
    for line in before:
        if line.speaker is Speaker.USER:
            yield ModelRequest([UserPromptPart(line.text)])
        else:
            yield ModelResponse([TextPart(line.text)])
    yield ModelRequest([UserPromptPart(last.text)], instructions=prompt.instructions)


def _text(event: ModelResponseStreamEvent) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
    return ""


def _plain(text: str) -> str:
    """Without what JSON can say and PostgreSQL cannot keep: NUL, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _cost(response: ModelResponse) -> int | None:
    """In millionths of a US dollar, rounded up; None where the model has no known price, or nothing was counted."""
    try:
        dollars = response.cost().total_price
    except (LookupError, ValueError, TypeError, ArithmeticError):
        return None
    return int((dollars * Decimal(1_000_000)).to_integral_value(ROUND_CEILING))
