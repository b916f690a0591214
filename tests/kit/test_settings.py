"""What can be set from outside, and what is refused before anything starts."""

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from kit.guessable import weakness
from kit.settings import Environment, Settings, mistakes, with_secret
from tests.kit.environment import refusal

SECRET = "2b7e151628aed2a6abf7158809cf4f3c"


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
    assert refusal("JWT_SECRET") == "must have at least 32 characters"


def test_production_with_a_good_secret_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("JWT_SECRET", SECRET)
    settings = Settings()
    assert settings.production
    assert with_secret(settings) == (settings, False)


RANDOM = "production needs random characters, as `openssl rand -hex 32` makes"
DEBUGGING = "DEBUG and LOG_LEVEL=DEBUG are for development: what they log is too much for production"
UNFIT = [
    ("JWT_SECRET", "a" * 32, f"JWT_SECRET has fewer than 8 different characters: {RANDOM}"),
    ("JWT_SECRET", "change-me-to-32-or-more-random-characters", f"JWT_SECRET is a placeholder: {RANDOM}"),
    ("JWT_SECRET", "changeme" * 4, f"JWT_SECRET is a placeholder: {RANDOM}"),
    ("JWT_SECRET", "your-256-bit-secret-from-a-tutorial", f"JWT_SECRET is a placeholder: {RANDOM}"),
    ("JWT_SECRET", "k3Jd9sLq" * 5, f"JWT_SECRET repeats itself: {RANDOM}"),
    ("JWT_SECRET", "abcdefghijklmnopqrstuvwxyz012345", f"JWT_SECRET counts up or down: {RANDOM}"),
    ("METRICS_TOKEN", "0123456789abcdef", f"METRICS_TOKEN counts up or down: {RANDOM}"),
    ("DEBUG", "true", DEBUGGING),
    ("LOG_LEVEL", "DEBUG", DEBUGGING),
]


@pytest.mark.parametrize(("name", "value", "message"), UNFIT)
def test_production_refuses_what_is_unfit_for_it_and_development_does_not(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.setenv(name, value)
    assert Settings().log_level == ("DEBUG" if message is DEBUGGING else "INFO")
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert refusal() == message


@pytest.mark.parametrize("make", [secrets.token_hex, secrets.token_urlsafe])
def test_what_is_random_is_never_weak(make: Callable[[int], str]) -> None:
    assert [weakness(make(size)) for size in (16, 24, 32, 48) for _ in range(200)] == [None] * 800


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


@pytest.mark.parametrize("name", ["FOREIGN_JWT_SECRET", "BETTER_AUTH_SECRET"])
def test_a_shared_secret_is_given_under_either_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, SECRET)
    assert Settings().foreign_jwt_secret == SecretStr(SECRET)
    assert SECRET not in repr(Settings())
    monkeypatch.setenv(name, "x" * 31)
    assert refusal("FOREIGN_JWT_SECRET") == "must have at least 32 characters"


def test_a_shared_secret_is_not_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", SECRET)
    monkeypatch.setenv("BETTER_AUTH_SECRET", SECRET)
    assert refusal() == "FOREIGN_JWT_SECRET must not be JWT_SECRET: its owner could sign as Parlor"


def test_published_keys_need_an_issuer_which_is_not_parlor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOREIGN_JWKS_URL", "https://login.example/jwks")
    assert refusal() == "FOREIGN_JWKS_URL needs FOREIGN_ISSUER: keys may sign for several"
    monkeypatch.setenv("FOREIGN_ISSUER", "parlor")
    assert refusal() == "FOREIGN_ISSUER must not be parlor, which is who signs here"
    monkeypatch.setenv("FOREIGN_ISSUER", "https://login.example/")
    assert Settings().foreign_jwks_url == "https://login.example/jwks"


KEYS_AT = [
    ("https://login.example:8443/realms/x/certs?a=b", True, True),
    ("http://127.0.0.1:3000/jwks", True, False),
    ("http://localhost/jwks", True, False),
    ("http://[::1]:3000/jwks", True, False),
    ("http://login.example/jwks", False, False),
    ("http://localhost.evil.example/jwks", False, False),
    ("http://localhost@evil.example/jwks", False, False),
    ("https://me:secret@login.example/jwks", False, False),
    ("file:///etc/keys", False, False),
    ("https://", False, False),
    ("https://login.example/a b", False, False),
]


@pytest.mark.parametrize(("url", "development", "production"), KEYS_AT)
def test_keys_are_fetched_over_tls_but_from_this_machine(
    monkeypatch: pytest.MonkeyPatch, url: str, development: bool, production: bool
) -> None:
    monkeypatch.setenv("FOREIGN_ISSUER", "https://login.example/")
    monkeypatch.setenv("FOREIGN_JWKS_URL", url)
    monkeypatch.setenv("JWT_SECRET", SECRET)
    for environment, good in (("development", development), ("production", production)):
        monkeypatch.setenv("ENVIRONMENT", environment)
        if good:
            assert Settings().foreign_jwks_url == url
        else:
            assert refusal() == "FOREIGN_JWKS_URL must be https://… (in development also http:// of this machine)"


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


def test_mistakes_are_told_together_by_the_names_of_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET", "hunter2")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("ALLOWED_HOSTS", "api.example.org,b c")
    monkeypatch.setenv("METRICS_TOKEN", "hunter2")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert mistakes(caught.value) == [
        "LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'",
        "ALLOWED_HOSTS: b c is not a host name: give api.example.org, *.example.org for all below it, or *",
        "JWT_SECRET: must have at least 32 characters",
        "METRICS_TOKEN: must have at least 16 characters",
    ]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_says_what_it_is_for(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert len(description) > 15


def test_every_number_has_a_least_value() -> None:
    numbers = {name: field for name, field in Settings.model_fields.items() if field.annotation is int}
    assert len(numbers) > 15
    assert [name for name, field in numbers.items() if not any(hasattr(m, "ge") for m in field.metadata)] == []
