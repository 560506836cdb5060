"""How a hedge is worked to its end: clips, chases, orders at the edges, and what operators ask for by hand.

Entrance: `working.follow`, `chase`, `resting`, `manual`.
"""
