"""The two verdicts of the risk gate. Only the package `risk` constructs an Approved."""

from __future__ import annotations

import msgspec

from hedger.domain.order import OrderIntent
from hedger.domain.vocabulary import Mode, Reason


class Approved(msgspec.Struct, frozen=True, tag="approved", forbid_unknown_fields=True):
    """Permission for exactly this order in exactly this mode."""

    intent: OrderIntent
    mode: Mode


class Refused(msgspec.Struct, frozen=True, tag="refused", forbid_unknown_fields=True):
    """Why an order or a target may not pass; `detail` names the limit, its value and what was asked."""

    reason: Reason
    detail: str
