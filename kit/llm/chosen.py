"""The language model that the settings name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.llm.embedded import Embedded
from kit.llm.language import LanguageModel
from kit.llm.settings import LanguageModelSettings, Provider


@asynccontextmanager
async def language_model(settings: LanguageModelSettings) -> AsyncIterator[LanguageModel]:
    """While it lasts questions can be asked. A remote one takes seconds to load: begin before anybody waits."""
    if settings.llm_provider is Provider.EMBEDDED:
        yield Embedded()
        return
    from kit.llm.remote import connected

    async with connected(settings) as model:
        yield model
