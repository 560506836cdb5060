"""Hedging by expiry: what the standing part of a hedge would cost elsewhere, and moving it there in clips.

Entrance: `advice.look` (what would be chosen), `moving.next_leg` (the next order of a move: in the spread of
both futures, else the next of two legs). The policy's own hedges are made of `hedge_instrument` alone,
whatever is chosen here.
"""
