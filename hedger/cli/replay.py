"""`hedger replay FILE`: feed a flight record to a fresh engine; exit 1 at the first differing effect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from hedger.backtest.replay import ReplayResult
from hedger.backtest.replay import replay as repeat
from hedger.cli.client import print_json, told_errors
from hedger.domain.instants import iso_time
from hedger.engine.events import Now
from hedger.runtime.clock import Clock

EXIT_DIFFERENT = 1


def replay(
    file: Annotated[Path, typer.Argument(help="A file that `hedger record` wrote.")],
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many steps.")] = None,
) -> None:
    """Repeat a recorded run exactly; exit 1 at the first differing effect, 2 for a file that is no record."""
    began_s = Clock.wire_s()
    with told_errors():
        result = repeat(file, limit)
    if as_json:
        print_json(result)
    else:
        typer.echo(_summary(result, Clock.wire_s() - began_s))
    if not result.exact:
        raise typer.Exit(EXIT_DIFFERENT)


def _summary(result: ReplayResult, elapsed_s: float) -> str:
    rate = result.events / elapsed_s if elapsed_s > 0 else 0.0
    counts = f"{result.steps} steps, {result.events} events ({rate:,.0f}/s), {result.effects} effects"
    return "\n".join([counts, *_incomplete(result), *_verdict(result)])


def _incomplete(result: ReplayResult) -> list[str]:
    lines = []
    if result.truncated_line is not None:
        lines.append(f"line {result.truncated_line} is cut off: the process died while it was written")
    if result.gap is not None:
        gap = result.gap
        lines.append(
            f"the record is incomplete after step {result.steps}: {gap.steps} steps with {gap.events} events "
            f"were not kept ({gap.reason}), from {_time(gap.first)} to {_time(gap.last)}"
        )
    return lines


def _verdict(result: ReplayResult) -> list[str]:
    difference = result.first_difference
    if difference is None:
        return [f"no difference; effects sha256 {result.digest}"]
    at = difference.index
    head = f"step {difference.step} at {_time(difference.now)} differs at effect {at + 1}"
    raised = f"the engine raised {difference.raised}"
    replayed = raised if difference.raised else _shown(difference.replayed, at)
    return [head, "recorded:", _shown(difference.recorded, at), "replayed:", replayed]


def _shown(effects: list[Any], at: int) -> str:
    """One effect as indented JSON; where its side has ended, that it asked for nothing."""
    if at >= len(effects):
        return f"nothing more ({len(effects)} effects)"
    return msgspec.json.format(msgspec.json.encode(effects[at]), indent=2).decode()


def _time(now: Now) -> str:
    return f"{iso_time(now.market_ms)} (wire {now.wire_s:.6f} s)"
