"""The addresses that settings have: what each may look like, and which package it needs. All raise ValueError."""

import re
from importlib.util import find_spec
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@\s]+")
_BROKERS = re.compile(r"memory://|postgres(ql)?://.*|rediss?://.+")
_COUNTERS = re.compile(r"memory://|rediss?://.+")
_HOST = re.compile(r"\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")
_HTTPS = re.compile(r"https://[^/?#@\s]+(/[^#\s]*)?")
_LOOPBACK = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(/[^#\s]*)?")
_DSN = re.compile(r"https?://\w+(:\w+)?@[^/\s@]+(/[^\s?#]*)?/\d+")  # Sentry's


def _explicit(origin: str) -> str:
    if origin == "*":
        raise ValueError("name the origins; * would let every site act for the people signed in here")
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{origin} is not an origin: give scheme, host and port, as in https://example.org")
    return origin


def _named(host: str) -> str:
    if not _HOST.fullmatch(host):
        raise ValueError(f"{host} is not a host name: give api.example.org, *.example.org for all below it, or *")
    return host


def _broker(url: SecretStr) -> SecretStr:
    if not _BROKERS.fullmatch(url.get_secret_value()):
        raise ValueError("must be memory://, postgres://, postgres://user@host/db or redis://host:port")
    return _reachable(url)


def _counter(url: SecretStr) -> SecretStr:
    if not _COUNTERS.fullmatch(url.get_secret_value()):
        raise ValueError("must be memory:// or redis://host:port")
    return _reachable(url)


def _reachable(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if text.startswith("redis") and find_spec("redis") is None:
        raise ValueError("redis:// needs a package that is not installed: pip install 'parlor[redis]'")
    _ = urlsplit(text).port  # raises ValueError for what is no port
    return url


def _dsn(value: SecretStr) -> SecretStr:
    if find_spec("sentry_sdk") is None:
        raise ValueError("needs a package that is not installed: pip install 'parlor[sentry]'")
    if not _DSN.fullmatch(value.get_secret_value()):
        raise ValueError("must be like https://key@host/project")
    return value


def _collector(value: str) -> str:
    if find_spec("opentelemetry.sdk") is None:  # its bare interface is always there: pydantic_ai needs it
        raise ValueError("needs packages that are not installed: pip install 'parlor[otel]'")
    if not value.startswith(("http://", "https://")):
        raise ValueError("must be like http://collector:4318")
    return value


def is_safe(url: str, *, production: bool) -> bool:
    """Whether what comes from there can be believed: https, or in development this machine."""
    return bool(_HTTPS.fullmatch(url) or (not production and _LOOPBACK.fullmatch(url)))


Origin = Annotated[str, AfterValidator(_explicit)]
Host = Annotated[str, AfterValidator(_named)]
BrokerUrl = Annotated[SecretStr, AfterValidator(_broker)]
CounterUrl = Annotated[SecretStr, AfterValidator(_counter)]
SentryDsn = Annotated[SecretStr, AfterValidator(_dsn)]
Collector = Annotated[str, AfterValidator(_collector)]
