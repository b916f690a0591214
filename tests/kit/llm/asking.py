"""A question to a language model at a provider of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kit.llm.chosen import language_model
from kit.llm.language import LanguageModel, Line, Prompt, Speaker, Unanswered, whole
from kit.llm.settings import LanguageModelSettings
from tests.spirit_server import Reply, SpiritServer, spirit_server, with_spirit

PROMPT = Prompt("You are a ghost.", [Line(Speaker.USER, "Is anybody there?")], most_tokens=50)


@asynccontextmanager
async def asking(*replies: Reply, **changes: Any) -> AsyncIterator[tuple[LanguageModel, SpiritServer]]:
    async with spirit_server() as spirits:
        spirits.replies = [*replies] or spirits.replies
        settings = with_spirit(LanguageModelSettings(), spirits, **changes)
        async with language_model(settings) as model:
            yield model, spirits


async def refusal(*replies: Reply, prompt: Prompt = PROMPT, **changes: Any) -> Unanswered:
    async with asking(*replies, **changes) as (model, _):
        with pytest.raises(Unanswered) as caught:
            await whole(model, prompt)
    return caught.value
