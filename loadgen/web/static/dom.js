// Small means to write documents with. Text is always set as text: what a shop or a journey says is never markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function make(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Sets a text only where it differs, so that live regions speak of changes alone.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, shown) {
  element.hidden = !shown;
}

// A table. Columns: {title, cell: row => text or node, number, head, wide}.
export function table(columns, rows, caption = "") {
  const heads = columns.map((column) => make("th", { scope: "col", class: column.number ? "n" : null }, column.title));
  const body = rows.map((row) =>
    make("tr", {}, ...columns.map((column) => {
      const kind = [column.number ? "n" : "", column.wide ? "wide" : "", column.warns?.(row) ? "warn" : ""].join(" ").trim();
      const attributes = { class: kind || null };
      return column.head ? make("th", { scope: "row", ...attributes }, column.cell(row)) : make("td", attributes, column.cell(row));
    })),
  );
  return make("table", {}, caption ? make("caption", {}, caption) : null, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
}
