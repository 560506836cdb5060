"""What a person accepted although nothing explains it, and who writes for an account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
branch_labels = depends_on = None

SCOPE = ("venue", "environment", "account_id")


def upgrade() -> None:
    op.create_table(
        "acceptances",
        sa.Column("id", sa.Integer(), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in (*SCOPE, "book")),
        sa.Column("market_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("acceptances_by_book", "acceptances", [*SCOPE, "book"])
    op.create_table(
        "leases",
        *(sa.Column(name, sa.String(), nullable=False) for name in (*SCOPE, "holder")),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*SCOPE),
    )
