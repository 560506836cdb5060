"""From a wanted change to an order, and from an order to its end.

Entrance: `plan.plan`, `labels.make_label`, `table.OrderTable`. May import: domain, pricing, portfolio.
"""
