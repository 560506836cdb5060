"""One gate with two doors: `review` may shrink what is wanted, `admit` judges every order.

Entrance: `review.review`, `admit.admit`, `breaker.after`, `counters.Counters`. Only this package
constructs an Approved. May import: domain, pricing, portfolio.
"""
