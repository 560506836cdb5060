// What moved delta since the book was flat, as steps from then to now: they add up.

import { coin, dayTimeOf, el, empty, svg } from "./dom.js";

const STEPS = [
  ["spot", "spot"], ["vol", "volatility"], ["time", "time"], ["trades", "trades"],
  ["settlement", "settlement"], ["other", "other"], ["hedges", "our hedges"],
];
const ROW = 22;

export function moved(book, width) {
  const told = book.moved;
  if (!told) return [empty("Not known before the book was flat for the first time.")];
  return [waterfall(told, width), el("p", { class: "note" }, `Net transaction delta in ${book.underlying} since ${dayTimeOf(told.since_ms)}. Other: the venue's delta against our model, and basis.`)];
}

export function steps(told) {
  let at = told.then_coin;
  const rows = STEPS.map(([field, name]) => ({ name, from: at, to: (at += told[field]), change: told[field] }));
  return [{ name: "at first", from: 0, to: told.then_coin, total: true }, ...rows, { name: "now", from: 0, to: told.now_coin, total: true }];
}

function waterfall(told, width) {
  const rows = steps(told);
  const [left, right] = [86, 78];
  const ends = rows.flatMap((row) => [row.from, row.to]);
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const x = (value) => left + ((value - low) / Math.max(high - low, 1e-9)) * (width - left - right);
  const height = rows.length * ROW + 4;
  const spoken = rows.map((row) => `${row.name} ${coin(row.total ? row.to : row.change)}`).join(", ");
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `What moved delta: ${spoken}` });
  root.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height, class: "w-zero" }));
  rows.forEach((row, at) => root.append(...line(row, at * ROW + 2, x, width, rows[at + 1])));
  return root;
}

function line(row, y, x, width, next) {
  const [from, to] = [x(row.from), x(row.to)].sort((a, b) => a - b);
  const tone = row.total ? "total" : row.change < 0 ? "down" : "up";
  return [
    svg("text", { x: 78, y: y + 15, class: `w-name${row.total ? " total" : ""}` }, row.name),
    svg("rect", { x: from, y: y + 3, width: Math.max(to - from, 1.5), height: ROW - 7, rx: 2, class: `w-${tone}` }),
    next && !next.total ? svg("line", { x1: x(row.to), x2: x(row.to), y1: y + ROW - 4, y2: y + ROW + 3, class: "w-link" }) : null,
    svg("text", { x: width - 2, y: y + 15, class: `w-value${row.total ? " total" : ""}` }, coin(row.total ? row.to : row.change)),
  ].filter(Boolean);
}
