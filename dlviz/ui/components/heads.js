// Every head of a language model over one text as a grid of small maps, and one of them opened: scores, mask, softmax, lines between
// tokens, and the products of one query with one key. Hovering, choosing a step and opening a head answer here, at once; what only
// the opened head has sent along (scores, queries, keys) follows after a click.

const VIRIDIS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"];
const MARGIN = 22; // pixels beside and above the grid for the numbers of layers and heads

class Heads {
  constructor(root) {
    this.root = root;
    this.grid = root.querySelector(".thumbs");
    this.svg = root.querySelector("svg.main");
    this.bars = root.querySelector(".products svg");
    this.step = "softmax";
    this.row = this.column = -1;
    this.grid.onclick = (event) => this.open(this.headAt(event));
    this.grid.onpointermove = (event) => this.tell(this.headAt(event));
    this.grid.onpointerleave = () => this.tell(-1);
    this.grid.onkeydown = (event) => this.press(event);
    this.svg.onpointermove = (event) => this.point(pointerIn(this.svg, event));
    this.svg.onpointerleave = () => this.choose(-1, -1);
    this.svg.onkeydown = (event) => this.walk(event);
    for (const button of root.querySelectorAll(".steps button")) button.onclick = () => this.show_step(button.dataset.step);
  }

  show({ header, arrays }) {
    const fresh = header.text !== this.header?.text;
    Object.assign(this, { header, arrays, name: header.name });
    if (this.isNews({ layer: header.opened[0], head: header.opened[1] }) || fresh || this.number === undefined) this.number = this.numberOf(...header.opened);
    if (fresh) this.row = this.column = -1;
    this.draw();
  }

  numberOf(layer, head) {
    return (layer - 1) * this.header.shape[1] + head - 1;
  }

  nameOf(number) {
    const heads = this.header.shape[1];
    return [Math.floor(number / heads) + 1, (number % heads) + 1];
  }

  // Whether what is opened is what the server has sent the details of.
  get detailed() {
    return this.numberOf(...this.header.opened) === this.number;
  }

  open(number) {
    if (number < 0 || number === this.number) return;
    this.number = number;
    const [layer, head] = this.nameOf(number);
    this.report({ layer, head });
    this.draw();
  }

  press(event) {
    const { order, columns } = this, by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const to = order.indexOf(this.number) + by;
    if (order[to] !== undefined) this.open(order[to]);
  }

  walk(event) {
    const last = this.header.pieces.length - 1;
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const within = (value) => Math.max(0, Math.min(last, value));
    const row = this.row < 0 ? 0 : within(this.row + by[0]);
    this.choose(row, within((this.column < 0 ? row : this.column) + by[1]));
  }

  show_step(step) {
    this.step = step;
    this.draw();
  }

  draw() {
    if (!this.header || this.grid.clientWidth < 40 || this.svg.clientWidth < 60) return;
    this.drawGrid();
    this.drawOpened();
  }

  // The grid --------------------------------------------------------------------------------------------------------------

  get order() {
    return this.header.order;
  }

  drawGrid() {
    const { grid, header } = this, [layers, heads, side] = header.shape, ratio = devicePixelRatio || 1;
    const width = grid.clientWidth, height = grid.clientHeight, sorted = header.sort !== "layer";
    Object.assign(grid, { width: width * ratio, height: height * ratio });
    const pen = grid.getContext("2d"), colours = getComputedStyle(this.root);
    pen.scale(ratio, ratio);
    const count = layers * heads, room = [width - MARGIN, height - MARGIN];
    this.columns = sorted ? Math.max(1, Math.round(Math.sqrt((count * room[0]) / room[1]))) : heads;
    const rows = Math.ceil(count / this.columns), size = Math.min(room[0] / this.columns, room[1] / rows);
    this.cell = size;
    pen.imageSmoothingEnabled = side > size; // pixels stay pixels where they are enlarged
    pen.fillStyle = colours.getPropertyValue("--st-text-color");
    pen.font = `${11 * enlarged()}px ${colours.fontFamily}`;
    if (!sorted) {
      for (let h = 0; h < heads; h++) pen.fillText(h + 1, MARGIN + (h + 0.5) * size - 3, 14);
      for (let l = 0; l < layers; l++) if (size > 12 || l % 5 === 4 || !l) pen.fillText(l + 1, 2, MARGIN + (l + 0.5) * size + 4);
    }
    const small = this.small ??= document.createElement("canvas"), table = colourTable(VIRIDIS), cells = side * side;
    Object.assign(small, { width: side, height: side });
    const ink = small.getContext("2d"), image = ink.createImageData(side, side), pixels = new Uint32Array(image.data.buffer);
    this.order.forEach((number, place) => {
      const bytes = this.arrays.maps.subarray(number * cells, (number + 1) * cells);
      for (let i = 0; i < cells; i++) pixels[i] = table[bytes[i]];
      ink.putImageData(image, 0, 0);
      const [x, y] = this.placeOf(place);
      pen.drawImage(small, x + 1, y + 1, size - 2, size - 2);
      if (number !== this.number) return;
      pen.strokeStyle = colours.getPropertyValue("--st-primary-color");
      pen.lineWidth = 3;
      pen.strokeRect(x, y, size, size);
    });
    const pooled = side < header.pieces.length ? `, pooled to ${side} × ${side}` : "";
    this.root.querySelector(".all h3").textContent = `All ${count} heads${pooled}${sorted ? `, by ${header.sortLabel}` : ": layers down"}`;
    grid.setAttribute("aria-label", "The heads of the model. Arrow keys open one.");
    grid.setAttribute("aria-valuemax", count);
    grid.setAttribute("aria-valuenow", this.order.indexOf(this.number) + 1);
    grid.setAttribute("aria-valuetext", `head ${this.nameOf(this.number).join(".")}`);
    this.tell(-1);
  }

  placeOf(place) {
    return [MARGIN + (place % this.columns) * this.cell, MARGIN + Math.floor(place / this.columns) * this.cell];
  }

  headAt(event) {
    const { left, top } = this.grid.getBoundingClientRect();
    const column = Math.floor((event.clientX - left - MARGIN) / this.cell), row = Math.floor((event.clientY - top - MARGIN) / this.cell);
    return column < 0 || column >= this.columns || row < 0 ? -1 : this.order[row * this.columns + column] ?? -1;
  }

  // What is under the pointer in the grid, or else what is opened.
  tell(number) {
    const shown = number < 0 ? this.number : number, values = this.header.labels.map((label, k) => {
      const value = this.arrays.scores[k * this.order.length + shown];
      return Number.isFinite(value) ? `${label} ${threeDigits(value)}` : "";
    });
    this.root.querySelector(".choice").textContent = `head ${this.nameOf(shown).join(".")}: ${values.filter(Boolean).join(" · ")}`;
  }

  // The opened head -----------------------------------------------------------------------------------------------------------

  // The weight that token t gives token j in the opened head: exact where the server has sent it, else as the small map has it.
  weight(t, j) {
    const { pieces, shape } = this.header, n = pieces.length, side = shape[2];
    if (this.detailed) return this.arrays.attention[t * n + j];
    const scaled = (i) => Math.min(side - 1, Math.floor((i * side) / n));
    return this.arrays.maps[this.number * side * side + scaled(t) * side + scaled(j)] / 255;
  }

  score(t, j) {
    return this.detailed ? this.arrays.before[t * this.header.pieces.length + j] : NaN;
  }

  drawOpened() {
    const [layer, head] = this.nameOf(this.number), { pieces, causal } = this.header;
    this.root.querySelector(".opened h3").textContent = `Layer ${layer}, head ${head}`;
    for (const button of this.root.querySelectorAll(".steps button")) button.setAttribute("aria-pressed", button.dataset.step === this.step);
    const { width, height } = measure(this.svg);
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-valuemax", pieces.length);
    this.svg.setAttribute("aria-label", "The opened head. Arrow keys choose the token that looks, up and down, and the one looked at.");
    if (this.step === "lines") this.drawLines(width, height);
    else this.drawMap(width, height);
    this.choose(this.row, this.column);
  }

  drawMap(width, height) {
    const { pieces, causal } = this.header, n = pieces.length, longest = Math.min(12, Math.max(...pieces.map((piece) => piece.length)));
    const rough = Math.min(width, height) / n, words = rough >= 9, rim = words ? Math.min(90, 7 * longest + 8) : 12;
    const side = Math.max(40, Math.min(width - rim, height - rim)), cell = side / n, [x0, y0] = [rim, rim];
    this.place = { x: x0, y: y0, cell, side };
    const canvas = Object.assign(document.createElement("canvas"), { width: n, height: n });
    const pen = canvas.getContext("2d"), image = pen.createImageData(n, n), pixels = new Uint32Array(image.data.buffer), table = colourTable(VIRIDIS);
    const diverging = this.step !== "softmax", reach = diverging ? this.reachOfScores() : 1;
    for (let t = 0; t < n; t++) {
      for (let j = 0; j < n; j++) {
        if (causal && j > t && this.step !== "scores") continue; // later tokens stay empty
        if (!diverging) pixels[t * n + j] = table[Math.round(255 * this.weight(t, j))];
        else image.data.set([...signed(this.score(t, j) || 0, reach), 255], 4 * (t * n + j));
      }
    }
    pen.putImageData(image, 0, 0);
    make(this.svg, "image", { x: x0, y: y0, width: side, height: side, href: canvas.toDataURL(), preserveAspectRatio: "none" });
    if (words) {
      pieces.forEach((piece, t) => {
        const middle = (t + 0.5) * cell, shown = this.short(piece);
        make(this.svg, "text", { class: "token row", x: x0 - 4, y: y0 + middle + 4, "text-anchor": "end" }, shown);
        make(this.svg, "text", { class: "token column", transform: `translate(${x0 + middle + 3},${y0 - 4}) rotate(-60)` }, shown);
      });
    }
    if (diverging && !this.detailed) make(this.svg, "text", { x: x0 + 8, y: y0 + 18, style: HALO }, "the scores of this head are on their way");
    this.mark = make(this.svg, "path", { class: "chosen" });
    this.lines = [];
  }

  reachOfScores() {
    const { before } = this.arrays;
    let most = 0;
    for (const value of before) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
    return most || 1;
  }

  short(piece) {
    const seen = piece.replace(/\n/g, "↵").replace(/\t/g, "⇥").trim() || "␣";
    return seen.length > 12 ? `${seen.slice(0, 11)}…` : seen;
  }

  drawLines(width, height) {
    const { pieces } = this.header, fit = Math.max(2, Math.floor((height - 26) / 13)), n = Math.min(pieces.length, fit);
    const step = Math.min(26, (height - 26) / n), left = Math.min(110, width / 4), right = width - left;
    make(this.svg, "text", { x: left, y: 12, "text-anchor": "end", "font-weight": 600 }, "looks");
    make(this.svg, "text", { x: right, y: 12, "font-weight": 600 }, `is looked at${n < pieces.length ? ` (first ${n} of ${pieces.length} tokens)` : ""}`);
    this.lines = [];
    const y = (t) => 24 + (t + 0.5) * step, colour = themeColours(this.root)[0];
    for (let t = 0; t < n; t++) {
      for (let j = 0; j < n; j++) {
        const weight = this.weight(t, j);
        if (weight < 0.01) continue;
        const line = make(this.svg, "line", { x1: left + 4, x2: right - 4, y1: y(t) - 4, y2: y(j) - 4, stroke: colour, "stroke-width": 0.5 + 3 * weight });
        this.lines.push({ line, t, j, weight });
      }
      make(this.svg, "text", { class: "token row", x: left, y: y(t), "text-anchor": "end" }, this.short(pieces[t]));
      make(this.svg, "text", { class: "token column", x: right, y: y(t) }, this.short(pieces[t]));
    }
    this.place = { x: 0, y: 24, cell: step, side: n * step, lines: true };
    this.mark = null;
  }

  point({ x, y }) {
    const { place } = this, n = this.header.pieces.length;
    if (!place) return;
    const row = Math.floor((y - place.y) / place.cell), column = place.lines ? -1 : Math.floor((x - place.x) / place.cell);
    const outside = row < 0 || row >= n || (!place.lines && (column >= n || x < 0));
    if (outside) this.choose(-1, -1);
    else this.choose(row, Math.max(-1, column));
  }

  choose(row, column) {
    Object.assign(this, { row, column });
    const { pieces, causal } = this.header, n = pieces.length, quoted = (t) => `“${this.short(pieces[t])}”`;
    const said = this.root.querySelector(".reading");
    for (const { line, t, weight } of this.lines ?? []) line.setAttribute("opacity", row < 0 ? 0.15 + 0.85 * weight : t === row ? 0.3 + 0.7 * weight : 0.03);
    if (this.mark && this.place) {
      const { x, y, cell, side } = this.place;
      const at = row < 0 ? "" : `M${x},${y + row * cell}h${side}v${cell}h${-side}Z`;
      this.mark.setAttribute("d", at + (row < 0 || column < 0 ? "" : `M${x + column * cell},${y + row * cell}h${cell}v${cell}h${-cell}Z`));
    }
    this.svg.setAttribute("aria-valuenow", Math.max(1, row + 1));
    if (row < 0) {
      said.textContent = `Rows look, columns are looked at. ${causal ? "Later tokens are masked." : "No mask: this model reads both ways."}`;
    } else {
      const best = [...Array(n).keys()].reduce((a, b) => (this.weight(row, b) > this.weight(row, a) ? b : a), 0), to = column < 0 ? best : column;
      const later = causal && to > row, score = this.score(row, to);
      const weight = `${threeDigits(this.weight(row, to))} of its attention goes to ${quoted(to)}`;
      const parts = [`${quoted(row)}: ${later && this.step !== "scores" ? `nothing goes to ${quoted(to)}, which comes later` : weight}`];
      if (Number.isFinite(score)) parts.push(`q·k/√d = ${threeDigits(score)}`);
      if (column < 0) parts.push("its largest");
      said.textContent = parts.join("; ");
      this.column = to;
    }
    this.svg.setAttribute("aria-valuetext", said.textContent);
    this.drawProducts();
  }

  // q_i k_i for the chosen pair: the numbers that the score is the sum of
  drawProducts() {
    const svg = this.bars, { width, height } = measure(svg), { queries, keys } = this.arrays, d = this.header.size;
    svg.replaceChildren();
    if (this.row < 0 || !this.detailed || width < 80) return;
    const products = Array.from({ length: d }, (_, i) => queries[this.row * d + i] * keys[this.column * d + i]);
    const reach = Math.max(1e-9, ...products.map(Math.abs)), middle = height / 2 + 6, bar = (width - 8) / d;
    const total = products.reduce((sum, value) => sum + value, 0);
    const words = `the ${d} products qᵢkᵢ: their sum ${threeDigits(total)} over √${d} is ${threeDigits(total / Math.sqrt(d))}`;
    make(svg, "text", { x: 0, y: 12 }, words);
    svg.setAttribute("aria-label", words);
    products.forEach((value, i) => {
      const size = (Math.abs(value) / reach) * (height / 2 - 12);
      make(svg, "rect", { x: 4 + i * bar, width: Math.max(1, bar - 1), y: value > 0 ? middle - size : middle, height: Math.max(0.5, size), fill: css(value > 0 ? ORANGE : BLUE) });
    });
    make(svg, "line", { class: "zero", x1: 0, x2: width, y1: middle, y2: middle });
  }
}

export default mount(Heads);
