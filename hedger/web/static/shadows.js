// Shadow policies beside the live one: what each hedge paid, and how closely it hedged in the same time.

import { coin, dayTimeOf, el, exact, known, num, number, table, txt, UNKNOWN, usd, words } from "./dom.js";

export function shadows(book) {
  const begun = [...new Set(book.shadows.map((shadow) => shadow.since_ms))];
  return begun.flatMap((since) => together(book, since, book.shadows.filter((shadow) => shadow.since_ms === since)));
}

// Shadows that began together share one live line.
function together(book, since, those) {
  if (!known(since)) return [el("p", { class: "note" }, `not begun: ${those.map((shadow) => shadow.name).join(", ")}`)];
  const [{ live, minutes, hours }] = those;
  const lines = [
    { name: `live: ${words(book.policy)}`, hedge: live, minutes, hours, itself: true },
    ...those.map((shadow) => ({ ...shadow, name: `${shadow.name}: ${words(shadow.policy)}`, hedge: shadow.own })),
  ];
  return [
    el("p", { class: "note" }, `since ${dayTimeOf(since)}; nothing of a shadow is sent`),
    table([
      txt("hedge", (line) => line.name),
      num("delta", (line) => coin(line.itself ? book.delta.used : line.delta_coin)),
      num("less live", (line) => (line.itself ? UNKNOWN : exact(line.hedge_apart))),
      num("trades", (line) => number(line.hedge.trades, 0)),
      num("turnover USD", (line) => usd(line.hedge.turnover_usd)),
      num("fees USD", (line) => number(line.hedge.fees_usd, 2)),
      num("spread USD", (line) => number(line.hedge.spread_usd, 2)),
      num("ahead USD", (line) => number(line.itself ? null : line.ahead_usd, 2, true)),
      num("open delta, rms", (line) => number(line.itself ? line.minutes.live_open_coin : line.minutes.open_coin, 4)),
      num("variance / min", ratio("minutes")),
      num("variance / h", ratio("hours")),
      txt("says", (line) => (line.itself ? "" : line.says)),
    ], lines),
  ];
}

const ratio = (grid) => (line) => (line.itself ? (line[grid].intervals > 1 ? "1" : UNKNOWN) : number(line[grid].variance_ratio, 3));
