"""All that can be set from outside: environment variables (and `.env`), read once, never changed.

Each limit has a name, a unit and a reason. `.env.example` lists every one; a house test keeps it so.
"""

import re
import secrets
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode, SettingsConfigDict

from kit.addresses import BrokerUrl, Collector, CounterUrl, Host, Origin, SentryDsn, is_safe
from kit.guessable import SigningSecret, Token, weakness
from kit.llm.settings import LanguageModelSettings

_OF_DATABASE_URL = re.compile(r"postgres(ql)?:///?")


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Pooler(StrEnum):
    """What stands between Parlor and PostgreSQL."""

    NONE = "none"
    TRANSACTION = "transaction"


class Settings(LanguageModelSettings):
    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="production refuses weak secrets and DEBUG, keeps the schema to administrators, and logs JSON",
    )
    debug: bool = Field(False, description="logs all there is, as LOG_LEVEL=DEBUG does; refused in production")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="least level written: DEBUG, INFO, WARNING, ERROR or CRITICAL"
    )
    allowed_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        ("http://localhost:3000", "http://localhost:5173"),
        validation_alias=AliasChoices("ALLOWED_ORIGINS", "CORS_ORIGINS"),
        description="browser origins that may call, by commas; never *",
    )
    allowed_hosts: Annotated[tuple[Host, ...], NoDecode] = Field(
        (),
        description="host names this server is called by, by commas: api.example.org, *.example.org, or * for any; "
        "addresses, and names without a dot, need not be listed",
    )
    forwarded_allow_ips: str = Field(
        "127.0.0.1", description="proxies whose X-Forwarded-For is believed: addresses and networks, by commas"
    )

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or newer; without it the embedded one starts in --data"
    )
    write_pool_size: int = Field(20, ge=1, description="connections for transactions; with the reads' pool, 30 in all")
    read_pool_size: int = Field(10, ge=1, description="autocommit connections for reads")
    statement_timeout_seconds: int = Field(10, ge=1, description="PostgreSQL ends a statement after this")
    prepared_statements: int = Field(
        100, ge=0, description="kept by each read connection, the latest; each takes PostgreSQL 50 to 500 kB of memory"
    )
    database_pooler: Pooler = Field(
        Pooler.NONE,
        description="what DATABASE_URL leads to: none, or transaction for PgBouncer or its like in that mode",
    )
    connect_timeout_seconds: int = Field(5, ge=1, description="longest wait for a connection before an error")

    broadcast_url: BrokerUrl = Field(
        SecretStr("memory://"),
        description="how processes reach each other: memory:// (there is one), postgres:// (as DATABASE_URL), "
        "postgres://user@host/db or redis://host:port; by default postgres:// where LISTEN works",
    )
    event_retention_days: int = Field(7, ge=1, description="how far back a subscription may resume")
    group_window: int = Field(200, ge=1, description="payloads that subscriptions asking the same hold in memory")
    group_window_bytes: int = Field(1_048_576, ge=1024, description="and how much of them; who is slower reads the log")
    hub_bytes: int = Field(67_108_864, ge=1024, description="payloads held by all of them together")
    presence_lease_seconds: float = Field(
        5, ge=1, description="a process that gives no sign of life for this long is dead, and its people are gone"
    )
    presence_grace_seconds: float = Field(
        1.5, ge=0, description="who comes back within this was never gone; a page takes a second to load again"
    )
    seance_hold_seconds: float = Field(
        30, ge=1, description="a seat of a séance room is held this long for who has lost the connection"
    )
    event_window: int = Field(10_000, ge=100, description="latest events held in memory; older ones come from the log")
    audit_retention_days: int = Field(365, ge=1, description="how long it is kept who did or was refused what")
    trash_retention_days: int = Field(30, ge=1, description="deleted tasks can be restored this long")

    idempotency_hours: int = Field(24, ge=1, description="how long it is kept what was done for an Idempotency-Key")
    idempotency_answer_bytes: int = Field(
        65_536, ge=0, description="longest answer kept as it was; a longer one is read anew when it is asked for again"
    )
    idempotency_wait_seconds: int = Field(
        20, ge=1, description="longest wait for the same mutation that is under way; twice a statement's time"
    )

    job_concurrency: int = Field(8, ge=0, description="jobs that a process works at, and as many spirits; 0: none")
    job_lease_seconds: float = Field(30, ge=1, description="a job of a killed process waits this long for another")

    jwt_secret: SigningSecret | None = Field(None, description="signs access tokens; 32 characters or more")
    access_token_minutes: int = Field(30, ge=1, description="life of an access token")
    refresh_token_days: int = Field(30, ge=1, description="life of a session that is not used")
    open_sign_up: bool = Field(False, description="whether anyone may register; otherwise only administrators")
    login_attempts: int = Field(20, ge=1, description="wrong passwords per account and address in one window")
    login_attempts_per_address: int = Field(100, ge=1, description="tries from one address in one window, all accounts")
    login_window_minutes: int = Field(15, ge=1, description="the window of both limits above")
    password_hash_concurrency: int = Field(2, ge=1, description="argon2 runs at once; each takes 64 MiB and a core")

    foreign_jwt_secret: SigningSecret | None = Field(
        None,
        validation_alias=AliasChoices("FOREIGN_JWT_SECRET", "BETTER_AUTH_SECRET"),
        description="shared with another issuer, whose HS256 tokens count too (or BETTER_AUTH_SECRET); 32 characters",
    )
    foreign_jwks_url: str | None = Field(None, description="where it publishes the keys of its RS256, ES256, EdDSA")
    foreign_issuer: str | None = Field(None, description="what its tokens must name as iss; a JWKS needs it")
    foreign_audience: str | None = Field(None, description="what they must name as aud; without it they must name none")

    query_budget_per_user: int = Field(
        3_000_000,
        ge=0,
        description="objects that one user may ask for in a minute, or all at one address who have not signed in: what "
        "one core can do. 0: no limit; each process counts for itself",
    )
    query_budget_per_address: int = Field(
        30_000_000, ge=0, description="the same for all at one address (IPv6: /64), which may be a whole office"
    )
    rate_limit_url: CounterUrl | None = Field(
        None,
        description="where tries are counted: memory:// (each process for itself) or redis://host:port; by default the "
        "Redis of BROADCAST_URL, if it is one",
    )

    max_body_bytes: int = Field(262_144, ge=1024, description="largest request body and socket message")
    max_query_depth: int = Field(12, ge=1, le=50, description="objects within objects, from one root field on")
    max_query_fields: int = Field(500, ge=1, description="fields of a query below one root field, fragments spread out")
    max_query_aliases: int = Field(50, ge=1, description="names for one field of one object; a month has 42 squares")
    max_query_parts: int = Field(
        200, ge=10, description="objects and lists asked for in one operation; a new one costs 5 ms each, once"
    )
    max_root_fields: int = Field(50, ge=1, description="root fields of one operation; each is a statement of its own")
    max_query_cost: int = Field(
        50_000, ge=100, description="objects in one answer, page sizes multiplied; the dearest take about a second"
    )
    max_query_tokens: int = Field(5_000, ge=100, description="tokens of one document; 5,000 take 15 ms to parse")
    trusted_documents: Path | None = Field(
        None, description="a list of documents by id (JSON); with it, nothing else is answered"
    )
    max_operations_per_socket: int = Field(100, ge=1, description="operations at once on one socket")
    max_sockets_per_user: int = Field(
        100, ge=1, description="sockets and HTTP streams of one user at once, per process"
    )
    max_sockets_per_address: int = Field(
        1_000, ge=1, description="and from one address (IPv6: /64), which an office shares; see FORWARDED_ALLOW_IPS"
    )
    socket_init_seconds: int = Field(10, ge=1, description="a socket must send connection_init within this")
    socket_ping_seconds: int = Field(
        15,
        ge=1,
        description="between pings, and heartbeats of streams; a socket that answers none for as long again is gone",
    )
    send_timeout_seconds: int = Field(
        30, ge=1, description="a socket or stream that takes no byte for this long is closed"
    )

    operation_seconds: int = Field(
        15, ge=1, description="a query is ended after this, a mutation unless it is done: a statement and its wait"
    )
    request_seconds: int = Field(
        20, ge=1, description="a request must have come whole within this; 256 KiB take it at 13 kB/s"
    )
    keep_alive_seconds: int = Field(
        75, ge=1, description="an idle HTTP connection is closed after this; balancers let go of theirs after 60"
    )
    max_connections_per_address: int = Field(
        200,
        ge=1,
        description="HTTP connections from one address, per process, proxies aside; browsers open 6, an office shares",
    )

    metrics_token: Token | None = Field(
        None, description="who shows it as bearer may read /metrics; without it only this machine may"
    )
    metrics_flush_seconds: int = Field(
        5, ge=1, description="between writings of what is counted; websocketHealth is at most as old"
    )
    blocked_words: str = Field("", description="words that are masked in what is said in rooms, by commas")
    sentry_dsn: SentryDsn | None = Field(None, description="where errors that nobody foresaw are sent (parlor[sentry])")
    otel_exporter_otlp_endpoint: Collector | None = Field(
        None, description="an OpenTelemetry collector to send spans to, by HTTP (parlor[otel])"
    )
    shutdown_seconds: int = Field(5, ge=1, description="grace on SIGTERM for requests in flight")
    leaving_seconds: float = Field(
        2, ge=0, description="before it, over which sockets and streams are told to go, one by one"
    )

    @model_validator(mode="before")
    @classmethod
    def _broker(cls, given: dict[str, Any]) -> dict[str, Any]:
        """By default the database that was named, where LISTEN works.

        The embedded PostgreSQL is only this process's, and is named after the settings were read.
        """
        listening = given.get("database_url") and given.get("database_pooler", Pooler.NONE) == Pooler.NONE
        return {"broadcast_url": "postgres://"} | given if listening else given

    @field_validator("allowed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip().rstrip("/").lower() for part in parts if part.strip())

    @model_validator(mode="after")
    def _broker_hears(self) -> Self:
        unnamed = _OF_DATABASE_URL.fullmatch(self.broadcast_url.get_secret_value())
        if unnamed and self.database_pooler is Pooler.TRANSACTION:
            raise ValueError(
                "BROADCAST_URL=postgres:// cannot work behind a pooler in transaction mode, which forgets LISTEN: "
                "name PostgreSQL itself (postgres://user@host/db), or redis://host:port"
            )
        return self

    @field_validator("log_level")
    @classmethod
    def _debugging(cls, value: str, found: ValidationInfo) -> str:
        return "DEBUG" if found.data.get("debug") else value

    @model_validator(mode="after")
    def _foreign(self) -> Self:
        secret, url = self.foreign_jwt_secret, self.foreign_jwks_url
        if secret is not None and secret == self.jwt_secret:
            raise ValueError("FOREIGN_JWT_SECRET must not be JWT_SECRET: its owner could sign as Parlor")
        if url is not None and self.foreign_issuer is None:
            raise ValueError("FOREIGN_JWKS_URL needs FOREIGN_ISSUER: keys may sign for several")
        if url is not None and not is_safe(url, production=self.production):
            raise ValueError("FOREIGN_JWKS_URL must be https://… (in development also http:// of this machine)")
        if self.foreign_issuer == "parlor":
            raise ValueError("FOREIGN_ISSUER must not be parlor, which is who signs here")
        return self

    @model_validator(mode="after")
    def _fit_for_production(self) -> Self:
        if not self.production:
            return self
        if self.jwt_secret is None:
            raise ValueError("JWT_SECRET must be set in production (32 characters or more)")
        if self.log_level == "DEBUG":
            raise ValueError("DEBUG and LOG_LEVEL=DEBUG are for development: what they log is too much for production")
        for name, why in weaknesses(self):
            raise ValueError(f"{name} {why}: production needs random characters, as `openssl rand -hex 32` makes")
        return self

    @property
    def counting_redis(self) -> str | None:
        """The address of the Redis that tries are counted in, if they are."""
        url = (self.rate_limit_url or self.broadcast_url).get_secret_value()
        return url if url.startswith("redis") else None

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION


def mistakes(error: ValidationError) -> list[str]:
    """What is amiss with settings that cannot be used, with the variable's name; no secret is told."""
    found = error.errors(include_input=False, include_url=False)
    named = ((str(*one["loc"][:1]).upper(), one["msg"].removeprefix("Value error, ")) for one in found)
    return [f"{name}: {said}" if name else said for name, said in named]


def weaknesses(settings: Settings) -> list[tuple[str, str]]:
    """Secrets of ours that could be guessed, by name, and why. What others made is theirs: addresses and API keys."""
    secret = ((name, value) for name, value in settings if isinstance(value, SecretStr))
    ours = ((name, value) for name, value in secret if not name.endswith(("_url", "_dsn", "_api_key")))
    found = ((name.upper(), weakness(value.get_secret_value())) for name, value in ours)
    return [(name, why) for name, why in found if why is not None]


def with_secret(settings: Settings) -> tuple[Settings, bool]:
    """Settings that can sign, and whether the secret had to be made up (then tokens end with this process)."""
    if settings.jwt_secret is not None:
        return settings, False
    return settings.model_copy(update={"jwt_secret": SecretStr(secrets.token_urlsafe(48))}), True
