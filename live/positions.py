from typing import NamedTuple


class Position(NamedTuple):
    """Of an event in the log: the transaction that wrote it, and its number."""

    xid: int
    id: int


START = Position(0, 0)
