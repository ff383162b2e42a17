// Puts the page together: its head, the bar with metric and filters, help, and the definitions.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const byId = (id) => document.getElementById(id);
  const number = (n) => n.toLocaleString("en");

  function buildHead() {
    byId("introduction").textContent = data.introduction;
    byId("introduction").hidden = !data.introduction;
    const pictured = data.triplets.folder.filter((folder) => folder !== null).length;
    const shown = pictured === R.count ? "" : ` Pictures of ${number(pictured)} of them are in this report.`;
    const { name, version, definition } = data.protocol;
    byId("facts").textContent =
      `${data.size_text}, protocol ${name} (version ${version}): ${definition}. Means are plain means over triplets.${shown}`;
    byId("warnings").replaceChildren(
      ...data.warnings.map(({ headline, checks }) =>
        el("details", { class: "warning", open: data.warnings.length === 1 },
          el("summary", {}, headline), el("ul", {}, checks.map((check) => el("li", {}, check))))));
  }

  /** Links to the sections that this report has. */
  function buildLinks() {
    const titles = { means: "Means", differences: "Differences", natural: "Natural", people: "People", groups: "Groups",
      plots: "Plots", gallery: "Gallery", triplets: "Triplets", about: "About" };
    const shown = Object.entries(titles).filter(([id]) => !byId(id).hidden);
    byId("links").replaceChildren(...shown.map(([id, title]) => el("a", { href: `#${id}` }, title)));
  }

  function buildBar() {
    const metrics = byId("metric");
    metrics.append(...data.metrics.map((metric, m) => el("option", { value: String(m) }, R.heading(metric))));
    metrics.addEventListener("change", () => R.set({ metric: Number(metrics.value) }));
    const baselines = byId("baseline");
    baselines.append(...R.methodOptions().map(([k, label]) => el("option", { value: String(k) }, label)));
    baselines.value = String(R.state.baseline);
    baselines.addEventListener("change", () => R.set({ baseline: Number(baselines.value) }));
    byId("baseline-field").hidden = R.labels.length < 2;
    byId("filters").hidden = !data.groupings.length;
    addEventListener("click", (event) => {
      if (!byId("filters").contains(event.target)) byId("filters").open = false;
    });
    byId("filters").addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      byId("filters").open = false;
      byId("filters").querySelector("summary").focus();
    });
    renderFilters();
  }

  function renderFilters() {
    const fields = data.groupings.map((grouping, g) => {
      const counts = grouping.values.map(() => 0);
      grouping.members.forEach((of) => of.forEach((value) => counts[value]++));
      const options = grouping.values.map((value, v) => [v, `${value} (${number(counts[v])})`]);
      const choose = (value) => {
        R.set({ filters: R.state.filters.map((old, other) => (other === g ? value : old)) });
        byId(`filter-${g}`).focus();
      };
      return el("label", { class: "field" }, `${grouping.title} `,
        R.select([[-1, "all"], ...options], R.state.filters[g], choose, { id: `filter-${g}` }));
    });
    const clear = el("button", { type: "button", id: "filter-clear", disabled: !R.hasFilter(), onclick: () => {
      R.set({ filters: R.state.filters.map(() => -1) });
      byId("filters").querySelector("summary").focus();
    } }, "Clear all");
    byId("filter-fields").replaceChildren(...fields, clear);
    const used = R.state.filters.flatMap((value, g) => (value < 0 ? [] : [data.groupings[g].values[value]]));
    byId("filter-count").textContent = used.length ? `: ${used.join(", ")}` : "";
    byId("selected").textContent = `${number(R.selection().length)} of ${number(R.count)} triplets`;
  }

  function buildAbout() {
    const items = [];
    const seen = new Set();
    for (const metric of data.metrics) {
      if (seen.has(metric.title)) continue;
      seen.add(metric.title);
      items.push([metric.title, `${metric.definition}; ${metric.higher ? "higher" : "lower"} is better`]);
    }
    items.push(
      ["RoI", "the annotated region of interest of a triplet, outlined on its pictures"],
      ["error map", `mean absolute difference over R, G and B, black for 0, pale yellow for ${data.full_error} grey levels of 255 and more`],
      ["lines", "the line map of the chamfer distance: a difference of Gaussians of the grey frame above its threshold"],
      ["flow", "OpenCV's DIS flow between the inputs, in the colours of Baker et al. (IJCV 2011): hue is direction, saturation length; estimated, so poor on flat colour"],
    );
    data.methods.forEach((method) => items.push(
      [method.label, [method.model, method.experiment, method.fingerprint.slice(0, 12)].filter(Boolean).join(" · ")]));
    byId("about").replaceChildren(
      el("h2", { id: "about-title" }, "About"),
      el("dl", {}, items.flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)])));
  }

  const HELP = [
    ["On the page", [["?", "this help"], ["/", "search a triplet"], ["Tab", "go through links, lists and buttons"],
      ["arrows on a plot", "go from point to point; Enter opens"]]],
    ["On a triplet", [["← →", "previous and next triplet (on the divider: move it)"], ["p n", "the same, also from the divider"],
      ["Home End", "first and last triplet"], ["1 2 3", "all pictures, slider, blink"], ["m", "next method on the right"],
      ["e l f", "error map, lines, flow on the right, and back"], ["s", "swap the two pictures"], ["r", "region of interest"],
      ["z", "zoom"], ["Space", "stop or start blinking"], ["Esc", "close"]]],
  ];

  function openHelp() {
    const dialog = byId("help");
    const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
    dialog.replaceChildren(
      el("h2", { id: "help-title" }, "Keys"),
      ...HELP.flatMap(([title, keys]) => [el("h3", {}, title), el("dl", { class: "keys" },
        keys.flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)]))]),
      close);
    if (!dialog.open) dialog.showModal();
    close.focus();
  }
  R.openHelp = openHelp;

  function renderTheme() {
    byId("theme").textContent = globalThis.ReportTheme.isDark() ? "Light" : "Dark";
    byId("theme").title = "Switch between light and dark";
  }
  byId("theme").addEventListener("click", globalThis.ReportTheme.toggle);
  globalThis.ReportTheme.onChange(renderTheme);
  byId("help-open").addEventListener("click", openHelp);
  addEventListener("keydown", (event) => {
    const isTyping = event.target.matches?.("input:not([type=radio]):not([type=checkbox]), select, textarea");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?") openHelp();
    else if (event.key === "/") byId("search").focus();
    else return;
    event.preventDefault();
  });

  renderTheme();
  buildHead();
  buildBar();
  R.renderMeans();
  R.buildTables();
  R.renderGroups();
  buildLinks();
  R.buildTriplets();
  R.buildGallery();
  R.buildPlots();
  buildAbout();
  R.onChange(renderFilters);
  R.openFromAddress();
  document.documentElement.dataset.ready = "true";
})();
