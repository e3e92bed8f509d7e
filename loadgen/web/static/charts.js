// Lines over time as SVG, with a shared frame: seconds since the run's start to the right.

import { drawn, make } from "./dom.js";

const pointed = new WeakMap();  // chart: how far to the right the pointer is, as charts are drawn anew under it

const HEIGHT = 190, LEFT = 46, BOTTOM = 20, TOP = 8;

const short = (value) => value >= 1e6 ? `${+(value / 1e6).toPrecision(3)}M` : value >= 1e4 ? `${+(value / 1e3).toPrecision(3)}k` : `${+value.toPrecision(3)}`;
export const clock = (s) => `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, "0")}`;
export const time = (s) => s < 1 ? `${+(s * 1000).toPrecision(3)} ms` : `${+s.toPrecision(3)} s`;

function roundTop(highest) {
  if (!(highest > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * step).find((top) => top >= highest);
}

function path(points, x, y) {
  let text = "", pen = "M";
  for (const [at, value] of points) {
    if (value === null) { pen = "M"; continue; }
    const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    text += pen === "M" ? `M${place}L${place}` : `L${place}`;  // so that one point between gaps is a dot
    pen = "L";
  }
  return text;
}

// Tells in the key what the lines say below the pointer.
function readable(holder, { lines, titles, mark, when, secondAt, x, word }) {
  const tell = () => {
    const second = pointed.has(holder) ? secondAt(pointed.get(holder)) : null;
    mark.setAttribute("visibility", second === null ? "hidden" : "visible");
    when.textContent = second === null ? "" : `at ${clock(second)}`;
    if (second !== null) for (const end of ["x1", "x2"]) mark.setAttribute(end, x(second));
    lines.forEach((line, at) => {
      const near = second === null ? null : nearest(line.points, second);
      titles[at].textContent = near === null ? line.title : `${line.title}: ${word(near)}`;
    });
  };
  holder.onpointermove = (event) => { pointed.set(holder, event.clientX - holder.getBoundingClientRect().left); tell(); };
  holder.onpointerleave = () => { pointed.delete(holder); tell(); };
  tell();
}

function nearest(points, second) {
  const near = points.reduce((best, point) => best && Math.abs(best[0] - second) <= Math.abs(point[0] - second) ? best : point, null);
  const apart = points.length > 1 ? points[1][0] - points[0][0] : 1;
  return near && Math.abs(near[0] - second) <= apart ? near[1] : null;
}

// lines: [{name, title, points: [[second, value or null], …]}]; shaded: seconds that the generator coloured.
export function chart(holder, { lines, lengthS, spanS = 1, shaded = [], isTime = false, label }) {
  const highest = Math.max(0, ...lines.flatMap((line) => line.points.map(([, value]) => value ?? 0)));
  const top = roundTop(highest * 1.04), length = Math.max(lengthS, 1);
  const width = Math.max(holder.clientWidth, 240);
  const x = (s) => LEFT + (s / length) * (width - LEFT - 8);
  const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const parts = [];
  for (const second of shaded) {
    parts.push(drawn("rect", { class: "coloured", x: x(second), y: TOP, width: Math.max(x(spanS) - x(0), 1), height: HEIGHT - TOP - BOTTOM }));
  }
  for (const share of [0, 0.5, 1]) {
    const at = y(top * share);
    parts.push(drawn("line", { class: "grid", x1: LEFT, x2: width - 8, y1: at, y2: at }));
    parts.push(drawn("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, isTime && share ? time(top * share) : short(top * share)));
  }
  for (const share of [0, 0.5, 1]) {
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    parts.push(drawn("text", { x: x(length * share), y: HEIGHT - 4, "text-anchor": anchor }, clock(length * share)));
  }
  for (const line of lines) parts.push(drawn("path", { class: `s-${line.name}`, d: path(line.points, x, y) }));
  const picture = drawn("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": label }, ...parts);
  const mark = drawn("line", { class: "mark", y1: TOP, y2: HEIGHT - BOTTOM });
  picture.append(mark);
  const titles = lines.map(() => make("span")), when = make("li");
  const key = lines.map((line, at) =>
    make("li", {}, drawn("svg", { viewBox: "0 0 16 8", "aria-hidden": "true" }, drawn("path", { class: `s-${line.name}`, d: "M0 4H16", "stroke-width": 2.5 })), titles[at]),
  );
  if (shaded.length) {
    const patch = drawn("svg", { viewBox: "0 0 16 8", "aria-hidden": "true" }, drawn("rect", { class: "coloured", width: 16, height: 8 }));
    key.push(make("li", {}, patch, "seconds coloured by the generator"));
  }
  holder.replaceChildren(picture, make("ul", { class: "key" }, ...key, when));
  const secondAt = (place) => Math.min(Math.max((place - LEFT) / (width - LEFT - 8), 0), 1) * length;
  readable(holder, { lines, titles, mark, when, secondAt, x, word: isTime ? time : short });
}

// A step's last minute: as high as its own highest.
export function sparkline(values, label) {
  const top = Math.max(0, ...values.map((value) => value ?? 0)) || 1;
  const x = (at) => (at / Math.max(values.length - 1, 1)) * 110, y = (value) => 22 - (value / top) * 20;
  const line = drawn("path", { d: path(values.map((value, at) => [at, value]), x, y) });
  return drawn("svg", { class: "line", viewBox: "0 0 110 24", role: "img", "aria-label": label }, line);
}
