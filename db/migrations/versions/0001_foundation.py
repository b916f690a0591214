"""Accounts, tasks and the event log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.log import XID8

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _lexemes(text: str, weight: str) -> str:
    marks = "'!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'"
    return f"setweight(to_tsvector('simple', translate({text}, {marks}, '{' ' * 32}')), '{weight}')"


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_id", sa.String(collation="C"), nullable=True),
        sa.Column("subject_id", sa.String(collation="C"), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("trace_id", sa.String(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_actor_id_at", "audit_entry", ["actor_id", "at"], unique=False)
    op.create_index("ix_audit_entry_at", "audit_entry", ["at"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("xid", XID8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.Column("topics", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(collation="C"), nullable=False),
        sa.Column("actor_id", sa.String(collation="C"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_at", "event", ["at"], unique=False)
    op.create_index("ix_event_topics", "event", ["topics"], unique=False, postgresql_using="gin")
    op.create_index("ix_event_xid_id", "event", ["xid", "id"], unique=False)
    op.create_table(
        "log_state",
        sa.Column("row", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("epoch", sa.String(), server_default=sa.text("substr(md5(random()::text), 1, 12)"), nullable=False),
        sa.Column(
            "secret", sa.String(), server_default=sa.text("replace(gen_random_uuid()::text, '-', '')"), nullable=False
        ),
        sa.Column("cluster", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("pruned_xid", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("pruned_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("row = 1", name=op.f("ck_log_state_one_row")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_log_state")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("USER", "AGENT", "ADMIN", "SUPER_ADMIN", name="user_role"),
            server_default="USER",
            nullable=False,
        ),
        sa.Column("time_zone", sa.String(), server_default=sa.text("'UTC'"), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^user_[0-9a-f]{32}$'", name=op.f("ck_user_account_id_names_its_type")),
        sa.CheckConstraint(
            "email = lower(email) and length(email) between 3 and 254", name=op.f("ck_user_account_email_is_lower_case")
        ),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_user_account_name_length")),
        sa.CheckConstraint(
            "username = lower(username) and length(username) between 3 and 40",
            name=op.f("ck_user_account_username_shape"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
    )
    op.create_index("ix_user_account_created_at_id", "user_account", ["created_at", "id"], unique=False)
    op.create_index("uq_user_account_email", "user_account", ["email"], unique=True)
    op.create_index("uq_user_account_username", "user_account", ["username"], unique=True)
    op.create_table(
        "label",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("owner_id", sa.String(collation="C"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("color", sa.String(), server_default=sa.text("'#6b7280'"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("color ~ '^#[0-9a-f]{6}$'", name=op.f("ck_label_color_is_hex")),
        sa.CheckConstraint("id ~ '^label_[0-9a-f]{32}$'", name=op.f("ck_label_id_names_its_type")),
        sa.CheckConstraint("length(name) between 1 and 50", name=op.f("ck_label_name_length")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_label_owner_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
    )
    op.create_index("ix_label_owner_id_name_id", "label", ["owner_id", "name", "id"], unique=False)
    op.create_index("uq_label_owner_id_name", "label", ["owner_id", sa.literal_column("lower(name)")], unique=True)
    op.create_table(
        "session",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^session_[0-9a-f]{32}$'", name=op.f("ck_session_id_names_its_type")),
        sa.CheckConstraint("length(user_agent) <= 300", name=op.f("ck_session_user_agent_length")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_index("ix_session_expires_at", "session", ["expires_at"], unique=False)
    op.create_index("ix_session_user_id_last_used_at_id", "session", ["user_id", "last_used_at", "id"], unique=False)
    op.create_table(
        "task",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("owner_id", sa.String(collation="C"), nullable=False),
        sa.Column("parent_id", sa.String(collation="C"), nullable=True),
        sa.Column("previous_id", sa.String(collation="C"), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column(
            "priority",
            sa.Enum("NONE", "LOW", "MEDIUM", "HIGH", "URGENT", name="task_priority"),
            server_default="NONE",
            nullable=False,
        ),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.String(), server_default=sa.text("'UTC'"), nullable=False),
        sa.Column("reminders", postgresql.ARRAY(sa.Integer()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("recurrence", sa.String(), nullable=True),
        sa.Column(
            "repeats_from",
            sa.Enum("DUE_DATE", "COMPLETION", name="task_repeats_from"),
            server_default="DUE_DATE",
            nullable=False,
        ),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trashed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            sa.Computed(
                _lexemes("title", "A") + " || " + _lexemes("coalesce(description, '')", "B"),
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^task_[0-9a-f]{32}$'", name=op.f("ck_task_id_names_its_type")),
        sa.CheckConstraint("cardinality(reminders) <= 10", name=op.f("ck_task_reminders_count")),
        sa.CheckConstraint("length(description) <= 10000", name=op.f("ck_task_description_length")),
        sa.CheckConstraint("length(title) between 1 and 200", name=op.f("ck_task_title_length")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_task_not_its_own_parent")),
        sa.CheckConstraint("recurrence is null or due_at is not null", name=op.f("ck_task_recurrence_needs_due")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_task_owner_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_id"], ["task.id"], name=op.f("fk_task_parent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["previous_id"], ["task.id"], name=op.f("fk_task_previous_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_task_previous_id")),
    )
    op.create_index("ix_task_owner_id_completed_at", "task", ["owner_id", "completed_at"], unique=False)
    op.create_index("ix_task_owner_id_created_at_id", "task", ["owner_id", "created_at", "id"], unique=False)
    op.create_index("ix_task_owner_id_due_at_id", "task", ["owner_id", "due_at", "id"], unique=False)
    op.create_index("ix_task_owner_id_position_id", "task", ["owner_id", "position", "id"], unique=False)
    op.create_index("ix_task_owner_id_updated_at_id", "task", ["owner_id", "updated_at", "id"], unique=False)
    op.create_index(op.f("ix_task_parent_id"), "task", ["parent_id"], unique=False)
    op.create_index("ix_task_search", "task", ["search"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_task_trashed_at", "task", ["trashed_at"], unique=False, postgresql_where=sa.text("trashed_at is not null")
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.String(collation="C"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.id"], name=op.f("fk_refresh_token_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_refresh_token")),
    )
    op.create_index(op.f("ix_refresh_token_session_id"), "refresh_token", ["session_id"], unique=False)
    op.create_table(
        "task_label",
        sa.Column("task_id", sa.String(collation="C"), nullable=False),
        sa.Column("label_id", sa.String(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["label.id"], name=op.f("fk_task_label_label_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"], name=op.f("fk_task_label_task_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("task_id", "label_id", name=op.f("pk_task_label")),
    )
    op.create_index(op.f("ix_task_label_label_id"), "task_label", ["label_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_task_label_label_id"), table_name="task_label")
    op.drop_table("task_label")
    op.drop_index(op.f("ix_refresh_token_session_id"), table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index("ix_task_trashed_at", table_name="task", postgresql_where=sa.text("trashed_at is not null"))
    op.drop_index("ix_task_search", table_name="task", postgresql_using="gin")
    op.drop_index(op.f("ix_task_parent_id"), table_name="task")
    op.drop_index("ix_task_owner_id_updated_at_id", table_name="task")
    op.drop_index("ix_task_owner_id_position_id", table_name="task")
    op.drop_index("ix_task_owner_id_due_at_id", table_name="task")
    op.drop_index("ix_task_owner_id_created_at_id", table_name="task")
    op.drop_index("ix_task_owner_id_completed_at", table_name="task")
    op.drop_table("task")
    op.drop_index("ix_session_user_id_last_used_at_id", table_name="session")
    op.drop_index("ix_session_expires_at", table_name="session")
    op.drop_table("session")
    op.drop_index("uq_label_owner_id_name", table_name="label")
    op.drop_index("ix_label_owner_id_name_id", table_name="label")
    op.drop_table("label")
    op.drop_index("uq_user_account_username", table_name="user_account")
    op.drop_index("uq_user_account_email", table_name="user_account")
    op.drop_index("ix_user_account_created_at_id", table_name="user_account")
    op.drop_table("user_account")
    op.drop_table("log_state")
    op.drop_index("ix_event_xid_id", table_name="event")
    op.drop_index("ix_event_topics", table_name="event", postgresql_using="gin")
    op.drop_index("ix_event_at", table_name="event")
    op.drop_table("event")
    op.drop_index("ix_audit_entry_at", table_name="audit_entry")
    op.drop_index("ix_audit_entry_actor_id_at", table_name="audit_entry")
    op.drop_table("audit_entry")
    for enum in ("task_repeats_from", "task_priority", "user_role"):
        op.execute(f"drop type {enum}")
