"""A server that has a job of the tests: it leaves an entry in the audit, once nobody holds it up any more.

python -m tests.server.noting serve --port …
"""

from sqlalchemy import text

from db.accounts.audit import AuditEntry
from resolvers.context import Context
from resolvers.jobs import Job
from server.cli import main

HELD_UP = 7_001  # an advisory lock


class Note(Job):
    word: str

    async def run(self, ctx: Context) -> None:
        async with ctx.work() as work:
            await work.session.execute(text(f"select pg_advisory_xact_lock({HELD_UP})"))
            work.audit("noted", word=self.word)

    async def gave_up(self, ctx: Context) -> None:
        async with ctx.work() as work:
            work.session.add(AuditEntry(at=ctx.now(), action="gave up", details={"word": self.word}))


if __name__ == "__main__":
    main()
