"""What lets a journal be kept for years: how far each run has written, checkpoints, times to delete by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"
branch_labels = depends_on = None

SCOPE = ("venue", "environment", "account_id")


def upgrade() -> None:
    op.create_table(
        "write_marks",
        sa.Column("run", sa.String(), primary_key=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "checkpoints",
        *(sa.Column(name, sa.String(), nullable=False) for name in SCOPE),
        sa.Column("market_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(*SCOPE),
    )
    op.create_index("snapshots_by_time", "snapshots", ["market_ms"])
    op.create_index("hedges_by_time", "hedges", ["market_ms"])
