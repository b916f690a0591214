import json

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.fuzzing import PATIENCE, STATUS, for_a_while, fuzzing, told_well
from tests.fuzz.given import bodies
from tests.server.processes import Running


def test_bodies(running: Running, token: str) -> None:
    headers = st.fixed_dictionaries(
        {},
        optional={
            "content-type": st.sampled_from(
                ["application/json"] * 8 + ["application/json; charset=utf-16", "text/plain", ";"]
            ),
            "accept": st.sampled_from(
                [
                    "application/graphql-response+json",
                    "text/event-stream",
                    "multipart/mixed;subscriptionSpec=1.0",
                    "*/*",
                    ",;q=x",
                ]
            ),
            "authorization": st.sampled_from(
                [f"Bearer {token}"] * 3 + ["Bearer", "Basic eDp5", "Bearer ..", "Bearer " + "x" * 3_000]
            ),
            "idempotency-key": st.sampled_from(["", "a", "x" * 300, '"']),
        },
    )
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as http:

        @fuzzing
        @given(st.sampled_from(["POST"] * 8 + ["PUT", "GET"]), bodies, headers, st.booleans())
        def any_body(method: str, body: bytes, headers: dict[str, str], plain: bool) -> None:
            headers = {"content-type": "application/json"} | headers if plain else headers
            with http.stream(method, "/graphql", content=body, headers=headers) as response:
                assert response.status_code in STATUS, (response.status_code, response.read())
                if response.headers["content-type"].startswith("application/"):
                    answer = json.loads(response.read())
                    assert response.status_code != 200 or answer.keys() <= {"data", "errors", "extensions"}
                    told_well(answer.get("errors", []))

        for_a_while(any_body)
