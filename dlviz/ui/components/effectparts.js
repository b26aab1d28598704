// The grid of all parts of a model: a row a layer, a column a head, then its attention and its feed-forward layer. Colour is what the
// part's absence does. A click switches a part off and on; arrow keys walk, Enter or Space switches.

const SUBLAYERS = ["attention", "feed-forward"];

class Parts {
  constructor(effect) {
    this.effect = effect;
    this.svg = effect.root.querySelector(".grid-of-parts");
    this.svg.onclick = (event) => effect.toggle(this.at(event));
    this.svg.onpointermove = (event) => effect.point(this.at(event));
    this.svg.onpointerleave = () => effect.point(null);
    this.svg.onkeydown = (event) => this.press(event);
  }

  // "24.5", "a3" or "f1", as settings have it
  nameOf(layer, column) {
    const heads = this.effect.header.shape[1];
    return column < heads ? `${layer + 1}.${column + 1}` : `${"af"[column - heads]}${layer + 1}`;
  }

  placeOf(name) {
    const heads = this.effect.header.shape[1], sublayer = "af".indexOf(name[0]);
    if (sublayer >= 0) return [Number(name.slice(1)) - 1, heads + sublayer];
    return name.split(".").map((number) => Number(number) - 1);
  }

  effectOf(name) {
    const [layer, column] = this.placeOf(name);
    return this.effect.arrays.effects[layer * (this.effect.header.shape[1] + 2) + column];
  }

  at(event) {
    return event.composedPath()[0]?.dataset?.part ?? null;
  }

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!by && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    this.cursor ??= this.effect.opened;
    if (!by) return this.effect.toggle(this.cursor);
    const [layers, heads] = this.effect.header.shape, [layer, column] = this.placeOf(this.cursor);
    const within = (value, count) => Math.max(0, Math.min(count - 1, value));
    this.cursor = this.nameOf(within(layer + by[0], layers), within(column + by[1], heads + 2));
    this.effect.point(this.cursor);
  }

  draw() {
    const { svg, effect } = this, { header } = effect, [layers, heads] = header.shape, { width, height } = measure(svg);
    if (width < 60 || height < 60) return;
    svg.replaceChildren();
    const left = 20, top = 16, foot = 52, gap = 8, across = (width - left - gap) / (heads + 2), down = (height - top - foot) / layers;
    const size = [Math.min(across, 34), Math.min(down, 34)], x = (column) => left + column * size[0] + (column >= heads ? gap : 0);
    for (let column = 0; column < heads + 2; column++) {
      if (size[0] < 14 && column < heads && column % 2) continue;
      const words = column < heads ? column + 1 : (size[0] < 16 ? ["a", "f"] : ["att", "ff"])[column - heads];
      make(svg, "text", { class: "small", x: x(column) + size[0] / 2, y: top - 5, "text-anchor": "middle" }, words);
    }
    this.boxes = {};
    for (let layer = 0; layer < layers; layer++) {
      const y = top + layer * size[1];
      if (size[1] > 11 || layer % 5 === 4 || !layer) make(svg, "text", { class: "small", x: left - 4, y: y + size[1] / 2 + 4, "text-anchor": "end" }, layer + 1);
      for (let column = 0; column < heads + 2; column++) {
        const name = this.nameOf(layer, column), value = this.effectOf(name), reach = header.reach[Number(column >= heads)];
        const box = { x: x(column) + 0.5, y: y + 0.5, width: size[0] - 1, height: size[1] - 1 };
        const known = Number.isFinite(value);
        make(svg, "rect", { class: known ? "part" : "part unknown", ...box, fill: known ? css(signed(value, reach)) : "transparent", "data-part": name });
        this.boxes[name] = box;
      }
    }
    for (const name of effect.off) this.cross(name);
    this.marks = ["opened", "over"].map((kind) => make(svg, "rect", { class: `mark ${kind}` }));
    this.legend(left, top + layers * size[1] + 10, heads * size[0], size[0]);
    this.mark();
  }

  cross(name) {
    const box = this.boxes[name];
    if (!box) return;
    const { x, y, width, height } = box, d = `M${x},${y}l${width},${height}M${x + width},${y}l${-width},${height}`;
    for (const kind of ["cross halo", "cross"]) make(this.svg, "path", { class: kind, d });
  }

  // What the colours mean: heads have a scale of their own, and so have sublayers, whose effects are larger.
  legend(x, y, wide, cell) {
    const { svg, effect } = this, { reach } = effect.header, id = `scale-${Math.random().toString(36).slice(2)}`;
    const gradient = make(make(svg, "defs"), "linearGradient", { id });
    [BLUE, [255, 255, 255], ORANGE].forEach((colour, i) => make(gradient, "stop", { offset: i / 2, "stop-color": css(colour) }));
    make(svg, "rect", { class: "part", x, y, width: wide, height: 8, fill: `url(#${id})` });
    const say = (at, words, anchor) => make(svg, "text", { class: "small", x: at, y: y + 20, "text-anchor": anchor }, words);
    say(x, `−${threeDigits(reach[0])}`, "start");
    say(x + wide / 2, "0", "middle");
    say(x + wide, `+${threeDigits(reach[0])}`, "end");
    [`change of the ${effect.header.what}`, `att, ff: up to ±${threeDigits(reach[1])}`].forEach((words, i) => {
      make(svg, "text", { class: "small", x, y: y + 32 + 12 * i }, words);
    });
  }

  mark() {
    if (!this.marks) return;
    const { effect, svg } = this;
    [effect.opened, effect.over].forEach((name, i) => {
      const box = this.boxes[name];
      this.marks[i].setAttribute("visibility", box ? "visible" : "hidden");
      if (box) for (const [key, value] of Object.entries(box)) this.marks[i].setAttribute(key, value);
    });
    const name = effect.over ?? effect.opened, [layer, column] = this.placeOf(name), [layers, heads] = effect.header.shape;
    svg.setAttribute("aria-label", "All parts of the model. Arrow keys walk, Enter switches a part off or on.");
    svg.setAttribute("aria-valuemax", layers * (heads + 2));
    svg.setAttribute("aria-valuenow", layer * (heads + 2) + column + 1);
    svg.setAttribute("aria-valuetext", this.tell(name));
    effect.root.querySelector(".told").textContent = this.tell(name);
  }

  // A part in words: what it is, how it looks, what its absence does.
  tell(name) {
    const { effect } = this, { header } = effect, [layer, column] = this.placeOf(name), heads = header.shape[1], value = this.effectOf(name);
    const does = Number.isFinite(value) ? `off: ${header.what} ${effect.change(value)}` : "its effect is not known yet";
    const state = effect.off.includes(name) ? " (off)" : "";
    if (column >= heads) return `${SUBLAYERS[column - heads]} of layer ${layer + 1}${state} · ${does}`;
    return `head ${name}${state} · ${effect.looksWords()} ${threeDigits(effect.arrays.looks[layer * heads + column])} · ${does}`;
  }
}
