// The means over what is selected, the means by group, and the two further tables.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el, svg } = R;
  const view = { sort: null, descending: true, interval: data.triplets.film.some(Boolean) ? 1 : 0, grouping: 0 };
  const KINDS = ["by triplet", "by film", "not shown"];

  /** Which of some values is best, as a set of positions; nothing to choose with one. */
  function best(metric, values) {
    const known = values.filter((value) => value !== null);
    if (known.length < 2) return new Set();
    const top = metric.higher ? Math.max(...known) : Math.min(...known);
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
    const header = (m, text, title) => {
      const isSorted = view.sort === m;
      const direction = view.descending ? "descending" : "ascending";
      return el(
        "th",
        { scope: "col", "aria-sort": isSorted ? direction : null },
        el(
          "button",
          {
            type: "button",
            class: "sort",
            title,
            onclick: (event) => {
              const first = m < 0 ? false : data.metrics[m].higher;
              view.descending = isSorted ? !view.descending : first;
              view.sort = m;
              renderMeans();
              document.querySelectorAll("#means thead button")[m + 1]?.focus();
              event.stopPropagation();
            },
          },
          text,
        ),
      );
    };
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
        renderGroups();
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
      naturalBlock(),
      preferenceBlock(),
    );
  }

  // Means by group: one row a group, one column a method, and dots with intervals on one scale.
  const CHART = { width: 300, pad: 10 };

  function renderGroups() {
    const section = document.getElementById("groups");
    const title = el("h2", { id: "groups-title" }, "By group");
    if (!data.groupings.length) {
      section.replaceChildren(title, el("p", { class: "soft" }, "The triplets carry nothing to group them by."));
      return;
    }
    const metric = R.metric();
    const m = R.state.metric;
    const grouping = data.groupings[view.grouping];
    const rows = grouping.values.map((value, v) => {
      const members = [];
      grouping.members.forEach((of, i) => of.includes(v) && members.push(i));
      const all = R.labels.map((_, k) => R.mean(R.scores[m][k], members));
      const ends = data.intervals.groups[view.grouping][v][m];
      return { value, v, n: members.length, all, ends, best: best(metric, all.map((score) => score.mean)) };
    });
    const scale = makeScale(rows);
    const body = rows.map((row) =>
      el(
        "tr",
        {},
        el(
          "th",
          { scope: "row" },
          el(
            "button",
            {
              type: "button",
              class: "link",
              title: "Show these triplets only",
              onclick: () => R.set({ filters: data.groupings.map((_, g) => (g === view.grouping ? row.v : -1)) }),
            },
            row.value,
          ),
        ),
        el("td", {}, row.n.toLocaleString("en")),
        row.all.map((score, k) =>
          cell(metric, score, row.ends[k], difference(score, row.all[R.state.baseline]), row.best.has(k)),
        ),
        el("td", { class: "chart" }, chart(row, scale)),
      ),
    );
    const table = el(
      "table",
      { class: "means groups" },
      el("caption", {}, `${R.heading(metric)} by ${grouping.title}, all triplets`),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, grouping.title),
          el("th", { scope: "col" }, "n"),
          R.labels.map((label, k) =>
            el("th", { scope: "col" }, el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" }), label),
          ),
          el("th", { scope: "col", class: "chart" }, axis(scale, metric)),
        ),
      ),
      el("tbody", {}, body),
    );
    section.replaceChildren(
      title,
      el(
        "div",
        { class: "controls" },
        el(
          "label",
          { class: "field" },
          "group by ",
          R.select(data.groupings.map((g, i) => [i, g.title]), view.grouping, (g) => {
            view.grouping = g;
            renderGroups();
            section.querySelector("select").focus();
          }),
        ),
      ),
      scroll(`Means by ${grouping.title}`, table),
    );
  }

  function makeScale(rows) {
    const values = rows.flatMap((row) =>
      row.all.flatMap((score, k) => {
        const end = view.interval < 2 ? row.ends[k]?.[view.interval] : null;
        return [score.mean, ...(end ?? [])].filter((value) => value !== null && Number.isFinite(value));
      }),
    );
    let low = Math.min(...values);
    let high = Math.max(...values);
    if (!values.length) [low, high] = [0, 1];
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const x = (value) => CHART.pad + ((value - low) / (high - low)) * (CHART.width - 2 * CHART.pad);
    return { low, high, x };
  }

  function axis(scale, metric) {
    const text = (value, anchor) =>
      svg("text", { x: scale.x(value), y: 12, "text-anchor": anchor }, R.format(metric, value));
    const middle = (scale.low + scale.high) / 2;
    return svg(
      "svg",
      { width: CHART.width, height: 16, "aria-hidden": "true", class: "axis" },
      text(scale.low, "start"),
      text(middle, "middle"),
      text(scale.high, "end"),
    );
  }

  function chart(row, scale) {
    const step = 9;
    const height = step * row.all.length + 6;
    const marks = row.all.flatMap((score, k) => {
      if (score.mean === null || !Number.isFinite(score.mean)) return [];
      const y = 3 + step * (k + 0.5);
      const end = view.interval < 2 ? row.ends[k]?.[view.interval] : null;
      const line = end
        ? [svg("line", { x1: scale.x(end[0]), x2: scale.x(end[1]), y1: y, y2: y, class: `l${k % 8}` })]
        : [];
      return [...line, svg("circle", { cx: scale.x(score.mean), cy: y, r: 3.4, class: `f${k % 8}` })];
    });
    const grid = [0, 0.5, 1].map((share) => {
      const x = CHART.pad + share * (CHART.width - 2 * CHART.pad);
      return svg("line", { x1: x, x2: x, y1: 0, y2: height, class: "grid" });
    });
    // The numbers stand in the row beside it.
    return svg("svg", { width: CHART.width, height, "aria-hidden": "true" }, ...grid, ...marks);
  }

  function naturalBlock() {
    if (!data.natural.length) return null;
    return el(
      "div",
      {},
      el("h3", {}, "Natural video: what adaptation to drawings cost"),
      data.natural.map((set) =>
        el(
          "div",
          {},
          scroll(
            set.title,
            el(
              "table",
              { class: "means" },
              el("caption", {}, set.title),
              el(
                "thead",
                {},
                el("tr", {}, el("th", { scope: "col" }, "method"),
                  set.metrics.map((metric) => el("th", { scope: "col", title: metric.definition }, R.heading(metric)))),
              ),
              el("tbody", {}, set.rows.map((row) => naturalRow(set, row))),
            ),
          ),
          set.notes.map((note) => el("p", { class: "soft" }, note)),
        ),
      ),
    );
  }

  function naturalRow(set, row) {
    const base = set.rows.find((other) => other.method === R.labels[R.state.baseline]);
    const decode = (value) => (value === "inf" ? Infinity : value);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, row.method),
      row.means.map((value, m) => {
        const score = { mean: decode(value), count: 1, infinite: 0, missing: 0 };
        const other = base && base !== row ? { mean: decode(base.means[m]) } : score;
        return cell(set.metrics[m], score, null, difference(score, other), false);
      }),
    );
  }

  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const shareCells = (row) => [
    el("td", {}, el("span", { class: "value" }, percent(row.share)),
      row.interval ? el("small", {}, `${percent(row.interval[0])} – ${percent(row.interval[1])}`) : null),
    el("td", {}, row.answers.toLocaleString("en")),
  ];

  function preferenceBlock() {
    const block = data.preferences;
    if (!block) return null;
    const head = (...titles) =>
      el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col" }, title))));
    const preferred = el(
      "table",
      { class: "means" },
      el("caption", {}, "How often people preferred one method to another"),
      head("preferred", "to", "share", "answers"),
      el("tbody", {}, block.rows.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, row.method), el("td", { class: "text" }, row.other), shareCells(row)))),
    );
    const agreed = el(
      "table",
      { class: "means" },
      el("caption", {}, "How often a metric chose as people did"),
      head("metric", "agreement", "answers"),
      el("tbody", {}, block.agreement.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, R.heading(row.metric)), shareCells(row)))),
    );
    return el(
      "div",
      {},
      el("h3", {}, "What people preferred"),
      scroll("Preferences", preferred),
      block.agreement.length ? scroll("Agreement with metrics", agreed) : null,
      block.notes.map((note) => el("p", { class: "soft" }, note)),
    );
  }

  function render() {
    renderMeans();
    renderGroups();
  }
  R.onChange(render);
  R.renderMeans = render;
})();
