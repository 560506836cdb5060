"""`config/default.toml`, written from the catalogue: every key with its unit, meaning, bounds and default.

python -m hedger.settings.document > config/default.toml
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from hedger.domain.keys import Key
from hedger.settings.catalogue import ANY, PROFILE, REQUIRED, SHADOW, TABLES, Entry, Path, dotted
from hedger.settings.effective import plain

_HEAD = """\
# Every key of hedger, at its default. Generated: `python -m hedger.settings.document > config/default.toml`.
#
# A configuration needs one [venues.NAME] and one [books.NAME]; leave out whatever is right by default.
# Each key is also an environment variable, tables joined by two underscores:
#     HEDGER_BOOKS__BTC__BAND__UPPER=0.2      HEDGER_VENUES__DERIBIT__CLIENT_SECRET=...
# and a file of that name in `secrets_dir`. Paths of secret files start at the folder of this file, others at
# the working folder. Stronger first: `hedger set` on the running daemon, --set, environment, secret file,
# this file, preset, default.
# `hedger check -c FILE` shows what is obeyed, and where each value comes from.
"""

_ABOUT: dict[Path, str] = {
    ("venues", ANY): "One account at one venue; deribit is a name of your choice (a-z, 0-9, _).",
    ("books", ANY): "One book: all positions of one underlying at one venue; btc is a name of your choice.",
    ("books", ANY, "band"): 'Parameters of policy = "band".',
    (
        "books",
        ANY,
        "time",
    ): 'Parameters of policy = "time": every window to the target; times are market time.',
    ("books", ANY, "whalley_wilmott"): 'Parameters of policy = "whalley_wilmott", a utility band.',
    ("books", ANY, "zakamouline"): 'Parameters of policy = "zakamouline": a utility band for short gamma.',
    ("books", ANY, "theta_offset"): 'Parameters of policy = "theta_offset"; times are market time.',
    ("books", ANY, "delta"): "Whose delta counts, and how long a model may stand in for a dead feed.",
    ("books", ANY, "partial"): "A hedge in parts: a share of it at once, the rest in slices. Any policy.",
    ("books", ANY, "settlement"): "The half hour before 08:00 UTC of a day on which options expire.",
    PROFILE: "A profile replaces some parameters of the policy while the schedule says so, or none does.",
    SHADOW: "A shadow is another policy on the same events: asked, counted, and sent nothing.",
    ("books", ANY, "schedule"): "Profiles, blackouts and announced events; market time, UTC.",
    ("books", ANY, "scope"): "What belongs to the book; its own hedges always do.",
    (
        "books",
        ANY,
        "scope",
        "base_position",
    ): 'A directional or collateral position set aside, as "BTC-PERPETUAL" = -100000.0; any number of them.',
    (
        "books",
        ANY,
        "envelope",
    ): "The limits every hedge passes; one that does not fit is shrunk or refused.",
    ("books", ANY, "margin"): "The floor under the account's margin; a hedge that breaks it is shrunk.",
    ("books", ANY, "execution"): "How a hedge is worked.",
    ("books", ANY, "by_expiry"): "Dated futures for the standing part of the hedge; times are market time.",
    ("timing",): "Deadlines and staleness; wire time.",
    ("attribution",): "Where each wallet's change of equity came from.",
    ("journal",): "Orders, fills and decisions, durable before an order is sent.",
    ("lease",): "One writer per account: a second daemon on the same journal is a standby.",
    ("web",): "The page, the API and the metrics.",
    ("log",): "Logs go to standard error.",
    (
        "watchdog",
    ): "Signs of life to the outside, while the engine steps on fresh data. The address is a secret.",
    ("recorder",): "The flight recorder, for `hedger replay`.",
}

_EXAMPLES: dict[str, Any] = {
    "venue": "deribit",
    "underlying": "BTC",
    "hedge_instrument": "BTC-PERPETUAL",
    "environment": "testnet",
    "neutral": "coin",
    "counts_equity": True,
}
_NAMES = {"venues": "deribit", "books": "btc"}


def default_toml() -> str:
    """The whole file."""
    tables = (table for table in TABLES if table not in _TOLD)
    return "\n".join([_HEAD, *(line for table in tables for line in _table(table))]).rstrip() + "\n"


_PROFILE_EXAMPLE = """\
#
#     [books.btc.profiles.weekend]
#     lower = -0.3
#     upper = 0.3
#     [books.btc.schedule]
#     profiles = ["sat,sun 00:00-24:00 weekend"]
"""


_SHADOW_EXAMPLE = """\
# What it leaves out is as in the book's own table of that policy; `hedger status` and the metrics compare.
#
#     [books.btc.shadows.wide]
#     policy = "band"
#     lower = -0.3
#     upper = 0.3
#     [books.btc.shadows.windows]
#     policy = "theta_offset"
#     [books.btc.shadows.windows.partial]
#     first_share = 0.75
"""

_NAMED = {PROFILE: _PROFILE_EXAMPLE, SHADOW: _SHADOW_EXAMPLE}
_TOLD = ((*SHADOW, "partial"),)  # tables whose keys stand elsewhere in the file


def _table(pattern: Path) -> Iterator[str]:
    if pattern in _NAMED:
        yield f"# {_ABOUT[pattern]}"
        yield _NAMED[pattern]
        return
    if pattern:
        path = tuple(_NAMES[pattern[0]] if step == ANY else step for step in pattern)
        yield from (f"# {_ABOUT[pattern]}", f"[{dotted(path)}]")
    for name, entry in TABLES[pattern].items():
        yield from _key(name, entry)
    yield ""


def _key(name: str, entry: Entry) -> Iterator[str]:
    given = entry.default in (REQUIRED, None)
    value = _EXAMPLES[name] if given else (entry.key.word_of(entry.default) or plain(entry.default))
    facts = [fact for fact in (entry.key.unit, *_bounds(entry.key), "no default" if given else "") if fact]
    yield f"# {entry.key.meaning}" + (f" [{'; '.join(facts)}]" if facts else "")
    yield f"{name} = {toml_value(value)}"


def _bounds(key: Key) -> Iterator[str]:
    for word, bound in (("above", key.above), ("at least", key.least), ("at most", key.most)):
        if bound is not None:
            yield f"{word} {bound:.10g}"


def toml_value(value: Any) -> str:
    """A plain value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, int | float):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


if __name__ == "__main__":
    sys.stdout.write(default_toml())
