"""Adapters to venues: they turn frames into events and effects into frames, and decide nothing.

Entrance: `deribit.client.DeribitVenue`, `paper.PaperVenue`, both behind `protocol.Venue`.
May import: domain, engine (events, effects), msgspec; websockets and asyncio in the clients. Never simulator.
"""
