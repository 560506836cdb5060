"""`python -m tests.bench [--quick] [--json FILE]`: runs every benchmark and prints a table and JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.backtest import backtest
from tests.bench.footprint import footprint
from tests.bench.journal_growth import journal_growth, journal_start
from tests.bench.lives import fault_simulation
from tests.bench.monte_carlo import monte_carlo
from tests.bench.pipeline import decode_only, steps_per_second, ticker_to_decided
from tests.bench.scale import book_size
from tests.bench.shadows import shadows
from tests.bench.socket_cost import socket_to_decision, socket_to_event, socket_to_object
from tests.bench.takeover import takeover
from tests.bench.tick_to_order import tick_to_order


def main() -> None:
    """Run, print, and keep the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    words = parser.parse_args()
    scale = 10 if words.quick else 1
    figures = {
        "decode one ticker": decode_only(20_000 // scale),
        "ticker to decided, 100 options": ticker_to_decided(30_000 // scale),
        "pre-decoded events through the engine": steps_per_second(60_000 // scale),
        "tick to order": tick_to_order(400 // scale),
        "journal, one day of a busy book": journal_growth(4 if words.quick else 12),
        "journal, start on many trades": journal_start(100_000 // scale),
        "socket to typed object, flood, CPU": socket_to_object(60_000 // scale),
        "socket to checked quote, flood, CPU": socket_to_event(60_000 // scale),
        "socket to decision, flood, CPU": socket_to_decision(60_000 // scale),
        "one tick in books of two sizes, CPU": book_size(8_000 // scale),
        "one step beside shadows, CPU": shadows(30_000 // scale),
        "BTC and ETH chains whole": footprint(),
        "standby takes over": takeover(),
        "Monte Carlo, band policy": monte_carlo(100_000 // scale, 10_000),
        "fault simulation": fault_simulation(10 // min(scale, 5)),
        "backtest of the recorded months, CPU": backtest(1 if words.quick else 3),
    }
    table = Table("benchmark", "figure", "value")
    for name, rows in figures.items():
        for row, (figure, value) in enumerate(rows.items()):
            table.add_row(name if row == 0 else "", figure, f"{value:,.2f}")
    Console().print(table)
    print(json.dumps(figures))
    if words.json is not None:
        words.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
