// Every head of a language model over one text as a grid of small maps, and one of them opened: scores, mask, softmax, lines between
// tokens, and the products of one query with one key. Hovering, choosing a step and opening a head answer here, at once; what only
// the opened head has sent along (scores, queries, keys) follows after a click. Of a map with more tokens than words fit, a part can be
// read in full: a click goes there, and drag, wheel and keys move it. Of a text with more tokens than are read at once, a slider moves the window.

const VIRIDIS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"];
const MARGIN = 22; // pixels beside and above the grid for the numbers of layers and heads
const CROWDED = 8, LEGIBLE = 12; // pixels of a row in which a word can just be read, and easily
const WEIGHTS_ONLY = "This model gives its weights only: no scores, queries or keys.";
const CLICK = 4; // pixels that a pointer may move in a click

class Heads {
  constructor(root) {
    this.root = root;
    this.grid = root.querySelector(".thumbs");
    this.svg = root.querySelector("svg.main");
    this.bars = root.querySelector(".products svg");
    this.chosenStep = "softmax";
    this.row = this.column = -1;
    this.lens = new Lens();
    this.slider = root.querySelector(".window input");
    this.grid.onclick = (event) => this.open(this.headAt(event));
    this.grid.onpointermove = (event) => this.tell(this.headAt(event));
    this.grid.onpointerleave = () => this.tell(-1);
    this.grid.onkeydown = (event) => this.press(event);
    this.svg.onpointerdown = (event) => this.hold(event);
    this.svg.onpointermove = (event) => (this.held ? this.drag(event) : this.point(pointerIn(this.svg, event)));
    this.svg.onpointerup = this.svg.onpointercancel = (event) => this.release(event);
    this.svg.onpointerleave = () => this.held || this.choose(-1, -1);
    this.svg.onkeydown = (event) => this.walk(event);
    this.svg.addEventListener("wheel", (event) => this.turn(event), { passive: false });
    for (const button of root.querySelectorAll(".steps button")) button.onclick = () => this.show_step(button.dataset.step);
    for (const button of root.querySelectorAll(".zoom button")) button.onclick = () => this.zoom(+button.dataset.zoom);
    this.slider.oninput = () => this.sayWindow(+this.slider.value);
    this.slider.onchange = () => this.report({ start: +this.slider.value });
  }

  show({ header, arrays }) {
    const fresh = header.text !== this.header?.text, moved = fresh || header.window[0] !== this.header?.window[0];
    Object.assign(this, { header, arrays, name: header.name });
    if (this.isNews({ layer: header.opened[0], head: header.opened[1] }) || fresh || this.number === undefined) this.number = this.numberOf(...header.opened);
    if (moved) this.row = this.column = -1;
    if (fresh || this.lens.size !== header.pieces.length) this.lens = new Lens(header.pieces.length);
    this.showWindow();
    this.draw();
  }

  // What is shown of the opened head: of a model that gives its weights only, these.
  get step() {
    return this.header?.scored || this.chosenStep === "lines" ? this.chosenStep : "softmax";
  }

  showWindow() {
    const [first, last, tokens] = this.header.window, most = last - first + 1;
    this.root.querySelector(".window").hidden = tokens <= most;
    Object.assign(this.slider, { max: tokens - most + 1, value: first, disabled: this.fixed });
    this.sayWindow(first);
  }

  sayWindow(start) {
    const [first, last, tokens] = this.header.window, words = `The model reads only tokens ${start}–${start + last - first} of ${tokens}`;
    this.root.querySelector(".window span").textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
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
    const last = this.header.pieces.length - 1, nearer = { "+": 1, "=": 1, "-": -1 }[event.key];
    if (nearer && !event.ctrlKey && !event.metaKey) return event.preventDefault(), this.zoom(nearer);
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const within = (value) => Math.max(0, Math.min(last, value));
    const row = this.row < 0 ? this.lens.row : within(this.row + by[0]);
    const column = within((this.column < 0 ? row : this.column) + by[1]);
    if (this.lens.reveal(row, column)) this.drawOpened();
    this.choose(row, column);
  }

  show_step(step) {
    this.chosenStep = step;
    this.draw();
  }

  // The part that is shown -----------------------------------------------------------------------------------------------------

  // 1: nearer, −1: further away, 0: all of it; about the chosen pair, or else the middle.
  zoom(nearer, at = null) {
    const { lens } = this, middle = lens.span / 2, chosen = this.row >= 0 && lens.shows(this.row, this.column);
    const [row, column] = at ?? (chosen ? [this.row, this.column] : [lens.row + middle, lens.column + middle]);
    lens.zoom(nearer ? lens.span * (nearer > 0 ? 0.7 : 1 / 0.7) : lens.size, row, column);
    this.drawOpened();
  }

  // The wheel scrolls the page, unless the map has the focus or Ctrl is held, as a trackpad says it of two fingers.
  turn(event) {
    const focused = this.svg.getRootNode().activeElement === this.svg;
    if (!(event.ctrlKey || focused) || !event.deltaY || (event.deltaY > 0 && this.lens.whole)) return;
    event.preventDefault();
    this.zoom(-Math.sign(event.deltaY), this.cellAt(pointerIn(this.svg, event)));
  }

  hold(event) {
    if (event.button || !this.place) return;
    const { row, column } = this.lens, { x, y } = pointerIn(this.svg, event);
    this.held = { x, y, row, column, moved: false };
  }

  drag(event) {
    const { held, lens, place } = this, { x, y } = pointerIn(this.svg, event);
    held.moved ||= Math.hypot(x - held.x, y - held.y) > CLICK;
    if (!held.moved || lens.whole) return;
    if (!this.svg.hasPointerCapture(event.pointerId)) this.svg.setPointerCapture(event.pointerId);
    const rows = (held.y - y) / place.cell;
    lens.moveTo(held.row + rows, held.column + (place.lines ? rows : (held.x - x) / place.cell));
    this.drawOpened();
  }

  // A click on a map without words shows as much of this place as has room with them.
  release(event) {
    const { held, lens } = this, at = pointerIn(this.svg, event);
    this.held = null;
    if (!held || held.moved || event.type === "pointercancel" || !lens.whole || lens.size <= this.most || this.place.lines) return;
    lens.zoom(this.readable, ...this.cellAt(at));
    this.drawOpened();
    this.point(at);
  }

  // Row and column under a point of the picture, as far as the map reaches.
  cellAt({ x, y }) {
    const { place, lens } = this, within = (value) => Math.max(0, Math.min(lens.span, value));
    return [lens.row + within((y - place.y) / place.cell), lens.column + within((x - place.x) / place.cell)];
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
    const [layer, head] = this.nameOf(this.number), { pieces } = this.header;
    this.root.querySelector(".opened h3").textContent = `Layer ${layer}, head ${head}`;
    for (const button of this.root.querySelectorAll(".steps button")) {
      button.setAttribute("aria-pressed", button.dataset.step === this.step);
      button.disabled = !this.header.scored && ["scores", "masked"].includes(button.dataset.step);
      button.title = button.disabled ? WEIGHTS_ONLY : "";
    }
    const { width, height } = measure(this.svg);
    this.rim = Math.min(90, 7 * Math.max(...pieces.map((piece) => this.short(piece).length)) + 8);
    const room = Math.max(40, Math.min(width, height) - this.rim);
    Object.assign(this, { most: Math.floor(room / CROWDED), readable: Math.floor(room / LEGIBLE) });
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-valuemax", pieces.length);
    this.svg.setAttribute("aria-label", "The opened head. Arrow keys choose the token that looks, up and down, and the one looked at.");
    if (this.step === "lines") this.drawLines(width, height);
    else this.drawMap(width, height);
    this.svg.dataset.part = this.lens.whole ? "all" : "some";
    this.root.querySelector(".zoom").hidden = this.lens.whole && pieces.length <= this.most;
    this.choose(this.row, this.column);
  }

  drawMap(width, height) {
    const { pieces, causal } = this.header, { lens } = this, { span } = lens, words = span <= this.most, rim = words ? this.rim : 12;
    const side = Math.max(40, Math.min(width - rim, height - rim)), cell = side / span, [x0, y0] = [rim, rim];
    this.place = { x: x0, y: y0, cell, side };
    const canvas = Object.assign(document.createElement("canvas"), { width: span, height: span });
    const pen = canvas.getContext("2d"), image = pen.createImageData(span, span), pixels = new Uint32Array(image.data.buffer), table = colourTable(VIRIDIS);
    const diverging = this.step !== "softmax", reach = diverging ? this.reachOfScores() : 1;
    for (let row = 0; row < span; row++) {
      for (let column = 0; column < span; column++) {
        const t = lens.row + row, j = lens.column + column;
        if (causal && j > t && this.step !== "scores") continue; // later tokens stay empty
        if (!diverging) pixels[row * span + column] = table[Math.round(255 * this.weight(t, j))];
        else image.data.set([...signed(this.score(t, j) || 0, reach), 255], 4 * (row * span + column));
      }
    }
    pen.putImageData(image, 0, 0);
    make(this.svg, "image", { x: x0, y: y0, width: side, height: side, href: canvas.toDataURL(), preserveAspectRatio: "none" });
    for (let i = 0; words && i < span; i++) {
      const middle = (i + 0.5) * cell;
      make(this.svg, "text", { class: "token row", x: x0 - 4, y: y0 + middle + 4, "text-anchor": "end" }, this.short(pieces[lens.row + i]));
      make(this.svg, "text", { class: "token column", transform: `translate(${x0 + middle + 3},${y0 - 4}) rotate(-60)` }, this.short(pieces[lens.column + i]));
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
    const { pieces } = this.header, { lens } = this, fit = Math.max(2, Math.floor((height - 26) / 13));
    if (lens.span > fit) lens.zoom(fit, lens.row, lens.column);
    const n = lens.span, step = Math.min(26, (height - 26) / n), left = Math.min(110, width / 4), right = width - left;
    const part = (first) => (n < pieces.length ? ` (tokens ${first + 1}–${first + n} of ${pieces.length})` : "");
    make(this.svg, "text", { x: left, y: 12, "text-anchor": "end", "font-weight": 600 }, "looks");
    make(this.svg, "text", { x: right, y: 12, "text-anchor": n < pieces.length ? "end" : "start", "font-weight": 600 }, `is looked at${part(lens.column)}`);
    this.lines = [];
    const y = (i) => 24 + (i + 0.5) * step, colour = themeColours(this.root)[0];
    for (let row = 0; row < n; row++) {
      const t = lens.row + row;
      for (let column = 0; column < n; column++) {
        const j = lens.column + column, weight = this.weight(t, j);
        if (weight < 0.01) continue;
        const line = make(this.svg, "line", { x1: left + 4, x2: right - 4, y1: y(row) - 4, y2: y(column) - 4, stroke: colour, "stroke-width": 0.5 + 3 * weight });
        this.lines.push({ line, t, j, weight });
      }
      make(this.svg, "text", { class: "token row", x: left, y: y(row), "text-anchor": "end" }, this.short(pieces[t]));
      make(this.svg, "text", { class: "token column", x: right, y: y(row) }, this.short(pieces[lens.column + row]));
    }
    this.place = { x: 0, y: 24, cell: step, side: n * step, lines: true };
    this.mark = null;
  }

  point({ x, y }) {
    const { place, lens } = this;
    if (!place) return;
    const row = Math.floor((y - place.y) / place.cell), column = place.lines ? -1 : Math.floor((x - place.x) / place.cell);
    const outside = row < 0 || row >= lens.span || (!place.lines && (column >= lens.span || x < 0));
    if (outside) this.choose(-1, -1);
    else this.choose(lens.row + row, column < 0 ? -1 : lens.column + column);
  }

  choose(row, column) {
    Object.assign(this, { row, column });
    const { pieces, causal } = this.header, n = pieces.length, quoted = (t) => `“${this.short(pieces[t])}”`;
    const said = this.root.querySelector(".reading");
    for (const { line, t, weight } of this.lines ?? []) line.setAttribute("opacity", row < 0 ? 0.15 + 0.85 * weight : t === row ? 0.3 + 0.7 * weight : 0.03);
    this.drawMark();
    this.svg.setAttribute("aria-valuenow", Math.max(1, row + 1));
    if (row < 0) {
      said.textContent = this.introduction();
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

  // What stands over the map while no token is pointed at.
  introduction() {
    const { causal, pieces } = this.header, { row, column, span, whole } = this.lens, mask = causal ? "Later tokens are masked." : "No mask: this model reads both ways.";
    if (!whole) return `Rows ${row + 1}–${row + span} look at columns ${column + 1}–${column + span}, of ${pieces.length} tokens. Drag to move.`;
    return `Rows look, columns are looked at. ${mask}${pieces.length > this.most ? " Click to read a part." : ""}`;
  }

  // The row that looks, and the cell of the pair, as far as they are in the part that is shown.
  drawMark() {
    if (!this.mark || !this.place) return;
    const { x, y, cell, side } = this.place, { lens } = this, row = this.row - lens.row, column = this.column - lens.column;
    const seen = (at) => at >= 0 && at < lens.span;
    const at = this.row < 0 || !seen(row) ? "" : `M${x},${y + row * cell}h${side}v${cell}h${-side}Z`;
    this.mark.setAttribute("d", at && (at + (seen(column) ? `M${x + column * cell},${y + row * cell}h${cell}v${cell}h${-cell}Z` : "")));
  }

  // q_i k_i for the chosen pair: the numbers that the score is the sum of
  drawProducts() {
    const svg = this.bars, { width, height } = measure(svg), { queries, keys } = this.arrays, d = this.header.size;
    svg.replaceChildren();
    if (!this.header.scored) make(svg, "text", { x: 0, y: 12 }, WEIGHTS_ONLY);
    if (this.row < 0 || !this.detailed || !this.header.scored || width < 80) return;
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
