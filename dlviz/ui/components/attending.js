// By hand: one attention layer on a few tokens. The weights of the shown head, a row for each query.

class Attending {
  constructor(root) {
    this.svg = root.querySelector("svg.main");
  }

  show({ header, arrays }) {
    Object.assign(this, { header, arrays, name: header.name });
    this.draw();
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    const { width, height } = measure(this.svg), { tokens, sources, settings } = this.header, n = tokens.length, m = sources.length;
    const side = Math.min((width - 90) / m, (height - 24) / n), first = settings.head * n * m;
    this.svg.replaceChildren();
    sources.forEach((word, j) => make(this.svg, "text", { x: 90 + (j + 0.5) * side, y: 16, "text-anchor": "middle" }, word));
    tokens.forEach((word, i) => {
      make(this.svg, "text", { x: 84, y: 24 + (i + 0.5) * side, "text-anchor": "end", "dominant-baseline": "central" }, word);
      for (let j = 0; j < m; j++) {
        const weight = this.arrays.weights[first + i * m + j], colour = mixed([255, 255, 255], BLUE, weight), x = 90 + j * side, y = 24 + i * side;
        make(this.svg, "rect", { x, y, width: side, height: side, fill: css(colour), "data-value": weight });
        make(this.svg, "text", { class: inkOn(colour) === "#FFFFFF" ? "in-cell on-dark" : "in-cell", x: x + side / 2, y: y + side / 2, "text-anchor": "middle", "dominant-baseline": "central" }, brief(weight));
      }
    });
  }
}

export default mount(Attending);
