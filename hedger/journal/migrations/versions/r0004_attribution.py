"""Where each wallet's change of equity came from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0004", "0003"
branch_labels = depends_on = None

SCOPE = ("venue", "environment", "account_id")


def upgrade() -> None:
    op.create_table(
        "attributions",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in (*SCOPE, "currency")),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("market_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("attributions_by_time", "attributions", [*SCOPE, "market_ms"])
