"""The live driver: clock, loop, supervisor, reload, log, metrics."""
