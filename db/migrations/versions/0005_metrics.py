"""What processes count of their sockets is kept, so that it adds up over processes and restarts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COUNTS = (
    "connections",
    "active",
    "peak_connections",
    "received",
    "sent",
    "errors",
    "recent",
    "recent_errors",
    "latencies",
)
SECONDS = ("recent_seconds", "latency_seconds", "peak_latency")


def upgrade() -> None:
    op.create_table(
        "meter_reading",
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        *(sa.Column(name, sa.Float(), server_default=sa.text("0"), nullable=False) for name in SECONDS),
        sa.PrimaryKeyConstraint("process", name="pk_meter_reading"),
    )


def downgrade() -> None:
    op.drop_table("meter_reading")
