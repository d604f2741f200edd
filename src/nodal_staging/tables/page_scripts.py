"""Plain JavaScript of the pages; each page can be read without it."""

BASICS = r"""
"use strict";
const make = (tag, properties, ...inside) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
};
const save = (name, text, kind) => {
  const place = URL.createObjectURL(new Blob([text], { type: kind }));
  make("a", { href: place, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(place), 10000);
};
"""
"""Elements, and files that a page offers to save."""

TABLES = r"""
const shown = (cell) => cell.textContent.trim();
const amount = (cell) => {
  const text = shown(cell).replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "");
  const found = text.match(/^[<>]?\s*(-?\d+(?:\.\d+)?)/);
  return found ? Number(found[1]) : NaN;
};
const ordered = (rows, column, descending) => {
  const cells = rows.map((row) => row.cells[column]);
  const empty = (cell) => ["", "\u2013"].includes(shown(cell));
  const numeric = cells.every((cell) => empty(cell) || !Number.isNaN(amount(cell)));
  const compare = numeric
    ? (a, b) => amount(a) - amount(b)
    : (a, b) => shown(a).localeCompare(shown(b), "en", { numeric: true });
  return [...rows].sort((one, other) => {
    const [a, b] = [one.cells[column], other.cells[column]];
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    return descending ? compare(b, a) : compare(a, b);
  });
};
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
const sortable = (table) => {
  const bodies = [...table.tBodies];
  const rows = bodies.map((body) => [...body.rows]);
  const heads = [...table.tHead.rows[0].cells];
  if (rows.flat().length < 2) return;
  heads.forEach((head, column) => {
    if (!shown(head)) return;
    const button = make("button", { type: "button", className: "sort" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const order = NEXT[head.getAttribute("aria-sort") || "none"];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (order === "none") {
        bodies.forEach((body, place) => body.append(...rows[place]));
        return;
      }
      head.setAttribute("aria-sort", order);
      const descending = order === "descending";
      bodies[0].append(...ordered(rows.flat(), column, descending));
    });
  });
};
const asShown = (table) => [...table.rows]
  .map((row) => [...row.cells].map(shown).join("\t")).join("\n") + "\n";
document.querySelectorAll("table").forEach((table) => {
  if (!table.tHead) return;
  const region = table.closest(".wide") || table;
  const next = region.nextElementSibling;
  const files = next && next.matches(".files") ? next
    : region.parentNode.insertBefore(make("p", { className: "files" }), next);
  const button = make("button", { type: "button" }, "Save as shown (TSV)");
  button.addEventListener("click", () => save(
    `${table.className.split(" ").pop()}.tsv`, asShown(table),
    "text/tab-separated-values"));
  files.append(button);
  sortable(table);
});
"""
"""Tables that are sorted when a column title is clicked, and saved as shown."""

SECTIONS = r"""
const fold = (section, folded) => {
  section.querySelector(".foldable").hidden = folded ? "until-found" : false;
  section.querySelector("h2 button").setAttribute("aria-expanded", String(!folded));
};
const sections = [...document.querySelectorAll("main section")];
sections.forEach((section) => {
  const head = section.querySelector("h2");
  const button = make("button", { type: "button" });
  button.append(...head.childNodes);
  head.append(button);
  const open = () => button.getAttribute("aria-expanded") === "true";
  button.addEventListener("click", () => fold(section, open()));
  section.querySelector(".foldable")
    .addEventListener("beforematch", () => fold(section, false));
  fold(section, false);
});
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const section = target && target.closest("main section");
  if (!target) return;
  if (section) fold(section, false);
  for (let part = target; part; part = part.parentElement) {
    if (part.matches("details")) part.open = true;
  }
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);

const nav = document.querySelector("nav");
const menu = make("button", { type: "button", className: "menu" }, "Contents");
const showMenu = (open) => {
  nav.classList.toggle("open", open);
  menu.setAttribute("aria-expanded", String(open));
};
menu.addEventListener("click", () => showMenu(!nav.classList.contains("open")));
nav.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !nav.classList.contains("open")) return;
  showMenu(false);
  menu.focus();
});
nav.addEventListener("click", (event) => {
  if (event.target.matches("a")) showMenu(false);
});
nav.classList.add("scripted");
const all = make("p", { className: "all" });
[["Fold all", true], ["Unfold all", false]].forEach(([words, folded]) => {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", () => sections.forEach((s) => fold(s, folded)));
  all.append(button);
});
nav.prepend(menu);
nav.append(all);
showMenu(false);

const links = new Map([...nav.querySelectorAll("a")]
  .map((link) => [link.getAttribute("href").slice(1), link]));
const inView = new Set();
const watcher = new IntersectionObserver((entries) => {
  entries.forEach(({ target, isIntersecting }) => {
    if (isIntersecting) inView.add(target); else inView.delete(target);
  });
  const here = sections.find((section) => inView.has(section));
  if (!here) return;
  const link = links.get(here.getAttribute("aria-labelledby"));
  links.forEach((other) => other.removeAttribute("aria-current"));
  if (!link) return;
  link.setAttribute("aria-current", "location");
  const box = link.getBoundingClientRect();
  const seen = box.top >= 0 && box.bottom <= innerHeight;
  if (!seen) link.scrollIntoView({ block: "nearest" });
}, { rootMargin: "-10% 0px -70% 0px" });
sections.forEach((section) => watcher.observe(section));
"""
"""Sections that fold, and the contents that stay in view."""

FIGURES = r"""
const stage = make("div", { className: "stage", tabIndex: 0 });
const heading = make("strong", {});
const tools = make("p", { className: "tools" }, heading);
const viewer = make("dialog", { className: "viewer" }, tools, stage);
let scale = 1;
let opener = null;
const zoom = (by) => {
  scale = by ? Math.min(Math.max(scale * by, 0.25), 8) : 1;
  stage.firstChild.style.width = `${100 * scale}%`;
};
[["Smaller", () => zoom(1 / 1.4)], ["Larger", () => zoom(1.4)],
  ["Fit", () => zoom(0)], ["Close", () => viewer.close()]].forEach(([words, act]) => {
  const button = make("button", { type: "button" }, words);
  button.addEventListener("click", act);
  tools.append(button);
});
viewer.addEventListener("keydown", (event) => {
  const by = { "+": 1.4, "=": 1.4, "-": 1 / 1.4, "0": 0 }[event.key];
  if (by !== undefined) zoom(by);
});
viewer.addEventListener("close", () => { if (opener) opener.focus(); });
document.body.append(viewer);
document.querySelectorAll("a.enlarge").forEach((link) => {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const image = link.querySelector("img");
    const title = link.closest("figure").querySelector("figcaption strong");
    heading.textContent = title.textContent;
    viewer.setAttribute("aria-label", title.textContent);
    stage.replaceChildren(make("img", { src: image.src, alt: image.alt }));
    opener = link;
    viewer.showModal();
    zoom(0);
  });
});
if (location.hash) reveal();
"""
"""Figures that open at the size of the window and larger."""

DOCUMENT = BASICS + TABLES
REPORT = DOCUMENT + SECTIONS + FIGURES
