"""The page of a preference study as HTML text; pure functions, no files.

The page knows opaque names of pairs and pictures, nothing else: no names of methods or triplets.
It works from the file system without a network, to which its content security policy holds it, and
keeps the answers in the browser until they are downloaded as CSV (columns `CSV_COLUMNS`).
"""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass

CSV_COLUMNS = ("study", "participant", "pair", "answer", "view", "seconds", "answered_at")
"""Title row of the exported CSV; `answer` is one of `ANSWERS`, `view` is motion or still."""

ANSWERS = ("left", "right", "tie")


@dataclass(frozen=True)
class ShownPair:
    """A pair as the page shows it; addresses are relative to the page.

    Attributes:
        pair: Opaque name of the pair.
        first: Address of the first frame.
        left: Address of the result called A.
        right: Address of the result called B.
        last: Address of the last frame.
        width: Width of the pictures in pixels.
        height: Height of the pictures in pixels.
    """

    pair: str
    first: str
    left: str
    right: str
    last: str
    width: int
    height: int


def render(study: str, pairs: Sequence[ShownPair]) -> str:
    """Writes the page.

    Args:
        study: Opaque name of the study.
        pairs: The pairs in the order shown.

    Returns:
        HTML.
    """
    content = {
        "study": study,
        "columns": CSV_COLUMNS,
        "pairs": [dataclasses.asdict(pair) for pair in pairs],
    }
    # A script element ends at the first "</", wherever that stands.
    data = json.dumps(content, ensure_ascii=True).replace("<", "\\u003c")
    return _PAGE.replace("@STYLE@", _STYLE).replace("@SCRIPT@", _SCRIPT).replace("@DATA@", data)


_STYLE = """
:root { color-scheme: light dark; --ink: #1d1f23; --soft: #5b616b; --page: #ffffff;
  --panel: #f1f2f5; --line: #c9cdd5; --mark: #0b57b0; --on-mark: #ffffff; --bad: #a3241c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a7adb8; --page: #16181c;
  --panel: #22252c; --line: #424855; --mark: #8abcff; --on-mark: #10141a; --bad: #ff9d94; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: .75rem 1rem 2rem; max-width: 120rem; background: var(--page);
  color: var(--ink); font: 16px/1.45 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; }
h1 { font-size: 1.15rem; margin: 0; }
p { margin: .25rem 0; max-width: 60rem; }
.soft { color: var(--soft); font-size: .875rem; }
.bad { color: var(--bad); font-weight: 600; }
progress { width: 100%; height: .5rem; accent-color: var(--mark); }
.pair { display: grid; gap: .75rem; grid-template-columns: 1fr 1fr; margin: .5rem auto;
  max-width: calc((100vh - 17rem) * 2 * var(--aspect, 1.78)); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: .4rem;
  padding: .4rem; }
.panel h2 { font-size: 1rem; margin: 0 0 .3rem; display: flex; justify-content: space-between; }
.stage { display: grid; background: var(--line); }
.stage img { grid-area: 1 / 1; width: 100%; height: auto; visibility: hidden; }
.stage img.shown { visibility: visible; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: center; }
button { font: inherit; padding: .5rem .9rem; border: 1px solid var(--line); border-radius: .4rem;
  background: var(--panel); color: var(--ink); cursor: pointer; min-height: 2.75rem; }
button.answer { background: var(--mark); border-color: var(--mark); color: var(--on-mark); }
button:disabled { opacity: .45; cursor: default; }
button:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
kbd { font: inherit; border: 1px solid currentColor; border-radius: .25rem; padding: 0 .3rem;
  font-size: .8em; opacity: .85; }
.inputs { display: flex; gap: .75rem; justify-content: center; margin-top: .75rem; }
.inputs figure { margin: 0; width: 13rem; max-width: 50%; }
.inputs img { width: 100%; height: auto; display: block; background: var(--line); }
footer { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: .75rem; }
footer .controls { justify-content: flex-start; }
@media (max-width: 44rem), (max-aspect-ratio: 1/1) {
  .pair { grid-template-columns: 1fr; max-width: 44rem; }
  .controls button { flex: 1 1 8rem; }
  #answers { position: sticky; bottom: 0; background: var(--page); padding: .5rem 0; }
  #answers button { flex: 1 1 5rem; padding: .5rem .4rem; }
}
@media (hover: none) { kbd, .keys { display: none; } }
"""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:;
script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>Which one is better?</title>
<style>@STYLE@</style>
</head>
<body>
<header>
<h1 id="question">Which middle frame fits better between the two outer frames, A or B?</h1>
<span id="position" class="soft" aria-live="polite"></span>
</header>
<progress id="progress" value="0" max="1" aria-label="answered pairs"></progress>
<noscript><p class="bad">This page needs JavaScript.</p></noscript>
<p id="problem" class="bad" role="alert" hidden></p>
<main id="study-view">
<div class="pair" id="pair">
<section class="panel" aria-label="result A"><h2><span>A</span>
<span class="soft phase"></span></h2><div class="stage" id="stage-left"></div></section>
<section class="panel" aria-label="result B"><h2><span>B</span>
<span class="soft phase"></span></h2><div class="stage" id="stage-right"></div></section>
</div>
<div class="controls" id="answers">
<button class="answer" data-answer="left">A is better <kbd>&larr;</kbd></button>
<button class="answer" data-answer="tie">No difference <kbd>&darr;</kbd></button>
<button class="answer" data-answer="right">B is better <kbd>&rarr;</kbd></button>
</div>
<div class="inputs">
<figure><img id="first" alt="first frame"><figcaption class="soft">first frame</figcaption></figure>
<figure><img id="last" alt="last frame"><figcaption class="soft">last frame</figcaption></figure>
</div>
</main>
<main id="end-view" hidden>
<h2>All pairs are answered. Thank you.</h2>
<p>Download your answers below and send the file back.</p>
</main>
<footer>
<div class="controls">
<button id="undo">Undo <kbd>U</kbd></button>
<button id="view">Show still <kbd>M</kbd></button>
<button id="download">Download answers (CSV) <kbd>D</kbd></button>
<button id="restart">Start over</button>
</div>
<p class="soft">In motion the first frame, the result and the last frame follow one another.</p>
<p class="soft keys">Keys: <kbd>&larr;</kbd> A, <kbd>&rarr;</kbd> B, <kbd>&darr;</kbd> or
<kbd>T</kbd> no difference, <kbd>U</kbd> undo, <kbd>M</kbd> motion or still; in the still view hold
<kbd>1</kbd> or <kbd>3</kbd> to see an outer frame in its place.</p>
<p id="kept" class="soft">Answers are kept in this browser until they are cleared by Start over; you
can close the page and go on later.</p>
</footer>
<script type="application/json" id="data">@DATA@</script>
<script>@SCRIPT@</script>
</body>
</html>
"""

_SCRIPT = """
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const byId = (id) => document.getElementById(id);
  const storageKey = 'preference-study-' + data.study;
  const phases = ['first frame', 'result', 'last frame'];
  const phaseMilliseconds = [500, 500, 500];
  let state = load();
  let motion = !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  let shownPair = null;   // Whose pictures are on the page and complete.
  let requested = null;   // Whose pictures were asked for last.
  let shownSince = 0;
  let phase = 1;
  let timer = null;

  function fresh() {
    const bytes = crypto.getRandomValues(new Uint8Array(6));
    const name = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
    return {participant: name, answers: []};
  }

  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem(storageKey));
      const inOrder = kept.answers.every((a, i) => a.pair === data.pairs[i].pair);
      if (typeof kept.participant === 'string' && inOrder) return kept;
    } catch (error) { /* Nothing was kept, or not by this page. */ }
    return fresh();
  }

  function save() {
    try {
      localStorage.setItem(storageKey, JSON.stringify(state));
    } catch (error) {
      byId('kept').textContent =
        'This browser keeps nothing: download the answers before you close the page.';
      byId('kept').className = 'bad';
    }
  }

  function setPhase(next) {
    phase = next;
    for (const side of ['left', 'right']) {
      byId('stage-' + side).childNodes.forEach((img, i) =>
        img.classList.toggle('shown', i === phase));
    }
    document.querySelectorAll('.phase').forEach((span) => { span.textContent = phases[phase]; });
  }

  function run() {
    clearTimeout(timer);
    if (motion && shownPair) {
      timer = setTimeout(() => { setPhase((phase + 1) % 3); run(); }, phaseMilliseconds[phase]);
    }
  }

  function setMotion(on) {
    motion = on;
    byId('view').firstChild.textContent = motion ? 'Show still ' : 'Show motion ';
    setPhase(motion ? 0 : 1);
    run();
  }

  function picture(source, text) {
    const img = new Image();
    img.alt = text;
    img.src = source;
    return img;
  }

  function preload(pair) {
    for (const name of ['first', 'left', 'right', 'last']) new Image().src = pair[name];
  }

  function show() {
    const count = state.answers.length;
    const done = count >= data.pairs.length;
    byId('progress').max = data.pairs.length;
    byId('progress').value = count;
    byId('position').textContent =
      done ? count + ' of ' + count : 'pair ' + (count + 1) + ' of ' + data.pairs.length;
    byId('study-view').hidden = done;
    byId('end-view').hidden = !done;
    byId('question').hidden = done;
    byId('view').hidden = done;
    byId('download').classList.toggle('answer', done);
    byId('undo').disabled = count === 0;
    byId('download').disabled = count === 0;
    byId('problem').hidden = true;
    clearTimeout(timer);
    shownPair = null;
    setReady(false);
    requested = done ? null : data.pairs[count];
    if (!done) showPair(requested, data.pairs[count + 1]);
  }

  async function showPair(pair, following) {
    byId('pair').style.setProperty('--aspect', pair.width / pair.height);
    byId('first').src = pair.first;
    byId('last').src = pair.last;
    const waiting = [];
    for (const [side, name] of [['left', 'A'], ['right', 'B']]) {
      const images = [
        picture(pair.first, 'first frame'), picture(pair[side], 'result ' + name),
        picture(pair.last, 'last frame'),
      ];
      images.forEach((img) => { img.width = pair.width; img.height = pair.height; });
      byId('stage-' + side).replaceChildren(...images);
      waiting.push(...images.map((img) => img.decode()));
    }
    setPhase(motion ? 0 : 1);
    try {
      await Promise.all(waiting);
    } catch (error) {
      if (requested !== pair) return;
      byId('problem').textContent =
        'A picture of this pair cannot be shown. Keep the page beside its folder "images".';
      byId('problem').hidden = false;
      return;
    }
    if (requested !== pair) return;   // Undone meanwhile.
    shownPair = pair;
    shownSince = performance.now();
    setReady(true);
    run();
    if (following) preload(following);
  }

  function setReady(ready) {
    document.querySelectorAll('button[data-answer]').forEach((b) => { b.disabled = !ready; });
  }

  function answer(value) {
    if (!shownPair) return;
    state.answers.push({
      pair: shownPair.pair,
      answer: value,
      view: motion ? 'motion' : 'still',
      seconds: ((performance.now() - shownSince) / 1000).toFixed(1),
      answered_at: new Date().toISOString(),
    });
    save();
    show();
  }

  function undo() {
    if (!state.answers.length) return;
    state.answers.pop();
    save();
    show();
  }

  function download() {
    if (!state.answers.length) return;
    const rows = state.answers.map((a) => data.columns.map((name) =>
      ({study: data.study, participant: state.participant, ...a})[name]).join(','));
    const text = [data.columns.join(','), ...rows].join('\\n') + '\\n';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], {type: 'text/csv'}));
    link.download = 'answers_' + data.study + '_' + state.participant + '.csv';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  function restart() {
    if (!confirm('Drop all ' + state.answers.length + ' answers and start over?')) return;
    state = fresh();
    save();
    show();
  }

  const keys = {
    arrowleft: () => answer('left'), arrowright: () => answer('right'),
    arrowdown: () => answer('tie'), t: () => answer('tie'),
    u: undo, m: () => setMotion(!motion), d: download,
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (!motion && (key === '1' || key === '3')) { setPhase(Number(key) - 1); return; }
    if (!(key in keys)) return;
    event.preventDefault();
    if (!event.repeat) keys[key]();   // A key held down is one answer.
  });
  document.addEventListener('keyup', (event) => {
    if (!motion && (event.key === '1' || event.key === '3')) setPhase(1);
  });
  document.querySelectorAll('button[data-answer]').forEach((b) =>
    b.addEventListener('click', () => answer(b.dataset.answer)));
  byId('undo').addEventListener('click', undo);
  byId('view').addEventListener('click', () => setMotion(!motion));
  byId('download').addEventListener('click', download);
  byId('restart').addEventListener('click', restart);
  setMotion(motion);
  show();
})();
"""
