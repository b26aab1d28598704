// A function built from hidden units: each unit's w·f(a·x + b), their sum, and the training of both as snapshots.
// All of it is drawn from the parameters, here, in double precision: dragging and playing send nothing.

const UNIT = {
  relu: [(z) => Math.max(0, z), (z) => +(z > 0)],
  leaky_relu: [(z) => (z > 0 ? z : 0.1 * z), (z) => (z > 0 ? 1 : 0.1)],
  tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
  sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)],
  silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * sigmoid(-z))],
  softplus: [(z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), sigmoid],
  identity: [(z) => z, () => 1],
};
const POINTS = 201, SAMPLES = 81, REACH = 1.5, FRAME_MS = 50, PAST = 50, WIDE = 1.1, HIGH = 1.65;
const X = Array.from({ length: POINTS }, (_, i) => (i - 100) / 100);

function sigmoid(z) {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

function fine(value) {
  return Math.max(-1000, Math.min(1000, Math.round(value * 1e4) / 1e4)) + 0;
}

class Hinges {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    [this.picture, this.handles] = [make(this.svg, "g"), make(this.svg, "g")];
    this.pen = new Pen(0.025, REACH);
    this.chosen = 0;
    this.touched = {}; // fields changed here and not yet reported
    this.past = []; // what was shown before each edit, for Undo
    this.layer = new Layer(root.querySelector(".layer svg"), (layer) => this.bend(layer), () => this.send());
    this.buildCross();
    this.buildNumbers();
    this.svg.onpointerdown = (event) => this.drawing && this.drawBy(event);
    this.svg.addEventListener("touchstart", (event) => (this.drawing || event.target.closest(".handle")) && event.preventDefault(), { passive: false });
    const press = (name, act) => (root.querySelector(name).onclick = act);
    press(".add", () => this.add());
    press(".remove", () => this.remove(this.chosen));
    press(".undo", () => this.undo());
    root.addEventListener("keydown", (event) => this.pressUndo(event));
    press(".pen", () => this.takePen(!this.drawing));
    press(".play", () => this.play(!this.playing));
    press(".back", () => this.go(this.frame - 1));
    press(".on", () => this.go(this.frame + 1));
    press(".keep", () => {
      this.change({});
      this.send();
    });
    root.querySelector(".scrub").oninput = (event) => this.go(+event.target.value);
    const toggle = () => (root.isConnected ? this.play(!this.playing) : document.removeEventListener("dlviz:play", toggle));
    document.addEventListener("dlviz:play", toggle);
  }

  // values: the target at X, then every snapshot's a, b, w, c, then the losses, then three lines of the price
  show({ header, arrays: { values } }) {
    this.root.inert = this.fixed; // A beside B is to be looked at
    const { settings, units, steps, sizes, losses } = header, width = 3 * units + 1;
    let from = 0;
    const take = (count) => values.slice(from, (from += count));
    const wanted = take(POINTS), frames = steps.map(() => this.read(take(width), units));
    const arrived = { header, wanted, frames, losses: take(losses), price: header.price.map(() => take(sizes.length)) };
    // An older answer, or one that comes while the hand is at work: a newer one will follow.
    const current = this.isNews({ arrival: (this.arrivals = (this.arrivals ?? 0) + 1) });
    if (!current || Object.keys(this.touched).length) return;
    const news = !this.same(settings, this.settings), before = this.settings?.target;
    Object.assign(this, arrived, { name: header.name, base: frames[0], settings: structuredClone(settings) });
    [this.f, this.slope] = UNIT[header.activation];
    if (news) this.frame = 0;
    if (news && !this.awaited) this.past = [];
    this.awaited = false;
    this.frame = Math.min(this.frame ?? 0, frames.length - 1);
    // whoever chooses a target of their own is handed the pen
    if (news && before !== settings.target) this.takePen(settings.target === "own" && before !== undefined);
    this.chosen = Math.min(this.chosen, units - 1);
    this.draw();
  }

  read(values, n) {
    const part = (k) => Array.from(values.slice(k * n, (k + 1) * n));
    return { a: part(0), b: part(1), w: part(2), c: values[3 * n] };
  }

  same(one, other) {
    return JSON.stringify(one) === JSON.stringify(other);
  }

  // the parameters that are shown
  theta() {
    return this.frames && this.frame > 0 ? this.frames[this.frame] : this.base;
  }

  unitAt({ a, b, w }, i, x) {
    return w[i] * this.f(a[i] * x + b[i]);
  }

  sumAt(theta, x) {
    let sum = theta.c;
    for (let i = 0; i < theta.a.length; i++) sum += this.unitAt(theta, i, x);
    return sum;
  }

  // The parameters that are shown, with changes, become the start: snapshots of another training are let go.
  change(changes) {
    this.remember();
    const theta = { ...structuredClone(this.theta()), ...changes };
    for (const name of ["a", "b", "w"]) theta[name] = theta[name].map(fine);
    theta.c = fine(theta.c);
    Object.assign(this, { base: theta, frames: null, frame: 0 });
    this.play(false);
    this.touch({ start: "own", units: theta.a.length, ...theta });
    this.draw();
  }

  // What is shown before the first of some changes that are reported together
  remember() {
    if (Object.keys(this.touched).length) return;
    this.past.push(structuredClone({ settings: this.settings, base: this.base, wanted: this.wanted }));
    this.past = this.past.slice(-PAST);
  }

  undo() {
    const before = this.past.pop();
    if (!before) return;
    Object.assign(this, before, { frames: null, frame: 0, price: null, chosen: Math.min(this.chosen, before.base.a.length - 1) });
    this.play(false);
    this.touch(before.settings);
    this.draw();
    this.send();
  }

  // A number that is being typed has an undo of its own.
  pressUndo(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || event.target.type === "number") return;
    event.preventDefault();
    this.undo();
  }

  touch(fields) {
    Object.assign(this.settings, fields);
    Object.assign(this.touched, fields);
  }

  // Quick steps are one report.
  sendSoon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.send(), 300);
  }

  send() {
    clearTimeout(this.later);
    this.awaited = Object.keys(this.touched).length > 0;
    if (this.awaited) this.report(this.touched);
    this.touched = {};
  }

  set(name, i, value) {
    const values = [...this.theta()[name]];
    values[i] = value;
    this.chosen = i;
    this.change({ [name]: values });
  }

  // The new unit stands where the sum is most wrong and no hinge near, with weight 0: nothing changes until it is given one.
  add() {
    const theta = this.theta(), taken = (x) => theta.a.some((a, i) => Math.abs(x + theta.b[i] / a) < 0.03);
    const wrong = X.map((x, i) => (taken(x) ? -1 : Math.abs(this.sumAt(theta, x) - this.wanted[i])));
    const place = X[wrong.indexOf(Math.max(...wrong))], a = Math.max(...theta.a.map(Math.abs)) || 1;
    this.chosen = theta.a.length;
    this.change({ a: [...theta.a, a], b: [...theta.b, -a * place], w: [...theta.w, 0] });
    this.sendSoon();
  }

  remove(i) {
    const theta = this.theta();
    if (theta.a.length < 2) return;
    const without = (values) => values.filter((_, k) => k !== i);
    this.chosen = Math.max(0, i - 1);
    this.change({ a: without(theta.a), b: without(theta.b), w: without(theta.w) });
    this.sendSoon();
    this.handles.querySelector(`[data-unit="${this.chosen}"]`)?.focus({ preventScroll: true });
  }

  // Training, played ---------------------------------------------------------------------------------------------------

  play(on) {
    clearTimeout(this.timer);
    this.playing = on && !!this.frames && this.frames.length > 1;
    if (this.playing) {
      if (this.frame >= this.frames.length - 1) this.frame = 0;
      const tick = () => {
        if (!this.playing || !this.root.isConnected || !this.frames || this.frame >= this.frames.length - 1) return this.play(false);
        this.go(this.frame + 1, true);
        this.timer = setTimeout(tick, FRAME_MS);
      };
      this.timer = setTimeout(tick, FRAME_MS);
    }
    this.writePlayer();
  }

  go(frame, playing = false) {
    if (!this.frames) return;
    if (!playing) this.play(false);
    this.frame = Math.max(0, Math.min(this.frames.length - 1, frame));
    this.drawUnits();
  }

  writePlayer() {
    const find = (name) => this.root.querySelector(name), last = (this.frames?.length ?? 1) - 1, theta = this.base && this.theta();
    if (!theta) return;
    const button = find(".play");
    button.textContent = this.playing ? "❚❚ Pause" : "▶ Train";
    button.setAttribute("aria-label", this.playing ? "Pause" : "Play the training");
    button.disabled = find(".scrub").disabled = last < 1;
    find(".back").disabled = this.frame <= 0;
    find(".on").disabled = this.frame >= last;
    const scrub = find(".scrub");
    scrub.max = last;
    scrub.value = this.frame;
    const step = this.frames ? this.header.steps[this.frame] : 0, end = this.header.total;
    const words = this.frames ? `${step}/${end}` : "training …";
    scrub.setAttribute("aria-valuetext", `step ${step} of ${end}, RMS error ${threeDigits(this.error)}`);
    const output = find(".step");
    write(output, this.error, `${words} · RMS `);
    output.dataset.step = step;
    output.dataset.largest = this.largest;
    const everything = [...theta.a, ...theta.b, ...theta.w, theta.c];
    find(".keep").disabled = this.frame === 0 || !everything.every((value) => Math.abs(value) <= 1000);
  }

  // The picture ----------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    this.colours = themeColours(this.root);
    this.drawUnits();
    this.bend();
  }

  look(i) {
    return { stroke: this.colours[i % this.colours.length], "stroke-dasharray": Math.floor(i / this.colours.length) % 2 ? "7 4" : "none" };
  }

  drawUnits() {
    const { width, height } = measure(this.svg), theta = this.theta(), n = theta.a.length;
    this.picture.replaceChildren();
    const low = Math.max(64, Math.round(height * 0.2)), box = { x: 44, y: 4, width: width - 54, height: height - low - 44 };
    const upper = (this.upper = panel(this.picture, box, [-WIDE, WIDE], [-HIGH, HIGH], { title: "", x: "input x" }));
    const path = (f) => linePath(POINTS, (k) => upper.sx(X[k]), (k) => Math.max(-1e5, Math.min(1e5, upper.sy(f(X[k], k)))));
    make(upper.inside, "path", { class: "line wanted", d: path((x, k) => this.wanted[k]) });
    const order = [...Array(n).keys()].sort((i, j) => (i === this.chosen) - (j === this.chosen));
    for (const i of order) {
      make(upper.inside, "path", { class: "line unit", d: path((x) => this.unitAt(theta, i, x)), ...this.look(i), "stroke-width": i === this.chosen ? 3 : 1.5 });
    }
    const sums = X.map((x) => this.sumAt(theta, x));
    const whole = make(upper.inside, "path", { class: "line whole", d: path((x, k) => sums[k]) });
    whole.dataset.sums = sums.join(" ");
    const wrong = sums.map((y, k) => y - this.wanted[k]);
    this.error = Math.sqrt(wrong.reduce((sum, e) => sum + e * e, 0) / POINTS);
    this.largest = Math.max(...wrong.map(Math.abs));
    const words = make(this.picture, "text", { x: box.x + 8, y: 20 }, this.drawing ? "drag to draw the grey target" : `grey: target · bold: sum of ${n} unit${n > 1 ? "s" : ""} and bias`);
    words.setAttribute("style", "paint-order: stroke; stroke: var(--st-background-color); stroke-width: 4px");
    this.drawLosses({ x: 44, y: height - low + 14, width: width - 54, height: low - 32 });
    this.placeHandles(theta);
    this.drawPrice();
    this.writeNumbers();
    this.writePlayer();
    this.root.querySelector(".add").disabled = n >= this.header.most;
    this.root.querySelector(".remove").disabled = n <= 1;
    this.root.querySelector(".undo").disabled = !this.past.length;
  }

  // the loss of every step on a logarithmic axis, and where the player stands
  drawLosses(box) {
    make(this.picture, "rect", { x: box.x, y: box.y, width: box.width, height: box.height, fill: "none", stroke: "var(--st-border-color)" });
    if (!this.frames) return;
    const log = (loss) => Math.log10(Math.max(loss, 1e-12)), { last, losses: [least, most] } = this.header.axes;
    const logs = Array.from(this.losses, log).filter(Number.isFinite);
    const bottom = Math.floor(log(least)), top = Math.max(Math.ceil(log(most)), bottom + 1);
    const sx = scale(0, last, box.x, box.x + box.width), sy = scale(bottom, top, box.y + box.height, box.y);
    for (const edge of [bottom, top]) make(this.picture, "text", { x: box.x - 6, y: sy(edge) + 4, "text-anchor": "end", class: "quiet" }, threeDigits(10 ** edge));
    make(this.picture, "path", { class: "line", d: linePath(logs.length, (k) => sx(k), (k) => sy(logs[k])), stroke: "var(--st-text-color)", "stroke-width": 1.5 });
    const step = this.header.steps[this.frame];
    make(this.picture, "circle", { cx: sx(step), cy: sy(logs[step]), r: 5, fill: "var(--st-primary-color)" });
    make(this.picture, "text", { x: box.x + box.width, y: box.y + box.height + 14, "text-anchor": "end" }, "training step; height: mean squared error");
  }

  // Handles are moved, never made anew: a finger or the focus that rests on one must not lose it.
  placeHandles(theta) {
    const { sx, sy } = this.upper, n = theta.a.length;
    while (this.handles.childElementCount > n + 1) this.handles.lastChild.remove();
    while (this.handles.childElementCount < n + 1) this.makeHandle(this.handles.childElementCount - 1);
    const put = (handle, x, y) => handle.setAttribute("transform", `translate(${sx(Math.max(-WIDE, Math.min(WIDE, x)))},${sy(Math.max(-HIGH, Math.min(HIGH, y)))})`);
    for (let i = 0; i < n; i++) {
      const handle = this.handles.children[i + 1], place = -theta.b[i] / theta.a[i], y = theta.w[i] * this.f(0);
      put(handle, Number.isFinite(place) ? place : WIDE, Number.isFinite(y) ? y : 0);
      const [, ring] = handle.children;
      ring.setAttribute("stroke", this.look(i).stroke);
      ring.setAttribute("r", i === this.chosen ? 8 : 6);
      ring.setAttribute("stroke-width", i === this.chosen ? 4 : 2.5);
      ring.setAttribute("fill", Math.abs(place) <= WIDE ? "var(--st-background-color)" : "none");
      handle.setAttribute("aria-valuenow", Number.isFinite(place) ? Math.max(-1, Math.min(1, place)) : 0);
      handle.setAttribute("aria-valuetext", `hinge at x ${threeDigits(place)}, slope a ${threeDigits(theta.a[i])}, weight w ${threeDigits(theta.w[i])}`);
      Object.assign(handle.dataset, { a: theta.a[i], b: theta.b[i], w: theta.w[i] });
    }
    this.handles.dataset.c = theta.c;
    const edge = this.edge(theta, this.chosen);
    this.tip.style.display = this.drawing ? "none" : "";
    put(this.tip, edge, this.unitAt(theta, this.chosen, edge));
    this.tip.firstChild.nextSibling.setAttribute("fill", this.look(this.chosen).stroke);
    this.cross.style.display = this.drawing ? "" : "none";
    this.cross.setAttribute("tabindex", this.drawing ? 0 : -1);
    put(this.cross, this.pen.x, this.pen.y);
  }

  // the end of a unit's line away from its hinge
  edge({ a }, i) {
    return a[i] < 0 ? -1 : 1;
  }

  makeHandle(i) {
    const handle = make(this.handles, "g", { class: "handle", role: "slider", tabindex: 0, "data-unit": i, "aria-label": `hinge of unit ${i + 1}`, "aria-valuemin": -1, "aria-valuemax": 1 });
    make(handle, "circle", { r: 14, fill: "transparent" });
    make(handle, "circle", {});
    handle.onpointerdown = (event) => !this.drawing && this.grab(event, i, (x) => this.moveHinge(i, x));
    handle.onfocus = () => this.choose(i);
    handle.onkeydown = (event) => this.nudge(event, i);
  }

  choose(i) {
    if (this.chosen === i) return;
    this.chosen = i;
    this.drawUnits();
  }

  // move(x, up): where the pointer is along x, and how far it has gone up
  grab(event, i, move) {
    if (i !== undefined) this.handles.querySelector(`[data-unit="${i}"]`).focus({ preventScroll: true });
    const from = pointerIn(this.svg, event).y;
    let moved = false;
    hold(event, (now) => {
      moved = true;
      const { x, y } = pointerIn(this.svg, now);
      move(Math.max(-WIDE, Math.min(WIDE, Math.round(this.upper.sx.invert(x) * 100) / 100)), this.upper.sy.invert(y) - this.upper.sy.invert(from));
    }, () => moved && this.send());
  }

  moveHinge(i, x) {
    const { a } = this.theta();
    if (a[i] !== 0) this.set("b", i, -a[i] * x);
  }

  // Gives the marked unit the weight under which the end of its line, which may lie outside of the picture, is at y.
  moveTip(y) {
    const theta = this.theta(), i = this.chosen, h = this.f(theta.a[i] * this.edge(theta, i) + theta.b[i]);
    if (Math.abs(h) > 1e-3) this.set("w", i, Math.round((y / h) * 100) / 100);
  }

  nudge(event, i) {
    const theta = this.theta(), x = -theta.b[i] / theta.a[i], fast = event.shiftKey ? 10 : 1;
    const acts = {
      ArrowLeft: () => this.moveHinge(i, x - 0.01 * fast),
      ArrowRight: () => this.moveHinge(i, x + 0.01 * fast),
      ArrowUp: () => this.set("w", i, theta.w[i] + 0.05 * fast),
      ArrowDown: () => this.set("w", i, theta.w[i] - 0.05 * fast),
      Delete: () => this.remove(i),
      Backspace: () => this.remove(i),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
    this.sendSoon();
  }

  buildNumbers() {
    const box = this.root.querySelector(".numbers");
    for (const name of ["a", "b", "w", "c"]) {
      const label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "number", step: "any", name, min: -1000, max: 1000 });
      input.onchange = () => {
        if (input.value === "" || !input.checkValidity()) return this.writeNumbers(true);
        if (name === "c") this.change({ c: +input.value });
        else this.set(name, this.chosen, +input.value);
        this.send();
      };
      label.append(document.createElement("span"), input);
      box.append(label);
    }
  }

  writeNumbers(always = false) {
    const theta = this.theta();
    for (const label of this.root.querySelector(".numbers").children) {
      const [words, input] = label.children, name = input.name, value = name === "c" ? theta.c : theta[name][this.chosen];
      words.textContent = name === "c" ? "c" : name + String(this.chosen + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
      input.ariaLabel = name === "c" ? "bias c" : `${name} of unit ${this.chosen + 1}`;
      if (always || this.root.getRootNode().activeElement !== input || +input.value !== value) input.value = fine(value);
    }
  }

  // The drawn target -------------------------------------------------------------------------------------------------------

  buildCross() {
    this.cross = make(this.svg, "g", { class: "handle cross", role: "slider", tabindex: -1, "aria-label": "pen: arrows move it, space puts it down and lifts it", "aria-valuemin": -1, "aria-valuemax": 1, "aria-valuenow": 0 });
    make(this.cross, "path", { d: "M-11,0H11M0,-11V11", stroke: "var(--st-primary-color)", "stroke-width": 2.5 });
    this.cross.style.display = "none";
    this.cross.onkeydown = (event) => {
      const did = this.pen.press(event, (from, to) => this.stroke(from, to));
      if (!did) return;
      this.drawUnits();
      this.cross.setAttribute("aria-valuenow", this.pen.x);
      this.cross.setAttribute("aria-valuetext", `x ${this.pen.x}, y ${this.pen.y}, pen ${this.pen.down ? "down" : "up"}`);
      if (did === "lifted") this.send();
    };
    this.tip = make(this.handles, "g", { class: "handle tip" });
    make(this.tip, "circle", { r: 14, fill: "transparent" });
    make(this.tip, "rect", { x: -6, y: -6, width: 12, height: 12, rx: 2, stroke: "var(--st-background-color)" });
    this.tip.onpointerdown = (event) => {
      const theta = this.theta(), end = this.unitAt(theta, this.chosen, this.edge(theta, this.chosen));
      this.grab(event, undefined, (x, up) => this.moveTip(end + up));
    };
  }

  takePen(on) {
    this.drawing = on;
    this.svg.classList.toggle("drawing", on);
    const button = this.root.querySelector(".pen");
    button.setAttribute("aria-pressed", on);
    button.textContent = on ? "Done drawing" : "Draw target";
    if (this.upper) this.drawUnits();
  }

  drawBy(event) {
    const at = (now) => {
      const { x, y } = pointerIn(this.svg, now);
      return { x: this.upper.sx.invert(x), y: this.upper.sy.invert(y) };
    };
    let last = at(event);
    this.stroke(last, last);
    hold(event, (now) => {
      const to = at(now);
      this.stroke(last, to);
      last = to;
    }, () => this.send());
  }

  // The first stroke begins with the target that was there.
  stroke(from, to) {
    this.remember();
    const { settings } = this, even = Array.from({ length: SAMPLES }, (_, i) => (2 * i) / (SAMPLES - 1) - 1);
    const kept = settings.target === "own" && settings.curve.length === SAMPLES;
    const before = kept ? settings.curve : even.map((x) => Math.round(curveAt(this.wanted, x) * 100) / 100);
    const curve = strokeOver(before, from, to, REACH);
    if (this.frame > 0) this.change({}); // what is seen stays: the trained units
    this.touch({ target: "own", curve });
    Object.assign(this, { wanted: X.map((x) => curveAt(curve, x)), frames: null, price: null });
    this.play(false);
    this.drawUnits();
  }

  // The price ------------------------------------------------------------------------------------------------------------

  drawPrice() {
    const svg = this.root.querySelector(".price svg"), { width, height } = measure(svg), n = this.theta().a.length;
    svg.replaceChildren();
    if (width < 80 || height < 50) return;
    const { sizes, price: labels, axes } = this.header, log = (value) => Math.log10(Math.max(value, 1e-6));
    const all = [...axes.errors, this.error].filter(Number.isFinite).map(log);
    const [low, high] = [Math.floor(Math.min(...all, -1)), Math.max(0, Math.ceil(Math.max(...all)))];
    const box = { x: 44, y: 6, width: width - 56, height: height - 40 };
    const sx = scale(0, Math.log2(this.header.most), box.x, box.x + box.width), sy = scale(low, high, box.y + box.height, box.y);
    for (const size of sizes) {
      make(svg, "line", { class: "grid", x1: sx(Math.log2(size)), x2: sx(Math.log2(size)), y1: box.y, y2: box.y + box.height });
      make(svg, "text", { x: sx(Math.log2(size)), y: box.y + box.height + 15, "text-anchor": "middle", class: "quiet" }, String(size));
    }
    for (let k = low; k <= high; k++) {
      make(svg, "line", { class: "grid", x1: box.x, x2: box.x + box.width, y1: sy(k), y2: sy(k) });
      if ((k - low) % Math.ceil((high - low) / 4) === 0) make(svg, "text", { x: box.x - 6, y: sy(k) + 4, "text-anchor": "end", class: "quiet" }, threeDigits(10 ** k));
    }
    make(svg, "text", { x: box.x + box.width, y: height - 3, "text-anchor": "end" }, "hidden units");
    (this.price ?? []).forEach((line, k) => {
      const d = linePath(sizes.length, (i) => sx(Math.log2(sizes[i])), (i) => sy(log(line[i])));
      make(svg, "path", { class: "line", d, ...this.lookOfPrice(k), "stroke-width": 2 });
      sizes.forEach((size, i) => {
        const dot = make(svg, "circle", { cx: sx(Math.log2(size)), cy: sy(log(line[i])), r: 3, fill: this.lookOfPrice(k).stroke });
        make(dot, "title", {}, `${labels[k]}, ${size} unit${size > 1 ? "s" : ""}: ${threeDigits(line[i])}`);
      });
    });
    make(svg, "circle", { cx: sx(Math.log2(n)), cy: sy(log(this.error)), r: 6, fill: "var(--st-primary-color)", stroke: "var(--st-background-color)", "stroke-width": 1.5 });
    svg.setAttribute("aria-label", `RMS error against units, both logarithmic: ${labels.join("; ")}. Yours: ${n} units, error ${threeDigits(this.error)}.`);
    this.writeLegend(labels);
  }

  lookOfPrice(k) {
    return k === 0 ? { stroke: "var(--st-text-color)", "stroke-dasharray": "4 4" } : { stroke: this.colours[k === 1 ? 2 : 1], "stroke-dasharray": "none" };
  }

  writeLegend(labels) {
    const entries = [...labels.map((words, k) => [words, this.lookOfPrice(k)]), ["yours, now", { stroke: "var(--st-primary-color)" }]];
    this.root.querySelector(".legend").replaceChildren(...entries.map(([words, look]) => {
      const entry = document.createElement("span"), line = document.createElement("i");
      line.style.borderTopColor = look.stroke;
      line.style.borderTopStyle = (look["stroke-dasharray"] ?? "none") === "none" ? "solid" : "dashed";
      entry.append(line, words);
      return entry;
    }));
  }

  // The bent square ------------------------------------------------------------------------------------------------------

  bend(layer = null) {
    if (layer) {
      this.remember();
      this.touch({ layer });
      this.root.querySelector(".undo").disabled = false;
    }
    this.layer.draw(this.settings.layer, this.f, this.colours, this.header.axes.reach);
    const { mean, none } = this.layer.areas(this.slope), words = this.root.querySelector(".areas");
    words.textContent = `det W = ${threeDigits(this.layer.determinant())} · area 1 → ${threeDigits(mean)} · ${Math.round(none * 100)} % of it lies flat`;
    Object.assign(words.dataset, { det: this.layer.determinant(), area: mean, none });
  }
}

export default mount(Hinges);
