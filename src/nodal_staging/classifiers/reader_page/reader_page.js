/* The reader study in a page: no framework, no network. STUDY is its plan:
   study, page    hashes of the cases, and of the whole page
   readers        name -> arm -> list of [code, kind]: training, case or repeat
   arms, sessions, scale, window: [level, width], idle_s */
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const LIKELIHOOD = ["Very unlikely", "Unlikely", "Likely", "Very likely"];
  const RADS = ["Very low", "Low", "Equivocal", "High", "Very high"];
  const SIGNS = {
    texture: ["homogeneous", "heterogeneous", "focal necrosis", "gross necrosis"],
    border: ["smooth", "irregular or ill-defined"],
    shape: ["fatty hilum preserved", "oval, no fatty hilum", "spherical, no fatty hilum"],
  };
  const COLUMNS = ["reader", "arm", "page", "code", "kind", "position", "rating",
    "first_rating", "confidence", "texture", "border", "shape", "comment", "first_ms",
    "last_ms", "changes", "axial_slices", "coronal_slices", "sagittal_slices", "windows"];
  const PLANES = ["axial", "coronal", "sagittal"];
  const FORMULA = /^[=+\-@\t\r]/;
  const [LEVEL, WIDTH] = STUDY.window;

  const cases = new Map(), waiting = new Map();
  let state = null, arm = "unaided", viewer = null, shown = null, windows = null, last = 0;

  /* ---- storage ---- */
  const keyOf = (reader) => `reader-study:${STUDY.study}:${reader}`;
  const fresh = (reader) => ({ study: STUDY.study, page: STUDY.page, reader,
    answers: { unaided: {}, aided: {} }, at: { unaided: 0, aided: 0 },
    finished: { unaided: false, aided: false }, rests: { unaided: [], aided: [] } });
  const stored = (reader) => {
    try { return JSON.parse(localStorage.getItem(keyOf(reader))); } catch { return null; }
  };
  const keep = () => {
    if (!state) return;
    try { localStorage.setItem(keyOf(state.reader), JSON.stringify(state)); }
    catch { tell("This browser keeps nothing; save your progress before you close the page."); }
  };
  const order = (which = arm) => STUDY.readers[state.reader][which] ?? [];
  const answered = (which = arm) => order(which).filter((_, i) => rated(which, i)).length;
  const rated = (which, i) => {
    const found = state.answers[which][i];
    return Boolean(found && found.rating !== null && (which === "unaided" || found.first !== null));
  };
  const entry = () => state.answers[arm][state.at[arm]] ??= { rating: null, first: null,
    confidence: "", comment: "", texture: "", border: "", shape: "", firstMs: null, ms: 0,
    changes: 0, seen: { axial: [], coronal: [], sagittal: [] }, windows: [] };

  /* ---- cases ---- */
  globalThis.addCase = async (code, text, score = null) => {
    const ct = await VolumeViewer.decode(text);
    ct.spacing = STUDY.spacing;
    const found = { ct, score };
    cases.set(code, found);
    waiting.get(code)?.(found);
    waiting.delete(code);
  };
  const load = (code) => {
    if (cases.has(code)) return Promise.resolve(cases.get(code));
    return new Promise((resolve, reject) => {
      waiting.set(code, resolve);
      const script = document.createElement("script");
      script.src = `cases/${code}.js`;
      script.onerror = () => reject(new Error(`The file cases/${code}.js is missing.`));
      script.onload = () => script.remove();
      document.head.append(script);
    });
  };
  const forget = (kept) => { for (const code of cases.keys()) if (!kept.has(code)) cases.delete(code); };

  /* ---- time: only while somebody looks ---- */
  const tick = () => {
    const now = performance.now(), gap = now - last;
    last = now;
    if (shown !== null && !document.hidden && gap <= STUDY.idle_s * 1000) entry().ms += gap;
  };
  const restart = () => { last = performance.now(); };

  /* ---- start ---- */
  const tell = (words, good = false) => {
    $("message").textContent = words;
    $("message").classList.toggle("good", good);
    $("spoken").textContent = words;
  };
  const button = (words, act, { main = false, disabled = false } = {}) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = words;
    made.disabled = disabled;
    if (main) made.className = "main";
    made.addEventListener("click", act);
    return made;
  };
  const NAMES = { unaided: "Reading", aided: "Reading with the CNN" };
  const choose = (reader) => {
    state = stored(reader) ?? fresh(reader);
    [...$("readers").children].forEach((one) => {
      one.setAttribute("aria-pressed", one.textContent === reader);
    });
    $("parts").hidden = false;
    $("greeting").textContent = `Reader ${reader}`;
    const first = STUDY.arms.includes("unaided");
    $("arms").replaceChildren(...STUDY.arms.map((which) => {
      const done = answered(which), all = order(which).length;
      const words = state.finished[which] ? "finished"
        : done ? `continue, ${done} of ${all} answered` : `start, ${all} cases`;
      const early = which === "aided" && !state.finished.unaided;
      return button(`${NAMES[which]}: ${words}`, () => begin(which), { main: !early && !state.finished[which], disabled: early });
    }));
    const refused = STUDY.arms.includes("aided") && !state.finished.unaided;
    tell(refused ? (first
      ? "The reading with the CNN opens when the reading without it is finished."
      : "Load the saved progress of your finished reading without the CNN first.") : "", true);
  };
  const begin = (which) => {
    arm = which;
    $("start").hidden = true;
    $("reading").hidden = false;
    settle();
    if (state.finished[arm]) finish(true);
    show(state.at[arm]);
  };
  const leave = () => {
    tick();
    note();
    shown = null;
    keep();
    $("reading").hidden = true;
    $("start").hidden = false;
    choose(state.reader);
    $("arms").querySelector("button")?.focus();
  };
  const loaded = async (file) => {
    let found;
    try { found = JSON.parse(await file.text()); } catch { found = null; }
    if (!found || !found.answers || !found.finished) return tell("This file is not the saved progress of a reader study.");
    if (found.study !== STUDY.study) return tell("This file is the progress of another study.");
    if (!STUDY.readers[found.reader]) return tell(`This study has no reader ${found.reader}.`);
    const here = stored(found.reader);
    state = found;
    const count = (one) => Object.values(one.answers).reduce((n, a) => n + Object.keys(a).length, 0);
    if (here && count(here) > count(found)) {
      state = here;
      choose(found.reader);
      return tell("This browser has more answers than the file; they were kept.");
    }
    keep();
    choose(found.reader);
    if ($("message").textContent === "") tell(`The progress of reader ${found.reader} was loaded.`, true);
    return null;
  };

  /* ---- one case ---- */
  const note = () => {
    /* Keep what was looked at in the case that is shown. */
    if (shown === null || !viewer.ct) return;
    const own = entry();
    PLANES.forEach((plane) => {
      own.seen[plane] = [...new Set([...own.seen[plane], ...viewer.seen[plane]])];
    });
    own.windows = [...new Set([...own.windows, ...windows])];
  };
  const show = async (place) => {
    if (shown !== null) { tick(); note(); }
    shown = null;
    const all = order();
    state.at[arm] = Math.min(Math.max(place, 0), all.length - 1);
    keep();
    const [code] = all[state.at[arm]];
    const began = performance.now();
    let found;
    try { found = await load(code); } catch (error) {
      return ask("A case cannot be opened", `${error.message} Unpack the whole folder and open index.html in it.`, [["Close", () => {}]]);
    }
    if (all[state.at[arm]][0] !== code) return null;
    viewer.show({ ct: found.ct });
    windows = new Set([`${viewer.window.level}/${viewer.window.width}`]);
    shown = code;
    restart();
    refresh();
    $("spoken").textContent = $("place").textContent;
    globalThis.switched = performance.now() - began;
    const following = all[state.at[arm] + 1]?.[0];
    forget(new Set([code, following]));
    if (following) load(following).catch(() => {});
    return null;
  };
  const locked = () => state.finished[arm];
  const rate = (rating) => {
    if (shown === null || locked()) return;
    tick();
    const own = entry();
    if (own.rating !== null && own.rating !== rating) own.changes += 1;
    if (own.firstMs === null) own.firstMs = own.ms;
    own.rating = rating;
    keep();
    refresh();
  };
  const needsAid = () => arm === "aided" && entry().first === null;
  const forward = () => {
    if (shown === null || entry().rating === null) return;
    if (needsAid()) {
      tick();
      entry().first = entry().rating;
      keep();
      refresh();
      $("next").focus();
      return;
    }
    const place = state.at[arm], all = order();
    if (place === all.length - 1) { finish(false); return; }
    const part = Math.ceil(all.length / STUDY.sessions);
    const rest = (place + 1) % part === 0 && !state.rests[arm].includes(place) && !locked();
    if (rest) state.rests[arm].push(place);
    show(place + 1);
    if (rest) pause(place + 1);
  };
  const refresh = () => {
    const place = state.at[arm], all = order(), own = entry(), kind = all[place][1];
    $("place").textContent = `Case ${place + 1} of ${all.length}`;
    $("practice").hidden = kind !== "training";
    $("who").textContent = `${state.reader}${arm === "aided" ? ", with the CNN" : ""}`;
    $("bar").max = all.length;
    $("bar").value = answered();
    drawScale(own);
    $("confidence").value = own.confidence;
    $("comment").value = own.comment;
    for (const id of ["confidence", "comment"]) $(id).disabled = locked();
    $("back").disabled = place === 0;
    $("next").disabled = own.rating === null;
    const closing = place === all.length - 1 && !needsAid();
    $("next").textContent = needsAid() ? "Show the CNN" : closing ? "Finish" : "Next";
    $("next").insertAdjacentHTML("beforeend", "<kbd>Enter</kbd>");
    $("hint").textContent = locked() ? "Finished: answers can no longer be changed."
      : kind === "training" ? "A practice case; its answer is not evaluated." : "";
    const aided = arm === "aided" && own.first !== null;
    $("aid").hidden = !aided;
    if (aided) {
      const { score } = cases.get(shown);
      $("aid").innerHTML = "The CNN gives <b></b><progress max=1 aria-label=\"Score\"></progress><span>0: no tumour, 1: tumour. You may change your answer.</span>";
      $("aid").querySelector("b").textContent = score === null ? "no score" : score.toFixed(2);
      $("aid").querySelector("progress").value = score ?? 0;
    }
    tools();
  };
  const tools = () => {
    const { level, width } = viewer.window;
    $("window").textContent = `L ${level}  W ${width}`;
    [...$("presets").children].forEach((one, i) => {
      const { level: l, width: w } = viewer.options.presets[i];
      one.setAttribute("aria-pressed", l === level && w === width);
    });
    if (!viewer.ct) return;
    $("slice").max = viewer.ct.size[2];
    $("slice").value = Math.round(viewer.at[2]) + 1;
  };

  /* ---- scales ---- */
  const option = (words, rating, own, key) => {
    const made = button(words, () => rate(rating), { disabled: locked() });
    made.setAttribute("aria-pressed", own.rating === rating);
    made.dataset.rating = rating;
    const hint = document.createElement("kbd");
    hint.textContent = key;
    made.append(hint);
    return made;
  };
  const drawScale = (own) => {
    const focused = document.activeElement?.dataset?.rating;
    if (STUDY.scale === "percent") drawPercent(own);
    else if (STUDY.scale === "node_rads") {
      const list = document.createElement("div");
      list.className = "signs";
      list.append(...Object.keys(SIGNS).map((sign) => signs(sign, own)));
      $("scale").replaceChildren(list, ...RADS.map((words, i) => option(words, i + 1, own, i + 1)));
    } else {
      $("scale").replaceChildren(...LIKELIHOOD.map((words, i) => option(words, i + 1, own, i + 1)));
    }
    if (focused) $("scale").querySelector(`[data-rating="${focused}"]`)?.focus();
  };
  const signs = (sign, own) => {
    const field = document.createElement("label");
    field.className = "field";
    field.textContent = sign[0].toUpperCase() + sign.slice(1);
    const list = document.createElement("select");
    list.dataset.sign = sign;
    list.disabled = locked();
    list.append(...["", ...SIGNS[sign]].map((words) => new Option(words, words)));
    list.value = own[sign];
    list.addEventListener("change", () => { own[sign] = list.value; keep(); });
    field.append(list);
    return field;
  };
  const drawPercent = (own) => {
    const value = own.rating ?? "";
    if (!$("percent")) {
      $("scale").innerHTML = '<div class="percent"><input type="range" min="0" max="100" id="percent" aria-labelledby="question"><input type="number" min="0" max="100" id="number" aria-label="Per cent"></div>';
      $("percent").addEventListener("change", () => rate(Number($("percent").value)));
      $("percent").addEventListener("input", () => { $("number").value = $("percent").value; });
      $("number").addEventListener("change", () => {
        const given = Math.round(Number($("number").value));
        if ($("number").value !== "" && given >= 0 && given <= 100) rate(given);
        else $("number").value = entry().rating ?? "";
      });
    }
    $("percent").value = own.rating ?? 50;
    $("number").value = value;
    for (const id of ["percent", "number"]) $(id).disabled = locked();
  };

  /* ---- dialogs ---- */
  const settle = () => {
    /* Give the focus to the images, where all keys of the reading work. */
    if (!$("reading").hidden) viewer.element("axial").focus({ preventScroll: true });
  };
  const ask = (title, text, buttons) => {
    $("dialog-title").textContent = title;
    if (typeof text === "string") {
      const words = document.createElement("p");
      words.textContent = text;
      $("dialog-text").replaceChildren(words);
    } else $("dialog-text").replaceChildren(text);
    $("dialog-buttons").replaceChildren(...buttons.map(([words, act, main]) =>
      button(words, () => { if (act() !== false) { $("dialog").close(); settle(); } }, { main })));
    if (!$("dialog").open) $("dialog").showModal();
  };
  const stay = (act) => () => { act(); return false; };
  const pause = (done) => ask("Time for a break",
    `You have read ${done} of ${order().length} cases. Save your progress now, and continue after a break.`,
    [["Save progress", stay(saveProgress), true], ["Continue", () => restart()]]);
  const finish = (already) => {
    const open = order().map((_, i) => i).filter((i) => !rated(arm, i));
    if (open.length) {
      ask("Not all cases are answered", `Case ${open[0] + 1} has no answer.`,
        [["Go there", () => show(open[0]), true], ["Close", () => {}]]);
      return;
    }
    const hand = [["Save answers (CSV)", stay(saveAnswers), true], ["Save progress (JSON)", stay(saveProgress)], ["Close", () => leave()]];
    if (already) { ask("Finished", "All cases are answered. Save the answers and return both files.", hand); return; }
    ask("Finish?", "Answers cannot be changed afterwards.", [
      ["Finish", () => { tick(); note(); state.finished[arm] = true; keep(); refresh(); finish(true); return false; }, true],
      ["Go on reading", () => {}]]);
  };
  const HELP = [["1 to 5", "answer"], ["Enter, \u2192", "next case"], ["\u2190", "previous case"],
    ["\u2191 \u2193, wheel", "slice of the view with the focus, else axial"], ["Page \u2191 \u2193", "five slices"],
    ["W", "next window"], ["Drag, Shift + arrows", "level and width"], ["Click", "move the crosshair"],
    ["+ \u2212, Ctrl + wheel", "zoom"], ["Shift + drag", "move the picture"], ["X", "crosshair on or off"],
    ["R", "reset view and window"], ["On a tablet", "drag to scroll, pinch to zoom"]];
  const help = () => {
    const list = document.createElement("dl");
    for (const [key, words] of HELP) {
      list.append(Object.assign(document.createElement("dt"), { textContent: key }),
        Object.assign(document.createElement("dd"), { textContent: words }));
    }
    ask("Keys and pointer", list, [["Close", () => restart(), true]]);
  };

  /* ---- files ---- */
  const download = (name, text, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const fileName = () => state.reader.replace(/[^A-Za-z0-9_-]+/g, "_");
  const saveProgress = () => {
    tick(); note(); keep();
    download(`${fileName()}.json`, `${JSON.stringify(state)}\n`, "application/json");
  };
  const cell = (value) => {
    const text = String(value ?? "").replace(/\s+/g, " ").trim();
    const safe = FORMULA.test(text) ? `'${text}` : text;
    return /[",;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const rows = () => Object.keys(STUDY.readers[state.reader]).flatMap((which) =>
    order(which).map(([code, kind], i) => [state.answers[which][i], code, kind, i, which])
      .filter(([own, , , i]) => own && rated(which, i))
      .map(([own, code, kind, i]) => [state.reader, which, STUDY.page, code, kind, i + 1,
        own.rating, which === "aided" ? own.first : "", own.confidence, own.texture, own.border,
        own.shape, own.comment, Math.round(own.firstMs), Math.round(own.ms), own.changes,
        ...PLANES.map((plane) => own.seen[plane].length), own.windows.length]));
  const saveAnswers = () => {
    tick(); note(); keep();
    const lines = [COLUMNS, ...rows()].map((row) => row.map(cell).join(","));
    download(`${fileName()}.csv`, `${lines.join("\n")}\n`, "text/csv");
  };

  /* ---- keyboard and pointer ---- */
  const typing = (element) => element?.matches?.("input, select, textarea") ?? false;
  const pressed = (event) => {
    if ($("reading").hidden || $("dialog").open || event.ctrlKey || event.metaKey || event.altKey) return;
    tick();
    if (typing(event.target)) {
      if (event.key === "Enter" && event.target.id === "comment") event.target.blur();
      return;
    }
    const most = { likelihood4: 4, node_rads: 5, percent: 0 }[STUDY.scale];
    // Of the answer that is chosen, Enter goes on.
    const onButton = event.target.matches?.("button:not(#scale [aria-pressed='true'])");
    if (event.key >= "1" && event.key <= String(most) && event.key.length === 1) rate(Number(event.key));
    else if (event.key === "Enter" && !onButton) forward();
    else if (event.key === "ArrowRight" && !event.shiftKey) forward();
    else if (event.key === "ArrowLeft" && !event.shiftKey) { if (state.at[arm] > 0) show(state.at[arm] - 1); }
    else if (viewer.key(event)) return;
    else return;
    event.preventDefault();
  };

  const setUp = () => {
    const style = document.createElement("style");
    style.textContent = VolumeViewer.STYLE;
    document.head.prepend(style);
    const general = [{ name: "Soft tissue", level: 40, width: 400 }, { name: "Narrow", level: 50, width: 250 },
      { name: "Bone", level: 400, width: 1800 }, { name: "Lung", level: -600, width: 1500 }];
    const same = (one) => one.level === LEVEL && one.width === WIDTH;
    const own = general.find(same) ?? { name: "Study", level: LEVEL, width: WIDTH };
    viewer = new VolumeViewer($("views"), {
      presets: [own, ...general.filter((one) => !same(one))],
      changed: () => { windows?.add(`${viewer.window.level}/${viewer.window.width}`); tools(); },
    });
    $("presets").append(...viewer.options.presets.map(({ name }, i) => button(name, () => viewer.setPreset(i))));
    $("readers").append(...Object.keys(STUDY.readers).map((name) => {
      const made = button(name, () => choose(name));
      made.setAttribute("aria-pressed", false);
      return made;
    }));
    const on = (id, type, act) => $(id).addEventListener(type, act);
    on("load", "change", () => { const [file] = $("load").files; if (file) loaded(file); $("load").value = ""; });
    on("slice", "input", () => { viewer.move([viewer.at[0], viewer.at[1], Number($("slice").value) - 1]); });
    on("smaller", "click", () => viewer.setZoom(viewer.zoom / 1.25));
    on("larger", "click", () => viewer.setZoom(viewer.zoom * 1.25));
    on("cross", "click", () => viewer.setCrosshair(!viewer.options.crosshair));
    on("reset", "click", () => { viewer.setPreset(0); viewer.centre(); });
    on("back", "click", () => show(state.at[arm] - 1));
    on("next", "click", forward);
    on("help", "click", help);
    on("leave", "click", leave);
    on("save", "click", () => ask("Save", "Progress continues the reading on any computer. Answers are what you return at the end.",
      [["Progress (JSON)", stay(saveProgress), true], ["Answers (CSV)", stay(saveAnswers)], ["Close", () => restart()]]));
    on("dialog", "close", () => { restart(); settle(); });
    on("confidence", "change", () => { entry().confidence = $("confidence").value; keep(); });
    on("comment", "change", () => { entry().comment = $("comment").value; keep(); });
    document.addEventListener("keydown", pressed);
    // The mouse leaves the focus where it is, so that Enter always goes on.
    document.addEventListener("mousedown", (event) => { if (event.target.closest("#reading button")) event.preventDefault(); });
    for (const type of ["pointermove", "pointerdown", "wheel"]) document.addEventListener(type, tick, { passive: true });
    document.addEventListener("visibilitychange", () => { if (document.hidden) { note(); keep(); } else restart(); });
    addEventListener("pagehide", () => { if (shown !== null) { tick(); note(); keep(); } });
    if (!("DecompressionStream" in globalThis) && STUDY.compressed) {
      tell("This browser is too old for this page. Use Firefox 113, Chrome 80 or Safari 16.4 or later, or ask for a page made with reader_page.compressed: false.");
    }
    if (STUDY.scale === "node_rads") $("question").textContent = "Which Node-RADS category has the lymph node at the centre?";
    const asked = new URLSearchParams(location.search).get("reader");
    const only = Object.keys(STUDY.readers);
    if (STUDY.readers[asked]) choose(asked);
    else if (only.length === 1) choose(only[0]);
    globalThis.ready = true;
  };
  setUp();
  globalThis.readerStudy = { get state() { return state; }, get viewer() { return viewer; }, get shown() { return shown; } };
})();
