"""Reports: where every satoshi of P&L came from, and what hedging cost; text, JSON, CSV, HTML with plots.

Takes figures that others have measured (journal, backtest, shadow) and renders them; imports portfolio and
domain.
"""
