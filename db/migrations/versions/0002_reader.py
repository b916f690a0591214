"""Labels can be searched, and every order of tasks has an index that ends with the id."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TOP = sa.text("parent_id is null and trashed_at is null")


def _lexemes(text: str, weight: str) -> str:
    marks = "'!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'"
    return f"setweight(to_tsvector('simple', translate({text}, {marks}, '{' ' * 32}')), '{weight}')"


def upgrade() -> None:
    words = sa.Computed(_lexemes("name", "A"), persisted=True)
    op.add_column("label", sa.Column("search", postgresql.TSVECTOR(), words, nullable=False))
    op.create_index("ix_label_owner_id_updated_at_id", "label", ["owner_id", "updated_at", "id"])
    op.drop_index("ix_task_owner_id_completed_at", table_name="task")
    op.drop_index("ix_task_parent_id", table_name="task")
    op.create_index("ix_task_owner_id_completed_at_id", "task", ["owner_id", "completed_at", "id"])
    op.create_index("ix_task_owner_id_priority_id", "task", ["owner_id", "priority", "id"])
    op.create_index("ix_task_owner_id_title_id", "task", ["owner_id", "title", "id"])
    columns = ["parent_id", "owner_id", "created_at", "id"]
    op.create_index("ix_task_parent_id_owner_id_created_at_id", "task", columns)
    op.create_index("ix_task_top", "task", ["owner_id", "created_at", "id"], postgresql_where=TOP)


def downgrade() -> None:
    op.drop_index("ix_task_top", table_name="task")
    op.drop_index("ix_task_parent_id_owner_id_created_at_id", table_name="task")
    op.drop_index("ix_task_owner_id_title_id", table_name="task")
    op.drop_index("ix_task_owner_id_priority_id", table_name="task")
    op.drop_index("ix_task_owner_id_completed_at_id", table_name="task")
    op.create_index("ix_task_parent_id", "task", ["parent_id"])
    op.create_index("ix_task_owner_id_completed_at", "task", ["owner_id", "completed_at"])
    op.drop_index("ix_label_owner_id_updated_at_id", table_name="label")
    op.drop_column("label", "search")
