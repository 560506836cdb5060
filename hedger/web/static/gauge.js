// Two drawings: where delta stands within the band now, and where it has been.

import { coin, svg, timeOf, usd } from "./dom.js";

const known = (value) => value !== null && value !== undefined;

// The part of the delta axis worth showing: the band with room around it, the delta, hard limits when near.
function domain(book) {
  const { lower, upper, hard_lower: hardLower, hard_upper: hardUpper } = book.band;
  const points = [lower, upper, book.delta.used].filter(known);
  if (!points.length) return null;
  const middle = known(lower) && known(upper) ? (lower + upper) / 2 : book.target;
  const band = known(lower) && known(upper) ? (upper - lower) / 2 : 0;
  let half = Math.max(band * 2, ...[...points, book.target].map((p) => Math.abs(p - middle) * 1.2), 1e-6);
  const hard = Math.max(...[hardLower, hardUpper].filter(known).map((h) => Math.abs(h - middle)), 0);
  if (hard > half && hard < half * 4) half = hard * 1.12;
  return [middle - half, middle + half];
}

export function gauge(book, width) {
  const range = domain(book);
  if (!range) return null;
  const height = 104;
  const top = 40;
  const thick = 22;
  const x = (value) => 10 + ((clamp(value, range) - range[0]) / (range[1] - range[0])) * (width - 20);
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": spoken(book) });
  root.append(svg("rect", { x: 10, y: top, width: width - 20, height: thick, rx: 4, class: "g-out" }));
  root.append(...hardZones(book.band, range, x, top, thick, width));
  if (known(book.band.lower) && known(book.band.upper)) {
    const left = x(book.band.lower);
    root.append(svg("rect", { x: left, y: top, width: x(book.band.upper) - left, height: thick, class: "g-band" }));
  }
  root.append(svg("line", { x1: x(book.target), x2: x(book.target), y1: top - 3, y2: top + thick + 3, class: "g-target" }));
  root.append(...labels(book, x, top + thick + 17, width));
  if (known(book.delta.used)) root.append(...marker(book, x(book.delta.used), top, thick, width));
  return root;
}

function hardZones(band, range, x, top, thick, width) {
  const zones = [];
  if (known(band.hard_lower) && band.hard_lower > range[0]) {
    zones.push(svg("rect", { x: 10, y: top, width: x(band.hard_lower) - 10, height: thick, rx: 4, class: "g-hard" }));
  }
  if (known(band.hard_upper) && band.hard_upper < range[1]) {
    const left = x(band.hard_upper);
    zones.push(svg("rect", { x: left, y: top, width: width - 10 - left, height: thick, rx: 4, class: "g-hard" }));
  }
  return zones;
}

// The edges of the band are said on their outer sides, the rest where there is room.
function labels(book, x, y, width) {
  const { band } = book;
  const edge = (level, name) => (known(level) ? `index ${usd(level)}` : name);
  const room = 86;
  const wanted = [
    { value: band.lower, text: edge(band.lower_index_usd, "lower"), anchor: "end" },
    { value: band.upper, text: edge(band.upper_index_usd, "upper"), anchor: "start" },
    { value: book.target, text: "target", anchor: "middle" },
    { value: band.hard_lower, text: "hard limit", anchor: "end" },
    { value: band.hard_upper, text: "hard limit", anchor: "start" },
  ].filter(({ value }) => known(value)).map((label) => ({ ...label, ...span(x(label.value), label.anchor, room, width) }));
  const placed = [];
  for (const label of wanted) {
    if (!placed.some((p) => p.from < label.to && label.from < p.to)) placed.push(label);
  }
  return placed.flatMap(({ at, anchor, value, text }) => [
    svg("text", { x: at, y, class: `g-value ${anchor}` }, coin(value)),
    svg("text", { x: at, y: y + 15, class: `g-label ${anchor}` }, text),
  ]);
}

function span(at, anchor, room, width) {
  const offset = { end: room - 4, start: 4, middle: room / 2 }[anchor];
  const from = Math.min(Math.max(at - offset, 4), width - room - 4);
  return { at: from + { end: room, start: 0, middle: room / 2 }[anchor], from, to: from + room };
}

function marker(book, at, top, thick, width) {
  const tone = inside(book) ? "in" : "out";
  const text = Math.min(Math.max(at, 60), width - 60);
  return [
    svg("path", { d: `M${at - 7} ${top - 10}h14l-7 9z`, class: `g-mark ${tone}` }),
    svg("line", { x1: at, x2: at, y1: top - 4, y2: top + thick, class: `g-needle ${tone}` }),
    svg("text", { x: text, y: top - 17, class: `g-delta ${tone}` }, `${coin(book.delta.used)} ${book.underlying}`),
  ];
}

export function inside(book) {
  const { lower, upper } = book.band;
  const delta = book.delta.used;
  return known(delta) && (!known(lower) || delta >= lower) && (!known(upper) || delta <= upper);
}

function spoken(book) {
  const { band, delta } = book;
  return `Delta ${coin(delta.used)} ${book.underlying}, band ${coin(band.lower)} to ${coin(band.upper)}, target ${coin(book.target)}`;
}

function clamp(value, [low, high]) {
  return Math.min(Math.max(value, low), high);
}

export function chart(history, width) {
  const points = history.filter((p) => known(p.delta));
  if (points.length < 2) return null;
  const height = 150;
  const [left, right, top, bottom] = [58, 8, 8, 20];
  const values = points.flatMap((p) => [p.delta, p.lower, p.upper].filter(known));
  const pad = Math.max((Math.max(...values) - Math.min(...values)) * 0.08, 1e-6);
  const [low, high] = [Math.min(...values) - pad, Math.max(...values) + pad];
  const [first, last] = [points[0].ms, points[points.length - 1].ms];
  const x = (ms) => left + ((ms - first) / Math.max(last - first, 1)) * (width - left - right);
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Delta over time with its band" });
  root.append(...bands(history, x, y));
  root.append(...axis(points, low, high, x, y, width, height));
  root.append(...runs(history, (p) => known(p.delta)).map((run) => svg("path", { d: path(run, x, y, (p) => p.delta), class: "c-line" })));
  const end = points[points.length - 1];
  root.append(svg("circle", { cx: x(end.ms), cy: y(end.delta), r: 3, class: "c-dot" }));
  return root;
}

function bands(history, x, y) {
  return runs(history, (p) => known(p.lower) && known(p.upper)).map((run) => {
    const back = [...run].reverse().map((p) => `L${x(p.ms).toFixed(1)} ${y(p.lower).toFixed(1)}`);
    return svg("path", { d: `${path(run, x, y, (p) => p.upper)}${back.join("")}Z`, class: "c-band" });
  });
}

function axis(points, low, high, x, y, width, height) {
  const end = points[points.length - 1];
  const marks = [...new Set([end.lower, 0, end.upper].filter((v) => known(v) && v > low && v < high))];
  const lines = marks.flatMap((value) => [
    svg("line", { x1: 58, x2: width - 8, y1: y(value), y2: y(value), class: value === 0 ? "c-zero" : "c-edge" }),
    svg("text", { x: 52, y: y(value) + 4, class: "c-text end" }, coin(value)),
  ]);
  return [
    ...lines,
    svg("text", { x: 58, y: height - 5, class: "c-text" }, timeOf(points[0].ms)),
    svg("text", { x: width - 8, y: height - 5, class: "c-text end" }, timeOf(end.ms)),
  ];
}

// Stretches without a gap: a line is never drawn across a time when delta was not known.
function runs(history, usable) {
  const found = [[]];
  for (const point of history) {
    if (usable(point)) found[found.length - 1].push(point);
    else if (found[found.length - 1].length) found.push([]);
  }
  return found.filter((run) => run.length > 1);
}

function path(run, x, y, value) {
  return run.map((p, i) => `${i ? "L" : "M"}${x(p.ms).toFixed(1)} ${y(value(p)).toFixed(1)}`).join("");
}
