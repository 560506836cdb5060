// The long lists: positions and their tickers, decisions, orders, venues.

import { age, clock, coin, el, exact, known, num, number, pct, table, timeOf, txt, UNKNOWN, usd, wide, words } from "./dom.js";

export function positionTable(book) {
  const price = (field) => (p) => number(p[field], p.kind === "option" && p[field] < 100 ? 4 : 1);
  return table([
    txt("instrument", (p) => p.instrument),
    num("size", (p) => `${exact(p.size)} ${p.unit === "coin" ? book.underlying : p.unit}`),
    num("bid", price("bid")),
    num("mark", price("mark")),
    num("ask", price("ask")),
    num("IV", (p) => pct(p.iv)),
    num("delta", (p) => coin(p.delta_coin)),
    num("net tx delta", (p) => coin(p.net_transaction_delta_coin)),
    num("Γ / 1,000 USD", (p) => (known(p.gamma_coin_per_usd) ? number(p.gamma_coin_per_usd * 1000, 4, true) : UNKNOWN)),
    num("Θ USD/day", (p) => usd(p.theta_usd_per_day, true)),
    num("vega USD", (p) => usd(p.vega_usd, true)),
    num("age", (p) => age(p.quote_age_s), (p) => (p.missing ? "warn" : "")),
    txt("", (p) => p.missing, () => "warn"),
  ], book.positions, "No positions known.");
}

export function decisionTable(decisions) {
  return table([
    txt("time", (d) => clock(d.time)),
    txt("book", (d) => d.book),
    txt("action", (d) => el("span", { class: `tag action ${d.action}` }, words(d.action))),
    txt("reason", (d) => words(d.reason)),
    num("delta", (d) => coin(d.delta_coin)),
    num("order USD", (d) => (d.amount_usd ? usd(d.amount_usd, true) : UNKNOWN)),
    wide("detail", (d) => d.detail),
  ], decisions, "No decisions yet.");
}

export function ordersSummary(orders) {
  const foreign = orders.foreign_open ? ` · ${orders.foreign_open} open by others on this account` : "";
  return el("p", { class: "summary" }, `${orders.open} open · ${orders.unknown} unknown${foreign}`);
}

export function orderTable(orders) {
  return table([
    txt("time", (o) => timeOf(o.created_ms)),
    txt("label", (o) => o.label),
    txt("purpose", (o) => words(o.purpose)),
    txt("side", (o) => o.side, (o) => o.side),
    num("amount", (o) => exact(o.amount)),
    num("filled", (o) => exact(o.filled)),
    num("price", (o) => exact(o.price)),
    num("average", (o) => (Number(o.average_price) ? exact(o.average_price) : UNKNOWN)),
    txt("state", (o) => words(o.state), (o) => (["unknown", "rejected"].includes(o.state) ? "warn" : "")),
    wide("detail", (o) => o.detail),
  ], orders, "No orders in this run.");
}

export function venueTable(venues) {
  return table([
    txt("venue", (v) => v.name),
    txt("environment", (v) => v.environment),
    txt("account", (v) => v.account_id || UNKNOWN),
    txt("link", (v) => (v.connected ? "connected" : "disconnected"), (v) => (v.connected ? "good" : "warn")),
    num("data age", (v) => age(v.data_age_s)),
    num("round trip", (v) => (known(v.round_trip_s) ? `${number(v.round_trip_s * 1000, 0)} ms` : UNKNOWN)),
    num("clock skew", (v) => (known(v.clock_skew_ms) ? `${number(v.clock_skew_ms, 0, true)} ms` : UNKNOWN)),
    num("credits", (v) => number(v.credits, 0)),
    num("reconnects", (v) => String(v.reconnects)),
  ], venues, "No venue configured.");
}
