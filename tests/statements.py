"""What a server sends to PostgreSQL."""

from typing import TYPE_CHECKING, Any

import pytest

from db.prepared import Prepared

if TYPE_CHECKING:
    from tests.conftest import Served


PRESENCE = "presence"  # somebody may still be going whom an earlier test had come


class Statements(list[str]):
    """All that a server sends to PostgreSQL while a test watches, by whichever way."""

    def __init__(self, house: "Served", monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        db = house.services.db
        fetchval, fetch = db.fetchval, db.fetch

        async def noted_fetchval(sql: str, arguments: Any) -> Any:
            self.append(sql)
            return await fetchval(sql, arguments)

        async def noted_fetch(sql: str, *arguments: Any) -> Any:
            if not any(table in sql for table in ("event", "log_state", PRESENCE)):  # the tail, at work beside
                self.append(sql)
            return await fetch(sql, *arguments)

        monkeypatch.setattr(db, "fetchval", noted_fetchval)
        monkeypatch.setattr(db, "fetch", noted_fetch)
        monkeypatch.setattr(Prepared, "filled", self._noting(Prepared.filled))

    def _noting(self, filled: Any) -> Any:
        def noted(*args: Any) -> Any:
            sql, arguments = filled(*args)
            if PRESENCE not in sql:
                self.append(sql)
            return sql, arguments

        return noted
