// The table of triplets: searched, sorted, a page at a time, so that 2,000 of them stay quick.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const view = { key: "index", descending: false, query: "", page: 0, size: 25, values: 0 };
  const motion = data.measures.find((measure) => measure.name === "motion_px");

  /** The columns: identifier, heading, sort key, text; numbers are set to the right. */
  function columns() {
    const metric = R.metric();
    const methods = R.scores[R.state.metric];
    const asDifference = view.values === 1;
    const own = (k) => (i) => {
      const value = methods[k][i];
      if (!asDifference || k === R.state.baseline) return value;
      const other = methods[R.state.baseline][i];
      return value === null || other === null || value === other ? (value === other ? 0 : null) : value - other;
    };
    return [
      { id: "index", title: "no.", key: (i) => i, text: (i) => String(data.triplets.index[i]), number: true, isSpare: true },
      { id: "name", title: "triplet", key: (i) => data.triplets.name[i] },
      { id: "film", title: "film", key: (i) => data.triplets.film[i], text: (i) => data.triplets.film[i], isSpare: true },
      { id: "level", title: "level", key: levelKey, text: (i) => data.triplets.level[i], isSpare: true },
      ...(motion
        ? [{
            id: "motion", title: motion.title, number: true, isSpare: true, key: (i) => motion.values[i],
            text: (i) => (motion.values[i] === null ? "–" : motion.values[i].toFixed(1)),
          }]
        : []),
      ...R.labels.map((label, k) => ({
        id: `method-${k}`,
        title: asDifference && k !== R.state.baseline ? `${label} − baseline` : label,
        number: true,
        higher: metric.higher,
        key: own(k),
        text: (i) => R.format(metric, own(k)(i), asDifference && k !== R.state.baseline),
        mark: (i) => {
          if (!asDifference || k === R.state.baseline) return null;
          const gain = R.gain(metric, methods[k][i], methods[R.state.baseline][i]);
          return gain === null || gain === 0 ? null : gain > 0 ? "gain" : "loss";
        },
      })),
    ];
  }

  function levelKey(i) {
    const known = ["easy", "medium", "hard"].indexOf(data.triplets.level[i]);
    return known >= 0 ? known : data.triplets.level[i] ? 3 : null;
  }

  /** Positions of the rows, filtered, searched and sorted. */
  function order(all) {
    const query = view.query.trim().toLowerCase();
    let rows = R.selection();
    if (query) {
      rows = rows.filter((i) =>
        `${data.triplets.name[i]} ${data.triplets.film[i]}`.toLowerCase().includes(query));
    }
    const column = all.find((one) => one.id === view.key) ?? all[0];
    return R.sortBy(rows, column.key, view.descending);
  }

  function row(i, all, rows) {
    return el(
      "tr",
      {},
      all.map((column) => {
        if (column.id === "name") {
          const link = el("a", { href: `#triplet-${i}`, onclick: () => R.follow(rows) }, data.triplets.name[i]);
          return el("th", { scope: "row", class: "name" }, link);
        }
        const mark = column.mark?.(i);
        return el("td", { class: classes(column, mark) }, column.text(i));
      }),
    );
  }

  /** What a cell is drawn as: numbers to the right; a phone has no room for what can be spared. */
  function classes(column, mark = null) {
    return [column.number ? "" : "text", column.isSpare ? "spare" : "", mark ?? ""].join(" ").trim() || null;
  }

  function header(column) {
    const isSorted = view.key === column.id;
    return el(
      "th",
      {
        scope: "col",
        class: classes(column),
        "aria-sort": isSorted ? (view.descending ? "descending" : "ascending") : null,
      },
      el(
        "button",
        {
          type: "button",
          class: "sort",
          "data-column": column.id,
          onclick: () => {
            view.descending = isSorted ? !view.descending : false;
            view.key = column.id;
            view.page = 0;
            render();
            document.querySelector(`#triplets [data-column="${column.id}"]`)?.focus();
          },
        },
        column.title,
      ),
    );
  }

  function pager(total) {
    const pages = Math.max(Math.ceil(total / view.size), 1);
    const go = (page) => () => {
      view.page = page;
      render();
    };
    const button = (text, label, page, isOff) =>
      el("button", { type: "button", "aria-label": label, disabled: isOff, onclick: go(page) }, text);
    const from = total ? view.page * view.size + 1 : 0;
    const to = Math.min((view.page + 1) * view.size, total);
    const number = (n) => n.toLocaleString("en");
    return [
      button("«", "First page", 0, view.page === 0),
      button("‹", "Previous page", view.page - 1, view.page === 0),
      el("span", { role: "status" }, `${number(from)}–${number(to)} of ${number(total)}`),
      button("›", "Next page", view.page + 1, view.page >= pages - 1),
      button("»", "Last page", pages - 1, view.page >= pages - 1),
    ];
  }

  // The search field stays while the rest is drawn anew, so that it keeps the caret.
  const search = el("input", {
    type: "search",
    id: "search",
    "aria-keyshortcuts": "/",
    oninput: () => {
      view.query = search.value;
      view.page = 0;
      render();
    },
  });
  const sizes = R.select([25, 50, 100].map((n) => [n, String(n)]), view.size, (size) => {
    view.size = size;
    view.page = 0;
    render();
  });
  const kinds = R.select([[0, "scores"], [1, "differences to the baseline"]], 0, (kind) => {
    view.values = kind;
    render();
  });
  const place = el("div");
  const bottom = el("div", { class: "controls pager" });

  function build() {
    R.fill(
      document.getElementById("triplets"),
      el("h2", { id: "triplets-title" }, "Triplets"),
      el(
        "div",
        { class: "controls" },
        el("label", { class: "field" }, "name or film ", search),
        R.labels.length > 1 ? el("label", { class: "field" }, "values ", kinds) : null,
        el("label", { class: "field" }, "rows ", sizes),
      ),
      place,
      bottom,
    );
    render();
  }

  function render() {
    const all = columns();
    const rows = order(all);
    const pages = Math.max(Math.ceil(rows.length / view.size), 1);
    view.page = Math.min(view.page, pages - 1);
    const shown = rows.slice(view.page * view.size, (view.page + 1) * view.size);
    place.replaceChildren(
      el(
        "div",
        { class: "scroll", role: "region", tabindex: "0", "aria-label": "Triplets" },
        el(
          "table",
          { class: "triplets" },
          el("caption", {}, R.heading(R.metric())),
          el("thead", {}, el("tr", {}, all.map(header))),
          el("tbody", {}, shown.map((i) => row(i, all, rows))),
        ),
      ),
    );
    bottom.replaceChildren(...pager(rows.length));
  }

  R.onChange(() => {
    view.page = 0;
    render();
  });
  R.buildTriplets = build;
})();
