// Curves with a probe that follows the pointer, and one neuron whose z is where the probe rests.
// Every value shown is an entry of the table that torch computed: x and z are whole hundredths, as the table's rows are.

const NEURON = ["input_1", "weight_1", "input_2", "weight_2", "bias"];
const WEIGHTS = { value: 1.7, slope: 1, curvature: 1, difference: 1 };
const ORDERS = { value: 0, slope: 1, curvature: 2 };

// The pixel of a value, not so far outside that the browser's own arithmetic breaks; NaN, a gap, where there is no finite value.
function onScreen(sy, value) {
  return Number.isFinite(value) ? Math.max(-1e5, Math.min(1e5, sy(value))) : NaN;
}

class Curve {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.hovered = null; // the probe's x while the pointer or the keyboard holds it, else null: it rests at z
    this.svg.onpointermove = (event) => this.hover(event);
    this.svg.onpointerdown = (event) => this.hover(event);
    this.svg.onpointerleave = () => this.rest();
    this.svg.onblur = () => this.rest();
    this.svg.onkeydown = (event) => this.step(event);
  }

  show({ header, arrays }) {
    Object.assign(this, { header, values: arrays.curves, name: header.name });
    if (this.isNews({ ...header.neuron, focus: header.focus })) Object.assign(this, { neuron: { ...header.neuron }, focus: header.focus });
    if (!header.functions.some((f) => f.name === this.focus)) this.focus = header.focus;
    this.buildReadings();
    this.buildNeuron();
    this.draw();
  }

  // f, f' or f'' (order 0, 1, 2) of function i at x, read from the table
  at(i, order, x) {
    const row = Math.round(x * this.header.per_unit) + this.header.half;
    return this.values[(i * 3 + order) * this.header.points + row];
  }

  // f between two rows of the table, for drawing only
  between(i, x) {
    const position = x * this.header.per_unit, low = Math.floor(position), share = position - low;
    const left = this.at(i, 0, low / this.header.per_unit);
    return share < 1e-9 ? left : left + share * (this.at(i, 0, (low + 1) / this.header.per_unit) - left);
  }

  value(i, kind, x) {
    return kind === "difference" ? this.at(i, 0, x) - this.at(this.focusIndex(), 0, x) : this.at(i, ORDERS[kind], x);
  }

  focusIndex() {
    return this.header.functions.findIndex((f) => f.name === this.focus);
  }

  z() {
    const { input_1, weight_1, input_2, weight_2, bias } = this.neuron;
    return Math.round((weight_1 * input_1 + weight_2 * input_2 + bias) * this.header.per_unit) / this.header.per_unit;
  }

  look(i) {
    const colours = themeColours(this.root);
    return { stroke: colours[i % colours.length], "stroke-dasharray": i < colours.length ? "none" : "7 4" };
  }

  draw() {
    const { width, height } = measure(this.svg);
    if (!this.header || width < 50 || height < 50) return;
    this.svg.replaceChildren();
    const { panels, span } = this.header;
    const margin = { left: 44, right: 10, top: 4, bottom: 36, gap: 12 };
    const total = panels.reduce((sum, p) => sum + WEIGHTS[p.kind], 0);
    const room = height - margin.top - margin.bottom - margin.gap * (panels.length - 1);
    let y = margin.top;
    this.panels = panels.map((p, order) => {
      const box = { x: margin.left, y, width: width - margin.left - margin.right, height: (room * WEIGHTS[p.kind]) / total };
      y += box.height + margin.gap;
      const labels = { title: p.title, x: order === panels.length - 1 ? "input x" : "" };
      const drawn = panel(this.svg, box, [-span, span], [p.low, p.high], labels);
      this.drawZones(drawn);
      this.drawCurves(drawn, p.kind);
      return { ...drawn, kind: p.kind };
    });
    this.probe = make(this.svg, "g");
    this.drawProbe();
    this.drawResponse();
  }

  drawZones({ sx, box, inside }) {
    for (const [from, to] of this.header.functions[this.focusIndex()].zones) {
      make(inside, "rect", { class: "zone", x: sx(from), width: Math.max(1, sx(to) - sx(from)), y: box.y, height: box.height });
    }
  }

  drawCurves({ sx, sy, inside }, kind) {
    const { span, per_unit, functions } = this.header;
    const count = 2 * Math.round(span * per_unit) + 1;
    const order = functions.map((_, i) => i).sort((a, b) => (a === this.focusIndex()) - (b === this.focusIndex()));
    for (const i of order) {
      const x = (k) => k / per_unit - span;
      const d = linePath(count, (k) => sx(x(k)), (k) => onScreen(sy, this.value(i, kind, x(k))));
      make(inside, "path", { class: "line", d, ...this.look(i), "stroke-width": i === this.focusIndex() ? 3.5 : 2 });
    }
  }

  x() {
    return this.hovered ?? this.z();
  }

  drawProbe() {
    const x = this.x(), { functions, span } = this.header, visible = Math.abs(x) <= span;
    this.probe.replaceChildren();
    const last = this.panels[this.panels.length - 1];
    const z = Math.max(-span, Math.min(span, this.z())), foot = last.box.y + last.box.height;
    make(this.probe, "path", { d: `M${last.sx(z)},${foot}l-6,9h12z`, fill: "var(--st-primary-color)" });
    make(this.probe, "text", { x: last.sx(z) + 10, y: foot + 12, "font-weight": 600, style: "fill: var(--st-primary-color)" }, "z");
    for (const { sx, sy, box, kind, clip } of visible ? this.panels : []) {
      make(this.probe, "line", { class: "probe", x1: sx(x), x2: sx(x), y1: box.y, y2: box.y + box.height });
      if (kind === "value") this.drawTangent(sx, sy, x, clip);
      functions.forEach((_, i) => {
        const y = this.value(i, kind, x);
        if (y >= sy.invert(box.y + box.height) && y <= sy.invert(box.y)) {
          make(this.probe, "circle", { cx: sx(x), cy: sy(y), r: i === this.focusIndex() ? 5 : 3.5, fill: this.look(i).stroke });
        }
      });
    }
    this.writeReadings(x);
  }

  drawTangent(sx, sy, x, clip) {
    const i = this.focusIndex(), f = this.at(i, 0, x), slope = this.at(i, 1, x), reach = this.header.span / 3;
    if (!Number.isFinite(f + slope)) return;
    make(this.probe, "line", { class: "tangent", "clip-path": clip, x1: sx(x - reach), x2: sx(x + reach), y1: sy(f - slope * reach), y2: sy(f + slope * reach) });
  }

  hover(event) {
    const { sx } = this.panels[0], { span, per_unit } = this.header;
    const x = sx.invert(pointerIn(this.svg, event).x);
    this.moveProbe(Math.max(-span, Math.min(span, Math.round(x * per_unit) / per_unit)));
  }

  step(event) {
    const by = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    const { span, per_unit } = this.header;
    if (event.key === "Escape") return this.rest();
    if (by === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const to = event.key === "Home" ? -span : event.key === "End" ? span : this.x() + by * (event.shiftKey ? 0.1 : 1);
    this.moveProbe(Math.max(-span, Math.min(span, Math.round(to * per_unit) / per_unit)));
  }

  rest() {
    this.hovered = null;
    this.drawProbe();
  }

  moveProbe(x) {
    this.hovered = x;
    this.drawProbe();
  }

  buildReadings() {
    const body = this.root.querySelector(".readings tbody");
    const wanted = JSON.stringify(this.header.functions.map((f) => f.label));
    if (body.dataset.built !== wanted) {
      body.replaceChildren(
        ...this.header.functions.map((f, i) => {
          const row = document.createElement("tr");
          row.innerHTML = `<th scope="row" class="name"><label><input type="radio" name="focus"><span class="swatch"></span><span class="label"></span></label></th><td></td><td></td><td></td>`;
          row.querySelector(".label").textContent = f.label;
          row.querySelector("input").disabled = this.fixed;
          row.querySelector("input").onchange = () => this.mark(this.header.functions[i].name);
          return row;
        })
      );
      body.dataset.built = wanted;
    }
    body.querySelectorAll("tr").forEach((row, i) => {
      row.dataset.name = this.header.functions[i].name;
      row.querySelector("input").checked = this.header.functions[i].name === this.focus;
    });
  }

  writeReadings(x) {
    const where = this.hovered === null ? `At the neuron’s z = ${x.toFixed(2)}` : `At x = ${x.toFixed(2)}`;
    const readings = this.root.querySelector(".readings");
    readings.querySelector("caption").textContent = where.replace("-", "−");
    readings.dataset.x = x;
    readings.querySelectorAll("tbody tr").forEach((row, i) => {
      const swatch = row.querySelector(".swatch"), { stroke } = this.look(i);
      swatch.style.borderTopColor = stroke;
      swatch.style.borderTopStyle = this.look(i)["stroke-dasharray"] === "none" ? "solid" : "dashed";
      row.querySelectorAll("td").forEach((cell, order) => write(cell, this.at(i, order, x)));
    });
    const i = this.focusIndex();
    this.svg.setAttribute("aria-valuemin", -this.header.span);
    this.svg.setAttribute("aria-valuemax", this.header.span);
    this.svg.setAttribute("aria-valuenow", x);
    const words = ["f", "f′", "f″"].map((word, order) => `${word} ${threeDigits(this.at(i, order, x))}`).join(", ");
    this.svg.setAttribute("aria-valuetext", `x ${x.toFixed(2)}, ${this.header.functions[i].label}: ${words}`);
    this.svg.setAttribute("aria-label", this.header.alt);
  }

  mark(name) {
    this.focus = name;
    this.draw();
    this.send();
  }

  send() {
    this.report({ ...this.neuron, focus: this.focus });
  }

  buildNeuron() {
    const box = this.root.querySelector(".sliders");
    if (!box.childElementCount) {
      for (const name of NEURON) {
        const { label, low, high, step } = this.header.sliders[name];
        const part = document.createElement("template");
        part.innerHTML = `<label></label><input type="range"><output></output>`;
        const [word, input, output] = part.content.children;
        Object.assign(input, { min: low, max: high, step, id: `neuron-${name}`, name, disabled: this.fixed });
        Object.assign(word, { htmlFor: input.id, textContent: label });
        output.htmlFor = input.id;
        input.oninput = () => this.turn(name, +input.value);
        input.onchange = () => this.send();
        box.append(part.content);
      }
    }
    this.writeNeuron();
  }

  turn(name, value) {
    this.neuron[name] = value;
    this.writeNeuron();
    this.drawProbe();
    this.drawResponse();
  }

  writeNeuron() {
    for (const name of NEURON) {
      const input = this.root.querySelector(`[name=${name}]`);
      if (+input.value !== this.neuron[name]) input.value = this.neuron[name];
      input.nextElementSibling.textContent = this.neuron[name].toFixed(1).replace("-", "−");
    }
    const z = this.z(), sum = this.root.querySelector(".sum"), output = this.at(this.focusIndex(), 0, z);
    sum.textContent = `z = ${z.toFixed(2).replace("-", "−")}  →  f(z) = ${threeDigits(output)}`;
    Object.assign(sum.dataset, { z, output });
  }

  // the neuron's output against its first input, and f itself for comparison: w1 stretches and flips it, the rest shifts it
  drawResponse() {
    const svg = this.root.querySelector(".response svg"), { width, height } = measure(svg);
    svg.replaceChildren();
    svg.setAttribute("aria-label", `The neuron’s output against its first input x₁, with w₁ = ${this.neuron.weight_1}; dotted: f itself.`);
    if (width < 50 || height < 64) return;
    const i = this.focusIndex(), { input_1, weight_1, input_2, weight_2, bias } = this.neuron;
    const rest = weight_2 * input_2 + bias;
    const { low, high } = this.header.sliders.input_1;
    const { low: bottom, high: top } = this.header.functions[i].response;
    const drawn = panel(svg, { x: 34, y: 2, width: width - 44, height: height - 36 }, [low, high], [bottom, top], { title: "", x: "input x₁" });
    const x = (k) => low + ((high - low) * k) / 200;
    const curve = (f) => linePath(201, (k) => drawn.sx(x(k)), (k) => onScreen(drawn.sy, f(x(k))));
    const colour = this.look(i).stroke;
    make(drawn.inside, "path", { class: "line", d: curve((x1) => this.between(i, x1)), stroke: colour, "stroke-width": 1.5, "stroke-dasharray": "2 4" });
    make(drawn.inside, "path", { class: "line", d: curve((x1) => this.between(i, weight_1 * x1 + rest)), stroke: colour, "stroke-width": 3 });
    const output = this.at(i, 0, this.z());
    if (Number.isFinite(output)) make(drawn.inside, "circle", { cx: drawn.sx(input_1), cy: drawn.sy(output), r: 5, fill: "var(--st-primary-color)" });
  }
}

export default mount(Curve);
