// The live page: asks the daemon each second and shows what it says. It has no way to command.

import { age, clock, coin, el, number, show, table, timeOf, UNKNOWN, usd, words } from "./dom.js";
import { chart, gauge, inside } from "./gauge.js";

const POLL_MS = 1000;
const HIDDEN_POLL_MS = 10000;
const TIMEOUT_MS = 4000;
const MOST_POINTS = 1800;
const LATE_STEP_S = 5;
const LATE_DATA_S = 10;

const byId = (id) => document.getElementById(id);
const histories = new Map();
const cards = new Map();
let lastAnswer = null;
let seeded = false;

async function ask(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS), cache: "no-store" });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

async function poll() {
  try {
    const [status, page] = await Promise.all([ask("/v1/status"), ask(`/v1/decisions?limit=${seeded ? 20 : 500}`)]);
    if (!seeded) seed(page.decisions);
    remember(status);
    lastAnswer = { status, decisions: page.decisions.slice(0, 20), at: new Date() };
    document.body.classList.remove("stale");
    render();
  } catch (error) {
    document.body.classList.add("stale");
    lost(error);
  }
  setTimeout(poll, document.hidden ? HIDDEN_POLL_MS : POLL_MS);
}

function seed(decisions) {
  for (const d of [...decisions].reverse()) {
    add(d.book, { ms: d.market_ms, delta: d.delta_coin, lower: d.lower_coin, upper: d.upper_coin });
  }
  seeded = true;
}

function remember(status) {
  for (const book of status.books) {
    add(book.name, { ms: status.market_ms, delta: book.delta.used, lower: book.band.lower, upper: book.band.upper });
  }
}

function add(name, point) {
  if (!histories.has(name)) histories.set(name, []);
  const history = histories.get(name);
  if (history.length && point.ms <= history[history.length - 1].ms) return;
  history.push(point);
  if (history.length > MOST_POINTS) history.splice(0, history.length - MOST_POINTS);
}

function lost(error) {
  const since = lastAnswer ? `since ${lastAnswer.at.toLocaleTimeString()}: the figures below are old` : "yet";
  show(byId("alerts"), ["lost", since], alert("bad", `No answer from the daemon ${since}.`, String(error.message ?? error)));
  document.title = "⚠ hedger: no answer";
}

function render() {
  const { status, decisions } = lastAnswer;
  renderHeader(status);
  renderAlerts(status);
  renderBooks(status);
  show(byId("decisions"), decisions, decisionTable(decisions));
  show(byId("orders"), status.orders, ordersSummary(status.orders), orderTable(status.orders.recent));
  show(byId("venues"), status.venues, venueTable(status.venues));
  show(byId("build"), status.version, `hedger ${status.version}`);
}

function renderHeader(status) {
  const environment = status.environment ?? "no venue";
  const badges = [
    el("span", { class: `badge mode ${status.mode}` }, status.mode.toUpperCase()),
    el("span", { class: `badge environment ${environment}` }, environment),
    el("span", { class: `badge state ${status.state}` }, words(status.state)),
  ];
  show(byId("badges"), [status.mode, environment, status.state], badges);
  const ages = status.venues.map((v) => v.data_age_s);
  const oldest = ages.includes(null) || !ages.length ? null : Math.max(...ages);
  const facts = [
    ["market time", `${status.time.slice(0, 10)} ${clock(status.time)} UTC`],
    ["data age", age(oldest)],
    ["config", status.config_hash || UNKNOWN],
    ["up", age(status.uptime_s)],
  ];
  show(byId("facts"), facts, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  document.title = title(status);
}

function title(status) {
  const book = status.books[0];
  const delta = book ? `Δ ${coin(book.delta.used)} ${book.underlying}` : words(status.state);
  return `${delta} · ${status.mode.toUpperCase()} · hedger`;
}

function alert(tone, text, detail = "") {
  return el("p", { class: `alert ${tone}` }, el("strong", {}, text), detail ? ` ${detail}` : "");
}

function renderAlerts(status) {
  const found = [];
  const { orders, venues } = status;
  if (status.last_step_age_s === null || status.last_step_age_s > LATE_STEP_S) {
    found.push(["bad", "The engine is not stepping.", `Last step ${age(status.last_step_age_s)} ago.`]);
  }
  if (status.state === "halted") found.push(["bad", "Halted.", "Nothing leaves until an operator resumes."]);
  if (!status.journal_ok) found.push(["bad", "The journal cannot be written.", "No orders are sent."]);
  if (orders.unknown) found.push(["bad", `${orders.unknown} order(s) with unknown outcome.`, "They are being looked up."]);
  for (const venue of venues) {
    if (!venue.connected) found.push(["bad", `${venue.name} is disconnected.`]);
    else if (venue.data_age_s === null || venue.data_age_s > LATE_DATA_S) found.push(["warn", `${venue.name} sends no data.`, `Last ${age(venue.data_age_s)} ago.`]);
    if (venue.locked) found.push(["warn", `${venue.name} has locked trading.`]);
  }
  if (status.settings_error) found.push(["warn", "The last reload was refused; the old settings stay.", status.settings_error]);
  if (status.missing.length) found.push(["warn", "Awaited:", status.missing.join(", ")]);
  show(byId("alerts"), found, found.map((a) => alert(...a)));
}

function renderBooks(status) {
  const names = status.books.map((b) => b.name);
  for (const [name, card] of cards) {
    if (!names.includes(name)) { card.remove(); cards.delete(name); }
  }
  for (const book of status.books) {
    if (!cards.has(book.name)) {
      cards.set(book.name, bookCard(book.name));
      byId("books").append(cards.get(book.name));
    }
    renderBook(cards.get(book.name), book);
  }
}

function bookCard(name) {
  const part = (kind, tag = "div", extra = {}) => el(tag, { class: kind, "data-part": kind, ...extra });
  return el("section", { class: "card book", "aria-label": `Book ${name}` },
    part("head", "header"), part("why"),
    el("div", { class: "drawings" }, part("gauge"), part("chart")),
    part("deltas"), part("figures", "dl"),
    el("details", { open: "" }, el("summary", {}, "Positions"), part("positions", "div", { tabindex: "0", role: "region", "aria-label": `Positions of ${name}` })));
}

function renderBook(card, book) {
  const part = (kind) => card.querySelector(`[data-part=${kind}]`);
  show(part("head"), [book.name, book.state, book.neutral, book.policy, book.hedge_instrument], bookHead(book));
  show(part("why"), [book.why, book.last_decision?.time], whyPanel(book));
  part("why").className = `why ${book.why.action ?? "none"}`;
  draw(part("gauge"), [book.delta, book.band, book.target], (width) => gauge(book, width), "Delta is not known yet.");
  const history = histories.get(book.name);
  draw(part("chart"), [history.length, history[history.length - 1].ms], (width) => chart(history, width), "The course of delta appears here.");
  show(part("deltas"), [book.delta, book.neutral], deltaTiles(book));
  show(part("figures"), figures(book), figures(book).map(([name, value, unit, note]) => figure(name, value, unit, note)));
  show(part("positions"), book.positions, positionTable(book));
}

function draw(node, content, drawing, empty) {
  const width = Math.max(Math.floor(node.clientWidth), 260);
  show(node, [content, width], drawing(width) ?? el("p", { class: "empty" }, empty));
}

function bookHead(book) {
  const steered = book.neutral ? `neutral in ${book.neutral}` : "display only: no neutral chosen";
  return [
    el("h2", {}, book.name),
    el("span", { class: "sub" }, `${book.underlying} on ${book.venue} · policy ${words(book.policy)} · ${steered} · hedges with ${book.hedge_instrument}`),
    book.state === "running" ? null : el("span", { class: `badge state ${book.state}` }, words(book.state)),
  ];
}

function whyPanel(book) {
  const { why } = book;
  const tags = el("div", { class: "tags" },
    el("span", { class: `tag action ${why.action ?? "none"}` }, words(why.action ?? "no decision")),
    why.reason ? el("span", { class: "tag" }, words(why.reason)) : null,
    why.binding ? el("span", { class: "tag dim" }, `bound by ${words(why.binding)}`) : null,
    book.last_decision ? el("time", { class: "tag dim", datetime: book.last_decision.time }, clock(book.last_decision.time)) : null);
  const distances = el("dl", { class: "distance" },
    fact("to next trigger", why.distance_coin === null ? UNKNOWN : `${number(why.distance_coin, 4)} ${book.underlying}`),
    fact("index move", why.distance_move_pct === null ? UNKNOWN : `${number(why.distance_move_pct, 2, true)} %`),
    fact("trigger level", why.next_trigger_index_usd === null ? UNKNOWN : `${usd(why.next_trigger_index_usd)} USD`));
  return [el("div", { class: "because" }, el("h3", {}, "Why?"), tags, el("p", { class: "sentence" }, why.sentence)), distances];
}

function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

function deltaTiles(book) {
  const tile = (name, note, value, used) => el("div", { class: `tile${used ? " used" : ""}` },
    el("span", { class: "name" }, name), el("span", { class: "value" }, coin(value), el("small", {}, ` ${book.underlying}`)),
    el("span", { class: "note" }, used ? "the book is steered by this" : note));
  return [
    tile("Net transaction", "premium-adjusted options + futures", book.delta.net_transaction, book.neutral === "coin"),
    tile("With equity", "coin equity + net transaction", book.delta.with_equity, book.neutral === "usd"),
    tile("Black", "unadjusted Black-76 + futures", book.delta.black, book.neutral === "black"),
    tile("Controlled", inside(book) ? "inside the band, in-flight included" : "in-flight hedges included", book.delta.used, false),
  ];
}

function figures(book) {
  const { hedge_position: hedge } = book;
  return [
    ["Index", usd(book.index_usd), "USD"],
    ["Equity", number(book.equity_coin, 4), book.underlying],
    ["Gamma", book.gamma_coin_per_usd === null ? UNKNOWN : number(book.gamma_coin_per_usd * 1000, 4, true), `${book.underlying} per 1,000 USD`],
    ["Theta", usd(book.theta_usd_per_day, true), "USD per day"],
    ["Vega", usd(book.vega_usd, true), "USD per point"],
    ["Hedge position", coin(hedge.coin), book.underlying, `${usd(hedge.usd, true)} USD`],
    ["In flight", coin(book.in_flight_coin), book.underlying],
    ["Turnover 24 h", usd(book.turnover_usd_24h), "USD", `${book.hedges_24h} hedges`],
    ["Fees 24 h", number(book.fees_usd_24h, 2), "USD"],
    ["Last hedge", book.last_hedge ? clock(book.last_hedge.time) : "none", "", lastHedge(book.last_hedge)],
  ];
}

function lastHedge(hedge) {
  return hedge ? `${hedge.side} ${usd(Math.abs(hedge.amount_usd))} USD · ${words(hedge.reason)}` : "";
}

function figure(name, value, unit, note) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value, unit ? el("small", {}, ` ${unit}`) : null), note ? el("dd", { class: "note" }, note) : null);
}

const num = (title, value, tone) => ({ title, value, tone, kind: "num" });
const txt = (title, value, tone) => ({ title, value, tone, kind: "txt" });

function positionTable(book) {
  return table([
    txt("instrument", (p) => p.instrument),
    num("size", (p) => `${p.size} ${p.unit === "coin" ? book.underlying : p.unit}`),
    num("mark", (p) => (p.mark === null ? UNKNOWN : number(p.mark, p.kind === "option" ? 4 : 1))),
    num("IV", (p) => (p.iv === null ? UNKNOWN : `${number(p.iv * 100, 1)} %`)),
    num("delta", (p) => coin(p.delta_coin)),
    num("net tx delta", (p) => coin(p.net_transaction_delta_coin)),
    num("theta/day", (p) => usd(p.theta_usd_per_day, true)),
    num("vega", (p) => usd(p.vega_usd, true)),
    num("quote age", (p) => age(p.quote_age_s), (p) => (p.missing ? "warn" : "")),
    txt("", (p) => p.missing, () => "warn"),
  ], book.positions, "No positions known.");
}

function decisionTable(decisions) {
  return table([
    txt("time", (d) => clock(d.time)),
    txt("book", (d) => d.book),
    txt("action", (d) => el("span", { class: `tag action ${d.action}` }, words(d.action))),
    txt("reason", (d) => words(d.reason)),
    num("delta", (d) => coin(d.delta_coin)),
    num("order USD", (d) => (d.amount_usd ? usd(d.amount_usd, true) : UNKNOWN)),
    { title: "detail", kind: "txt wide", value: (d) => d.detail },
  ], decisions, "No decisions yet.");
}

function ordersSummary(orders) {
  const foreign = orders.foreign_open ? ` · ${orders.foreign_open} open by others on this account` : "";
  return el("p", { class: "summary" }, `${orders.open} open · ${orders.unknown} unknown${foreign}`);
}

function orderTable(orders) {
  return table([
    txt("time", (o) => timeOf(o.created_ms)),
    txt("label", (o) => o.label),
    txt("side", (o) => o.side, (o) => o.side),
    num("amount", (o) => o.amount),
    num("filled", (o) => o.filled),
    num("price", (o) => o.price),
    num("average", (o) => (Number(o.average_price) ? o.average_price : UNKNOWN)),
    txt("state", (o) => words(o.state), (o) => (["unknown", "rejected"].includes(o.state) ? "warn" : "")),
    { title: "detail", kind: "txt wide", value: (o) => o.detail },
  ], orders, "No orders in this run.");
}

function venueTable(venues) {
  return table([
    txt("venue", (v) => v.name),
    txt("environment", (v) => v.environment),
    txt("account", (v) => v.account_id || UNKNOWN),
    txt("link", (v) => (v.connected ? "connected" : "disconnected"), (v) => (v.connected ? "good" : "warn")),
    num("data age", (v) => age(v.data_age_s)),
    num("round trip", (v) => (v.round_trip_s === null ? UNKNOWN : `${number(v.round_trip_s * 1000, 0)} ms`)),
    num("clock skew", (v) => (v.clock_skew_ms === null ? UNKNOWN : `${number(v.clock_skew_ms, 0, true)} ms`)),
    num("credits", (v) => number(v.credits, 0)),
    num("reconnects", (v) => String(v.reconnects)),
  ], venues, "No venue configured.");
}

window.addEventListener("resize", () => lastAnswer && render());
poll();
