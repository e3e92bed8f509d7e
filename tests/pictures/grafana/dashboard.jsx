// Draws a dashboard: its rows and panels where gridPos says, each by Grafana's own component for its kind.
import { createRoot } from "react-dom/client";
import { createTheme, dateTime, dateTimeFormat, ThemeContext } from "@grafana/data";
import { BigValue, GlobalStyles, PanelChrome, TimeSeries } from "@grafana/ui";
import { TableNG } from "@grafana/ui/unstable";
import { figures, heat, lines, table } from "./frames.js";
import { Heatmap } from "./heatmap.jsx";

const WIDE = 1440, COLUMNS = 24, CELL = 30, GAP = 8, TOP = 56; // as Grafana: cells of 30 pixels, gaps of 8

const theme = createTheme({ colors: { mode: "dark" } });

function Events({ builder, events }) {
  builder.addHook("draw", ({ ctx, bbox, valToPos }) => {
    for (const { at, colour } of events) {
      const x = valToPos(at * 1000, "x", true);
      ctx.save();
      ctx.strokeStyle = theme.visualization.getColorByName(colour);
      ctx.setLineDash([4, 4]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.restore();
    }
  });
  return null;
}

function Inside({ panel, drawn, width, height }) {
  const { since_s: since, until_s: until } = drawn;
  if (panel.type === "timeseries") {
    const from = dateTime(since * 1000), to = dateTime(until * 1000);
    const frames = lines(panel, theme, drawn);
    if (!frames.length) return <Nothing />;
    return (
      <TimeSeries frames={frames} width={width} height={height} timeZone="utc" legend={panel.options.legend}
        timeRange={{ from, to, raw: { from, to } }} options={panel.options}>
        {(builder) => <Events builder={builder} events={drawn.events} />}
      </TimeSeries>
    );
  }
  if (panel.type === "stat") {
    const shown = figures(panel, theme);
    const { noValue } = panel.fieldConfig.defaults;
    const values = shown.length ? shown : [{ text: noValue, numeric: 0, color: theme.colors.text.primary }];
    return (
      <div style={{ display: "flex" }}>
        {values.map((value, place) => (
          <BigValue key={place} value={value} width={width / values.length} height={height} theme={theme} count={values.length}
            colorMode={panel.options.colorMode} graphMode={panel.options.graphMode} justifyMode={panel.options.justifyMode}
            textMode={shown.length ? panel.options.textMode : "value"} />
        ))}
      </div>
    );
  }
  if (panel.type === "table") {
    const data = table(panel, theme);
    if (!data.length) return <Nothing />;
    return <TableNG data={data} width={width} height={height} cellHeight={panel.options.cellHeight} sortBy={panel.options.sortBy} enableVirtualization={false} />;
  }
  const buckets = heat(panel, drawn);
  return <Heatmap panel={panel} buckets={buckets} drawn={drawn} width={width} height={height} theme={theme} />;
}

const Nothing = () => <div style={{ padding: 24, textAlign: "center", color: theme.colors.text.secondary }}>No data</div>;

function Placed({ panel, drawn }) {
  const { x, y, w, h } = panel.gridPos;
  const column = (WIDE - GAP) / COLUMNS;
  const place = { left: GAP + x * column, top: TOP + y * (CELL + GAP), width: w * column - GAP, height: h * (CELL + GAP) - GAP };
  if (panel.type === "row") {
    return <h2 style={{ ...place, position: "absolute", margin: 0, fontSize: 16, lineHeight: "30px" }}>⌄ {panel.title}</h2>;
  }
  return (
    <div style={{ ...place, position: "absolute" }}>
      <PanelChrome title={panel.title} width={place.width} height={place.height}>
        {(width, height) => <Inside panel={panel} drawn={drawn} width={width} height={height} />}
      </PanelChrome>
    </div>
  );
}

function Dashboard({ name, drawn }) {
  const dashboard = drawn.dashboards[name];
  const rows = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const span = [drawn.since_s, drawn.until_s].map((at) => dateTimeFormat(at * 1000, { format: "HH:mm:ss", timeZone: "utc" }));
  const chosen = dashboard.templating.list.map((variable) => [variable.label ?? variable.name, drawn.chosen[variable.name]]);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div id="dashboard" style={{ position: "relative", width: WIDE, height: TOP + rows * (CELL + GAP), background: theme.colors.background.canvas }}>
        <div style={{ display: "flex", gap: 16, alignItems: "center", height: TOP, padding: "0 8px" }}>
          <b style={{ fontSize: 18, flex: 1 }}>{dashboard.title}</b>
          {chosen.filter(([, value]) => value).map(([label, value]) => (
            <span key={label} style={{ border: `1px solid ${theme.colors.border.medium}`, padding: "4px 8px" }}>
              <span style={{ color: theme.colors.text.secondary }}>{label}</span> {value}
            </span>
          ))}
          <span style={{ color: theme.colors.text.secondary }}>{span.join(" to ")}</span>
        </div>
        {dashboard.panels.map((panel) => <Placed key={panel.id} panel={panel} drawn={{ ...drawn, events: events(dashboard, drawn.step_s) }} />)}
      </div>
    </ThemeContext.Provider>
  );
}

// An annotation of Prometheus stands where its series begins.
const events = (dashboard, step) =>
  dashboard.annotations.list.flatMap(({ answers, iconColor }) =>
    answers.flatMap(({ values }) => values.filter(([at], n) => !n || at - values[n - 1][0] > 1.5 * step).map(([at]) => ({ at, colour: iconColor }))),
  );

// Figures are sized by the width of their text: the font must be there first.
window.draw = async (name, drawn) => {
  const fonts = [["400", "Regular"], ["500", "Medium"]].map(async ([weight, called]) => {
    const font = new FontFace("Inter", `url(public/fonts/inter/Inter-${called}.woff2)`, { weight });
    document.fonts.add(await font.load());
  });
  await Promise.all(fonts);
  createRoot(document.getElementById("root")).render(<Dashboard name={name} drawn={drawn} />);
};
