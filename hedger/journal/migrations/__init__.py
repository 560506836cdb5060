"""Alembic's environment: `revisions` runs it; every file of `versions` is one change of the tables."""
