"""Who is looking at what."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "presence_lease",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("process", name=op.f("pk_presence_lease")),
    )
    op.create_table(
        "presence",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id ~ '^presence_[0-9a-f]{32}$'", name=op.f("ck_presence_id_names_its_type")),
        sa.ForeignKeyConstraint(
            ["process"], ["presence_lease.process"], name=op.f("fk_presence_process"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_presence_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presence")),
    )
    op.create_index("ix_presence_process", "presence", ["process"], unique=False)
    op.create_index("ix_presence_topic_since_id", "presence", ["topic", "since", "id"], unique=False)
    op.create_index("ix_presence_user_id_topic", "presence", ["user_id", "topic"], unique=False)


def downgrade() -> None:
    op.drop_table("presence")
    op.drop_table("presence_lease")
