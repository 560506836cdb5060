"""Every path of the API, asked over a real socket."""

from __future__ import annotations

import math

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from hedger.domain.vocabulary import Action, Environment, Reason, State
from hedger.web.answers import StatusAnswer, environment_of
from tests.view_fixtures import MARKET_MS, book, decision, status, unknown_book, venue
from tests.web.desk import Desk

TOP = {"mode", "state", "config_hash", "uptime_s", "venues", "books", "orders"}
BOOK = {
    *("name", "underlying", "neutral", "delta", "target", "band", "gamma_coin_per_usd", "theta_usd_per_day"),
    *("vega_usd", "hedge_position", "in_flight_coin", "turnover_usd_24h", "fees_usd_24h", "last_decision"),
}
DECISION = {
    *("time", "action", "amount_coin", "amount_usd", "reason", "binding"),
    *("distance_coin", "distance_move_pct"),
}


async def test_status_holds_every_promised_field(client: TestClient) -> None:
    answer = await (await client.get("/v1/status")).json()
    assert set(answer) >= TOP
    assert set(answer["venues"][0]) >= {"name", "connected", "data_age_s", "credits"}
    shown = answer["books"][0]
    assert set(shown) >= BOOK
    assert set(shown["delta"]) >= {"black", "net_transaction", "with_equity", "used", "source", "rung"}
    assert set(shown["band"]) >= {"lower", "upper", "hard_lower", "hard_upper"}
    assert set(shown["hedge_position"]) == {"coin", "usd"}
    assert set(shown["last_decision"]) >= DECISION
    assert set(answer["orders"]) >= {"open", "unknown"}


async def test_status_reads_back_as_the_type_the_command_line_uses(client: TestClient, desk: Desk) -> None:
    body = await (await client.get("/v1/status")).read()
    answer = msgspec.json.decode(body, type=StatusAnswer)
    assert answer.books[0].delta == desk.shown.books[0].delta
    assert answer.books[0].last_decision is not None
    assert answer.books[0].last_decision.time == "2026-02-02T02:40:00.123Z"
    assert answer.books[0].last_decision.binding == "band"
    assert answer.environment is Environment.TESTNET


async def test_what_is_not_known_is_null_and_never_zero_or_nan(client: TestClient, desk: Desk) -> None:
    desk.shown = status(books=(unknown_book(gamma_coin_per_usd=math.nan),), last_step_age_s=math.inf)
    answer = await (await client.get("/v1/status")).json()
    assert answer["books"][0]["delta"]["used"] is None
    assert answer["books"][0]["gamma_coin_per_usd"] is None
    assert answer["books"][0]["last_decision"] is None
    assert answer["last_step_age_s"] is None


def test_the_environment_shown_is_the_most_dangerous_one() -> None:
    venues = (venue(environment=Environment.PRODUCTION), venue(environment=Environment.LOCAL))
    assert environment_of(status(venues=venues)) is Environment.PRODUCTION
    assert environment_of(status(venues=())) is None


async def test_healthz_follows_the_loop_and_nothing_else(client: TestClient, desk: Desk) -> None:
    desk.shown = status(venues=(venue(connected=False),))
    assert (await client.get("/healthz")).status == 200
    desk.step_age_s = 60.0
    response = await client.get("/healthz")
    assert response.status == 503
    assert (await response.json())["last_step_age_s"] == 60.0


async def test_readyz_names_what_is_missing(client: TestClient, desk: Desk) -> None:
    assert (await client.get("/readyz")).status == 200
    desk.shown = status(state=State.WARMING_UP, books=(book(missing=("ticker BTC-27FEB26-70000-C",)),))
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["missing"] == ["btc_main: ticker BTC-27FEB26-70000-C"]


async def test_decisions_come_newest_first_and_page_backwards_without_a_gap(client: TestClient) -> None:
    first = await (await client.get("/v1/decisions?limit=3")).json()
    assert [d["market_ms"] for d in first["decisions"]] == [MARKET_MS - 1000 * n for n in (1, 2, 3)]
    before = first["next_before_ms"]
    second = await (await client.get(f"/v1/decisions?limit=1&before_ms={before}")).json()
    assert second["decisions"][0]["market_ms"] == MARKET_MS - 4000


async def test_a_page_that_is_not_full_is_the_last_one(client: TestClient) -> None:
    answer = await (await client.get("/v1/decisions?limit=500&book=btc_main")).json()
    assert len(answer["decisions"]) == 120
    assert answer["next_before_ms"] is None


async def test_why_answers_for_each_book(client: TestClient, desk: Desk) -> None:
    blocked = decision(action=Action.BLOCKED, reason=Reason.UNKNOWN_ORDER, detail="")
    desk.shown = status(books=(book(), book(name="eth_main", last_decision=blocked)))
    both = await (await client.get("/v1/why")).json()
    assert [b["book"] for b in both["books"]] == ["btc_main", "eth_main"]
    one = await (await client.get("/v1/why?book=eth_main")).json()
    assert one["books"][0]["binding"] == "order"
    assert one["books"][0]["sentence"].startswith("Blocked: the outcome of an order is unknown")


async def test_plan_tells_the_hedge_in_three_units(client: TestClient) -> None:
    plan = (await (await client.get("/v1/plan?book=btc_main")).json())["plans"][0]
    assert (plan["amount_coin"], plan["amount_usd"], plan["amount_contracts"]) == (-0.1307, -8400.0, -840.0)


async def test_metrics_are_text_prometheus_reads(client: TestClient) -> None:
    response = await client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "hedger_net_delta_coin" in await response.text()


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e3", "limit"),
        ("limit=%C2%B2", "limit"),
        ("limit=" + "9" * 30, "limit"),
        ("before_ms=soon", "before_ms"),
        ("bok=btc_main", "bok"),
    ],
)
async def test_a_bad_parameter_is_refused_by_name(client: TestClient, query: str, field: str) -> None:
    response = await client.get(f"/v1/decisions?{query}")
    assert response.status == 400
    assert (await response.json())["field"] == field


@pytest.mark.parametrize("path", ["/v1/decisions", "/v1/why", "/v1/plan"])
async def test_an_unknown_book_is_answered_with_the_known_ones(client: TestClient, path: str) -> None:
    response = await client.get(f"{path}?book=doge")
    assert response.status == 404
    assert await response.json() == {"error": "no such book: 'doge', known: btc_main", "field": "book"}


async def test_the_outlook_holds_ladder_and_grid_of_each_book(client: TestClient) -> None:
    answer = await (await client.get("/v1/outlook")).json()
    (book,) = answer["books"]
    assert set(book["ladder"][0]) == {
        *("index_usd", "move_pct", "delta_before_coin", "amount_coin", "delta_after_coin")
    }
    assert set(book["grid"][0]) == {
        *("move_pct", "vol_shift_points", "pnl_coin", "pnl_usd", "delta_coin"),
        *("margin_balance", "maintenance_margin", "margin_left"),
    }
    assert (await client.get("/v1/outlook?book=eth")).status == 404


async def test_the_chain_is_asked_for_by_underlying_and_defaults_to_the_first_books(
    client: TestClient,
) -> None:
    answer = await (await client.get("/v1/chain")).json()
    assert answer["underlying"] == "BTC"
    assert answer["expiries"][0]["strikes"][0]["call"]["size"] == "-10"
    assert (await (await client.get("/v1/chain?underlying=ETH")).json())["underlying"] == "ETH"
    assert (await client.get("/v1/chain?underlying=..%2F")).status == 400
