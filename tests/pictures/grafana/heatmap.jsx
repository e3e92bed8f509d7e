// @grafana/ui exports no heatmap panel: this draws one in its colours.
import { useEffect, useRef } from "react";
import { dateTimeFormat, getValueFormat, formattedValueToString } from "@grafana/data";
import * as schemes from "d3-scale-chromatic";

const LEFT = 64, BOTTOM = 22, TOP = 8, TICK_PX = 26;

export function Heatmap({ panel, buckets, drawn, width, height, theme }) {
  const canvas = useRef(null);
  useEffect(() => {
    const pen = canvas.current.getContext("2d");
    const busy = buckets.map(({ counts }) => counts.some((count) => count > 0));
    const shown = buckets.slice(Math.max(0, busy.indexOf(true) - 1), busy.lastIndexOf(true) + 1);
    const { scheme, exponent, steps } = panel.options.color;
    const colour = schemes[`interpolate${scheme}`];
    const most = Math.max(...shown.flatMap(({ counts }) => counts));
    const columns = shown[0].counts.length;
    const wide = (width - LEFT) / columns, high = (height - BOTTOM - TOP) / shown.length;
    shown.forEach(({ counts }, row) =>
      counts.forEach((count, column) => {
        if (count <= 0) return;
        pen.fillStyle = colour(Math.round((count / most) ** exponent * steps) / steps);
        pen.fillRect(LEFT + column * wide, height - BOTTOM - (row + 1) * high, wide - panel.options.cellGap, high - panel.options.cellGap);
      }),
    );
    pen.fillStyle = theme.colors.text.primary;
    pen.font = `12px ${theme.typography.fontFamily}`;
    pen.textAlign = "right";
    const unit = getValueFormat(panel.options.yAxis.unit);
    const every = Math.ceil(TICK_PX / high);
    shown.forEach(({ le }, row) => {
      if ((row + 1) % every || !Number.isFinite(le)) return;
      pen.fillText(formattedValueToString(unit(le, 3)).replace(/(\.\d)\d+/, "$1"), LEFT - 8, height - BOTTOM - (row + 1) * high + 4);
    });
    pen.textAlign = "center";
    const { since_s: since, until_s: until } = drawn;
    for (let at = Math.ceil(since / 30) * 30; at < until; at += 30) {
      const text = dateTimeFormat(at * 1000, { format: "HH:mm:ss", timeZone: "utc" });
      pen.fillText(text, LEFT + ((at - since) / (until - since)) * (width - LEFT), height - 4);
    }
  }, []);
  return <canvas ref={canvas} width={width} height={height} />;
}
