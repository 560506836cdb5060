"""Orders by hand over HTTP: only with the token, only what makes sense, and answered with a label or a
reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hedger.domain.order import Side
from hedger.engine.events import CancelGiven
from hedger.engine.hedging.manual_order import OrderAnswered
from tests.web.desk import TOKEN, Desk

WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
ORDER = {
    "instrument": "BTC-PERPETUAL",
    "side": "buy",
    "amount": "1000",
    "price": "64000.5",
    "reason": "drill",
    "by": "ana",
}


async def post(client: TestClient, path: str = "/v1/orders", **changes: Any) -> tuple[int, dict[str, Any]]:
    response = await client.post(path, json={**ORDER, **changes}, headers=WITH_TOKEN)
    return response.status, await response.json()


async def test_an_order_reaches_the_engine_exactly_as_asked(client: TestClient, desk: Desk) -> None:
    status, answer = await post(client, post_only=True)
    assert status == 200
    assert answer == {
        "label": "h-btc_main-7-43",
        "book": "btc_main",
        "detail": "written down and on its way",
    }
    (asked,) = desk.asked
    assert (asked.book, asked.instrument, asked.side) == ("btc_main", "BTC-PERPETUAL", Side.BUY)
    assert (asked.amount, asked.price) == (Decimal(1000), Decimal("64000.5"))
    assert (asked.post_only, asked.immediate, asked.by) == (True, False, "ana")


async def test_an_order_without_a_price_is_a_market_order(client: TestClient, desk: Desk) -> None:
    await post(client, price="")
    assert desk.asked[0].price is None


async def test_two_orders_have_numbers_of_their_own(client: TestClient, desk: Desk) -> None:
    await post(client)
    await post(client)
    assert len({asked.number for asked in desk.asked}) == 2


async def test_a_refusal_is_told_with_its_limit(client: TestClient, desk: Desk) -> None:
    desk.answered = OrderAnswered("", "order_notional: order of 900000.00 USD, max_order_usd = 250000")
    status, answer = await post(client)
    assert status == 409
    assert "max_order_usd" in answer["error"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "-10"}, "amount"),
        ({"amount": "ten"}, "amount"),
        ({"price": "0"}, "price"),
        ({"price": "Infinity"}, "price"),
        ({"side": "long"}, "side"),
        ({"instrument": "GOLD"}, "instrument"),
        ({"instrument": "ETH-PERPETUAL"}, "book"),
        ({"book": "eth"}, "book"),
        ({"post_only": True, "ioc": True}, "post_only"),
        ({"post_only": True, "price": ""}, "post_only"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(
    client: TestClient, desk: Desk, changes: dict[str, Any], field: str
) -> None:
    status, answer = await post(client, **changes)
    assert status in (400, 404)
    assert answer["field"] == field
    assert desk.asked == []


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders/cancel"])
async def test_without_the_token_nothing_is_placed_or_cancelled(
    client: TestClient, desk: Desk, path: str
) -> None:
    response = await client.post(path, json=ORDER)
    assert response.status == 401
    assert desk.asked == []
    assert desk.cancels == []


async def test_a_cancel_names_one_of_our_orders(client: TestClient, desk: Desk) -> None:
    body = {"label": "h-btc_main-7-42", "reason": "drill", "by": "ana"}
    response = await client.post("/v1/orders/cancel", json=body, headers=WITH_TOKEN)
    assert await response.json() == {"label": "h-btc_main-7-42", "state": "filled"}
    assert desk.cancels == [CancelGiven(label="h-btc_main-7-42", by="ana", reason="drill")]


async def test_a_cancel_of_somebody_elses_order_finds_nothing(client: TestClient, desk: Desk) -> None:
    body = {"label": "theirs", "reason": "drill"}
    response = await client.post("/v1/orders/cancel", json=body, headers=WITH_TOKEN)
    assert response.status == 404
    assert desk.cancels == []


async def test_a_plan_can_be_asked_for_after_a_resume(client: TestClient, desk: Desk) -> None:
    await client.get("/v1/plan?resumed=true")
    await client.get("/v1/plan")
    assert desk.resumed == [True, False]
    assert (await client.get("/v1/plan?resumed=yes")).status == 400
