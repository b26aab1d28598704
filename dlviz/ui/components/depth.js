// One backward pass over the layers of a deep network: gradient norms, the factors between neighbours, signals, all over one
// axis of layers with one cursor; and the map of χ, on which a click asks for a real network with that spread of weights and biases.

const LINES = {
  gradient: [["signal_gradient", "‖∂L/∂z‖", 1], ["weight_gradient", "‖∂L/∂W‖", 0]],
  signal: [["variance", "variance of outputs", 2], ["square", "mean square of z", 3], ["mean_size", "|mean of outputs|", 4]],
  update: [["ratio", "‖∂L/∂W‖ / ‖W‖", 0]],
  shares: [["dead", "dead units", 4], ["saturated", "saturated (unit, sample) pairs", 0]],
};
const PREDICTED = { gradient: ["predicted", 1], signal: ["predicted_square", 3] };
const FACTORS = [["through_weights", "gain of W", 0], ["through_slope", "slope f′", 1], ["through_rest", "skip and norm", 4]];

const TITLE = 20; // pixels of a panel's legend

class Depth {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.map = root.querySelector(".map svg");
    this.layer = 0;
    this.svg.onpointermove = (event) => this.choose(Math.round(this.at(pointerIn(this.svg, event).x)) - 1);
    this.svg.onkeydown = (event) => this.press(event);
    this.third = "signal"; // what the third row shows
    for (const button of root.querySelectorAll(".third button")) button.onclick = () => this.choose_third(button.dataset.row);
    this.map.onclick = (event) => this.ask(pointerIn(this.map, event));
  }

  show({ header, arrays }) {
    Object.assign(this, { header, arrays, name: header.name });
    this.layer = Math.min(this.layer, header.layers - 1);
    this.svg.setAttribute("aria-valuemax", header.layers);
    this.draw();
  }

  at(x) {
    return this.sx ? this.sx.invert(x) : 1;
  }

  choose(layer) {
    this.layer = Math.max(0, Math.min(this.header.layers - 1, layer));
    this.point();
  }

  choose_third(row) {
    this.third = row;
    this.draw();
  }

  press(event) {
    const to = { ArrowLeft: this.layer - 1, ArrowRight: this.layer + 1, ArrowDown: this.layer - 1, ArrowUp: this.layer + 1, Home: 0, End: this.header.layers - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.choose(to);
  }

  ask({ x, y }) {
    if (!this.place || this.fixed) return;
    const { weight, bias } = this.header.map, near = (value, [low, high]) => Math.max(low, Math.min(high, Math.round(value * 20) / 20));
    this.report({ initialisation: "normal", weight_spread: near(this.place.sx.invert(x), weight), bias_spread: near(this.place.sy.invert(y), bias) });
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50 || this.svg.clientHeight < 50) return;
    const { width, height } = measure(this.svg), colours = themeColours(this.root), { header, arrays } = this;
    this.svg.replaceChildren();
    const box = { x: 56, width: width - 66 }, domain = [0.5, header.longest + 0.5], room = height - 36;
    const at = (from, share) => ({ ...box, y: TITLE + room * from, height: room * share - TITLE - 6 }); // its legend stands above
    for (const button of this.root.querySelectorAll(".third button")) button.setAttribute("aria-pressed", button.dataset.row === this.third);
    const whole = height > 330; // else the histograms have no room
    const parts = whole
      ? [["gradient", at(0, 0.4)], ["factor", at(0.4, 0.24)], [this.third, at(0.64, 0.19)]]
      : [["gradient", at(0, 0.46)], ["factor", at(0.46, 0.28)], [this.third, at(0.74, 0.26)]];
    for (const [kind, place] of parts) {
      const drawn = panel(this.svg, place, domain, header.ranges[kind], { title: "", powers: true, x: !whole && kind === this.third ? "layer" : "" });
      this.sx = drawn.sx;
      if (kind === "factor") this.drawFactors(drawn, colours);
      else this.drawLines(kind, drawn, colours);
    }
    if (whole) this.drawHistogram(at(0.83, 0.17), domain, colours);
    this.cursor = make(this.svg, "line", { class: "cursor", y1: TITLE, y2: room - 6 });
    this.drawMap();
    this.point();
  }

  drawLines(kind, { sx, sy, inside, box }, colours) {
    const line = (name, colour, extra) => {
      const values = this.arrays[name];
      make(inside, "path", { class: "line", d: linePath(values.length, (i) => sx(i + 1), (i) => (values[i] > 0 ? sy(Math.log10(values[i])) : NaN)), stroke: colours[colour], ...extra });
      if (values.length < 40 && !extra.class) values.forEach((value, i) => value > 0 && make(inside, "circle", { cx: sx(i + 1), cy: sy(Math.log10(value)), r: 2.5, fill: colours[colour] }));
    };
    const [name, colour] = PREDICTED[kind] ?? [], known = name && this.arrays[name].filter(Number.isFinite).length > 1;
    if (known) line(name, colour, { class: "line predicted", "stroke-width": 1.5 });
    for (const [each, , of] of LINES[kind]) line(each, of, { "stroke-width": kind === "gradient" ? 2.5 : 2 });
    if (kind === "signal" && this.header.rests !== null) this.drawRest(inside, box, sy(this.header.rests), colours[3]);
    const words = [...LINES[kind].map(([, label, of]) => [label, of]), ...(known ? [[box.width > 460 ? "- - predicted for infinite width" : "- - predicted", colour]] : [])];
    if (kind === "signal" && this.header.rests !== null && box.width > 520) words.push(["··· q*, where it rests", colour]);
    this.legend(box, words, colours);
    if (kind === "shares" && [...this.arrays.dead, ...this.arrays.saturated].every((share) => !(share > 0))) this.note(box, "none in any layer: 0 has no logarithm");
    const lost = [...this.arrays.signal_gradient].lastIndexOf(0);
    if (kind === "gradient" && lost >= 0) this.note(box, `exactly 0 in ${this.header.precision}${lost ? ` up to layer ${lost + 1}` : " in layer 1"}`);
    if (kind === "gradient" && this.arrays.signal_gradient.some((value) => !Number.isFinite(value))) this.note(box, `beyond ${this.header.precision}`);
  }

  // the fixed point of the predicted mean square
  drawRest(inside, box, y, colour) {
    make(inside, "line", { class: "rest", x1: box.x, x2: box.x + box.width, y1: y, y2: y, stroke: colour });
    make(this.svg, "text", { x: box.x + box.width - 2, y: y - 4, "text-anchor": "end", style: `${HALO}; fill: ${colour}` }, "q*");
  }

  // bars from 1, which neither shrinks nor grows; their heights add up to the slope of the line above
  drawFactors({ sx, sy, inside, box }, colours) {
    const shown = FACTORS.filter(([name]) => name !== "through_rest" || this.header.rest);
    const wide = Math.abs(sx(2) - sx(1)) * 0.8, each = wide / shown.length;
    shown.forEach(([name, , colour], k) => {
      this.arrays[name].forEach((value, i) => {
        if (!(value > 0) || !Number.isFinite(value)) return;
        const [top, bottom] = [sy(Math.log10(value)), sy(0)].sort((a, b) => a - b);
        make(inside, "rect", { class: "bar", x: sx(i + 1) - wide / 2 + k * each, width: Math.max(0.5, each - 0.5), y: top, height: Math.max(1, bottom - top), fill: colours[colour] });
      });
    });
    this.legend(box, [["factor from the next layer:", null], ...shown.map(([, label, colour]) => [label, colour])], colours);
  }

  legend(box, words, colours) {
    const text = make(this.svg, "text", { x: box.x, y: box.y - 5, "font-weight": 600 });
    for (const [word, colour] of words) {
      const part = make(text, "tspan", colour === null ? {} : { style: `fill: ${colours[colour]}` }, word);
      part.setAttribute("dx", text.childNodes.length > 1 ? 12 : 0);
    }
  }

  note(box, words) {
    make(this.svg, "text", { x: box.x + 6, y: box.y + box.height - 8, style: HALO }, words);
  }

  // how what leaves each layer is distributed: one column a layer, darker where more values are
  drawHistogram(box, domain, colours) {
    const { layers, histogram: { bins, reach } } = this.header, shares = this.arrays.histogram;
    const canvas = Object.assign(document.createElement("canvas"), { width: layers, height: bins }), pen = canvas.getContext("2d");
    for (let layer = 0; layer < layers; layer++) {
      const most = Math.max(...shares.subarray(layer * bins, (layer + 1) * bins));
      for (let bin = 0; bin < bins; bin++) {
        pen.globalAlpha = Math.sqrt(shares[layer * bins + bin] / most);
        pen.fillStyle = colours[2];
        pen.fillRect(layer, bins - 1 - bin, 1, 1);
      }
    }
    const { sx, inside } = panel(this.svg, box, domain, [-reach, reach], { title: "", x: "layer" });
    make(inside, "image", { href: canvas.toDataURL(), x: sx(0.5), y: box.y, width: sx(layers + 0.5) - sx(0.5), height: box.height, preserveAspectRatio: "none" });
    this.legend(box, [["outputs of each layer, most frequent darkest", null]], colours);
  }

  drawMap() {
    const { width, height } = measure(this.map), { map } = this.header;
    this.map.replaceChildren();
    if (width < 60 || height < 60) return;
    const [rows, columns] = map.shape, canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    const pen = canvas.getContext("2d"), image = pen.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer), table = colourTable(map.colours);
    this.arrays.chi.forEach((value, i) => {
      const row = rows - 1 - Math.floor(i / columns), share = Math.max(0, Math.min(1, 0.5 + value / (2 * map.furthest)));
      pixels[row * columns + (i % columns)] = table[Math.round(255 * share)];
    });
    pen.putImageData(image, 0, 0);
    const box = { x: 30, y: 4, width: width - 36, height: height - 42 };
    this.place = panel(this.map, box, map.weight, map.bias, { title: "", x: "σ_w" });
    make(this.place.inside, "image", { href: canvas.toDataURL(), ...box, preserveAspectRatio: "none" });
    make(this.place.inside, "path", { class: "edge", d: linePath(map.edge.length, (i) => this.place.sx(map.edge[i][0]), (i) => this.place.sy(map.edge[i][1])) });
    make(this.place.inside, "circle", { class: "here", cx: this.place.sx(map.here[0]), cy: this.place.sy(map.here[1]), r: 6 });
    make(this.map, "text", { x: 4, y: box.y + box.height + 32 }, "up: σ_b");
  }

  // the cursor and the numbers of its layer
  point() {
    const { layer, arrays, header } = this, i = layer, value = (name) => arrays[name][i];
    if (!this.cursor) return;
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.sx(i + 1));
    this.svg.setAttribute("aria-valuenow", i + 1);
    this.svg.setAttribute("aria-valuetext", `layer ${i + 1}, gradient ${threeDigits(value("signal_gradient"))}`);
    this.root.querySelector(".readout h3").textContent = `Layer ${i + 1} of ${header.layers}`;
    const percent = (name) => `${threeDigits(100 * value(name))} %`;
    const rows = [
      ["‖∂L/∂z‖", threeDigits(value("signal_gradient"))],
      ["‖∂L/∂W‖", threeDigits(value("weight_gradient"))],
      ["‖∂L/∂W‖ / ‖W‖", threeDigits(value("weight_gradient") / value("weight_norm"))],
      ["of single samples, 10–90 %", Number.isFinite(arrays.per_sample[3 * i]) ? `${threeDigits(arrays.per_sample[3 * i])} – ${threeDigits(arrays.per_sample[3 * i + 2])}` : "–", "aside"],
      ["outputs: mean · variance", `${threeDigits(value("mean"))} · ${threeDigits(value("variance"))}`, "aside"],
      ["mean |f′|", threeDigits(value("slope"))],
      ["dead · saturated", `${percent("dead")} · ${percent("saturated")}`],
    ];
    this.root.querySelector(".readout dl").replaceChildren(
      ...rows.flatMap(([label, text, className = ""]) => [["dt", label], ["dd", text]].map(([kind, textContent]) => Object.assign(document.createElement(kind), { textContent, className })))
    );
    const factors = FACTORS.filter(([name]) => name !== "through_rest" || header.rest);
    this.root.querySelector(".product").textContent =
      i === header.layers - 1
        ? "The last layer: its gradient comes from the readout."
        : `${threeDigits(value("signal_gradient"))} = ${threeDigits(arrays.signal_gradient[i + 1])} of layer ${i + 2} × ${factors.map(([name, label]) => `${threeDigits(value(name))} (${label})`).join(" × ")}`;
  }
}

export default mount(Depth);
