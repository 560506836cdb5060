"""The engine that trades, in virtual time: on recorded chains, over flight records, and through faults.

    run        one policy on one chain: run(chain, strategy, book, assumptions) -> Outcome
    compare    several policies side by side, and the report they make
    sources    from files to a chain; chain: what a market is
    strategy   which options are sold or bought, and when
    desk       the venue of a backtest; market, holdings: what it quotes and what the account holds
    summary    an outcome in figures
    replay     a flight record repeated step by step
    simulate   whole lives under faults

A backtest speaks to the engine in events and effects, not frames: the session, the socket and the local
exchange are proved elsewhere (`simulate`, tests/end_to_end), and without them five months take a second
instead of minutes, so that hundreds of settings can be tried. What is filled, charged and delivered is
therefore a small model of its own: hedges by the matching of paper mode, contract terms and readers of
recorded data from `hedger.simulator`, margin from `hedger.risk.standard`, attribution from
`hedger.portfolio`. The engine asks for tickers as it does live and is told those only.

May import: engine and everything below it, `venues`, `simulator`; no neighbour of its own row.
"""
