// The plane of the values: every token's value vector as a point, and a query's output among them, inside their convex hull.

// The corners of the convex hull of points [x, y], counter-clockwise (Andrew's monotone chain).
function convexHull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const cross = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const half = (given) => {
    const chain = [];
    for (const point of given) {
      while (chain.length > 1 && cross(chain.at(-2), chain.at(-1), point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

class ValuePlane {
  // choose(i) is called when the output of query i is clicked
  constructor(parent, choose) {
    this.group = make(parent, "g", { class: "plane" });
    this.choose = choose;
  }

  // values and outputs: points [x, y]; weights: the followed row; reach: the axes go at least so far
  draw(box, { values, outputs, weights, allowed, followed, names, queries, reach, title, shown }) {
    const most = Math.max(reach, ...values.flat().map(Math.abs)) * 1.2 || 1, unit = Math.min(box.width, box.height) / (2 * most);
    const [wide, high] = [box.width / (2 * unit), box.height / (2 * unit)];
    this.group.replaceChildren();
    const { sx, sy, inside } = panel(this.group, box, [-wide, wide], [-high, high], { title: "", bare: true });
    make(this.group, "text", { class: "title", x: box.x, y: box.y - 5 }, title);
    make(this.group, "rect", { class: "frame", ...box });
    const place = ([x, y]) => `${sx(x).toFixed(1)},${sy(y).toFixed(1)}`, seen = values.filter((_, j) => allowed[j]);
    make(inside, "polygon", { class: "hull", points: convexHull(seen).map(place).join(" ") });
    if (shown) {
      values.forEach((value, j) => {
        if (weights[j] > 0.002) make(inside, "path", { class: "pull", d: `M${place(outputs[followed])}L${place(value)}`, "stroke-width": 1 + 7 * weights[j] });
      });
    }
    values.forEach((value, j) => {
      const [cx, cy] = [sx(value[0]), sy(value[1])], look = { class: allowed[j] ? "value" : "value hidden", cx, cy, r: shown ? 4 + 9 * Math.sqrt(weights[j]) : 5 };
      make(inside, "circle", { ...look, "data-x": value[0], "data-y": value[1] });
    });
    if (shown) this.drawOutputs(inside, outputs, followed, queries, sx, sy);
    const words = values.map(([x, y], j) => [names[j], sx(x), sy(y) - (shown ? 8 + 9 * Math.sqrt(weights[j]) : 9)]);
    for (const [name, x, y] of words) this.name(box, name, x, y, "value-name");
    const marks = [...values, ...outputs].map(([x, y]) => [sx(x), sy(y), 7]).concat(words.map(([name, x, y]) => [x, y - 4, 3.4 * name.length]));
    if (shown) this.nameOutput(box, `output of ${queries[followed]}`, [sx(outputs[followed][0]), sy(outputs[followed][1])], marks);
  }

  // beside the output at x, y, where the words cover the fewest marks [x, y, half their width]
  nameOutput(box, words, [x, y], marks) {
    const half = 3.4 * words.length, places = [[x, y + 24], [x, y - 16], [x - half - 16, y + 5], [x + half + 16, y + 5], [x, y + 42], [x, y - 34]];
    const covered = ([cx, cy]) => marks.filter(([mx, my, wide]) => Math.abs(mx - cx) < half + wide && Math.abs(my - cy + 4) < 13).length;
    const outside = ([cx, cy]) => (cx - half < box.x || cx + half > box.x + box.width || cy < box.y + 13 || cy > box.y + box.height - 4 ? 1.5 : 0);
    const cost = (place) => covered(place) + outside(place), best = places.reduce((one, other) => (cost(other) < cost(one) ? other : one));
    this.name(box, words, best[0], best[1], "output-name");
  }

  drawOutputs(inside, outputs, followed, queries, sx, sy) {
    const diamond = (x, y, r) => `M${x - r},${y}L${x},${y - r}L${x + r},${y}L${x},${y + r}z`;
    const order = [...outputs.keys()].sort((a, b) => (a === followed) - (b === followed));
    for (const i of order) {
      const [x, y] = outputs[i], now = i === followed;
      const mark = make(inside, "path", { class: now ? "output followed" : "output", d: diamond(sx(x), sy(y), now ? 9 : 6), "data-row": i, "data-x": x, "data-y": y });
      make(mark, "title", {}, `output of ${queries[i]}`);
      mark.onclick = () => this.choose(i);
    }
  }

  // words at a place, kept within the box
  name(box, words, x, y, kind) {
    const half = 3.4 * words.length, at = Math.max(box.x + half + 3, Math.min(box.x + box.width - half - 3, x));
    const text = make(this.group, "text", { class: kind, x: at, y: Math.max(box.y + 13, Math.min(box.y + box.height - 5, y)), "text-anchor": "middle" }, words);
    text.setAttribute("style", HALO);
  }
}
