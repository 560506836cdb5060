// Delta in every convention and by source, and the band and profile in force.

import { coin, dayTimeOf, el, facts, known, number, UNKNOWN, words } from "./dom.js";
import { inside } from "./gauge.js";

export function deltaTiles(book) {
  const { delta, neutral } = book;
  const tile = (name, note, value, used) => el("div", { class: `tile${used ? " used" : ""}` },
    el("span", { class: "name" }, name), el("span", { class: "value" }, coin(value), el("small", {}, ` ${book.underlying}`)),
    el("span", { class: "note" }, used ? "the book is steered by this" : note));
  return [
    tile("Net transaction", "premium-adjusted options + futures", delta.net_transaction, neutral === "coin"),
    tile("With equity", "coin equity + net transaction", delta.with_equity, neutral === "usd"),
    tile("Black", "unadjusted Black-76 + futures", delta.black, neutral === "black"),
    tile("Controlled", inside(book) ? "inside the band, in-flight included" : "in-flight hedges included", delta.used, false),
  ];
}

const RUNG = {
  venue: ["greeks of the venue, fresh", "good"],
  model: ["tickers old: our model on the last good volatility", "warn"],
  last_resort: ["older still: only back to the hard limit, in clips", "bad"],
  blocked: ["too old to trade on", "bad"],
};

// Whose delta counts, what the other sources say, and how far down the ladder the book stands.
export function sources(book) {
  const { delta } = book;
  const [meaning, tone] = RUNG[delta.rung] ?? [words(delta.rung), ""];
  const away = (value) => (known(value) && known(delta.used) ? ` (${coin(value - delta.used)})` : "");
  return facts([
    ["source that counts", words(delta.source) || UNKNOWN],
    ["by our model", `${coin(delta.model)}${away(delta.model)}`],
    ["by the account", known(delta.account) ? `${coin(delta.account)}${away(delta.account)}` : UNKNOWN],
    known(delta.used) ? ["greeks", `${words(delta.rung)}: ${meaning}`, tone] : ["greeks", UNKNOWN],
    delta.kept_coin ? ["set aside", `${coin(delta.kept_coin)} hedges of delivered options`, "warn"] : null,
    ...smile(book.smile),
  ]);
}

// The smile's delta beside Black's; nothing while its rule is off.
function smile(told) {
  if (told.rule === "off") return [];
  const gate = told.gate_open ? "hedged" : "not hedged";
  return [[`by the smile, ${words(told.rule)}`, `${coin(told.shift_coin)} to Black's, ${gate}: ${told.gate}`]];
}

export function bandInForce(book) {
  const { band, profile } = book;
  const edges = (lower, upper) => (known(lower) || known(upper) ? `${coin(lower)} … ${coin(upper)}` : UNKNOWN);
  return facts([
    ["band", edges(band.lower, band.upper)],
    ["hard limit", edges(band.hard_lower, band.hard_upper)],
    ["target", `${coin(book.target)} ${book.underlying}`],
    ["profile", profile.name ? `${profile.name} by ${profile.window}` : "the book's own parameters"],
    ["scale", scale(book), profile.band_scale === 1 ? "" : "warn"],
    profile.blackout ? ["blackout", `${profile.blackout}; yields to the hard limit`, "warn"] : null,
    known(profile.centre_before_ms) ? ["to the centre", `before ${dayTimeOf(profile.centre_before_ms)}`, "warn"] : null,
    known(profile.override_factor) ? ["override", override(profile), "warn"] : null,
    ["next", known(profile.next_change_ms) ? `${dayTimeOf(profile.next_change_ms)} ${profile.next_change}` : "nothing scheduled"],
  ]);
}

function scale({ profile }) {
  const soft = profile.soft_scale === 1 ? "" : ", a cap is in its soft tier";
  return `band × ${number(profile.band_scale, 2).replace(/\.?0+$/, "")}${soft}`;
}

function override(profile) {
  const why = profile.override_reason ? `: ${profile.override_reason}` : "";
  return `× ${profile.override_factor} until ${dayTimeOf(profile.override_until_ms)} by ${profile.override_by}${why}`;
}
