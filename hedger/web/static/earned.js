// The day's result of each wallet, cut at 08:00 UTC as the venue does: what it came from, line by line.

import { dayTimeOf, el, known, number, pct, UNKNOWN, usd, words } from "./dom.js";

const money = (value) => number(value, 6, true);
const least = 5e-7;

export function earned(days) {
  const shown = days.filter((day) => day.cut === "08:00");
  if (!shown.length) return [el("p", { class: "empty" }, "Not known before the account and the marks of all positions are.")];
  return shown.map(wallet);
}

// What nothing explains: cash beyond the bookings, and what the greeks leave of the newest interval.
function apart(day) {
  const rows = [];
  if (Math.abs(day.cash_gap) > day.cash_tolerance) rows.push(["cash gap", `${number(day.cash_gap, 10, true)} ${day.currency}`]);
  if (known(day.taylor_residual) && Math.abs(day.taylor_residual) > day.taylor_tolerance) {
    rows.push(["greeks leave", `${money(day.taylor_residual)} ${day.currency} · ${pct(day.taylor_share)}`]);
  }
  return rows;
}

function wallet(day) {
  const lines = Object.entries(day.lines).filter(([, value]) => Math.abs(value) >= least);
  const rows = [
    ["change of equity", `${money(day.change)} ${day.currency} · ${usd(day.change_usd, true)} USD`],
    ...lines.map(([name, value]) => [words(name), money(value)]),
    ...apart(day),
    ["theta kept a day", money(day.theta_kept_per_day)],
    ["realised against implied", known(day.realised_vol) ? `${pct(day.realised_vol)} against ${pct(day.implied_vol)}` : UNKNOWN],
  ];
  return el("div", {},
    el("h3", {}, `${day.currency} since ${dayTimeOf(day.since_ms)}`),
    el("dl", { class: "facts" }, ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}
