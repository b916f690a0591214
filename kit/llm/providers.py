"""How to reach each provider. All that goes there is said here: nothing comes from the environment but proxies.

The providers' packages would take keys, addresses and headers from OPENAI_… and ANTHROPIC_… variables, and tell
what machine they run on.
"""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
from pydantic_ai.models import Model

from kit.llm.settings import LanguageModelSettings, Provider

CONNECT_SECONDS = 5.0
LARGEST_ANSWER = 4_194_304  # bytes; a piece of a few letters comes in an envelope of about 300
CONNECTIONS = 100  # at once

ADDRESSES = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.OPENROUTER: "https://openrouter.ai/api/v1",
    Provider.ANTHROPIC: "https://api.anthropic.com",
}
NO_KEY = "none"  # the packages insist on one; it is not sent
SENT = {"host", "accept", "connection", "content-type", "content-length", "user-agent", "anthropic-version"}


class TooLong(Exception):
    """More than LARGEST_ANSWER."""


class Bounded(httpx2.AsyncByteStream):
    """The bytes of an answer, up to so many."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        room = LARGEST_ANSWER
        async for part in self._stream:
            room -= len(part)
            if room < 0:
                raise TooLong
            yield part

    async def aclose(self) -> None:
        await self._stream.aclose()


def http_client(settings: LanguageModelSettings) -> httpx2.AsyncClient:
    """It follows no redirection: the key is for nobody else."""
    credentials = _credentials(settings)

    async def strip(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name not in SENT]:
            del request.headers[name]
        request.headers.update(credentials | {"accept-encoding": "identity"})

    async def bound(response: httpx2.Response) -> None:
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = Bounded(response.stream)

    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),  # whoever asks keeps the other limits
        limits=httpx2.Limits(max_connections=CONNECTIONS),
        event_hooks={"request": [strip], "response": [bound]},
    )


def _credentials(settings: LanguageModelSettings) -> dict[str, str]:
    if settings.llm_api_key is None:
        return {}
    key = settings.llm_api_key.get_secret_value()
    return {"x-api-key": key} if settings.llm_provider is Provider.ANTHROPIC else {"authorization": f"Bearer {key}"}


def model_of(settings: LanguageModelSettings, http: httpx2.AsyncClient) -> Model:
    """Raises ImportError where a provider's package is missing. It takes a second or more."""
    provider = settings.llm_provider
    given: dict[str, Any] = {
        "base_url": settings.llm_base_url or ADDRESSES[provider],
        "api_key": NO_KEY,  # the HTTP client alone knows it
        "http_client": http,
        "max_retries": 0,  # whoever asked may ask again
    }
    return (_of_anthropic if provider is Provider.ANTHROPIC else _like_openai)(settings, given)


def _of_anthropic(settings: LanguageModelSettings, given: dict[str, Any]) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    return AnthropicModel(
        settings.llm_model or "", provider=AnthropicProvider(anthropic_client=AsyncAnthropic(**given))
    )


def _like_openai(settings: LanguageModelSettings, given: dict[str, Any]) -> Model:
    from openai import AsyncOpenAI
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
    from pydantic_ai.providers.openrouter import OpenRouterProvider

    name, client = settings.llm_model or "", AsyncOpenAI(**given)
    whole = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)  # or it was cut off
    if settings.llm_provider is Provider.OPENROUTER:
        return OpenRouterModel(name, provider=OpenRouterProvider(openai_client=client), profile=whole)
    if given["base_url"].rstrip("/") == ADDRESSES[Provider.OPENAI]:
        return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client), profile=whole)
    # Older servers know only max_tokens.
    whole = OpenAIModelProfile(**whole, openai_chat_supports_max_completion_tokens=False)
    compatible = OpenAICompatibleProvider(settings.llm_provider, openai_client=client)
    return OpenAIChatModel(name, provider=compatible, profile=whole)
