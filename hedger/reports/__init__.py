"""Reports: where every satoshi of P&L came from, and what hedging cost; text, JSON, CSV, HTML with plots.

    period, hedges   what a report is made of: a wallet's intervals, and one row a trade for accounting
    text, html       rendered on a terminal, and as one page with its `plots`

Takes figures that others have measured (journal, backtest, shadow) and renders them; imports portfolio and
domain.
"""
