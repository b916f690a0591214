"""A connection through a pooler, whose session is others' too."""

from typing import Any

import asyncpg


class Sessionless(asyncpg.Connection):
    """Looks up a type that it meets, an enumeration say, in one statement.

    asyncpg's own first switches `jit` off for the session, which may be another than the one it switches it on again
    in; and where the transaction has it off already it finds nothing to switch on again, though its own outlasts that.
    """

    __slots__ = ()
    _server_caps: Any

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._server_caps = self._server_caps._replace(jit=False)
