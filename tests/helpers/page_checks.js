/* What tests ask of a page; browser.py reads this file. */
({
  lowContrast: least => {
    const parse = (text) => {
      const n = (text.match(/[\d.]+%?/g) || []).map((x) => parseFloat(x));
      return n.length < 3 ? [0, 0, 0, 0] : [n[0], n[1], n[2], n.length > 3 ? n[3] : 1];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
    const light = (c) => {
      const [r, g, b] = c.map((v) => { v /= 255;
        return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (e) => {
      const layers = [];
      for (; e; e = e.parentElement) layers.push(parse(getComputedStyle(e).backgroundColor));
      const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
      return layers.reverse().reduce((below, top) => over(top, below), dark ? [18, 18, 18] : [255, 255, 255]);
    };
    const found = [];
    for (const e of document.body.querySelectorAll("*")) {
      const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      const box = e.getBoundingClientRect();
      if (!own || !box.width || !box.height || !e.checkVisibility({ visibilityProperty: true })) continue;
      if (e.closest(":disabled, script, style, option")) continue;
      let opacity = 1;
      for (let p = e; p; p = p.parentElement) opacity *= parseFloat(getComputedStyle(p).opacity);
      const back = behind(e), ink = parse(getComputedStyle(e).color);
      const front = over([ink[0], ink[1], ink[2], ink[3] * opacity], back);
      const [a, b] = [light(front), light(back)].sort((p, q) => q - p);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < least) found.push(`${ratio.toFixed(2)} ${e.tagName} ${e.textContent.trim().slice(0, 40)}`);
    }
    return found;
  },

  unreached: () => {
    const controls = document.querySelectorAll(
      "a[href], button, input, select, textarea, summary, [tabindex='0'], [onclick]");
    const group = (e) => e.type === "radio" && e.name;
    const groups = new Set([...reached].filter((e) => group(e)).map((e) => e.name));
    return [...controls].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width && box.height && e.checkVisibility({ visibilityProperty: true })
        && !e.disabled && !reached.has(e) && !(group(e) && groups.has(e.name));
    }).map((e) => `${e.tagName} ${e.id} ${e.textContent.trim().slice(0, 40)}`);
  },
})
