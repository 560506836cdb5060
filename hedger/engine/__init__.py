"""The one owner of the truth: `Engine.step(now, events) -> effects`.

Synchronous and deterministic; reads no clock, socket, file or random source.
Entrance: `engine.engine.Engine`.
May import: domain, pricing, portfolio, policies, risk, execution.
"""
