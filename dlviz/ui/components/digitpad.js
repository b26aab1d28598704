// Draw for the network of the run's end, a digit in white on black or anything in colour on white: its probabilities and all its maps follow the stroke. Maps can be switched off
// and kernels changed; what was changed is reported on release, so that the link holds it and the server scores the network on every held-out picture.

const AREA = SIDE * SIDE;

class Digitpad {
  constructor(root) {
    this.root = root;
    root.pad = this; // for who measures the page
    this.svg = root.querySelector("svg.main");
    this.kernelSvg = root.querySelector("svg.kernel");
    this.pen = new Pen(0.04, 1);
    this.chosen = [0, 0, 0]; // layer, map, input map
    this.cell = 0;
    const one = (name) => root.querySelector(name);
    this.svg.setAttribute("aria-label", "Drawing. Arrow keys move the pen, Space puts it down and lifts it.");
    this.svg.onpointerdown = (event) => event.button === 0 && this.begin(event);
    this.svg.onkeydown = (event) => this.pen.press(event, (from, to) => this.stroke(this.placeOf(from), this.placeOf(to))) && this.draw();
    this.svg.onfocus = this.svg.onblur = () => this.draw();
    this.svg.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    this.kernelSvg.setAttribute("aria-label", "Weights of the chosen map. Arrow keys choose, plus and minus change.");
    this.kernelSvg.onpointerdown = (event) => this.pull(event);
    this.kernelSvg.onkeydown = (event) => this.pressKernel(event);
    one(".clear").onclick = () => (this.values.fill(255 * this.header.paper), this.draw());
    one(".centre").onchange = () => this.draw();
    one(".on").onchange = ({ target }) => this.turn(target.checked);
    one(".into").onchange = ({ target }) => ((this.chosen[2] = +target.value), this.draw());
    one(".reset").onclick = () => (this.start(), this.tell(), this.draw());
  }

  show({ header, arrays }) {
    const fresh = header.run !== this.header?.run;
    Object.assign(this, { header, arrays, name: header.name });
    if (fresh) {
      this.start();
      this.known = null;
      this.values = Uint8Array.from(arrays.pixels);
      this.root.classList.toggle("coloured", header.depth === 3);
      this.root.classList.toggle("on-white", header.paper === 1);
      this.chosen = [0, 0, 0];
      this.build();
    }
    if (this.isNews({ edits: header.edits })) this.take(header.edits);
    this.draw();
  }

  // The changes that the page knows of, in the form of dlviz/compute/filters/changes.py
  take(edits) {
    this.start();
    for (const [layer, place, value] of edits ? JSON.parse(edits) : []) {
      if (value === undefined) this.net.layers[layer].off.add(place);
      else this.set(layer, place, value);
    }
  }

  set(layer, place, value) {
    this.net.layers[layer].kernels[place] = value;
    this.changes.set(`${layer},${place}`, [layer, place, value]);
  }

  // The network as it was trained
  start() {
    this.net = new TinyNet(this.header, this.arrays);
    this.changes = new Map();
  }

  build() {
    const layers = this.root.querySelector(".layers");
    layers.replaceChildren();
    this.canvases = this.net.layers.map((layer, number) => {
      layers.appendChild(Object.assign(document.createElement("h3"), { textContent: `Maps ${number + 1}` }));
      const canvas = layers.appendChild(document.createElement("canvas"));
      Object.assign(canvas, { tabIndex: 0, onclick: (event) => this.pick(number, event), onkeydown: (event) => this.pressMaps(number, event) });
      canvas.setAttribute("role", "application");
      canvas.setAttribute("aria-label", `Maps of convolution ${number + 1}. Arrow keys choose a map, Space switches it off and on.`);
      return canvas;
    });
    this.root.querySelector(".chances").replaceChildren(...this.header.names.map((name) => {
      const row = Object.assign(document.createElement("div"), { className: "chance" });
      row.setAttribute("role", "listitem");
      for (const part of ["name", "bar", "value"]) row.appendChild(Object.assign(document.createElement("span"), { className: part }));
      row.firstChild.textContent = name;
      return row;
    }));
  }

  placeOf({ x, y }) {
    return { x: ((x + 1) / 2) * SIDE, y: ((1 - y) / 2) * SIDE };
  }

  begin(event) {
    this.svg.focus({ preventScroll: true });
    const at = (moved) => {
      const [x, y] = inside(this.svg, moved);
      return { x: (x / this.svg.clientWidth) * SIDE, y: (y / this.svg.clientHeight) * SIDE };
    };
    let last = at(event);
    this.stroke(last, last);
    hold(event, (moved) => {
      const to = at(moved);
      this.stroke(last, to);
      last = to;
    }, () => {});
  }

  // What the pen leaves in a channel: white ink on black; on white a colour, in grey black; the rubber paper
  ink(channel) {
    const { paper, depth } = this.header, rubber = this.root.querySelector(".rubber").checked;
    if (rubber || !paper) return rubber ? 255 * paper : 255;
    return depth === 3 ? parseInt(this.root.querySelector(".colour").value.slice(1 + 2 * channel, 3 + 2 * channel), 16) : 0;
  }

  // Ink on every pixel near the line from a to b, as in the component sketch: never weaker than before, and on white laid over it
  stroke(a, b) {
    const { brush, paper, depth } = this.header, rubber = this.root.querySelector(".rubber").checked, length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
    const inks = Array.from({ length: depth }, (_, channel) => this.ink(channel));
    this.values = Uint8Array.from(this.values, (value, at) => {
      const i = at % AREA, x = (i % SIDE) + 0.5, y = Math.floor(i / SIDE) + 0.5;
      const share = length ? Math.max(0, Math.min(1, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length)) : 0;
      const ink = Math.round(255 * Math.max(0, Math.min(1, brush + 0.5 - Math.hypot(x - a.x - share * (b.x - a.x), y - a.y - share * (b.y - a.y)))));
      if (paper) return Math.round(value + ((inks[Math.floor(at / AREA)] - value) * ink) / 255);
      return rubber ? Math.min(value, 255 - ink) : Math.max(value, ink);
    });
    this.draw();
  }

  choose(layer, map) {
    const { out, into } = this.net.layers[layer];
    this.chosen = [layer, (map + out) % out, Math.min(this.chosen[2], into - 1)];
    this.draw();
  }

  pick(number, event) {
    const { columns, side } = this.grids[number], box = event.target.getBoundingClientRect();
    const map = Math.floor((event.clientY - box.top) / (side + 4)) * columns + Math.floor((event.clientX - box.left) / (side + 4));
    if (map < this.net.layers[number].out) this.choose(number, map);
  }

  pressMaps(number, event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.grids[number].columns, ArrowDown: this.grids[number].columns }[event.key];
    if (!by && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    const map = this.chosen[0] === number ? this.chosen[1] : 0;
    if (by) return this.choose(number, map + by);
    this.choose(number, map);
    this.turn(this.net.layers[number].off.has(map));
  }

  turn(on) {
    const [layer, map] = this.chosen, { off } = this.net.layers[layer];
    off[on ? "delete" : "add"](map);
    this.tell();
    this.draw();
  }

  place() {
    const [layer, map, from] = this.chosen, { into, k } = this.net.layers[layer];
    return (map * into + from) * k * k + this.cell;
  }

  put(value) {
    const layer = this.chosen[0], at = this.place(), kept = Math.max(-9, Math.min(9, Math.round(value * 100) / 100));
    this.set(layer, at, kept);
    this.draw();
  }

  pull(event) {
    const { k, kernels } = this.net.layers[this.chosen[0]], [x, y] = inside(this.kernelSvg, event), size = this.kernelSvg.clientWidth / k;
    this.cell = Math.min(k - 1, Math.floor(y / size)) * k + Math.min(k - 1, Math.floor(x / size));
    this.kernelSvg.focus({ preventScroll: true });
    const before = kernels[this.place()];
    let moved = false;
    this.draw();
    hold(event, (now) => ((moved = true), this.put(before + (event.clientY - now.clientY) / 60)), () => moved && this.tell());
  }

  pressKernel(event) {
    const { k, kernels } = this.net.layers[this.chosen[0]], row = Math.floor(this.cell / k), column = this.cell % k;
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], sign = { "+": 0.1, "=": 0.1, "-": -0.1, "−": -0.1 }[event.key];
    if (!by && !sign) return;
    event.preventDefault();
    event.stopPropagation();
    if (sign) return this.put(kernels[this.place()] + sign), this.tell();
    this.cell = Math.max(0, Math.min(k - 1, row + by[0])) * k + Math.max(0, Math.min(k - 1, column + by[1]));
    this.draw();
  }

  tell() {
    const byPlace = (a, b) => a[0] - b[0] || a[1] - b[1], off = this.net.layers.flatMap((layer, number) => [...layer.off].map((map) => [number, map]));
    const all = [...off.sort(byPlace), ...[...this.changes.values()].sort(byPlace)];
    this.report({ edits: all.length ? JSON.stringify(all) : "" });
  }

  draw() {
    if (!this.net || this.svg.clientWidth < 20) return;
    const { width, height } = measure(this.svg);
    this.svg.replaceChildren();
    const { depth, paper } = this.header, shown = (level) => (i) => (depth === 3 ? [0, 1, 2].map((c) => level(c * AREA + i)) : Array(3).fill(level(i)));
    pixelImage(this.svg, SIDE, shown((at) => this.values[at]), { x: 0, y: 0, width, height });
    if (this.root.getRootNode().activeElement === this.svg) make(this.svg, "circle", { class: "pen", cx: ((this.pen.x + 1) / 2) * width, cy: ((1 - this.pen.y) / 2) * height, r: this.pen.down ? 8 : 5 });
    const centre = !paper && this.root.querySelector(".centre").checked;
    this.input = centre ? centred(this.values) : Float64Array.from(this.values, (value) => value / 255 - paper);
    const { maps, chances } = this.net.forward(this.input);
    this.chances = chances;
    drawTile(this.root.querySelector(".seen").getContext("2d"), SIDE, shown((at) => Math.round(255 * (this.input[at] + paper))), 0, 0, SIDE);
    const best = chances.indexOf(Math.max(...chances));
    [...this.root.querySelector(".chances").children].forEach((row, k) => {
      row.classList.toggle("first", k === best);
      row.children[1].style.width = `${100 * chances[k]}%`;
      row.children[2].textContent = `${(100 * chances[k]).toFixed(1)} %`;
    });
    this.drawMaps(maps);
    this.drawKernel();
  }

  drawMaps(maps) {
    this.grids = maps.map(({ side: pixels, values }, number) => {
      const canvas = this.canvases[number], { out, off } = this.net.layers[number], width = canvas.parentElement.clientWidth, ratio = devicePixelRatio || 1;
      const columns = Math.min(out, 8), side = Math.min(84, (width - 4 * (columns - 1)) / columns), high = Math.max(1e-9, values.reduce((most, value) => Math.max(most, value), 0));
      const height = Math.ceil(out / columns) * (side + 4);
      Object.assign(canvas, { width: width * ratio, height: height * ratio });
      canvas.style.height = `${height}px`;
      const pen = canvas.getContext("2d");
      pen.scale(ratio, ratio);
      pen.imageSmoothingEnabled = false;
      for (let k = 0; k < out; k++) {
        const x = (k % columns) * (side + 4), y = Math.floor(k / columns) * (side + 4);
        drawTile(pen, pixels, (i) => bright(values[k * pixels * pixels + i], high), x, y, side);
        if (off.has(k)) {
          Object.assign(pen, { strokeStyle: "#D55E00", lineWidth: 2 }).beginPath();
          pen.moveTo(x + 3, y + 3);
          pen.lineTo(x + side - 3, y + side - 3);
          pen.stroke();
        }
        if (this.chosen[0] === number && this.chosen[1] === k) {
          Object.assign(pen, { strokeStyle: getComputedStyle(this.root).getPropertyValue("--st-primary-color") || "#06c", lineWidth: 3 });
          pen.strokeRect(x + 1.5, y + 1.5, side - 3, side - 3);
        }
      }
      return { columns, side };
    });
  }

  drawKernel() {
    const [number, map, from] = this.chosen, { into, k, kernels, off } = this.net.layers[number], start = (map * into + from) * k * k;
    this.root.querySelector(".which").textContent = `Map ${map + 1} of convolution ${number + 1}`;
    this.root.querySelector(".on").checked = !off.has(map);
    const select = this.root.querySelector(".into");
    this.root.querySelector(".from").hidden = into === 1;
    const words = number === 0 ? ["red", "green", "blue"] : Array.from({ length: into }, (_, c) => `map ${c + 1}`);
    if (select.textContent !== words.slice(0, into).join("")) select.replaceChildren(...words.slice(0, into).map((word, c) => new Option(word, c)));
    select.value = from;
    this.root.querySelector(".reset").disabled = !this.changes.size && this.net.layers.every((layer) => !layer.off.size);
    this.cell = Math.min(this.cell, k * k - 1);
    const values = [...kernels.subarray(start, start + k * k)], reach = Math.max(...values.map(Math.abs)), { width } = measure(this.kernelSvg);
    this.kernelSvg.replaceChildren();
    new Grid(this.kernelSvg, k, { x: 0, y: 0, side: width }, "weight").fill(values, (value) => signed(value, reach));
    const size = width / k;
    make(this.kernelSvg, "rect", { x: (this.cell % k) * size, y: Math.floor(this.cell / k) * size, width: size, height: size, fill: "none", stroke: "var(--st-primary-color)", "stroke-width": 2 });
  }
}

export default mount(Digitpad);
