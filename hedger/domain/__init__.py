"""The values every other package speaks in: frozen, with units in their names.

Entrance: import the module that names the thing (`domain.order`, `domain.quote`, ...).
May import: the standard library and msgspec, nothing of hedger.
"""
