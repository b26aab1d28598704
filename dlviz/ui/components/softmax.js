// Logits as bars that can be dragged, and everything softmax makes of them, computed here while the hand moves.
// On release the logits go to Python, where torch computes the same numbers for the facts, the link and the script.

const ROUND = {
  float64: (value) => value,
  float32: Math.fround,
  float16: Math.f16round ?? ((value) => (Math.abs(value) >= 65520 ? Math.sign(value) * Infinity : value)),
};

function softmax(logits, temperature) {
  const largest = Math.max(...logits);
  const terms = logits.map((z) => Math.exp((z - largest) / temperature));
  const sum = terms.reduce((a, b) => a + b, 0);
  return terms.map((term) => term / sum);
}

// The formula as torch computes it in a number format, every result rounded to it; with the largest logit subtracted or not.
// torch keeps the temperature in float32 for both small formats, and sums before it rounds.
function softmaxIn(precision, logits, temperature, shifted) {
  const round = ROUND[precision], divisor = precision === "float64" ? temperature : Math.fround(temperature);
  const scaled = logits.map((z) => round(round(z) / divisor)), largest = shifted ? Math.max(...scaled) : 0;
  const terms = scaled.map((z) => round(Math.exp(round(z - largest))));
  const sum = round(terms.reduce((a, b) => a + b, 0));
  return { terms, probabilities: terms.map((term) => round(term / sum)) };
}

class Softmax {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    [this.bars, this.handles] = [make(this.svg, "g"), make(this.svg, "g")];
    // without this a finger on a bar scrolls the page after some pixels, and the browser takes the bar away from it
    this.svg.addEventListener("touchstart", (event) => event.target.closest(".handle") && event.preventDefault(), { passive: false });
    this.slider = root.querySelector("#softmax-temperature");
    this.slider.oninput = () => this.change({ temperature: this.temperatureAt(+this.slider.value) });
    this.slider.onchange = () => this.send();
    root.querySelector(".fewer").onclick = () => this.resize(-1);
    root.querySelector(".another").onclick = () => this.resize(+1);
  }

  show({ header }) {
    this.slider.disabled = this.fixed;
    const { precision, ...settings } = header.settings;
    this.header = header;
    this.name = header.name;
    if (this.isNews(settings)) this.settings = structuredClone(settings);
    this.settings.precision = precision;
    this.draw();
  }

  // the slider is logarithmic: 0 is the lowest temperature, 1 the highest
  temperatureAt(share) {
    const { low, high } = this.header.temperature;
    return +(low * (high / low) ** share).toPrecision(2);
  }

  change(settings) {
    Object.assign(this.settings, settings);
    this.draw();
  }

  send() {
    const { logits, temperature, chosen } = this.settings;
    this.report({ logits, temperature, chosen });
  }

  resize(by) {
    const logits = by > 0 ? [...this.settings.logits, 0] : this.settings.logits.slice(0, -1);
    this.change({ logits, chosen: String(Math.min(+this.settings.chosen, logits.length)) });
    this.send();
  }

  setLogit(i, value) {
    const { low, high } = this.header.logit;
    const logits = [...this.settings.logits];
    logits[i] = Math.max(low, Math.min(high, Math.round(value * 100) / 100));
    this.change({ logits, chosen: String(i + 1) });
  }

  // half the height of the logits' axis: it grows with the bars, but not while one of them is held
  reach() {
    if (this.held === undefined) {
      const largest = Math.max(4, ...[...this.settings.logits, ...this.header.beside].map(Math.abs)) * 1.1;
      this.lastReach = [5, 10, 20, 50, 100, 200, 500, 1100].find((r) => r >= largest) ?? 1100;
    }
    return this.lastReach;
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    const { logits, temperature } = this.settings;
    this.probabilities = softmax(logits, temperature);
    this.buildNumbers();
    this.drawBars();
    this.drawJacobian();
    this.drawSweep();
    this.writeReadings();
    this.writeFormulas();
    const { low, high } = this.header.temperature;
    this.slider.value = Math.log(temperature / low) / Math.log(high / low);
    this.slider.setAttribute("aria-valuetext", `T ${temperature}`);
    this.root.querySelector(".temperature").textContent = `${temperature}`;
    this.root.querySelector(".fewer").disabled = this.fixed || logits.length <= this.header.least;
    this.root.querySelector(".another").disabled = this.fixed || logits.length >= this.header.most;
  }

  drawBars() {
    const { width, height } = measure(this.svg), { logits, chosen } = this.settings;
    this.bars.replaceChildren();
    const inner = { x: 44, width: width - 54 }, upper = Math.round((height - 62) * 0.55), reach = this.reach();
    const top = panel(this.bars, { ...inner, y: 20, height: upper }, [0, logits.length], [-reach, reach], { title: "logits z: drag the bars", bars: true });
    const bottom = panel(this.bars, { ...inner, y: upper + 48, height: height - upper - 70 }, [0, logits.length], [0, 1], { title: "probabilities p", bars: true });
    this.upper = top;
    const colours = themeColours(this.root);
    logits.forEach((z, i) => {
      const left = top.sx(i + 0.14), wide = top.sx(i + 0.86) - left, colour = colours[i % colours.length];
      const bar = { x: left, width: wide, fill: colour, rx: 2, opacity: i + 1 === +chosen ? 1 : 0.62 };
      make(top.inside, "rect", { ...bar, y: Math.min(top.sy(z), top.sy(0)), height: Math.max(1, Math.abs(top.sy(z) - top.sy(0))) });
      const p = this.probabilities[i];
      make(bottom.inside, "rect", { ...bar, y: bottom.sy(p), height: bottom.sy(0) - bottom.sy(p) });
      const label = make(this.bars, "text", { x: left + wide / 2, y: bottom.sy(p) - 5, "text-anchor": "middle", "font-weight": 600, class: "p" });
      label.setAttribute("style", "paint-order: stroke; stroke: var(--st-background-color); stroke-width: 3px");
      write(label, p);
      this.placeHandle(i, left, wide, top.sy(z));
      make(this.bars, "text", { x: left + wide / 2, y: height - 4, "text-anchor": "middle" }, `class ${i + 1}`);
    });
    while (this.handles.childElementCount > logits.length) this.handles.lastChild.remove();
  }

  // Handles are moved, never made anew: a finger or the focus that rests on one must not lose it.
  placeHandle(i, x, width, y) {
    const handle = this.handles.children[i] ?? this.makeHandle(i), [target, line] = handle.children;
    for (const [name, value] of Object.entries({ x, width, y: y - 14 })) target.setAttribute(name, value);
    for (const [name, value] of Object.entries({ x, width, y: y - 3 })) line.setAttribute(name, value);
    handle.setAttribute("aria-valuenow", this.settings.logits[i]);
    handle.setAttribute("aria-disabled", this.fixed);
  }

  makeHandle(i) {
    const { low, high } = this.header.logit;
    const handle = make(this.handles, "g", { class: "handle", role: "slider", tabindex: 0, "data-handle": i, "aria-label": `logit of class ${i + 1}`, "aria-valuemin": low, "aria-valuemax": high });
    make(handle, "rect", { height: 28, fill: "transparent" });
    make(handle, "rect", { height: 6, rx: 3, fill: "var(--st-text-color)" });
    handle.onpointerdown = (event) => this.grab(event, i);
    handle.onkeydown = (event) => this.nudge(event, i);
    return handle;
  }

  grab(event, i) {
    if (this.fixed) return;
    event.preventDefault();
    this.held = i;
    this.handles.children[i].focus({ preventScroll: true });
    const move = (moved) => this.setLogit(i, Math.round(this.upper.sy.invert(pointerIn(this.svg, moved).y) * 10) / 10);
    const drop = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", drop);
      window.removeEventListener("pointercancel", drop);
      this.held = undefined;
      this.draw();
      this.send();
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", drop);
    window.addEventListener("pointercancel", drop);
  }

  nudge(event, i) {
    const by = { ArrowUp: 0.1, ArrowRight: 0.1, ArrowDown: -0.1, ArrowLeft: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    if (by === undefined || this.fixed) return;
    event.preventDefault();
    this.setLogit(i, this.settings.logits[i] + by);
    clearTimeout(this.later);
    this.later = setTimeout(() => this.send(), 300);
  }

  buildNumbers() {
    const box = this.root.querySelector(".numbers"), { logits } = this.settings, { low, high } = this.header.logit;
    while (box.childElementCount > logits.length) box.lastChild.remove();
    while (box.childElementCount < logits.length) {
      const i = box.childElementCount, label = document.createElement("label"), input = document.createElement("input");
      Object.assign(input, { type: "number", min: low, max: high, step: 0.1, disabled: this.fixed, ariaLabel: `logit of class ${i + 1}` });
      input.onchange = () => {
        if (input.value === "") input.value = this.settings.logits[i];
        else this.setLogit(i, +input.value);
        this.send();
      };
      label.append(input);
      box.append(label);
    }
    [...box.querySelectorAll("input")].forEach((input, i) => {
      if (this.root.getRootNode().activeElement !== input || +input.value !== logits[i]) input.value = logits[i];
    });
  }

  drawJacobian() {
    const svg = this.root.querySelector(".jacobian svg"), { width, height } = measure(svg), n = this.probabilities.length;
    svg.replaceChildren();
    const side = Math.min(width, height), cell = side / n, p = this.probabilities;
    const largest = 0.25 / this.settings.temperature; // no entry of a softmax Jacobian is larger
    const [plus, minus] = themeColours(this.root);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const value = (p[i] * (i === j) - p[i] * p[j]) / this.settings.temperature;
        const box = { x: j * cell, y: i * cell, width: Math.max(1, cell - 1), height: Math.max(1, cell - 1) };
        make(svg, "rect", { ...box, fill: "var(--st-secondary-background-color)" });
        const strength = Math.min(1, Math.abs(value) / largest);
        const mark = make(svg, "rect", { ...box, fill: value >= 0 ? plus : minus, opacity: strength * 0.85, class: "entry" });
        make(mark, "title", {}, `∂p${i + 1}/∂z${j + 1} = ${threeDigits(value)}`);
        mark.dataset.value = value;
        if (cell >= 36) make(svg, "text", { x: box.x + cell / 2, y: box.y + cell / 2 + 4, "text-anchor": "middle" }, Math.abs(value) < 0.005 ? "0" : value.toFixed(2).replace("-", "−"));
      }
    }
    const x = side + 10;
    [`row i, column j`, `blue +, orange −`, `largest here ${threeDigits(Math.max(...p.map((q) => (q * (1 - q)) / this.settings.temperature)))}`, "every row sums to 0"].forEach((line, k) => {
      if (width - x > 90 && (k + 1) * 17 <= height) make(svg, "text", { x, y: 13 + 17 * k }, line);
    });
    svg.setAttribute("aria-label", `Jacobian of softmax, ${n} by ${n}; diagonal p(1 − p)/T positive, the rest −p p/T negative.`);
  }

  drawSweep() {
    const svg = this.root.querySelector(".sweep svg"), { width, height } = measure(svg);
    svg.replaceChildren();
    if (width < 50 || height < 50) return;
    const { logits, temperature } = this.settings, i = +this.settings.chosen - 1;
    const others = logits.filter((_, j) => j !== i), largest = Math.max(...others);
    const middle = largest + temperature * Math.log(others.reduce((sum, z) => sum + Math.exp((z - largest) / temperature), 0));
    const [low, high] = [middle - 6 * temperature, middle + 6 * temperature];
    const drawn = panel(svg, { x: 34, y: 2, width: width - 44, height: height - 36 }, [low, high], [0, 1], { title: "", x: `logit of class ${i + 1}` });
    const z = (k) => low + ((high - low) * k) / 120;
    const curve = (f) => linePath(121, (k) => drawn.sx(z(k)), (k) => drawn.sy(f(z(k))));
    const colours = themeColours(this.root), p = (value) => softmax(logits.map((other, j) => (j === i ? value : other)), temperature)[i];
    const tie = Math.max(low, Math.min(high, largest));
    make(drawn.inside, "path", { class: "step", d: `M${drawn.sx(low)},${drawn.sy(0)}H${drawn.sx(tie)}V${drawn.sy(1)}H${drawn.sx(high)}` });
    make(drawn.inside, "path", { class: "line", d: curve(p), stroke: colours[i % colours.length], "stroke-width": 3 });
    const here = Math.max(low, Math.min(high, logits[i]));
    make(drawn.inside, "circle", { cx: drawn.sx(here), cy: drawn.sy(p(here)), r: 5, fill: "var(--st-primary-color)" });
    this.root.querySelector(".sweep-title").textContent = `p of class ${i + 1}; dashed: argmax, slope 0`;
    svg.setAttribute("aria-label", `Probability of class ${i + 1} against its logit: a sigmoid. Dashed: argmax, a step with slope 0 everywhere.`);
  }

  writeReadings() {
    const { logits, temperature } = this.settings, p = this.probabilities, i = +this.settings.chosen - 1;
    const entropy = -p.reduce((sum, q) => sum + (q > 0 ? q * Math.log(q) : 0), 0);
    const others = logits.map((_, j) => j).filter((j) => j !== i);
    const rival = others.reduce((best, j) => (logits[j] > logits[best] ? j : best));
    const gap = (logits[i] - logits[rival]) / temperature;
    const rows = [
      ["entropy", entropy, "entropy", " nats"],
      ["entropy_bits", entropy / Math.LN2, "", " bits"],
      ["perplexity", Math.exp(entropy), "perplexity", ""],
      ["winner", p.indexOf(Math.max(...p)) + 1, "argmax", ""],
      ["odds", Math.exp(gap), `p${i + 1} : p${rival + 1}`, ""],
      ["log_odds", gap, "(z − z′)/T", ""],
    ];
    const list = this.root.querySelector(".readings");
    if (list.childElementCount !== rows.length) {
      list.replaceChildren(...rows.map(([name]) => {
        const row = document.createElement("div");
        row.innerHTML = "<dt></dt><dd></dd>";
        row.lastChild.dataset.name = name;
        return row;
      }));
    }
    rows.forEach(([, value, label, unit], k) => {
      list.children[k].firstChild.textContent = label;
      write(list.children[k].lastChild, value, "", unit);
    });
  }

  writeFormulas() {
    const { logits, temperature, precision } = this.settings, winner = logits.indexOf(Math.max(...logits));
    const [naive, shifted] = [false, true].map((shift) => softmaxIn(precision, logits, temperature, shift));
    this.root.querySelector(".formulas caption").textContent = `The winner’s p in ${precision}, two ways`;
    write(this.root.querySelector(".naive-term"), naive.terms[winner]);
    write(this.root.querySelector(".naive-p"), naive.probabilities[winner]);
    write(this.root.querySelector(".shifted-p"), shifted.probabilities[winner]);
  }
}

export default mount(Softmax);
