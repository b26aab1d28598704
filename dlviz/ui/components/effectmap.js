// The map of one head, everything on and as set, and one weight of it that can be set by hand. Rows look, columns are looked at.

const VIRIDIS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"];

class HeadMap {
  constructor(effect) {
    this.effect = effect;
    const { root } = effect;
    this.svg = root.querySelector("svg.map");
    this.table = colourTable(VIRIDIS);
    this.svg.onclick = (event) => this.choose(this.at(event));
    this.svg.onpointermove = (event) => this.say(this.at(event));
    this.svg.onpointerleave = () => this.say(null);
    this.svg.onkeydown = (event) => this.press(event);
    [this.range, this.typed] = root.querySelectorAll(".edit input");
    this.range.oninput = () => (this.typed.value = this.range.value);
    this.range.onchange = () => this.set(this.range.value);
    this.typed.onchange = () => this.set(this.typed.value);
    root.querySelector(".undo").onclick = () => this.set(null);
    root.querySelector(".switch").onclick = () => effect.toggle(effect.opened);
  }

  choose(cell) {
    if (cell) this.effect.lookAt(...cell);
  }

  press(event) {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const { at, header } = this.effect, last = header.pieces.length - 1;
    const row = Math.max(0, Math.min(last, at[0] + by[0]));
    this.effect.lookAt(row, Math.max(0, Math.min(header.causal ? row : last, at[1] + by[1])));
  }

  set(value) {
    const weight = value === null || value === "" ? null : Math.max(0, Math.min(1, Number(value)));
    if (weight === null || Number.isFinite(weight)) this.effect.setWeight(weight);
  }

  at(event) {
    const { x, y } = pointerIn(this.svg, event), n = this.effect.header.pieces.length;
    for (const { left, top, cell } of this.places ?? []) {
      const row = Math.floor((y - top) / cell), column = Math.floor((x - left) / cell);
      if (row >= 0 && row < n && column >= 0 && column < n && !(this.effect.header.causal && column > row)) return [row, column];
    }
    return null;
  }

  // The weights of a head: exact for the one the server has opened, else as the small map of all heads has them.
  values(name) {
    const { header, arrays } = this.effect, n = header.pieces.length, cells = n * n;
    if (name === header.opened) return [0, 1].map((pass) => arrays.pair.subarray(pass * cells, (pass + 1) * cells));
    const [layer, head] = this.effect.parts.placeOf(name), one = header.shown === "rollout" ? layer : layer * header.shape[1] + head;
    return [Array.from(arrays.maps.subarray(one * cells, (one + 1) * cells), (byte) => (byte / 255) * header.top)];
  }

  draw() {
    const { svg, effect } = this, { header } = effect, n = header.pieces.length, { width, height } = measure(svg);
    this.drawEdit();
    if (width < 60 || height < 50) return;
    svg.replaceChildren();
    const pointed = effect.over && effect.over.includes(".") ? effect.over : effect.opened, all = this.values(pointed);
    const same = all.length < 2 || all[0].every((value, i) => Math.abs(value - all[1][i]) < 1e-6);
    const maps = same ? [["", all[0]]] : [["everything on", all[0]], ["as set", all[1]]];
    const longest = Math.min(11, Math.max(...header.pieces.map((piece) => effect.short(piece).length)));
    const rim = 6.4 * longest + 8, head = maps.length > 1 ? 16 : 2, across = (width - rim) / maps.length;
    const side = Math.max(30, Math.min(across - 8, height - head - 2)), cell = side / n;
    this.places = maps.map(([title, values], i) => {
      const left = rim + i * across, top = head;
      if (title) make(svg, "text", { class: "small", x: left, y: 11 }, title);
      this.image(values, n, { x: left, y: top, width: side, height: side });
      return { left, top, cell };
    });
    const step = Math.ceil(10 / cell);
    header.pieces.forEach((piece, t) => {
      const far = Math.abs(t - effect.at[0]);
      if (far && (t % step || far * cell < 10)) return;
      make(svg, "text", { class: `small token${t === effect.at[0] ? " chosen" : ""}`, x: rim - 5, y: head + (t + 0.5) * cell + 4, "text-anchor": "end" }, effect.short(piece));
    });
    for (const { left, top } of this.places) {
      make(svg, "rect", { class: "cell", x: left + effect.at[1] * cell, y: top + effect.at[0] * cell, width: cell, height: cell });
    }
    const [mine, theirs] = effect.parts.placeOf(effect.opened);
    for (const [layer, head, row, column] of header.set) {
      const place = this.places.at(-1);
      if (pointed === effect.opened && layer === mine && head === theirs) make(svg, "circle", { class: "set", cx: place.left + (column + 0.5) * cell, cy: place.top + (row + 0.5) * cell, r: Math.min(4, cell / 3) });
    }
    svg.setAttribute("aria-label", "The map of the opened head. Arrow keys choose the token that looks, up and down, and the one looked at.");
    svg.setAttribute("aria-valuemax", n);
    svg.setAttribute("aria-valuenow", effect.at[0] + 1);
    this.say(null);
  }

  image(values, n, box) {
    const canvas = Object.assign(document.createElement("canvas"), { width: n, height: n }), { header } = this.effect;
    const pen = canvas.getContext("2d"), image = pen.createImageData(n, n), pixels = new Uint32Array(image.data.buffer);
    for (let t = 0; t < n; t++) {
      for (let j = 0; j < n; j++) {
        if (!header.causal || j <= t) pixels[t * n + j] = this.table[Math.max(0, Math.min(255, Math.round((255 * values[t * n + j]) / header.top)))];
      }
    }
    pen.putImageData(image, 0, 0);
    make(this.svg, "image", { ...box, href: canvas.toDataURL(), preserveAspectRatio: "none" });
  }

  // What is under the pointer in the map, or else the chosen cell.
  say(cell) {
    const { effect } = this, { header } = effect, [row, column] = cell ?? effect.at, n = header.pieces.length;
    const pointed = effect.over && effect.over.includes(".") ? effect.over : effect.opened, all = this.values(pointed);
    const numbers = all.map((values) => threeDigits(values[row * n + column])), changed = numbers.length > 1 && numbers[0] !== numbers[1];
    const times = header.shown === "value" ? " (weight times values)" : "";
    const kind = header.shown === "rollout" ? `Rollout up to layer ${pointed.split(".")[0]}, mean of all heads` : `Head ${pointed}${times}`;
    const words = `${kind}: “${effect.short(header.pieces[row])}” takes ${changed ? numbers.join(" → ") : numbers[0]} from “${effect.short(header.pieces[column])}”`;
    effect.root.querySelector(".opened h3").textContent = words;
    this.svg.setAttribute("aria-valuetext", words);
  }

  drawEdit() {
    const { effect, range, typed } = this, { header, root, at } = effect, edit = root.querySelector(".edit"), button = root.querySelector(".switch");
    const exact = header.shown === "weights" && effect.opened === header.opened && !effect.pending, off = effect.off.includes(effect.opened);
    const silent = off || effect.off.includes(`a${effect.opened.split(".")[0]}`); // what is off hears nothing of its weights
    button.textContent = off ? `${effect.opened} on` : `${effect.opened} off`;
    button.setAttribute("aria-pressed", off);
    button.disabled = effect.fixed;
    edit.classList.toggle("bare", header.shown !== "weights"); // no weights are shown, so none is set
    const n = header.pieces.length, value = exact ? this.values(effect.opened).at(-1)[at[0] * n + at[1]] : null;
    const active = root.getRootNode().activeElement;
    if (value !== null) for (const input of [range, typed]) if (input !== active || input === range) input.value = value.toFixed(2);
    for (const input of [range, typed]) input.disabled = effect.fixed || silent || (!exact && input !== active);
    root.querySelector(".undo").disabled = effect.fixed || !effect.settings.weights;
  }
}
