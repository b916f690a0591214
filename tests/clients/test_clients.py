"""Real clients against a real server: graphql-ws, Apollo Client, urql and Relay on Node's own WebSocket, and without
one graphql-sse, EventSource, Apollo Client and urql again.

Each scenario is a script that asserts for itself and prints one line of JSON; what it prints is asserted here.
"""

import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.clients.playing import BIN, HERE, SCRIPT_SECONDS, Server, played, script, told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("clients")
    made = Server(directory)
    made.start()
    yield made
    assert made.end(signal.SIGTERM) == 0
    log = made.log.read_text()
    assert "Traceback" not in log, log
    shutil.rmtree(directory)


def test_all_audits_of_graphql_over_http_pass_also_those_that_are_not_musts(server: Server) -> None:
    audits = played("audits", server)
    assert {audit: how for audit, how in audits.items() if how != "ok"} == {}
    assert len(audits) == 61


def test_a_dropped_client_resumes_with_exactly_what_it_missed(server: Server) -> None:
    assert played("resume", server) == {"missed": ["UPDATED", "STATUS_CHANGED", "ADDED"], "then": "TaskDeleted"}


def test_all_sockets_of_a_user_hear_and_a_strangers_does_not(server: Server) -> None:
    assert played("privacy", server) == {"sockets": 2, "stranger": ["Suspect nothing"]}


def test_apollo_keeps_its_cache_without_a_refetch(server: Server) -> None:
    assert played("apollo", server) == {"sent": {"query": 1, "mutation": 1, "subscription": 2}}


def test_clients_see_why_they_are_refused(server: Server) -> None:
    assert played("errors", server) == {
        "tooLong": "VALIDATION_ERROR",
        "invalidToken": 4401,
        "noToken": ["UNAUTHENTICATED"],
    }


def test_a_client_that_stays_signed_in_refreshes_once_however_many_ask(server: Server) -> None:
    assert played("staying", server) == {
        "fresh": 0,
        "refreshed": 1,
        "asked": ["me", "taskEvents", "renewConnection"],
        "stolen": "UNAUTHENTICATED",
    }


MISSED = ["UPDATED", "STATUS_CHANGED", "ADDED"]


def test_a_client_of_graphql_sse_resumes_by_itself(server: Server) -> None:
    refused = {"guest": ["UNAUTHENTICATED"], "typo": ["VALIDATION_ERROR"]}
    assert played("sse", server) == {"missed": MISSED, "refused": refused}


def test_an_event_source_resumes_by_itself(server: Server) -> None:
    assert played("eventsource", server) == {"refused": ["UNAUTHENTICATED"]}


def test_apollo_follows_and_resumes_without_a_socket(server: Server) -> None:
    assert played("multipart", server) == {
        "missed": MISSED,
        "guest": ["UNAUTHENTICATED"],
        "typo": ["VALIDATION_ERROR"],
    }


def test_apollo_resumes_by_itself_with_the_link_that_the_docs_show(server: Server) -> None:
    page = (HERE.parents[1] / "docs" / "subscriptions.md").read_text()
    assert (HERE / "resuming.mjs").read_text().split("\n", 1)[1] in page
    assert played("apollo_resume", server) == {"missed": MISSED}


def test_apollos_cache_has_entities_growing_pages_and_errors_by_code(server: Server) -> None:
    assert played("caching", server) == {
        "invalid": ["updateTask", "VALIDATION_ERROR", {"title": ["String should have at least 1 character"]}],
        "stale": ["updateTask", "CONFLICT"],
        "gone": ["updateTask", "TASK_NOT_FOUND"],
        "guest": ["completeTask", "UNAUTHENTICATED"],
        "partly": [["task", "TASK_NOT_FOUND"]],
        "token": ["UNAUTHENTICATED"],
        "dropped": "fetch failed",
    }


def test_apollo_shows_first_what_is_not_deferred(server: Server) -> None:
    kind, failed = 'multipart/mixed;boundary="graphql"', [[["users"], "FORBIDDEN"]]
    assert played("defer", server) == {
        "older": {"types": [f"{kind};deferSpec=20220824"], "failed": failed},
        "newer": {"types": [f"{kind};incrementalSpec=v0.2"], "failed": failed},
    }


def test_urql_asks_caches_and_follows_with_and_without_a_socket(server: Server) -> None:
    assert played("urql", server) == {
        "gone": [["task", "TASK_NOT_FOUND"]],
        "invalid": [["updateTask", "VALIDATION_ERROR"]],
        "guest": [["task", "UNAUTHENTICATED"]],
        "typo": [[None, "VALIDATION_ERROR"]],
        "lost": True,
    }


def test_relay_pages_refetches_and_follows(server: Server) -> None:
    relay = HERE / "relay"
    (relay / "generated").mkdir(exist_ok=True)
    compiler = [f"{BIN}/node", f"{HERE}/node_modules/relay-compiler/cli.js", "config.json"]
    compiled = subprocess.run(compiler, cwd=relay, capture_output=True, text=True, timeout=SCRIPT_SECONDS, check=False)
    assert compiled.returncode == 0, compiled.stderr
    assert played("relay", server) == {
        "sent": 8,
        "invalid": [["createTask", "VALIDATION_ERROR"]],
        "gone": [["completeTask", "TASK_NOT_FOUND"]],
    }


def test_clients_of_a_killed_server_hear_everything_once(server: Server) -> None:
    with script("killed", server) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "kill\n", told(running)
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        server.start()
        assert told(running, "started\n") == {"resumed": 2}
