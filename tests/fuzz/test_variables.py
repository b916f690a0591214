import json
from typing import Any

import httpx2
from hypothesis import given

from tests.fuzz.fuzzing import PATIENCE, STATUS, for_a_while, fuzzing, told_well
from tests.fuzz.given import calls
from tests.server.processes import Running


def test_variables(running: Running, token: str) -> None:
    with httpx2.Client(base_url=running.url, timeout=PATIENCE, headers={"authorization": f"Bearer {token}"}) as http:

        @fuzzing
        @given(calls())
        def any_call(call: dict[str, Any]) -> None:
            body = json.dumps(call).encode()
            response = http.post("/graphql", content=body, headers={"content-type": "application/json"})
            assert response.status_code in STATUS, response.text
            told_well(response.json().get("errors", []))

        for_a_while(any_call)
