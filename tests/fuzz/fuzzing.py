"""Whatever is sent: no 5xx, no traceback in the log, no text of an exception in an answer, no connection that hangs.

What is fuzzed has files of their own, so that they can be run beside each other.
"""

import os
import re
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

SECONDS = float(os.environ.get("FUZZ_SECONDS") or 20)  # for each of three; CI fuzzes a minute
SEED = int(os.environ.get("SEED") or 20_261_121)
PATIENCE = 10  # seconds until an answer that must come counts as missing
STATUS = {200, 400, 403, 404, 405, 406, 408, 413, 414, 415, 421, 429, 431}
CODES = re.compile(
    "UNAUTHENTICATED|FORBIDDEN|([A-Z]+_)+NOT_FOUND|VALIDATION_ERROR|CONFLICT|RATE_LIMITED|QUERY_TOO_COMPLEX"
)
OURS = re.compile(r"Traceback|asyncpg|sqlalchemy|graphql\.|\.py\b|Error\(|<class|object at 0x", re.IGNORECASE)
fuzzing = settings(
    max_examples=50,
    phases=[Phase.generate],  # a failure is told as it came: to make it smaller would take minutes
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
    print_blob=True,
)


def for_a_while(test: Callable[[], None]) -> None:
    """Fifty examples at a time, others each time."""
    until, number = time.monotonic() + SECONDS, SEED
    while time.monotonic() < until:
        seed(number)(test)()
        number += 1


def told_well(errors: list[Any]) -> None:
    for error in errors:
        assert CODES.fullmatch(error["extensions"]["code"]), error
        assert not OURS.search(error["message"]), error
        assert len(error["message"]) < 2_000
