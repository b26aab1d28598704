// By hand: one attention layer on a few tokens, every step with its numbers. Hovering a number says what made it; vectors and weights
// are dragged or typed, and everything follows here, without the server, which hears of it on release.

const STEP = 0.1, PULL = 5, REACH = 20; // a number changes by STEP for every PULL pixels that it is dragged
const GREEN = [0, 122, 88];
const WEIGHTS = { wq: "W_Q", wk: "W_K", wv: "W_V", wo: "W_O" }, FIELDS = { wq: "query", wk: "key", wv: "value", wo: "output", added: "learned" };
// what each step adds, and what it says
const STEPS = [
  ["vectors", ["vectors", "added", "inputs", "others"], "Every token is a vector; the same word is always the same one."],
  ["q, k, v", ["wq", "wk", "wv", "query", "key", "value", "plane"], "Three matrices make of it a query, a key and a value."],
  ["scores", ["scores"], "Every query times every key: how well they fit."],
  ["divided", ["scaled"], "Divided by √d, or the scores would grow with the number of dimensions."],
  ["masked", ["masked"], "A pair that is not to be looked at gets −∞."],
  ["softmax", ["weights"], "Softmax: each row becomes shares that sum to 1."],
  ["output", ["joined", "wo", "projected", "outputs"], "The values, averaged with a row’s shares: always within their convex hull."],
];
const LAST = STEPS.length - 1;

class Attending {
  constructor(root) {
    Object.assign(this, { root, svg: root.querySelector("svg.main"), step: LAST, picked: null });
    const on = (name, act) => (root.querySelector(name).onclick = act);
    on(".play", () => this.play(!this.playing));
    on(".back", () => (this.play(false), this.go(this.step - 1)));
    on(".on", () => (this.play(false), this.go(this.step + 1)));
    this.field = root.querySelector(".number input");
    this.field.oninput = () => this.picked && this.field.value !== "" && Number.isFinite(+this.field.value) && this.setNumber(this.picked, +this.field.value);
    this.field.onchange = () => this.send();
    root.querySelector(".scaled").onchange = (event) => this.change({ scaled: event.target.checked });
    const toggle = (event) => {
      if (!root.isConnected) return document.removeEventListener("dlviz:play", toggle);
      if (!this.fixed && this.header) event.preventDefault(), this.play(!this.playing);
    };
    document.addEventListener("dlviz:play", toggle);
  }

  show({ header, arrays }) {
    Object.assign(this, { header, arrays, name: header.name });
    if (this.isNews(header.settings)) {
      this.settings = structuredClone(header.settings);
      this.own = structuredClone(header.own);
    }
    // words come from the server only, and their vectors with them
    for (const word of Object.keys(header.own)) this.own[word] ??= header.own[word];
    const same = JSON.stringify(this.settings) === JSON.stringify(header.settings);
    if (this.fixed) this.play(false);
    for (const control of this.root.querySelectorAll(".row input, .row .play, .row .back, .row .on")) control.disabled = this.fixed;
    this.work(same ? arrays : null);
    this.shape() === this.drawn ? this.fill() : this.draw();
  }

  // all that decides which matrices stand where; while it stays, only numbers are written, and nothing loses the focus
  shape() {
    const { tokens, sources, width, heads, positions, base, cross, gains, allowed } = this.header, { clientWidth, clientHeight } = this.svg;
    return JSON.stringify([tokens, sources, width, heads, positions, base, cross, gains, allowed, this.settings.scaled, this.studied() && this.settings.beside, clientWidth, clientHeight, enlarged(), this.fixed, themeColours(this.root)]);
  }

  // everything anew: torch's numbers where they are about these very settings, else worked out here
  work(arrays = null) {
    const { header } = this, vectors = (words) => words.map((word) => this.own[word]);
    this.result = arrays ?? attendTo(header, this.settings, vectors(header.tokens), vectors(header.sources));
    this.root.dataset.source = arrays ? "torch" : "browser";
    this.n = header.tokens.length;
    this.m = header.sources.length;
    this.each = header.width / header.heads;
    this.head = header.heads > 1 ? this.settings.head - 1 : 0;
    this.followed = Math.min(this.settings.followed, this.n) - 1; // settings count from 1
  }

  change(settings) {
    Object.assign(this.settings, settings);
    this.work();
    this.draw();
    this.send();
  }

  send() {
    this.report(structuredClone(this.settings));
  }

  play(on) {
    clearInterval(this.playing);
    if (on && this.step === LAST) this.go(0);
    this.playing = on ? setInterval(() => (this.root.isConnected && this.step < LAST ? this.go(this.step + 1) : this.play(false)), 1800) : null;
    const button = this.root.querySelector(".play");
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", on ? "Pause" : "Play: step by step");
  }

  go(step) {
    this.step = Math.max(0, Math.min(LAST, step));
    this.picked = this.hovered = null;
    this.fill();
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    this.drawn = this.shape();
    const { width, height } = measure(this.svg), added = ["sinusoidal", "learned"].includes(this.header.positions);
    this.box = attendingPlaces({ width, height, n: this.n, m: this.m, d: this.header.width, heads: this.header.heads, added, cross: this.header.cross, study: this.studied() });
    const focused = this.root.getRootNode().activeElement?.dataset?.name;
    this.svg.replaceChildren();
    this.matrices = {};
    const signs = make(this.svg, "g");
    for (const [x, y, words] of this.box.signs) make(signs, "text", { class: "sign", x, y, "text-anchor": "middle", "dominant-baseline": "central" }, words);
    for (const [name, box] of Object.entries(this.box.matrices)) this.build(name, box);
    this.plane = this.studied() ? null : new ValuePlane(this.svg, (i) => this.follow(i));
    if (this.studied()) drawStudy(make(this.svg, "g", { class: "study" }), this.box.plane, this.header, this.settings, this.arrays.study, themeColours(this.root));
    this.marks = make(this.svg, "g", { class: "marks" });
    this.fill();
    this.matrices[focused]?.group.focus({ preventScroll: true });
  }

  build(name, box) {
    const { header, settings, n, m, each } = this, d = header.width, [tokens, sources] = [header.tokens, header.sources];
    const rope = header.positions === "rope" ? ", turned" : "", gain = (i) => (header.gains[i] === 1 ? "" : ` × ${brief(header.gains[i])}`);
    const about = {
      vectors: { title: "vectors", rows: n, columns: d, sides: tokens, editable: true },
      others: { title: "second text", rows: m, columns: d, sides: sources, editable: true },
      added: { title: `+ ${header.positions === "learned" ? "learned" : "sin, cos"}`, rows: n, columns: d, sides: tokens.map((_, i) => `at ${i}`), editable: header.positions === "learned" },
      inputs: { title: "= x", rows: n, columns: d, sides: tokens },
      wq: { title: `W_Q${gain(0)}`, rows: d, columns: d, editable: true },
      wk: { title: "W_K", rows: d, columns: d, editable: true },
      wv: { title: `W_V${gain(2)}`, rows: d, columns: d, editable: true },
      query: { title: `queries${rope}`, rows: n, columns: d },
      key: { title: `keys${rope}`, rows: m, columns: d },
      value: { title: "values", rows: m, columns: d },
      scores: { title: "q·k", rows: n, columns: m, sides: tokens, tops: sources },
      scaled: { title: settings.scaled ? `÷ √${each}` : "not divided", rows: n, columns: m, tops: sources },
      masked: { title: header.allowed.includes(0) ? "masked" : "no mask", rows: n, columns: m, sides: tokens, tops: sources },
      weights: { title: m * box.w > 100 ? "softmax: weights" : "softmax", rows: n, columns: m, tops: sources },
      joined: { title: header.heads > 1 ? "both heads" : "weights × values = output", rows: n, columns: d, sides: header.heads > 1 ? null : tokens },
      wo: { title: "W_O", rows: d, columns: d, editable: true },
      projected: { title: "output", rows: n, columns: d },
    }[name];
    const matrix = (this.matrices[name] = new Matrix(this.svg, { ...about, sides: about.sides ?? [], tops: about.tops ?? null, name }, box));
    if (box.named) (["key", "value"].includes(name) ? sources : tokens).forEach((word, i) => matrix.label(word, box.x - 5, box.y + (i + 0.5) * box.h, "end"));
    this.listen(matrix);
  }

  // the numbers of a matrix of the picture, row by row
  numbers(name) {
    const { result, settings, header, n, m, each, head } = this, d = header.width;
    if (name in WEIGHTS) return corner(settings[FIELDS[name]], d, d);
    if (name === "others") return result.sources;
    if (["scores", "scaled", "masked", "weights"].includes(name)) return result[name].slice(head * n * m, (head + 1) * n * m);
    if (header.positions === "rope" && (name === "query" || name === "key")) {
      const turned = result[`turned_${name}`], rows = turned.length / d;
      return Float64Array.from({ length: turned.length }, (_, at) => turned[(Math.floor((at % d) / each) * rows + Math.floor(at / d)) * each + (at % each)]);
    }
    return result[name];
  }

  // colours of every matrix; scales hold what stands beside this picture too
  colours() {
    const { result, settings, header } = this, d = header.width, { rows, handed, scores } = header.reaches;
    const reach = (least, ...lists) => Math.max(1e-12, least, ...lists.flatMap((list) => [...list].map(Math.abs))), around = (most) => (value) => signed(value, most);
    const tokens = around(reach(rows, result.vectors, result.inputs, result.sources, result.added)), fits = around(reach(scores, result.scores));
    const passed = around(reach(handed, result.query, result.key, result.value, result.joined, result.projected));
    const weights = around(reach(1, ...Object.keys(WEIGHTS).map((name) => corner(settings[FIELDS[name]], d, d)))), share = (value) => mixed([255, 255, 255], GREEN, value);
    const each = (names, colour) => Object.fromEntries(names.map((name) => [name, colour]));
    return {
      ...each(["vectors", "others", "added", "inputs"], tokens),
      ...each(Object.keys(WEIGHTS), weights),
      ...each(["query", "key", "value", "joined", "projected"], passed),
      ...each(["scores", "scaled", "masked"], fits),
      weights: share,
    };
  }

  // numbers, colours, plane and words; nothing is built anew
  fill() {
    if (!this.matrices) return;
    const colours = this.colours(), shown = new Set(STEPS.slice(0, this.step + 1).flatMap(([, names]) => names));
    for (const [name, matrix] of Object.entries(this.matrices)) {
      matrix.fill(this.numbers(name), colours[name]);
      matrix.group.classList.toggle("away", !shown.has(name));
      if (name === "weights") matrix.shut((at) => !this.header.allowed[at]);
    }
    this.drawPlane(shown);
    this.rove();
    this.point();
    this.drawControls();
  }

  // rows (heads, n, each) of the shown head as points; of more than two numbers the first two
  points(flat, rows, d = this.header.width) {
    return Array.from({ length: rows }, (_, i) => [flat[i * d + this.head * this.each], flat[i * d + this.head * this.each + 1]]);
  }

  // whether a study's charts stand beside the layer; its numbers are the server's, so they come a moment after the click
  studied() {
    return this.settings.beside !== "values" && this.header.settings.beside === this.settings.beside;
  }

  drawPlane(shown) {
    if (!this.plane) return;
    const { header, n, m, followed } = this, { tokens, sources } = header;
    this.plane.group.classList.toggle("away", !shown.has("plane"));
    this.plane.draw(this.box.plane, {
      values: this.points(this.result.value, m),
      outputs: this.points(this.result.joined, n),
      weights: [...this.numbers("weights").slice(followed * m, (followed + 1) * m)],
      allowed: header.allowed.slice(followed * m, (followed + 1) * m),
      followed,
      names: sources,
      queries: tokens,
      reach: header.reaches.value,
      title: `values${header.heads > 1 ? ` of head ${this.head + 1}` : ""}${this.each > 2 ? `, numbers 1 and 2 of ${this.each}` : ""}`,
      shown: shown.has("outputs"),
    });
  }

  ofHead(name, row) {
    return this.matrices[name].row(row).slice(this.head * this.each, (this.head + 1) * this.each);
  }

  listen(matrix) {
    const { group, name } = matrix, cellOf = (event) => (event.target.dataset?.row === undefined ? null : { name, row: +event.target.dataset.row, column: +event.target.dataset.column });
    group.setAttribute("role", "application");
    group.setAttribute("aria-label", `${matrix.title}, ${matrix.rows} by ${matrix.columns}. Arrow keys choose a number, also of the next matrix${matrix.editable ? "; plus and minus change it, Enter types it" : ""}.`);
    group.onpointermove = (event) => this.hover(cellOf(event));
    group.onpointerleave = () => this.hover(null);
    group.onpointerdown = (event) => this.press(event, matrix, cellOf(event));
    group.onkeydown = (event) => this.key(event, matrix);
  }

  hover(cell) {
    if (this.dragging) return;
    this.hovered = cell;
    this.point();
  }

  press(event, matrix, cell) {
    if (!cell || event.button) return;
    event.preventDefault();
    matrix.group.focus({ preventScroll: true });
    this.play(false);
    this.pick(cell);
    if (this.fixed || !matrix.editable) return;
    const from = pointerIn(this.svg, event).y, start = matrix.at(cell.row, cell.column);
    this.dragging = true;
    let moved = false;
    hold(event, (now) => {
      const by = STEP * Math.round((from - pointerIn(this.svg, now).y) / PULL);
      if (by || moved) this.setNumber(cell, start + by), (moved = true);
    }, () => ((this.dragging = false), moved && this.send()));
  }

  key(event, matrix) {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], pull = { "+": STEP, "=": STEP, "-": -STEP }[event.key];
    const editable = matrix.editable && !this.fixed, now = this.picked?.name === matrix.name ? this.picked : null;
    if (!by && !((pull || event.key === "Enter") && editable && now)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter") return this.field.focus(), this.field.select();
    if (pull) {
      this.setNumber(now, matrix.at(now.row, now.column) + pull);
      return this.sendSoon();
    }
    if (!now) return this.pick({ name: matrix.name, row: 0, column: 0 });
    const row = clip(now.row + by[0], 0, matrix.rows - 1), column = now.column + by[1];
    if (column >= 0 && column < matrix.columns) return this.pick({ name: matrix.name, row, column });
    // over the edge into the next matrix, as one reads
    const names = Object.keys(this.matrices), next = this.matrices[names[names.indexOf(matrix.name) + by[1]]];
    if (!next || next.group.classList.contains("away")) return;
    this.pick({ name: next.name, row: Math.min(row, next.rows - 1), column: by[1] > 0 ? 0 : next.columns - 1 });
    next.group.focus({ preventScroll: true });
  }

  // all matrices are one stop of the Tab key: the one that was looked at last
  rove() {
    const names = Object.keys(this.matrices), stop = this.picked && names.includes(this.picked.name) ? this.picked.name : names[0];
    for (const name of names) this.matrices[name].group.setAttribute("tabindex", !this.fixed && name === stop ? 0 : -1);
  }

  sendSoon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send(), 250); // a row of keys is one message
  }

  // a cell whose arithmetic stays; in a row that belongs to a query, that query is followed
  pick(cell) {
    this.picked = cell;
    this.hovered = null;
    const rows = ["query", "scores", "scaled", "masked", "weights", "joined", "projected"];
    if (rows.includes(cell.name) && !this.fixed) this.follow(cell.row);
    else this.fill();
  }

  follow(row) {
    if (this.fixed) return;
    if (row !== this.followed) {
      this.settings.followed = row + 1;
      this.followed = row;
      this.sendSoon();
    }
    this.fill();
  }

  setNumber({ name, row, column }, value) {
    const number = Math.max(-REACH, Math.min(REACH, +value.toFixed(6)));
    if (name === "vectors" || name === "others") {
      const { header } = this, word = header[name === "vectors" ? "tokens" : "sources"][row], known = new Set([...header.tokens, ...header.sources]);
      this.own[word] = this.own[word].map((old, i) => (i === column ? number : old));
      const edited = Object.entries(JSON.parse(this.settings.vectors || "{}")).filter(([other]) => known.has(other));
      this.settings.vectors = JSON.stringify({ ...Object.fromEntries(edited), [word]: this.own[word] });
    } else {
      const field = FIELDS[name];
      this.settings[field] = this.settings[field].map((old, at) => (at === row * WIDEST + column ? number : old));
    }
    this.work();
    this.fill();
  }

  // everything that follows the pointer: what made the number, and its frame
  point() {
    const cell = this.hovered ?? this.picked, line = this.root.querySelector(".line");
    this.marks.replaceChildren();
    const mark = (name, row, column, kind) => this.matrices[name] && make(this.marks, "rect", { class: kind, ...this.matrices[name].around(row, column) });
    if (this.header.heads > 1) for (const name of ["query", "key", "value", "joined"]) this.matrices[name] && this.markHead(name, null, "of-head");
    if (this.step === LAST) for (const name of ["weights", "joined", "projected"]) mark(name, this.followed, null, "query-row");
    if (!cell || !this.matrices[cell.name]) {
      line.textContent = this.step === LAST ? this.average() : STEPS[this.step][2];
      return;
    }
    const { words, made } = arithmetic(this.told(), cell.name, cell.row, cell.column);
    for (const [name, row, column] of made) column === "head" ? this.markHead(name, row) : mark(name, row, column, "made");
    mark(cell.name, cell.row, cell.column, "here");
    line.textContent = words;
  }

  told() {
    const { matrices, header, settings, head, each, result } = this;
    const rows = (name, i) => (matrices[name] ? matrices[name].row(i) : [...result[name === "others" ? "sources" : name].slice(i * header.width, (i + 1) * header.width)]);
    return { matrices, tokens: header.tokens, sources: header.sources, about: header, settings, head, each, result, rows, ofHead: (name, row) => this.ofHead(name, row) };
  }

  markHead(name, row, kind = "made") {
    const matrix = this.matrices[name], { x, y, height } = matrix.around(row, 0);
    make(this.marks, "rect", { class: kind, x: x + this.head * this.each * matrix.box.w, y, width: this.each * matrix.box.w, height });
  }

  // the followed output in words
  average() {
    const { header, m, followed, head } = this, weights = [...this.numbers("weights").slice(followed * m, (followed + 1) * m)];
    const parts = weights.map((weight, j) => [weight, header.sources[j]]).filter(([weight]) => weight >= 0.005).map(([weight, word]) => `${brief(weight)}·v(${word})`);
    const output = this.points(this.result.joined, this.n)[followed], more = this.each > 2 ? ", …" : "";
    return `output of ${header.tokens[followed]}${header.heads > 1 ? `, head ${head + 1}` : ""} = ${parts.join(" + ")} = (${brief(output[0])}, ${brief(output[1])}${more})`;
  }

  drawControls() {
    const find = (name) => this.root.querySelector(name), matrix = this.picked && this.matrices[this.picked.name], editable = matrix?.editable && !this.fixed;
    find(".where").textContent = `${this.step + 1}/${LAST + 1} ${STEPS[this.step][0]}`;
    find(".back").disabled = this.fixed || this.step === 0;
    find(".on").disabled = this.fixed || this.step === LAST;
    find(".scaled").checked = this.settings.scaled;
    find(".number span").textContent = editable ? this.called(this.picked) : "click a number";
    this.field.disabled = !editable;
    const value = editable ? String(+matrix.at(this.picked.row, this.picked.column).toPrecision(6)) : "", active = this.root.getRootNode().activeElement === this.field;
    if (!active) this.field.value = value; // what is being typed is not taken away
    const lenses = this.header.lenses;
    this.choices(".lenses", lenses.map(([, words]) => words), lenses.findIndex(([name]) => name === this.settings.beside), (i) => this.change({ beside: lenses[i][0] }));
    this.choices(".heads", this.header.heads > 1 ? ["head 1", "head 2"] : [], this.head, (h) => this.change({ head: h + 1 }));
  }

  called({ name, row, column }) {
    const rows = { vectors: this.header.tokens, others: this.header.sources }[name];
    return rows ? `${rows[row]} ${column + 1}` : name === "added" ? `place ${row}, ${column + 1}` : `${WEIGHTS[name]} ${row + 1}, ${column + 1}`;
  }

  choices(name, words, chosen, act) {
    const box = this.root.querySelector(name);
    if (box.childElementCount !== words.length) {
      box.replaceChildren(...words.map((word, i) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: word, disabled: this.fixed });
        button.onclick = () => act(i);
        return button;
      }));
    }
    [...box.children].forEach((button, i) => button.setAttribute("aria-pressed", i === chosen));
  }
}

export default mount(Attending);
