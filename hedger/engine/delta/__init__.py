"""What a book knows of its delta: whose figure counts, how old it may be, and the hour it settles in.

Entrance: `sources.figures`, `ladder.rung_of`, `settlement.gate` and `follow`.
"""
