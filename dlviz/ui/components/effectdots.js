// How heads look against what they do: a dot a head. Pointing at one shows it in the grid, a click opens it.

const NEAR = 14; // pixels from which a dot is pointed at
const NAMED = 3; // heads that are named: those that look most, and those that do most

class Dots {
  constructor(effect) {
    this.effect = effect;
    this.svg = effect.root.querySelector(".compared svg");
    this.svg.onpointermove = (event) => effect.point(this.near(event));
    this.svg.onpointerleave = () => effect.point(null);
    this.svg.onclick = (event) => effect.open(this.near(event));
  }

  near(event) {
    const { x, y } = pointerIn(this.svg, event);
    let best = null, least = NEAR;
    for (const [name, dot] of Object.entries(this.dots ?? {})) {
      const far = Math.hypot(dot.x - x, dot.y - y);
      if (far < least) [best, least] = [name, far];
    }
    return best;
  }

  draw() {
    const { svg, effect } = this, { header, arrays } = effect, [layers, heads] = header.shape, { width, height } = measure(svg);
    if (width < 90 || height < 90) return;
    svg.replaceChildren();
    const known = header.known === layers, room = 0.1 * (header.range[1] - header.range[0] || 1);
    const box = { x: 46, y: 62, width: width - 56, height: height - 106 };
    const correlation = header.correlation === null ? "" : `rank correlation ${threeDigits(header.correlation)}`;
    const title = make(svg, "text", { x: 0, y: 14, "font-weight": 600 }, "Looking and doing");
    make(title, "tspan", { class: "quiet", "font-weight": 400, dx: 8 }, correlation);
    const idle = header.idle === null ? "" : `${header.idle} of the ${header.lookers} that look most do less than ${threeDigits(header.idleBelow)}`;
    make(svg, "text", { x: 0, y: 31 }, known ? idle : `effects of ${header.known * (heads + 2)} of ${layers * (heads + 2)} parts so far`);
    make(svg, "text", { class: "quiet", x: 0, y: 52 }, `change of the ${header.what} when it is off`);
    const drawn = panel(svg, box, [-0.02 * header.mostLooks, 1.03 * header.mostLooks], [header.range[0] - room, header.range[1] + room], { title: "", x: effect.looksWords() });
    this.dots = {};
    const all = [];
    for (let i = 0; i < layers * heads; i++) {
      const layer = Math.floor(i / heads), head = i % heads, name = `${layer + 1}.${head + 1}`;
      const look = arrays.looks[i], value = arrays.effects[layer * (heads + 2) + head];
      if (!Number.isFinite(look) || !Number.isFinite(value)) continue;
      this.dots[name] = { x: drawn.sx(look), y: drawn.sy(value) };
      all.push({ name, look, size: Math.abs(value) });
      const off = effect.off.includes(name);
      make(drawn.inside, "circle", { class: off ? "dot off" : "dot", cx: drawn.sx(look), cy: drawn.sy(value), r: off ? 5 : 4, fill: off ? "none" : themeColours(svg)[0] });
    }
    const first = (by) => [...all].sort((a, b) => b[by] - a[by]).slice(0, NAMED);
    this.named = new Set([...first("look"), ...first("size")].map(({ name }) => name));
    this.marks = ["opened", "over"].map((kind) => make(svg, "circle", { class: `mark ${kind}`, r: 7 }));
    this.words = make(svg, "g");
    const said = `${header.what} when a head is off against ${effect.looksWords()}, a dot a head. ${correlation}. ${idle}`;
    svg.setAttribute("aria-label", said);
    this.right = box.x + box.width;
    this.mark();
  }

  mark() {
    if (!this.marks) return;
    const { effect } = this;
    [effect.opened, effect.over].forEach((name, i) => {
      const dot = this.dots[name];
      this.marks[i].setAttribute("visibility", dot ? "visible" : "hidden");
      if (dot) for (const [key, value] of [["cx", dot.x], ["cy", dot.y]]) this.marks[i].setAttribute(key, value);
    });
    this.words.replaceChildren();
    const placed = []; // names that would lie on another are left out; the one pointed at comes first
    for (const name of new Set([effect.over, effect.opened, ...effect.off, ...this.named])) {
      const dot = this.dots[name];
      if (!dot) continue;
      const left = dot.x > this.right - 44, at = { x: dot.x + (left ? -9 : 9), y: dot.y + 4 };
      if (placed.some((other) => Math.abs(other.x - at.x) < 34 && Math.abs(other.y - at.y) < 13)) continue;
      placed.push(at);
      const bold = name === effect.over || name === effect.opened;
      make(this.words, "text", { ...at, "text-anchor": left ? "end" : "start", style: HALO, "font-weight": bold ? 700 : 400, class: "name" }, name);
    }
  }
}
