// Two scatter plots on canvas: score against a measure of difficulty, one method against another.
// Points are found by the pointer or the arrow keys and open their triplet.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const MARGIN = { left: 62, right: 14, top: 14, bottom: 44 };
  const REACH_PX = 14;
  const SHAPES = ["circle", "square", "triangle", "diamond", "cross", "circle", "square", "triangle"];

  const GLYPHS = ["●", "■", "▲", "◆", "✚", "●", "■", "▲"];

  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** Ticks at round numbers. */
  function ticks(low, high, about) {
    const raw = (high - low) / about;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((f) => f * power).find((f) => f >= raw * 0.999);
    const found = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
    const decimals = Math.max(0, Math.min(9, -Math.floor(Math.log10(step) + 1e-9)));
    return found.map((value) => ({ value, text: value.toFixed(decimals).replace("-", "−") }));
  }

  function logTicks(low, high) {
    const wanted = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
    return wanted.filter((v) => v >= low && v <= high).map((value) => ({ value, text: String(value) }));
  }

  function range(values) {
    const finite = values.filter(Number.isFinite);
    if (!finite.length) return [0, 1];
    let low = finite[0];
    let high = finite[0];
    for (const value of finite) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const pad = (high - low || Math.abs(high) || 1) * 0.04;
    return [low - pad, high + pad];
  }

  function drawShape(context, shape, x, y, r) {
    context.beginPath();
    if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
    else if (shape === "square") context.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
    else if (shape === "triangle") {
      context.moveTo(x, y - r * 1.15);
      context.lineTo(x + r * 1.1, y + r * 0.85);
      context.lineTo(x - r * 1.1, y + r * 0.85);
      context.closePath();
    } else if (shape === "diamond") {
      context.moveTo(x, y - r * 1.3);
      context.lineTo(x + r * 1.1, y);
      context.lineTo(x, y + r * 1.3);
      context.lineTo(x - r * 1.1, y);
      context.closePath();
    } else {
      const a = r * 0.45;
      context.rect(x - r, y - a, 2 * r, 2 * a);
      context.rect(x - a, y - r, 2 * a, 2 * r);
    }
    context.fill();
  }

  /** A plot: `model()` says what to draw; kept up to date by `draw()`. */
  function makePlot(id, model) {
    const canvas = el("canvas", { id, tabindex: "0", role: "img" });
    const base = document.createElement("canvas"); // Everything but the mark, drawn once.
    const tip = el("div", { class: "tip", hidden: true });
    const live = el("p", { class: "hidden", role: "status" });
    const summary = el("p", { class: "soft" });
    const box = el("div", { class: "plot" }, canvas, tip);
    let current = null;
    let marked = -1;
    let placed = [];

    function draw() {
      current = model();
      const width = box.clientWidth;
      if (!width) return;
      const height = Math.round(Math.max(260, Math.min(440, width * 0.68)));
      const ratio = devicePixelRatio || 1;
      for (const one of [base, canvas]) {
        one.width = Math.round(width * ratio);
        one.height = Math.round(height * ratio);
      }
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const context = base.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.font = "12px system-ui, sans-serif";
      const area = {
        left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom,
      };
      const forward = current.isLog ? (v) => Math.log1p(Math.max(v, 0)) : (v) => v;
      const [x0, x1] = current.xRange.map(forward);
      const [y0, y1] = current.yRange;
      const toX = (v) => area.left + ((forward(v) - x0) / (x1 - x0 || 1)) * (area.right - area.left);
      const toY = (v) =>
        v === Infinity ? area.top : v === -Infinity ? area.bottom
          : area.bottom - ((v - y0) / (y1 - y0 || 1)) * (area.bottom - area.top);
      const clampX = (v) => (v === Infinity ? area.right : v === -Infinity ? area.left : toX(v));

      context.strokeStyle = ink("--line");
      context.fillStyle = ink("--soft");
      context.lineWidth = 1;
      context.textAlign = "center";
      context.textBaseline = "top";
      for (const tick of current.isLog ? logTicks(...current.xRange) : ticks(...current.xRange, Math.max(width / 110, 2))) {
        const x = Math.round(toX(tick.value)) + 0.5;
        line(context, x, area.top, x, area.bottom);
        context.fillText(tick.text, x, area.bottom + 6);
      }
      context.textAlign = "right";
      context.textBaseline = "middle";
      for (const tick of ticks(y0, y1, 6)) {
        const y = Math.round(toY(tick.value)) + 0.5;
        line(context, area.left, y, area.right, y);
        context.fillText(tick.text, area.left - 7, y);
      }
      context.fillStyle = ink("--ink");
      context.textAlign = "center";
      context.fillText(current.xTitle, (area.left + area.right) / 2, height - 10, area.right - area.left);
      context.save();
      context.translate(11, (area.top + area.bottom) / 2);
      context.rotate(-Math.PI / 2);
      context.fillText(current.yTitle, 0, 0, area.bottom - area.top);
      context.restore();
      if (current.diagonal) {
        context.strokeStyle = ink("--soft");
        const low = Math.max(current.xRange[0], y0);
        const high = Math.min(current.xRange[1], y1);
        line(context, toX(low), toY(low), toX(high), toY(high));
      }
      placed = current.points.map((point) => ({ ...point, px: clampX(point.x), py: toY(point.y) }));
      const size = placed.length > 3000 ? 2.2 : placed.length > 600 ? 2.8 : 4;
      context.globalAlpha = placed.length > 3000 ? 0.4 : placed.length > 300 ? 0.6 : 0.8;
      for (const point of placed) {
        context.fillStyle = point.colour;
        drawShape(context, point.shape, point.px, point.py, size);
      }
      context.globalAlpha = 1;
      for (const curve of current.curves) {
        context.lineWidth = 5;
        context.strokeStyle = ink("--page");
        polyline(context, curve.points, toX, toY);
        context.lineWidth = 2.5;
        context.strokeStyle = curve.colour;
        polyline(context, curve.points, toX, toY);
      }
      marked = -1;
      tip.hidden = true;
      paint();
      summary.textContent = current.summary;
      canvas.setAttribute("aria-label", `${current.yTitle} against ${current.xTitle}. ${current.summary} `
        + "Arrow keys go from point to point, Enter opens the triplet.");
    }

    /** Shows the drawn plot, with a ring around the marked point. */
    function paint() {
      const context = canvas.getContext("2d");
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.drawImage(base, 0, 0);
      const point = placed[marked];
      if (!point) return;
      const ratio = devicePixelRatio || 1;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.strokeStyle = ink("--ink");
      context.lineWidth = 2;
      context.beginPath();
      context.arc(point.px, point.py, 8, 0, 2 * Math.PI);
      context.stroke();
    }

    function mark(position, { announce = false } = {}) {
      marked = position;
      paint();
      const point = placed[position];
      tip.hidden = !point;
      if (!point) return;
      const name = data.triplets.name[point.i];
      const picture = data.triplets.folder[point.i] === null ? null : el("img", {
        src: R.address(point.i, "ground_truth_small.webp"), alt: "",
        width: data.triplets.size[point.i][0], height: data.triplets.size[point.i][1],
      });
      tip.replaceChildren(...[picture, el("strong", {}, name), el("span", {}, point.text)].filter(Boolean));
      const left = Math.min(Math.max(point.px - 90, 0), Math.max(box.clientWidth - 190, 0));
      tip.style.left = `${left}px`;
      const above = point.py > box.clientHeight / 2;
      tip.style.top = above ? "auto" : `${point.py + 14}px`;
      tip.style.bottom = above ? `${box.clientHeight - point.py + 14}px` : "auto";
      if (announce) live.textContent = `${name}: ${point.text}`;
    }

    function nearest(event) {
      const bounds = canvas.getBoundingClientRect();
      const x = event.clientX - bounds.left;
      const y = event.clientY - bounds.top;
      let found = -1;
      let least = REACH_PX ** 2;
      placed.forEach((point, position) => {
        const distance = (point.px - x) ** 2 + (point.py - y) ** 2;
        if (distance < least) [found, least] = [position, distance];
      });
      return found;
    }

    const open = (position) => R.open(placed[position].i, placed.map((point) => point.i));
    canvas.addEventListener("pointermove", (event) => {
      const found = nearest(event);
      canvas.classList.toggle("over", found >= 0);
      if (found !== marked) mark(found);
    });
    canvas.addEventListener("pointerleave", () => marked >= 0 && mark(-1));
    canvas.addEventListener("blur", () => marked >= 0 && mark(-1));
    canvas.addEventListener("click", (event) => {
      const found = nearest(event);
      if (found >= 0) open(found);
    });
    canvas.addEventListener("keydown", (event) => {
      if (!placed.length) return;
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
      if (event.key in steps) {
        // Points are in ascending order of x.
        const next = marked < 0 ? 0 : marked + steps[event.key] * (event.shiftKey ? 20 : 1);
        mark(Math.min(Math.max(next, 0), placed.length - 1), { announce: true });
      } else if (event.key === "Enter" && marked >= 0) {
        open(marked);
      } else {
        return;
      }
      event.preventDefault();
    });
    new ResizeObserver(draw).observe(box);
    globalThis.ReportTheme.onChange(draw);
    return { nodes: [box, live, summary], draw, canvas, points: () => placed };
  }

  function line(context, x0, y0, x1, y1) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  function polyline(context, points, toX, toY) {
    context.beginPath();
    points.forEach(([x, y], i) => (i ? context.lineTo(toX(x), toY(y)) : context.moveTo(toX(x), toY(y))));
    context.stroke();
  }

  const view = {
    measure: Math.max(data.measures.findIndex((measure) => measure.name === "motion_px"), 0),
    shown: R.labels.map(() => true),
    x: data.baseline,
    y: R.labels.length > 1 ? R.labels.findIndex((_, k) => k !== data.baseline) : 0,
  };

  /** Means in up to eight parts of equal number along x. */
  function trend(points) {
    const finite = points.filter((point) => Number.isFinite(point.y));
    const parts = Math.min(8, Math.floor(finite.length / 12));
    if (parts < 3) return []; // A line through two means would claim more than they show.
    return Array.from({ length: parts }, (_, p) => {
      const part = finite.slice(Math.floor((p * finite.length) / parts), Math.floor(((p + 1) * finite.length) / parts));
      const average = (key) => part.reduce((sum, point) => sum + point[key], 0) / part.length;
      return [average("x"), average("y")];
    });
  }

  function againstMeasure() {
    const metric = R.metric();
    const measure = data.measures[view.measure];
    const rows = R.selection().filter((i) => measure.values[i] !== null);
    const series = R.labels.map((label, k) =>
      !view.shown[k] ? [] : R.sortBy(
        rows.filter((i) => R.scores[R.state.metric][k][i] !== null), (i) => measure.values[i], false,
      ).map((i) => {
        const y = R.scores[R.state.metric][k][i];
        const x = measure.values[i];
        return { i, x, y, colour: R.colour(k), shape: SHAPES[k % 8],
          text: `${label} ${R.format(metric, y)} at ${Number(x.toPrecision(3))}` };
      }));
    const points = series.flat().sort((a, b) => a.x - b.x);
    const infinite = points.filter((point) => !Number.isFinite(point.y)).length;
    const isLog = measure.name === "motion_px";
    const curves = series.map((of, k) => ({ points: trend(of), colour: R.colour(k) })).filter((c) => c.points.length);
    const highest = Math.max(1e-9, ...rows.map((i) => measure.values[i]));
    return {
      points, isLog, curves,
      xRange: isLog ? [0, highest * 1.1] : range(rows.map((i) => measure.values[i])),
      yRange: range(points.map((point) => point.y)),
      xTitle: measure.title, yTitle: R.heading(metric),
      summary: `${rows.length.toLocaleString("en")} triplets; ${R.selection().length - rows.length} not measured`
        + `${infinite ? `; ${infinite} infinite values at the edge` : ""}.${curves.length ? " Lines: means of equal numbers of triplets." : ""}`,
    };
  }

  function againstMethod() {
    const metric = R.metric();
    const [a, b] = [R.scores[R.state.metric][view.x], R.scores[R.state.metric][view.y]];
    const rows = R.selection().filter((i) => a[i] !== null && b[i] !== null);
    const neutral = ink("--soft");
    let [better, worse] = [0, 0];
    const points = R.sortBy(rows, (i) => a[i], false).map((i) => {
      const gain = R.gain(metric, b[i], a[i]);
      if (gain > 0) better++;
      if (gain < 0) worse++;
      const colour = gain > 0 ? R.colour(view.y) : gain < 0 ? R.colour(view.x) : neutral;
      const change = a[i] === b[i] ? 0 : b[i] - a[i];
      return { i, x: a[i], y: b[i], colour, shape: gain >= 0 ? "circle" : "square",
        text: `${R.format(metric, a[i])} and ${R.format(metric, b[i])} (${R.format(metric, change, true)})` };
    });
    const both = range([...points.map((p) => p.x), ...points.map((p) => p.y)]);
    return {
      points, curves: [], diagonal: true, xRange: both, yRange: both,
      xTitle: `${R.labels[view.x]}: ${R.heading(metric)}`, yTitle: `${R.labels[view.y]}: ${R.heading(metric)}`,
      summary: `Of ${rows.length.toLocaleString("en")} triplets ${R.labels[view.y]} is better on ${better} `
        + `(circles), ${R.labels[view.x]} on ${worse} (squares), equal on ${rows.length - better - worse}.`,
    };
  }

  const plots = [];

  function build() {
    const section = document.getElementById("plots");
    const parts = [];
    if (data.measures.length) {
      const plot = makePlot("plot-measure", againstMeasure);
      plots.push(plot);
      const legend = R.labels.map((label, k) => {
        const input = el("input", { type: "checkbox", checked: true, onchange: () => {
          view.shown[k] = input.checked;
          plot.draw();
        } });
        return el("label", { class: "field" }, input, el("span", { class: `glyph g${k % 8}`, "aria-hidden": "true" }, GLYPHS[k % 8]), label);
      });
      parts.push(el("div", { class: "plotpart" }, el("h3", {}, "Score and difficulty"),
        el("div", { class: "controls" },
          el("label", { class: "field" }, "against ", R.select(data.measures.map((m, i) => [i, m.title]), view.measure, (measure) => {
            view.measure = measure;
            plot.draw();
          })), R.labels.length > 1 ? legend : null),
        ...plot.nodes));
    } else {
      parts.push(el("p", { class: "soft" }, "How hard the triplets are was not measured; evaluate with evaluation.difficulty = True to plot scores against motion."));
    }
    if (R.labels.length > 1) {
      const plot = makePlot("plot-methods", againstMethod);
      plots.push(plot);
      const chooser = (key) => R.select(R.methodOptions(), view[key], (k) => {
        view[key] = k;
        plot.draw();
      });
      parts.push(el("div", { class: "plotpart" }, el("h3", {}, "One method against another"),
        el("div", { class: "controls" },
          el("label", { class: "field" }, "across ", chooser("x")), el("label", { class: "field" }, "up ", chooser("y"))),
        ...plot.nodes));
    }
    section.replaceChildren(el("h2", { id: "plots-title" }, "Plots"), el("div", { class: "plotrow" }, parts));
    plots.forEach((plot) => plot.draw());
  }

  R.onChange(() => plots.forEach((plot) => plot.draw()));
  R.buildPlots = build;
  R.plots = plots;
})();
