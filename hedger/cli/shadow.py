"""`hedger shadow`: what other policies would have traded beside a recorded run, and what that had cost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from hedger.backtest.shadow import OWN, Choose, Compared, Period, compare, with_own
from hedger.cli.client import print_json, told_errors
from hedger.cli.instants import Since, Until, span_ms
from hedger.cli.shadow_table import shadow_table
from hedger.cli.tables import WIDE
from hedger.domain.errors import ConfigError
from hedger.domain.instants import iso_time
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Mode
from hedger.engine.attribution.days import began_ms
from hedger.engine.settings import BookSettings
from hedger.engine.shadow.terms import ShadowSettings, params_over
from hedger.policies.asked import Asked, asked
from hedger.policies.registry import LIVE_POLICIES
from hedger.runtime.clock import Clock
from hedger.settings.load import load


def shadow(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Records of `hedger run --record` or `hedger record`; else those of -c."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Its recorder's files, and its shadows instead of the recorded."),
    ] = None,
    yesterday: Annotated[bool, typer.Option("--yesterday", help="The last whole UTC day.")] = False,
    from_: Since = None,
    to: Until = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="NAME or NAME:key=value,... as in band:lower=-0.3,upper=0.3; may be repeated. Only these.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The comparison as JSON.")] = False,
) -> None:
    """Replay a recorded run with other policies beside it, sending nothing, and compare cost and variance.

    The live policy itself comes first, as "own": filled at the touch at once, whatever became of the live
    hedge. Without -c, --policy or recorded shadows every other policy is asked with its default parameters.
    """
    with told_errors():
        paths, choose = _wanted(files or [], config, policy or [])
        period = _period(yesterday, from_, to, Clock.unix_ms())
        found = [_compared(path, choose, period, quiet=as_json) for path in paths]
    if as_json:
        print_json(found)
        return
    console = Console()
    for one in found:
        _show(console, one)


def _wanted(
    files: Sequence[Path], config: Path | None, policies: Sequence[str]
) -> tuple[Sequence[Path], Choose]:
    loaded = None if config is None else load(config, os.environ)
    paths = list(files)
    if not paths and loaded is not None and loaded.recorder_path is not None:
        before = loaded.recorder_path.with_name(f"{loaded.recorder_path.name}.1")  # the run before this one
        paths = [path for path in (before, loaded.recorder_path) if path.exists()]
        if not paths:
            raise ConfigError(f"recorder.path = {str(loaded.recorder_path)!r}: no such file yet")
    if not paths:
        raise ConfigError("no record: name a file, or a configuration with recorder.path (-c)")
    named = _asked(policies)
    if named:
        return paths, lambda book: with_own(book, [_made(book, *each) for each in named.items()])
    if loaded is not None:
        configured = {book.name: book.shadows for book in loaded.engine.books}
        return paths, lambda book: with_own(book, configured.get(book.name) or _every(book))
    return paths, lambda book: with_own(book, book.shadows or _every(book))


def _asked(texts: Sequence[str]) -> dict[str, Asked]:
    """Each --policy by the name of its shadow. Raises ConfigError."""
    found: dict[str, Asked] = {}
    for text in texts:
        with _named_by(text):
            policy = asked(text)
        alike = sum(other.policy == policy.policy for other in found.values())
        found[policy.policy if not alike else f"{policy.policy[:13]}_{alike + 1}"] = policy
    return found


def _made(book: BookSettings, name: str, policy: Asked) -> ShadowSettings:
    """What is left out is as in the book, where that has the same policy. Raises ConfigError."""
    base = book.policy_params if policy.policy == book.policy else {}
    with _named_by(policy.text):
        params = params_over(base, policy.policy, policy.params, book.target_delta_coin)
        return ShadowSettings(name, policy.policy, params, policy.partial(book.partial))


@contextmanager
def _named_by(text: str) -> Iterator[None]:
    """Errors of one --policy as ConfigError."""
    try:
        yield
    except ValueError as error:
        raise ConfigError(f"--policy {text}: {error}") from error


def _every(book: BookSettings) -> tuple[ShadowSettings, ...]:
    """All policies but the live one, with their defaults; a band lies around the book's target."""
    others = (name for name in LIVE_POLICIES if name != book.policy)
    return tuple(_made(book, name, _default(name, book.target_delta_coin)) for name in others)


def _default(name: str, target_delta_coin: float) -> Asked:
    """A policy with nothing said of it."""
    plain = asked(name)
    if name != "band" or not target_delta_coin:
        return plain
    usual = LIVE_POLICIES[name].defaults
    return plain._replace(params={edge: target_delta_coin + usual[edge] for edge in ("lower", "upper")})


def _period(yesterday: bool, from_: str | None, to: str | None, now_ms: int) -> Period:
    if yesterday and (from_ is not None or to is not None):
        raise ConfigError("--yesterday: not together with --from or --to")
    if yesterday:
        today_ms = began_ms(now_ms, hour=0)
        return Period(today_ms - DAY_MS, today_ms)
    return Period(*span_ms(from_, to))


def _compared(path: Path, choose: Choose, period: Period, *, quiet: bool) -> Compared:
    with _progress(path, quiet) as at_byte:
        return compare(path, choose, period, at_byte)


@contextmanager
def _progress(path: Path, quiet: bool) -> Iterator[Any]:
    """A bar on standard error while a person looks; what tells it how far."""
    console = Console(stderr=True)
    size = path.stat().st_size if path.is_file() else None
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=quiet or not console.is_terminal
    ) as shown:
        task = shown.add_task(escape(path.name), total=size)
        yield lambda position: shown.update(task, completed=position)


def _show(console: Console, found: Compared) -> None:
    if found.first_ms is None or found.last_ms is None:
        console.print(f"[yellow]{escape(found.path)}: nothing in this period[/]")
        return
    when = f"{iso_time(found.first_ms)[:16]} to {iso_time(found.last_ms)[:16]} UTC"
    console.print(f"{escape(found.path)}: {found.mode}, {when}, {found.steps} steps, {found.events} events")
    for line in _warnings(found):
        console.print(f"[yellow]{escape(line)}[/]")
    sent_nothing = found.mode is Mode.OBSERVE
    for book in found.books:
        console.print(f"[bold]{escape(book.book)}[/]: live policy {escape(book.policy)}")
        wide = console.width >= WIDE
        console.print(shadow_table(book.shadows, wide, against=OWN if sent_nothing else ""))


def _warnings(found: Compared) -> Iterator[str]:
    if found.stopped:
        yield f"the record ends early: {found.stopped}"
    if found.differs_at_step is not None:
        yield (
            f"from step {found.differs_at_step} on this version would have asked for something else than "
            "was recorded; the live figures are of the recorded trades"
        )
    if found.mode is Mode.OBSERVE:
        yield "observe mode sent nothing: held against own, the live policy as it would have been filled"
