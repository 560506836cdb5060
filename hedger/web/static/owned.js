// Wallets, and whose the futures are.

import { coin, dayTimeOf, el, exact, facts, known, num, rich, table, timeOf, txt, usd } from "./dom.js";

export function wallets(book) {
  const { ownership: owned } = book;
  return [
    table([
      txt("wallet", (w) => w.currency),
      num("balance", (w) => exact(w.balance)),
      num("equity", (w) => exact(w.equity)),
      num("options", (w) => exact(w.options_value)),
      num("session P&L", (w) => exact(w.session_pl)),
      num("flows", (w) => exact(w.flows)),
    ], owned.wallets, "The account is not known yet."),
    facts([
      owned.wallets.length && ["equity counted", owned.counts_equity ? "in this book" : "in another book"],
      known(owned.wallet_drift_usd) ? ["coin to dollar wallet", `${usd(owned.wallet_drift_usd, true)} USD since the start`] : null,
      owned.cash_flow_coin ? ["cash flow today", `${coin(owned.cash_flow_coin)} that no trade explains`, "warn"] : null,
      ...owned.cash_flows.map((flow) => [`flow ${timeOf(flow.market_ms)}`, `${exact(flow.amount)} ${flow.currency}`]),
    ]),
  ];
}

export function futures(book) {
  const { ownership: owned } = book;
  return [
    table([
      txt("future", (f) => f.instrument),
      num("account", (f) => exact(f.account)),
      num("own", (f) => exact(f.own)),
      num("counted", (f) => exact(f.counted)),
      num("set aside", (f) => exact(f.base)),
      num("nobody's", (f) => exact(f.unassigned), (f) => (f.unassigned === "0" ? "" : "bad")),
      txt("unit", (f) => (f.unit === "coin" ? book.underlying : f.unit)),
      txt("", (f) => (f.transit ? "in transit, delta 0" : ""), () => "warn"),
    ], owned.futures, owned.wallets.length ? "No futures on the account." : "The account is not known yet."),
    facts([
      owned.scope ? ["scope", owned.scope] : null,
      owned.external_delta_coin ? ["held elsewhere", `${coin(owned.external_delta_coin)} ${book.underlying} by ${owned.external_owner}, until ${owned.external_until}`] : null,
      ...Object.entries(owned.outside).map(([name, size]) => ["in no book", `${name} ${exact(size)}`, "warn"]),
    ]),
  ];
}

// What people are doing that the book waits for.
export function people(book) {
  const { ownership: owned, working } = book;
  const line = (tone, ...words) => el("p", { class: `line ${tone}` }, ...words);
  return [
    working.awaits_confirmation ? line("warn", el("strong", {}, "Awaits confirmation: "), ...rich(working.awaits_confirmation)) : null,
    owned.hold_until_ms ? line("warn", el("strong", {}, `${owned.hold_by || "A person"} trades by hand`), ` until ${dayTimeOf(owned.hold_until_ms)}; no hedge but beyond the hard limit`) : null,
    owned.waits_for.length ? line("warn", el("strong", {}, "Waits for further legs: "), owned.waits_for.join(", ")) : null,
    owned.other_hedger ? line("bad", el("strong", {}, "Another hedger: "), owned.other_hedger) : null,
  ].filter(Boolean);
}

export function tags(book) {
  if (!book.ownership.tags.some((part) => part.tag)) return null;
  return table([
    txt("tag", (t) => t.tag || "none"),
    txt("instrument", (t) => t.instrument),
    num("size", (t) => exact(t.size)),
    num("share", (t) => (known(t.share) ? `${(t.share * 100).toFixed(0)} %` : "–")),
  ], book.ownership.tags);
}
