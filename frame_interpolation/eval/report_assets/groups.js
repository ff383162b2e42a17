// Means by group: one row a group, one column a method, and dots with intervals on one scale.
// The filters of the other groupings hold here too; that of the grouping itself is what the rows show.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el, svg } = R;
  const CHART = { width: 300, pad: 10 };
  const view = { grouping: 0, sort: "group", descending: false };

  /** The groups that hold any of the selected triplets, with the means of every method. */
  function groupRows(g, selected, isWhole) {
    const metric = R.metric();
    const m = R.state.metric;
    const members = data.groupings[g].values.map(() => []);
    for (const i of selected) data.groupings[g].members[i].forEach((v) => members[v].push(i));
    return members.flatMap((positions, v) => {
      if (!positions.length) return [];
      const all = R.labels.map((_, k) => R.mean(R.scores[m][k], positions));
      const ends = isWhole ? data.intervals.groups[g][v][m] : R.labels.map(() => null);
      const best = R.table.best(metric, all.map((score) => score.mean));
      return [{ value: data.groupings[g].values[v], v, n: positions.length, all, ends, best }];
    });
  }

  function sorted(rows) {
    const keys = { group: (row) => row.v, n: (row) => row.n };
    return R.sortBy(rows, keys[view.sort] ?? ((row) => row.all[view.sort]?.mean ?? null), view.descending);
  }

  function render() {
    const section = document.getElementById("groups");
    const title = el("h2", { id: "groups-title" }, "By group");
    if (!data.groupings.length) {
      section.replaceChildren(title, el("p", { class: "soft" }, "The triplets carry nothing to group them by."));
      return;
    }
    const g = view.grouping;
    const grouping = data.groupings[g];
    const selected = R.selectionBesides(g);
    const isWhole = R.state.filters.every((value, other) => value < 0 || other === g);
    const rows = sorted(groupRows(g, selected, isWhole));
    const scale = makeScale(rows);
    const which = isWhole ? "all triplets" : `the ${selected.length.toLocaleString("en")} triplets that pass the other filters`;
    const heading = (key, content, options) => R.sortHeading(view, key, content, render, options);
    const table = el(
      "table",
      { class: "means groups" },
      el("caption", {}, `${R.heading(R.metric())} by ${grouping.title}, ${which}`),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          heading("group", grouping.title),
          heading("n", "n", { descending: true, title: "Number of triplets" }),
          R.labels.map((label, k) =>
            heading(k, [el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" }), label], {
              descending: R.metric().higher,
            }),
          ),
          el("th", { scope: "col", class: "chart" }, axis(scale, R.metric())),
        ),
      ),
      el("tbody", {}, rows.map((row) => groupRow(row, g, scale))),
    );
    const chooser = R.select(data.groupings.map((one, i) => [i, one.title]), g, (chosen) => {
      Object.assign(view, { grouping: chosen, sort: "group", descending: false });
      render();
      section.querySelector("select").focus();
    });
    const none = !isWhole && R.table.interval() !== null;
    section.replaceChildren(
      title,
      el(
        "div",
        { class: "controls" },
        el("label", { class: "field" }, "group by ", chooser),
        none ? el("span", { class: "soft" }, "No intervals within other filters.") : null,
      ),
      R.table.scroll(`Means by ${grouping.title}`, table),
    );
  }

  function groupRow(row, g, scale) {
    const isChosen = R.state.filters[g] === row.v;
    const choose = () => {
      R.set({ filters: R.state.filters.map((old, other) => (other === g ? (isChosen ? -1 : row.v) : old)) });
      document.querySelector(`#groups [data-value="${row.v}"]`)?.focus();
    };
    const button = el(
      "button",
      {
        type: "button",
        class: "link",
        "data-value": String(row.v),
        "aria-pressed": String(isChosen),
        title: isChosen ? "Show all of them again" : "Show these triplets only, on the whole page",
        onclick: choose,
      },
      row.value,
    );
    return el(
      "tr",
      { class: isChosen ? "chosen" : null },
      el("th", { scope: "row" }, button),
      el("td", {}, row.n.toLocaleString("en")),
      row.all.map((score, k) => {
        const change = R.table.difference(score, row.all[R.state.baseline]);
        return R.table.cell(R.metric(), score, row.ends[k], change, row.best.has(k));
      }),
      el("td", { class: "chart" }, chart(row, scale)),
    );
  }

  /** The ends of an interval as they are shown, null where none is. */
  function shownEnds(row, k) {
    const kind = R.table.interval();
    return kind === null ? null : row.ends[k]?.[kind] ?? null;
  }

  function makeScale(rows) {
    const values = rows.flatMap((row) =>
      row.all.flatMap((score, k) => {
        const end = shownEnds(row, k);
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
      const end = shownEnds(row, k);
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

  R.onChange(render);
  R.renderGroups = render;
})();
