// How hedges are executed: the one being worked, what rests at the band's edges, and what the last one cost.

import { age, bar, coin, el, empty, exact, facts, known, number, num, table, timeOf, txt, UNKNOWN, usd, words } from "./dom.js";

export function working(book) {
  const told = book.working;
  return [
    told.hedge ? hedge(told.hedge) : empty("No hedge is being worked."),
    told.resting.length ? resting(told.resting) : null,
    told.resting_note ? el("p", { class: "note" }, told.resting_note) : null,
    facts([
      ...last(told.last),
      ["this run", `${told.hedges_done} hedges, shortfall ${number(told.shortfall_usd, 2, true)} USD, fees ${number(told.fees_usd, 2)} USD`],
      ["without our hedge", known(told.naked_delta_coin) ? `${coin(told.naked_delta_coin)} ${book.underlying} from the target` : UNKNOWN],
      ...ticker(book),
    ]),
  ];
}

function hedge(at) {
  const share = Number(at.decided) ? Number(at.filled) / Number(at.decided) : 0;
  const how = at.crossing ? "crossing the spread" : at.tries ? `chasing, try ${at.tries}` : "";
  return el("div", { class: "worked" },
    el("p", {}, el("strong", { class: at.side }, `${at.side} ${exact(at.decided)}`), ` ${at.instrument}: ${exact(at.filled)} filled in ${at.children.length} order(s), ${age(at.age_s)}${how ? `, ${how}` : ""}`),
    bar(share, "tall free"),
    el("p", { class: "note" }, `${words(at.reason)}: ${at.detail}; mark at the decision ${number(at.reference_price, 1)}`));
}

function resting(orders) {
  return table([
    txt("rests at an edge", (o) => o.side, (o) => o.side),
    num("amount", (o) => exact(o.amount)),
    num("filled", (o) => exact(o.filled)),
    num("price", (o) => exact(o.price)),
    txt("state", (o) => words(o.state)),
  ], orders);
}

function last(done) {
  if (!done) return [["last hedge", "none in this run"]];
  const lost = done.shortfall_usd > 0 ? "sell" : "good";
  return [
    ["last hedge", `${timeOf(done.market_ms)} ${done.side} ${exact(done.filled)} of ${exact(done.decided)}, ${words(done.end)} in ${age(done.worked_s)}`],
    ["shortfall", `${number(done.shortfall_bps, 2, true)} bp, ${number(done.shortfall_usd, 2, true)} USD with ${number(done.fees_usd, 2)} of fees`, lost],
  ];
}

function ticker({ ticker: told, hedge_instrument: name }) {
  if (!told) return [[name, UNKNOWN]];
  const side = (price, size) => (known(price) ? `${number(price, 1)} × ${usd(size)}` : UNKNOWN);
  return [
    [name, `${side(told.bid, told.bid_amount)}  |  ${side(told.ask, told.ask_amount)}`],
    ["mark", `${number(told.mark, 1)}, ${age(told.age_s)} old`],
    known(told.funding_8h) ? ["funding 8 h", `${number(told.funding_8h * 100, 4, true)} %`] : null,
  ];
}
