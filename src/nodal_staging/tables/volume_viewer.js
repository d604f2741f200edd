/* Views of small volumes in a page that needs nothing else: no framework, no network.

   The one viewer of the reader study and of the check page. A volume has its voxels in
   the order (z, y, x) with axes of LPS: x grows to the left of the patient, y to the
   back, z to the head. It is shown as radiologists look at it.

     const ct = await VolumeViewer.decode(text);   // of encode_volume: values and size
     ct.spacing = [1, 1, 1];                       // x, y, z in mm
     const viewer = new VolumeViewer(element, {
       planes: ["axial", "coronal", "sagittal"],  // in this order
       presets: [{ name: "Soft tissue", level: 40, width: 400 }],     // first at start
       wheel: "always",        // "focus": the wheel scrolls the page until a view has
                               // the focus
       outline: true, crosshair: true,
       pet: { highest: 10, opacity: 0.5 },        // SUV of full colour
       changed: (what, viewer) => {},             // "slice", "window", "zoom"
     });
     viewer.show({ ct, pet, mask, centre: [39.5, 39.5, 39.5] });   // pet, mask optional
     viewer.key(event);        // true if the key was one of the viewer
     viewer.setWindow(40, 400); viewer.nextPreset(); viewer.setPet(0.3);
     viewer.setOutline(false); viewer.setCrosshair(false); viewer.centre();
     viewer.seen.axial         // set of the slices that were shown
     viewer.element("axial")   // the canvas of a view

   Values of a PET are SUV times `pet.scale` (1 if absent); a mask is 0 outside. PET and
   mask lie on the grid of the CT. Styles are in `VolumeViewer.STYLE`. */
"use strict";
(() => {
  const PLANES = {
    axial: { across: 0, down: 1, through: 2, flip: false, edges: ["R", "L", "A", "P"] },
    coronal: { across: 0, down: 2, through: 1, flip: true, edges: ["R", "L", "H", "F"] },
    sagittal: { across: 1, down: 2, through: 0, flip: true, edges: ["A", "P", "H", "F"] },
  };
  const SIDES = { R: "right", L: "left", A: "front", P: "back", H: "head", F: "feet" };
  const AXES = ["x", "y", "z"];
  const BAR_MM = 10;
  const CLICK_PX = 4;
  const LARGEST_ZOOM = 8;
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

  function bytesOf(text) {
    /* Return the bytes of base 85: five digits for four bytes, which is shorter than
       base 64. */
    const digit = new Uint8Array(128);
    [...DIGITS].forEach((letter, value) => { digit[letter.charCodeAt(0)] = value; });
    const groups = Math.ceil(text.length / 5), missing = groups * 5 - text.length;
    const bytes = new Uint8Array(groups * 4);
    for (let group = 0; group < groups; group += 1) {
      let value = 0;
      for (let i = group * 5; i < group * 5 + 5; i += 1) {
        value = value * 85 + (i < text.length ? digit[text.charCodeAt(i)] : 84);
      }
      for (let byte = 0; byte < 4; byte += 1) bytes[group * 4 + byte] = value >>> (24 - 8 * byte);
    }
    return bytes.subarray(0, groups * 4 - missing);
  }

  async function decode(text) {
    /* Return the voxels and the size of encode_volume: differences as two planes of
       bytes, gzip, base 85; a text that begins with ":" is not compressed. */
    const stored = text[0] === ":";
    let bytes = bytesOf(stored ? text.slice(1) : text);
    if (!stored) {
      const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      bytes = new Uint8Array(await new Response(plain).arrayBuffer());
    }
    const size = [0, 2, 4].map((at) => bytes[at] | (bytes[at + 1] << 8));
    const [columns, rows, slices] = size;
    const slab = columns * rows, count = slab * slices;
    const low = 6, high = 6 + count;
    const values = new Int16Array(count);      // wraps at 16 bits, as the differences do
    for (let i = 0; i < count; i += 1) {
      const folded = (bytes[high + i] << 8) | bytes[low + i];
      values[i] = ((folded >>> 1) ^ -(folded & 1)) + (i % columns ? values[i - 1] : 0);
    }
    for (let order = 0; order < 2; order += 1) {
      for (let i = slab; i < count; i += 1) values[i] += values[i - slab];
    }
    return { values, size };
  }

  class View {
    /* One plane: a canvas, and what a pointer does on it. */
    constructor(viewer, name) {
      this.viewer = viewer;
      this.name = name;
      this.plane = PLANES[name];
      this.canvas = document.createElement("canvas");
      this.canvas.className = "volume-view";
      this.canvas.tabIndex = 0;
      this.canvas.setAttribute("role", "img");
      this.sheet = document.createElement("canvas");
      this.pan = [0, 0];
      this.pointers = new Map();
      const on = (type, act, options) => this.canvas.addEventListener(type, act, options);
      on("wheel", (event) => this.wheeled(event), { passive: false });
      on("pointerdown", (event) => this.pressed(event));
      on("pointermove", (event) => this.moved(event));
      on("pointerup", (event) => this.released(event));
      on("pointercancel", (event) => this.pointers.delete(event.pointerId));
      on("contextmenu", (event) => event.preventDefault());
    }

    get slices() { return this.viewer.ct.size[this.plane.through]; }

    get slice() { return clamp(Math.round(this.viewer.at[this.plane.through]), 0, this.slices - 1); }

    size() {
      /* Return columns, rows, and the distances of both in mm. */
      const { size, spacing } = this.viewer.ct;
      const { across, down } = this.plane;
      return [size[across], size[down], spacing[across], spacing[down]];
    }

    scale() {
      /* Return the box of the picture on the canvas in CSS pixels, and pixels per mm. */
      const [columns, rows, dx, dy] = this.size();
      const box = this.canvas.getBoundingClientRect();
      const fit = Math.min(box.width / (columns * dx), box.height / (rows * dy));
      const perMm = fit * this.viewer.zoom;
      const width = columns * dx * perMm, height = rows * dy * perMm;
      const left = (box.width - width) / 2 + this.pan[0];
      const top = (box.height - height) / 2 + this.pan[1];
      return { box, perMm, left, top, width, height };
    }

    place(event) {
      /* Return the voxel under a pointer as coordinates across and down. */
      const { box, left, top, width, height } = this.scale();
      const [columns, rows] = this.size();
      const u = ((event.clientX - box.left - left) / width) * columns - 0.5;
      const v = ((event.clientY - box.top - top) / height) * rows - 0.5;
      return [clamp(u, 0, columns - 1), clamp(this.plane.flip ? rows - 1 - v : v, 0, rows - 1)];
    }

    wheeled(event) {
      if (this.viewer.options.wheel === "focus" && document.activeElement !== this.canvas) return;
      event.preventDefault();
      const step = event.deltaY < 0 ? 1 : -1;
      if (event.ctrlKey) this.viewer.setZoom(this.viewer.zoom * (step > 0 ? 1.15 : 1 / 1.15));
      else this.viewer.scroll(this.name, step);
    }

    pressed(event) {
      if (event.button > 1) return;
      this.canvas.setPointerCapture(event.pointerId);
      this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, far: 0, rest: 0 });
      if (this.pointers.size === 2) this.spread = this.distance();
    }

    distance() {
      const [a, b] = [...this.pointers.values()];
      return Math.hypot(a.x - b.x, a.y - b.y);
    }

    moved(event) {
      const last = this.pointers.get(event.pointerId);
      if (!last) return;
      const dx = event.clientX - last.x, dy = event.clientY - last.y;
      last.x = event.clientX;
      last.y = event.clientY;
      last.far += Math.hypot(dx, dy);
      if (this.pointers.size === 2) {
        const spread = this.distance();
        this.viewer.setZoom(this.viewer.zoom * (spread / (this.spread || spread)));
        this.spread = spread;
      } else if (last.far >= CLICK_PX) {
        this.dragged(event, last, dx, dy);
      }
    }

    dragged(event, last, dx, dy) {
      if (event.shiftKey || event.buttons === 4) {
        this.pan = [this.pan[0] + dx, this.pan[1] + dy];
        this.viewer.draw();
      } else if (event.pointerType === "touch") {
        last.rest += dy;
        const steps = Math.trunc(last.rest / 6);
        last.rest -= steps * 6;
        if (steps) this.viewer.scroll(this.name, -steps);
      } else {
        const { level, width } = this.viewer.window;
        this.viewer.setWindow(level + dy * 2, width + dx * 4);
      }
    }

    released(event) {
      const last = this.pointers.get(event.pointerId);
      this.pointers.delete(event.pointerId);
      if (!last || last.far >= CLICK_PX || event.pointerType === "touch") return;
      const [u, v] = this.place(event);
      const at = [...this.viewer.at];
      at[this.plane.across] = u;
      at[this.plane.down] = v;
      this.viewer.move(at);
    }

    index(u, v) {
      /* Return the place in the arrays of column u and row v of the picture. */
      const [nx, ny] = this.viewer.ct.size;
      const [, rows] = this.size();
      const at = [0, 0, 0];
      at[this.plane.across] = u;
      at[this.plane.down] = this.plane.flip ? rows - 1 - v : v;
      at[this.plane.through] = this.slice;
      return (at[2] * ny + at[1]) * nx + at[0];
    }

    paint() {
      /* Draw the slice, one pixel a voxel. */
      const { ct, pet, window } = this.viewer;
      const [columns, rows] = this.size();
      this.sheet.width = columns;
      this.sheet.height = rows;
      const context = this.sheet.getContext("2d");
      const picture = context.createImageData(columns, rows);
      const low = window.level - window.width / 2, gain = 255 / window.width;
      const most = this.viewer.opacity, full = this.viewer.options.pet.highest * (pet?.scale ?? 1);
      const step = columns > 1 ? this.index(1, 0) - this.index(0, 0) : 0;
      for (let v = 0, i = 0; v < rows; v += 1) {
        let from = this.index(0, v);
        for (let u = 0; u < columns; u += 1, i += 4, from += step) {
          const grey = clamp((ct.values[from] - low) * gain, 0, 255);
          let red = grey, green = grey, blue = grey;
          if (pet && most > 0) {
            const share = clamp(pet.values[from] / full, 0, 1);
            const cover = most * clamp(1.5 * share, 0, 1);
            red += (clamp(share * 3, 0, 1) * 255 - red) * cover;
            green += (clamp(share * 3 - 1, 0, 1) * 255 - green) * cover;
            blue += (clamp(share * 3 - 2, 0, 1) * 255 - blue) * cover;
          }
          picture.data[i] = red;
          picture.data[i + 1] = green;
          picture.data[i + 2] = blue;
          picture.data[i + 3] = 255;
        }
      }
      context.putImageData(picture, 0, 0);
    }

    draw() {
      const { box, perMm, left, top, width, height } = this.scale();
      if (!box.width || !box.height) return;
      const dense = globalThis.devicePixelRatio || 1;
      const wide = Math.round(box.width * dense), high = Math.round(box.height * dense);
      if (this.canvas.width !== wide) this.canvas.width = wide;
      if (this.canvas.height !== high) this.canvas.height = high;
      this.paint();
      const context = this.canvas.getContext("2d");
      context.setTransform(dense, 0, 0, dense, 0, 0);
      context.fillStyle = "#000";
      context.fillRect(0, 0, box.width, box.height);
      context.imageSmoothingEnabled = true;
      context.imageSmoothingQuality = "high";
      context.drawImage(this.sheet, left, top, width, height);
      const shown = { left, top, width, height };
      if (this.viewer.mask && this.viewer.options.outline) this.outline(context, shown);
      if (this.viewer.options.crosshair) this.crosshair(context, box, shown);
      this.letters(context, box, shown);
      this.bar(context, box, perMm);
      this.describe();
    }

    outline(context, { left, top, width, height }) {
      /* Draw the edges between the voxels of the mask and the others. */
      const [columns, rows] = this.size();
      const values = this.viewer.mask.values;
      const inside = (u, v) =>
        u >= 0 && v >= 0 && u < columns && v < rows && values[this.index(u, v)] !== 0;
      const x = (u) => left + (u / columns) * width, y = (v) => top + (v / rows) * height;
      context.beginPath();
      for (let v = 0; v < rows; v += 1) {
        for (let u = 0; u < columns; u += 1) {
          if (!inside(u, v)) continue;
          if (!inside(u - 1, v)) { context.moveTo(x(u), y(v)); context.lineTo(x(u), y(v + 1)); }
          if (!inside(u + 1, v)) { context.moveTo(x(u + 1), y(v)); context.lineTo(x(u + 1), y(v + 1)); }
          if (!inside(u, v - 1)) { context.moveTo(x(u), y(v)); context.lineTo(x(u + 1), y(v)); }
          if (!inside(u, v + 1)) { context.moveTo(x(u), y(v + 1)); context.lineTo(x(u + 1), y(v + 1)); }
        }
      }
      context.lineWidth = 1.5;
      context.strokeStyle = "#e69f00";
      context.stroke();
    }

    crosshair(context, box, { left, top, width, height }) {
      /* Draw where the other planes lie, open around the point itself. */
      const [columns, rows] = this.size();
      const { across, down, flip } = this.plane;
      const at = this.viewer.at;
      const v = flip ? rows - 1 - at[down] : at[down];
      const x = left + ((at[across] + 0.5) / columns) * width;
      const y = top + ((v + 0.5) / rows) * height;
      const gap = Math.min(width, height) * 0.14;
      context.beginPath();
      context.moveTo(Math.max(0, left), y); context.lineTo(x - gap, y);
      context.moveTo(x + gap, y); context.lineTo(Math.min(box.width, left + width), y);
      context.moveTo(x, Math.max(0, top)); context.lineTo(x, y - gap);
      context.moveTo(x, y + gap); context.lineTo(x, Math.min(box.height, top + height));
      context.lineWidth = 1;
      context.strokeStyle = "rgb(120 190 240 / 45%)";
      context.stroke();
    }

    text(context, words, x, y, align, baseline) {
      context.textAlign = align;
      context.textBaseline = baseline;
      context.lineWidth = 3;
      context.strokeStyle = "rgb(0 0 0 / 75%)";
      context.strokeText(words, x, y);
      context.fillStyle = "#e8edf2";
      context.fillText(words, x, y);
    }

    letters(context, box, { left, top, width, height }) {
      const [first, last, upper, lower] = this.plane.edges;
      const west = Math.max(0, left) + 6, east = Math.min(box.width, left + width) - 6;
      const north = Math.max(0, top) + 6, south = Math.min(box.height, top + height) - 6;
      const middle = (west + east) / 2, half = (north + south) / 2;
      context.font = "600 14px system-ui, sans-serif";
      this.text(context, first, west, half, "left", "middle");
      this.text(context, last, east, half, "right", "middle");
      this.text(context, upper, middle, north, "center", "top");
      this.text(context, lower, middle, south, "center", "bottom");
      context.font = "12px system-ui, sans-serif";
      const name = box.width < 240 ? "" : `${this.name[0].toUpperCase()}${this.name.slice(1)} `;
      this.text(context, `${name}${this.slice + 1}/${this.slices}`, west, north, "left", "top");
    }

    bar(context, box, perMm) {
      const length = BAR_MM * perMm, x = 8, y = box.height - 10;
      context.fillStyle = "rgb(0 0 0 / 75%)";
      context.fillRect(x - 1, y - 1, length + 2, 4);
      context.fillStyle = "#e8edf2";
      context.fillRect(x, y, length, 2);
      context.font = "11px system-ui, sans-serif";
      this.text(context, `${BAR_MM} mm`, x, y - 4, "left", "bottom");
    }

    describe() {
      const [first, last] = this.plane.edges;
      this.canvas.setAttribute(
        "aria-label",
        `${this.name} view, slice ${this.slice + 1} of ${this.slices}, ` +
          `${SIDES[first]} of the patient at the left edge, ${SIDES[last]} at the right edge`,
      );
    }
  }

  class VolumeViewer {
    constructor(host, options = {}) {
      this.host = host;
      this.options = {
        planes: ["axial", "coronal", "sagittal"],
        presets: [
          { name: "Soft tissue", level: 40, width: 400 },
          { name: "Narrow", level: 50, width: 250 },
          { name: "Bone", level: 400, width: 1800 },
          { name: "Lung", level: -600, width: 1500 },
        ],
        wheel: "always", outline: true, crosshair: true, changed: () => {}, ...options,
      };
      this.options.pet = { highest: 10, opacity: 0.5, ...options.pet };
      this.opacity = this.options.pet.opacity;
      this.preset = 0;
      this.window = { ...this.options.presets[0] };
      this.zoom = 1;
      this.at = [0, 0, 0];
      host.classList.add("volume-viewer");
      this.views = this.options.planes.map((name) => new View(this, name));
      this.views.forEach((view) => {
        const frame = document.createElement("div");
        frame.className = `volume-frame volume-${view.name}`;
        frame.append(view.canvas);
        host.append(frame);
      });
      this.watch = new ResizeObserver(() => this.draw());
      this.views.forEach((view) => this.watch.observe(view.canvas));
    }

    show({ ct, pet = null, mask = null, centre = null }) {
      /* Show another volume from its centre, in the window that is set. */
      Object.assign(this, { ct, pet, mask });
      this.middle = centre ?? ct.size.map((n) => (n - 1) / 2);
      this.seen = Object.fromEntries(this.views.map((view) => [view.name, new Set()]));
      this.zoom = 1;
      this.views.forEach((view) => { view.pan = [0, 0]; });
      this.at = [...this.middle];
      this.note();
      this.draw();
    }

    clear() {
      this.ct = null;
      this.views.forEach(({ canvas }) => {
        canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      });
    }

    draw() {
      if (this.ct && !this.waiting) {
        this.waiting = true;
        requestAnimationFrame(() => {
          this.waiting = false;
          if (this.ct) this.views.forEach((view) => view.draw());
        });
      }
    }

    note() { this.views.forEach((view) => this.seen[view.name].add(view.slice)); }

    move(at) {
      if (!this.ct) return;
      this.at = at.map((value, axis) => clamp(value, 0, this.ct.size[axis] - 1));
      this.note();
      this.draw();
      this.options.changed("slice", this);
    }

    scroll(name, steps) {
      /* Go nearer to head, back or left, or away from it for steps below 0. */
      if (!this.ct) return;
      const axis = PLANES[name].through;
      const at = [...this.at];
      at[axis] = Math.round(at[axis]) + steps;
      this.move(at);
    }

    centre() {
      this.zoom = 1;
      this.views.forEach((view) => { view.pan = [0, 0]; });
      this.move([...this.middle]);
    }

    setWindow(level, width) {
      this.window = { name: "", level: Math.round(level), width: Math.max(20, Math.round(width)) };
      this.draw();
      this.options.changed("window", this);
    }

    setPreset(place) {
      const { presets } = this.options;
      this.preset = (place + presets.length) % presets.length;
      this.window = { ...presets[this.preset] };
      this.draw();
      this.options.changed("window", this);
    }

    nextPreset() { this.setPreset(this.preset + 1); }

    setZoom(zoom) {
      this.zoom = clamp(zoom, 1, LARGEST_ZOOM);
      if (this.zoom === 1) this.views.forEach((view) => { view.pan = [0, 0]; });
      this.draw();
      this.options.changed("zoom", this);
    }

    setPet(opacity) { this.opacity = clamp(opacity, 0, 1); this.draw(); }

    setOutline(shown) { this.options.outline = shown; this.draw(); }

    setCrosshair(shown) { this.options.crosshair = shown; this.draw(); }

    element(name) { return this.views.find((view) => view.name === name)?.canvas; }

    plane() {
      /* Return the plane of the view that has the focus, or the first. */
      return (this.views.find((view) => view.canvas === document.activeElement) ?? this.views[0]).name;
    }

    key(event) {
      if (!this.ct || event.ctrlKey || event.metaKey || event.altKey) return false;
      const { level, width } = this.window;
      const windowing = {
        ArrowUp: [10, 0], ArrowDown: [-10, 0], ArrowRight: [0, 20], ArrowLeft: [0, -20],
      }[event.key];
      const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 5, PageDown: -5 }[event.key];
      if (event.shiftKey && windowing) this.setWindow(level + windowing[0], width + windowing[1]);
      else if (steps && !event.shiftKey) this.scroll(this.plane(), steps);
      else if (event.key === "w" || event.key === "W") this.nextPreset();
      else if (event.key === "+" || event.key === "=") this.setZoom(this.zoom * 1.25);
      else if (event.key === "-") this.setZoom(this.zoom / 1.25);
      else if (event.key === "x" || event.key === "X") this.setCrosshair(!this.options.crosshair);
      else if (event.key === "o" || event.key === "O") this.setOutline(!this.options.outline);
      else if (event.key === "r" || event.key === "R") { this.setPreset(0); this.centre(); }
      else return false;
      event.preventDefault();
      return true;
    }

    destroy() {
      this.watch.disconnect();
      this.host.replaceChildren();
    }
  }

  VolumeViewer.decode = decode;
  VolumeViewer.AXES = AXES;
  VolumeViewer.STYLE = `
.volume-viewer { display: grid; gap: 4px; min-width: 0; min-height: 0; }
.volume-frame { position: relative; min-width: 0; min-height: 0; background: #000; }
.volume-view { position: absolute; inset: 0; width: 100%; height: 100%; display: block;
  cursor: crosshair; touch-action: none; outline: 0; }
.volume-view:focus-visible { box-shadow: inset 0 0 0 2px #5fb0e6; }
`;
  globalThis.VolumeViewer = VolumeViewer;
})();
