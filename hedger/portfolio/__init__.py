"""What is held and what it means: rows per instrument, running sums, exposure in every convention.

Entrance: `book.Book` and `exposure.Exposure`; `running.RunningAttribution` for where a result came from.
May import: domain, pricing.
"""
