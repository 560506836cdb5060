"""The lab: Monte Carlo of the very kernels that trade, published tables verified, sweeps, tuning (`[lab]`).

Entrance: `experiment` (what is simulated), `verify` (what it must come to). Imports policies, portfolio,
pricing and domain; it knows nothing of the engine, of venues or of the other drivers.
"""
