"""The soak in its short form: three servers, each fault once. `make soak` runs the long one."""

import os
import shutil
from pathlib import Path

from tests.soak.run import Plan, checked

SEED = int(os.environ.get("SEED", "4"))
SECONDS = 14
BROKER = "redis" if shutil.which("redis-server") else "postgres"


async def test_nothing_is_lost_doubled_swapped_invented_or_leaked_while_everything_fails(tmp_path: Path) -> None:
    plan = Plan(servers=3, broker=BROKER, seconds=SECONDS, seed=SEED, between=(0.5, 1.5))
    assert await checked(plan, tmp_path) == []
