"""The running attribution of each wallet: what its equity did, and because of what.

    wallet, wallets   what is remembered of one      marks     tickers as marks, listings as terms
    follow            events in                      cash      the wallet's cash against what was booked
    trades, funding   what is booked                 days      sums of the day, cut at 00:00 and 08:00 UTC
    positions         begun with, and compared       expiries  what becomes cash at its expiry
    intervals         closed, written, taken up

It reads the state and changes nothing that is traded on. Every minute of market time all positions are
marked; a trade marks its own instrument. Every quarter of an hour the interval is closed against the equity
the venue tells and written down, so that a restart goes on where the last run stopped.
"""
