"""What we meant and what became of it, durable: orders, fills, decisions, commands, configs, snapshots.

    journal = await Journal.open(place)              # a file, or a PostgreSQL database by URL
    keeping = Keeping(journal, terms, market_ms)     # beside a daemon: writes, watches the room, tidies up

`journal.Journal` (open, load, write, queries) is the one entrance of whoever writes, `reading.Reader` of
whoever looks: verify, tail, export, backup. `store` is what both ask of a database, `sqlite` and `postgres`
are the two there are; `schema` and `revisions` say what the tables look like and how they came to.

Imports `engine` and below only.
"""
