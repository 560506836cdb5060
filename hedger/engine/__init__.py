"""The one owner of the truth: `Engine.step(now, events) -> effects`.

Synchronous and deterministic; reads no clock, socket, file or random source.

    events, effects, records, settings, state     what goes in, comes out, is kept
    apply -> decide -> trade -> work -> outbox    one step: take in, judge, plan, write ahead
    delta      whose figure counts, how old it may be, the hour of settlement
    ownership  whose is what on a shared account
    guard      caps, losses, margin, the latch of a liquidation
    hedging    a hedge worked to its end; what operators ask for by hand
    views      what status, page and command line read

Entrance: `engine.engine.Engine`. May import: domain, pricing, portfolio, policies, risk, execution.
"""
