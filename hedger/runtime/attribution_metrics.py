"""The running attribution as metrics: a wallet's day so far, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from hedger.engine.views.view import StatusView
from hedger.engine.views.view_attribution import AttributionView

_LABELS = ("venue", "currency", "day")

_GAUGES: tuple[tuple[str, str, Callable[[AttributionView], float | None]], ...] = (
    ("change", "Change of equity since the day began, in the currency.", lambda v: v.change),
    ("change_usd", "Change of equity since the day began, in USD.", lambda v: v.change_usd),
    ("theta_kept", "Theta less gamma paid, fees and funding, in the currency.", lambda v: v.theta_kept),
    ("realised_vol", "Realised volatility by dollar gamma, a fraction.", lambda v: v.realised_vol),
    ("implied_vol", "Implied volatility by dollar gamma, a fraction.", lambda v: v.implied_vol),
    (
        "cash_gap",
        "Cash and realised result beyond what was booked, in the currency.",
        lambda v: v.cash_gap,
    ),
    (
        "cash_tolerance",
        "What rounding of the bookings may make of the gap, in the currency.",
        lambda v: v.cash_tolerance,
    ),
    (
        "taylor_residual",
        "What greeks left of the newest closed interval, in the currency.",
        lambda v: v.taylor_residual,
    ),
    (
        "taylor_share",
        "The size of that, as a fraction of the interval's gross result.",
        lambda v: v.taylor_share,
    ),
    (
        "taylor_tolerance",
        "The size that is let pass, in the currency: more is an alarm.",
        lambda v: v.taylor_tolerance,
    ),
)


def attribution_metrics(view: StatusView) -> Iterator[Metric]:
    """Gauges by wallet and day (cut at 00:00 and 08:00 UTC); lines in the currency and in USD."""
    for name, meaning, value in _GAUGES:
        family = GaugeMetricFamily(f"hedger_attribution_{name}", meaning, labels=_LABELS)
        for day in view.attribution:
            told = value(day)
            if told is not None:
                family.add_metric((day.venue, day.currency, day.cut), told)
        yield family
    yield _lines("line", "in the currency", view, lambda day: day.lines)
    yield _lines("line_usd", "in USD", view, lambda day: day.lines_usd)


def _lines(
    name: str, unit: str, view: StatusView, lines: Callable[[AttributionView], dict[str, float]]
) -> Metric:
    meaning = f"A line of the day's attribution, {unit}; a gain is positive."
    family = GaugeMetricFamily(f"hedger_attribution_{name}", meaning, labels=(*_LABELS, "line"))
    for day in view.attribution:
        for line, value in lines(day).items():
            family.add_metric((day.venue, day.currency, day.cut, line), value)
    return family
