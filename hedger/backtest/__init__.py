"""The same engine on recorded data: flight records repeated step by step.

Entrance: `backtest.replay.replay`.
May import: engine and everything below it.
"""
