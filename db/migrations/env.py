"""Alembic's way in: it runs on a connection that `db/migrate.py` hands over."""

from alembic import context

from db.jobs import TABLES
from db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=False,
    include_name=lambda name, kind, _: kind != "table" or name not in TABLES,
)
with context.begin_transaction():
    context.run_migrations()
