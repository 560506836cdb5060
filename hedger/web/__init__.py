"""The operator's surface over HTTP: API, metrics and the live page.

Sees the frozen view and posts commands; it cannot reach the engine's state. Entrance: `web.api.make_app`.
May import: domain, engine (views, decisions and events only).
"""
