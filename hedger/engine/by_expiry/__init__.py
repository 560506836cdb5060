"""Hedging by expiry: what the standing part of a hedge would cost elsewhere, and moving it there in clips.

Entrance: `advice.look` (what would be chosen), `moving.step` (the next leg of a move). The policy's own
hedges are made of `hedge_instrument` alone, whatever is chosen here.
"""
