"""Smile-aware deltas on recorded chains: fits with their residuals, R, and hedging variance out of sample.

    chains     recorded chains as strips: svcj (BTC and ETH, six-hourly), r1quant (BTC, hourly)
    study      every chain fitted, every interval hedged by every rule

Entrance: `study.study`. May import: pricing, simulator (readers of names) and domain.
"""
