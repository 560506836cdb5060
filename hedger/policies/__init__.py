"""Hedging policies: when to trade the delta of a book, and how far.

A policy is a *scalar kernel* `decide(params, memory, inputs) -> (memory, target_delta_coin, reason)` over
NamedTuples of plain floats: arithmetic and `math` only, no strings, objects or exceptions, so that the very
function that trades can also be compiled over simulated paths. A kernel that holds returns the delta it was
given as its target; `reasons.ACTS` tells which reasons ask for a trade.

Which parameters it is given, and when, a book's `schedule` says (read by `calendar`).

Entrance: `registry.POLICIES`. May import: domain, pricing, portfolio.
"""
