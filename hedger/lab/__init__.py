"""The lab: Monte Carlo of the very kernels that trade, and published tables reproduced (`[lab]`).

Entrance: `experiment.load` (what is simulated), `run.run` (what it comes to), `verify.CHECKS` (what it must
come to). Imports policies, portfolio, pricing and domain; it knows nothing of the engine, of venues or of the
other drivers. numba compiles the kernels where it is installed; without it they are looped plainly and give
the same numbers.
"""
