// The latency heatmap: a column for each span of time, a row for each range of times, darker where more requests fell.

import { clock, time } from "./charts.js";

const LEFT = 46, BOTTOM = 20, TOP = 8;

export function heatmap(canvas, points, spanS, lengthS, boundsS) {
  const width = canvas.clientWidth, height = canvas.clientHeight, sharp = window.devicePixelRatio || 1;
  if (!width) return;
  canvas.width = width * sharp;
  canvas.height = height * sharp;
  const pen = canvas.getContext("2d"), style = getComputedStyle(canvas);
  pen.scale(sharp, sharp);
  const rgb = style.getPropertyValue("--heat"), rows = boundsS.length + 1;
  const across = width - LEFT - 8, down = height - TOP - BOTTOM, length = Math.max(lengthS, 1);
  const most = Math.max(1, ...points.flatMap((point) => point.heat));
  for (const point of points) {
    const x = LEFT + (point.second / length) * across, wide = Math.max((spanS / length) * across, 1);
    point.heat.forEach((number, row) => {
      if (!number) return;
      pen.fillStyle = `rgba(${rgb}, ${(0.12 + 0.88 * Math.log1p(number) / Math.log1p(most)).toFixed(3)})`;
      pen.fillRect(x, TOP + (1 - (row + 1) / rows) * down, wide + 0.3, down / rows + 0.3);
    });
  }
  pen.fillStyle = style.getPropertyValue("--soft");
  pen.font = `11px ${style.fontFamily}`;
  pen.textAlign = "right";
  for (const row of [0, Math.floor(rows / 3), Math.floor((2 * rows) / 3), rows - 2]) {
    pen.fillText(time(+boundsS[row].toPrecision(2)), LEFT - 6, TOP + (1 - (row + 1) / rows) * down + 4);
  }
  for (const [share, align] of [[0, "left"], [0.5, "center"], [1, "right"]]) {
    pen.textAlign = align;
    pen.fillText(clock(length * share), LEFT + share * across, height - 4);
  }
}
