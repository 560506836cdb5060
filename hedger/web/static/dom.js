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

export function number(value, digits, signed = false) {
  if (value === null || value === undefined) return UNKNOWN;
  const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const zero = Number(Math.abs(value).toFixed(digits)) === 0;
  if (zero) return text;
  return (value < 0 ? "−" : signed ? "+" : "") + text;
}

export const coin = (value) => number(value, 4, true);
export const usd = (value, signed = false) => number(value, 0, signed);
export const words = (value) => String(value ?? "").replaceAll("_", " ");
export const clock = (iso) => String(iso ?? "").slice(11, 19);
export const timeOf = (ms) => clock(new Date(ms).toISOString());

export function age(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86400)} d`;
}

export function table(columns, rows, empty) {
  if (!rows.length) return el("p", { class: "empty" }, empty);
  const head = el("tr", {}, ...columns.map((c) => el("th", { scope: "col", class: c.kind }, c.title)));
  const line = (row) => el("tr", {}, ...columns.map((c) => cell(c, row)));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows.map(line)));
}

function cell(column, row) {
  const shown = column.value(row);
  const tone = column.tone ? column.tone(row) : "";
  return el("td", { class: [column.kind, tone].filter(Boolean).join(" ") || null }, shown);
}
