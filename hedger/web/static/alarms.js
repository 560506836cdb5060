// What a person must know of first: alarms, the critical ones on top, then conditions of the daemon itself.

import { age, el, rich, show, words } from "./dom.js";

const LATE_STEP_S = 5;
const LATE_DATA_S = 10;
const RANK = { critical: 0, error: 1, warning: 2 };

export const banner = (tone, text, detail = "") => el("p", { class: `alert ${tone}` }, el("strong", {}, text), detail ? ` ${detail}` : "");

export const critical = (status) => status.alarms.filter((alarm) => alarm.severity === "critical").length;

export function renderAlarms(node, status) {
  const alarms = [...status.alarms].sort((a, b) => (RANK[a.severity] ?? 3) - (RANK[b.severity] ?? 3));
  const keys = alarms.map((a) => [a.severity, a.name, a.book, a.since_ms]);
  show(node, keys, ...alarms.map(alarmRow));
  alarms.forEach((alarm, at) => {
    const [time, detail] = node.children[at].querySelectorAll("[data-part]");
    show(time, age((status.market_ms - alarm.since_ms) / 1000), `for ${age((status.market_ms - alarm.since_ms) / 1000)}`);
    show(detail, alarm.detail, rich(alarm.detail));
  });
}

// Figures in the detail change by the second: a screen reader is told of the alarm, not of every figure.
function alarmRow(alarm) {
  return el("div", { class: `alarm ${alarm.severity}` },
    el("p", { class: "alarm-head" },
      el("span", { class: "level" }, alarm.severity === "critical" ? "CRITICAL" : words(alarm.severity)),
      el("strong", {}, words(alarm.name)),
      alarm.book ? el("span", { class: "of" }, alarm.book) : null,
      el("span", { class: "since", "data-part": "since", "aria-live": "off" })),
    el("p", { class: "detail", "data-part": "detail", "aria-live": "off" }));
}

export function conditions(status) {
  return [...ofDaemon(status), ...status.venues.flatMap(ofVenue), ...ofSettings(status)];
}

function ofDaemon({ last_step_age_s: late, state, journal_ok: journal, orders }) {
  return [
    late === null || late > LATE_STEP_S ? ["bad", "The engine is not stepping.", `Last step ${age(late)} ago.`] : null,
    state === "halted" ? ["bad", "Halted.", "Nothing leaves until an operator resumes."] : null,
    journal ? null : ["bad", "The journal cannot be written.", "No orders are sent."],
    orders.unknown ? ["bad", `${orders.unknown} order(s) with unknown outcome.`, "They are being looked up."] : null,
  ].filter(Boolean);
}

function ofVenue(venue) {
  const late = venue.data_age_s === null || venue.data_age_s > LATE_DATA_S;
  return [
    venue.connected ? null : ["bad", `${venue.name} is disconnected.`],
    venue.connected && late ? ["warn", `${venue.name} sends no data.`, `Last ${age(venue.data_age_s)} ago.`] : null,
    venue.standby_of ? ["warn", "Standby.", `${venue.standby_of} holds ${venue.name}; this one takes over when that ends.`] : null,
    venue.locked ? ["warn", `${venue.name} has locked trading.`] : null,
  ].filter(Boolean);
}

function ofSettings({ settings_error: refused, missing, edits }) {
  return [
    refused ? ["warn", "The last reload was refused; the old settings stay.", refused] : null,
    missing.length ? ["warn", "Awaited:", missing.join(", ")] : null,
    ...edits.map((edit) => ["info", `${edit.key} = ${edit.value}`, `set by ${edit.by}, above the file until cleared`]),
  ].filter(Boolean);
}
