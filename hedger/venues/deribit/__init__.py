"""Deribit API v2: a session without I/O, typed decoding, and a thin websocket client.

Entrance: `params.DeribitParams`, `session.DeribitSession` (pure), `client.DeribitVenue` (asyncio).
May import: domain, engine (events, effects), msgspec; websockets in `client` only.
"""
