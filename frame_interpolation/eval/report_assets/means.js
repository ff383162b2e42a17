// The means over what is selected, and the cells that every table of means is made of.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const view = { sort: null, descending: true, interval: data.triplets.film.some(Boolean) ? 1 : 0 };
  const KINDS = ["by triplet", "by film", "not shown"];

  /** Which of some values is best, as a set of positions; none of one, or of equal ones. */
  function best(metric, values) {
    const known = values.filter((value) => value !== null);
    if (known.length < 2) return new Set();
    const top = metric.higher ? Math.max(...known) : Math.min(...known);
    if (known.every((value) => value === top)) return new Set();
    return new Set(values.flatMap((value, k) => (value === top ? [k] : [])));
  }

  function leftOut(score) {
    const parts = [];
    if (score.infinite) parts.push(`${score.infinite} infinite`);
    if (score.missing) parts.push(`${score.missing} missing`);
    return parts.join(", ");
  }

  /** The cell of a mean: value, interval, difference to the baseline, what it leaves out. */
  function cell(metric, score, ends, difference, isBest) {
    const end = ends && view.interval < 2 ? ends[view.interval] : null;
    const out = score.count || score.infinite ? leftOut(score) : "";
    return el(
      "td",
      { class: isBest ? "best" : null },
      el("span", { class: "value" }, R.format(metric, score.mean)),
      isBest ? el("span", { class: "hidden" }, " best") : null,
      end ? el("small", {}, `${R.format(metric, end[0])} – ${R.format(metric, end[1])}`) : null,
      difference === null
        ? null
        : el(
            "small",
            { class: difference === 0 ? "same" : difference > 0 === metric.higher ? "gain" : "loss" },
            R.format(metric, difference, true),
          ),
      out ? el("small", { class: "out" }, out) : null,
    );
  }

  function difference(score, other) {
    if (score === other || score.mean === null || other.mean === null) return null;
    const value = score.mean - other.mean;
    return Number.isFinite(value) ? value : null;
  }

  function scroll(label, table) {
    return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, table);
  }

  function renderMeans() {
    const rows = R.selection();
    const ends = R.intervals();
    const columns = data.metrics.map((metric, m) => {
      const all = R.labels.map((_, k) => R.mean(R.scores[m][k], rows));
      return { metric, all, best: best(metric, all.map((score) => score.mean)) };
    });
    let order = R.labels.map((_, k) => k);
    if (view.sort !== null) {
      const key = view.sort < 0 ? (k) => R.labels[k] : (k) => columns[view.sort].all[k].mean;
      order = R.sortBy(order, key, view.descending);
    }
    const header = (m, text, title) =>
      R.sortHeading(view, m, text, renderMeans, { title, descending: m >= 0 && data.metrics[m].higher });
    const body = order.map((k) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" }),
          R.labels[k],
          k === R.state.baseline && R.labels.length > 1 ? el("small", {}, "baseline") : null,
        ),
        columns.map(({ metric, all, best: top }, m) =>
          cell(metric, all[k], ends && ends[m][k], difference(all[k], all[R.state.baseline]), top.has(k)),
        ),
      ),
    );
    const published = R.hasFilter()
      ? []
      : data.published.map((row) =>
          el(
            "tr",
            { class: "published" },
            el("th", { scope: "row", title: row.source }, `${row.method} (published)`),
            data.metrics.map((metric, m) => el("td", {}, R.format(metric, row.values[m]))),
          ),
        );
    const table = el(
      "table",
      { class: "means" },
      el("caption", {}, `Means over ${rows.length.toLocaleString("en")} triplets`),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          header(-1, "method", "Sort by name"),
          data.metrics.map((metric, m) => header(m, R.heading(metric), metric.definition)),
        ),
      ),
      el("tbody", {}, body, published),
    );
    const chooser = el(
      "label",
      { class: "field" },
      "95 % interval ",
      R.select(KINDS.map((kind, i) => [i, kind]), view.interval, (kind) => {
        view.interval = kind;
        renderMeans();
        R.renderDifferences();
        R.renderGroups();
        document.querySelector("#means select").focus();
      }),
    );
    const none = ends === null && view.interval < 2;
    R.fill(
      document.getElementById("means"),
      el("h2", { id: "means-title" }, "Means"),
      el(
        "div",
        { class: "controls" },
        chooser,
        none ? el("span", { class: "soft" }, "No interval for a combination of filters.") : null,
      ),
      scroll("Means", table),
      el(
        "p",
        { class: "soft legend" },
        "↑ higher is better, ↓ lower is better; bold is the best. Below a mean: its 95 % bootstrap interval",
        R.labels.length > 1 ? ", and the difference to the baseline." : ".",
      ),
      ...data.notes.map((note) => el("p", { class: "soft" }, note)),
    );
  }

  R.table = { best, cell, difference, scroll, interval: () => (view.interval < 2 ? view.interval : null) };
  R.onChange(renderMeans);
  R.renderMeans = renderMeans;
})();
