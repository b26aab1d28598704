// One convolution: picture, kernel and output with pixels that can be seen. The window under the pointer is multiplied out here,
// without the server; every weight can be dragged or typed, and the output follows. What was changed is reported on release.

const PER_SECOND = 14; // windows while it plays
const STEP = 0.1, PULL = 5; // a weight changes by STEP for every PULL pixels that it is dragged
const CHANNELS = ["red", "green", "blue"];

class Convolution {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.chosen = 0; // the weight that is edited
    this.channel = 0;
    const on = (name, act) => (root.querySelector(name).onclick = act);
    on(".play", () => this.play(!this.playing));
    on(".smaller", () => this.resize(this.k - 1));
    on(".larger", () => this.resize(this.k + 1));
    this.field = root.querySelector(".weight");
    this.field.oninput = () => this.field.value !== "" && Number.isFinite(+this.field.value) && this.setWeight(this.chosen, +this.field.value);
    this.field.onchange = () => this.send();
    root.querySelector(".flip").onchange = (event) => this.change({ flip: event.target.checked });
    const toggle = (event) => {
      if (!root.isConnected) return document.removeEventListener("dlviz:play", toggle);
      if (!this.fixed && this.header) event.preventDefault(), this.play(!this.playing);
    };
    document.addEventListener("dlviz:play", toggle);
  }

  // header.settings are the fields that are edited here; header.layer is all the rest. image: (C, n, n) bytes
  show({ header, arrays: { image } }) {
    const { settings, layer } = header, size = layer.n * layer.n;
    Object.assign(this, { header, layer, name: header.name });
    this.channels = Array.from({ length: image.length / size }, (_, c) => Float64Array.from(image.subarray(c * size, (c + 1) * size), (v) => v / 255));
    if (this.isNews(settings)) this.settings = structuredClone(settings);
    this.channel = Math.min(this.channel, this.channels.length - 1);
    for (const control of this.root.querySelectorAll("input, .sizes button, .play")) control.disabled = this.fixed;
    if (this.fixed) this.play(false);
    this.at = null;
    this.work();
    if (this.stage === undefined || this.stagesWere !== this.result.stages.length) this.stage = this.result.stages.length - 1;
    this.stagesWere = this.result.stages.length;
    this.draw();
  }

  // the kernel as it is laid over the picture
  applied() {
    return this.settings.flip ? turned(this.settings.kernel) : this.settings.kernel;
  }

  work() {
    this.k = Math.round(Math.sqrt(this.settings.kernel.length));
    this.chosen = Math.min(this.chosen, this.k * this.k - 1);
    this.result = convolving(this.layer, this.channels, this.applied());
  }

  change(settings) {
    Object.assign(this.settings, settings);
    this.work();
    this.draw();
    this.send();
  }

  send() {
    this.report(structuredClone(this.settings));
  }

  // the same kernel with a border of zeros, or without its border; a named kernel that comes in sizes is asked for anew
  resize(k) {
    if (k < 1 || k > 7) return;
    if (this.header.sized && this.settings.preset !== "own") {
      this.settings.size = String(k);
      return this.send();
    }
    const shift = Math.floor(k / 2) - Math.floor(this.k / 2), old = this.settings.kernel;
    const kernel = Array.from({ length: k * k }, (_, i) => old[this.oldPlace(Math.floor(i / k) - shift, (i % k) - shift)] ?? 0);
    if (this.layer.kind === "same" && k % 2 === 0) {
      this.settings = { ...this.settings, preset: "own", kernel };
      return this.send(); // Python says why that cannot be
    }
    this.change({ preset: "own", kernel });
  }

  oldPlace(row, column) {
    return row >= 0 && column >= 0 && row < this.k && column < this.k ? row * this.k + column : -1;
  }

  // i counts the kernel as it is drawn, which may be turned
  setWeight(i, value) {
    const kernel = this.settings.kernel.map((weight) => +weight.toPrecision(12));
    kernel[this.settings.flip ? kernel.length - 1 - i : i] = Math.max(-1000, Math.min(1000, +value.toPrecision(6)));
    Object.assign(this.settings, { preset: "own", kernel });
    this.chosen = i;
    this.work();
    this.drawWhatFollows();
  }

  // the shown map's pixel whose arithmetic stands there
  place() {
    const { side } = this.result.stages[this.stage], { row, column } = this.at ?? this.settings;
    return { row: Math.max(0, Math.min(side - 1, row)), column: Math.max(0, Math.min(side - 1, column)) };
  }

  play(on) {
    clearInterval(this.playing);
    this.playing = on ? setInterval(() => (this.root.isConnected ? this.advance(1) : this.play(false)), 1000 / PER_SECOND) : null;
    const button = this.root.querySelector(".play");
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", on ? "Pause" : "Play: move the window over the picture");
  }

  advance(by) {
    const { side } = this.result.stages[this.stage], { row, column } = this.place(), next = (row * side + column + by + side * side) % (side * side);
    this.look({ row: Math.floor(next / side), column: next % side });
  }

  look(at) {
    this.at = at;
    this.point();
  }

  keep(at) {
    this.at = null;
    Object.assign(this.settings, at);
    this.point();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send(), 250); // a row of arrow keys is one message
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    const { width, height } = measure(this.svg);
    this.box = this.places(width, height);
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-label", "The picture, the kernel laid over it, and the output.");
    [this.left, this.right, this.centre, this.scale] = Array.from({ length: 4 }, () => make(this.svg, "g"));
    this.drawInput(this.left, this.box.input);
    this.drawMiddle(this.centre, this.box);
    this.drawWhatFollows();
  }

  // what a weight decides: the output and the scales
  drawWhatFollows() {
    this.right.replaceChildren();
    this.scale.replaceChildren();
    this.drawOutput(this.right, this.box.output);
    this.drawScale(this.scale);
    this.drawControls();
    this.point();
  }

  // picture and output at the sides, the arithmetic between them; on a narrow page under them
  places(width, height) {
    const head = 24, foot = 34;
    if (width < 560) {
      const side = Math.min((width - 16) / 2, height - head - foot - 100), top = head + side + foot + 24;
      const beside = width > 440, grid = Math.max(54, Math.min((width - 52 - (beside ? 130 : 0)) / 3, height - top - (beside ? 4 : 62)));
      const sums = beside ? [3 * grid + 70, top - 4] : [0, top + grid + 4];
      const places = { window: [0, top], kernel: [grid + 26, top], products: [2 * grid + 52, top], sums };
      return { input: { x: 1, y: head, side }, output: { x: width - side - 1, y: head, side }, grid, places, narrow: true };
    }
    // the more weights, the more room between the pictures
    const gap = 30, middle = Math.max(226, Math.min(330, 0.27 * width, 60 * this.k + 26));
    const side = Math.min(height - head - foot, (width - middle - 2 * gap) / 2), rest = width - 2 * side - 2 * gap;
    const grid = Math.min((rest - 26) / 2, (height - head - foot - 34) / 2), left = side + gap + Math.max(0, (rest - 2 * grid - 26) / 2);
    const second = left + grid + 26, below = head + grid + 34;
    const places = { window: [left, head], kernel: [second, head], products: [left, below], sums: [second, below] };
    return { input: { x: 1, y: head, side }, output: { x: width - side - 1, y: head, side }, grid, places, narrow: false };
  }

  title(parent, box, words) {
    make(parent, "text", { x: box.x, y: box.y - 8, "font-weight": 600 }, words);
  }

  drawInput(parent, box) {
    const { wide, planes } = this.result, { n, padding, kind } = this.layer, group = make(parent, "g", { class: "input" });
    const colour = planes.length > 1 ? (i) => planes.map((plane) => Math.round(255 * plane[i])) : (i) => bright(planes[0][i]);
    this.title(parent, box, `input ${n} × ${n}${planes.length > 1 ? " × 3" : ""}${padding ? `, ${kind === "reflect" ? "mirrored" : "zeros"} around: ${padding}` : ""}`);
    pixelImage(group, wide, colour, { x: box.x, y: box.y, width: box.side, height: box.side });
    const cell = box.side / wide, inner = padding * cell;
    if (padding) {
      const [x, y, s] = [box.x, box.y, box.side];
      make(group, "path", { class: "border", "fill-rule": "evenodd", d: `M${x},${y}h${s}v${s}h${-s}zM${x + inner},${y + inner}h${s - 2 * inner}v${s - 2 * inner}h${2 * inner - s}z` });
    }
    make(group, "rect", { class: "frame", x: box.x, y: box.y, width: box.side, height: box.side });
    this.legend(parent, box, [[0, "0"], [1, "1"]], (share) => bright(share));
    this.inputCell = { cell, box };
    group.onpointermove = group.onpointerdown = (event) => this.lookFromInput(event);
    group.onpointerleave = () => this.look(null);
  }

  // the window whose middle is nearest to the pointer
  lookFromInput(event) {
    const { cell, box } = this.inputCell, { x, y } = pointerIn(this.svg, event), { stride, dilation, poolSide, pooling } = this.layer;
    const last = this.result.stages.at(-1).side - 1, pooledStage = pooling !== "none" && this.stage === this.result.stages.length - 1;
    const find = (at) => Math.round((at / cell - (dilation * (this.k - 1) + 1) / 2) / stride / (pooledStage ? poolSide : 1));
    const most = pooledStage ? last : this.result.stages[0].side - 1, clip = (v) => Math.max(0, Math.min(most, v));
    this.look({ row: clip(find(y - box.y)), column: clip(find(x - box.x)) });
  }

  // how the shown map is coloured: signed if a weight or the bias is negative and nothing has taken the sign away
  scaleOf(stage) {
    const signless = stage > 0 && ["relu", "abs", "sigmoid"].includes(this.layer.activation);
    const negative = this.header.signed || this.layer.bias < 0 || (this.layer.colour === "mixed" && this.layer.mix.some((m) => m < 0)) || this.settings.kernel.some((weight) => weight < 0);
    const reach = Math.max(1e-12, this.header.reach[this.result.stages[stage].order] ?? 0, ...this.result.stages[stage].maps.map((map) => map.reduce((most, v) => Math.max(most, Math.abs(v)), 0)));
    return { signed: negative && !signless, reach };
  }

  drawOutput(parent, box) {
    const { side, maps, name } = this.result.stages[this.stage], { signed: both, reach } = this.scaleOf(this.stage);
    const group = make(parent, "g", { class: "map", tabindex: this.fixed ? -1 : 0, role: "application" });
    group.setAttribute("aria-label", `${name}, ${side} by ${side}. Arrow keys move the window.`);
    const one = (v) => (both ? signed(v, reach) : bright(v, reach)), level = (v) => Math.round(both ? 127.5 + 127.5 * (v / reach) : 255 * (v / reach));
    this.title(parent, box, `${name} ${side} × ${side}${maps.length > 1 ? " × 3" : ""}`);
    pixelImage(group, side, maps.length > 1 ? (i) => maps.map((map) => level(map[i])) : (i) => one(maps[0][i]), { x: box.x, y: box.y, width: box.side, height: box.side });
    const cell = box.side / side;
    if (cell >= 28) this.numbersOver(group, box, cell, side, maps[Math.min(this.channel, maps.length - 1)], maps.length > 1 ? null : one);
    make(group, "rect", { class: "frame", x: box.x, y: box.y, width: box.side, height: box.side });
    const ramp = maps.length > 1 ? (share) => bright(share) : (share) => one(both ? (2 * share - 1) * reach : share * reach);
    this.legend(parent, box, both ? [[0, threeDigits(-reach)], [0.5, "0"], [1, threeDigits(reach)]] : [[0, "0"], [1, threeDigits(reach)]], ramp);
    this.here = make(group, "rect", { class: "here", width: cell, height: cell });
    this.outputCell = { cell, box };
    const find = (event) => {
      const { x, y } = pointerIn(this.svg, event), clip = (v) => Math.max(0, Math.min(side - 1, Math.floor(v / cell)));
      return { row: clip(y - box.y), column: clip(x - box.x) };
    };
    group.onpointermove = (event) => this.look(find(event));
    group.onpointerleave = () => this.look(null);
    group.onpointerdown = (event) => {
      if (this.fixed) return this.look(find(event));
      this.play(false);
      this.keep(find(event));
    };
    group.onkeydown = (event) => this.walk(event);
  }

  numbersOver(group, box, cell, side, map, colour) {
    map.forEach((v, i) => {
      const font = Math.min(14, (1.5 * cell) / Math.max(3, brief(v).length)), dark = !colour || inkOn(colour(v)) === "#FFFFFF";
      const at = { x: box.x + ((i % side) + 0.5) * cell, y: box.y + (Math.floor(i / side) + 0.5) * cell, "text-anchor": "middle", "dominant-baseline": "central" };
      make(group, "text", { class: dark ? "in-cell on-dark" : "in-cell", ...at, style: `font-size:${font.toFixed(1)}px` }, brief(v));
    });
  }

  walk(event) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.play(false);
    const { side } = this.result.stages[this.stage], { row, column } = this.place(), far = event.shiftKey ? 5 : 1;
    const clip = (v) => Math.max(0, Math.min(side - 1, v));
    this.keep({ row: clip(row + far * by[0]), column: clip(column + far * by[1]) });
  }

  // a colour bar under a map: its ends and its middle are named
  legend(parent, box, marks, colour, width = Math.min(150, box.side * 0.55)) {
    const x = box.x, y = box.y + box.side + 7, parts = 32;
    for (let i = 0; i < parts; i++) {
      make(parent, "rect", { x: x + (i * width) / parts, y, width: width / parts + 0.5, height: 9, fill: css(colour((i + 0.5) / parts)) });
    }
    make(parent, "rect", { class: "frame", x, y, width, height: 9 });
    for (const [share, words] of marks) {
      make(parent, "text", { class: "quiet", x: x + share * width, y: y + 22, "text-anchor": share === 0 ? "start" : share === 1 ? "end" : "middle", "font-size": 11, style: "font-size:11px" }, words);
    }
  }

  drawMiddle(parent, { grid, places, narrow }) {
    const { window, kernel, products } = places, inBox = ([x, y]) => ({ x, y, side: grid });
    const sign = (at, words) => make(parent, "text", { x: at[0] - 13, y: at[1] + grid / 2 + 5, "text-anchor": "middle", style: "font-size:18px" }, words);
    this.rays = make(parent, "path", { class: "ray" });
    this.title(parent, inBox(window), "window");
    this.title(parent, inBox(kernel), `${grid < 110 ? "kernel" : `kernel ${this.k} × ${this.k}`}${this.settings.flip ? ", turned" : ""}`);
    this.title(parent, inBox(products), narrow ? "products" : "= products");
    sign(kernel, "×");
    if (narrow) sign(products, "=");
    this.window = new Grid(make(parent, "g"), this.k, inBox(window), "value-cell");
    const group = make(parent, "g", { class: "kernel", tabindex: this.fixed ? -1 : 0, role: "application" });
    group.setAttribute("aria-label", `Kernel, ${this.k} by ${this.k}. Arrow keys choose a weight, plus and minus change it, Enter types it.`);
    this.kernel = new Grid(group, this.k, inBox(kernel), "weight-cell");
    this.mark = make(group, "rect", { class: "chosen", width: this.kernel.size, height: this.kernel.size });
    this.products = new Grid(make(parent, "g"), this.k, inBox(products), "product-cell");
    this.sums = make(parent, "g", { class: "sums" });
    this.taps = make(parent, "path", { class: "taps" });
    this.outline = make(parent, "rect", { class: "here outline" });
    if (!this.fixed) this.listenToKernel(group);
  }

  // under the products, whose colours are the kernel's
  drawScale(parent) {
    const { grid, places: { products: [x, y] }, narrow } = this.box, reach = this.weightReach();
    if (!narrow) this.legend(parent, { x, y, side: grid }, [[0, threeDigits(-reach)], [0.5, "0"], [1, threeDigits(reach)]], (share) => signed(2 * share - 1, 1), grid);
  }

  // the largest |weight| of any channel: the scale of kernel and products, since no pixel is brighter than 1
  weightReach() {
    const { colour, mix } = this.layer;
    return Math.max(1e-12, ...this.settings.kernel.map(Math.abs)) * (colour === "mixed" ? Math.max(1e-12, ...mix.map(Math.abs)) : 1);
  }

  listenToKernel(group) {
    group.onpointerdown = (event) => {
      const cell = event.target.dataset.cell;
      if (cell === undefined || event.button) return;
      event.preventDefault();
      this.play(false);
      this.choose(+cell);
      this.svg.querySelector(".kernel").focus({ preventScroll: true });
      const from = pointerIn(this.svg, event).y, start = this.applied()[+cell];
      let moved = false;
      hold(event, (now) => {
        const by = STEP * Math.round((from - pointerIn(this.svg, now).y) / PULL);
        if (by || moved) this.setWeight(+cell, +(start + by).toFixed(6)), (moved = true);
      }, () => moved && this.send());
    };
    group.onkeydown = (event) => this.pressKernel(event);
  }

  pressKernel(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.k, ArrowDown: this.k }[event.key], pull = { "+": STEP, "=": STEP, "-": -STEP }[event.key];
    if (!by && !pull && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") this.field.focus(), this.field.select();
    else if (pull) {
      this.setWeight(this.chosen, +(this.applied()[this.chosen] + pull).toFixed(6));
      this.svg.querySelector(".kernel").focus({ preventScroll: true });
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.send(), 250);
    } else this.choose(Math.max(0, Math.min(this.k * this.k - 1, this.chosen + by)));
  }

  choose(i) {
    this.chosen = i;
    this.point();
    this.drawControls();
  }

  drawControls() {
    const find = (name) => this.root.querySelector(name), k = this.k;
    find(".size").textContent = `${k} × ${k}`;
    find(".smaller").disabled = this.fixed || k <= 1;
    find(".larger").disabled = this.fixed || k >= 7;
    find(".flip").checked = this.settings.flip;
    find(".cell-name").textContent = `weight ${Math.floor(this.chosen / k) + 1}, ${(this.chosen % k) + 1}`;
    const value = String(+this.applied()[this.chosen].toPrecision(6)), active = this.root.getRootNode().activeElement === this.field;
    if (!active || +this.field.value !== +value) this.field.value = value;
    this.choices(".channels", this.channels.length > 1 ? CHANNELS : [], this.channel, (c) => (this.channel = c));
    this.choices(".stages", this.result.stages.length > 1 ? this.result.stages.map(({ name }) => name) : [], this.stage, (s) => ((this.stage = s), (this.at = null)));
  }

  choices(name, words, chosen, act) {
    const box = this.root.querySelector(name);
    if (box.childElementCount !== words.length || words.some((word, i) => box.children[i].textContent !== word)) {
      box.replaceChildren(...words.map((word, i) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: word });
        button.onclick = () => (act(i), this.draw());
        return button;
      }));
    }
    [...box.children].forEach((button, i) => button.setAttribute("aria-pressed", i === chosen));
  }

  // the convolution's pixel behind a pixel of the shown map: of a pooled one the largest, or its first
  behind({ row, column }) {
    const { pooling, poolSide } = this.layer, last = this.result.stages.length - 1;
    if (pooling === "none" || this.stage !== last) return { row, column, inside: null };
    const before = this.result.stages[last - 1], map = before.maps[Math.min(this.channel, before.maps.length - 1)];
    const inside = poolWindow(map, before.side, poolSide, row, column);
    const best = pooling === "max" ? inside.indexOf(Math.max(...inside)) : 0;
    return { row: row * poolSide + Math.floor(best / poolSide), column: column * poolSide + (best % poolSide), inside };
  }

  // everything that follows the pointer: frames, window, products, sum
  point() {
    if (!this.window) return;
    const at = this.place(), { row, column, inside } = this.behind(at), { wide, planes } = this.result, { stride, dilation, colour, mix } = this.layer;
    const shares = planes.map((_, c) => (colour === "mixed" ? mix[c] : 1)), kernel = this.applied();
    const parts = planes.map((plane, c) => productsAt(plane, wide, kernel, this.k, this.layer, row, column, shares[c])), shown = parts[this.channel];
    const reach = this.weightReach();
    this.window.fill(shown.window, (v) => bright(v));
    this.kernel.fill(kernel.map((weight) => weight * shares[this.channel]), (v) => signed(v, reach));
    this.products.fill(shown.products, (v) => signed(v, reach));
    this.mark.setAttribute("x", this.kernel.box.x + (this.chosen % this.k) * this.kernel.size);
    this.mark.setAttribute("y", this.kernel.box.y + Math.floor(this.chosen / this.k) * this.kernel.size);
    this.frames(at, row, column, stride, dilation);
    this.writeSums(parts, at, inside);
  }

  frames(at, row, column, stride, dilation) {
    const { cell, box } = this.inputCell, out = this.outputCell, reach = dilation * (this.k - 1) + 1;
    const x = box.x + column * stride * cell, y = box.y + row * stride * cell, size = reach * cell;
    this.here.setAttribute("x", out.box.x + at.column * out.cell);
    this.here.setAttribute("y", out.box.y + at.row * out.cell);
    let taps = "";
    for (let u = 0; u < this.k; u++) for (let v = 0; v < this.k; v++) taps += `M${x + v * dilation * cell},${y + u * dilation * cell}h${cell}v${cell}h${-cell}z`;
    this.taps.setAttribute("d", taps);
    for (const [name, value] of Object.entries({ x, y, width: size, height: size })) this.outline.setAttribute(name, value);
    const { grid, places: { window: [left, top], sums: [second, below] }, narrow } = this.box;
    const ox = out.box.x + at.column * out.cell, oy = out.box.y + (at.row + 0.5) * out.cell;
    const rays = narrow ? "" : `M${x + size},${y}L${left},${top}M${x + size},${y + size}L${left},${top + grid}M${second + grid},${below + 16}L${ox},${oy}`;
    this.rays.setAttribute("d", rays);
  }

  writeSums(parts, at, inside) {
    const [x, below] = this.box.places.sums, { bias, colour, activation, activationName, pooling } = this.layer, lines = [];
    const mixedColours = colour === "mixed" && parts.length > 1, total = (mixedColours ? parts.reduce((sum, part) => sum + part.sum, 0) : parts[this.channel].sum) + bias;
    if (mixedColours) parts.forEach((part, c) => lines.push(["", `${CHANNELS[c]} ${brief(part.sum)}`]));
    lines.push(["sum", `Σ = ${threeDigits(total - bias)}`]);
    if (bias) lines.push(["", `+ bias ${brief(bias)}`], ["output", `= ${threeDigits(total)}`]);
    const after = ACTIVATE[activation](total), shown = this.result.stages[this.stage];
    if (activation !== "none" && this.stage > 0) lines.push(["activated", `${activationName}: ${threeDigits(after)}`]);
    const value = shown.maps[Math.min(this.channel, shown.maps.length - 1)][at.row * shown.side + at.column];
    if (inside) lines.push(["", `${pooling} of ${inside.slice(0, 4).map(brief).join(", ")}${inside.length > 4 ? " …" : ""}`], ["pooled", `= ${threeDigits(value)}`]);
    this.sums.replaceChildren();
    lines.forEach(([kind, words], i) => {
      const strong = kind !== "" && i === lines.length - 1;
      make(this.sums, "text", { class: kind ? `sum-${kind} halo` : "quiet halo", x, y: below + 18 + 20 * i, style: `font-size:${strong ? 19 : 13}px;font-weight:${strong ? 700 : 400}` }, words);
    });
    Object.assign(this.sums.dataset, { row: at.row, column: at.column, sum: total, value });
    if (this.root.getRootNode().activeElement?.classList.contains("map")) {
      this.root.querySelector(".hear").textContent = `row ${at.row + 1}, column ${at.column + 1}: ${threeDigits(value)}`;
    }
  }
}

export default mount(Convolution);
