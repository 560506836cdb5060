"""The command line: wires drivers to settings, and talks to a running daemon over HTTP."""
