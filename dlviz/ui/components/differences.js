// The errors of finite differences against their step h, on logarithmic axes, with the laws they follow; h is dragged in it.

const DECADES = { x: [-16, 0], y: [-16, 2] }; // step h, and error
const STEPS = Array.from({ length: 65 }, (_, i) => 10 ** (-16 + i / 4));

class DifferencesChart {
  // `changed(h)` is called while the hand moves, `released(soon)` when it lets go; soon: by a key, after which more may follow
  constructor(root, changed, released) {
    Object.assign(this, { root, svg: root.querySelector("svg"), changed, released });
    this.plot = make(this.svg, "g");
    const about = { role: "slider", tabindex: 0, "aria-label": "step h of the finite differences", "aria-valuemin": -16, "aria-valuemax": 0, "aria-valuenow": 0 };
    this.handle = make(this.svg, "g", { class: "handle", ...about });
    make(this.handle, "line", { class: "cursor" });
    make(this.handle, "rect", { width: 28, fill: "transparent" });
    make(this.handle, "circle", { r: 7, fill: "var(--st-primary-color)" });
    this.handle.onpointerdown = (event) => {
      hold(event, (now) => this.set(this.sx.invert(pointerIn(this.svg, now).x)), () => this.released(false));
      this.handle.focus({ preventScroll: true });
    };
    this.handle.onkeydown = (event) => this.nudge(event);
  }

  nudge(event) {
    const by = { ArrowLeft: -0.25, ArrowRight: 0.25, ArrowDown: -0.25, ArrowUp: 0.25, PageDown: -2, PageUp: 2 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.set(Math.log10(this.h) + by);
    this.released(true);
  }

  set(power) {
    this.changed(+(10 ** Math.max(-16, Math.min(0, power))).toPrecision(2));
  }

  // tried: estimates of both kinds over `steps`; here: both at h; truth: the gradient; result: |L|; higher: L″ and L‴ if they are known
  draw({ leaf, h, colours, steps, truth, tried, here, result, higher }) {
    const { width, height } = measure(this.svg), box = { x: 46, y: 8, width: width - 60, height: height - 48 };
    if (box.width < 60 || box.height < 40) return;
    Object.assign(this, { h, colours, box });
    const sx = (this.sx = scale(...DECADES.x, box.x, box.x + box.width)), sy = (this.sy = scale(...DECADES.y, box.y + box.height, box.y));
    const place = (error) => sy(Math.max(DECADES.y[0], Math.min(DECADES.y[1], Math.log10(error))));
    this.plot.replaceChildren();
    this.drawAxes(`step h; up: error of ∂L/∂${leaf}`);
    this.drawLaws(result, higher);
    tried.forEach((estimates, kind) => {
      const colour = colours[kind ? 2 : 0], y = place(Math.abs(here[kind] - truth));
      const path = linePath(steps.length, (i) => sx(Math.log10(steps[i])), (i) => place(Math.abs(estimates[i] - truth)));
      make(this.plot, "path", { class: "line", d: path, stroke: colour, "stroke-width": 2.5 });
      if (Number.isFinite(y)) make(this.plot, "circle", { cx: sx(Math.log10(h)), cy: y, r: 5, fill: colour, stroke: "var(--st-background-color)" });
    });
    this.placeHandle(sx(Math.log10(h)));
    this.write(leaf, here, truth);
  }

  drawAxes(words) {
    const { plot, box, sx, sy } = this;
    for (let power = -16; power <= 0; power += 4) {
      make(plot, "line", { class: "grid", x1: sx(power), x2: sx(power), y1: box.y, y2: box.y + box.height });
      make(plot, "text", { x: sx(power), y: box.y + box.height + 16, "text-anchor": "middle", class: "quiet" }, threeDigits(10 ** power));
      make(plot, "line", { class: "grid", x1: box.x, x2: box.x + box.width, y1: sy(power), y2: sy(power) });
      make(plot, "text", { x: box.x - 6, y: sy(power) + 4, "text-anchor": "end", class: "quiet" }, threeDigits(10 ** power));
    }
    make(plot, "text", { x: box.x + box.width, y: box.y + box.height + 33, "text-anchor": "end" }, words);
  }

  // what the errors ought to be, dashed: the rounding of L divided by h, ½|L″|h and ⅙|L‴|h²
  drawLaws(result, higher) {
    const { plot, box, sx, sy, colours } = this, laws = [[2 ** -52 * result, -1, "rounding ε|L|/h"]];
    if (higher) laws.push([Math.abs(higher[0]) / 2, 1, "½|L″|h"], [Math.abs(higher[1]) / 6, 2, "⅙|L‴|h²"]);
    laws.forEach(([factor, power, words], number) => {
      if (!(factor > 0) || !Number.isFinite(factor)) return;
      const log = Math.log10(factor), first = Math.max(-16, Math.min(0, power < 0 ? -16 : (-16 - log) / power));
      const end = (x) => `${sx(x)},${sy(Math.max(DECADES.y[0], Math.min(DECADES.y[1], log + power * x)))}`;
      make(plot, "path", { class: "line law", d: `M${end(first)}L${end(0)}` });
      const label = { x: box.x + (number ? box.width - 6 : 34), y: box.y + 14 + 15 * Math.max(0, number - 1), "text-anchor": number ? "end" : "start" };
      make(plot, "text", { ...label, style: `${HALO}; fill: ${number ? colours[number === 1 ? 0 : 2] : "var(--st-text-color)"}` }, words);
    });
  }

  placeHandle(x) {
    const { box } = this, [line, target, knob] = this.handle.children;
    const set = (element, about) => Object.entries(about).forEach(([name, value]) => element.setAttribute(name, value));
    set(line, { x1: x, x2: x, y1: box.y, y2: box.y + box.height });
    set(target, { x: x - 14, y: box.y, height: box.height });
    set(knob, { cx: x, cy: box.y + box.height });
    set(this.handle, { "aria-valuenow": Math.log10(this.h).toFixed(2), "aria-valuetext": `h ${this.h}` });
  }

  write(leaf, [ahead, central], truth) {
    this.root.querySelector("h3").textContent = `L(${leaf} ± h) without the chain rule, h = ${threeDigits(this.h)}`;
    const found = { ahead, ahead_error: Math.abs(ahead - truth), central, central_error: Math.abs(central - truth) };
    for (const [name, value] of Object.entries(found)) write(this.root.querySelector(`.found [data-name=${name}]`), value);
    this.root.querySelectorAll(".found th").forEach((th, kind) => (th.style.color = this.colours[kind ? 2 : 0]));
  }
}
