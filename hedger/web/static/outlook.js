// What lies ahead of a book: the next orders by index level, and the book under moves of spot and volatility.

import { coin, el, empty, known, number, num, pct, show, styled, table, txt, UNKNOWN, usd } from "./dom.js";

const FIGURES = {
  pnl_usd: { name: "P&L USD", told: (cell) => usd(cell.pnl_usd, true), note: "before any hedge, collateral in the coin included" },
  pnl_coin: { name: "P&L coin", told: (cell) => number(cell.pnl_coin, 4, true), note: "of what settles in the coin, before any hedge" },
  delta_coin: { name: "Delta", told: (cell) => coin(cell.delta_coin), note: "the controlled quantity, before any hedge" },
  margin_left: { name: "Margin left", told: marginLeft, note: "what maintenance margin leaves of the account's balance; liquidation at 0" },
};

function marginLeft(cell) {
  if (!known(cell.margin_left)) return UNKNOWN;
  return cell.margin_left > 0 ? pct(cell.margin_left) : "liquidated";
}

// The frame is built once, so that the switch keeps its focus while the figures change.
// It opens on the result in what the book is neutral in.
export function outlookFrame({ name: book, neutral }, changed) {
  const first = neutral === "usd" ? "pnl_usd" : "pnl_coin";
  const choice = (key) => el("label", {}, el("input", { type: "radio", name: `figure-${book}`, value: key, checked: key === first && "" }), FIGURES[key].name);
  const choices = el("fieldset", { class: "switch" }, el("legend", {}, "Grid shows"), ...Object.keys(FIGURES).map(choice));
  choices.addEventListener("change", changed);
  return el("div", { class: "outlook" },
    el("section", {}, el("h3", {}, "Next orders"), el("div", { "data-part": "ladder" })),
    el("section", { class: "grid" }, el("h3", {}, "Spot × volatility"), choices, el("div", { "data-part": "grid", class: "scroll", tabindex: "0", role: "region", "aria-label": `Spot by volatility grid of ${book}` })));
}

export function renderOutlook(frame, book, told) {
  const figure = frame.querySelector("input:checked").value;
  const [ladder, grid] = ["ladder", "grid"].map((kind) => frame.querySelector(`[data-part=${kind}]`));
  if (!told) {
    show(ladder, "asked", empty("Asking the daemon."));
    show(grid, "asked");
    return;
  }
  show(ladder, [told.ladder, told.index_usd, told.delta_coin], ...[ladderTable(book, told)].flat());
  show(grid, [told.grid, figure], ...gridTable(told, figure));
}

function ladderTable(book, told) {
  if (!told.grid.length) return empty("The book is not known yet; the answer to why above says what is missing.");
  const here = { index_usd: told.index_usd, move_pct: 0, delta_before_coin: told.delta_coin, here: true };
  const rows = [...told.ladder, here].sort((a, b) => b.index_usd - a.index_usd);
  const order = (o) => (o.here ? "now" : `${o.amount_coin > 0 ? "buy" : "sell"} ${number(Math.abs(o.amount_coin), 4)}`);
  const rungs = table([
    num("index", (o) => usd(o.index_usd)),
    num("move", (o) => `${number(o.move_pct, 2, true)} %`),
    num("delta before", (o) => coin(o.delta_before_coin)),
    txt(`order ${book.underlying}`, order, (o) => (o.here ? "here" : o.amount_coin > 0 ? "buy" : "sell")),
    num("delta after", (o) => (o.here ? "" : coin(o.delta_after_coin))),
  ], rows);
  const quiet = told.ladder.length ? "Each as if those before it were filled; waits and windows left out." : "No order within 10 % of the index.";
  return [rungs, el("p", { class: "note" }, quiet)];
}

function gridTable(told, figure) {
  if (!told.grid.length) return [empty("The book is not known yet.")];
  if (figure === "margin_left" && !told.margin_currency) return [empty("The account's margin is not known.")];
  const shifts = [...new Set(told.grid.map((cell) => cell.vol_shift_points))];
  const moves = [...new Set(told.grid.map((cell) => cell.move_pct))].sort((a, b) => b - a);
  const most = Math.max(...told.grid.map((cell) => Math.abs(cell[figure] ?? 0)), 1e-9);
  const head = el("tr", {}, el("th", { scope: "col" }, "index"), ...shifts.map((shift) => el("th", { scope: "col", class: "num" }, `vol ${number(shift, 0, true)}`)));
  const line = (move) => el("tr", {},
    el("th", { scope: "row", class: "num" }, `${number(move, 0, true)} %`, known(told.index_usd) ? el("small", {}, ` ${usd(told.index_usd * (1 + move / 100))}`) : null),
    ...told.grid.filter((cell) => cell.move_pct === move).map((cell) => heat(cell, figure, most)));
  return [
    el("table", { class: "heat" }, el("thead", {}, head), el("tbody", {}, ...moves.map(line))),
    el("p", { class: "note" }, `${FIGURES[figure].name}: ${FIGURES[figure].note}. Volatility shifts in points.`),
  ];
}

function heat(cell, figure, most) {
  const value = cell[figure];
  const margin = figure === "margin_left";
  const lost = margin ? value <= 0 : value < 0;
  const strength = !known(value) ? 0 : margin ? (lost ? 1 : Math.max(1 - value, 0) * 0.6) : Math.abs(value) / most;
  const tone = figure === "delta_coin" ? (value < 0 ? "short" : "long") : margin ? "lost" : lost ? "lost" : "won";
  const here = cell.move_pct === 0 && cell.vol_shift_points === 0 ? " here" : "";
  return styled(el("td", { class: `num ${tone}${here}` }, FIGURES[figure].told(cell)), { "--heat": strength.toFixed(3) });
}
