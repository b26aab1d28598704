// A digit that is dragged over its paper, and what three networks make of it wherever it lies. All places were computed once, so
// nothing is asked of the server while the hand moves; where the digit was let go is reported.

const VIRIDIS = ["#440154", "#482878", "#3E4989", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6ECE58", "#B5DE2B", "#FDE725"];
const DASHES = ["none", "7 3", "2 3"]; // of the networks' lines, for those who do not see the colours
const PAPER = 28;

class Drag {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.table = colourTable(VIRIDIS);
    root.querySelector(".back").onclick = () => this.keep({ across: 0, down: 0 });
  }

  // header.settings are the fields edited here. maps, guesses: (3, n, n), n = 2 reach + 1; accuracies (3, distances), nan: not yet
  show({ header, arrays }) {
    const fresh = header.done && !this.header?.done;
    Object.assign(this, { header, name: header.name, ...arrays, n: 2 * header.reach + 1 });
    if (this.isNews(header.settings) && !this.unsent) this.settings = { ...header.settings };
    this.settings ??= { ...header.settings };
    this.root.querySelector(".back").disabled = this.fixed;
    this.draw();
    keepAsking(this, () => -1);
    if (fresh && this.unsent) this.send();
  }

  // Another place is another link, which would begin the training anew: while it is under way the place waits.
  send() {
    this.unsent = !this.header.done;
    if (this.unsent) return;
    this.report({ ...this.settings });
  }

  // where the digit lies, or would lie where the pointer rests on a map
  place() {
    return this.at ?? this.settings;
  }

  clip(value) {
    return Math.max(-this.header.reach, Math.min(this.header.reach, Math.round(value)));
  }

  keep({ across, down }) {
    if (this.fixed) return;
    this.at = null;
    Object.assign(this.settings, { across: this.clip(across), down: this.clip(down) });
    this.point();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send(), 250); // a row of arrow keys is one message
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    const focused = this.root.getRootNode().activeElement?.classList.contains("digit");
    const { width, height } = measure(this.svg), places = this.places(width, height);
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-label", "The digit on its paper, the probability of the true digit at every shift for three networks, and their accuracy.");
    this.drawDigit(places.digit);
    this.panels = places.maps.map((box, i) => this.drawMap(box, i));
    this.drawLegend(places.legend);
    this.handed = this.header.shuffled.length ? { box: this.placeOfHanded(places, height) } : null;
    if (this.handed) this.title(this.handed.box, "then its pixels shuffled");
    this.drawAccuracy(places.chart);
    this.root.querySelector(".status").textContent = this.header.done ? "" : "Training the three networks …";
    if (focused) this.svg.querySelector(".digit").focus({ preventScroll: true });
    this.point();
  }

  // digit and maps in a row, the chart under them; on a narrow page the maps stand under the digit, and the chart under these
  places(width, height) {
    const head = 24;
    if (width < 560) {
      const paper = Math.min(150, width * 0.42, 0.25 * height), side = Math.min((width - 20) / 3, 0.25 * height), top = 2 * head + paper + 16;
      const chart = { x: 40, y: top + side + 62, width: width - 52 };
      return {
        digit: { x: 1, y: head, side: paper }, maps: [0, 1, 2].map((i) => ({ x: 1 + i * (side + 9), y: top, side, narrow: true })),
        legend: { x: paper + 24, y: head + 8, width: Math.min(140, width - paper - 36) }, chart: { ...chart, height: height - chart.y - 24 },
      };
    }
    const gap = 26, side = Math.min((width - 3 * gap - 2) / 4, 0.45 * height), left = Math.max(1, (width - 4 * side - 3 * gap) / 2);
    const top = head + side + 64, at = (i) => ({ x: left + i * (side + gap), y: head, side });
    return {
      digit: at(0), maps: [1, 2, 3].map(at), legend: { x: left, y: head + side + 46, width: side },
      chart: { x: at(1).x + 24, y: top, width: left + 4 * side + 3 * gap - at(1).x - 24, height: height - top - 22 },
    };
  }

  // the shuffled pixels stand under the legend; on a narrow page no lower than the digit
  placeOfHanded({ legend, digit, maps }, height) {
    const y = legend.y + 52, end = maps[0].narrow ? digit.y + digit.side : height - 3, side = Math.max(28, Math.min(legend.width, 140, end - y));
    return { x: legend.x, y, side };
  }

  title(box, words, attributes = {}) {
    make(this.svg, "text", { x: box.x, y: box.y - 8, "font-weight": 600, ...attributes }, words);
  }

  drawDigit(box) {
    const group = make(this.svg, "g", { class: "digit", tabindex: this.fixed ? -1 : 0, role: "application" });
    group.setAttribute("aria-label", `The digit ${this.header.label}. Arrow keys move it by a pixel, Home takes it back to the middle.`);
    this.title(box, "drag the digit");
    this.paper = { box, cell: box.side / PAPER, group };
    make(group, "rect", { x: box.x, y: box.y, width: box.side, height: box.side, fill: "#000000" });
    make(group, "rect", { class: "frame", x: box.x, y: box.y, width: box.side, height: box.side });
    this.way = make(group, "path", { class: "from" });
    this.words = make(this.svg, "text", { class: "where", x: box.x, y: box.y + box.side + 17 });
    if (this.fixed) return;
    group.onpointerdown = (event) => this.grab(event);
    group.onkeydown = (event) => this.press(event);
  }

  grab(event) {
    if (event.button) return;
    const from = pointerIn(this.svg, event), start = { ...this.settings }, { cell, group } = this.paper;
    let moved = false;
    this.held = true;
    group.focus({ preventScroll: true });
    group.classList.add("held");
    this.at = null;
    clearTimeout(this.waiting);
    hold(event, (now) => {
      const to = pointerIn(this.svg, now);
      moved = true;
      this.settings.across = this.clip(start.across + (to.x - from.x) / cell);
      this.settings.down = this.clip(start.down + (to.y - from.y) / cell);
      this.point();
    }, () => {
      this.held = false;
      group.classList.remove("held");
      if (moved) this.send();
    });
  }

  press(event) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by && event.key !== "Home") return;
    event.preventDefault();
    event.stopPropagation();
    const { across, down } = this.settings;
    this.keep(by ? { across: across + by[0], down: down + by[1] } : { across: 0, down: 0 });
  }

  drawMap(box, i) {
    const group = make(this.svg, "g", { class: "map", role: "img" }), { n } = this, cell = box.side / n, narrow = box.narrow;
    const words = this.header.networks[i], short = words.replace(" head", "").replace("CNN, ", "");
    this.title(box, narrow ? short : words, narrow ? { style: "font-size:11.5px" } : {});
    const shown = this.maps.subarray(i * n * n, (i + 1) * n * n);
    const rgb = (k) => ((c) => [c & 255, (c >> 8) & 255, (c >> 16) & 255])(this.table[Math.round(255 * shown[k])]);
    pixelImage(group, n, rgb, { x: box.x, y: box.y, width: box.side, height: box.side });
    make(group, "rect", { class: "frame", x: box.x, y: box.y, width: box.side, height: box.side });
    const crosses = ["cross under", "cross"].map((kind) => make(group, "path", { class: kind }));
    const found = make(this.svg, "text", { class: "found", x: box.x, y: box.y + box.side + 17 });
    const read = make(this.svg, "text", { class: "read", x: box.x, y: box.y + box.side + 34 });
    const at = (event) => {
      const { x, y } = pointerIn(this.svg, event), { reach } = this.header;
      return { across: this.clip(Math.floor((x - box.x) / cell) - reach), down: this.clip(Math.floor((y - box.y) / cell) - reach) };
    };
    group.onpointermove = (event) => this.look(at(event));
    group.onpointerleave = () => this.look(null);
    group.onpointerdown = (event) => this.keep(at(event));
    return { box, cell, crosses, found, read, group, narrow };
  }

  look(at) {
    if (this.held) return; // the hand has come over a map with the digit in it
    this.at = at;
    this.point();
  }

  drawLegend(box) {
    const group = make(this.svg, "g"), parts = 48, width = Math.min(180, box.width);
    const words = width > 130 ? "p(true digit) at every shift" : "p(true digit)";
    make(group, "text", { x: box.x, y: box.y - 6 }, words);
    for (let i = 0; i < parts; i++) {
      const c = this.table[Math.round((255 * (i + 0.5)) / parts)];
      make(group, "rect", { x: box.x + (i * width) / parts, y: box.y, width: width / parts + 0.5, height: 10, fill: css([c & 255, (c >> 8) & 255, (c >> 16) & 255]) });
    }
    make(group, "rect", { class: "frame", x: box.x, y: box.y, width, height: 10 });
    [["start", 0, "0"], ["middle", 0.5, "0.5"], ["end", 1, "1"]].forEach(([anchor, share, mark]) => make(group, "text", { class: "quiet", x: box.x + share * width, y: box.y + 25, "text-anchor": anchor }, mark));
    if (!this.header.shuffled.length) make(group, "text", { class: "quiet", x: box.x, y: box.y + 44 }, "middle of a map: not moved");
  }

  drawAccuracy(box) {
    if (box.height < 40) return;
    const { distances, networks } = this.header, count = distances.length, colours = themeColours(this.root);
    const room = box.width > 420 ? 150 : 0, plot = { ...box, width: box.width - room };
    const drawn = panel(this.svg, plot, [0, distances.at(-1)], [0, 1.02], { title: "", x: " " });
    const x = (j) => drawn.sx(distances[j]), series = [...networks.map((words, i) => ({ words, values: this.accuracies.subarray(i * count, (i + 1) * count), colour: colours[i], dash: DASHES[i] })),
      { words: "digits losing ink", values: this.cut, colour: "var(--st-text-color)", dash: "1 4", thin: true }];
    const ends = [];
    for (const { words, values, colour, dash, thin } of series) {
      const d = linePath(count, x, (j) => drawn.sy(values[j]));
      if (!d) continue;
      make(drawn.inside, "path", { class: "line", d, stroke: colour, "stroke-width": thin ? 1.5 : 2.5, "stroke-dasharray": dash });
      if (!thin) for (let j = 0; j < count; j++) if (Number.isFinite(values[j])) make(this.svg, "circle", { cx: x(j), cy: drawn.sy(values[j]), r: 3, fill: colour });
      const last = values.findLastIndex(Number.isFinite);
      ends.push({ y: drawn.sy(values[last]), words, colour });
    }
    this.nameLines(ends, plot, room);
    make(this.svg, "text", { x: plot.x, y: plot.y - 7, "font-weight": 600 }, plot.width > 370 ? "share of the 2,000 held-out digits read right, over pixels moved (right, down, left or up in turn)" : "held-out digits read right, over pixels moved");
    this.cursor = make(this.svg, "line", { class: "cursor", y1: plot.y, y2: plot.y + plot.height });
    this.cursorAt = drawn.sx;
  }

  // names at the ends of the lines, pushed apart where they would touch; without room there, under one another in the picture
  nameLines(ends, plot, room) {
    if (!room) {
      ends.forEach(({ words, colour }, i) => make(this.svg, "text", { x: plot.x + 8, y: plot.y + plot.height - 8 - 14 * (ends.length - 1 - i), style: `fill:${colour};font-size:11px;${HALO}`, "font-weight": 600 }, words));
      return;
    }
    const sorted = [...ends].sort((a, b) => a.y - b.y), low = plot.y + 4, high = plot.y + plot.height + 2;
    sorted.forEach((end, i) => (end.at = Math.max(end.y + 4, i ? sorted[i - 1].at + 15 : low)));
    for (let i = sorted.length - 1, most = high; i >= 0; most = sorted[i].at - 15, i--) sorted[i].at = Math.min(sorted[i].at, most);
    for (const { at, words, colour } of sorted) make(this.svg, "text", { x: plot.x + plot.width + 10, y: at, style: `fill:${colour}`, "font-weight": 600 }, words);
  }

  // everything that follows the hand: the digit, crosses, probabilities, the cursor
  point() {
    if (!this.panels) return;
    const { across, down } = this.place(), { reach, label, shuffled } = this.header, { n } = this, k = (down + reach) * n + across + reach;
    const { box, cell, group } = this.paper, middle = [box.x + box.side / 2, box.y + box.side / 2];
    this.paper.image?.remove();
    this.paper.image = pixelImage(group, PAPER, (i) => Array(3).fill(this.inkAt(i, across, down)), { x: box.x, y: box.y, width: box.side, height: box.side });
    group.insertBefore(this.paper.image, group.children[1]);
    if (this.handed) {
      const { box: { x, y, side } } = this.handed;
      this.handed.image?.remove();
      this.handed.image = pixelImage(this.svg, PAPER, (i) => Array(3).fill(this.inkAt(shuffled[i], across, down)), { x, y, width: side, height: side });
    }
    this.way.setAttribute("d", across || down ? `M${middle}l${across * cell},${down * cell}` : "");
    const gone = this.lost(across, down), size = Math.hypot(across, down);
    this.words.textContent = this.where(across, down) + (gone >= 0.0005 ? `, ${threeDigits(100 * gone)} % of its ink cut off` : "");
    this.panels.forEach((map, i) => {
      const p = this.maps[i * n * n + k], guess = this.guesses[i * n * n + k], [x, y] = [map.box.x + (across + reach + 0.5) * map.cell, map.box.y + (down + reach + 0.5) * map.cell];
      for (const cross of map.crosses) cross.setAttribute("d", `M${x - 7},${y}H${x + 7}M${x},${y - 7}V${y + 7}`);
      write(map.found, p, map.narrow ? `p = ` : `p(${label}) = `);
      map.read.textContent = guess === label ? `reads ${guess} ✓` : `reads ${guess} ✗`;
      map.read.classList.toggle("wrong", guess !== label);
      map.group.setAttribute("aria-label", `${this.header.networks[i]}: p(${label}) = ${threeDigits(p)}, reads ${guess}`);
    });
    this.svg.dataset.across = across;
    this.svg.dataset.down = down;
    if (this.cursor) {
      this.cursor.setAttribute("visibility", size <= reach ? "visible" : "hidden");
      for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.cursorAt(Math.min(size, reach)));
    }
    if (this.root.getRootNode().activeElement === group) {
      this.root.querySelector(".hear").textContent = `${this.words.textContent}: ${this.panels.map((map) => map.group.getAttribute("aria-label")).join("; ")}`;
    }
  }

  // the ink of the moved digit at a pixel, 0 where paper came in
  inkAt(i, across, down) {
    const row = Math.floor(i / PAPER) - down, column = (i % PAPER) - across;
    return row >= 0 && column >= 0 && row < PAPER && column < PAPER ? this.picture[row * PAPER + column] : 0;
  }

  // the share of the digit's ink that has left the paper
  lost(across, down) {
    let all = 0, kept = 0;
    for (let i = 0; i < PAPER * PAPER; i++) {
      all += this.picture[i];
      kept += this.inkAt(i, across, down);
    }
    return all ? 1 - kept / all : 0;
  }

  where(across, down) {
    const part = (by, more, less) => (by ? [`${Math.abs(by)} ${by > 0 ? more : less}`] : []);
    return [...part(across, "right", "left"), ...part(down, "down", "up")].join(", ") || "not moved";
  }
}

export default mount(Drag);
