"""The addresses that can be set: of pages, hosts, brokers, and of those who are told of errors."""

import pytest

from kit.settings import Settings
from tests.kit.environment import refusal

DATABASE = "postgresql://me:hunter2@db/parlor"


@pytest.mark.parametrize(
    ("given", "broker"),
    [
        ({}, "memory://"),
        ({"DATABASE_URL": DATABASE}, "postgres://"),
        ({"DATABASE_URL": DATABASE, "DATABASE_POOLER": "transaction"}, "memory://"),
        ({"DATABASE_URL": DATABASE, "BROADCAST_URL": ""}, "postgres://"),
        ({"DATABASE_URL": DATABASE, "BROADCAST_URL": "memory://"}, "memory://"),
        ({"BROADCAST_URL": "rediss://:secret@redis:6380/1"}, "rediss://:secret@redis:6380/1"),
        ({"BROADCAST_URL": DATABASE, "DATABASE_POOLER": "transaction"}, DATABASE),
    ],
)
def test_the_broker_is_the_database_that_was_named_unless_another_is(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], broker: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings().broadcast_url.get_secret_value() == broker
    assert ":secret@" not in repr(Settings())


@pytest.mark.parametrize("url", ["kafka://db", "redis://", "memory://db", "somewhere", "http://postgres://"])
def test_a_broker_of_an_unknown_kind_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("BROADCAST_URL", url)
    assert refusal("BROADCAST_URL") == "must be memory://, postgres://, postgres://user@host/db or redis://host:port"


def test_a_broker_at_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADCAST_URL", "redis://redis:port")
    assert refusal("BROADCAST_URL").startswith("Port could not be cast to integer value")


@pytest.mark.parametrize(
    ("given", "counting"),
    [
        ({}, None),
        ({"BROADCAST_URL": "redis://redis"}, "redis://redis"),
        ({"BROADCAST_URL": "redis://redis", "RATE_LIMIT_URL": "memory://"}, None),
        ({"BROADCAST_URL": "redis://redis", "RATE_LIMIT_URL": "redis://other:6380"}, "redis://other:6380"),
        ({"RATE_LIMIT_URL": "rediss://:secret@redis/1"}, "rediss://:secret@redis/1"),
    ],
)
def test_tries_are_counted_in_the_redis_that_is_named_or_the_brokers(
    given: dict[str, str], counting: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).counting_redis == counting


@pytest.mark.parametrize("url", ["postgres://", "redis://", "memory://here"])
def test_tries_are_counted_nowhere_else(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT_URL", url)
    assert refusal("RATE_LIMIT_URL") == "must be memory:// or redis://host:port"


def test_redis_without_its_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.addresses.find_spec", lambda name: None)
    monkeypatch.setenv("BROADCAST_URL", "redis://redis")
    assert refusal("BROADCAST_URL") == "redis:// needs a package that is not installed: pip install 'parlor[redis]'"


@pytest.mark.parametrize("url", ["postgres://", "postgresql://", "postgres:///"])
def test_listening_through_a_pooler_in_transaction_mode_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", DATABASE)
    monkeypatch.setenv("DATABASE_POOLER", "transaction")
    monkeypatch.setenv("BROADCAST_URL", url)
    assert refusal().startswith("BROADCAST_URL=postgres:// cannot work behind a pooler in transaction mode")


@pytest.mark.parametrize("name", ["ALLOWED_ORIGINS", "CORS_ORIGINS"])
def test_origins_are_given_by_commas_under_either_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, " https://a.example , https://B.example:8443/ ,")
    assert Settings().allowed_origins == ("https://a.example", "https://b.example:8443")


def test_allowed_origins_goes_before_cors_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://a.example")
    monkeypatch.setenv("CORS_ORIGINS", "https://b.example")
    assert Settings().allowed_origins == ("https://a.example",)


@pytest.mark.parametrize("origins", ["*", "https://a.example,*"])
def test_every_origin_at_once_is_refused(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", origins)
    assert refusal("ALLOWED_ORIGINS") == "name the origins; * would let every site act for the people signed in here"


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/app", "https://me@example.org", "https://"])
def test_what_is_not_an_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", origin)
    assert "is not an origin: give scheme, host and port, as in https://example.org" in refusal("ALLOWED_ORIGINS")


def test_hosts_are_given_by_commas_as_names_wildcards_or_any(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().allowed_hosts == ()
    monkeypatch.setenv("ALLOWED_HOSTS", "API.example.org, *.example.com,*")
    assert Settings().allowed_hosts == ("api.example.org", "*.example.com", "*")


@pytest.mark.parametrize("host", ["https://api.example.org", "api.example.org:443", "*.", "a*.example.org", "a b", "."])
def test_what_is_no_host_is_refused(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", host)
    said = "is not a host name: give api.example.org, *.example.org for all below it, or *"
    assert refusal("ALLOWED_HOSTS").endswith(said)


@pytest.mark.parametrize(
    "dsn", ["https://sentry.example.org/1", "key@sentry.example.org", "https://key@host/name", "x"]
)
def test_a_sentry_dsn_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    assert refusal("SENTRY_DSN") == "must be like https://key@host/project"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SENTRY_DSN", "https://key@host/1", "needs a package that is not installed: pip install 'parlor[sentry]'"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://localhost:4318",
            "needs packages that are not installed: pip install 'parlor[otel]'",
        ),
    ],
)
def test_what_needs_an_extra_that_is_not_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr("kit.addresses.find_spec", lambda _: None)
    monkeypatch.setenv(name, value)
    assert refusal(name) == said


def test_what_is_no_address_of_a_collector_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317")
    assert refusal("OTEL_EXPORTER_OTLP_ENDPOINT") == "must be like http://collector:4318"


def test_sentry_and_a_collector_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://0123456789abcdef@o1.sentry.example.org/4501")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    settings = Settings()
    assert settings.sentry_dsn is not None
    assert "0123" not in repr(settings)
    assert settings.otel_exporter_otlp_endpoint == "http://localhost:4318"
