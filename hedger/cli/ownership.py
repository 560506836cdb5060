"""What `hedger status` says of ownership: only what is out of the ordinary, one line each."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from hedger.cli.figures import clock, coin, usd
from hedger.domain.instants import iso_time
from hedger.engine.views.owned_view import FutureView, OwnershipView
from hedger.engine.views.view import BookView


def ownership_of(book: BookView) -> Iterator[str]:
    """Lines of rich markup, none for a simple account."""
    owned = book.ownership
    for future in owned.futures:
        yield from _future(future)
    yield from _people(owned)
    if owned.external_delta_coin:
        who = escape(f"{owned.external_owner}, until {owned.external_until}")
        yield f"[dim]held elsewhere[/] {coin(owned.external_delta_coin)} {escape(book.underlying)} ({who})"
    for flow in owned.cash_flows:
        time = clock(iso_time(flow.market_ms))
        yield f"[dim]cash at {time}[/] {escape(f'{flow.amount} {flow.currency}')} that no trade explains"
    if owned.wallet_drift_usd is not None:
        yield f"[dim]moved from coin to dollar wallet[/] {usd(owned.wallet_drift_usd, '+')} USD"


def _future(future: FutureView) -> Iterator[str]:
    """A future that is not simply the book's own."""
    if future.unassigned != "0":
        told = escape(f"{future.instrument} {future.unassigned} {future.unit}")
        yield f"[bold red]nobody's: {told}[/]"
    elif future.transit:
        yield f"[dim]in transit[/] {escape(f'{future.instrument} {future.account} {future.unit}')}"
    elif future.base != "0" or future.own != future.counted:
        parts = f"{future.instrument} {future.account} {future.unit}: own {future.own}"
        yield f"[dim]shared[/] {escape(f'{parts}, counted {future.counted}, set aside {future.base}')}"


def _people(owned: OwnershipView) -> Iterator[str]:
    if owned.hold_until_ms:
        until = clock(iso_time(owned.hold_until_ms))
        yield f"[yellow]{escape(owned.hold_by)} trades by hand until {until} UTC[/]"
    if owned.other_hedger:
        yield f"[bold red]another hedger: {escape(owned.other_hedger)}[/]"
