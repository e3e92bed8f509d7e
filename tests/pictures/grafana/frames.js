// Answers of Prometheus as Grafana's data frames, with the units, colours and names that a panel gives them.
import { FieldType, getDisplayProcessor } from "@grafana/data";

// What Grafana's time series panel takes where a dashboard says nothing.
const LINE = {
  drawStyle: "line", lineInterpolation: "linear", lineWidth: 1, fillOpacity: 0, gradientMode: "none", showPoints: "auto",
  pointSize: 5, axisPlacement: "auto", axisGridShow: true, scaleDistribution: { type: "linear" }, spanNulls: false,
  stacking: { mode: "none", group: "A" }, thresholdsStyle: { mode: "off" },
  hideFrom: { legend: false, tooltip: false, viz: false },
};

const number = (text) => (Number.isFinite(Number(text)) ? Number(text) : null);

function named(target, metric) {
  if (target.legendFormat !== "__auto") return target.legendFormat.replace(/{{\s*(\w+)\s*}}/g, (_, label) => metric[label] ?? "");
  return Object.values(metric).join(" ") || "Value";
}

function configured(panel, name, look) {
  const config = structuredClone({ ...panel.fieldConfig.defaults });
  config.custom = { ...look, ...config.custom };
  for (const { matcher, properties } of panel.fieldConfig.overrides ?? []) {
    const fits = matcher.id === "byName" ? matcher.options === name : new RegExp(matcher.options.slice(1, -1)).test(name);
    for (const { id, value } of fits ? properties : []) {
      if (id.startsWith("custom.")) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  return config;
}

function field(panel, theme, name, values, index, mode, look = {}) {
  const config = configured(panel, name, look);
  config.color ??= { mode };
  const made = { name, type: typeof values[0] === "string" ? FieldType.string : FieldType.number, values, config };
  made.state = { seriesIndex: index, displayName: name };
  made.display = getDisplayProcessor({ field: made, theme });
  return made;
}

const grid = ({ since_s, until_s, step_s }) =>
  Array.from({ length: Math.floor((until_s - since_s) / step_s) + 1 }, (_, n) => (since_s + n * step_s) * 1000);
const place = ({ since_s, step_s }, at) => Math.round((at - since_s) / step_s);

// Lines: a frame for each series, all on one grid so that gaps are gaps.
export function lines(panel, theme, drawn) {
  const times = grid(drawn);
  return panel.targets.flatMap((target) => target.answers.map((answer) => ({ target, answer }))).map(({ target, answer }, index) => {
    const values = times.map(() => null);
    for (const [at, value] of answer.values ?? []) values[place(drawn, at)] = number(value);
    const time = { name: "Time", type: FieldType.time, values: times, config: {} };
    time.display = getDisplayProcessor({ field: time, theme });
    const value = field(panel, theme, named(target, answer.metric), values, index, "palette-classic", LINE);
    return { refId: target.refId, length: times.length, fields: [time, value] };
  });
}

// Figures: what a stat panel shows, one for each series.
export function figures(panel, theme) {
  return panel.targets.flatMap((target) =>
    target.answers.map((answer, index) => {
      const name = named(target, answer.metric);
      const { display } = field(panel, theme, name, [number(answer.value[1])], index, "thresholds");
      return { ...display(number(answer.value[1])), title: name };
    }),
  );
}

// A table: queries side by side (the transformation "merge"), then renamed ("organize").
export function table(panel, theme) {
  const { renameByName } = panel.transformations.find(({ id }) => id === "organize").options;
  const rows = new Map();
  for (const { refId, answers } of panel.targets) {
    const column = panel.targets.length === 1 ? "Value" : `Value #${refId}`;
    for (const { metric, value } of answers) {
      const key = JSON.stringify(metric);
      rows.set(key, { ...metric, ...rows.get(key), [column]: number(value[1]) });
    }
  }
  const keys = [...new Set([...rows.values()].flatMap(Object.keys))].sort((a, b) => a.startsWith("Value") - b.startsWith("Value"));
  const fields = keys.map((key, index) => {
    const values = [...rows.values()].map((row) => row[key] ?? null);
    return field(panel, theme, renameByName[key] ?? key, values, index, "thresholds");
  });
  return { length: rows.size, fields };
}

// A heatmap: counts by bucket (lowest first) and moment, out of cumulative ones.
export function heat(panel, drawn) {
  const sorted = panel.targets[0].answers.map(({ metric, values }) => ({ le: Number(metric.le.replace("+Inf", "Infinity")), values }));
  sorted.sort((a, b) => a.le - b.le);
  const columns = grid(drawn).length;
  let below = new Array(columns).fill(0);
  return sorted.map(({ le, values }) => {
    const all = new Array(columns).fill(0);
    for (const [at, value] of values) all[place(drawn, at)] = number(value) ?? 0;
    const counts = all.map((count, column) => Math.max(0, count - below[column]));
    below = all;
    return { le, counts };
  });
}
