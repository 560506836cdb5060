// Where the hedge is among perpetual and dated futures, where it would cost least, and why.

import { coin, el, empty, known, num, number, table, txt, usd, wide, words } from "./dom.js";

export function byExpiry(book) {
  const told = book.by_expiry;
  if (told.use === "off") return [empty(`One net hedge in ${book.hedge_instrument}; by_expiry is off.`)];
  const division = told.allocation;
  if (!division) return [empty(`Hedge by expiry: ${told.waits || "not looked at yet"}.`)];
  const held = division.placed.filter((p) => p.held_coin || p.target_coin);
  return [
    el("p", { class: "summary" }, summary(told, division)),
    table([
      txt("hedge in", (p) => p.instrument),
      num("is", (p) => coin(p.held_coin)),
      num("to be", (p) => coin(p.target_coin)),
    ], held, "No hedge."),
    table([
      txt("standing for", (c) => c.part),
      num("coin", (c) => coin(c.coin)),
      num("days", (c) => number(c.life_days, 1)),
      num("saves USD", (c) => usd(c.saving_usd, true)),
      wide("why", (c) => c.why),
    ], division.choices, "Nothing stands that would be worth a place of its own."),
  ];
}

function summary(told, division) {
  const funding = known(told.funding_8h) ? ` · funding ${number(told.funding_8h * 1e4, 2, true)} bp in 8 h expected` : "";
  const moved = told.use === "move" ? ` · ${usd(told.moved_usd)} USD moved in ${told.steps} steps` : "";
  const next = told.through ? ` · next step ${told.through}` : "";
  const back = told.held_back ? ` · ${told.held_back}` : "";
  return `${words(told.use)} · standing ${coin(division.standing_coin)} of ${coin(division.hedge_coin)} · moves would save ${usd(division.saving_usd, true)} USD · basis ${number(told.basis_coin, 6, true)}${funding}${moved}${next}${back}`;
}
