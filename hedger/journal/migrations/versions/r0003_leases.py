"""One writer per account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"
branch_labels = depends_on = None

SCOPE = ("venue", "environment", "account_id")


def upgrade() -> None:
    op.create_table(
        "leases",
        *(sa.Column(name, sa.String(), nullable=False) for name in SCOPE),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*SCOPE),
    )
