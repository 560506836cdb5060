"""Shadow policies: what a book would have traded under other policies, beside the live one, sending nothing.

A shadow sees what the live policy sees, at the same instants, less the live hedge and with its own instead.
Where it would trade it is filled whole at the touch, for the taker's fee: no cap of the envelope, no clip, no
depth. What somebody else trades, settlement's slices and an operator's orders are common to both. It has one
set of parameters: a schedule's profiles are the live policy's alone, its blackouts and events everybody's.

It ends in figures: nothing in this package knows of effects or of a step that collects them, so a shadow
cannot trade, record or alarm. A reload leaves what it does not change, `engine.shadows_kept` carries figures
over a restart, and the flight recorder holds what `hedger shadow` needs to tell any part of a run again.

Entrance: `follow`, and `hear` for what comes beside decisions. May import: the engine's state and below.
"""
