// The gallery: triplets in an order that a reader asks for first, as cards with thumbnails.
"use strict";
(function () {
  const R = globalThis.Report;
  const { data, el } = R;
  const STEP = 24;
  const isPartial = data.triplets.folder.some((folder) => folder === null);
  const hasPictures = data.triplets.folder.some((folder) => folder !== null);
  const several = R.labels.length > 1;
  const ORDERS = ["worst", "best", ...(several ? ["most improved", "most damaged"] : []), "random"];
  const firstOther = R.labels.findIndex((_, k) => k !== data.baseline);
  const view = {
    order: 0,
    method: several ? firstOther : 0,
    seed: data.seed,
    shown: STEP,
    picturedOnly: isPartial && hasPictures,
  };

  /** Triplets in the chosen order, with their rank among all that are selected. */
  function ranked() {
    const metric = R.metric();
    const column = R.scores[R.state.metric][view.method];
    const base = R.scores[R.state.metric][R.state.baseline];
    const name = ORDERS[view.order];
    const rows = R.selection();
    let order;
    if (name === "random") {
      order = R.randomOrder(rows, view.seed);
    } else if (name === "worst" || name === "best") {
      const known = rows.filter((i) => column[i] !== null);
      order = R.sortBy(known, (i) => column[i], (name === "best") === metric.higher);
    } else {
      const gains = new Map(rows.map((i) => [i, R.gain(metric, column[i], base[i])]));
      const wanted = (gain) => gain !== null && (name === "most improved" ? gain > 0 : gain < 0);
      const known = rows.filter((i) => wanted(gains.get(i)));
      order = R.sortBy(known, (i) => gains.get(i), name === "most improved");
    }
    const all = order.map((i, rank) => ({ i, rank: rank + 1, of: order.length }));
    return view.picturedOnly ? all.filter(({ i }) => data.triplets.folder[i] !== null) : all;
  }

  function thumbnail(i, file, alt, caption) {
    const [width, height] = data.triplets.size[i];
    return el(
      "span",
      { class: "thumb" },
      el("img", { src: R.address(i, file), alt, width, height, loading: "lazy", decoding: "async" }),
      el("span", { class: "tag", "aria-hidden": "true" }, caption),
    );
  }

  function card({ i, rank, of }, order) {
    const metric = R.metric();
    const name = data.triplets.name[i];
    const k = view.method;
    const base = R.state.baseline;
    const isChange = ORDERS[view.order].startsWith("most");
    const column = R.scores[R.state.metric];
    const own = column[k][i];
    const parts = [`${R.labels[k]} ${R.format(metric, own)}`];
    if (several && k !== base && own !== null && column[base][i] !== null) {
      const change = own === column[base][i] ? 0 : own - column[base][i];
      parts.push(`${R.format(metric, change, true)} to ${R.labels[base]}`);
    }
    const pictures = [];
    if (data.triplets.folder[i] !== null) {
      pictures.push(thumbnail(i, "ground_truth_small.webp", `Ground truth of ${name}`, "truth"));
      if (isChange && k !== base && R.isPictured(i, base)) {
        pictures.push(thumbnail(i, `error_${base}_small.webp`, `Error of ${R.labels[base]}`, `${R.labels[base]}: error`));
      } else if (R.isPictured(i, k)) {
        pictures.push(thumbnail(i, `result_${k}_small.webp`, `Estimate of ${R.labels[k]}`, R.labels[k]));
      }
      if (R.isPictured(i, k)) {
        pictures.push(thumbnail(i, `error_${k}_small.webp`, `Error of ${R.labels[k]}`, `${R.labels[k]}: error`));
      }
    }
    return el(
      "li",
      {},
      el(
        "a",
        { class: "card", href: `#triplet-${i}`, onclick: () => R.follow(order) },
        pictures.length
          ? el("span", { class: "thumbs" }, pictures)
          : el("span", { class: "nopicture" }, "no pictures in this report"),
        el("span", { class: "cardname" }, name),
        el("span", { class: "soft" }, `${parts.join(", ")} · ${rank} of ${of.toLocaleString("en")}`),
      ),
    );
  }

  function setView(changes) {
    Object.assign(view, changes);
    view.shown = STEP;
    render();
  }

  const seed = el("input", {
    type: "number", id: "seed", min: 0, max: 999999, step: 1, value: String(view.seed),
    onchange: () => setView({ seed: Math.abs(Math.trunc(Number(seed.value))) || 0 }),
  });
  const another = el("button", {
    type: "button",
    onclick: () => {
      seed.value = String((view.seed + 1) % 1000000);
      setView({ seed: Number(seed.value) });
    },
  }, "Another sample");
  const seedField = el("span", { class: "field" }, el("label", { for: "seed" }, "seed "), seed, " ", another);
  const note = el("p", { class: "soft", role: "status" });
  const list = el("ul", { class: "cards" });
  const more = el("button", { type: "button", class: "more" });

  function build() {
    const orders = el(
      "fieldset",
      { class: "segments" },
      el("legend", { class: "hidden" }, "Order of the gallery"),
      ORDERS.map((name, i) =>
        el("label", {}, el("input", {
          type: "radio", name: "order", value: String(i), checked: i === view.order,
          onchange: () => setView({ order: i }),
        }), el("span", {}, name))),
    );
    const only = el("input", {
      type: "checkbox", checked: view.picturedOnly, onchange: () => setView({ picturedOnly: only.checked }),
    });
    R.fill(
      document.getElementById("gallery"),
      el("h2", { id: "gallery-title" }, "Gallery"),
      el(
        "div",
        { class: "controls" },
        orders,
        several
          ? el("label", { class: "field" }, "of ", R.select(R.methodOptions(), view.method, (method) => setView({ method })))
          : null,
        seedField,
        isPartial && hasPictures ? el("label", { class: "field" }, only, " with pictures only") : null,
      ),
      note,
      list,
      more,
    );
    more.addEventListener("click", () => {
      const first = view.shown;
      view.shown += STEP;
      render();
      list.children[first]?.querySelector("a").focus();
    });
    render();
  }

  function render() {
    const all = ranked();
    const order = all.map(({ i }) => i);
    const name = ORDERS[view.order];
    seedField.hidden = name !== "random";
    const by = name === "random" ? `in random order, seed ${view.seed}` : `${name} first by ${R.heading(R.metric())}`;
    note.textContent = all.length
      ? `${all.length.toLocaleString("en")} triplets, ${by}${name === "random" ? "" : ` of ${R.labels[view.method]}`}.`
      : name.startsWith("most") && view.method === R.state.baseline
        ? "The baseline is compared with itself; choose another method."
        : "No triplet is in this selection.";
    list.replaceChildren(...all.slice(0, view.shown).map((one) => card(one, order)));
    const left = all.length - view.shown;
    more.hidden = left <= 0;
    more.textContent = `Show ${Math.min(STEP, left)} more`;
  }

  R.onChange(() => setView({}));
  R.buildGallery = build;
})();
