"""What can be set from outside, and what is refused before anything starts."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from kit.settings import Environment, Settings, with_secret

SECRET = "x" * 32


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of whoever runs the tests."""
    for name in [*Settings.model_fields, "cors_origins"]:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def refusal() -> str:
    """The one message that settings from this environment are refused with."""
    with pytest.raises(ValidationError) as caught:
        Settings()
    (error,) = caught.value.errors()
    return error["msg"].removeprefix("Value error, ")


def test_nothing_has_to_be_set_for_development() -> None:
    settings = Settings()
    assert settings.environment is Environment.DEVELOPMENT
    assert not settings.production
    assert settings.database_url is None
    assert settings.jwt_secret is None
    assert settings.allowed_origins == ("http://localhost:3000", "http://localhost:5173")


def test_production_without_a_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert refusal() == "JWT_SECRET must be set in production (32 characters or more)"


@pytest.mark.parametrize("environment", ["production", "development"])
def test_a_short_secret_is_refused_everywhere(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("JWT_SECRET", "x" * 31)
    assert refusal() == "JWT_SECRET must have at least 32 characters"


def test_production_with_a_good_secret_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("JWT_SECRET", SECRET)
    settings = Settings()
    assert settings.production
    assert with_secret(settings) == (settings, False)


def test_development_makes_a_random_secret_up_and_says_so() -> None:
    one, made_up = with_secret(Settings())
    other, _ = with_secret(Settings())
    assert made_up
    assert one.jwt_secret is not None
    assert other.jwt_secret is not None
    assert len(one.jwt_secret.get_secret_value()) == 64
    assert one.jwt_secret != other.jwt_secret


def test_a_refused_secret_is_not_in_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "too short to sign")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "too short to sign" not in "".join(error["msg"] for error in caught.value.errors())


def test_secrets_are_not_in_the_printed_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "a" * 40)
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@db/parlor")
    printed = repr(Settings())
    assert "a" * 40 not in printed
    assert "hunter2" not in printed


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
    assert refusal() == "must be memory://, postgres://, postgres://user@host/db or redis://host:port"


def test_a_broker_at_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROADCAST_URL", "redis://redis:port")
    assert refusal().startswith("Port could not be cast to integer value")


def test_redis_without_its_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kit.settings.find_spec", lambda name: None)
    monkeypatch.setenv("BROADCAST_URL", "redis://redis")
    assert refusal() == "redis:// needs a package that is not installed: pip install 'parlor[redis]'"


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
    assert refusal() == "name the origins; * would let every site act for the people signed in here"


@pytest.mark.parametrize("origin", ["example.org", "https://example.org/app", "https://me@example.org", "https://"])
def test_what_is_not_an_origin_is_refused(monkeypatch: pytest.MonkeyPatch, origin: str) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", origin)
    assert "is not an origin: give scheme, host and port, as in https://example.org" in refusal()


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.login_attempts = 1  # type: ignore[misc]
    assert settings.login_attempts == 20


def test_dot_env_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"LOGIN_ATTEMPTS=3\nJWT_SECRET={SECRET}\nALLOWED_ORIGINS=https://a.example\n")
    settings = Settings()
    assert settings.login_attempts == 3
    assert settings.jwt_secret == SecretStr(SECRET)
    assert settings.allowed_origins == ("https://a.example",)


def test_a_variable_goes_before_dot_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOGIN_ATTEMPTS=3\n")
    monkeypatch.setenv("LOGIN_ATTEMPTS", "4")
    assert Settings().login_attempts == 4


def test_what_others_keep_in_dot_env_is_not_ours_to_refuse(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AWS_REGION=eu-central-1\n")
    assert Settings().login_attempts == 20


def test_an_empty_variable_counts_as_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("LOGIN_ATTEMPTS", "")
    assert Settings().database_url is None
    assert Settings().login_attempts == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOGIN_ATTEMPTS", "0"), ("READ_POOL_SIZE", "many"), ("LOG_LEVEL", "LOUD"), ("MAX_BODY_BYTES", "1023")],
)
def test_a_value_out_of_bounds_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert [error["loc"] for error in caught.value.errors()] == [(name.lower(),)]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_says_what_it_is_for(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert len(description) > 15


def test_every_number_has_a_least_value() -> None:
    numbers = {name: field for name, field in Settings.model_fields.items() if field.annotation is int}
    assert len(numbers) > 15
    assert [name for name, field in numbers.items() if not any(hasattr(m, "ge") for m in field.metadata)] == []


@pytest.mark.parametrize(
    "dsn", ["https://sentry.example.org/1", "key@sentry.example.org", "https://key@host/name", "x"]
)
def test_a_sentry_dsn_that_cannot_be_is_refused(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    assert refusal() == "it must be like https://key@host/project"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SENTRY_DSN", "https://key@host/1", "it needs a package that is not installed: pip install 'parlor[sentry]'"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "http://localhost:4318",
            "it needs packages that are not installed: pip install 'parlor[otel]'",
        ),
    ],
)
def test_what_needs_an_extra_that_is_not_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setattr("kit.settings.find_spec", lambda _: None)
    monkeypatch.setenv(name, value)
    assert refusal() == said


def test_sentry_and_a_collector_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://0123456789abcdef@o1.sentry.example.org/4501")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    settings = Settings()
    assert settings.sentry_dsn is not None
    assert "0123" not in repr(settings)
    assert settings.otel_exporter_otlp_endpoint == "http://localhost:4318"
