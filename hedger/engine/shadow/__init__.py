"""Shadow policies: what a book would have traded under other policies, beside the live one, sending nothing.

A shadow sees what the live policy sees, at the same instants, less the live hedge and with its own instead.
Where it would trade it is filled at the touch for the taker's fee. It ends in figures: nothing in this
package knows of effects or of a step that collects them, so a shadow cannot trade, record or alarm.

Entrance: `follow`. May import: the engine's state and what lies below the engine.
"""
