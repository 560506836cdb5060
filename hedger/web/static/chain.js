// The option chain on a tab of its own: puts, strikes and calls side by side, what is held marked.

import { age, el, empty, exact, known, number, pct, rich, show, UNKNOWN, usd } from "./dom.js";

const FOLLOWED = "A dash is a ticker that is not followed: of options that are not held only with `chain = true` at the venue.";

const byId = (id) => document.getElementById(id);

export function renderChain(told, underlyings, underlying, wanted) {
  const expiries = told ? told.expiries : [];
  const at = chosen(expiries, wanted);
  links(byId("chain-underlyings"), underlyings.map((name) => [name, name, `#chain/${name}`]), underlying);
  links(byId("chain-expiries"), expiries.map((e, n) => [keyOf(e), label(e), `#chain/${underlying}/${keyOf(e)}`, n]), at && keyOf(at));
  const note = told ? `No options of ${underlying || "this coin"} are listed.` : "Asking the daemon.";
  show(byId("chain-title"), at && [keyOf(at), at.forward_usd, at.atm_iv, at.hours], at ? title(at) : null);
  show(byId("chain-table"), [at, note], at ? chainTable(at) : empty(note));
  show(byId("chain-note"), at && unquoted(at), at && unquoted(at) ? rich(FOLLOWED) : null);
}

export const keyOf = (expiry) => `${expiry.expiry}-${expiry.settlement_currency}-${expiry.venue}`;
const sidesOf = (expiry) => expiry.strikes.flatMap((strike) => [strike.put, strike.call]).filter(Boolean);
const unquoted = (expiry) => sidesOf(expiry).some((side) => !known(side.mark));
const holds = (expiry) => sidesOf(expiry).some((side) => Number(side.size));
const label = (expiry) => `${expiry.expiry}${holds(expiry) ? " •" : ""}`;

// The one asked for, else the nearest in which something is held, else the nearest.
function chosen(expiries, wanted) {
  return expiries.find((e) => keyOf(e) === wanted) ?? expiries.find(holds) ?? expiries[0] ?? null;
}

// Links are replaced only when others are to be shown: the one in use keeps its focus.
function links(node, entries, current) {
  show(node, entries, ...entries.map(([key, text, href]) => el("a", { href, "data-key": key }, text)));
  for (const link of node.children) {
    if (link.dataset.key === current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function title(at) {
  const days = at.hours < 48 ? `${number(at.hours, 1)} h` : `${number(at.hours / 24, 1)} days`;
  return `${at.expiry} at ${at.venue}, settled in ${at.settlement_currency}, ${days} left · forward ${usd(at.forward_usd)} USD · IV ${pct(at.atm_iv)} at the money`;
}

const className = (name) => `c-${name.toLowerCase()}`;
const price = (value) => number(value, known(value) && value >= 100 ? 1 : 4);

const SIDE = [
  ["held", (side) => (Number(side.size) ? exact(side.size) : "")],
  ["delta", (side) => number(side.delta, 3, true)],
  ["IV", (side) => (known(side.iv) ? number(side.iv * 100, 1) : UNKNOWN)],
  ["bid", (side) => price(side.bid)],
  ["mark", (side) => price(side.mark)],
  ["ask", (side) => price(side.ask)],
];

// On a narrow screen some columns are hidden, so the words over each half stand in a cell of their own.
function chainTable(at) {
  const calls = [...SIDE].reverse();
  const over = (columns, text) => columns.map(([name]) => el("td", { class: `group ${className(name)}` }, name === "bid" ? text : ""));
  const heads = (columns, kind) => columns.map(([name]) => el("th", { scope: "col", class: `num ${className(name)}`, "aria-label": `${kind} ${name}` }, name));
  const head = [
    el("tr", { "aria-hidden": "true" }, ...over(SIDE, "Puts"), el("td", { class: "strike" }), ...over(calls, "Calls"), el("td", { class: "c-age" })),
    el("tr", {}, ...heads(SIDE, "put"), el("th", { scope: "col", class: "strike" }, "strike"), ...heads(calls, "call"), el("th", { scope: "col", class: "num c-age" }, "age")),
  ];
  const rows = at.strikes.map((strike) => el("tr", {},
    ...SIDE.map((column) => cell(strike.put, column, known(at.forward_usd) && strike.strike_usd > at.forward_usd)),
    el("th", { scope: "row", class: "strike" }, number(strike.strike_usd, strike.strike_usd < 100 ? 4 : 0)),
    ...calls.map((column) => cell(strike.call, column, known(at.forward_usd) && strike.strike_usd < at.forward_usd)),
    el("td", { class: "num dimmed c-age" }, oldest(strike))));
  return el("table", { class: "chain" }, el("thead", {}, ...head), el("tbody", {}, ...rows));
}

function cell(side, [name, told], inTheMoney) {
  const held = side && Number(side.size);
  const tones = [inTheMoney ? "itm" : "", held ? "holding" : "", held && name === "held" ? (held < 0 ? "sell" : "buy") : ""];
  return el("td", { class: ["num", className(name), ...tones].filter(Boolean).join(" ") }, side ? told(side) : "");
}

function oldest(strike) {
  const ages = [strike.put, strike.call].filter(Boolean).map((side) => side.age_s).filter(known);
  return ages.length ? age(Math.max(...ages)) : UNKNOWN;
}
