"""JavaScript of the check page: looking at nodes, finding them, and answering."""

SCRIPT = r"""
document.head.append(make("style", {}, VolumeViewer.STYLE));
const KEY = `second look: ${STUDY}`;
const FIELDS = ["exam_id", "node_id", "answer", "comment"];
const WORDS = { accept: "Accept", doubt: "Doubt" };
const OPEN_EXAMS = 40;
const form = document.querySelector(".finder");
const boxes = [...document.querySelectorAll(".counts input")];
const articles = [...document.querySelectorAll("article")];
const tiles = [...document.querySelectorAll("li.node")];
const grid = document.getElementById("grid");
const ofExam = new Map(articles.map((article) => [article.dataset.exam, article]));

/* Answers: of a node, or of an exam, whose node is "-". */
const answers = new Map();
const keyOf = (exam, node) => JSON.stringify([exam, node]);
GIVEN.forEach((row) => answers.set(keyOf(row.exam_id, row.node_id),
  { answer: row.answer, comment: row.comment }));
try {
  JSON.parse(localStorage.getItem(KEY) || "[]")
    .forEach(([key, value]) => answers.set(key, value));
} catch (error) { localStorage.removeItem(KEY); }
const answerOf = (key) => answers.get(key) || { answer: "", comment: "" };
const given = (one) => one.answer || one.comment;
const clean = (text) => text.replace(/\s+/g, " ").trim();
const asTable = () => [FIELDS.join("\t"), ...[...answers]
  .filter(([, one]) => given(one))
  .map(([key, one]) =>
    [...JSON.parse(key), one.answer || "-", clean(one.comment) || "-"].join("\t")),
].join("\n") + "\n";
const exporter = make("button", { type: "button" });
exporter.addEventListener("click", () =>
  save("second_look.tsv", asTable(), "text/tab-separated-values"));
form.querySelector(".export").append(exporter);

const marked = new Map();
const mark = (key) => {
  const { answer } = answerOf(key);
  (marked.get(key) || []).forEach(([button, name]) =>
    button.setAttribute("aria-pressed", String(answer === name)));
};
const answer = (key, changes) => {
  answers.set(key, { ...answerOf(key), ...changes });
  localStorage.setItem(KEY, JSON.stringify([...answers]));
  mark(key);
  const tile = tiles.find((one) => one.key === key);
  if (tile) colour(tile);
  count();
};
const toggle = (key, name) =>
  answer(key, { answer: answerOf(key).answer === name ? "" : name });
const answerButtons = (key, what) => Object.entries(WORDS).map(([name, words]) => {
  const button = make("button", { type: "button" }, words);
  button.setAttribute("aria-label", `${words} ${what}`);
  button.addEventListener("click", () => toggle(key, name));
  marked.set(key, [...(marked.get(key) || []), [button, name]]);
  return button;
});
const colour = (tile) => {
  const { answer: name } = answerOf(tile.key);
  ["accept", "doubt"].forEach((one) => tile.classList.toggle(one, one === name));
};
tiles.forEach((tile) => {
  const { of, node } = tile.dataset;
  tile.key = keyOf(of, node);
  tile.home = tile.parentNode;
  tile.article = ofExam.get(of);
  tile.words = `${tile.textContent} ${tile.article.querySelector("h2").textContent}`
    .toLowerCase();
  tile.querySelector(".known").append(
    make("span", { className: "answers" }, ...answerButtons(tile.key, `node ${node}`)));
  mark(tile.key);
  colour(tile);
});
articles.forEach((article) => {
  const key = keyOf(article.dataset.exam, "-");
  article.querySelector(".facts").after(make("p", { className: "answers of-exam" },
    ...answerButtons(key, `exam ${article.dataset.exam}`)));
  mark(key);
});

/* Voxels: the script of an exam is read when it comes into view, and let go again. */
const waiting = new Map();
const loaded = [];
globalThis.checkExam = (content) => waiting.get(content.exam)(content);
const load = (article) => {
  if (!article.content) {
    article.content = new Promise((resolve, reject) => {
      waiting.set(article.dataset.exam, resolve);
      const script = make("script", { src: article.dataset.source });
      script.addEventListener("error", () => reject(new Error("missing")));
      script.addEventListener("load", () => script.remove());
      document.head.append(script);
    });
    loaded.push(article);
    if (loaded.length > OPEN_EXAMS) loaded.shift().content = null;
  }
  return article.content;
};
const volumeOf = async (tile) => {
  const content = await load(tile.article);
  const one = content.nodes[tile.dataset.node];
  if (!one) return null;
  const [ct, mask, pet] = await Promise.all([one.ct, one.mask, one.pet]
    .map((text) => text && VolumeViewer.decode(text)));
  ct.values = ct.values.map((value) => value * content.hu);
  ct.spacing = [one.spacing, one.spacing, one.spacing];
  if (pet) pet.scale = 1 / content.suv;
  return { ct, mask, pet };
};
const drawTile = ({ ct, mask }, canvas) => {
  const [columns, rows, slices] = ct.size;
  const start = Math.floor(slices / 2) * columns * rows;
  const sheet = make("canvas", { width: columns, height: rows });
  const context = sheet.getContext("2d");
  const picture = context.createImageData(columns, rows);
  for (let i = 0; i < columns * rows; i += 1) {
    const grey = (ct.values[start + i] + 160) * (255 / 400);
    picture.data.set([grey, grey, grey, 255], 4 * i);
  }
  context.putImageData(picture, 0, 0);
  const shown = canvas.getContext("2d");
  const scale = canvas.width / columns;
  shown.drawImage(sheet, 0, 0, canvas.width, canvas.height);
  shown.fillStyle = "#e69f00";
  const inside = (x, y) => x >= 0 && y >= 0 && x < columns && y < rows
    && mask.values[start + y * columns + x];
  for (let i = 0; i < columns * rows; i += 1) {
    const [x, y] = [i % columns, Math.floor(i / columns)];
    if (!inside(x, y)) continue;
    const [left, top] = [x * scale, y * scale];
    if (!inside(x - 1, y)) shown.fillRect(left, top, 1, scale);
    if (!inside(x + 1, y)) shown.fillRect(left + scale, top, 1, scale);
    if (!inside(x, y - 1)) shown.fillRect(left, top, scale, 1);
    if (!inside(x, y + 1)) shown.fillRect(left, top + scale, scale, 1);
  }
};
const picture = async (button) => {
  const canvas = make("canvas", { width: 96, height: 96 });
  button.replaceChildren(canvas);
  const volume = await volumeOf(button.closest(".node")).catch(() => null);
  if (volume && canvas.isConnected) drawTile(volume, canvas);
};
const watcher = new IntersectionObserver((entries) => entries.forEach((entry) => {
  if (entry.isIntersecting) picture(entry.target);
  else entry.target.replaceChildren();
}), { rootMargin: "300px 0px" });

/* The node that is looked at. */
const views = make("div", { className: "views" });
const facts = make("div", { className: "facts-of-node" });
const buttons = make("p", { className: "answers" });
const comment = make("textarea", { rows: 3 });
const title = make("strong", {});
const presets = make("select", {});
const pet = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0 });
const outline = make("input", { type: "checkbox", checked: true });
const tools = make("div", { className: "tools" });
const aside = make("aside", {}, facts, buttons,
  make("label", {}, "Comment", comment),
  make("p", {}, "Keys: N next, P previous, A accept, D doubt, C comment, W window, "
    + "O outline, X crosshair, R reset, + and - zoom; arrow keys scroll the slices."));
const sheet = make("dialog", { className: "sheet" },
  tools, make("div", { className: "body" }, views, aside));
document.body.append(sheet);
const viewer = new VolumeViewer(views, {
  wheel: "focus",
  pet: { opacity: 0 },
  changed: (what) => { if (what === "window") presets.value = viewer.window.name; },
});
viewer.options.presets.forEach(({ name }) => presets.append(make("option", {}, name)));
presets.append(make("option", { value: "", hidden: true }, "own window"));
let current = null;
const shownTiles = () => [...document.querySelectorAll("li.node")]
  .filter((tile) => tile.checkVisibility() && !tile.querySelector(".look")?.hidden);
const look = async (tile) => {
  current = tile;
  const { node, of } = tile.dataset;
  title.textContent = `Node ${node} of exam ${of}`;
  sheet.setAttribute("aria-label", title.textContent);
  facts.replaceChildren(...[...tile.querySelectorAll(".known > span:not(.answers)")]
    .map((part) => make("p", {}, part.textContent)));
  marked.set(tile.key, (marked.get(tile.key) || []).slice(0, 2));
  buttons.replaceChildren(...answerButtons(tile.key, `node ${node}`));
  mark(tile.key);
  comment.value = answerOf(tile.key).comment;
  if (!sheet.open) sheet.showModal();
  const volume = await volumeOf(tile).catch(() => null);
  if (current !== tile) return;
  pet.disabled = !volume?.pet;
  if (volume) viewer.show(volume);
  else facts.append(make("p", {}, "The voxels of this exam could not be loaded."));
  globalThis.shownNode = volume && node;
};
const step = (by) => {
  const list = shownTiles().filter((tile) => tile.querySelector(".look"));
  const next = list[list.indexOf(current) + by];
  if (next) look(next);
};
const labelled = (words, field) => make("label", {}, `${words} `, field);
const act = (words, run) => {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", run);
  return button;
};
tools.append(title, act("Previous", () => step(-1)), act("Next", () => step(1)),
  labelled("Window", presets), labelled("PET", pet), labelled("Outline", outline),
  act("Close", () => sheet.close()));
presets.addEventListener("change", () => viewer.setPreset(presets.selectedIndex));
pet.addEventListener("input", () => viewer.setPet(Number(pet.value)));
outline.addEventListener("change", () => viewer.setOutline(outline.checked));
comment.addEventListener("input", () =>
  answer(current.key, { comment: comment.value }));
sheet.addEventListener("close", () => current?.querySelector(".look")?.focus());
const KEYS = {
  n: () => step(1), p: () => step(-1), c: () => comment.focus(),
  a: () => toggle(current.key, "accept"), d: () => toggle(current.key, "doubt"),
};
sheet.addEventListener("keydown", (event) => {
  if (event.target.matches("textarea, select, input")) return;
  const run = KEYS[event.key.toLowerCase()];
  if (run && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    run();
  } else if (viewer.key(event)) {
    outline.checked = viewer.options.outline;
  }
});
document.querySelectorAll(".look").forEach((button) => {
  const tile = button.closest(".node");
  button.setAttribute("aria-label", `Look at node ${tile.dataset.node}`);
  button.hidden = false;
  button.addEventListener("click", () => look(tile));
  watcher.observe(button);
});

/* Finding and sorting. */
const ORDERS = {
  suv: (a, b) => b.dataset.suv - a.dataset.suv,
  axis: (a, b) => b.dataset.axis - a.dataset.axis,
  location: (a, b) => a.dataset.location.localeCompare(b.dataset.location),
  flags: (a, b) => flagsOf(b).length - flagsOf(a).length,
};
const flagsOf = (tile) => tile.dataset.flags.split(" ").filter(Boolean);
const fits = (tile, wanted, kept) => kept.has(tile.article.classList[0])
  && (!wanted.flag || flagsOf(tile).includes(wanted.flag))
  && ["location", "status", "readers"]
    .every((name) => !wanted[name] || tile.dataset[name] === wanted[name])
  && (!wanted.answer || (answerOf(tile.key).answer || "open") === wanted.answer)
  && tile.words.includes(wanted.words);
const wantedNow = () => {
  const wanted = Object.fromEntries(new FormData(form));
  return { ...wanted, words: wanted.words.trim().toLowerCase() };
};
function count() {
  const shown = tiles.filter((tile) => !tile.hidden && !tile.article.hidden).length;
  const found = { accept: 0, doubt: 0 };
  tiles.forEach((tile) => {
    const { answer: name } = answerOf(tile.key);
    if (name in found) found[name] += 1;
  });
  form.querySelector(".tally").textContent = `${shown} of ${tiles.length} nodes shown; `
    + `${found.accept} accepted, ${found.doubt} doubted`;
  const total = [...answers.values()].filter(given).length;
  exporter.textContent = `Save second_look.tsv (${total})`;
}
const arrange = ({ sort, view }) => {
  const order = ORDERS[sort];
  const listed = order ? [...tiles].sort(order) : tiles;
  listed.forEach((tile) => (view === "grid" ? grid : tile.home).append(tile));
  document.getElementById("exams").hidden = view === "grid";
  grid.hidden = view !== "grid";
};
const find = () => {
  const wanted = wantedNow();
  const kept = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const narrowed = ["flag", "location", "status", "readers", "answer"]
    .some((name) => wanted[name]);
  tiles.forEach((tile) => { tile.hidden = !fits(tile, wanted, kept); });
  const withNodes = new Set(
    tiles.filter((tile) => !tile.hidden).map((tile) => tile.article));
  articles.forEach((article) => {
    const named = !narrowed && article.textContent.toLowerCase().includes(wanted.words);
    article.hidden = !kept.has(article.classList[0])
      || !(named || withNodes.has(article));
  });
  count();
};
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => {
  if (["sort", "view"].includes(event.target.name)) arrange(wantedNow());
  find();
});
boxes.forEach((box) => box.addEventListener("change", find));
form.hidden = false;
find();
globalThis.ready = true;
"""
