"""Runs inside the transaction of whoever opens the journal: all migrations, or none."""

from __future__ import annotations

from alembic import context

from hedger.journal.revisions import VERSION_TABLE
from hedger.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
context.run_migrations()
