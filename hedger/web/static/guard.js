// What stands around the hedging: margin with its distance to liquidation, losses, caps.

import { bar, capName, coin, dayTimeOf, el, empty, facts, known, number, num, pct, table, txt, UNKNOWN, usd, words } from "./dom.js";

export function margin(book) {
  const told = book.guard.margin;
  if (!told) return [empty("The account's margin is not known.")];
  const money = (value) => number(value, 4);
  const then = (now, after) => (known(after) ? `${money(now)} → ${money(after)} after the hedge` : money(now));
  return [
    use(told),
    facts([
      ["model", words(told.model)],
      ["balance", `${money(told.balance)} ${told.currency}`],
      ["initial", then(told.initial, told.initial_after), told.available < 0 ? "bad" : ""],
      ["maintenance", then(told.maintenance, told.maintenance_after)],
      ["free", `${pct(told.excess_fraction)} over initial, ${pct(told.maintenance_distance)} over maintenance`],
      ["next hedge", known(told.hedge_coin) ? `${coin(told.hedge_coin)} ${book.underlying} to the target` : UNKNOWN],
      ["liquidation up", level(book, told.liquidation_up_pct, 1)],
      ["liquidation down", level(book, told.liquidation_down_pct, -1)],
      known(told.liquidation_ratio) ? ["venue's estimate", `${number(told.liquidation_ratio * 100, 1)} % of the index`] : null,
      known(told.projected_initial) ? ["after next expiry", `initial ${money(told.projected_initial)}, maintenance ${money(told.projected_maintenance)}`] : null,
    ]),
  ];
}

function level(book, away, sign) {
  if (!known(away)) return sign > 0 ? "none up to four times the index" : "none down to a twentieth of the index";
  const at = known(book.index_usd) ? `, index ${usd(book.index_usd * (1 + (sign * away) / 100))}` : "";
  return `${number(sign * away, 1, true)} %${at}`;
}

// Initial margin over the balance, with the mark where maintenance stands.
function use(told) {
  const share = told.balance > 0 ? told.initial / told.balance : 1;
  const tone = share >= 1 ? "hard" : share >= 0.8 ? "soft" : "free";
  return el("div", { class: "use" }, bar(share, `tall ${tone}`), el("span", {}, `${pct(told.balance > 0 ? share : null)} of the balance is initial margin`));
}

export function caps(book) {
  const { caps: told, loss, latch, account_locked: locked, unexplained, band_scale: scale } = book.guard;
  return [
    latch ? el("p", { class: "bad" }, el("strong", {}, "Latched: "), latch) : null,
    locked ? el("p", { class: "bad" }, el("strong", {}, "Account locked: "), locked) : null,
    unexplained ? el("p", { class: "warn" }, el("strong", {}, "Unexplained: "), unexplained) : null,
    scale === 1 ? null : el("p", { class: "warn" }, `A cap is in its soft tier: the band is × ${scale}.`),
    table([
      txt("cap", (cap) => capName(cap.name)),
      txt("tier", (cap) => cap.tier, (cap) => ({ soft: "warn", hard: "bad" })[cap.tier] ?? "good"),
      { title: "", kind: "gaugecell", value: (cap) => bar(cap.used / cap.limit, cap.tier) },
      num("used", (cap) => amount(cap.used, cap.unit)),
      num("limit", (cap) => amount(cap.limit, cap.unit)),
      txt("unit", (cap) => (cap.unit === "coin" ? book.underlying : cap.unit)),
    ], told, "No caps known."),
    loss ? losses(book, loss) : el("p", { class: "empty" }, "Losses are not known yet."),
  ];
}

const amount = (value, unit) => (unit === "coin" ? number(value, 4) : number(value, value < 100 && value % 1 ? 2 : 0));

function losses(book, loss) {
  const unit = loss.unit === "coin" ? book.underlying : loss.unit;
  const money = (value) => `${number(-value, loss.unit === "coin" ? 6 : 0, true)} ${unit}`;
  const tone = (value) => (value > 0 ? "sell" : "good");
  return facts([
    ["result today", `${money(loss.today)} since ${dayTimeOf(loss.day_from_ms)}`, tone(loss.today)],
    ["since start", `${money(loss.since_start)} since ${dayTimeOf(loss.start_from_ms)}`, tone(loss.since_start)],
    loss.cash_flow_coin ? ["deposits less withdrawals", `${coin(loss.cash_flow_coin)} ${book.underlying}, no profit`] : null,
  ]);
}
