// A layer of two units f(W u + b) as what it does to the unit square's grid; the corners of its image before f can be dragged.

const LINES = 10, FINE = 40;
const CORNERS = [[0, 0, "b, the image of (0, 0)"], [1, 0, "the image of (1, 0)"], [0, 1, "the image of (0, 1)"]];

class Layer {
  // `changed(weights)` is called while the hand moves, `released()` when it lets go
  constructor(svg, changed, released) {
    Object.assign(this, { svg, changed, released, picture: make(svg, "g"), handles: make(svg, "g") });
    CORNERS.forEach(([, , words], k) => {
      const handle = make(this.handles, "g", { class: "handle", role: "slider", tabindex: 0, "data-corner": k, "aria-label": `corner: ${words}`, "aria-valuemin": -5, "aria-valuemax": 5 });
      make(handle, "circle", { r: 12, fill: "transparent" });
      make(handle, "circle", { r: 6, fill: "var(--st-background-color)", stroke: "var(--st-text-color)", "stroke-width": 2 });
      handle.onpointerdown = (event) => this.grab(event, k);
      handle.onkeydown = (event) => this.nudge(event, k);
    });
    svg.addEventListener("touchstart", (event) => event.target.closest(".handle") && event.preventDefault(), { passive: false });
  }

  // W u + b
  before([u1, u2]) {
    const [w11, w12, b1, w21, w22, b2] = this.weights;
    return [w11 * u1 + w12 * u2 + b1, w21 * u1 + w22 * u2 + b2];
  }

  corner(k) {
    return this.before(CORNERS[k]);
  }

  // Moves corner k to z: the first moves b and with it the others, the other two turn and stretch.
  move(k, z) {
    const clip = (value) => Math.max(-5, Math.min(5, Math.round(value * 100) / 100)), weights = [...this.weights];
    const b = [weights[2], weights[5]];
    if (k === 0) [weights[2], weights[5]] = z.map(clip);
    else [weights[k - 1], weights[k + 2]] = [clip(z[0] - b[0]), clip(z[1] - b[1])];
    this.changed(weights);
  }

  grab(event, k) {
    this.held = true;
    this.handles.children[k].focus({ preventScroll: true });
    const { sx, sy } = this.right;
    hold(event, (moved) => {
      const { x, y } = pointerIn(this.svg, moved);
      this.move(k, [sx.invert(x), sy.invert(y)].map((value) => Math.round(value * 20) / 20));
    }, () => {
      this.held = false;
      this.released();
    });
  }

  nudge(event, k) {
    const by = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
    if (!by) return;
    event.preventDefault();
    const [x, y] = this.corner(k);
    this.move(k, [x + by[0], y + by[1]]);
    clearTimeout(this.later);
    this.later = setTimeout(this.released, 300);
  }

  // half the side of the right picture: it grows with what it shows, but not while a corner is held
  reach() {
    if (!this.held) {
      const far = [[0, 0], [1, 0], [0, 1], [1, 1]].flatMap((u) => this.before(u)).map(Math.abs);
      this.lastReach = [1, 2, 5, 10].find((r) => r >= Math.max(this.least, ...far) * 1.02) ?? 16;
    }
    return this.lastReach;
  }

  // `least`: what the right picture has to reach, whatever these weights are
  draw(weights, f, colours, least) {
    Object.assign(this, { weights, least });
    const { width, height } = measure(this.svg), reach = this.reach();
    if (width < 100 || height < 60) return;
    this.picture.replaceChildren();
    const side = Math.min((width - 60) / 2, height - 40), top = 4;
    const left = panel(this.picture, { x: 22, y: top, width: side, height: side }, [-0.05, 1.05], [-0.05, 1.05], { title: "", x: "u₁; up: u₂" });
    const right = (this.right = panel(this.picture, { x: 60 + side, y: top, width: side, height: side }, [-reach, reach], [-reach, reach], { title: "", x: "unit 1; up: unit 2" }));
    const lines = [...Array(LINES + 1).keys()].flatMap((k) => [0, 1].map((way) => ({ way, at: k / LINES })));
    const path = ({ sx, sy }, map, { way, at }) => {
      const point = (i) => map(way ? [at, i / FINE] : [i / FINE, at]);
      return linePath(FINE + 1, (i) => sx(point(i)[0]), (i) => sy(point(i)[1]));
    };
    const square = [[0, 0], [1, 0], [1, 1], [0, 1]].map((u) => this.before(u)).map(([x, y]) => `${right.sx(x)},${right.sy(y)}`);
    make(right.inside, "path", { d: `M${square.join("L")}Z`, class: "line before" });
    for (const line of lines) {
      const look = { class: "line", stroke: colours[line.way], "stroke-width": line.at === 0 || line.at === 1 ? 2 : 1 };
      make(left.inside, "path", { d: path(left, (u) => u, line), ...look });
      make(right.inside, "path", { d: path(right, (u) => this.before(u).map(f), line), ...look });
    }
    this.drawHingeLines(left);
    // the four corners of the square, of XOR's two classes: discs and squares
    for (const u of [[0, 0], [1, 1], [1, 0], [0, 1]]) {
      const z = this.before(u).map(f), even = u[0] === u[1], look = { fill: colours[even ? 2 : 3], stroke: "var(--st-background-color)", class: "xor" };
      for (const [{ sx, sy }, [x, y]] of [[left, u], [right, z]]) {
        if (even) make(this.picture, "circle", { cx: sx(x), cy: sy(y), r: 4.5, ...look });
        else make(this.picture, "rect", { x: sx(x) - 4, y: sy(y) - 4, width: 8, height: 8, ...look });
      }
    }
    CORNERS.forEach((_, k) => {
      const [x, y] = this.corner(k), handle = this.handles.children[k];
      for (const circle of handle.children) for (const [name, value] of [["cx", right.sx(x)], ["cy", right.sy(y)]]) circle.setAttribute(name, value);
      handle.setAttribute("aria-valuenow", x);
      handle.setAttribute("aria-valuetext", `unit 1 ${threeDigits(x)}, unit 2 ${threeDigits(y)} before f`);
    });
  }

  // where each unit's w·u + b is 0: there the square is bent
  drawHingeLines({ sx, sy, inside: group }) {
    const [w11, w12, b1, w21, w22, b2] = this.weights;
    [[w11, w12, b1], [w21, w22, b2]].forEach(([p, q, b], k) => {
      const norm = p * p + q * q;
      if (norm < 1e-9) return;
      const [x, y] = [(-b * p) / norm, (-b * q) / norm], [dx, dy] = [(-q / Math.sqrt(norm)) * 9, (p / Math.sqrt(norm)) * 9];
      make(group, "line", { class: "hinge-line", x1: sx(x - dx), y1: sy(y - dy), x2: sx(x + dx), y2: sy(y + dy), "stroke-dasharray": k ? "2 4" : "8 4" });
    });
  }

  determinant() {
    const [w11, w12, , w21, w22] = this.weights;
    return w11 * w22 - w12 * w21;
  }

  // |det W| |f'(z1) f'(z2)| at the middle of every one of 40 x 40 cells: their mean, and the share where it is 0
  areas(slope) {
    const det = Math.abs(this.determinant());
    let sum = 0, none = 0;
    for (let i = 0; i < FINE; i++) for (let j = 0; j < FINE; j++) {
      const [z1, z2] = this.before([(j + 0.5) / FINE, (i + 0.5) / FINE]), factor = det * Math.abs(slope(z1) * slope(z2));
      sum += factor;
      none += factor === 0;
    }
    return { mean: sum / FINE ** 2, none: none / FINE ** 2 };
  }
}
