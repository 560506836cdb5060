"""The running attribution of each wallet: what its equity did, and because of what.

    wallet     what is remembered of one wallet          marks    tickers as marks
    follow     events in, intervals and records out      cash     the wallet's cash against what was booked
    expiries   options and futures that become cash      days     sums of the day, cut at 00:00 and 08:00 UTC

It reads the state and changes nothing that is traded on. Every minute of market time all positions are
marked; a trade marks its own instrument. Every quarter of an hour the interval is closed against the equity
the venue tells and written down, so that a restart goes on where the last run stopped.
"""
