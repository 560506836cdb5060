"""Option mathematics on plain floats and arrays: Black-76, implied volatility, inverse conversions.

Entrance: `black76.black76` for a book, `scalar.black76_one` for one option, `implied`, `inverse`.
May import: numpy, scipy and the standard library, nothing of hedger.
"""
