"""Whose is what on a shared account: scopes, adopted futures, people who trade, other hedgers, cash.

Entrance: `scope.Scope`, `ownership.share_out`, `ownership_gate.gate`.
"""
