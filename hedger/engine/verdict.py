"""What a decision comes to, before anything follows from it."""

from __future__ import annotations

from typing import Any, NamedTuple

from hedger.domain.approval import Approved
from hedger.domain.vocabulary import Action, Reason
from hedger.engine.sight import Sight
from hedger.engine.state import Settling
from hedger.execution.plan import Planned, Round


class Verdict(NamedTuple):
    """What a book's decision came to, before it is written down."""

    action: Action
    reason: Reason
    detail: str
    target: float | None = None
    planned: Planned | None = None
    label: str = ""


class Outcome(NamedTuple):
    """A verdict and what follows from it; nothing has been changed yet."""

    verdict: Verdict
    sight: Sight
    memory: Any = None  # the policy's, to be adopted; None: keep the old one
    approved: Approved | None = None  # the order to be handed on
    settling: Settling | None = None  # the settlement's memory, to be adopted
    whole: Planned | None = None  # the hedge of which that order is the next child
    rounding: Round | None = None
    held_back: str = ""  # why the hedge is not moved between perpetual and dated futures
    code: int | None = None  # the policy's own, where the policy alone let the book be
