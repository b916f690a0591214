"""Language models that others run: over real HTTP, and with all that can go wrong there."""

import asyncio
import socket
import traceback
from typing import Any

import pytest

from kit.llm import providers
from kit.llm.language import LanguageModel, Line, Prompt, Reason, Speaker, Unanswered, Usage, whole
from kit.llm.settings import Provider
from tests.kit.llm.asking import PROMPT, asking, refusal
from tests.spirit_server import (
    INPUT_TOKENS,
    KEY,
    OUTPUT_TOKENS,
    Reply,
    answers,
    babbles,
    breaks,
    ceases,
    drips,
    fails,
    refuses,
    spirit_server,
    stalls,
    waits,
    writes,
)

ANTHROPIC = {"llm_provider": Provider.ANTHROPIC, "llm_model": "claude-haiku-4-5"}
OPENROUTER = {"llm_provider": Provider.OPENROUTER, "llm_model": "openai/gpt-4o-mini"}
OPENAI = {"llm_provider": Provider.OPENAI, "llm_model": "gpt-4o-mini"}
ALL = pytest.mark.parametrize("provider", [OPENAI, OPENROUTER, ANTHROPIC], ids=lambda one: one["llm_provider"].value)


@ALL
async def test_an_answer_is_read_in_pieces_and_says_what_it_took(provider: dict[str, Any]) -> None:
    async with asking(answers("I AM", " ", "IDA"), **provider) as (model, spirits), model.answering(PROMPT) as answer:
        assert [piece async for piece in answer] == ["I AM", " ", "IDA"]
    used = answer.usage
    assert (used.input_tokens, used.output_tokens) == (INPUT_TOKENS, OUTPUT_TOKENS)
    assert (used.provider, used.model) == (provider["llm_provider"].value, provider["llm_model"])
    assert used.cost_micro_usd == (200 if provider is ANTHROPIC else 27)  # 1 and 5, or 0.15 and 0.60 $ a million
    assert len(spirits.asked) == 1


async def test_a_piece_is_there_before_the_next_is_made() -> None:
    async with asking(stalls("HEL", "LO")) as (model, _), model.answering(PROMPT) as answer:
        pieces = aiter(answer)
        assert [await anext(pieces), await anext(pieces)] == ["HEL", "LO"]


@ALL
async def test_what_was_said_before_is_told(provider: dict[str, Any]) -> None:
    said = [(Speaker.USER, "Who are you?"), (Speaker.MODEL, "IDA"), (Speaker.USER, "<b>'; DROP TABLE</b>")]
    prompt = Prompt("You are a ghost.", [Line(*line) for line in said], most_tokens=77)
    async with asking(**provider) as (model, spirits):
        await whole(model, prompt)
    (asked,) = spirits.asked
    told = [(one["role"], _plain(one["content"])) for one in asked.body["messages"]]
    system = _plain(asked.body["system"]) if provider is ANTHROPIC else told.pop(0)[1]
    assert system == "You are a ghost."
    assert told == [("user", "Who are you?"), ("assistant", "IDA"), ("user", "<b>'; DROP TABLE</b>")]
    assert asked.body["model"] == provider["llm_model"]
    assert asked.body["max_tokens"] == 77
    assert asked.body["stream"] is True


def _plain(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


async def test_the_cost_of_an_unknown_model_is_not_known() -> None:
    async with asking(llm_model="ghost-7b") as (model, _):
        said, used = await whole(model, PROMPT)
    assert said == "YES"
    assert used == Usage("openai", "ghost-7b", INPUT_TOKENS, OUTPUT_TOKENS, None)


@pytest.mark.parametrize("number", ["null", '"many"', "-5", "1e30", "12.5", "[]", "1" + "0" * 40])
async def test_what_was_not_counted_or_not_believably_has_no_cost(number: str) -> None:
    """Nor does anything warn of it on stderr, in the provider's words."""
    said = '"choices": [{"index": 0, "delta": {"content": "BOO"}, "finish_reason": "stop"}], "model": "gpt-4o-mini"'
    used = f'{{"prompt_tokens": {number}, "completion_tokens": 7, "total_tokens": 8}}'
    async with asking(writes(f'data: {{"id": "1", {said}, "usage": {used}}}\n\ndata: [DONE]\n\n')) as (model, _):
        assert await whole(model, PROMPT) == ("BOO", Usage("openai", "gpt-4o-mini", 0, 0, None))


async def test_openai_itself_counts_what_is_thought_in_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    async with spirit_server() as spirits:
        monkeypatch.setitem(providers.ADDRESSES, Provider.OPENAI, spirits.url)
        async with asking(llm_base_url=None) as (model, _):
            assert (await whole(model, PROMPT))[0] == "YES"
    (asked,) = spirits.asked
    assert (asked.path, asked.body["max_completion_tokens"]) == ("/v1/chat/completions", PROMPT.most_tokens)
    assert "max_tokens" not in asked.body


@ALL
async def test_what_no_database_keeps_is_left_out_of_a_piece(provider: dict[str, Any]) -> None:
    async with asking(answers("B\x00O", "\x00", "\ud83dO\n🕯"), **provider) as (model, _):
        assert (await whole(model, PROMPT))[0] == "BOO\n🕯"


async def test_an_answer_that_was_cut_to_its_length_is_one() -> None:
    async with asking(answers("I WAS BO", reason="length")) as (model, _):
        assert (await whole(model, PROMPT))[0] == "I WAS BO"


FAILURES: list[tuple[str, Reply, Reason, str]] = [
    ("a wrong key", refuses(401), Reason.REFUSED, "401"),
    ("a bad prompt", refuses(400), Reason.REFUSED, "400"),
    ("no such model", refuses(404), Reason.REFUSED, "404"),
    ("too many", refuses(429, more="retry-after: 60\r\n"), Reason.BUSY, "429"),
    ("no money", refuses(402), Reason.BUSY, "402"),
    ("a teapot", refuses(418), Reason.REFUSED, "418"),
    ("overload", refuses(529), Reason.BUSY, "529"),
    ("a failure", refuses(500), Reason.BROKEN, "500"),
    ("an error at once", fails(), Reason.BROKEN, ""),
    ("an error in its midst", fails("I ", "AM"), Reason.BROKEN, ""),
    ("a cut", breaks("I ", "AM"), Reason.BROKEN, ""),
    ("an early end", ceases("I ", "AM"), Reason.BROKEN, ""),
    ("a page", writes("<html>Welcome!</html>", "text/html"), Reason.BROKEN, ""),
    ("no JSON", writes("data: {boo\n\n"), Reason.BROKEN, ""),
    ("other JSON", writes('data: [1, {"choices": 5}]\n\ndata: {"choices": 5}\n\n'), Reason.BROKEN, ""),
    ("noise", writes("\x00\x01\x7f\n\nnoise"), Reason.BROKEN, ""),
    ("nothing", writes(""), Reason.BROKEN, ""),
    ("no word", answers(), Reason.SILENT, ""),
    ("spaces", answers(" ", "\n"), Reason.SILENT, ""),
]


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
@pytest.mark.parametrize(("reply", "reason", "detail"), [one[1:] for one in FAILURES], ids=[one[0] for one in FAILURES])
async def test_a_failure_has_a_reason_and_tells_nothing_else(
    reply: Reply, reason: Reason, detail: str, provider: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    error = await refusal(reply, **provider)
    assert error.reason is reason
    assert error.detail == detail or (not detail and len(error.detail) < 65)
    told = repr(error) + str(error) + "".join(traceback.format_exception(error)) + caplog.text
    assert error.__cause__ is None
    assert error.__context__ is None
    for hushed in (KEY, "127.0.0.1", "ectoplasm", "Incorrect", "ghost.", "anybody there"):
        assert hushed not in told


@pytest.mark.parametrize(("provider", "word"), [(OPENAI, "content_filter"), (ANTHROPIC, "refusal")])
async def test_what_a_provider_will_not_say_is_refused(provider: dict[str, Any], word: str) -> None:
    error = await refusal(answers("I", reason=word), **provider)
    assert error.reason is Reason.REFUSED


async def test_where_nobody_listens_is_unreachable() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        error = await refusal(llm_base_url=f"http://127.0.0.1:{unheard.getsockname()[1]}/v1")
    assert error.reason is Reason.UNREACHABLE


async def test_where_nobody_takes_the_connection_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "CONNECT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, socket.socket() as waiting:
        waiting.connect(deaf.getsockname())  # there is room for one
        error = await refusal(llm_base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
    assert (error.reason, error.detail) == (Reason.UNREACHABLE, "ModelTimeoutError")


@pytest.mark.parametrize("pieces", [(), ("I ", "AM")])
@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
async def test_an_answer_that_stalls_is_given_up_and_hung_up_on(
    pieces: tuple[str, ...], provider: dict[str, Any]
) -> None:
    async with asking(stalls(*pieces), llm_stall_seconds=0.3, **provider) as (model, spirits):
        with pytest.raises(Unanswered) as caught:
            await whole(model, PROMPT)
        assert caught.value.reason is Reason.STALLED
        await _in_time(spirits.hung_up)


async def test_an_answer_that_drips_is_late() -> None:
    error = await refusal(drips("o", 0.05), llm_seconds=0.4)
    assert error.reason is Reason.LATE


async def test_an_answer_without_end_is_ended() -> None:
    async with asking(babbles()) as (model, spirits):
        with pytest.raises(Unanswered) as caught:
            await whole(model, PROMPT)
        assert caught.value.reason is Reason.BROKEN
        await _in_time(spirits.hung_up)


@pytest.mark.parametrize("status", [200, 500])
async def test_bytes_without_end_are_ended_too(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "LARGEST_ANSWER", 10_000)
    long = "x" * 1_000_000
    error = await refusal(writes(f"data: {long}") if status == 200 else refuses(status, long))
    assert (error.reason, error.detail) == (Reason.BROKEN, "TooLong")


@pytest.mark.parametrize("provider", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
@pytest.mark.parametrize("pieces", [(), ("I ", "AM")], ids=["before it begins", "in its midst"])
async def test_whoever_is_cancelled_closes_the_request(pieces: tuple[str, ...], provider: dict[str, Any]) -> None:
    async with asking(stalls(*pieces), llm_stall_seconds=60, llm_seconds=60, **provider) as (model, spirits):
        turn = asyncio.create_task(whole(model, PROMPT))
        await _in_time(spirits.coming)
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await _in_time(spirits.hung_up)


async def test_whoever_has_heard_enough_closes_the_request() -> None:
    async with asking(stalls("I ", "AM"), llm_stall_seconds=60, llm_seconds=60) as (model, spirits):
        async with model.answering(PROMPT) as answer:
            assert await anext(aiter(answer)) == "I "
        await _in_time(spirits.hung_up)


async def test_what_fails_in_the_hearer_is_not_the_providers() -> None:
    async with asking(stalls("I")) as (model, spirits):
        with pytest.raises(ZeroDivisionError):
            await _fail_in_hearing(model)
        await _in_time(spirits.hung_up)


async def _fail_in_hearing(model: LanguageModel) -> None:
    async with model.answering(PROMPT) as answer:
        async for _ in answer:
            raise ZeroDivisionError


async def test_many_ask_at_once() -> None:
    until = asyncio.Event()
    async with asking(waits(until, "YES")) as (model, spirits):
        turns = [asyncio.create_task(whole(model, PROMPT)) for _ in range(20)]
        while len(spirits.asked) < 20:
            spirits.coming.clear()
            await _in_time(spirits.coming)
        until.set()
        assert {said for said, _ in await asyncio.gather(*turns)} == {"YES"}


async def test_the_next_question_is_answered_after_a_failure() -> None:
    async with asking(breaks("I"), refuses(500), answers("YES")) as (model, _):
        for _ in range(2):
            with pytest.raises(Unanswered):
                await whole(model, PROMPT)
        assert (await whole(model, PROMPT))[0] == "YES"


async def test_nobody_else_is_told_the_key_by_a_redirection() -> None:
    async with spirit_server() as other:
        error = await refusal(refuses(307, more=f"location: {other.url}/chat/completions\r\n"))
        assert (error.reason, other.asked) == (Reason.BROKEN, [])


@ALL
async def test_nothing_of_the_environment_is_sent_and_nothing_of_this_machine(
    provider: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_CUSTOM_HEADERS", "Authorization: Bearer stray\nX-Stray: stray\nX-Api-Key: stray")
        monkeypatch.setenv(f"{name}_API_KEY", "stray")
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:1/stray")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "stray")
    monkeypatch.setenv("OPENAI_ORG_ID", "stray")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "stray")
    monkeypatch.setenv("OPENROUTER_APP_URL", "stray")
    headers = await _headers(provider)
    own = {"x-api-key", "anthropic-version"} if provider is ANTHROPIC else {"authorization"}
    common = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length", "user-agent"}
    assert headers.keys() == common | own
    assert headers["x-api-key" if provider is ANTHROPIC else "authorization"].removeprefix("Bearer ") == KEY
    assert "stray" not in str(headers)


@ALL
async def test_without_a_key_none_is_sent(provider: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI", "ANTHROPIC", "OPENROUTER"):
        monkeypatch.setenv(f"{name}_API_KEY", "stray")
    headers = await _headers(provider | {"llm_api_key": None})
    assert not {"authorization", "x-api-key"} & headers.keys()


async def _headers(provider: dict[str, Any]) -> dict[str, str]:
    async with asking(**provider) as (model, spirits):
        await whole(model, PROMPT)
    return spirits.asked[0].headers


async def _in_time(event: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        await event.wait()
