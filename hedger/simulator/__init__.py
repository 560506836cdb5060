"""A local exchange that speaks Deribit's API v2, written independently of the client.

Entrance: `hedger.simulator.server`. Of hedger it may import `hedger.pricing` only.
"""
