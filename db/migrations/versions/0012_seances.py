"""Rooms with a spirit, and what answers of language models take."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_lexemes = import_module("db.migrations.versions.0002_reader")._lexemes  # words are still parted as it says

ENUMS = {
    "seance_visibility": ("PUBLIC", "UNLISTED", "PRIVATE"),
    "seance_message_kind": ("USER", "SPIRIT", "SYSTEM"),
    "seance_left_reason": ("LEFT", "DROPPED", "KICKED", "BANNED"),
    "seance_turn_state": ("QUEUED", "THINKING", "ANSWERED", "FAILED"),
    "seance_turn_failure": ("CANCELLED", "TIMED_OUT", "UNAVAILABLE", "INTERRUPTED", "ENDED"),
}
TABLES = (
    "seance_turn",
    "seance_report",
    "seance_participant",
    "seance_message",
    "seance_invite",
    "token_usage",
    "seance",
)


def _enum(name: str) -> postgresql.ENUM:
    return postgresql.ENUM(*ENUMS[name], name=name, create_type=False)


def _words(column: str) -> sa.Computed:
    return sa.Computed(_lexemes(column, "A"), persisted=True)


def upgrade() -> None:
    for name in ENUMS:
        _enum(name).create(op.get_bind())
    op.create_table(
        "seance",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("host_id", sa.String(collation="C"), nullable=True),
        sa.Column("visibility", _enum("seance_visibility"), server_default="PUBLIC", nullable=False),
        sa.Column("max_users", sa.Integer(), server_default=sa.text("6"), nullable=False),
        sa.Column("participant_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search", postgresql.TSVECTOR(), _words("name"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^seance_[0-9a-f]{32}$'", name=op.f("ck_seance_id_names_its_type")),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_seance_name_length")),
        sa.CheckConstraint("max_users between 2 and 12", name=op.f("ck_seance_max_users")),
        sa.CheckConstraint("participant_count between 0 and max_users", name=op.f("ck_seance_nobody_stands")),
        sa.ForeignKeyConstraint(["host_id"], ["user_account.id"], name=op.f("fk_seance_host_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance")),
    )
    op.create_index("ix_seance_created_at_id", "seance", ["created_at", "id"], unique=False)
    op.create_index("ix_seance_going_on", "seance", ["id"], unique=False, postgresql_where=sa.text("ended_at is null"))
    op.create_index("ix_seance_host_id", "seance", ["host_id"], unique=False)
    op.create_index(
        "ix_seance_active",
        "seance",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_seance_search", "seance", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "token_usage",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=False),
        sa.Column("subject_id", sa.String(collation="C"), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^usage_[0-9a-f]{32}$'", name=op.f("ck_token_usage_id_names_its_type")),
        sa.CheckConstraint(
            "input_tokens >= 0 and output_tokens >= 0 and cost_micro_usd >= 0", name=op.f("ck_token_usage_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_token_usage_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_usage")),
    )
    op.create_index(
        "ix_token_usage_user_id_created_at_id", "token_usage", ["user_id", "created_at", "id"], unique=False
    )
    op.create_index("uq_token_usage_subject_id", "token_usage", ["subject_id"], unique=True)
    op.create_table(
        "seance_invite",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("seance_id", sa.String(collation="C"), nullable=False),
        sa.Column("created_by_id", sa.String(collation="C"), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^seanceinvite_[0-9a-f]{32}$'", name=op.f("ck_seance_invite_id_names_its_type")),
        sa.CheckConstraint(
            "most_uses between 1 and 100 and uses between 0 and most_uses", name=op.f("ck_seance_invite_uses")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_seance_invite_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["seance_id"], ["seance.id"], name=op.f("fk_seance_invite_seance_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance_invite")),
    )
    op.create_index("ix_seance_invite_created_by_id", "seance_invite", ["created_by_id"], unique=False)
    op.create_index(
        "ix_seance_invite_seance_id_created_at_id", "seance_invite", ["seance_id", "created_at", "id"], unique=False
    )
    op.create_index("uq_seance_invite_code", "seance_invite", ["code"], unique=True)
    op.create_table(
        "seance_message",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("seance_id", sa.String(collation="C"), nullable=False),
        sa.Column("kind", _enum("seance_message_kind"), nullable=False),
        sa.Column("sender_id", sa.String(collation="C"), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("letter_timing", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), _words("text"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'SPIRIT') = (letter_timing is not null) and (letter_timing is null) = (starts_at is null)"
            " and (letter_timing is null or cardinality(letter_timing) = length(text))",
            name=op.f("ck_seance_message_spelled"),
        ),
        sa.CheckConstraint("id ~ '^seancemessage_[0-9a-f]{32}$'", name=op.f("ck_seance_message_id_names_its_type")),
        sa.CheckConstraint("kind = 'USER' or sender_id is null", name=op.f("ck_seance_message_only_users_send")),
        sa.CheckConstraint(
            "hidden_at is not null or not withdrawn", name=op.f("ck_seance_message_withdrawn_is_hidden")
        ),
        sa.CheckConstraint("length(text) between 1 and 1000", name=op.f("ck_seance_message_text_length")),
        sa.ForeignKeyConstraint(
            ["seance_id"], ["seance.id"], name=op.f("fk_seance_message_seance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["user_account.id"], name=op.f("fk_seance_message_sender_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance_message")),
    )
    op.create_index(
        "ix_seance_message_seance_id_created_at_id", "seance_message", ["seance_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_seance_message_search", "seance_message", ["search"], unique=False, postgresql_using="gin")
    op.create_index("ix_seance_message_sender_id", "seance_message", ["sender_id"], unique=False)
    op.create_table(
        "seance_participant",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("seance_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_reason", _enum("seance_left_reason"), nullable=True),
        sa.Column("banned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^seat_[0-9a-f]{32}$'", name=op.f("ck_seance_participant_id_names_its_type")),
        sa.CheckConstraint(
            "(left_at is null) = (left_reason is null)", name=op.f("ck_seance_participant_left_for_a_reason")
        ),
        sa.CheckConstraint(
            "banned_at is null or left_at is not null", name=op.f("ck_seance_participant_banned_have_no_seat")
        ),
        sa.ForeignKeyConstraint(
            ["seance_id"], ["seance.id"], name=op.f("fk_seance_participant_seance_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_seance_participant_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance_participant")),
    )
    op.create_index(
        "ix_seance_participant_seance_id_joined_at_id",
        "seance_participant",
        ["seance_id", "joined_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_seance_participant_seated",
        "seance_participant",
        ["seance_id"],
        unique=False,
        postgresql_where=sa.text("left_at is null"),
    )
    op.create_index(
        "ix_seance_participant_held",
        "seance_participant",
        ["held_until"],
        unique=False,
        postgresql_where=sa.text("left_at is null and held_until is not null"),
    )
    op.create_index(
        "ix_seance_participant_user_id_joined_at", "seance_participant", ["user_id", "joined_at"], unique=False
    )
    op.create_index(
        "uq_seance_participant_seance_id_user_id", "seance_participant", ["seance_id", "user_id"], unique=True
    )
    op.create_table(
        "seance_report",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("seance_id", sa.String(collation="C"), nullable=True),
        sa.Column("message_id", sa.String(collation="C"), nullable=True),
        sa.Column("reporter_id", sa.String(collation="C"), nullable=True),
        sa.Column("sender_id", sa.String(collation="C"), nullable=True),
        sa.Column("host_id", sa.String(collation="C"), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^report_[0-9a-f]{32}$'", name=op.f("ck_seance_report_id_names_its_type")),
        sa.CheckConstraint("length(reason) between 1 and 500", name=op.f("ck_seance_report_reason_length")),
        sa.ForeignKeyConstraint(
            ["host_id"], ["user_account.id"], name=op.f("fk_seance_report_host_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["seance_message.id"], name=op.f("fk_seance_report_message_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["reporter_id"], ["user_account.id"], name=op.f("fk_seance_report_reporter_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["seance_id"], ["seance.id"], name=op.f("fk_seance_report_seance_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["sender_id"], ["user_account.id"], name=op.f("fk_seance_report_sender_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance_report")),
    )
    op.create_index("ix_seance_report_created_at_id", "seance_report", ["created_at", "id"], unique=False)
    op.create_index("ix_seance_report_host_id", "seance_report", ["host_id"], unique=False)
    op.create_index("ix_seance_report_reporter_id", "seance_report", ["reporter_id"], unique=False)
    op.create_index("ix_seance_report_sender_id", "seance_report", ["sender_id"], unique=False)
    op.create_index(
        "ix_seance_report_seance_id_created_at_id", "seance_report", ["seance_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_seance_report_message_id_reporter_id", "seance_report", ["message_id", "reporter_id"], unique=True
    )
    op.create_table(
        "seance_turn",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("seance_id", sa.String(collation="C"), nullable=False),
        sa.Column("asked_by_id", sa.String(collation="C"), nullable=True),
        sa.Column("question_id", sa.String(collation="C"), nullable=False),
        sa.Column("answer_id", sa.String(collation="C"), nullable=True),
        sa.Column("state", _enum("seance_turn_state"), nullable=False),
        sa.Column("failure", _enum("seance_turn_failure"), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("alive_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(state = 'ANSWERED') = (answer_id is not null)", name=op.f("ck_seance_turn_answered")),
        sa.CheckConstraint(
            "(state = 'FAILED') = (failure is not null)", name=op.f("ck_seance_turn_failed_for_a_reason")
        ),
        sa.CheckConstraint(
            "(state = 'THINKING') = (alive_until is not null)", name=op.f("ck_seance_turn_somebody_thinks")
        ),
        sa.CheckConstraint(
            "(state in ('ANSWERED', 'FAILED')) = (finished_at is not null)", name=op.f("ck_seance_turn_finished")
        ),
        sa.CheckConstraint("id ~ '^turn_[0-9a-f]{32}$'", name=op.f("ck_seance_turn_id_names_its_type")),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["seance_message.id"], name=op.f("fk_seance_turn_answer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_seance_turn_asked_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["question_id"], ["seance_message.id"], name=op.f("fk_seance_turn_question_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["seance_id"], ["seance.id"], name=op.f("fk_seance_turn_seance_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seance_turn")),
    )
    op.create_index(
        "ix_seance_turn_alive_until",
        "seance_turn",
        ["alive_until"],
        unique=False,
        postgresql_where=sa.text("state = 'THINKING'"),
    )
    op.create_index("uq_seance_turn_answer_id", "seance_turn", ["answer_id"], unique=True)
    op.create_index("ix_seance_turn_asked_by_id", "seance_turn", ["asked_by_id"], unique=False)
    op.create_index("ix_seance_turn_question_id", "seance_turn", ["question_id"], unique=False)
    op.create_index(
        "ix_seance_turn_seance_id_created_at_id", "seance_turn", ["seance_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_seance_turn_thinking",
        "seance_turn",
        ["seance_id"],
        unique=True,
        postgresql_where=sa.text("state = 'THINKING'"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for name in ENUMS:
        _enum(name).drop(op.get_bind())
