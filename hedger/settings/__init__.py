"""The configuration: one TOML file, the environment, secret files; validated whole before anything starts.

Entrance: `load.load`. The only package that knows pydantic; what it hands on are the frozen dataclasses of
the pure packages. May import: venues, engine and everything below.
"""
