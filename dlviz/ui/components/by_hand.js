// Back-propagation by hand: values forward, gradients back, one node at a time; and what the result is checked against.
// All of it is worked out here, in double precision, while the hand moves; on release torch does the same, and autograd beside it.

const BOX = { width: 82, height: 44 }, PITCH = { x: 126, y: 52 }, PITCH_DOWN = { x: 104, y: 66 }, EDGE = 6;
const STEP_MS = 900;

// a number where there is little room
function brief(value) {
  return Number.isNaN(value) ? "NaN" : threeDigits(value);
}

class ByHand {
  constructor(root) {
    Object.assign(this, { root, svg: root.querySelector("svg.main"), position: 0 });
    [this.edges, this.boxes] = [make(this.svg, "g"), make(this.svg, "g")];
    this.chart = new DifferencesChart(root.querySelector(".side"), (h) => this.setStep(h), (soon) => (soon ? this.sendSoon() : this.send()));
    const find = (name) => root.querySelector(name);
    find(".play").onclick = () => this.play(!this.playing);
    find(".back").onclick = () => this.go(this.position - 1);
    find(".on").onclick = () => this.go(this.position + 1);
    find(".scrub").oninput = (event) => this.go(+event.target.value);
    find(".keep").onclick = () => this.keep();
    root.querySelectorAll("[data-act]").forEach((button) => (button.onclick = () => this.go(this.ends()[button.dataset.act])));
    root.querySelectorAll("[data-lens]").forEach((button) => (button.onclick = () => this.look(button.dataset.lens)));
    find(".leaf input").onchange = (event) => this.type(event.target);
    this.svg.addEventListener("touchstart", (event) => event.target.closest(".leaf-node") && event.preventDefault(), { passive: false });
    root.addEventListener("keydown", (event) => this.walk(event));
    const listen = (name, act) => {
      const heard = (event) => (root.isConnected ? act(event) : document.removeEventListener(name, heard));
      document.addEventListener(name, heard);
    };
    listen("dlviz:play", (event) => {
      if (this.fixed || !this.graph) return;
      event.preventDefault();
      this.play(!this.playing);
    });
    listen("dlviz:step", ({ detail }) => {
      if (!this.fixed || !this.graph || detail.by !== "by_hand") return;
      this.position = Math.min(detail.step, this.ends().update);
      this.draw();
    });
  }

  show({ header, arrays }) {
    this.root.inert = this.fixed; // A beside B is to be looked at, and follows B's steps
    const { settings } = header, before = this.header, news = this.isNews(settings);
    if (before && !news && header.expression !== before.expression) return; // an older answer
    const moved = news && JSON.stringify(settings.values) !== JSON.stringify(this.settings?.values);
    if (news) this.settings = structuredClone(settings);
    this.name = header.name;
    this.header = header;
    if (before?.expression !== header.expression) {
      this.graph = new Graph(header.nodes);
      this.boxes.replaceChildren();
      this.chosen = null;
    }
    // torch's numbers, while they are those of what is shown
    this.torch = JSON.stringify(settings) === JSON.stringify(this.settings) ? arrays : null;
    if (moved || before?.expression !== header.expression || before?.opens !== header.opens) {
      this.play(false);
      const { forward, backward, update } = this.ends();
      this.position = { leaves: 0, values: forward, gradients: backward, update }[header.opens];
      this.chosen = null;
    }
    this.draw();
  }

  // the last step of each act
  ends() {
    const forward = this.graph.computed.length, backward = forward + this.graph.answered.length;
    return { forward, backward, update: backward + 2 };
  }

  // Changes ----------------------------------------------------------------------------------------------------------------

  change(settings) {
    Object.assign(this.settings, settings);
    this.torch = null;
    this.draw();
  }

  // Python knows the values by the example they belong to; the copy keeps the shape that comes back
  send() {
    const { values, followed, beside, h } = this.settings;
    clearTimeout(this.later);
    this.report({ [this.header.field]: values, followed, beside, h });
    this.known = JSON.stringify(this.settings);
  }

  sendSoon() {
    clearTimeout(this.later);
    this.later = setTimeout(() => this.send(), 300);
  }

  setLeaf(k, value) {
    const { reach } = this.header, values = [...this.settings.values];
    values[k] = Math.max(-reach, Math.min(reach, +value.toPrecision(12))) + 0;
    this.change({ values, followed: this.header.names[k] });
  }

  type(input) {
    const k = this.header.names.indexOf(this.settings.followed);
    const typed = input.value !== "" && Number.isFinite(+input.value);
    if (typed) this.setLeaf(k, +input.value);
    input.value = this.settings.values[k];
    if (typed) this.send();
  }

  follow(k) {
    if (this.fixed || this.settings.followed === this.header.names[k]) return;
    this.change({ followed: this.header.names[k] });
    this.send();
  }

  look(lens) {
    this.change({ beside: this.settings.beside === lens ? "nothing" : lens });
    this.send();
  }

  // one step of gradient descent becomes the new start
  keep() {
    this.change({ values: this.updated().map((value) => +value.toPrecision(12)) });
    this.send();
  }

  updated() {
    const { data, learning_rate: rate } = this.header;
    return this.settings.values.map((value, k) => (data[k] ? value : value - rate * this.gradients[this.graph.leaves[k]]));
  }

  grab(event, k) {
    if (this.fixed) return;
    const from = inside(this.svg, event), start = this.settings.values[k];
    let moved = false;
    this.boxes.children[this.graph.leaves[k]].focus({ preventScroll: true });
    hold(event, (now) => {
      const [, y] = inside(this.svg, now), by = Math.round((from[1] - y) / enlarged());
      if (!moved && Math.abs(by) < 2) return;
      moved = true;
      this.setLeaf(k, Math.round((start + by / 50) * 100) / 100);
    }, () => (moved ? this.send() : this.follow(k)));
  }

  nudge(event, k) {
    const by = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    if (this.fixed) return;
    if (event.key === "Enter") this.follow(k);
    if (by === undefined) return;
    event.preventDefault();
    this.setLeaf(k, Math.round((this.settings.values[k] + by) * 100) / 100);
    this.sendSoon();
  }

  // Steps --------------------------------------------------------------------------------------------------------------------

  // ← and → walk wherever they mean nothing else
  walk(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], target = event.composedPath()[0];
    if (by === undefined || target.matches("input") || target.closest(".handle")) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(this.position + by);
  }

  go(step, playing = false) {
    if (!playing) this.play(false);
    this.chosen = null;
    this.position = Math.max(0, Math.min(this.ends().update, step));
    document.dispatchEvent(new CustomEvent("dlviz:step", { detail: { by: "by_hand", step: this.position } }));
    this.draw();
  }

  // Playing ends with the gradients: the update is another act, begun by hand.
  play(on) {
    clearTimeout(this.timer);
    this.playing = on;
    if (on) {
      const { backward, update } = this.ends(), end = this.position > backward && this.position < update ? update : backward;
      if (this.position >= end) this.go(0, true);
      const tick = () => {
        if (!this.playing || !this.root.isConnected) return;
        this.go(this.position + 1, true);
        if (this.position >= end) this.play(false);
        else this.timer = setTimeout(tick, STEP_MS);
      };
      this.timer = setTimeout(tick, STEP_MS);
    }
    const button = this.root.querySelector(".play");
    button.textContent = on ? "❚❚ Pause" : "▶ Play";
    button.setAttribute("aria-label", on ? "Pause" : "Play");
  }

  // the nodes in the order in which their gradients come; of the leaves, which nothing waits for, the followed one is the last
  order() {
    const { graph } = this, followed = graph.leaves[this.header.names.indexOf(this.settings.followed)];
    return [...graph.answered.filter((n) => n !== followed), followed];
  }

  // what is known at the present step, and the node whose turn it is
  moment() {
    const { graph, position } = this, { forward, backward, update } = this.ends(), order = this.order();
    const values = new Set([...graph.indices((node) => node.given), ...graph.computed.slice(0, position)]);
    const gradients = new Set(order.slice(0, Math.max(0, position - forward)));
    if (position === 0) return { act: "leaves", values, gradients, active: null };
    if (position <= forward) return { act: "forward", values, gradients, active: graph.computed[position - 1] };
    if (position <= backward) return { act: "backward", values, gradients, active: order[position - forward - 1] };
    return { act: "update", values, gradients, active: null, again: position === update };
  }

  // The picture --------------------------------------------------------------------------------------------------------------

  draw() {
    if (!this.header || this.svg.clientWidth < 50) return;
    this.values = this.graph.forward(this.settings.values);
    this.gradients = this.graph.backward(this.values);
    this.after = this.graph.forward(this.updated());
    const moment = this.moment();
    this.colours = themeColours(this.root);
    this.measure();
    this.drawEdges(moment);
    this.drawBoxes(moment);
    this.writePaths();
    this.writeLine(moment);
    this.writePlayer(moment);
    this.writeChecks();
    this.drawDifferences();
  }

  // The svg's size in its own pixels: all columns and rows fit, and a small graph is drawn large.
  // Where the graph has much more room downwards, as beside another one, it flows from top to bottom.
  measure() {
    const { places } = this.header, width = this.svg.clientWidth, height = this.svg.clientHeight;
    const most = { column: Math.max(...places.map(([column]) => column)), row: Math.max(...places.map(([, row]) => row)) };
    const [across, down] = [false, true].map((down) => {
      const count = down ? { x: most.row, y: most.column } : { x: most.column, y: most.row }, pitch = down ? PITCH_DOWN : PITCH;
      const wanted = { x: count.x * pitch.x + BOX.width + 2 * EDGE, y: count.y * pitch.y + BOX.height + 2 * EDGE };
      return { count, wanted, down, by: Math.max(wanted.x / width, wanted.y / height, 0.55) };
    });
    const { count, wanted, by } = (this.flow = down.by < 0.95 * across.by ? down : across), room = { x: width * by, y: height * by };
    this.svg.setAttribute("viewBox", `0 0 ${room.x} ${room.y}`);
    this.svg.style.setProperty("--wide", `${wanted.x}px`); // a phone scrolls a wide graph sideways
    const pitch = {
      x: Math.min(220, (room.x - BOX.width - 2 * EDGE) / Math.max(1, count.x)),
      y: Math.min(84, (room.y - BOX.height - 2 * EDGE) / Math.max(1, count.y)),
    };
    const left = (room.x - count.x * pitch.x - BOX.width) / 2, top = (room.y - count.y * pitch.y - BOX.height) / 2;
    this.places = places.map(([column, row]) => {
      const [along, beside] = this.flow.down ? [row, column] : [column, row];
      return { x: left + along * pitch.x, y: top + beside * pitch.y };
    });
  }

  // The curve of an edge into a box, the `at`th of `of` that enter it, and where its slope is written.
  route(from, to, at, of) {
    const spread = of > 1 ? at - 0.5 : 0;
    if (this.flow.down) {
      const start = { x: from.x + BOX.width / 2, y: from.y + BOX.height }, end = { x: to.x + BOX.width / 2 + 30 * spread, y: to.y };
      const bend = Math.max(8, (end.y - start.y) / 2);
      const d = `M${start.x},${start.y}C${start.x},${start.y + bend} ${end.x},${end.y - bend} ${end.x},${end.y}`;
      return { d, label: { x: end.x + (spread < 0 ? -5 : 5), y: end.y - 5, "text-anchor": spread < 0 ? "end" : "start" } };
    }
    const start = { x: from.x + BOX.width, y: from.y + BOX.height / 2 }, end = { x: to.x, y: to.y + BOX.height / 2 + 18 * spread };
    const bend = Math.max(14, (end.x - start.x) / 2);
    const d = `M${start.x},${start.y}C${start.x + bend},${start.y} ${end.x - bend},${end.y} ${end.x},${end.y}`;
    return { d, label: { x: end.x - 5, y: end.y + (spread > 0 ? 13 : -5), "text-anchor": "end" } };
  }

  drawEdges({ act, values, active, gradients }) {
    const { graph, edges } = this, paths = this.settings.beside === "paths" ? this.allPaths().slice(0, this.header.listed) : [];
    edges.replaceChildren();
    const labels = [];
    graph.nodes.forEach(({ inputs }, n) => {
      const side = this.flow.down ? "x" : "y", height = (k) => this.places[inputs[k]][side];
      const order = inputs.map((_, k) => k).sort((k, l) => height(k) - height(l) || k - l);
      inputs.forEach((i, k) => {
        const { d, label } = this.route(this.places[i], this.places[n], order.indexOf(k), inputs.length);
        const along = paths.flatMap((path, p) => (path.some(([m, l]) => m === n && l === k) ? [p] : []));
        along.forEach((p, at) => make(edges, "path", { class: "edge path", d, style: `stroke:${this.colours[p % this.colours.length]};stroke-width:${4 + 5 * (along.length - 1 - at)}` }));
        const forward = act === "forward" && n === active, back = act === "backward" && i === active;
        make(edges, "path", { class: `edge${forward ? " active forward" : ""}${back ? " active" : ""}`, d });
        if (graph.varies[i] && values.has(n)) labels.push([n, k, label, back]);
      });
    });
    for (const [n, k, place, back] of labels) {
      const slope = graph.slope(n, k, this.values), text = brief(slope);
      const label = make(edges, "text", { ...place, class: "slope", style: `${HALO}; stroke-width: 3px; font-size: ${back ? 13 : 12}px` }, text);
      Object.assign(label.dataset, { edge: `${n}.${k}`, value: slope });
      make(label, "title", {}, `∂(${graph.texts[n]})/∂(${graph.texts[graph.nodes[n].inputs[k]]}) = ${slope}`);
    }
  }

  // Boxes are moved, never made anew: a finger or the focus that rests on one must not lose it.
  drawBoxes(moment) {
    const { graph } = this, { act, values, gradients, active, again } = moment, update = act === "update";
    while (this.boxes.childElementCount < graph.nodes.length) this.makeBox(this.boxes.childElementCount);
    graph.nodes.forEach((node, n) => {
      const box = this.boxes.children[n], k = graph.leaves.indexOf(n), { x, y } = this.places[n];
      const moved = update && k >= 0 && !this.header.data[k], fresh = update && (again || moved);
      const value = fresh ? this.after[n] : this.values[n];
      box.setAttribute("transform", `translate(${x},${y})`);
      const marks = [n === active && `active ${act}`, k >= 0 && this.header.names[k] === this.settings.followed && "followed"];
      box.setAttribute("class", [k >= 0 ? "leaf-node" : node.given ? "constant" : "operation", ...marks].filter(Boolean).join(" "));
      const [, title, sign, number, gradient] = box.children;
      const words = graph.sign(n);
      this.fit(sign, words, words.length > 2 ? 27 : 30);
      this.fit(number, values.has(n) ? brief(value) : "", BOX.width - 18 - Math.min(27, 8 * words.length));
      number.setAttribute("class", fresh && value !== this.values[n] ? "fresh" : "");
      const text = !gradients.has(n) ? "" : moved ? `was ${brief(this.values[n])}` : `∂ ${brief(this.gradients[n])}`;
      this.fit(gradient, text, BOX.width - 12);
      gradient.setAttribute("class", `${moved ? "former" : "gradient"}${update ? " stale" : ""}`);
      title.textContent = `${graph.texts[n]} = ${value}${gradients.has(n) ? `; gradient ${this.gradients[n]}` : ""}`;
      Object.assign(box.dataset, { value, gradient: gradients.has(n) ? this.gradients[n] : "" });
      if (k >= 0) {
        box.setAttribute("aria-valuenow", this.settings.values[k]);
        box.setAttribute("aria-disabled", this.fixed);
      } else box.setAttribute("aria-label", title.textContent);
    });
  }

  // words made narrower where they do not fit
  fit(text, words, room = BOX.width - 12) {
    text.textContent = words;
    text.style.fontSize = `${Math.min(14, (room / Math.max(1, words.length)) * 1.75).toFixed(1)}px`;
  }

  makeBox(n) {
    const { graph } = this, k = graph.leaves.indexOf(n), leaf = k >= 0, given = graph.nodes[n].given;
    const { reach, names } = this.header;
    const about = leaf
      ? { role: "slider", tabindex: 0, "aria-label": `leaf ${names[k]}`, "aria-valuemin": -reach, "aria-valuemax": reach, "aria-valuenow": 0 }
      : given ? { role: "img" } : { role: "button", tabindex: -1 };
    const box = make(this.boxes, "g", { ...about, "data-node": n });
    make(box, "rect", { class: "box", width: BOX.width, height: BOX.height, rx: leaf ? 10 : 5 });
    make(box, "title");
    make(box, "text", { x: 7, y: 18, class: "sign" });
    make(box, "text", { x: BOX.width - 7, y: 18, "text-anchor": "end" });
    make(box, "text", { x: BOX.width - 7, y: 37, "text-anchor": "end", class: "gradient" });
    if (leaf) {
      box.dataset.leaf = names[k];
      box.onpointerdown = (event) => this.grab(event, k);
      box.onkeydown = (event) => this.nudge(event, k);
    } else if (!given) {
      const choose = () => {
        this.chosen = this.chosen === n ? null : n;
        this.draw();
      };
      box.onclick = choose;
      box.onkeydown = (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        choose();
      };
    }
  }

  // Words --------------------------------------------------------------------------------------------------------------------

  // a node's expression, or only its operation where that is long
  call(n) {
    const text = this.graph.texts[n];
    if (n === this.graph.last) return "L";
    return text.length <= 22 ? text : `the ${this.graph.sign(n)} node`;
  }

  forwardLine(n) {
    const text = this.graph.texts[n], words = n === this.graph.last ? "L" : text.length <= 34 ? text : this.graph.sign(n);
    return [[words], [" = "], [this.graph.arithmetic(n, this.values)], [" = "], [threeDigits(this.values[n])]];
  }

  backwardLine(n) {
    const { graph } = this;
    if (n === graph.last) return [["∂L/∂L = "], ["1", "gradient"]];
    const line = [[`∂L/∂${/^[a-z]\d?$/.test(this.call(n)) ? this.call(n) : `(${this.call(n)})`} = `]];
    graph.uses[n].forEach(([consumer, k], number) => {
      if (number) line.push([" + "]);
      const slope = threeDigits(graph.slope(consumer, k, this.values));
      line.push([threeDigits(this.gradients[consumer]), "gradient"], [" · "], [slope.startsWith("−") ? `(${slope})` : slope, "slope"]);
    });
    return [...line, [" = "], [threeDigits(this.gradients[n]), "gradient"]];
  }

  rule(n) {
    const { graph } = this, uses = graph.uses[n];
    if (n === graph.last) return "Here the way back begins: L changes by 1 when L changes by 1.";
    if (uses.length > 1) return `Used ${uses.length} times: one product for each use, and they are added.`;
    return OPERATIONS[graph.nodes[uses[0][0]].operation][3];
  }

  writeLine({ act, active, again }) {
    const { graph, chosen } = this;
    let line, rule = [];
    if (chosen !== null) {
      [line, rule] = [this.forwardLine(chosen), graph.varies[chosen] ? this.backwardLine(chosen) : [["no leaf below: no gradient"]]];
    } else if (act === "leaves") [line, rule] = [[["Only the leaves are known"]], [["Values go forward from here: drag a leaf up or down, or press Play."]]];
    else if (act === "forward") [line, rule] = [this.forwardLine(active), [["Forward: a node’s value, from the values of its inputs."]]];
    else if (act === "backward") [line, rule] = [this.backwardLine(active), [[this.rule(active)]]];
    else [line, rule] = this.updateLine(again);
    const fill = (name, parts) => {
      const place = this.root.querySelector(name);
      place.replaceChildren(...parts.map(([text, kind]) => Object.assign(document.createElement("span"), { textContent: text, className: kind ?? "" })));
    };
    fill(".line", line);
    fill(".rule", rule);
    const name = { leaves: "Before the forward pass", forward: "Forward pass", backward: "Backward pass", update: "Update, another act" }[act];
    this.root.querySelector(".whole").textContent = `${name} · L = ${graph.texts[graph.last]}`;
  }

  updateLine(again) {
    const { header, settings, graph } = this, rate = threeDigits(header.learning_rate);
    const L = threeDigits(this.values[graph.last]), after = threeDigits(this.after[graph.last]);
    if (again) return [[[`L: ${L} → ${after}`]], [["Forward again with the new weights. Every gradient belongs to the old ones, and has to be computed anew."]]];
    const first = header.names.indexOf(settings.followed), k = header.data[first] ? header.data.indexOf(false) : first;
    if (k < 0) return [[["There is nothing to update"]], [["Leaves whose names begin with x or t are data."]]];
    const gradient = this.gradients[graph.leaves[k]], old = settings.values[k];
    const line = [[`${header.names[k]} ← ${threeDigits(old)} − ${rate} · `], [gradient < 0 ? `(${threeDigits(gradient)})` : threeDigits(gradient), "gradient"], [` = ${threeDigits(this.updated()[k])}`]];
    return [line, [["The update, another act: back-propagation ended with the gradients. Leaves named x… or t are data and stay."]]];
  }

  allPaths() {
    return this.graph.paths(this.graph.leaves[this.header.names.indexOf(this.settings.followed)]);
  }

  writePaths() {
    const list = this.root.querySelector(".paths"), { graph } = this, shown = this.settings.beside === "paths";
    list.hidden = !shown;
    if (!shown) return;
    const start = graph.leaves[this.header.names.indexOf(this.settings.followed)], all = this.allPaths(), count = all.length, paths = all.slice(0, this.header.listed);
    const span = (text, kind = "") => Object.assign(document.createElement("span"), { textContent: text, className: kind });
    const rows = paths.map((path, p) => {
      const row = document.createElement("li"), line = document.createElement("i"), slopes = path.map(([n, k]) => graph.slope(n, k, this.values));
      line.style.borderColor = this.colours[p % this.colours.length];
      const product = slopes.reduce((a, b) => a * b, 1), words = slopes.map(threeDigits).map((text) => (text.startsWith("−") ? `(${text})` : text)).join(" · ");
      row.append(line, span(words, "slope"), span(`= ${threeDigits(product)}`, "gradient"));
      row.dataset.product = product;
      return row;
    });
    const sum = document.createElement("li"), more = count > paths.length ? `, ${count - paths.length} of them not listed` : "";
    sum.className = "sum";
    sum.append(span(`${count} path${count > 1 ? "s" : ""} from ${this.settings.followed} to L${more}: `), span(`the sum is ∂L/∂${this.settings.followed} = ${threeDigits(this.gradients[start])}`, "gradient"));
    list.replaceChildren(...rows, sum);
  }

  writePlayer({ act }) {
    const find = (name) => this.root.querySelector(name), { forward, backward, update } = this.ends(), at = this.position;
    const words = { leaves: "the leaves", forward: `forward ${at}/${forward}`, backward: `backward ${at - forward}/${backward - forward}`, update: `update ${at - backward}/2` }[act];
    const scrub = find(".scrub");
    scrub.max = update;
    scrub.value = at;
    scrub.setAttribute("aria-valuetext", words);
    find(".where").textContent = words;
    find(".back").disabled = at <= 0;
    find(".on").disabled = at >= update;
    find(".keep").hidden = act !== "update" || !this.header.data.includes(false);
    const kept = this.updated();
    find(".keep").disabled = !kept.every((value) => Math.abs(value) <= this.header.reach);
    this.root.querySelectorAll("[data-act]").forEach((button) => button.setAttribute("aria-current", button.dataset.act === act));
    this.root.querySelectorAll("[data-lens]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.lens === this.settings.beside));
    this.root.dataset.step = at;
  }

  // our gradient beside autograd's, in full: both by torch, so only once the leaf has been let go
  writeChecks() {
    const { header, settings, torch } = this, k = header.names.indexOf(settings.followed), find = (name) => this.root.querySelector(name);
    find(".leaf span").textContent = `${settings.followed} =`;
    const input = find(".leaf input");
    input.ariaLabel = `value of leaf ${settings.followed}`;
    if (this.root.getRootNode().activeElement !== input) input.value = settings.values[k];
    find(".verdict dt").textContent = `∂L/∂${settings.followed} by hand`;
    const whole = (value) => (Number.isNaN(value) ? "not a number" : String(value).replace("-", "−").replace("Infinity", "∞"));
    for (const name of ["sweep", "autograd"]) {
      const place = find(`dd[data-name=${name}]`), value = torch ? torch[name][k] : name === "sweep" ? this.gradients[this.graph.leaves[k]] : null;
      place.textContent = value === null ? "on release" : whole(value);
      place.dataset.value = value ?? "";
    }
    const equal = torch && Object.is(torch.sweep[k] + 0, torch.autograd[k] + 0);
    find(".equal").textContent = !torch ? "" : equal ? "equal to the last digit" : "not equal";
    find(".verdict").style.visibility = this.position < this.ends().backward ? "hidden" : ""; // not before the way back has told it
  }

  // Finite differences ---------------------------------------------------------------------------------------------------------

  setStep(h) {
    const { torch } = this;
    this.change({ h });
    this.torch = torch && { ...torch, at_step: null }; // the leaves are where they were: autograd and the curves stay
    this.draw();
  }

  // (L(a + h) − L(a)) / h and (L(a + h) − L(a − h)) / 2h, here in the browser
  differences(h) {
    const { settings, graph, header } = this, k = header.names.indexOf(settings.followed);
    const at = (by) => graph.forward(settings.values.map((value, j) => (j === k ? value + by : value)))[graph.last];
    return [(at(h) - at(0)) / h, (at(h) - at(-h)) / (2 * h)];
  }

  drawDifferences() {
    const side = this.root.querySelector(".side"), { settings, torch, header, graph } = this;
    const hidden = settings.beside !== "differences";
    if (side.hidden !== hidden) {
      side.hidden = hidden;
      return this.draw(); // the graph's room has changed
    }
    if (hidden) return;
    const k = header.names.indexOf(settings.followed), steps = torch ? [...torch.steps] : STEPS;
    this.chart.draw({
      leaf: settings.followed, h: settings.h, colours: this.colours, steps,
      truth: torch ? torch.sweep[k] : this.gradients[graph.leaves[k]],
      tried: torch ? [torch.ahead, torch.central] : [0, 1].map((kind) => steps.map((h) => this.differences(h)[kind])),
      here: torch?.at_step ? [...torch.at_step] : this.differences(settings.h),
      result: Math.abs(this.values[graph.last]), higher: torch?.higher,
    });
  }
}

export default mount(ByHand);
