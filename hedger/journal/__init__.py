"""What we meant and what became of it, durable: orders, fills, decisions, commands, configs, snapshots.

Entrances: `journal.Journal` (open, load, write, queries) and `writer.JournalWriter` (group commit beside the
event loop). Imports `engine` and `domain` only.
"""
