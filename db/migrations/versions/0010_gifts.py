"""Families and their gifts."""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_lexemes = import_module("db.migrations.versions.0002_reader")._lexemes  # words are still parted as it says

ENUMS = {
    "family_role": ("MEMBER", "ADMIN", "OWNER"),
    "occasion_type": ("BIRTHDAY", "CHRISTMAS", "ANNIVERSARY", "WEDDING", "BIRTH", "GRADUATION", "OTHER"),
    "gift_page_state": ("NONE", "PENDING", "READY", "FAILED"),
    "gift_list_type": ("WISHLIST", "IDEAS", "REGISTRY", "SHOPPING"),
    "gift_list_visibility": ("PRIVATE", "GIVERS", "FAMILY"),
    "activity_kind": (
        "MEMBER_JOINED",
        "PERSON_ADDED",
        "OCCASION_ADDED",
        "LIST_ADDED",
        "ITEM_ADDED",
        "STATUS_CHANGED",
        "ASSIGNED",
        "CLAIMED",
        "UNCLAIMED",
        "CONTRIBUTED",
        "COMMENTED",
    ),
    "item_status": ("IDEA", "SELECTED", "PURCHASED", "RECEIVED"),
    "comment_parent": ("OCCASION", "LIST", "ITEM", "GIFT", "PERSON"),
}
TABLES = (
    "contribution",
    "claim",
    "giving",
    "comment",
    "activity",
    "list_item",
    "gift_price",
    "occasion_person",
    "gift_list",
    "gift",
    "person",
    "occasion",
    "family_member",
    "family_invite",
    "family",
)


def _enum(name: str) -> postgresql.ENUM:
    return postgresql.ENUM(*ENUMS[name], name=name, create_type=False)


def _words(*words: str) -> sa.Computed:
    return sa.Computed(" || ".join(words), persisted=True)


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    for name in ENUMS:
        _enum(name).create(op.get_bind())
    op.create_table(
        "family",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("givers_see_each_other", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_family_currency_is_iso_4217")),
        sa.CheckConstraint("id ~ '^family_[0-9a-f]{32}$'", name=op.f("ck_family_id_names_its_type")),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_family_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family")),
    )
    op.create_index("ix_family_name_id", "family", ["name", "id"], unique=False)
    op.create_table(
        "family_invite",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("created_by_id", sa.String(collation="C"), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("role", _enum("family_role"), server_default="MEMBER", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^invite_[0-9a-f]{32}$'", name=op.f("ck_family_invite_id_names_its_type")),
        sa.CheckConstraint("role <> 'OWNER'", name=op.f("ck_family_invite_nobody_is_invited_to_own")),
        sa.CheckConstraint(
            "most_uses between 1 and 100 and uses between 0 and most_uses", name=op.f("ck_family_invite_uses")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_family_invite_created_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_family_invite_family_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_invite")),
    )
    op.create_index("ix_family_invite_created_by_id", "family_invite", ["created_by_id"], unique=False)
    op.create_index(
        "ix_family_invite_family_id_created_at_id", "family_invite", ["family_id", "created_at", "id"], unique=False
    )
    op.create_index("uq_family_invite_code", "family_invite", ["code"], unique=True)
    op.create_table(
        "family_member",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=False),
        sa.Column("role", _enum("family_role"), server_default="MEMBER", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^member_[0-9a-f]{32}$'", name=op.f("ck_family_member_id_names_its_type")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_family_member_family_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_family_member_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_member")),
    )
    op.create_index(
        "ix_family_member_family_id_created_at_id", "family_member", ["family_id", "created_at", "id"], unique=False
    )
    op.create_index("uq_family_member_user_id_family_id", "family_member", ["user_id", "family_id"], unique=True)
    op.create_table(
        "occasion",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("previous_id", sa.String(collation="C"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", _enum("occasion_type"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recurs_yearly", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^occasion_[0-9a-f]{32}$'", name=op.f("ck_occasion_id_names_its_type")),
        sa.CheckConstraint("budget_minor between 0 and 1000000000", name=op.f("ck_occasion_budget")),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_occasion_name_length")),
        sa.CheckConstraint("length(notes) <= 10000", name=op.f("ck_occasion_notes_length")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_occasion_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["occasion.id"], name=op.f("fk_occasion_previous_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion")),
        sa.UniqueConstraint("previous_id", name=op.f("uq_occasion_previous_id")),
    )
    op.create_index("ix_occasion_day", "occasion", ["day"], unique=False, postgresql_where=sa.text("recurs_yearly"))
    op.create_index("ix_occasion_family_id_day_id", "occasion", ["family_id", "day", "id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("sizes", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("interests", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("unwanted", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("photo_url", sa.String(), nullable=True),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            _words(_lexemes("name", "A"), _lexemes("coalesce(notes, '')", "B")),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^person_[0-9a-f]{32}$'", name=op.f("ck_person_id_names_its_type")),
        sa.CheckConstraint(
            "cardinality(sizes) <= 50 and cardinality(interests) <= 50", name=op.f("ck_person_not_too_many_words")
        ),
        sa.CheckConstraint("cardinality(unwanted) <= 50", name=op.f("ck_person_not_too_many_unwanted")),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_person_name_length")),
        sa.CheckConstraint("length(notes) <= 10000", name=op.f("ck_person_notes_length")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_person_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_person_user_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_family_id_birthday_id", "person", ["family_id", "birthday", "id"], unique=False)
    op.create_index("ix_person_family_id_name_id", "person", ["family_id", "name", "id"], unique=False)
    op.create_index("ix_person_search", "person", ["search"], unique=False, postgresql_using="gin")
    op.create_index("uq_person_user_id_family_id", "person", ["user_id", "family_id"], unique=True)
    op.create_table(
        "gift",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("added_by_id", sa.String(collation="C"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("image_url", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("typed", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("page_state", _enum("gift_page_state"), server_default="NONE", nullable=False),
        sa.Column("page_warnings", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("page_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unlisted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "search",
            postgresql.TSVECTOR(),
            _words(
                _lexemes("name", "A"), _lexemes("coalesce(source, '')", "B"), _lexemes("coalesce(description, '')", "C")
            ),
            nullable=False,
        ),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_from_id", sa.String(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_gift_currency_is_iso_4217")),
        sa.CheckConstraint("id ~ '^gift_[0-9a-f]{32}$'", name=op.f("ck_gift_id_names_its_type")),
        sa.CheckConstraint("(price_minor is null) = (currency is null)", name=op.f("ck_gift_price_has_a_currency")),
        sa.CheckConstraint("cardinality(tags) <= 20", name=op.f("ck_gift_not_too_many_tags")),
        sa.CheckConstraint("length(description) <= 10000", name=op.f("ck_gift_description_length")),
        sa.CheckConstraint("length(name) between 1 and 200", name=op.f("ck_gift_name_length")),
        sa.CheckConstraint("length(url) <= 2000 and length(image_url) <= 2000", name=op.f("ck_gift_url_length")),
        sa.CheckConstraint("price_minor between 0 and 1000000000", name=op.f("ck_gift_price")),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_gift_added_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_gift_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["kept_from_id"], ["person.id"], name=op.f("fk_gift_kept_from_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift")),
    )
    op.create_index("ix_gift_added_by_id", "gift", ["added_by_id"], unique=False)
    op.create_index("ix_gift_family_id_created_at_id", "gift", ["family_id", "created_at", "id"], unique=False)
    op.create_index("ix_gift_family_id_name_id", "gift", ["family_id", "name", "id"], unique=False)
    op.create_index("ix_gift_family_id_price_minor_id", "gift", ["family_id", "price_minor", "id"], unique=False)
    op.create_index("ix_gift_kept_from_id", "gift", ["kept_from_id"], unique=False)
    op.create_index(
        "ix_gift_name_trigrams",
        "gift",
        ["name"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"name": "gin_trgm_ops"},
    )
    op.create_index("ix_gift_url", "gift", ["url"], unique=False, postgresql_using="hash")
    op.create_index("ix_gift_search", "gift", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "gift_list",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("owner_id", sa.String(collation="C"), nullable=True),
        sa.Column("person_id", sa.String(collation="C"), nullable=True),
        sa.Column("occasion_id", sa.String(collation="C"), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", _enum("gift_list_type"), nullable=False),
        sa.Column("visibility", _enum("gift_list_visibility"), server_default="FAMILY", nullable=False),
        sa.Column("surprise", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("reveal_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("givers_see_each_other", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("search", postgresql.TSVECTOR(), _words(_lexemes("name", "A")), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_from_id", sa.String(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^list_[0-9a-f]{32}$'", name=op.f("ck_gift_list_id_names_its_type")),
        sa.CheckConstraint("length(name) between 1 and 100", name=op.f("ck_gift_list_name_length")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_gift_list_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["kept_from_id"], ["person.id"], name=op.f("fk_gift_list_kept_from_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["occasion.id"], name=op.f("fk_gift_list_occasion_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user_account.id"], name=op.f("fk_gift_list_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_gift_list_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_list")),
    )
    op.create_index(
        "ix_gift_list_family_id_created_at_id", "gift_list", ["family_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_gift_list_family_id_name_id", "gift_list", ["family_id", "name", "id"], unique=False)
    op.create_index("ix_gift_list_kept_from_id", "gift_list", ["kept_from_id"], unique=False)
    op.create_index(
        "ix_gift_list_occasion_id_created_at_id", "gift_list", ["occasion_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_gift_list_owner_id", "gift_list", ["owner_id"], unique=False)
    op.create_index(
        "ix_gift_list_person_id_created_at_id", "gift_list", ["person_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_gift_list_search", "gift_list", ["search"], unique=False, postgresql_using="gin")
    op.create_table(
        "occasion_person",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("occasion_id", sa.String(collation="C"), nullable=False),
        sa.Column("person_id", sa.String(collation="C"), nullable=False),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^guest_[0-9a-f]{32}$'", name=op.f("ck_occasion_person_id_names_its_type")),
        sa.CheckConstraint("budget_minor between 0 and 1000000000", name=op.f("ck_occasion_person_budget")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_occasion_person_family_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["occasion.id"], name=op.f("fk_occasion_person_occasion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_occasion_person_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occasion_person")),
    )
    op.create_index("ix_occasion_person_family_id", "occasion_person", ["family_id"], unique=False)
    op.create_index(
        "ix_occasion_person_occasion_id_created_at_id",
        "occasion_person",
        ["occasion_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_occasion_person_person_id_created_at_id", "occasion_person", ["person_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_occasion_person_occasion_id_person_id", "occasion_person", ["occasion_id", "person_id"], unique=True
    )
    op.create_table(
        "gift_price",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("gift_id", sa.String(collation="C"), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_gift_price_currency_is_iso_4217")),
        sa.CheckConstraint("id ~ '^price_[0-9a-f]{32}$'", name=op.f("ck_gift_price_id_names_its_type")),
        sa.CheckConstraint("price_minor between 0 and 1000000000", name=op.f("ck_gift_price_price")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_gift_price_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["gift_id"], ["gift.id"], name=op.f("fk_gift_price_gift_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_price")),
    )
    op.create_index("ix_gift_price_family_id", "gift_price", ["family_id"], unique=False)
    op.create_index("ix_gift_price_gift_id_created_at_id", "gift_price", ["gift_id", "created_at", "id"], unique=False)
    op.create_table(
        "list_item",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("list_id", sa.String(collation="C"), nullable=False),
        sa.Column("gift_id", sa.String(collation="C"), nullable=False),
        sa.Column("person_id", sa.String(collation="C"), nullable=True),
        sa.Column("added_by_id", sa.String(collation="C"), nullable=True),
        sa.Column("quantity", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_from_id", sa.String(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^item_[0-9a-f]{32}$'", name=op.f("ck_list_item_id_names_its_type")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_list_item_note_length")),
        sa.CheckConstraint("quantity between 1 and 99", name=op.f("ck_list_item_quantity")),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_list_item_added_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_list_item_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["gift_id"], ["gift.id"], name=op.f("fk_list_item_gift_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["kept_from_id"], ["person.id"], name=op.f("fk_list_item_kept_from_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["list_id"], ["gift_list.id"], name=op.f("fk_list_item_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_list_item_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_item")),
    )
    op.create_index("ix_list_item_added_by_id", "list_item", ["added_by_id"], unique=False)
    op.create_index(
        "ix_list_item_family_id_created_at_id", "list_item", ["family_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_list_item_gift_id", "list_item", ["gift_id"], unique=False)
    op.create_index("ix_list_item_kept_from_id", "list_item", ["kept_from_id"], unique=False)
    op.create_index("ix_list_item_list_id_created_at_id", "list_item", ["list_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_list_item_person_id_created_at_id", "list_item", ["person_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "activity",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("actor_id", sa.String(collation="C"), nullable=True),
        sa.Column("kind", _enum("activity_kind"), nullable=False),
        sa.Column("status", _enum("item_status"), nullable=True),
        sa.Column("person_id", sa.String(collation="C"), nullable=True),
        sa.Column("occasion_id", sa.String(collation="C"), nullable=True),
        sa.Column("list_id", sa.String(collation="C"), nullable=True),
        sa.Column("item_id", sa.String(collation="C"), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_from_id", sa.String(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^activity_[0-9a-f]{32}$'", name=op.f("ck_activity_id_names_its_type")),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_activity_actor_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_activity_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["list_item.id"], name=op.f("fk_activity_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["kept_from_id"], ["person.id"], name=op.f("fk_activity_kept_from_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["list_id"], ["gift_list.id"], name=op.f("fk_activity_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["occasion.id"], name=op.f("fk_activity_occasion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_activity_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    op.create_index("ix_activity_actor_id", "activity", ["actor_id"], unique=False)
    op.create_index("ix_activity_created_at", "activity", ["created_at"], unique=False)
    op.create_index("ix_activity_family_id_created_at_id", "activity", ["family_id", "created_at", "id"], unique=False)
    op.create_index("ix_activity_item_id", "activity", ["item_id"], unique=False)
    op.create_index("ix_activity_kept_from_id", "activity", ["kept_from_id"], unique=False)
    op.create_index("ix_activity_list_id", "activity", ["list_id"], unique=False)
    op.create_index("ix_activity_occasion_id", "activity", ["occasion_id"], unique=False)
    op.create_index("ix_activity_person_id", "activity", ["person_id"], unique=False)
    op.create_table(
        "comment",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("author_id", sa.String(collation="C"), nullable=True),
        sa.Column("parent_type", _enum("comment_parent"), nullable=False),
        sa.Column("parent_id", sa.String(collation="C"), nullable=False),
        sa.Column("occasion_id", sa.String(collation="C"), nullable=True),
        sa.Column("list_id", sa.String(collation="C"), nullable=True),
        sa.Column("item_id", sa.String(collation="C"), nullable=True),
        sa.Column("gift_id", sa.String(collation="C"), nullable=True),
        sa.Column("person_id", sa.String(collation="C"), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_from_id", sa.String(collation="C"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^comment_[0-9a-f]{32}$'", name=op.f("ck_comment_id_names_its_type")),
        sa.CheckConstraint("length(text) between 1 and 5000", name=op.f("ck_comment_text_length")),
        sa.CheckConstraint(
            "num_nonnulls(occasion_id, list_id, item_id, gift_id, person_id) = 1"
            " and parent_id = coalesce(occasion_id, list_id, item_id, gift_id, person_id)",
            name=op.f("ck_comment_one_parent"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_comment_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_comment_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["gift_id"], ["gift.id"], name=op.f("fk_comment_gift_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["list_item.id"], name=op.f("fk_comment_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["kept_from_id"], ["person.id"], name=op.f("fk_comment_kept_from_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["list_id"], ["gift_list.id"], name=op.f("fk_comment_list_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["occasion_id"], ["occasion.id"], name=op.f("fk_comment_occasion_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_comment_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_author_id", "comment", ["author_id"], unique=False)
    op.create_index("ix_comment_family_id", "comment", ["family_id"], unique=False)
    op.create_index("ix_comment_gift_id", "comment", ["gift_id"], unique=False)
    op.create_index("ix_comment_item_id", "comment", ["item_id"], unique=False)
    op.create_index("ix_comment_kept_from_id", "comment", ["kept_from_id"], unique=False)
    op.create_index("ix_comment_list_id", "comment", ["list_id"], unique=False)
    op.create_index("ix_comment_occasion_id", "comment", ["occasion_id"], unique=False)
    op.create_index("ix_comment_parent_id_created_at_id", "comment", ["parent_id", "created_at", "id"], unique=False)
    op.create_index("ix_comment_person_id", "comment", ["person_id"], unique=False)
    op.create_table(
        "giving",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("item_id", sa.String(collation="C"), nullable=False),
        sa.Column("status", _enum("item_status"), server_default="IDEA", nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thanked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assignee_id", sa.String(collation="C"), nullable=True),
        sa.Column("price_paid_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("claimed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("organizer_id", sa.String(collation="C"), nullable=True),
        sa.Column("target_minor", sa.BigInteger(), nullable=True),
        sa.Column("funded_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_giving_currency_is_iso_4217")),
        sa.CheckConstraint("id ~ '^giving_[0-9a-f]{32}$'", name=op.f("ck_giving_id_names_its_type")),
        sa.CheckConstraint("claimed between 0 and 99", name=op.f("ck_giving_claimed")),
        sa.CheckConstraint(
            "funded_minor between 0 and coalesce(target_minor, 0)", name=op.f("ck_giving_not_over_funded")
        ),
        sa.CheckConstraint("price_paid_minor between 0 and 1000000000", name=op.f("ck_giving_price")),
        sa.CheckConstraint("target_minor between 1 and 1000000000", name=op.f("ck_giving_target")),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["user_account.id"], name=op.f("fk_giving_assignee_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_giving_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["item_id"], ["list_item.id"], name=op.f("fk_giving_item_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["user_account.id"], name=op.f("fk_giving_organizer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id", "family_id"],
            ["family_member.user_id", "family_member.family_id"],
            name=op.f("fk_giving_assignee_id_family_id"),
            ondelete="SET NULL (assignee_id)",
        ),
        sa.ForeignKeyConstraint(
            ["organizer_id", "family_id"],
            ["family_member.user_id", "family_member.family_id"],
            name=op.f("fk_giving_organizer_id_family_id"),
            ondelete="SET NULL (organizer_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_giving")),
        sa.UniqueConstraint("item_id", name=op.f("uq_giving_item_id")),
    )
    op.create_index("ix_giving_assignee_id", "giving", ["assignee_id"], unique=False)
    op.create_index("ix_giving_family_id_status", "giving", ["family_id", "status"], unique=False)
    op.create_index("ix_giving_organizer_id", "giving", ["organizer_id"], unique=False)
    op.create_table(
        "claim",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("giving_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^claim_[0-9a-f]{32}$'", name=op.f("ck_claim_id_names_its_type")),
        sa.CheckConstraint("quantity between 1 and 99", name=op.f("ck_claim_quantity")),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_claim_family_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["giving_id"], ["giving.id"], name=op.f("fk_claim_giving_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_claim_user_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["user_id", "family_id"],
            ["family_member.user_id", "family_member.family_id"],
            name=op.f("fk_claim_user_id_family_id"),
            ondelete="SET NULL (user_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    op.create_index("ix_claim_family_id", "claim", ["family_id"], unique=False)
    op.create_index("ix_claim_giving_id_created_at_id", "claim", ["giving_id", "created_at", "id"], unique=False)
    op.create_index("ix_claim_user_id_created_at_id", "claim", ["user_id", "created_at", "id"], unique=False)
    op.create_index("uq_claim_giving_id_user_id", "claim", ["giving_id", "user_id"], unique=True)
    op.create_table(
        "contribution",
        sa.Column("id", sa.String(collation="C"), nullable=False),
        sa.Column("family_id", sa.String(collation="C"), nullable=False),
        sa.Column("giving_id", sa.String(collation="C"), nullable=False),
        sa.Column("user_id", sa.String(collation="C"), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id ~ '^contribution_[0-9a-f]{32}$'", name=op.f("ck_contribution_id_names_its_type")),
        sa.CheckConstraint("amount_minor between 1 and 1000000000", name=op.f("ck_contribution_amount")),
        sa.ForeignKeyConstraint(
            ["family_id"], ["family.id"], name=op.f("fk_contribution_family_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["giving_id"], ["giving.id"], name=op.f("fk_contribution_giving_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_contribution_user_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "family_id"],
            ["family_member.user_id", "family_member.family_id"],
            name=op.f("fk_contribution_user_id_family_id"),
            ondelete="SET NULL (user_id)",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contribution")),
    )
    op.create_index("ix_contribution_family_id", "contribution", ["family_id"], unique=False)
    op.create_index(
        "ix_contribution_giving_id_created_at_id", "contribution", ["giving_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_contribution_user_id", "contribution", ["user_id"], unique=False)
    op.create_index("uq_contribution_giving_id_user_id", "contribution", ["giving_id", "user_id"], unique=True)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for name in ENUMS:
        _enum(name).drop(op.get_bind())
    op.execute("drop extension pg_trgm")
