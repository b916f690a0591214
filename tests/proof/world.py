"""A small, nasty world: rows that the API would make, and rows that only SQL could. The same in every run."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from db.engine import Database
from db.models import Entity, PresenceLease, Task, task_label
from tests.proof.rows import accounts, gifts, givings, rooms
from tests.proof.rows.accounts import LEASES, WORN, id_of

ROWS: dict[type[Entity], list[dict[str, Any]]] = {**accounts.ROWS, **gifts.ROWS, **givings.ROWS, **rooms.ROWS}


@dataclass(frozen=True)
class World:
    """All rows of each model by id, and which task wears which label."""

    rows: dict[type[Entity], dict[str, Any]]
    worn: frozenset[tuple[str, str]]
    _alike: dict[tuple[type[Entity], str], dict[Any, list[Any]]] = field(default_factory=dict)

    def of(self, model: type[Any]) -> dict[str, Any]:
        return self.rows[model]

    def alike(self, model: type[Any], column: str, value: Any) -> Iterable[Any]:
        """The rows with this value in a column."""
        if (model, column) not in self._alike:
            found = self._alike[model, column] = {}
            for row in self.rows[model].values():
                found.setdefault(getattr(row, column), []).append(row)
        return self._alike[model, column].get(value, ())


async def make(db: Database) -> World:
    async with db.transaction() as session:
        leases = [{"process": process, "until": until} for process, until in LEASES.items()]
        await session.execute(insert(PresenceLease).values(leases))
        for model, rows in ROWS.items():
            if model is Task:  # at once, because some name later ones
                await session.execute(insert(Task).values(rows))
            else:
                for row in rows:  # each of columns of its own
                    await session.execute(insert(model), row)
        worn = [{"task_id": id_of("task", t), "label_id": id_of("label", n)} for t in WORN for n in {*WORN[t]}]
        await session.execute(insert(task_label), worn)
    return await loaded(db)


async def loaded(db: Database) -> World:
    async with db.transaction() as session:
        rows = {model: {row.id: row for row in await session.scalars(select(model))} for model in ROWS}
        worn = frozenset((row[0], row[1]) for row in await session.execute(select(task_label)))
    return World(rows, worn)  # type: ignore[arg-type]
