"""What can be set of the language model. `kit.settings.Settings` has it all."""

import re
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from kit.networks import address

_KEY = re.compile(r"[\x21-\x7e]+")
_URL = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?")
_OWN_NAMES = (".local", ".internal", ".home.arpa")  # nobody on the Internet can have one


class Provider(StrEnum):
    EMBEDDED = "embedded"
    OPENAI = "openai"
    OPENROUTER = "openrouter"
    ANTHROPIC = "anthropic"


def is_own(url: str) -> bool:
    """Whether it leads to this machine or its own network: what goes there needs neither TLS nor a key."""
    host = urlsplit(url).hostname or ""
    found = address(host)
    if found is None:
        return "." not in host or host.endswith(_OWN_NAMES)
    return not found.is_global and not found.is_unspecified


def _one_word(key: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(key.get_secret_value()):
        raise ValueError("must be one word, of ASCII characters")
    return key


def _safe(url: str) -> str:
    try:
        good = _URL.fullmatch(url) and urlsplit(url).port != 0 and (url.startswith("https:") or is_own(url))
    except ValueError:
        good = False
    if not good:
        raise ValueError("must be https://host/path, or http:// in one's own network (as http://localhost:11434/v1)")
    return url


class LanguageModelSettings(BaseSettings):
    llm_provider: Provider = Field(
        Provider.EMBEDDED,
        description="who answers for the spirit: embedded (a small program in Parlor itself), openai (or whoever "
        "speaks as OpenAI does, by LLM_BASE_URL), openrouter or anthropic",
    )
    llm_api_key: Annotated[SecretStr, AfterValidator(_one_word)] | None = Field(
        None, description="the provider's key; a model in one's own network may need none"
    )
    llm_base_url: Annotated[str, AfterValidator(_safe)] | None = Field(
        None, description="another address than the provider's own: of a gateway, or a model on one's own machine"
    )
    llm_model: str | None = Field(None, max_length=200, description="the model's name, as the provider writes it")
    llm_seconds: float = Field(30, ge=0.1, description="a language model's answer must be whole within this")
    llm_stall_seconds: float = Field(
        10,
        ge=0.1,
        description="and nothing may be missing from it for longer: neither its beginning nor its next piece",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.llm_provider is Provider.EMBEDDED:
            return self
        if self.llm_model is None:
            raise ValueError(f"LLM_PROVIDER={self.llm_provider} needs LLM_MODEL, the name of a model")
        if self.llm_api_key is None and (self.llm_base_url is None or not is_own(self.llm_base_url)):
            raise ValueError(f"LLM_PROVIDER={self.llm_provider} needs LLM_API_KEY")
        return self
