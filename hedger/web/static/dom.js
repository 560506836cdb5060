// Elements and figures. Text only ever enters the page through text nodes: nothing is parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// Replace what a node shows only when it changed: selections and scroll positions survive the poll.
export function show(node, content, ...children) {
  const key = JSON.stringify(content);
  if (node.shown === key) return;
  node.shown = key;
  node.replaceChildren(...children.flat().filter((child) => child !== null));
}

export const UNKNOWN = "–";
export const known = (value) => value !== null && value !== undefined;

export function number(value, digits, signed = false) {
  if (!known(value)) return UNKNOWN;
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const zero = Number(Math.abs(value).toFixed(digits)) === 0;
  if (zero) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

export const coin = (value) => number(value, 4, true);
export const usd = (value, signed = false) => number(value, 0, signed);
export const words = (value) => String(value ?? "").replaceAll("_", " ");
// The key of a cap as a person says it; its unit stands beside.
export const capName = (name) => words(String(name).replace(/^max_/, "").replace(/_(usd|coin)$/, ""));
export const clock = (iso) => String(iso ?? "").slice(11, 19);
export const timeOf = (ms) => clock(new Date(ms).toISOString());
export const dayTimeOf = (ms) => `${new Date(ms).toISOString().slice(5, 16).replace("T", " ")} UTC`;
export const pct = (fraction, digits = 1, signed = false) => (known(fraction) ? `${number(fraction * 100, digits, signed)} %` : UNKNOWN);

// An exact figure that came as text, with thousands separated and nothing rounded.
export function exact(text) {
  const match = /^(-?)(\d+)(\.\d+)?$/.exec(text ?? "");
  if (!match) return text || UNKNOWN;
  return `${match[1] ? "−" : ""}${match[2].replace(/\B(?=(\d{3})+$)/g, ",")}${match[3] ?? ""}`;
}

export function age(seconds) {
  if (!known(seconds)) return UNKNOWN;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} d`;
}

// Words with what stands between backticks as code, which one click selects.
export function rich(text) {
  return String(text ?? "").split("`").map((piece, at) => (at % 2 ? el("code", { class: "command" }, piece) : piece));
}

// Custom properties are set by script: the strict policy allows no inline styles.
export function styled(node, properties) {
  for (const [name, value] of Object.entries(properties)) node.style.setProperty(name, value);
  return node;
}

export function bar(fraction, tone = "") {
  const share = Math.min(Math.max(known(fraction) ? fraction : 0, 0), 1);
  return el("span", { class: `bar ${tone}`, "aria-hidden": "true" }, styled(el("i"), { "--share": `${(share * 100).toFixed(1)}%` }));
}

export function facts(rows) {
  const line = ([name, value, tone]) => el("div", {}, el("dt", {}, name), el("dd", { class: tone ?? null }, ...[value].flat()));
  return el("dl", { class: "rows" }, ...rows.filter(Boolean).map(line));
}

export const empty = (text) => el("p", { class: "empty" }, text);
export const num = (title, value, tone) => ({ title, value, tone, kind: "num" });
export const txt = (title, value, tone) => ({ title, value, tone, kind: "txt" });
export const wide = (title, value) => ({ title, value, kind: "txt wide" });

export function table(columns, rows, empty) {
  if (!rows.length) return el("p", { class: "empty" }, empty);
  const head = el("tr", {}, ...columns.map((c) => el("th", { scope: "col", class: c.kind }, c.title)));
  const line = (row) => el("tr", {}, ...columns.map((c) => cell(c, row)));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows.map(line)));
}

function cell(column, row) {
  const shown = column.value(row);
  const tone = column.tone ? column.tone(row) : "";
  return el("td", { class: [column.kind, tone].filter(Boolean).join(" ") || null }, ...[shown].flat());
}
