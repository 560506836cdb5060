// Greeks by expiry, and what expires within a day.

import { coin, known, number, num, svg, table, txt, UNKNOWN, usd } from "./dom.js";

export function cuts(book, rows, title, none) {
  return table([
    txt(title, (c) => c.name || "no tag"),
    num("n", (c) => String(c.positions)),
    num("net tx", (c) => coin(c.net_transaction)),
    num("Black", (c) => coin(c.black)),
    num("our model", (c) => coin(c.model)),
    num("Γ / 1,000 USD", (c) => (known(c.gamma_coin_per_usd) ? number(c.gamma_coin_per_usd * 1000, 4, true) : UNKNOWN)),
    num("Θ USD/day", (c) => usd(c.theta_usd_per_day, true)),
    num("vega USD", (c) => usd(c.vega_usd, true)),
    num(`value ${book.underlying}`, (c) => number(c.value_coin, 4, true)),
  ], rows, none);
}

const REACH = 3; // sigmas on each side of the drawing

export function expiring(book) {
  return table([
    txt("expires within 24 h", (e) => e.instrument),
    num("size", (e) => number(e.size, 1, true)),
    num("left", (e) => `${number(e.hours, 1)} h`, (e) => (e.hours < 1 ? "warn" : "")),
    num("strike from forward", (e) => `${number(e.distance_sigmas, 2, true)} σ`, (e) => (Math.abs(e.distance_sigmas) < 0.5 ? "warn" : "")),
    { title: "", kind: "drawn", value: (e) => sigmas(e.distance_sigmas) },
  ], book.expiring, book.expiries.length ? "Nothing held expires within 24 hours." : "No positions known.");
}

function sigmas(distance) {
  const x = (value) => 60 + (Math.min(Math.max(value, -REACH), REACH) / REACH) * 54;
  return svg("svg", { width: 120, height: 16, viewBox: "0 0 120 16", "aria-hidden": "true" },
    svg("line", { x1: 6, x2: 114, y1: 8, y2: 8, class: "s-axis" }),
    ...[-2, -1, 0, 1, 2].map((tick) => svg("line", { x1: x(tick), x2: x(tick), y1: tick ? 5 : 2, y2: tick ? 11 : 14, class: tick ? "s-axis" : "s-forward" })),
    svg("circle", { cx: x(distance), cy: 8, r: 4, class: Math.abs(distance) < 0.5 ? "s-near" : "s-far" }));
}

export const expiryTable = (book) => cuts(book, book.expiries, "greeks by expiry", "No greeks known.");
