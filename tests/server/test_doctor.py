"""`parlor doctor`: each item of the checklist, well and not well, and that it changes nothing."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from db.accounts.users import Role
from db.engine import dsn, normalised
from kit.settings import Environment, Settings
from server import doctor
from server.demo import PEOPLE
from server.doctor import database as of_database
from server.doctor.finding import ANSWER_SECONDS, Verdict
from tests import databases
from tests.conftest import served, settings_for, url_of
from tests.server.doctoring import STRONG, given, silent, told
from tests.server.processes import SECRET, parlor

EVERY = [
    "environment variables",
    "secrets",
    "rate limiting",
    "proxies",
    "CORS",
    "host names",
    "logging",
    "Sentry",
    "trusted documents",
    "sign-up",
    "metrics",
    "spirit",
    "PostgreSQL",
    "migrations",
    "connections",
    "open transactions",
    "clock",
    "people",
    "broker",
    "Redis",
    "foreign tokens",
    "health check",
    "WebSocket",
]


async def test_every_item_has_its_line_in_the_same_order(own: Settings) -> None:
    async with served(own) as house:
        await house.people.one(Role.ADMIN)
        findings = await doctor.examined(own, house.url)
        assert [finding.item for finding in findings] == EVERY
        lines = {finding.item: finding.verdict for finding in findings}
        assert {lines[item] for item in ("migrations", "people", "broker", "health check", "WebSocket")} == {Verdict.OK}
        assert lines["clock"] is lines["connections"] is lines["open transactions"] is Verdict.OK


OF_SETTINGS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "environment variables", "ENVIRONMENT is development"),
    ({}, "secrets", "JWT_SECRET is not set"),
    ({"jwt_secret": "a" * 32}, "secrets", "JWT_SECRET has fewer than 8 different characters"),
    ({"jwt_secret": STRONG, "metrics_token": "0123456789abcdef"}, "secrets", "METRICS_TOKEN counts up or down"),
    ({"llm_api_key": SecretStr("sk-hunter2")}, "spirit", "LLM_API_KEY, LLM_BASE_URL or LLM_MODEL is set"),
    ({"forwarded_allow_ips": "*"}, "proxies", "FORWARDED_ALLOW_IPS=*"),
    ({"forwarded_allow_ips": "10.0.0.0/8, proxy"}, "proxies", "FORWARDED_ALLOW_IPS: proxy is no address"),
    ({"query_budget_per_user": 0}, "rate limiting", "QUERY_BUDGET_PER_USER=0"),
    ({"max_query_cost": 2_000_000}, "rate limiting", "MAX_QUERY_COST=2000000"),
    ({"allowed_origins": "http://a.example,https://b.example"}, "CORS", "http://a.example: whoever is on the way"),
    ({"environment": "production", "jwt_secret": STRONG}, "CORS", "ALLOWED_ORIGINS are those of development"),
    ({"environment": "production", "jwt_secret": STRONG}, "host names", "ALLOWED_HOSTS is not set"),
    ({"allowed_hosts": "*"}, "host names", "ALLOWED_HOSTS=* answers under any name"),
    ({"BETTER_AUTH_SECRET": STRONG}, "foreign tokens", "FOREIGN_ISSUER is not set"),
    ({"log_level": "ERROR"}, "logging", "LOG_LEVEL=ERROR leaves out the line for each operation"),
    ({}, "Sentry", "SENTRY_DSN is not set"),
    ({"open_sign_up": True}, "sign-up", "OPEN_SIGN_UP lets anybody register"),
    ({"environment": "production", "jwt_secret": STRONG}, "PostgreSQL", "the embedded one: for one process"),
]


@pytest.mark.parametrize(("changes", "item", "said"), OF_SETTINGS, ids=[said for _, _, said in OF_SETTINGS])
async def test_what_is_doubtful_about_the_settings_is_a_warning(changes: dict[str, Any], item: str, said: str) -> None:
    findings = await doctor.examined(given(**changes), None)
    (found,) = [one for one in findings if one.item == item and one.verdict is Verdict.WARNING]
    assert found.said.startswith(said)
    assert found.remedy
    assert doctor.code(findings, strict=False) == 0
    assert doctor.code(findings, strict=True) == 1


async def test_who_speaks_for_the_spirit_is_named_and_no_key() -> None:
    assert (await told(given()))["spirit"] == (Verdict.OK, "the small one in Parlor itself answers")
    named = {"llm_provider": "openai", "llm_model": "llama3", "llm_api_key": "sk-hunter2"}
    found = await told(given(**named, llm_base_url="http://gpu.local:8000/v1"))
    assert found["spirit"] == (Verdict.OK, "llama3 of openai, at gpu.local:8000")
    assert "hunter2" not in str(found)


async def test_trusted_documents_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "documents.json"
    for text, verdict, said in (
        ('{"1": "{ health { status } }"}', Verdict.OK, "can be read, and each of them is valid"),
        ('{"1": "{ nothing }"}', Verdict.FAILED, "The trusted document 1 is not valid: Cannot query field 'nothing'"),
        ("{", Verdict.FAILED, "TRUSTED_DOCUMENTS cannot be read"),
    ):
        path.write_text(text)
        found = (await told(given(trusted_documents=path)))["trusted documents"]
        assert found[0] is verdict
        assert said in found[1]


async def test_a_database_that_cannot_be_reached_fails_and_its_items_are_left_out() -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/parlor"
    began = time.monotonic()
    found = await told(given(database_url=url))
    assert time.monotonic() - began < 2 * ANSWER_SECONDS
    assert found["PostgreSQL"][0] is Verdict.FAILED
    assert {found[item][0] for item in (*of_database.ITEMS, "broker")} == {Verdict.SKIPPED}
    assert "hunter2" not in str(found)


async def test_a_database_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.doctor.database.ANSWER_SECONDS", 0.2)
    with silent() as port:
        found = await told(given(database_url=f"postgresql://me@127.0.0.1:{port}/parlor", broadcast_url="memory://"))
        assert found["PostgreSQL"] == (Verdict.FAILED, "cannot be reached: no answer within 0.2 s")
        assert found["broker"][0] is Verdict.WARNING


async def test_a_database_that_is_not_migrated_fails(database_url: str) -> None:
    async with databases.database(database_url, migrated=False) as url:
        found = await told(settings_for(url))
        assert found["migrations"][0] is Verdict.FAILED
        assert found["migrations"][1].startswith("at none, not ")
        assert found["people"][0] is Verdict.SKIPPED


@pytest.fixture
async def hand(own: Settings) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the test's own database."""
    connection = await asyncpg.connect(dsn(normalised(url_of(own))))
    yield connection
    await connection.close()


async def test_a_database_of_another_version_fails(own: Settings, hand: asyncpg.Connection) -> None:
    await hand.execute("update alembic_version set version_num = '0001'")
    assert (await told(own))["migrations"][0] is Verdict.FAILED
    await hand.execute("update alembic_version set version_num = '9999'")
    found = (await told(own))["migrations"]
    assert found == (Verdict.FAILED, "at 9999, of a later version than this one")


async def test_pools_that_do_not_fit_into_the_database_fail(own: Settings) -> None:
    for size, verdict in ((20, Verdict.OK), (150, Verdict.WARNING), (1000, Verdict.FAILED)):
        found = (await told(own.model_copy(update={"write_pool_size": size})))["connections"]
        assert found[0] is verdict
        assert found[1].startswith(f"up to {size + 14} for each process")


async def test_transactions_that_may_stay_open_are_a_warning(own: Settings, hand: asyncpg.Connection) -> None:
    name = await hand.fetchval("select current_database()")
    await hand.execute(f"alter database {name} set idle_in_transaction_session_timeout = 0")
    found = (await told(own))["open transactions"]
    assert found == (Verdict.WARNING, "other programs may leave one open for ever, which holds back every event")


async def test_one_that_has_long_been_open_is_a_warning(
    own: Settings, hand: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_database, "OLD", 0)
    transaction = hand.transaction()
    await transaction.start()
    await hand.execute("select pg_current_xact_id()")
    found = (await told(own))["open transactions"]
    await transaction.rollback()
    assert found[0] is Verdict.WARNING
    assert "no event written since is delivered" in found[1]


@pytest.mark.parametrize(
    ("skew", "verdict"), [(0.5, Verdict.OK), (-0.5, Verdict.OK), (2, Verdict.WARNING), (-60, Verdict.FAILED)]
)
def test_clocks_that_differ_are_told(skew: float, verdict: Verdict) -> None:
    assert of_database._clock(skew).verdict is verdict


async def test_people_of_the_demo_fail_in_production_and_nobody_to_administer_is_a_warning(own: Settings) -> None:
    async with served(own) as house:
        assert (await told(own))["people"] == (Verdict.WARNING, "nobody is an administrator")
        await house.people.one(Role.ADMIN, email=next(iter(PEOPLE)))
        assert (await told(own))["people"] == (Verdict.OK, "there is an administrator")
        found = (await told(own.model_copy(update={"environment": Environment.PRODUCTION})))["people"]
        assert found == (Verdict.FAILED, "1 of --demo are there, whose password stands in the manual")


async def test_it_changes_nothing_in_the_database(own: Settings, hand: asyncpg.Connection) -> None:
    """Nor does it have to: where nothing can be written it says so, and goes on."""
    name = await hand.fetchval("select current_database()")
    await hand.execute(f"alter database {name} set default_transaction_read_only = on")
    found = await told(own)
    assert found["PostgreSQL"] == (Verdict.FAILED, "it cannot be written to: a standby, or read-only")
    assert found["migrations"][0] is found["broker"][0] is Verdict.OK
    assert found["people"][0] is Verdict.WARNING


async def test_settings_that_cannot_be_used_are_findings_without_their_values() -> None:
    with pytest.raises(ValidationError) as caught:
        given(login_attempts=0, jwt_secret="hunter2")
    findings = [*doctor.unusable(caught.value)]
    assert [finding.verdict for finding in findings] == [Verdict.FAILED] * len(findings)
    assert [finding.said for finding in findings] == [
        "JWT_SECRET: must have at least 32 characters",
        "LOGIN_ATTEMPTS: Input should be greater than or equal to 1",
    ]


async def test_the_command_tells_programs_and_people_the_same(own: Settings, tmp_path: Path) -> None:
    changes = {"DATABASE_URL": url_of(own), "JWT_SECRET": SECRET}
    async with served(own) as house:
        read = await asyncio.to_thread(parlor, "doctor", "--json", "--url", house.url, cwd=tmp_path, **changes)
    found = json.loads(read.out)
    assert (read.code, read.said) == (0, "")
    assert [one["item"] for one in found["findings"]] == EVERY
    assert found["counts"]["failed"] == 0
    people = await asyncio.to_thread(parlor, "doctor", "--strict", cwd=tmp_path, **changes)
    assert (people.code, people.said) == (1, "")
    lines = people.out.splitlines()
    assert lines[0].startswith("! environment variables  warning: ENVIRONMENT is development")
    assert lines[1].strip() == "→ ENVIRONMENT=production"
    assert os.listdir(tmp_path) == []


def test_the_command_fails_where_settings_cannot_be_used(tmp_path: Path) -> None:
    done = parlor("doctor", cwd=tmp_path, LOGIN_ATTEMPTS="0")
    assert (done.code, done.said) == (1, "")
    assert done.out.startswith("✗ environment variables  failed: LOGIN_ATTEMPTS: Input should be greater than")
