"""Whom the tokens of another issuer speak of, and which sessions are its."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=True),
        sa.Column("tokens_from", sa.DateTime(timezone=True), server_default=sa.text("'epoch'"), nullable=False),
        sa.Column("open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_identity_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
    )
    op.create_index("ix_identity_user_id", "identity", ["user_id"], unique=False)
    op.add_column("session", sa.Column("identity_id", sa.BigInteger(), nullable=True))
    op.add_column("session", sa.Column("issuer_session", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_session_identity_id"), "session", "identity", ["identity_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index(
        "ix_session_identity_id_issuer_session",
        "session",
        ["identity_id", "issuer_session"],
        unique=False,
        postgresql_where=sa.text("identity_id is not null"),
    )


def downgrade() -> None:
    op.drop_index("ix_session_identity_id_issuer_session", table_name="session")
    op.drop_constraint(op.f("fk_session_identity_id"), "session", type_="foreignkey")
    op.drop_column("session", "issuer_session")
    op.drop_column("session", "identity_id")
    op.drop_table("identity")
