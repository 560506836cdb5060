"""What stands around a book: caps in tiers, losses, margin, and the latch of a liquidation.

Entrance: `guard.look` and `guard.gate`.
"""
