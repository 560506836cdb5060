"""`hedger order buy | sell | cancel`: orders by hand, through the daemon's own doors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hedger.cli.client import (
    DEFAULT_STATE_DIR,
    DEFAULT_URL,
    AsJson,
    Client,
    Url,
    print_json,
    token_of,
    told_errors,
)
from hedger.cli.commands import StateDir, Why, operator
from hedger.domain.order import Side
from hedger.web.answers import CancelAnswer, OrderPlaced

order = typer.Typer(
    help="Trade futures and options by hand: checked by the envelope, journalled, labelled, shown.",
    no_args_is_help=True,
)

Instrument = Annotated[str, typer.Argument(help="Like BTC-PERPETUAL or BTC-25DEC26-100000-C.")]
Amount = Annotated[str, typer.Argument(help="USD for inverse futures, coin for everything else.")]
Price = Annotated[str, typer.Option("--price", help="Limit; of an option its premium. Market when left out.")]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Rest, never take.")]
Ioc = Annotated[bool, typer.Option("--ioc", help="What does not trade at once is cancelled.")]
ReduceOnly = Annotated[bool, typer.Option("--reduce-only", help="Only as far as it closes a position.")]
OfBook = Annotated[str, typer.Option("--book", help="Needed where several books share the underlying.")]


@order.command()
def buy(
    instrument: Instrument,
    amount: Amount,
    price: Price = "",
    post_only: PostOnly = False,
    ioc: Ioc = False,
    reduce_only: ReduceOnly = False,
    book: OfBook = "",
    reason: Why = "no reason given",
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Buy; answered with the label once the order is written down."""
    flags = {"post_only": post_only, "ioc": ioc, "reduce_only": reduce_only}
    _place(Side.BUY, instrument, amount, price, flags, book, reason, url, state_dir, as_json)


@order.command()
def sell(
    instrument: Instrument,
    amount: Amount,
    price: Price = "",
    post_only: PostOnly = False,
    ioc: Ioc = False,
    reduce_only: ReduceOnly = False,
    book: OfBook = "",
    reason: Why = "no reason given",
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Sell; answered with the label once the order is written down."""
    flags = {"post_only": post_only, "ioc": ioc, "reduce_only": reduce_only}
    _place(Side.SELL, instrument, amount, price, flags, book, reason, url, state_dir, as_json)


def _place(
    side: Side,
    instrument: str,
    amount: str,
    price: str,
    flags: dict[str, bool],
    book: str,
    reason: str,
    url: str,
    state_dir: Path,
    as_json: bool,
) -> None:
    body = {
        "instrument": instrument,
        "side": side.value,
        "amount": amount,
        "price": price,
        "book": book,
        "reason": reason,
        "by": operator(),
        **flags,
    }
    with told_errors():
        answer = Client(url, token_of(state_dir)).post("/v1/orders", body, OrderPlaced)
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{answer.label}: {side} {amount} {instrument}, {answer.detail}")


@order.command()
def cancel(
    label: Annotated[str, typer.Argument(help="The label of an order of ours, as status shows it.")],
    reason: Why = "no reason given",
    url: Url = DEFAULT_URL,
    state_dir: StateDir = DEFAULT_STATE_DIR,
    as_json: AsJson = False,
) -> None:
    """Cancel one order of ours."""
    body = {"label": label, "reason": reason, "by": operator()}
    with told_errors():
        answer = Client(url, token_of(state_dir)).post("/v1/orders/cancel", body, CancelAnswer)
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{answer.label}: {answer.state.replace('_', ' ')}")
