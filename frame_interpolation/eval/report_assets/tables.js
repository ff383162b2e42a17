// Further tables: paired differences to the baseline, natural video, and what people preferred.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el, svg } = R;
  const byId = (id) => document.getElementById(id);
  const number = (n) => n.toLocaleString("en");
  const view = { sort: null, descending: false };
  const swatch = (k) => el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" });

  /** One method against the baseline over what is selected: counted here, tested by `compare_cli`. */
  function pairedRow(k) {
    const metric = R.metric();
    const [own, base] = [k, R.state.baseline].map((of) => R.scores[R.state.metric][of]);
    const row = { k, better: 0, equal: 0, worse: 0, missing: 0, infinite: 0, mean: null, tested: null };
    let sum = 0;
    let finite = 0;
    for (const i of R.selection()) {
      const gain = R.gain(metric, own[i], base[i]);
      if (gain === null) {
        row.missing++;
        continue;
      }
      row[gain > 0 ? "better" : gain < 0 ? "worse" : "equal"]++;
      if (Number.isFinite(gain)) {
        sum += metric.higher ? gain : -gain;
        finite++;
      } else {
        row.infinite++;
      }
    }
    if (finite) row.mean = sum / finite;
    const tests = data.differences;
    if (tests && tests.baseline === R.state.baseline && !R.hasFilter()) row.tested = tests.rows[R.state.metric][k];
    return row;
  }

  function renderDifferences() {
    const section = byId("differences");
    section.hidden = R.labels.length < 2;
    if (section.hidden) return;
    const metric = R.metric();
    const rows = R.labels.flatMap((_, k) => (k === R.state.baseline ? [] : [pairedRow(k)]));
    const keys = {
      method: (row) => R.labels[row.k],
      mean: (row) => row.mean,
      better: (row) => row.better,
      worse: (row) => row.worse,
      p: (row) => row.tested?.p ?? null,
      corrected: (row) => row.tested?.corrected ?? null,
    };
    const order = view.sort === null ? rows : R.sortBy(rows, keys[view.sort], view.descending);
    const heading = (key, text, options) => R.sortHeading(view, key, text, renderDifferences, options);
    const kind = R.table.interval();
    const isTested = rows.some((row) => row.tested);
    const table = el("table", { class: "means" },
      el("caption", {}, `${R.heading(metric)}: method minus ${R.labels[R.state.baseline]} on the same triplet, ${number(R.selection().length)} triplets`),
      el("thead", {}, el("tr", {},
        heading("method", "method"),
        heading("mean", "mean difference", { descending: metric.higher }),
        heading("better", "better", { descending: true, title: "Triplets on which the method is better" }),
        el("th", { scope: "col" }, "equal"),
        heading("worse", "worse", { descending: true, title: "Triplets on which the method is worse" }),
        el("th", { scope: "col", class: "chart" }, el("span", { class: "hidden" }, "shares")),
        isTested ? [
          heading("p", "p", { title: "Wilcoxon's signed-rank test, two-sided" }),
          heading("corrected", "p (Holm)", { title: "Corrected by Holm over all tests of the comparison" }),
        ] : [])),
      el("tbody", {}, order.map((row) => differenceRow(row, metric, kind, isTested))));
    const reasons = order.flatMap((row) => (row.tested?.reason ? [`${R.labels[row.k]}: no test, for ${row.tested.reason}.`] : []));
    const other = data.differences && !isTested
      ? `Intervals and tests were made for all triplets against ${R.labels[data.differences.baseline]}.` : null;
    R.fill(section,
      el("h2", { id: "differences-title" }, "Paired differences"),
      R.table.scroll("Paired differences", table),
      [...reasons, other, ...(isTested ? data.differences.notes : [])].filter(Boolean).map((note) => el("p", { class: "soft" }, note)));
  }

  function differenceRow(row, metric, kind, isTested) {
    const { tested, mean } = row;
    const ends = tested && kind !== null ? tested.intervals[kind] : null;
    const left = [row.infinite ? `${number(row.infinite)} infinite` : "", row.missing ? `${number(row.missing)} missing` : ""];
    const out = left.filter(Boolean).join(", ");
    const mark = mean === null || mean === 0 ? "" : mean > 0 === metric.higher ? "gain" : "loss";
    return el("tr", {},
      el("th", { scope: "row" }, swatch(row.k), R.labels[row.k]),
      el("td", {}, el("span", { class: `value ${mark}` }, R.format(metric, mean, true)),
        ends ? el("small", {}, `${R.format(metric, ends[0], true)} to ${R.format(metric, ends[1], true)}`) : null,
        out ? el("small", { class: "out" }, out) : null),
      el("td", {}, number(row.better)), el("td", {}, number(row.equal)), el("td", {}, number(row.worse)),
      el("td", { class: "chart" }, shares([row.better, row.equal, row.worse], ["gain", "same", "loss"])),
      isTested ? [el("td", {}, tested?.p_text ?? "–"), el("td", {}, tested?.corrected_text ?? "–")] : []);
  }

  /** A bar divided in shares; the numbers stand beside it. */
  function shares(counts, classes) {
    const [width, height] = [160, 10];
    const total = counts.reduce((sum, n) => sum + n, 0) || 1;
    let x = 0;
    const parts = counts.map((n, i) => {
      const part = svg("rect", { x, y: 4, width: (width * n) / total, height, class: `share ${classes[i]}` });
      x += (width * n) / total;
      return part;
    });
    return svg("svg", { width, height: height + 8, "aria-hidden": "true" }, ...parts);
  }

  function renderNatural() {
    const section = byId("natural");
    section.hidden = !data.natural.length;
    R.fill(
      section,
      el("h2", { id: "natural-title" }, "Natural video: what adaptation to drawings cost"),
      data.natural.map((set) =>
        el(
          "div",
          {},
          R.table.scroll(
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
              el("tbody", {}, set.rows.map((row) => naturalRow(set, row, tops(set)))),
            ),
          ),
          set.notes.map((note) => el("p", { class: "soft" }, note)),
        ),
      ),
    );
  }

  const decode = (value) => (value === "inf" ? Infinity : value);

  /** For each metric the best values, none where all are equal. */
  function tops(set) {
    return set.metrics.map((metric, m) => {
      const values = set.rows.map((row) => decode(row.means[m]));
      return new Set([...R.table.best(metric, values)].map((k) => set.rows[k].means[m]));
    });
  }

  function naturalRow(set, row, tops) {
    const base = set.rows.find((other) => other.method === R.labels[R.state.baseline]);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, row.method),
      row.means.map((value, m) => {
        const score = { mean: decode(value), count: 1, infinite: 0, missing: 0 };
        const other = base && base !== row ? { mean: decode(base.means[m]) } : score;
        return R.table.cell(set.metrics[m], score, null, R.table.difference(score, other), tops[m].has(value));
      }),
    );
  }

  const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);

  /** The cells of a share: the share with its interval, and the number of answers it is of. */
  const shareCells = (row) => [
    el("td", {}, el("span", { class: "value" }, percent(row.share)),
      row.interval ? el("small", {}, `${percent(row.interval[0])} – ${percent(row.interval[1])}`) : null),
    el("td", {}, number(row.answers)),
  ];

  function renderPeople() {
    const section = byId("people");
    const found = data.preferences;
    section.hidden = !found;
    if (!found) return;
    const head = (...titles) =>
      el("thead", {}, el("tr", {}, titles.map((title) => el("th", { scope: "col", class: title === "to" ? "text" : null }, title))));
    const preferred = el("table", { class: "means" },
      el("caption", {}, "How often people preferred one method to another"),
      head("preferred", "to", "share", "answers", "no difference"),
      el("tbody", {}, found.rows.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, row.method), el("td", { class: "text" }, row.other), shareCells(row),
          el("td", {}, number(row.ties))))));
    const agreed = el("table", { class: "means" },
      el("caption", {}, "How often a metric chose as people did"),
      head("metric", "agreement", "answers", "equal or missing"),
      el("tbody", {}, found.agreement.map((row) =>
        el("tr", {}, el("th", { scope: "row" }, R.heading(row.metric)), shareCells(row), el("td", {}, number(row.left_out))))));
    R.fill(section,
      el("h2", { id: "people-title" }, "What people preferred"),
      R.table.scroll("Preferences", preferred),
      found.agreement.length ? R.table.scroll("Agreement with metrics", agreed) : null,
      found.notes.map((note) => el("p", { class: "soft" }, note)));
  }

  function render() {
    renderDifferences();
    renderNatural();
  }

  R.onChange(render);
  R.renderDifferences = renderDifferences;
  R.buildTables = () => {
    render();
    renderPeople();
  };
})();
