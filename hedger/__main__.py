"""`python -m hedger`."""

from hedger.cli.main import run

run()
