"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("chart-data").textContent);
  const config = {
    displaylogo: false,
    responsive: true,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
  };
  const logScale = new Set();
  const dash = { limit: "dash", stopped: "solid", lost: "dot", threshold: "dot" };

  const colour = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();
  const faint = (hex, alpha) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    return `rgba(${r},${g},${b},${alpha})`;
  };

  function trace(of) {
    const shade = colour(of.meta.role);
    const dressed = { ...of };
    if (of.type === "bar") dressed.marker = { color: shade, line: { width: 0 } };
    else if (of.mode === "markers") dressed.marker = { ...of.marker, color: faint(shade, 0.75), line: { width: 0 } };
    else dressed.line = { ...of.line, color: of.meta.faint ? faint(shade, 0.4) : shade };
    if (of.meta.fill) dressed.fillcolor = faint(shade, of.meta.fill);
    return dressed;
  }

  function layout(id, given, narrow) {
    const font = { family: getComputedStyle(document.body).fontFamily, color: colour("soft"), size: 12 };
    const dressed = {
      ...given,
      font,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: narrow ? 46 : 58, r: 12, t: 30, b: narrow ? 64 : 58 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: given.xaxis.title ? -0.26 : -0.12, yanchor: "top" },
      hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("line"), font: { ...font, color: colour("ink") } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("ended"), activecolor: colour("accent") },
      dragmode: narrow ? false : "zoom",
      showlegend: true,
    };
    for (const key of Object.keys(dressed).filter((name) => /^[xy]axis/.test(name))) {
      const axis = { gridcolor: colour("grid"), linecolor: colour("line"), zerolinecolor: colour("grid"), automargin: true };
      dressed[key] = { ...axis, ...given[key], title: { ...given[key].title, standoff: 8, font } };
      if (key[0] === "x") Object.assign(dressed[key], { showgrid: false, ticks: "outside", tickcolor: colour("line"), nticks: narrow ? 5 : 10 });
      if (key === "yaxis" && logScale.has(id)) Object.assign(dressed[key], { type: "log", rangemode: "normal", dtick: 1 });
    }
    dressed.shapes = given.shapes.map((shape) =>
      shape.type === "rect"
        ? { ...shape, fillcolor: colour(shape.name), line: { width: 0 } }
        : { ...shape, line: { color: colour(shape.name), width: 1.5, dash: dash[shape.name] } },
    );
    dressed.annotations = given.annotations.map((note) => ({
      ...note,
      y: note.name === "threshold" && logScale.has(id) ? Math.log10(note.y) : note.y,
      font: { ...font, size: 11, color: colour(note.name || "ink") },
    }));
    return dressed;
  }

  function draw() {
    for (const [id, figure] of Object.entries(figures)) {
      const element = document.getElementById(`chart-${id}`);
      if (!element) continue;
      const narrow = element.clientWidth < 520;
      Plotly.react(element, figure.data.map(trace), layout(id, figure.layout, narrow), config);
    }
  }

  for (const button of document.querySelectorAll("button.log")) {
    button.addEventListener("click", () => {
      const id = button.dataset.chart;
      if (!logScale.delete(id)) logScale.add(id);
      button.setAttribute("aria-pressed", String(logScale.has(id)));
      draw();
    });
  }

  function sortable(table) {
    const body = table.tBodies[0];
    table.querySelectorAll("thead th").forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const downwards = head.getAttribute("aria-sort") !== "descending";
        table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", downwards ? "descending" : "ascending");
        const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const number = (text) => (text === "" ? -Infinity : Number(text));
        const compare = (a, b) => {
          const [left, right] = [value(a), value(b)];
          const byNumber = number(left) - number(right);
          return Number.isNaN(byNumber) ? left.localeCompare(right) : byNumber;
        };
        const rows = [...body.rows].sort(compare);
        body.append(...(downwards ? rows.reverse() : rows));
      });
    });
  }

  document.querySelectorAll("table.sortable").forEach(sortable);
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  matchMedia("print").addEventListener("change", () => {
    draw();
    for (const id of Object.keys(figures)) Plotly.Plots.resize(`chart-${id}`);
  });
})();
