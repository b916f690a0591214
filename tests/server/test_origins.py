"""Who may knock: by which name of the server, from whose page, and with what in the address."""

import pytest
from structlog.typing import EventDict

from server.origins import Origins
from server.requests import Refusal
from tests.conftest import settings_for
from tests.logged import lines
from tests.people import People
from tests.server.asking import CREATE, post, refusal, tasks_of

ALLOWED = "http://localhost:3000"
SETTINGS = settings_for(
    "postgresql:///x", allowed_hosts="api.example.org, *.example.com", allowed_origins="https://app.example.org"
)


def status(host: str, **headers: str) -> int:
    """What a request with these headers would be refused with; 200 when it would not."""
    given = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    scope = {"state": {"headers": {b"host": host.encode(), **given}}, "query_string": b"", "http_version": "1.1"}
    try:
        Origins(SETTINGS).check(scope)
    except Refusal as refused:
        return refused.status
    return 200


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:8000", "localhost.", "app.localhost", "parlor-1:8000"),
        *("127.0.0.1:8000", "192.168.1.5", "[::1]:8000", "[fe80::1]", "[::ffff:10.0.0.1]"),
        *("api.example.org", "API.example.org:443", "api.example.org.", "a.example.com", "a.b.example.com"),
    ],
)
def test_a_server_answers_to_its_names_and_to_what_no_foreign_domain_can_lead_to(host: str) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "localhost.evil.example", "example.com", "evilexample.com", "api.example.org.evil.example"),
        *("x.api.example.org", "127.0.0.1.evil.example", "1.2.3", "0x7f.1", "evil.localhost.com"),
    ],
)
def test_a_server_does_not_answer_to_other_names(host: str) -> None:
    assert status(host) == 421


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "a,b", "me@localhost", "localhost/x", "[::1", "localhost:x", "ä", "a" * 400]
)
def test_what_is_no_host_is_400(host: str) -> None:
    assert status(host) == 400


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("api.example.org", "https://app.example.org"),
        ("api.example.org", "https://api.example.org"),
        ("api.example.org:443", "https://api.example.org"),
        ("api.example.org:80", "http://api.example.org"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_listed_pages_and_the_servers_own_may_call(host: str, origin: str) -> None:
    assert status(host, origin=origin) == 200


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("api.example.org", "null"),
        ("api.example.org", ""),
        ("api.example.org", "https://evil.example"),
        ("api.example.org", "http://app.example.org"),
        ("api.example.org", "https://app.example.org:8443"),
        ("api.example.org", "https://app.example.org.evil.example"),
        ("api.example.org", "https://app.example.org, https://evil.example"),
        ("api.example.org", "api.example.org"),
        ("localhost:8000", "http://localhost:8001"),
        ("api.example.org:443", "http://api.example.org"),
    ],
)
def test_no_other_page_may(host: str, origin: str) -> None:
    assert status(host, origin=origin) == 403


@pytest.mark.parametrize(
    ("mode", "site", "expected"),
    [
        ("no-cors", "cross-site", 403),
        ("no-cors", "same-site", 403),
        ("no-cors", "same-origin", 200),
        ("navigate", "cross-site", 200),
        ("cors", "same-origin", 200),
    ],
)
def test_what_a_browser_tells_of_a_request_without_origin_counts(mode: str, site: str, expected: int) -> None:
    assert status("localhost", sec_fetch_mode=mode, sec_fetch_site=site) == expected


@pytest.mark.parametrize("path", ["/graphql", "/health", "/metrics", "/"])
async def test_a_foreign_name_is_refused_everywhere(people: People, path: str) -> None:
    response = await people.http.get(path, headers={"host": "evil.example"})
    assert response.status_code == 421
    assert refusal(response) == "The server does not answer to evil.example: ALLOWED_HOSTS has its names"


async def test_a_foreign_page_is_refused_and_nothing_is_done(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    response = await post(dora, {"query": CREATE}, origin="https://evil.example")
    assert response.status_code == 403
    said = "Pages of https://evil.example may not call: ALLOWED_ORIGINS has those that may"
    assert refusal(response, "FORBIDDEN") == said
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["vary"] == "Accept, Origin"
    assert len(lines(logged)) <= 1
    assert await tasks_of(dora) == 0


async def test_the_servers_own_pages_and_listed_ones_are_answered(people: People) -> None:
    dora = await people.one()
    for origin in (people.url, ALLOWED):
        assert (await post(dora, {"query": CREATE}, origin=origin)).status_code == 200
    assert await tasks_of(dora) == 2


SIMPLE: list[tuple[str, dict[str, str]]] = [
    ("GET", {"origin": "https://evil.example"}),
    ("GET", {"origin": "https://evil.example", "accept": "text/event-stream"}),
    ("GET", {"sec-fetch-mode": "no-cors", "sec-fetch-site": "cross-site"}),
    ("POST", {"origin": "https://evil.example", "content-type": "text/plain"}),
    ("POST", {"origin": "null", "content-type": "application/x-www-form-urlencoded"}),
    ("POST", {"origin": "https://evil.example"}),
    ("POST", {"origin": ALLOWED, "content-type": "text/plain"}),
    ("POST", {"content-type": "text/plain"}),
    ("POST", {}),
]


@pytest.mark.parametrize(("method", "headers"), SIMPLE)
async def test_nothing_that_a_page_can_send_without_asking_is_done(
    people: People, method: str, headers: dict[str, str]
) -> None:
    """With the token that no page has, so that nothing but the request itself is refused."""
    dora = await people.one()
    given = (
        {"content": b'{"query":"mutation { emptyTrash { count } }"}'}
        if method == "POST"
        else {"params": {"query": "{ me { id } }"}}
    )
    response = await people.http.request(method, "/graphql", headers={**dora.headers, **headers}, **given)
    assert response.status_code in (403, 415)
    refusal(response, "FORBIDDEN" if response.status_code == 403 else "VALIDATION_ERROR")


TOKENS = [
    "token",
    "access_token",
    "accessToken",
    "refresh-token",
    "id_token",
    "authorization",
    "Authorization",
    "jwt",
    "api_key",
]


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_token_in_the_address_is_refused_and_written_nowhere(
    people: People, logged: list[EventDict], method: str, name: str
) -> None:
    dora = await people.one()
    response = await people.http.request(method, f"/graphql?query={{__typename}}&{name}={dora.token}")
    assert response.status_code == 400
    assert refusal(response) == f"No `{name}` in a URL, where logs keep it: use the Authorization header"
    assert dora.token is not None
    assert dora.token not in response.text + repr(logged)


@pytest.mark.parametrize(
    "parameters", ["query={__typename}", "variables={%22token%22:1}&query={__typename}", "tokens=1&query={__typename}"]
)
async def test_a_token_by_another_name_or_place_is_none(people: People, parameters: str) -> None:
    assert (await people.http.get(f"/graphql?{parameters}")).status_code == 200


async def test_a_listed_page_may_read_why_it_is_refused(people: People) -> None:
    response = await people.http.get("/graphql?token=x", headers={"origin": ALLOWED})
    assert response.status_code == 400
    assert response.headers["access-control-allow-origin"] == ALLOWED
