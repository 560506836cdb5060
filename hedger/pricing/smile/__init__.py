"""The smile: one curve of implied volatility per expiry, and what it does to an option's delta (theory 2).

    svi            raw SVI total variance over k = ln(K/F), fitted in two robust passes
    curve          the smile of one expiry: fit, residuals in vol points, slope, butterfly and calendar checks
    delta          deltas under a skew-stickiness R, Hull-White's minimum variance delta, its regression
    stickiness     R from how at-the-money volatility moved with the forward
    variance_ratio whether hedging by the smile would have had less variance, out of sample

k = ln(K/F), w = sigma^2 tau (total variance), s = d sigma / dk; tau in years of 365 days, sigma a fraction.
Arrays in, arrays out; imports numpy and scipy.special.
"""
