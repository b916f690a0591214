"""That somebody has gone is kept for a while: whoever looks now and then must see that too."""

import sqlalchemy as sa
from alembic import op

from db.log import XID8

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence_gone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("xid", XID8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence_gone")),
    )
    op.create_index("ix_presence_gone_topic_xid", "presence_gone", ["topic", "xid"], unique=False)
    op.create_index("ix_presence_gone_at", "presence_gone", ["at"], unique=False)
    op.execute("""
        create function presence_gone() returns trigger language plpgsql as $$
        begin
            insert into presence_gone (topic) select distinct topic from gone;
            return null;
        end $$
    """)
    op.execute("""
        create trigger presence_gone after delete on presence referencing old table as gone
        for each statement execute function presence_gone()
    """)


def downgrade() -> None:
    op.execute("drop trigger presence_gone on presence")
    op.execute("drop function presence_gone()")
    op.drop_table("presence_gone")
