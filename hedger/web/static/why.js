// The head of a book and its answer to "why did you not hedge?": what a trader asks first.

import { clock, el, known, number, UNKNOWN, usd, words } from "./dom.js";

export function bookHead(book) {
  const steered = book.neutral ? `neutral in ${book.neutral}` : "display only: no neutral chosen";
  return [
    el("h2", {}, book.name),
    el("span", { class: "sub" }, `${book.underlying} on ${book.venue} · policy ${words(book.policy)} · ${steered} · hedges with ${book.hedge_instrument}`),
    book.state === "running" ? null : el("span", { class: `badge state ${book.state}` }, words(book.state)),
  ];
}

export function whyPanel(book) {
  const { why } = book;
  const tags = el("div", { class: "tags" },
    el("span", { class: `tag action ${why.action ?? "none"}` }, words(why.action ?? "no decision")),
    why.reason ? el("span", { class: "tag" }, words(why.reason)) : null,
    why.binding ? el("span", { class: "tag dim" }, `bound by ${words(why.binding)}`) : null,
    book.last_decision ? el("time", { class: "tag dim", datetime: book.last_decision.time }, clock(book.last_decision.time)) : null);
  const distances = el("dl", { class: "distance" },
    fact("to next trigger", known(why.distance_coin) ? `${number(why.distance_coin, 4)} ${book.underlying}` : UNKNOWN),
    fact("index move", known(why.distance_move_pct) ? `${number(why.distance_move_pct, 2, true)} %` : UNKNOWN),
    fact("trigger level", known(why.next_trigger_index_usd) ? `${usd(why.next_trigger_index_usd)} USD` : UNKNOWN));
  return [el("div", { class: "because" }, el("h3", {}, "Why?"), tags, el("p", { class: "sentence" }, why.sentence)), distances];
}

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

export function figures(book) {
  const { hedge_position: hedge } = book;
  return [
    ["Index", usd(book.index_usd), "USD"],
    ["Equity", number(book.equity_coin, 4), book.underlying],
    ["Gamma", known(book.gamma_coin_per_usd) ? number(book.gamma_coin_per_usd * 1000, 4, true) : UNKNOWN, `${book.underlying} per 1,000 USD`],
    ["Theta", usd(book.theta_usd_per_day, true), "USD per day"],
    ["Vega", usd(book.vega_usd, true), "USD per point"],
    ["Hedge position", number(hedge.coin, 4, true), book.underlying, `${usd(hedge.usd, true)} USD`],
    ["In flight", number(book.in_flight_coin, 4, true), book.underlying],
    ["Turnover 24 h", usd(book.turnover_usd_24h), "USD", `${book.hedges_24h} hedges`],
    ["Fees 24 h", number(book.fees_usd_24h, 2), "USD"],
    ["Last hedge", book.last_hedge ? clock(book.last_hedge.time) : "none", "", lastHedge(book.last_hedge)],
  ];
}

function lastHedge(hedge) {
  return hedge ? `${hedge.side} ${usd(Math.abs(hedge.amount_usd))} USD · ${words(hedge.reason)}` : "";
}

export function figure([name, value, unit, note]) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value, unit ? el("small", {}, ` ${unit}`) : null), note ? el("dd", { class: "note" }, note) : null);
}
