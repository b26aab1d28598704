// What each function costs: bars from zero, so that lengths compare, and whiskers from quartile to quartile. While it is being
// measured the picture asks for all there is so far, which is little; a row's numbers are read by pointing at it or by arrow keys.

const [LOW, MEDIAN, HIGH] = [0, 1, 2];
const LEFT = 98, RIGHT = 92; // px for the names and for the numbers
const NARROW = 340; // px that a device's picture needs at least

class Cost {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.chosen = null;
    const next = () => (this.header.run % this.header.last_run) + 1;
    root.querySelector(".again").onclick = () => this.report({ run: next() });
    root.querySelector(".longer").onclick = () => this.report({ repetitions: this.longer(), run: next() });
    this.svg.onpointerleave = () => this.choose(null);
  }

  show({ header, arrays }) {
    if (header.functions.join() !== this.header?.functions.join()) this.chosen = null;
    Object.assign(this, { header, name: header.name, quartiles: arrays.quartiles, least: arrays.least });
    this.draw();
    keepAsking(this, () => -1);
  }

  // four times as many repetitions, on the stops of their control: 5, 15, 25, ...
  longer() {
    return Math.min(this.header.longest, 10 * Math.round((4 * this.header.wanted - 5) / 10) + 5);
  }

  place(device, kind, i) {
    const { kinds, functions } = this.header;
    return (device * kinds.length + kinds.indexOf(kind)) * functions.length + i;
  }

  // of a device, a kind ("call", "forward", "both") and a function: a quartile, in ns per call or ns per element
  value(device, kind, i, quartile = MEDIAN) {
    return this.quartiles[this.place(device, kind, i) * 3 + quartile];
  }

  // Cheapest first on the CPU; while it is being measured in the order of the list, or rows would jump about.
  order() {
    const indices = this.header.functions.map((_, i) => i);
    return this.header.done ? indices.sort((a, b) => this.value(0, "forward", a) - this.value(0, "forward", b)) : indices;
  }

  draw() {
    const { width, height } = measure(this.svg);
    if (!this.header || width < 200 || height < 80) return;
    const { machine } = this.header, focused = this.root.getRootNode().activeElement?.dataset.row;
    this.svg.replaceChildren();
    this.rows = new Map();
    // devices stand side by side, or one above the other where that would be too narrow; each has its own axis
    const order = this.order(), count = machine.length, beside = width / count > NARROW;
    const top = this.drawLegend(width), room = height - top;
    const place = beside ? { width: width / count, height: room } : { width, height: room / count };
    machine.forEach((_, device) => this.drawDevice(device, order, { ...place, x: beside ? device * place.width : 0, y: top + (beside ? 0 : device * place.height) }));
    this.choose(this.chosen, this.chosenOn);
    if (focused !== undefined) this.rows.get(+focused)?.[this.chosenOn ?? 0].focus();
    this.root.querySelector(".longer").disabled = this.header.wanted >= this.header.longest;
    this.root.querySelector(".status").textContent = this.status();
  }

  // What the colours mean, in the picture itself so that a saved one has it too; returns how many pixels it takes.
  drawLegend(width) {
    const colours = themeColours(this.root);
    let x = 0, y = 12;
    ["forward", "forward + backward", "of it the call itself", "quartiles"].forEach((words, k) => {
      const entry = make(this.svg, "g"), label = make(entry, "text", { x: 24, y: 0 }, words), wide = 42 + label.getComputedTextLength();
      if (x && x + wide > width) [x, y] = [0, y + 18];
      if (k < 3) make(entry, "rect", { x: 0, y: -9, width: 18, height: 9, rx: 2, fill: colours[k] });
      else make(entry, "path", { class: "spread", d: "M0,-4.5H18M0,-8V-1M18,-8V-1" });
      entry.setAttribute("transform", `translate(${x},${y})`);
      x += wide;
    });
    return y + 10;
  }

  drawDevice(device, order, place) {
    const box = { x: place.x + LEFT, y: place.y + 20, width: place.width - LEFT - RIGHT, height: place.height - 58 };
    const most = this.header.most[device], x = scale(0, most, box.x, box.x + box.width), foot = box.y + box.height;
    make(this.svg, "text", { x: place.x, y: place.y + 12, "font-weight": 600 }, this.header.machine[device]);
    for (const tick of ticks(0, most, Math.max(3, box.width / 80))) {
      make(this.svg, "line", { class: tick ? "grid" : "zero", x1: x(tick), x2: x(tick), y1: box.y, y2: foot });
      make(this.svg, "text", { x: x(tick), y: foot + 15, "text-anchor": "middle", class: "quiet" }, threeDigits(tick));
    }
    make(this.svg, "text", { x: box.x + box.width, y: foot + 32, "text-anchor": "end" }, "nanoseconds per element, median");
    order.forEach((i, position) => this.drawRow(device, i, position, order, { ...box, left: place.x, x0: x(0), most }, x));
  }

  drawRow(device, i, position, order, box, x) {
    const step = box.height / order.length, top = box.y + position * step, middle = top + step / 2, lane = Math.min(14, step * 0.38);
    const row = make(this.svg, "g", { class: "row", tabindex: position === 0 && device === 0 ? 0 : -1, role: "img", "aria-label": this.words(device, i), "data-row": i });
    if (device === 0) this.rows.set(i, []);
    this.rows.get(i).push(row);
    make(row, "rect", { class: "under", x: box.left, y: top, width: box.x - box.left + box.width + RIGHT - 8, height: step, rx: 3 });
    make(row, "text", { x: box.x - 8, y: middle + 4, "text-anchor": "end" }, this.header.functions[i]);
    const colours = themeColours(this.root);
    let end = box.x0;
    ["forward", "both"].forEach((kind, k) => {
      const [low, median, high] = [LOW, MEDIAN, HIGH].map((quartile) => this.value(device, kind, i, quartile));
      if (!Number.isFinite(median)) return;
      const y = middle + (k - 1) * lane, centre = y + lane / 2;
      make(row, "rect", { class: kind, x: box.x0, y: y + 0.5, width: Math.max(1, x(median) - box.x0), height: lane - 1, fill: colours[k] });
      const call = Math.min(median, this.value(device, "call", i) / this.header.elements);
      if (k === 0 && call > 0) make(row, "rect", { class: "of-call", x: box.x0, y: y + 0.5, width: x(call) - box.x0, height: lane - 1, fill: colours[2] });
      const far = x(Math.min(high, box.most)), cut = high > box.most;
      make(row, "line", { class: "spread", x1: x(low), x2: far, y1: centre, y2: centre });
      make(row, "line", { class: "spread", x1: x(low), x2: x(low), y1: centre - 3, y2: centre + 3 });
      make(row, "path", { class: "spread", fill: "none", d: cut ? `M${far - 4},${centre - 3}L${far},${centre}L${far - 4},${centre + 3}` : `M${far},${centre - 3}V${centre + 3}` });
      end = Math.max(end, far);
    });
    const shown = ["forward", "both"].map((kind) => this.value(device, kind, i)).map((value) => (Number.isFinite(value) ? threeDigits(value) : "–"));
    make(row, "text", { class: "numbers", x: end + 8, y: middle + 4 }, shown.join(" · "));
    row.onpointerenter = () => this.choose(i, device);
    row.onfocus = () => this.choose(i, device);
    row.onkeydown = (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], to = order[position + by];
      if (event.key === "Home" || event.key === "End" || by) event.preventDefault();
      const beside = { ArrowLeft: device - 1, ArrowRight: device + 1 }[event.key];
      if (beside !== undefined) this.rows.get(i)[beside]?.focus();
      const next = event.key === "Home" ? order[0] : event.key === "End" ? order.at(-1) : to;
      if (next !== undefined) this.rows.get(next)[device].focus();
    };
  }

  // The function whose row on a device is pointed at or has the focus; its numbers stand below the picture.
  choose(i, device = 0) {
    Object.assign(this, { chosen: i, chosenOn: device });
    for (const [number, rows] of this.rows ?? []) {
      rows.forEach((row, on) => {
        row.classList.toggle("chosen", number === i);
        if (i !== null && on === 0) row.setAttribute("tabindex", number === i ? 0 : -1);
      });
    }
    const reading = this.root.querySelector(".reading");
    const words = i === null ? "Point at a row, or move with the arrow keys, for its numbers." : this.words(device, i);
    if (reading.textContent !== words) reading.textContent = words;
  }

  words(device, i) {
    const { functions, yardstick, machine } = this.header, name = functions[i];
    const where = machine.length > 1 ? ` on the ${device ? "GPU" : "CPU"}` : "";
    const forward = this.value(device, "forward", i), relu = this.value(device, "forward", yardstick);
    if (!Number.isFinite(forward)) return `${name}${where}: not measured yet.`;
    const between = (kind) => `${threeDigits(this.value(device, kind, i))} ns per element (middle half ${threeDigits(this.value(device, kind, i, LOW))} to ${threeDigits(this.value(device, kind, i, HIGH))}, quickest ${threeDigits(this.least[this.place(device, kind, i)])})`;
    const both = Number.isFinite(this.value(device, "both", i)) ? `with backward ${between("both")}` : this.header.done ? "autograd sees a constant, so there is no backward pass" : "backward not measured yet";
    const ratio = i !== yardstick && Number.isFinite(relu) ? `; forward ${threeDigits(forward / relu)} × ReLU` : "";
    const call = this.value(device, "call", i), one = Number.isFinite(call) ? `; a call on one element ${threeDigits(call)} ns` : "";
    return `${name}${where}: forward ${between("forward")}, ${both}${ratio}${one}.`;
  }

  status() {
    const { done, rounds, wanted, elements, precision, began } = this.header;
    const what = `${elements.toLocaleString("en")} elements, ${precision}`;
    if (!done) return `Measuring: ${rounds} of ${wanted} repetitions so far (${what}).`;
    const cut = rounds < wanted ? `, of ${wanted} wanted: the time was up` : "";
    const when = Date.now() / 1000 - began < 60 ? "just now" : new Date(1000 * began).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    return `Measured ${when} on this machine: ${rounds} repetitions${cut} (${what}). Another run gives other numbers.${this.busy() ? " The machine is busy: the quartiles lie far apart." : ""}`;
  }

  // whether for half of the functions the quartiles of the forward pass lie further apart than half the median
  busy() {
    const spread = (i) => (this.value(0, "forward", i, HIGH) - this.value(0, "forward", i, LOW)) / this.value(0, "forward", i);
    const far = this.header.functions.filter((_, i) => spread(i) > 0.5);
    return 2 * far.length >= this.header.functions.length;
  }
}

export default mount(Cost);
