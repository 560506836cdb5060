"""Where the frames of the local exchange differ from recorded ones on purpose, each with its reason."""

from __future__ import annotations

from typing import NamedTuple


class Deliberate(NamedTuple):
    """Differences of one frame that have one reason, as shapes.differences() words them."""

    frame: str
    reason: str
    differences: tuple[str, ...]


_NEW_QUOTE_LIMITS = (
    "adds {}limits.matching_engine.block_rfq_maker",
    "adds {}limits.matching_engine.guaranteed_mass_quotes",
    "lacks {}limits.matching_engine.guaranteed_quotes",
    "lacks {}limits.matching_engine.max_quotes",
    "adds {}limits.matching_engine.maximum_mass_quotes",
    "adds {}limits.matching_engine.maximum_quotes",
    "lacks {}limits.matching_engine.quotes",
)
_ENVELOPE = ("adds testnet", "adds usDiff", "adds usIn", "adds usOut")
_SINCE_DECEMBER_2025 = ("mandatory_tfa", "receive_notifications", "trading_products_details")
_LEFT_OUT_BY_HAND = (
    "additional_reserve",
    "delta_total_map",
    "fees",
    "futures_session_rpl",
    "futures_session_upl",
    "limits",
    "options_gamma_map",
    "options_session_rpl",
    "options_session_upl",
    "options_theta_map",
    "options_vega_map",
    "projected_delta_total",
    "projected_initial_margin",
    "projected_maintenance_margin",
    "total_delta_total_usd",
)

DELIBERATE: tuple[Deliberate, ...] = (
    Deliberate(
        "ticker of a dated future",
        "only perpetuals were recorded, and only perpetuals have funding",
        ("lacks current_funding", "lacks funding_8h", "lacks interest_value"),
    ),
    Deliberate(
        "book snapshot",
        "the file was made by hand: the wire has no prev_change_id on a snapshot (deribit.md 7)",
        ("lacks params.data.prev_change_id",),
    ),
    Deliberate(
        "account summary",
        "recorded five days before `fees` became a list for everybody (16.12.2025); clients size by it",
        ("adds result.fees",),
    ),
    Deliberate(
        "account summary example",
        "the recorded summary is younger than the documented example and has these fields",
        (
            "adds additional_reserve",
            "adds locked_balance",
            "adds disable_kyc_verification",
            "adds change_margin_model_api_limit",
            "lacks login_enabled",
            *(f"adds {name}" for name in _SINCE_DECEMBER_2025),
            *(line.format("") for line in _NEW_QUOTE_LIMITS),
        ),
    ),
    Deliberate(
        "account summary example",
        "the example has `fees` from before 16.12.2025, by index; get_account_summaries has them as a list",
        ("fees is array, recorded object", "lacks fees.btc_usd"),
    ),
    Deliberate(
        "account summaries",
        "this is the documented example; the recorded single summary is younger and has these fields",
        (
            *(f"adds result.{name}" for name in _SINCE_DECEMBER_2025),
            "adds result.summaries[].locked_balance",
            *(line.format("result.summaries[].") for line in _NEW_QUOTE_LIMITS),
        ),
    ),
    Deliberate(
        "account summaries with cross margin",
        "the file was shortened by hand: a recorded cross portfolio has these fields too",
        (
            *(f"adds result.{name}" for name in _SINCE_DECEMBER_2025),
            *(f"adds result.summaries[].{name}" for name in _LEFT_OUT_BY_HAND),
        ),
    ),
    Deliberate(
        "platform state",
        "recorded in 2025; since 2026 the wire has `reasons` (deribit.md 4)",
        ("adds params.data.reasons",),
    ),
    Deliberate("test reply", "the file holds the result in a bare envelope", _ENVELOPE),
    Deliberate("time reply", "the file holds the result in a bare envelope", _ENVELOPE),
    Deliberate(
        "error: too many requests",
        "the file was made by hand; errors that were recorded have times, and no `data` of null",
        (*_ENVELOPE, "lacks error.data"),
    ),
)
