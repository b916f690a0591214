"""What can be said of the language model, and what is refused before anything starts."""

import pytest

from kit.llm.settings import Provider
from kit.settings import Settings, weaknesses
from tests.kit.environment import refusal

WHOLE = {"LLM_PROVIDER": "openai", "LLM_MODEL": "gpt-4o-mini", "LLM_API_KEY": "sk-hunter2"}
NO_ADDRESS = "must be https://host/path, or http:// in one's own network (as http://localhost:11434/v1)"


def _set(monkeypatch: pytest.MonkeyPatch, **given: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def test_by_default_nobody_else_is_asked() -> None:
    settings = Settings()
    assert settings.llm_provider is Provider.EMBEDDED
    assert (settings.llm_seconds, settings.llm_stall_seconds) == (30, 10)


@pytest.mark.parametrize("provider", ["openai", "openrouter", "anthropic"])
def test_a_provider_needs_a_key_and_the_name_of_a_model(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    _set(monkeypatch, LLM_PROVIDER=provider)
    assert refusal() == f"LLM_PROVIDER={provider} needs LLM_MODEL, the name of a model"
    _set(monkeypatch, LLM_MODEL="some-model")
    assert refusal() == f"LLM_PROVIDER={provider} needs LLM_API_KEY"
    _set(monkeypatch, LLM_BASE_URL="https://gateway.example/v1")
    assert refusal() == f"LLM_PROVIDER={provider} needs LLM_API_KEY"
    _set(monkeypatch, LLM_API_KEY="sk-hunter2")
    assert Settings().llm_provider == provider


def test_an_unknown_provider_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, LLM_PROVIDER="oracle")
    assert refusal("LLM_PROVIDER") == "Input should be 'embedded', 'openai', 'openrouter' or 'anthropic'"


OWN = ["http://localhost:11434/v1", "http://127.0.0.1:8000/v1", "http://[::1]/v1", "http://ollama:11434/v1"]
OWN += ["http://10.1.2.3/v1", "http://192.168.1.20:1234", "http://host.docker.internal:11434/v1", "http://gpu.local/v1"]
OWN += ["http://100.100.1.2/v1", "http://[fd00::2]:8000/v1"]


@pytest.mark.parametrize("url", OWN)
@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_model_in_ones_own_network_needs_neither_key_nor_tls(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: str
) -> None:
    _set(monkeypatch, ENVIRONMENT=environment, JWT_SECRET="2b7e151628aed2a6abf7158809cf4f3c")
    _set(monkeypatch, LLM_PROVIDER="openai", LLM_MODEL="llama3", LLM_BASE_URL=url)
    assert Settings().llm_base_url == url


NOT_OWN = ["http://api.example.org/v1", "http://8.8.8.8/v1", "http://localhost.example.org", "http://0.0.0.0/v1"]
ODD = [
    "ftp://localhost",
    "https://",
    "https://me:key@api.example.org",
    "https://a b",
    "https://a/?key=1",
    "http://[::1",
]
ODD += ["https://a:port/v1", "http://localhost@api.example.org/v1", "http://2130706433.example/v1"]


@pytest.mark.parametrize("url", [*NOT_OWN, *ODD])
def test_a_key_goes_nowhere_in_the_open_and_stands_in_no_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _set(monkeypatch, **WHOLE, LLM_BASE_URL=url)
    assert refusal("LLM_BASE_URL") == NO_ADDRESS


@pytest.mark.parametrize("key", ["two words", "line\nfeed", "schlüssel", "\x7f"])
def test_a_key_that_no_header_could_carry_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    _set(monkeypatch, **WHOLE | {"LLM_API_KEY": key})
    assert refusal("LLM_API_KEY") == "must be one word, of ASCII characters"


def test_a_providers_key_is_not_ours_to_judge_and_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **WHOLE | {"LLM_API_KEY": "changeme-hunter2"})
    _set(monkeypatch, ENVIRONMENT="production", JWT_SECRET="2b7e151628aed2a6abf7158809cf4f3c")
    settings = Settings()
    assert weaknesses(settings) == []
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("name", ["LLM_SECONDS", "LLM_STALL_SECONDS"])
def test_nobody_waits_for_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    _set(monkeypatch, **{name: "0"})
    assert refusal(name) == "Input should be greater than or equal to 0.1"
