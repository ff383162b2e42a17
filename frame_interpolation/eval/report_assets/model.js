// The data, what of it is selected, and the arithmetic and elements that every part uses.
// Text from the data reaches the page as text nodes and attributes only, never as markup.
"use strict";
(function () {
  const data = globalThis.REPORT_DATA;
  const decode = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);
  const scores = data.scores.map((methods) => methods.map((column) => column.map(decode)));
  const count = data.triplets.name.length;
  const state = {
    metric: 0,
    baseline: data.baseline,
    filters: data.groupings.map(() => -1),
  };
  const listeners = [];
  const members = data.groupings.map((grouping) => grouping.members.map((of) => new Set(of)));
  let selected = null;

  /** Changes the state and tells every part of the page. */
  function set(changes) {
    Object.assign(state, changes);
    selected = null;
    listeners.forEach((listener) => listener());
  }

  /** Positions of the triplets that pass all filters, in the order of the dataset. */
  function selection() {
    if (selected === null) {
      selected = [];
      for (let i = 0; i < count; i++) {
        if (state.filters.every((value, g) => value < 0 || members[g][i].has(value))) {
          selected.push(i);
        }
      }
    }
    return selected;
  }

  /** Positions that pass the filters of all groupings but one. */
  function selectionBesides(grouping) {
    return data.triplets.name.flatMap((_, i) =>
      state.filters.every((value, g) => value < 0 || g === grouping || members[g][i].has(value)) ? [i] : []);
  }

  const hasFilter = () => state.filters.some((value) => value >= 0);

  /** Intervals of what is selected, [metric][method]; null for a combination of filters. */
  function intervals() {
    const used = state.filters.flatMap((value, g) => (value < 0 ? [] : [[g, value]]));
    if (used.length === 0) return data.intervals.whole;
    return used.length === 1 ? data.intervals.groups[used[0][0]][used[0][1]] : null;
  }

  /** Mean of the finite values, with what it leaves out, as `score_summary` takes it. */
  function mean(column, rows) {
    let sum = 0;
    let finite = 0;
    let infinite = 0;
    let any = null;
    for (const i of rows) {
      const value = column[i];
      if (value === null) continue;
      any ??= value;
      if (Number.isFinite(value)) {
        sum += value;
        finite++;
      } else {
        infinite++;
      }
    }
    const missing = rows.length - finite - infinite;
    return { mean: finite ? sum / finite : any, count: finite, infinite, missing };
  }

  /** A value as text with the metric's decimals. */
  function format(metric, value, signed = false) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const text = Math.abs(value).toFixed(metric.decimals);
    const isZero = Number(text) === 0;
    return (value < 0 && !isZero ? "−" : signed && !isZero ? "+" : "") + text;
  }

  /** Heading of a metric: its name, where it is taken, its unit, and which way is better. */
  function heading(metric, { region = true } = {}) {
    const unit = metric.unit ? ` [${metric.unit}]` : "";
    return `${region && metric.roi ? "RoI " : ""}${metric.title}${unit} ${metric.higher ? "↑" : "↓"}`;
  }

  /** The gain of a value over another: positive is better, null when it cannot be told. */
  function gain(metric, value, other) {
    if (value === null || other === null) return null;
    const difference = value - other;
    if (Number.isNaN(difference)) return 0; // Both infinite.
    return metric.higher ? difference : -difference;
  }

  /** Sorts positions by a key; missing values come last whichever way. */
  function sortBy(rows, key, descending) {
    const keyed = rows.map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => {
      const aMissing = a === null || a === undefined || a === "";
      const bMissing = b === null || b === undefined || b === "";
      if (aMissing || bMissing) return aMissing - bMissing;
      const order = typeof a === "string" ? collator.compare(a, b) : a < b ? -1 : a > b ? 1 : 0;
      return descending ? -order : order;
    });
    return keyed.map(([, row]) => row);
  }
  const collator = new Intl.Collator(undefined, { numeric: true });

  /** An order of the triplets by a seed, the one that `report_selection.random_order` gives. */
  function randomOrder(rows, seed) {
    const start = mix(seed >>> 0);
    const key = new Map(rows.map((i) => [i, mix((start + i) >>> 0)]));
    return [...rows].sort((a, b) => key.get(a) - key.get(b) || a - b);
  }
  function mix(value) {
    let x = value >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (x ^ (x >>> 16)) >>> 0;
  }

  /** Makes an element: attributes by name, handlers as `onclick`, children as nodes or text. */
  function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "value" || name === "checked") element[name] = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Replaces what an element holds, leaving out what is null. */
  const fill = (element, ...children) =>
    element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));

  const SVG = "http://www.w3.org/2000/svg";
  function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  /** A drop-down list of [value, text]; `onchange` gets the chosen value as a number. */
  function select(options, value, onchange, attributes = {}) {
    const list = el(
      "select",
      { ...attributes, onchange: () => onchange(Number(list.value)) },
      options.map(([of, text]) => el("option", { value: String(of) }, text)),
    );
    list.value = String(value);
    return list;
  }

  /** A heading that sorts its table by a key, and keeps the focus when the table is drawn anew. */
  function sortHeading(view, key, content, render, { descending = false, title = null, ...attributes } = {}) {
    const isSorted = view.sort === key;
    const button = el("button", { type: "button", class: "sort", title, "data-sort": String(key), onclick: () => {
      const place = button.closest("section").id;
      view.descending = isSorted ? !view.descending : descending;
      view.sort = key;
      render();
      document.querySelector(`#${place} [data-sort="${key}"]`)?.focus();
    } }, content);
    const order = isSorted ? (view.descending ? "descending" : "ascending") : null;
    return el("th", { scope: "col", "aria-sort": order, ...attributes }, button);
  }

  const labels = data.methods.map((method) => method.label);
  const methodOptions = () => labels.map((label, k) => [k, label]);
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc6fa4", "#c48a00", "#3f9bd1", "#7a7a7a", "#8566b5"];
  const colour = (k) => colours[k % colours.length];

  /** Whether a method's pictures of a triplet are in the report. */
  function isPictured(i, k) {
    if (data.triplets.folder[i] === null) return false;
    const held = data.triplets.pictured[i];
    return held === null || held.includes(k);
  }
  const address = (i, file) =>
    `${data.images}/${encodeURIComponent(data.triplets.folder[i])}/${encodeURIComponent(file)}`;

  globalThis.Report = {
    data, scores, count, state, set, selection, selectionBesides, sortHeading, hasFilter, intervals, mean, format, heading, gain,
    sortBy, randomOrder, el, fill, svg, select, labels, methodOptions, colour, isPictured, address,
    metric: () => data.metrics[state.metric],
    onChange: (listener) => listeners.push(listener),
    open: null, // Set by the viewer: (position, order) => void.
  };
})();
