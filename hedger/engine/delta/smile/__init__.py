"""The smile of a book's expiries, kept beside the tick path: fits, evidence, and a correction of delta.

    state        what is remembered: fits, R and coefficients, measured intervals, the gate
    surface      one expiry fitted anew per step, from the venue's tickers
    memory       samples written down, and read back by a restart
    evidence     at every sample: what each rule's hedge of this book would have lost, and the gate
    correction   sum n (D_smile - D), coin: refreshed with the running sums, added to y while the gate is open
    tend         one look at all of this per full step

Off by default, and then nothing of it runs. Entrance: `tend.tend`, `correction.correct`.
"""
