// What the viewer shows of one triplet: all pictures, a slider between two, or two in turns.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const BLINK_MS = 700; // Under three changes a second, which is safe for everybody.
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** Every picture of a triplet: key, title, file; without those that the report does not hold. */
  function pictures(i) {
    if (data.triplets.folder[i] === null) return [];
    const full = data.triplets.flow_px[i];
    const found = [
      { key: "frame1", title: "first frame", file: "frame1.png" },
      { key: "truth", title: "ground truth", file: "ground_truth.png" },
      { key: "frame3", title: "last frame", file: "frame3.png" },
      { key: "flow", title: `flow, full colour at ${full} px`, file: "flow.webp", kind: "flow" },
      { key: "lines-truth", title: "lines of the truth", file: "lines_truth.webp", kind: "lines" },
    ];
    R.labels.forEach((label, k) => {
      if (!R.isPictured(i, k)) return;
      found.push(
        { key: `result-${k}`, title: label, file: `result_${k}.png`, method: k },
        { key: `error-${k}`, title: `${label}: error`, file: `error_${k}.webp`, kind: "error", method: k },
        { key: `lines-${k}`, title: `${label}: lines`, file: `lines_${k}.webp`, kind: "lines", method: k },
      );
    });
    return found;
  }

  const find = (i, key) => pictures(i).find((picture) => picture.key === key) ?? null;

  function image(i, picture, { lazy = false } = {}) {
    const [width, height] = data.triplets.size[i];
    const img = el("img", {
      src: R.address(i, picture.file), width, height, decoding: "async", draggable: "false",
      loading: lazy ? "lazy" : null, alt: `${picture.title}, triplet ${data.triplets.name[i]}`,
    });
    img.addEventListener("error", () => img.replaceWith(el("span", { class: "nopicture" }, "picture missing")));
    return img;
  }

  /** The region of interest as an outline over a picture. */
  function region(i) {
    const roi = data.triplets.roi[i];
    if (!roi || Math.min(roi[2], roi[3]) <= 0) return null;
    const [width, height] = data.triplets.size[i];
    const box = el("span", { class: "roi", "aria-hidden": "true" });
    const [x, y, w, h] = roi;
    Object.assign(box.style, {
      left: `${(100 * x) / width}%`, top: `${(100 * y) / height}%`,
      width: `${(100 * w) / width}%`, height: `${(100 * h) / height}%`,
    });
    return box;
  }

  /** A frame of the picture's proportions that fits the stage or has a zoom. */
  function frame(i, zoom, ...children) {
    const [width, height] = data.triplets.size[i];
    const box = el("div", { class: zoom ? "frame zoomed" : "frame" }, children);
    box.style.setProperty("--ratio", String(width / height));
    box.style.aspectRatio = `${width} / ${height}`;
    if (zoom) box.style.width = `${width * zoom}px`;
    if (zoom > 1) box.classList.add("pixels");
    return box;
  }

  /** All pictures side by side; a click compares one with the truth. */
  function all(i, options) {
    const found = pictures(i);
    const figure = (picture) =>
      el("figure", {},
        el("button", { type: "button", class: "pick", title: "Compare with the truth", onclick: () => options.pick(picture.key) },
          frame(i, 0, image(i, picture, { lazy: true }), options.showRegion ? region(i) : null)),
        el("figcaption", {}, picture.title));
    const row = (title, own, ...more) =>
      el("section", { "aria-label": title }, el("div", { class: "row" }, own.map(figure), more));
    const inputs = found.filter((picture) => picture.method === undefined && picture.key !== "lines-truth");
    const methods = R.labels.map((label, k) => {
      const own = found.filter((picture) => picture.method === k);
      return own.length ? row(label, own, scoreList(i, k)) : null;
    });
    return el("div", { class: "allpictures" }, row("Inputs, truth and flow", inputs), methods);
  }

  /** The scores of the whole frame beside the pictures of a method. */
  function scoreList(i, k) {
    const items = data.metrics.flatMap((metric, m) =>
      metric.roi ? [] : [el("dt", {}, R.heading(metric)), el("dd", {}, R.format(metric, R.scores[m][k][i]))]);
    return el("div", { class: "scorelist" },
      el("strong", {}, el("span", { class: `swatch s${k % 8}`, "aria-hidden": "true" }), R.labels[k]), el("dl", {}, items));
  }

  function slider(i, options) {
    const [a, b] = [find(i, options.a), find(i, options.b)];
    if (!a || !b) return el("p", { class: "nopicture" }, "This picture is not in the report.");
    const top = image(i, a);
    top.className = "over";
    const handle = el("span", { class: "divider", "aria-hidden": "true" });
    const box = frame(i, options.zoom, image(i, b), top, handle, options.showRegion ? region(i) : null);
    const range = el("input", {
      type: "range", class: "slide", min: 0, max: 100, step: 1, value: String(options.position),
      "aria-label": `Divider between ${a.title} on the left and ${b.title} on the right`,
    });
    function place(percent) {
      const value = Math.min(Math.max(percent, 0), 100);
      options.moved(value);
      range.value = String(value);
      range.setAttribute("aria-valuetext", `${Math.round(value)} % ${a.title}`);
      top.style.clipPath = `inset(0 ${100 - value}% 0 0)`;
      handle.style.left = `${value}%`;
    }
    range.addEventListener("input", () => place(Number(range.value)));
    const drag = (event) => {
      const bounds = box.getBoundingClientRect();
      place((100 * (event.clientX - bounds.left)) / bounds.width);
    };
    box.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      // A finger scrolls a zoomed picture and moves the divider by its handle below.
      if (options.zoom && event.pointerType === "touch") return;
      event.preventDefault();
      box.setPointerCapture(event.pointerId);
      drag(event);
      range.focus();
    });
    box.addEventListener("pointermove", (event) => box.hasPointerCapture(event.pointerId) && drag(event));
    box.classList.add("sliding");
    place(options.position);
    return el("div", {},
      el("div", { class: "sides", "aria-hidden": "true" }, el("span", {}, a.title), el("span", {}, b.title)),
      el("div", { class: "canvas", tabindex: options.zoom ? "0" : null }, box), range);
  }

  let timer = 0;
  let isPlaying = null;

  function blink(i, options) {
    const [a, b] = [find(i, options.a), find(i, options.b)];
    if (!a || !b) return el("p", { class: "nopicture" }, "This picture is not in the report.");
    isPlaying ??= !still.matches;
    const top = image(i, a);
    top.className = "over";
    const box = frame(i, options.zoom, image(i, b), top, options.showRegion ? region(i) : null);
    const label = el("strong", { class: "which" });
    let isFirst = true;
    const show = () => {
      top.style.visibility = isFirst ? "visible" : "hidden";
      label.textContent = isFirst ? a.title : b.title;
      box.dataset.shown = isFirst ? "a" : "b";
    };
    const turn = () => {
      isFirst = !isFirst;
      show();
    };
    const play = el("button", { type: "button", id: "blink-play", "aria-keyshortcuts": "Space" });
    function start() {
      clearInterval(timer);
      play.textContent = isPlaying ? "Pause" : "Play";
      play.setAttribute("aria-pressed", String(isPlaying));
      if (isPlaying) timer = setInterval(turn, BLINK_MS);
    }
    play.addEventListener("click", () => {
      isPlaying = !isPlaying;
      start();
    });
    const other = el("button", { type: "button", onclick: () => {
      isPlaying = false;
      start();
      turn();
    } }, "Show the other");
    show();
    start();
    return el("div", {},
      el("div", { class: "sides" }, el("span", {}, label), el("span", { class: "playing" }, play, other)),
      el("div", { class: "canvas", tabindex: options.zoom ? "0" : null }, box));
  }

  /** Ends what runs by the clock. */
  function stop() {
    clearInterval(timer);
  }

  R.stage = { pictures, find, views: { all, slider, blink }, stop };
})();
