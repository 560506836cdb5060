// One book: the answer to "why" first, then where delta stands, then everything around it.

import { bandInForce, deltaTiles, sources } from "./band.js";
import { byExpiry } from "./byexpiry.js";
import { el, show } from "./dom.js";
import { cuts, expiring, expiryTable } from "./expiries.js";
import { chart, gauge } from "./gauge.js";
import { caps, margin } from "./guard.js";
import { positionTable } from "./lists.js";
import { moved } from "./moved.js";
import { outlookFrame } from "./outlook.js";
import { futures, people, tags, wallets } from "./owned.js";
import { shadows } from "./shadows.js";
import { bookHead, figure, figures, whyPanel } from "./why.js";
import { working } from "./working.js";

const part = (kind, tag = "div", extra = {}) => el(tag, { class: kind, "data-part": kind, ...extra });

export function bookCard(book, changed) {
  const { name } = book;
  const region = (kind, label) => part(kind, "div", { tabindex: "0", role: "region", "aria-label": `${label} of ${name}` });
  const panel = (kind, title) => el("section", { class: "panel" }, el("h3", {}, title), region(kind, title));
  const ahead = el("details", { "data-part": "ahead" }, el("summary", {}, "What lies ahead: next orders, spot × volatility"), outlookFrame(book, changed));
  ahead.addEventListener("toggle", changed);
  return el("section", { class: "card book", "aria-label": `Book ${name}` },
    part("head", "header"), part("why"), part("people"),
    el("div", { class: "drawings" }, part("gauge"), part("chart")),
    part("deltas"), part("figures", "dl"),
    el("div", { class: "panels" },
      el("div", {}, panel("moved", "What moved delta"), panel("working", "Execution"), panel("band", "Band and profile in force")),
      el("div", {}, panel("sources", "Delta by source"), panel("margin", "Margin and liquidation"), panel("caps", "Caps and losses"), panel("wallets", "Wallets"))),
    ahead,
    el("details", { open: "" }, el("summary", {}, "Expiries"), region("expiring", "What expires within 24 h"), region("expiries", "Greeks by expiry"), region("tags", "Strategy tags"), region("by-expiry", "Hedge by expiry")),
    el("details", { open: "" }, el("summary", {}, "Whose futures"), region("futures", "Futures")),
    el("details", { open: "", "data-part": "beside" }, el("summary", {}, "Shadow policies"), region("shadows", "Shadow policies")),
    el("details", { open: "" }, el("summary", {}, "Positions and tickers"), region("positions", "Positions")));
}

export function renderBook(card, book, history) {
  const at = (kind) => card.querySelector(`[data-part=${kind}]`);
  const told = (kind, content, ...nodes) => show(at(kind), content, ...nodes);
  told("head", [book.name, book.state, book.neutral, book.policy, book.hedge_instrument], bookHead(book));
  told("why", [book.why, book.last_decision?.time], whyPanel(book));
  at("why").className = `why ${book.why.action ?? "none"}`;
  told("people", [book.working.awaits_confirmation, book.ownership], people(book));
  draw(at("gauge"), [book.delta, book.band, book.target], (width) => gauge(book, width), "Delta is not known yet.");
  draw(at("chart"), [history.length, history[history.length - 1].ms], (width) => chart(history, width), "The course of delta appears here.");
  told("deltas", [book.delta, book.neutral, book.band], deltaTiles(book));
  told("figures", figures(book), figures(book).map(figure));
  draw(at("moved"), book.moved, (width) => moved(book, width));
  told("working", [book.working, book.ticker], working(book));
  told("band", [book.band, book.profile, book.target], bandInForce(book));
  told("sources", book.delta, sources(book));
  told("margin", [book.guard.margin, book.index_usd], margin(book));
  told("caps", book.guard, caps(book));
  told("wallets", book.ownership, wallets(book));
  told("futures", book.ownership, futures(book));
  at("beside").hidden = !book.shadows.length;
  told("shadows", [book.shadows, book.delta.used], shadows(book));
  told("expiring", [book.expiring, book.expiries.length], expiring(book));
  told("expiries", book.expiries, expiryTable(book));
  told("tags", [book.tags, book.ownership.tags], book.tags.length ? cuts(book, book.tags, "strategy tag") : null, tags(book));
  told("by-expiry", [book.by_expiry, book.hedge_instrument], ...byExpiry(book));
  told("positions", book.positions, positionTable(book));
}

function draw(node, content, drawing, empty) {
  const width = Math.max(Math.floor(node.clientWidth), 260);
  show(node, [content, width], drawing(width) ?? el("p", { class: "empty" }, empty));
}
