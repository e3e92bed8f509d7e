// One run on the page: what its events say, drawn. The server decides and words every figure.

import { chart, sparkline } from "./charts.js";
import { byId, make, say, show, table } from "./dom.js";
import { heatmap } from "./heat.js";

const SHORTEST_S = 30;  // what has happened so far is drawn over this at least; the plan is drawn whole
const LONG_TABLE = 40;  // rows from which a table scrolls in itself, so that what follows is not out of reach

export class RunView {
  constructor() {
    this.points = new Map();
    this.spanS = 1;
    this.outline = { duration_s: 1, bounds_s: [], arrivals: [], shoppers: [] };
    this.board = null;
    this.due = 0;
    this.drawn = {};
  }

  take(event) {
    if (event.outline) this.outline = event.outline;
    if (event.timeline.anew) this.points.clear();
    this.spanS = event.timeline.span_s;
    for (const point of event.timeline.points) this.points.set(point.second, point);
    this.board = event.board;
    this.due ||= requestAnimationFrame(() => { this.due = 0; this.draw(); });
  }

  draw() {
    if (!this.board) return;
    show(byId("run"), true);
    heading(this.board);
    tiles(byId("tiles"), this.board.tiles);
    this.charts();
    this.part("validity", validity);
    this.part("conditions", conditions, ["thresholds", "guards"]);
    this.part("business", business);
    this.part("steps", steps);
    this.part("funnels", funnels);
    this.part("errors", errors, ["errors", "errors_in_all"]);
    this.part("workers", workers, ["workers", "workers_in_all"]);
    this.part("events", events, ["events", "events_in_all"]);
  }

  // Draws a part where it differs from what is drawn, so that what somebody marks or reads stays as long as it is true.
  part(name, draw, of = [name]) {
    const text = JSON.stringify(of.map((key) => this.board[key]));
    if (this.drawn[name] === text) return;
    this.drawn[name] = text;
    draw(of.length > 1 ? this.board : this.board[name]);
  }

  charts() {
    const points = [...this.points.values()].sort((one, other) => one.second - other.second);
    const seen = points.length ? points.at(-1).second + this.spanS : 0;
    const lengthS = Math.max(this.outline.duration_s, seen), seenS = Math.max(seen, Math.min(SHORTEST_S, lengthS));
    const shaded = points.filter((point) => point.coloured).map((point) => point.second);
    const line = (name, title) => ({ name, title, points: points.map((point) => [point.second + this.spanS / 2, point[name]]) });
    const planned = (name, title) => {
      const levels = this.outline[name], slice = this.outline.duration_s / levels.length;
      return { name: "planned", title, points: levels.map((level, at) => [(at + 0.5) * slice, level]) };
    };
    const load = [];
    if (this.outline.arrivals.length) load.push(planned("arrivals", "arrivals planned, per second"), line("started", "started"));
    if (this.outline.shoppers.length) load.push(planned("shoppers", "shoppers planned"));
    if (this.outline.shoppers.length || !load.length) load.push(line("shoppers", "shoppers"));
    const common = { lengthS: seenS, spanS: this.spanS, shaded };
    chart(byId("load-chart"), { ...common, lengthS, lines: load, label: "Planned and actual load over time" });
    chart(byId("rate-chart"), { ...common, lines: [line("requests", "requests"), line("failures", "failures")], label: "Requests and failures per second over time" });
    chart(byId("latency-chart"), { ...common, isTime: true, lines: [line("p50", "p50"), line("p95", "p95"), line("p99", "p99")], label: "Latency percentiles over time" });
    heatmap(byId("heat-canvas"), points, this.spanS, seenS, this.outline.bounds_s);
  }
}

function heading(board) {
  say(byId("run-name"), board.name);
  say(byId("run-id"), board.run);
  say(byId("state"), board.outcome ? `${board.state}: ${board.outcome}` : board.state);
  say(byId("clock"), board.clock);
  byId("progress").value = board.progress;
  const detail = board.reason || board.detail;
  say(byId("detail"), detail);
  show(byId("detail"), Boolean(detail));
  for (const id of ["stop", "stop-now"]) show(byId(id), board.state !== "finished");
  document.title = `${board.outcome ?? board.state}: ${board.name}`;
}

function tiles(holder, cards) {
  holder.replaceChildren(...cards.map((card) => make("div", { class: card.bad ? "bad" : null },
    make("dt", {}, card.label), make("dd", { class: "value" }, card.value), make("dd", { class: "note" }, card.note))));
}

function business(cards) {
  show(byId("business-section"), cards.length > 0);
  tiles(byId("business"), cards);
}

function events(board) {
  const more = board.events_in_all - board.events.length;
  byId("events").replaceChildren(
    ...board.events.map((event) => make("li", {}, make("time", {}, event.at), ` ${event.kind}: ${event.text}`)),
    ...(more > 0 ? [make("li", {}, `and ${more} earlier ones`)] : []));
}

function validity(judged) {
  const tone = { VALID: "good", DEGRADED: "fair", INVALID: "bad" }[judged?.verdict.toUpperCase()] ?? "soft";
  byId("validity").replaceChildren(
    make("p", {}, make("strong", { class: tone }, judged ? judged.verdict : "not judged yet")),
    make("ul", {}, ...(judged?.reasons ?? []).map((reason) => make("li", {}, `${reason.severity}: ${reason.text}`))),
  );
}

function conditions(board) {
  const item = (kind, of) => {
    const [sign, tone, word] = of.well === null ? ["·", "soft", "no data"] : of.well ? ["✓", "good", "holds"] : ["✗", "bad", "in trouble"];
    return make("li", {},
      make("span", {}, make("span", { class: tone, title: word, role: "img", "aria-label": word }, sign), ` ${kind} `, make("code", {}, of.text)),
      make("span", {}, [of.held, of.measured].filter(Boolean).join(", ")));
  };
  const all = [...board.thresholds.map((of) => item("threshold", of)), ...board.guards.map((of) => item("guard", of))];
  byId("conditions").replaceChildren(...(all.length ? all : [make("li", {}, "The plan has none.")]));
}

function steps(rows) {
  byId("steps").classList.toggle("tall", rows.length > LONG_TABLE);
  byId("steps").replaceChildren(table([
    { title: "Journey", cell: (row) => row.journey },
    { title: "Step", cell: (row) => row.step, head: true },
    { title: "Requests", cell: (row) => row.requests, number: true },
    { title: "Failed", cell: (row) => row.failed, number: true, warns: (row) => row.bad },
    { title: "p50", cell: (row) => row.p50, number: true },
    { title: "p95", cell: (row) => row.p95, number: true },
    { title: "p99", cell: (row) => row.p99, number: true },
    { title: "Apdex", cell: (row) => row.apdex, number: true },
    { title: "p95, last minute", cell: (row) => sparkline(row.line, `p95 of ${row.step} in the last minute`) },
  ], rows));
}

function funnels(all) {
  show(byId("funnel-section"), all.length > 0);
  byId("funnel").classList.toggle("tall", all.reduce((sum, funnel) => sum + funnel.steps.length, 0) > LONG_TABLE);
  const rows = all.flatMap((funnel) => funnel.steps.map((step) => ({ journey: funnel.journey, ...step })));
  const bar = (row) => {
    const inside = make("i");
    inside.style.width = `${100 * row.width}%`;
    return make("span", { class: "bar", "aria-hidden": "true" }, inside);
  };
  byId("funnel").replaceChildren(table([
    { title: "Journey", cell: (row) => row.journey },
    { title: "Step", cell: (row) => row.step, head: true },
    { title: "Entered", cell: (row) => row.entered, number: true },
    { title: "Of visitors", cell: (row) => row.share, number: true },
    { title: "", cell: bar },
    { title: "Lost here", cell: (row) => row.lost, number: true },
    { title: "Why", cell: (row) => row.why },
  ], rows));
}

function errors(board) {
  const holder = byId("errors");
  const open = new Set([...holder.querySelectorAll("details[open]")].map((element) => element.dataset.key));
  const focused = document.activeElement?.closest?.("details")?.dataset.key;
  const found = board.errors.map((error) => {
    const key = `${error.reason} ${error.request}`;
    const samples = error.samples.map((sample) => make("li", {}, `${sample.at} ${sample.worker}: ${sample.text}`));
    return make("details", { "data-key": key, open: open.has(key) },
      make("summary", {}, make("strong", { class: "bad" }, error.count), ` ${error.reason} at ${error.request}`),
      make("ul", {}, ...(samples.length ? samples : [make("li", {}, "no sample was kept")])));
  });
  const more = board.errors_in_all - found.length;
  holder.replaceChildren(...(found.length ? found : [make("p", {}, "None.")]), ...(more > 0 ? [make("p", {}, `and ${more} more kinds`)] : []));
  if (focused) found.find((element) => element.dataset.key === focused)?.querySelector("summary").focus();
}

function workers(board) {
  const more = board.workers_in_all - board.workers.length;
  byId("workers").classList.toggle("tall", board.workers.length > LONG_TABLE);
  byId("workers").replaceChildren(table([
    { title: "Worker", cell: (row) => row.worker, head: true },
    { title: "State", cell: (row) => row.state, warns: (row) => row.bad.state },
    { title: "CPU", cell: (row) => row.cpu, number: true, warns: (row) => row.bad.cpu },
    { title: "Loop lag", cell: (row) => row.lag, number: true },
    { title: "Coloured", cell: (row) => row.coloured, number: true, warns: (row) => row.bad.coloured },
    { title: "Memory", cell: (row) => row.memory, number: true },
    { title: "Requests", cell: (row) => row.requests, number: true },
    { title: "Started", cell: (row) => row.started, number: true },
    { title: "Late", cell: (row) => row.late, number: true },
    { title: "Dropped, missed", cell: (row) => row.undone, number: true, warns: (row) => row.bad.undone },
  ], board.workers, more > 0 ? `and ${more} more` : ""));
}
