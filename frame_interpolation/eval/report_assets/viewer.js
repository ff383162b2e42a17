// The viewer of one triplet: a dialog with its pictures, scores and facts, moved by keys.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const dialog = document.getElementById("viewer");
  const ZOOMS = [[0, "fit"], [1, "1 : 1"], [2, "2 : 1"], [4, "4 : 1"]];
  const VIEWS = [["all", "All pictures"], ["slider", "Slider"], ["blink", "Blink"]];
  const others = R.labels.map((_, k) => k).filter((k) => k !== data.baseline);
  const view = {
    i: 0, order: [], mode: "all", a: "truth", b: `result-${others[0] ?? 0}`, zoom: 0, showRegion: false, position: 50,
  };
  let next = null; // The order that a followed link belongs to.

  function open(i, order) {
    view.i = i;
    view.order = order?.length ? order : R.selection();
    if (!view.order.includes(i)) view.order = Array.from({ length: R.count }, (_, n) => n);
    render();
    if (!dialog.open) dialog.showModal();
    history.replaceState(null, "", `#triplet-${i}`);
    document.getElementById("viewer-title").focus();
  }

  function go(step) {
    const at = view.order.indexOf(view.i);
    const to = Math.min(Math.max(at + step, 0), view.order.length - 1);
    if (to === at) return;
    const focused = document.activeElement?.id;
    view.i = view.order[to];
    history.replaceState(null, "", `#triplet-${view.i}`);
    render();
    dialog.scrollTop = 0;
    // What had the focus was drawn anew.
    (document.getElementById(focused || "viewer-title") ?? document.getElementById("viewer-title")).focus();
  }

  function change(changes, focus) {
    Object.assign(view, changes);
    render();
    (focus && dialog.querySelector(focus))?.focus();
  }

  function facts(i) {
    const [width, height] = data.triplets.size[i];
    const found = [`no. ${data.triplets.index[i]}`, `${width}×${height}`];
    if (data.triplets.level[i]) found.push(data.triplets.level[i]);
    if (data.triplets.film[i]) found.push(data.triplets.film[i]);
    found.push(...data.triplets.kinds[i]);
    for (const measure of data.measures) {
      const value = measure.values[i];
      if (value !== null) found.push(`${measure.title} ${Number(value.toPrecision(3))}`);
    }
    return found.join(" · ");
  }

  function scoreTable(i) {
    const remarks = data.triplets.remarks[i] ?? [];
    return el("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": "Scores of this triplet" },
      el("table", { class: "means" },
        el("caption", {}, "Scores of this triplet"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "method"),
          data.metrics.map((metric) => el("th", { scope: "col", title: metric.definition }, R.heading(metric))))),
        el("tbody", {}, R.labels.map((label, k) => el("tr", {},
          el("th", { scope: "row" }, el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" }), label),
          data.metrics.map((metric, m) => {
            const value = R.scores[m][k][i];
            const gain = k === R.state.baseline ? null : R.gain(metric, value, R.scores[m][R.state.baseline][i]);
            return el("td", { class: gain ? (gain > 0 ? "gain" : "loss") : null }, R.format(metric, value));
          }))))),
      remarks.map(([k, remark]) => el("p", { class: "soft" }, `${R.labels[k]}: ${remark}`)));
  }

  function legends() {
    const rgb = (colour) => `rgb(${colour.join(" ")})`;
    const ramp = el("span", { class: "ramp", "aria-hidden": "true" });
    ramp.style.background = `linear-gradient(to right, ${data.error_ramp.map(rgb).join(", ")})`;
    const key = (name, text) => {
      const mark = el("span", { class: "key", "aria-hidden": "true" });
      mark.style.background = rgb(data.line_colours[name]);
      return el("span", {}, mark, text);
    };
    return el("div", { class: "legends" },
      el("span", {}, "error: 0 ", ramp, ` ${data.full_error} grey levels and more`),
      el("span", {}, "lines: ", key("both", "in both "), key("missing", "truth only "), key("surplus", "estimate only")),
      el("span", {}, "flow from the first to the last frame: ",
        el("img", { src: "assets/flow_wheel.png", width: 40, height: 40, alt: "Colour wheel: right is red, down yellow, left cyan, up violet-blue; white stands still" })));
  }

  function toolbar(i) {
    const found = R.stage.pictures(i);
    const chooser = (key, id) => {
      const list = el("select", { id, "aria-label": key === "a" ? "left or first picture" : "right or second picture",
        onchange: () => change({ [key]: list.value }, `#${id}`) },
        found.map((picture) => el("option", { value: picture.key }, picture.title)));
      list.value = view[key];
      return list;
    };
    // Buttons and not radio buttons, whose arrow keys would stand in the way of the triplets'.
    const modes = el("div", { class: "segments", role: "group", "aria-label": "View" },
      VIEWS.map(([mode, title], n) => el("button", {
        type: "button", id: `mode-${mode}`, title: `Key ${n + 1}`, "aria-pressed": String(mode === view.mode),
        onclick: () => change({ mode }, mode === "slider" ? ".slide" : `#mode-${mode}`),
      }, title)));
    const isPair = view.mode !== "all";
    const box = el("input", { type: "checkbox", id: "region", checked: view.showRegion,
      onchange: () => change({ showRegion: box.checked }, "#region") });
    const zoom = R.select(ZOOMS, view.zoom, (level) => change({ zoom: level }, "#zoom"), { id: "zoom" });
    return el("div", { class: "controls" }, modes,
      isPair ? el("span", { class: "field pair" }, chooser("a", "pick-a"),
        el("button", { type: "button", id: "swap", title: "Key s", onclick: () => change({ a: view.b, b: view.a }, "#swap") }, "⇄",
          el("span", { class: "hidden" }, "swap")), chooser("b", "pick-b")) : null,
      isPair ? el("label", { class: "field" }, "zoom ", zoom) : null,
      data.triplets.roi[i] ? el("label", { class: "field", title: "Key r" }, box, " RoI") : null);
  }

  function render() {
    R.stage.stop();
    const i = view.i;
    const at = view.order.indexOf(i);
    const hasPictures = data.triplets.folder[i] !== null;
    const found = R.stage.pictures(i).map((picture) => picture.key);
    for (const key of ["a", "b"]) {
      if (found.length && !found.includes(view[key])) view[key] = key === "a" ? "truth" : found.find((k) => k.startsWith("result")) ?? found[0];
    }
    const button = (id, text, label, action, isOff) =>
      el("button", { type: "button", id, "aria-label": label, title: label, disabled: isOff, onclick: action }, text);
    const head = el("div", { class: "viewerhead" },
      button("previous", "←", "Previous triplet", () => go(-1), at <= 0),
      el("div", { class: "viewername" },
        el("h2", { id: "viewer-title", tabindex: "-1" }, data.triplets.name[i]),
        el("p", { class: "soft" }, `${(at + 1).toLocaleString("en")} of ${view.order.length.toLocaleString("en")} · ${facts(i)}`)),
      button("next", "→", "Next triplet", () => go(1), at >= view.order.length - 1),
      button("viewer-close", "×", "Close", () => dialog.close(), false));
    const stage = hasPictures
      ? R.stage.views[view.mode](i, {
          ...view,
          pick: (key) => change({ mode: "slider", a: key === "truth" ? view.a : "truth", b: key }, ".slide"),
          moved: (position) => {
            view.position = position;
          },
        })
      : el("p", { class: "nopicture" }, "This report holds no pictures of this triplet.");
    dialog.replaceChildren(head, hasPictures ? toolbar(i) : el("span"),
      el("div", { class: "stage" }, stage), hasPictures ? legends() : el("span"), scoreTable(i));
    preload(view.order[at + 1]);
  }

  function preload(i) {
    if (i === undefined || view.mode === "all") return;
    for (const key of [view.a, view.b]) {
      const picture = R.stage.find(i, key);
      if (picture) new Image().src = R.address(i, picture.file);
    }
  }

  /** Shows another kind of the picture on the right, or goes back to the estimate. */
  function toggleKind(kind) {
    const match = /-(\d+)$/.exec(view.b);
    const k = match ? Number(match[1]) : others[0] ?? 0;
    const wanted = kind === "flow" ? "flow" : `${kind}-${k}`;
    change({ b: view.b === wanted ? `result-${k}` : wanted, mode: view.mode === "all" ? "slider" : view.mode });
  }

  function nextMethod(step) {
    const match = /^(\w+)-(\d+)$/.exec(view.b);
    const held = R.labels.map((_, k) => k).filter((k) => R.isPictured(view.i, k));
    if (!held.length) return;
    const at = match ? held.indexOf(Number(match[2])) : -1;
    change({ b: `${match ? match[1] : "result"}-${held[(at + step + held.length) % held.length]}` });
  }

  const KEYS = {
    1: () => change({ mode: "all" }, "#viewer-title"),
    2: () => change({ mode: "slider" }, ".slide"),
    3: () => change({ mode: "blink" }, "#viewer-title"),
    n: () => go(1),
    p: () => go(-1),
    ArrowRight: () => go(1),
    ArrowLeft: () => go(-1),
    Home: () => go(-Infinity),
    End: () => go(Infinity),
    e: () => toggleKind("error"),
    l: () => toggleKind("lines"),
    f: () => toggleKind("flow"),
    m: () => nextMethod(1),
    s: () => change({ a: view.b, b: view.a }),
    r: () => change({ showRegion: !view.showRegion }),
    z: () => change({ zoom: ZOOMS[(ZOOMS.findIndex(([level]) => level === view.zoom) + 1) % ZOOMS.length][0] }),
    " ": () => document.getElementById("blink-play")?.click(),
    "?": () => R.openHelp(),
  };

  dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    const takesAll = target.matches("select, input[type=range], [tabindex='0']");
    const isArrow = /^(Arrow|Home|End)/.test(event.key);
    if (takesAll && (isArrow || target.matches("select"))) return;
    if (event.key === " " && target.matches("button, input")) return;
    const action = KEYS[event.key];
    if (!action) return;
    event.preventDefault();
    const focused = target.id;
    action();
    if (!dialog.contains(document.activeElement)) {
      (dialog.querySelector(focused ? `[id="${focused}"]` : null) ?? document.getElementById("viewer-title")).focus();
    }
  });
  dialog.addEventListener("close", () => {
    R.stage.stop();
    if (location.hash.startsWith("#triplet-")) history.replaceState(null, "", location.pathname + location.search);
  });

  function fromAddress() {
    const match = /^#triplet-(\d+)$/.exec(location.hash);
    if (match && Number(match[1]) < R.count) open(Number(match[1]), next);
    else if (dialog.open) dialog.close(); // The browser's way back.
    next = null;
  }
  addEventListener("hashchange", fromAddress);

  R.open = open;
  R.follow = (order) => {
    next = order;
  };
  R.openFromAddress = fromAddress;
})();
