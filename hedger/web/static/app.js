// The live page: asks the daemon each second and shows what it says. It has no way to command.
// What is heavy (the outlook, the option chain) is asked for only while it is open.

import { banner, conditions, critical, renderAlarms } from "./alarms.js";
import { bookCard, renderBook } from "./book.js";
import { renderChain } from "./chain.js";
import { age, clock, coin, el, show, UNKNOWN, words } from "./dom.js";
import { earned } from "./earned.js";
import { decisionTable, ordersSummary, orderTable, venueTable } from "./lists.js";
import { renderOutlook } from "./outlook.js";

const POLL_MS = 1000;
const HEAVY_POLL_MS = 5000;
const HIDDEN_POLL_MS = 10000;
const TIMEOUT_MS = 4000;
const MOST_POINTS = 1800;

const byId = (id) => document.getElementById(id);
const histories = new Map();
const cards = new Map();
const heavy = { outlooks: new Map(), chain: null, chainOf: "", asking: false, again: false };
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
    const first = lastAnswer === null;
    lastAnswer = { status, decisions: page.decisions.slice(0, 20), at: new Date() };
    document.body.classList.remove("stale");
    render();
    if (first) arrived();
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
  show(byId("alerts"), ["lost", since], banner("bad", `No answer from the daemon ${since}.`, String(error.message ?? error)));
  document.title = "⚠ hedger: no answer";
}

function render() {
  const { status, decisions } = lastAnswer;
  renderHeader(status);
  renderAlarms(byId("alarms"), status);
  const found = conditions(status);
  show(byId("alerts"), found, ...found.map((each) => banner(...each)));
  renderBooks(status);
  show(byId("earned"), status.attribution, earned(status.attribution));
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
  return `${critical(status) ? "⚠ " : ""}${delta} · ${status.mode.toUpperCase()} · hedger`;
}

function renderBooks(status) {
  const names = status.books.map((b) => b.name);
  for (const [name, card] of cards) {
    if (!names.includes(name)) { card.remove(); cards.delete(name); }
  }
  for (const book of status.books) {
    if (!cards.has(book.name)) {
      cards.set(book.name, bookCard(book, () => { renderAhead(); askHeavy(); }));
      byId("books").append(cards.get(book.name));
    }
    renderBook(cards.get(book.name), book, histories.get(book.name));
  }
}

// ---- what is asked for only while it is open

const isOpen = (name) => !byId("view-desk").hidden && cards.get(name)?.querySelector("[data-part=ahead]").open;

function place() {
  const [view, underlying, expiry] = location.hash.slice(1).split("/").map(decodeURIComponent);
  const coins = lastAnswer ? [...new Set(lastAnswer.status.books.map((b) => b.underlying))] : [];
  return { view: view === "chain" ? "chain" : "desk", coins, underlying: underlying || coins[0] || "", expiry };
}

function renderAhead() {
  for (const book of lastAnswer?.status.books ?? []) {
    if (isOpen(book.name)) renderOutlook(cards.get(book.name).querySelector(".outlook"), book, heavy.outlooks.get(book.name));
  }
}

function renderTab() {
  const { view, coins, underlying, expiry } = place();
  for (const name of ["desk", "chain"]) {
    byId(`view-${name}`).hidden = name !== view;
    const link = byId(`to-${name}`);
    if (name === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "chain") renderChain(heavy.chainOf === underlying ? heavy.chain : null, coins, underlying, expiry);
}

async function askHeavy() {
  if (heavy.asking) { heavy.again = true; return; }
  heavy.asking = true;
  do {
    heavy.again = false;
    await askOpen().catch(() => null); // the poll of status tells when the daemon is gone
  } while (heavy.again);
  heavy.asking = false;
}

async function askOpen() {
  const { view, underlying } = place();
  if (view === "chain" && underlying) {
    heavy.chain = await ask(`/v1/chain?underlying=${encodeURIComponent(underlying)}`);
    heavy.chainOf = underlying;
    renderTab();
  }
  for (const name of [...cards.keys()].filter(isOpen)) {
    const { books } = await ask(`/v1/outlook?book=${encodeURIComponent(name)}`);
    heavy.outlooks.set(name, books[0]);
    renderAhead();
  }
}

async function pollHeavy() {
  if (lastAnswer && !document.hidden) await askHeavy();
  setTimeout(pollHeavy, HEAVY_POLL_MS);
}

// #ahead opens what lies ahead of every book; #chain/BTC/... is a place on the chain.
function arrived() {
  if (location.hash === "#ahead") for (const card of cards.values()) card.querySelector("[data-part=ahead]").open = true;
  renderTab();
  askHeavy();
}

window.addEventListener("resize", () => lastAnswer && render());
window.addEventListener("hashchange", () => { arrived(); lastAnswer && render(); });
renderTab();
poll();
pollHeavy();
