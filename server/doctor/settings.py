"""What the settings say by themselves."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import ValidationError

from kit.llm.settings import Provider
from kit.networks import address, is_loopback
from kit.settings import Settings, mistakes, weaknesses
from schema.schema import made
from schema.trusted import BadManifest
from server.doctor.finding import Finding, failed, ok, warning

DEAR = 1_000_000  # of MAX_QUERY_COST; 50,000 take about a second
QUIET = ("WARNING", "ERROR", "CRITICAL")


def unusable(error: ValidationError) -> Iterator[Finding]:
    """Of settings that nothing can be started with."""
    for said in mistakes(error):
        yield failed("environment variables", said, "see .env.example, which has every one")


def of_settings(settings: Settings) -> Iterator[Finding]:
    yield _environment(settings)
    yield from _secrets(settings)
    yield from _limits(settings)
    yield _proxies(settings)
    yield from _origins(settings)
    yield _hosts(settings)
    yield _logging(settings)
    yield _sentry(settings)
    yield _documents(settings)
    yield _sign_up(settings)
    yield _metrics(settings)
    yield _spirit(settings)


def _environment(settings: Settings) -> Finding:
    if settings.production:
        return ok("environment variables", "can be used; ENVIRONMENT is production")
    said = "ENVIRONMENT is development: the schema is told to anybody, and weak secrets are let pass"
    return warning("environment variables", said, "ENVIRONMENT=production")


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.jwt_secret is None:
        said = "JWT_SECRET is not set: access tokens end with each process, and no other accepts them"
        yield warning("secrets", said, "JWT_SECRET=$(openssl rand -hex 32), the same for all processes")
    weak = weaknesses(settings)
    for name, why in weak:
        yield warning("secrets", f"{name} {why}", f"{name}=$(openssl rand -hex 32)")
    if settings.jwt_secret is not None and not weak:
        yield ok("secrets", "nothing speaks against them")


def _limits(settings: Settings) -> Iterator[Finding]:
    doubts = []
    if settings.max_query_cost > DEAR:
        said = f"MAX_QUERY_COST={settings.max_query_cost} lets one query keep a core for many seconds"
        doubts.append((said, "leave it at 50,000, or answer TRUSTED_DOCUMENTS only"))
    if settings.query_budget_per_user == 0:
        doubts.append(("QUERY_BUDGET_PER_USER=0 lets one user have all there is", "leave it at its default"))
    for said, remedy in doubts:
        yield warning("rate limiting", said, remedy)
    if not doubts:
        logins, minutes = settings.login_attempts, settings.login_window_minutes
        yield ok("rate limiting", f"{logins} wrong passwords per account and address in {minutes} minutes")


def _proxies(settings: Settings) -> Finding:
    listed = [one.strip() for one in settings.forwarded_allow_ips.split(",") if one.strip()]
    if "*" in listed:
        said = "FORWARDED_ALLOW_IPS=* lets every client name the address that it is counted by"
        return warning("proxies", said, "name the addresses of your proxies")
    if names := [one for one in listed if address(one.partition("/")[0]) is None]:
        said = f"FORWARDED_ALLOW_IPS: {', '.join(names)} is no address, and nobody comes from there"
        return warning("proxies", said, "addresses or networks, as 10.0.0.0/8")
    if not listed:
        return ok("proxies", "none is believed")
    return ok(
        "proxies", f"{', '.join(listed)} may say by X-Forwarded-For who asks; whatever else stands before may not"
    )


def _origins(settings: Settings) -> Iterator[Finding]:
    defaults = Settings.model_fields["allowed_origins"].default
    if settings.production and settings.allowed_origins == defaults:
        said = "ALLOWED_ORIGINS are those of development: pages on this machine only"
        yield warning("CORS", said, "ALLOWED_ORIGINS=https://app.example.org")
        return
    plain = [origin for origin in settings.allowed_origins if _is_plain(origin)]
    if plain:
        said = f"{', '.join(plain)}: whoever is on the way there may change the page, and act for its user"
        yield warning("CORS", said, "name origins by https://")
    else:
        yield ok("CORS", ", ".join(settings.allowed_origins) or "no page of another origin may call")


def _is_plain(origin: str) -> bool:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    return parts.scheme == "http" and host != "localhost" and not is_loopback(host)


def _hosts(settings: Settings) -> Finding:
    hosts = settings.allowed_hosts
    if "*" in hosts:
        said = "ALLOWED_HOSTS=* answers under any name, also under one of an attacker (DNS rebinding)"
        return warning("host names", said, "ALLOWED_HOSTS=api.example.org")
    if not hosts and settings.production:
        return warning("host names", "ALLOWED_HOSTS is not set", "ALLOWED_HOSTS=api.example.org")
    return ok("host names", ", ".join(hosts) or "addresses, and names without a dot")


def _logging(settings: Settings) -> Finding:
    if settings.log_level in QUIET:
        said = f"LOG_LEVEL={settings.log_level} leaves out the line for each operation: what failed, for whom, how long"
        return warning("logging", said, "LOG_LEVEL=INFO")
    return ok("logging", f"{settings.log_level}, {'as JSON' if settings.production else 'for people to read'}")


def _sentry(settings: Settings) -> Finding:
    if settings.sentry_dsn is None:
        said = "SENTRY_DSN is not set: errors that nobody foresaw are in the log alone"
        return warning("Sentry", said, "SENTRY_DSN=https://key@host/project, or watch the log for request.failed")
    return ok("Sentry", "hears of errors that nobody foresaw")


def _documents(settings: Settings) -> Finding:
    if settings.trusted_documents is None:
        return ok("trusted documents", "none: whatever keeps the limits is answered")
    try:
        made(settings)
    except BadManifest as error:
        return failed("trusted documents", str(error), "write the list anew with the tools of your client")
    return ok("trusted documents", f"{settings.trusted_documents} can be read, and each of them is valid")


def _sign_up(settings: Settings) -> Finding:
    if settings.open_sign_up:
        return warning("sign-up", "OPEN_SIGN_UP lets anybody register", "OPEN_SIGN_UP=false, unless that is meant")
    return ok("sign-up", "by administrators only")


def _metrics(settings: Settings) -> Finding:
    who = "who shows METRICS_TOKEN" if settings.metrics_token is not None else "this machine alone"
    return ok("metrics", f"for {who}")


def _spirit(settings: Settings) -> Finding:
    if settings.llm_provider is not Provider.EMBEDDED:
        at = f", at {urlsplit(settings.llm_base_url).netloc}" if settings.llm_base_url is not None else ""
        return ok("spirit", f"{settings.llm_model} of {settings.llm_provider}{at}")
    if settings.llm_api_key is not None or settings.llm_base_url is not None or settings.llm_model is not None:
        said = "LLM_API_KEY, LLM_BASE_URL or LLM_MODEL is set, but LLM_PROVIDER=embedded needs none of them"
        return warning("spirit", said, "LLM_PROVIDER=openai, openrouter or anthropic, or leave the others out")
    return ok("spirit", "the small one in Parlor itself answers")
