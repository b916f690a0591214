"""`make soak`: every configuration with every fault, for as long as is wanted.

python -m tests.soak [MINUTES] [SEED]
"""

import asyncio
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

from tests.soak.parts import BROKERS
from tests.soak.run import Plan, checked

AROUND = 15  # seconds that a run takes to begin and to end
SHORTEST = 20  # seconds between, however little time there is
BETWEEN = {3: (1.5, 5.0), 1: (4.0, 10.0)}  # a server that stands alone takes some seconds to come back


def main(minutes: float, seed: int) -> int:
    """How many runs had something amiss."""
    plans = [*product(BETWEEN, BROKERS)]
    seconds = max(SHORTEST, minutes * 60 / len(plans) - AROUND)
    failed = 0
    for servers, broker in plans:
        plan = Plan(servers, broker, seconds, seed, BETWEEN[servers])
        with tempfile.TemporaryDirectory(prefix="soak") as data:
            failed += bool(asyncio.run(checked(plan, Path(data))))
    return failed


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(float(given[0]) if given else 10, int(given[1]) if len(given) > 1 else int(time.time())))
