// A pasted network, layer by layer along x: norms of gradients and variances of signals on logarithmic axes, and below them the
// shares of dead and saturated units. Pointing at a layer, or the arrow keys, give its numbers.

const LEFT = 44, RIGHT = 8, HEAD = 20, GAP = 30; // px beside the panels, over each for its legend, and between two
const NAME = 12; // px that a layer's name, which runs upwards, needs
const SHARES = 34; // px of the strip of shares
const NARROW = 460, LOW = 310; // px of width below which legends are short, and of height below which there is no room for names

const cross = (x, y, r) => `M${x - r},${y - r}L${x + r},${y + r}M${x - r},${y + r}L${x + r},${y - r}`;

class Own {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.chosen = null;
    this.svg.onpointermove = (event) => this.choose(this.at(pointerIn(this.svg, event).x));
    this.svg.onpointerdown = this.svg.onpointermove;
    this.svg.onpointerleave = () => this.root.getRootNode().activeElement !== this.svg && this.choose(null);
    this.svg.onkeydown = (event) => {
      const last = this.header.rows.length - 1, now = this.chosen ?? -1;
      const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 0, End: last }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.choose(Math.min(last, Math.max(0, to)));
    };
  }

  show({ header, arrays }) {
    if (this.chosen !== null && this.chosen >= header.rows.length) this.chosen = null;
    Object.assign(this, { header, name: header.name, values: arrays });
    this.draw();
  }

  draw() {
    if (!this.header) return;
    const { width, height } = measure(this.svg);
    if (width < 160 || height < 160) return;
    const { rows, most, gradients, signals } = this.header;
    this.svg.replaceChildren();
    const room = width - LEFT - RIGHT;
    this.step = room / most;
    this.marker = make(this.svg, "rect", { class: "under", y: 0, height, width: Math.max(2, this.step), visibility: "hidden" });
    this.named = this.step >= NAME && height >= LOW;
    const names = this.nameRoom(), free = height - names - SHARES - 3 * HEAD - 2 * (GAP - HEAD);
    const tall = Math.round(0.56 * free), place = { x: LEFT, width: room };
    const [first, second, third, fourth] = themeColours(this.root);
    let y = HEAD;
    const narrow = width < NARROW;
    this.panel({ ...place, y, height: tall }, gradients, narrow ? "log₁₀" : "norms, log₁₀", [
      { values: "signal_gradient", colour: second, words: "‖∂L/∂output‖" },
      { values: "weight_gradient", colour: first, words: "‖∂L/∂W‖", joined: new Set(this.header.linear), others: narrow ? "gains" : "of gains, slopes" },
    ]);
    y += tall + GAP;
    this.panel({ ...place, y, height: free - tall }, signals, narrow ? "log₁₀" : "variance of the output, log₁₀", [
      { values: "variance", colour: third, words: narrow ? "variance" : "over all entries" },
      { values: "spread", colour: fourth, words: "between samples" },
    ]);
    y += free - tall + GAP;
    this.drawShares({ ...place, y, height: SHARES }, narrow);
    make(this.svg, "text", { x: LEFT - 6, y: y + SHARES + 16, "text-anchor": "end", class: "layer quiet" }, "layer");
    rows.forEach((row, i) => this.drawName(row, i, y + SHARES + 6));
    this.svg.setAttribute("aria-valuemax", rows.length);
    this.choose(this.chosen);
  }

  // px below the panels for the layers' names: as the longest needs, or for numbers where names have no room
  nameRoom() {
    this.names = this.header.rows.map((row) => (row.name.length > 18 ? `${row.name.slice(0, 17)}…` : row.name));
    if (!this.named) return 18;
    return 10 + 5.8 * Math.max(...this.names.map((name) => name.length));
  }

  x(i) {
    return LEFT + (i + 0.5) * this.step;
  }

  at(x) {
    const i = Math.floor((x - LEFT) / this.step);
    return i >= 0 && i < this.header.rows.length ? i : null;
  }

  // A panel over decades with its lines; a value of exactly 0 is a cross on the floor.
  panel(box, decades, title, lines) {
    const { sy } = panel(this.svg, box, [0, 1], decades, { bars: true, title });
    this.legend(box, title, lines);
    for (const { values, colour, joined } of lines) {
      const all = this.values[values], on = [...all.keys()].filter((i) => Number.isFinite(all[i]) && (!joined || joined.has(i)));
      const y = (i) => (all[i] > 0 ? sy(Math.log10(all[i])) : NaN);
      make(this.svg, "path", { class: "line", stroke: colour, "stroke-width": 2, d: linePath(on.length, (k) => this.x(on[k]), (k) => y(on[k])) });
      const size = Math.min(3.5, Math.max(1.5, this.step / 4)), floor = box.y + box.height;
      all.forEach((value, i) => {
        const cx = this.x(i), fill = joined && !joined.has(i) ? "var(--st-background-color)" : colour;
        if (value > 0 && Number.isFinite(value)) make(this.svg, "circle", { class: "value", cx, cy: y(i), r: size, stroke: colour, "stroke-width": 1.5, fill });
        if (value === 0) make(this.svg, "path", { class: "nothing", stroke: colour, "stroke-width": 2, d: cross(cx, floor, size + 0.5) });
      });
    }
  }

  // What the colours mean, behind the panel's title, as far as there is room.
  legend(box, title, lines) {
    let x = box.x + this.svg.lastElementChild.getComputedTextLength() + 16;
    const hollow = lines.filter((line) => line.others && this.values[line.values].some((value, i) => Number.isFinite(value) && !line.joined.has(i)));
    const nothing = lines.filter((line) => !line.swatch && this.values[line.values].includes(0)).slice(0, 1);
    const more = [...hollow.map((line) => ({ ...line, words: line.others, ring: true })), ...nothing.map((line) => ({ ...line, words: "exactly 0", zero: true }))];
    for (const { colour, words, swatch, ring, zero } of [...lines, ...more]) {
      const entry = make(this.svg, "g"), label = make(entry, "text", { x: 18, y: 0 }, words), wide = 32 + label.getComputedTextLength();
      if (swatch) make(entry, "rect", { class: swatch, x: 0, y: -9, width: 12, height: 9 });
      else if (zero) make(entry, "path", { stroke: colour, "stroke-width": 2, d: cross(8, -4, 4) });
      else if (ring) make(entry, "circle", { cx: 8, cy: -4, r: 3.5, stroke: colour, "stroke-width": 1.5, fill: "none" });
      else make(entry, "line", { x1: 0, x2: 13, y1: -4, y2: -4, stroke: colour, "stroke-width": 3 });
      if (x + wide > box.x + box.width + RIGHT + 16) return entry.remove();
      entry.setAttribute("transform", `translate(${x},${box.y - 6})`);
      x += wide;
    }
  }

  drawShares(box, narrow) {
    const { sy } = panel(this.svg, box, [0, 1], [0, 1], { bars: true, bare: true, title: "units" });
    this.legend(box, "units", [{ swatch: "saturated", words: "saturated" }, { swatch: "dead", words: narrow ? "dead" : "dead: flat for every sample" }]);
    for (const [share, y] of [["0", 0], ["1", 1]]) make(this.svg, "text", { x: box.x - 6, y: sy(y) + 4, "text-anchor": "end", class: "quiet" }, share);
    const wide = Math.max(1.5, Math.min(16, 0.6 * this.step));
    for (const kind of ["saturated", "dead"]) {
      this.values[kind].forEach((share, i) => {
        if (share > 0) make(this.svg, "rect", { class: kind, x: this.x(i) - wide / 2, width: wide, y: sy(share), height: box.y + box.height - sy(share) });
      });
    }
  }

  // A layer's name, upwards; or the number of every few layers, where names have no room.
  drawName(row, i, y) {
    const every = Math.ceil(30 / this.step);
    if (this.named) make(this.svg, "text", { class: row.again ? "layer quiet" : "layer", "text-anchor": "end", transform: `translate(${this.x(i) + 4},${y}) rotate(-90)` }, this.names[i]);
    else if (i % every === 0) make(this.svg, "text", { class: "layer quiet", "text-anchor": "middle", x: this.x(i), y: y + 10 }, i + 1);
  }

  choose(i) {
    this.chosen = i;
    this.marker?.setAttribute("visibility", i === null ? "hidden" : "visible");
    if (i !== null) this.marker.setAttribute("x", this.x(i) - Math.max(2, this.step) / 2);
    const words = i === null ? `${this.header.inputs.toLocaleString("en")} numbers go into ${this.header.rows.length} layers. Point at one, or move with the arrow keys, for its numbers.` : this.words(i);
    this.svg.setAttribute("aria-valuenow", (i ?? 0) + 1);
    this.svg.setAttribute("aria-valuetext", words);
    const reading = this.root.querySelector(".reading");
    if (reading.textContent !== words) reading.textContent = words;
  }

  words(i) {
    const { name, line, weight, again } = this.header.rows[i], of = (values) => this.values[values][i], said = (values) => threeDigits(of(values));
    const count = of("parameters"), size = count ? `, ${count.toLocaleString("en")} parameters${again ? " (the same as further left)" : ""}` : "";
    const spread = Number.isFinite(of("spread")) ? said("spread") : "nothing but rounding";
    const weights = Number.isFinite(of("weight_norm")) ? ` ‖∂L/∂W‖ ${said("weight_gradient")}, ‖W‖ ${said("weight_norm")}${weight === "W" ? "" : ` (W: its ${weight})`}.` : "";
    const shares = Number.isFinite(of("dead")) ? ` Dead ${threeDigits(100 * of("dead"))} %, saturated ${threeDigits(100 * of("saturated"))} %.` : "";
    return `Layer ${i + 1}, line ${line}: ${name} gives ${of("widths").toLocaleString("en")} numbers${size}. Mean ${said("mean")}, variance ${said("variance")}, over the samples ${spread}. ‖∂L/∂output‖ ${said("signal_gradient")}.${weights}${shares}`;
  }
}

export default mount(Own);
