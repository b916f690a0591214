"""Ids that say what they name: `task_0197…` is a prefix per type and a UUIDv7 (RFC 9562) in hex.

They sort by the time of their making, so new rows land at the end of an index. Clients treat them as opaque.
"""

import os
import re
import time
from typing import NewType

Id = NewType("Id", str)

PATTERN = "_[0-9a-f]{32}$"
_WELL_FORMED = re.compile(f"[a-z]+{PATTERN}")


def uuid7() -> str:
    """48 bits of Unix milliseconds, then version, variant and 74 random bits; 32 hex digits."""
    random = int.from_bytes(os.urandom(10))
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return f"{value:032x}"


def new_id(prefix: str) -> Id:
    return Id(f"{prefix}_{uuid7()}")


def prefix_of(id: str) -> str | None:
    """The type an id speaks of, or None when it is not an id at all."""
    return id.partition("_")[0] if _WELL_FORMED.fullmatch(id) else None
