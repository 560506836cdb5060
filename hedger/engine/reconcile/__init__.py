"""What we believe against what the venue says: positions and cash, at the start, after fills, on a timer.

A difference blocks the books it concerns until something explains it: a trade, an expiry, the venue's own log
of the account, or a person who takes it as it is. May import engine and below.
"""
