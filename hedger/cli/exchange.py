"""`hedger exchange`: a local Deribit on loopback."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hedger.cli.exit_codes import ExitCode
from hedger.cli.instants import day, instant_ms
from hedger.domain.errors import ConfigError

if TYPE_CHECKING:
    from hedger.simulator.options import Options


def exchange(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the world.")] = 1,
    speed: Annotated[float, typer.Option(help="Market seconds per real second.")] = 1.0,
    book: Annotated[
        str,
        typer.Option(
            help="empty, strangle, straddle, long-straddle, or a TOML/JSON file: positions, equity, market."
        ),
    ] = "empty",
    equity: Annotated[
        str, typer.Option(help="Starting equity per currency, e.g. BTC=10,ETH=50,USDC=100000.")
    ] = "BTC=10",
    ready_file: Annotated[Path | None, typer.Option(help="Written (0600) when the exchange serves.")] = None,
    replay: Annotated[
        Path | None, typer.Option(help="Play a recorded chain instead of a seeded world.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="First day of the replay, e.g. 2026-02-01.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Length of the replay in days.")] = None,
    state: Annotated[
        Path | None,
        typer.Option(help="Keep account, orders, clock and keys in this file; an existing one decides."),
    ] = None,
    tls: Annotated[bool, typer.Option(help="Serve wss and https with a self-signed certificate.")] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="A fault, KIND,key=value,...: e.g. maintenance,after_s=60,duration_s=30. May be repeated; "
            "`--fault help` lists the kinds."
        ),
    ] = None,
    origin: Annotated[
        str | None, typer.Option(help="Market time at the start, ISO 8601; default now.")
    ] = None,
    vol: Annotated[float, typer.Option(help="Annualised volatility of the seeded world, e.g. 0.55.")] = 0.55,
    margin: Annotated[
        str, typer.Option(help="Margin model: segregated_sm, segregated_pm (stress matrix) or cross_sm.")
    ] = "segregated_sm",
    with_parent: Annotated[
        bool, typer.Option("--with-parent", hidden=True, help="End when standard input ends.")
    ] = False,
) -> None:
    """Serve a local exchange that speaks Deribit's API v2 until SIGTERM or SIGINT."""
    from hedger.simulator.fault_kinds import KINDS
    from hedger.simulator.launch import parse_equity
    from hedger.simulator.options import Options

    if "help" in (fault or ()):
        print("\n".join(f"{name:20} {kind.tells}" for name, kind in KINDS.items()))
        raise typer.Exit
    try:
        options = Options(
            port=port,
            seed=seed,
            speed=_positive("--speed", speed),
            book=book,
            equity=parse_equity(equity),
            origin_ms=_origin_ms(origin, replay),
            replay_from=_first_day(from_, replay),
            vol=vol,
            replay=replay,
            days=days,
            ready_file=ready_file,
            state_file=state,
            tls=tls,
            faults=tuple(fault or ()),
            margin=margin,
            asked=_asked(context),
        )
        asyncio.run(_serve(options, with_parent))
    except (ConfigError, ValueError, OSError, ImportError) as error:
        print(f"hedger exchange: {error}", file=sys.stderr)
        raise typer.Exit(ExitCode.CONFIG) from None


def _asked(context: typer.Context) -> tuple[str, ...]:
    """The options that were written, by their field in Options: an existing state must agree with them."""
    fields = {"from_": "replay_from", "origin": "origin_ms"}
    written = (name for name in context.params if _written(context, name))
    return tuple(fields.get(name, name) for name in written)


def _written(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise ValueError(f"{name} {value}: must be above 0")
    return value


def _first_day(text: str | None, replay: Path | None) -> date | None:
    """`--from`, which only a replay has."""
    if text is not None and replay is None:
        raise ValueError("--from: only with --replay; use --origin for a seeded world")
    return None if text is None else day("--from", text)


def _origin_ms(text: str | None, replay: Path | None) -> int | None:
    """`--origin` in ms, which only a seeded world has; without a zone it is UTC."""
    if text is not None and replay is not None:
        raise ValueError("--origin: not with --replay; use --from for the first day of the replay")
    return None if text is None else instant_ms("--origin", text)


async def _serve(options: Options, with_parent: bool) -> None:
    from hedger.simulator.server import running_exchange

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), _stop_at_end_of_input, stop)
    async with running_exchange(options) as running:
        ready = running.ready
        print(
            f"exchange of {ready.account}: {ready.ws_url} {ready.http_url} (speed {ready.speed:g})",
            flush=True,
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((stopping, running.ticking), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()


def _stop_at_end_of_input(stop: asyncio.Event) -> None:
    """A parent holds the other end of the pipe; the system closes it even when the parent is killed."""
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()
