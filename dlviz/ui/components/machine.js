// A decoder at work on one text: the stream of every token, read early after each layer, and the station that is open, from tokens to the
// next one. Going from station to station answers here; what only an opened layer and token have sent along follows.

const LAYERED = ["attention", "feed_forward"]; // stations that every layer has
const GUTTER = { label: 24, bars: 84 }; // left of the columns: the layer's number, and what the layer adds to the score
const SPEEDS = [1200, 600, 200]; // milliseconds that a station is shown while playing
const LEAST_ROW = 14, LEAST_COLUMN = 46; // pixels in which a word can be read

class Machine {
  constructor(root) {
    this.root = root;
    for (const name of ["way", "reading", "said", "go"]) this[name] = root.querySelector(`.${name}`);
    this.svg = root.querySelector("svg.main");
    this.detail = root.querySelector("svg.detail");
    root.onkeydown = (event) => this.press(event);
    this.svg.onclick = (event) => this.open(this.cellAt(event));
    this.svg.onpointermove = (event) => this.tell(this.cellAt(event));
    this.svg.onpointerleave = () => this.tell();
    this.go.onclick = () => this.onward?.();
    root.querySelector(".back").onclick = () => this.step(-1);
    root.querySelector(".on").onclick = () => this.step(1);
    root.querySelector(".play").onclick = () => this.play(!this.playing);
    root.querySelector(".speed").onclick = () => this.setSpeed((this.speed + 1) % SPEEDS.length);
    this.setSpeed(0);
    this.play(false);
    const toggle = (event) => {
      if (!root.isConnected) return document.removeEventListener("dlviz:play", toggle);
      if (!this.fixed && this.header) event.preventDefault(), this.play(!this.playing);
    };
    document.addEventListener("dlviz:play", toggle);
  }

  show({ header, arrays }) {
    const fresh = header.text !== this.header?.text || header.model !== this.header?.model;
    Object.assign(this, { header, arrays, name: header.name });
    if (this.isNews(header.settings) || fresh || !this.at) this.at = { ...header.opened };
    if (fresh) this.head = -1;
    this.draw();
  }

  // Whether the details that are here are those of the opened layer and token.
  get detailed() {
    const { layer, token } = this.header.opened;
    return layer === this.at.layer && token === this.at.token;
  }

  // All stations in order: those of the layers once for each.
  get order() {
    const layers = Array.from({ length: this.header.layers }, (_, layer) => LAYERED.map((station) => ({ station, layer }))).flat();
    return [{ station: "tokens" }, { station: "embedding" }, ...layers, { station: "unembedding" }, { station: "next" }];
  }

  press(event) {
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key], upwards = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || !(sideways || upwards)) return;
    event.preventDefault();
    const { at, header } = this, within = (value, most) => Math.max(0, Math.min(most, value));
    if (sideways && event.shiftKey) return this.open({ token: within(at.token + sideways, header.pieces.length - 1) });
    if (upwards && event.shiftKey) return at.station === "attention" && choose(this, within(shownHead(this) - upwards, header.heads - 1));
    if (upwards) return this.open({ layer: within(at.layer + upwards, header.layers - 1) });
    this.step(sideways);
  }

  // So many stations on; whether there was one. While playing fast, the server hears nothing.
  step(by, playing = false) {
    const { order, at } = this, here = order.findIndex(({ station, layer }) => station === at.station && (layer ?? at.layer) === at.layer);
    if (playing) {
      Object.assign(at, order[here + by]);
      if (this.speed === 0) this.report(this.settings); // slow enough for what the server knows of each station
      this.draw();
    }
    else this.open(order[here + by]);
    return here + by in order;
  }

  // From station to station, from the first one if the last is open. Where it stops, the server hears of it.
  play(on) {
    clearInterval(this.playing);
    const button = this.root.querySelector(".play"), stopped = this.playing && !on;
    this.playing = on ? setInterval(() => (this.root.isConnected && this.step(1, true)) || this.play(false), SPEEDS[this.speed]) : null;
    if (on && this.at.station === "next") Object.assign(this.at, this.order[0]), this.draw();
    if (stopped) this.report(this.settings);
    button.textContent = on ? "❚❚" : "▶";
    button.setAttribute("aria-label", on ? "Pause" : "Play: from station to station");
  }

  setSpeed(speed) {
    this.speed = speed;
    const button = this.root.querySelector(".speed"), words = `${SPEEDS[0] / SPEEDS[speed]}×`;
    button.textContent = words;
    button.setAttribute("aria-label", `Speed ${words}`);
    if (this.playing) this.play(true);
  }

  open(change) {
    if (this.playing) this.play(false);
    const to = { ...this.at, ...change };
    if (!change || Object.keys(to).every((name) => to[name] === this.at[name])) return;
    if (to.layer !== this.at.layer || to.token !== this.at.token) this.head = -1;
    this.at = to;
    this.report(this.settings);
    this.draw();
  }

  // What is open, as the fields have it. Every report says all of it, for of two quick ones only the last may arrive.
  get settings() {
    const { station, layer, token } = this.at, last = token === this.header.pieces.length - 1;
    return { station, layer: layer + 1, token: last ? 0 : token + 1 };
  }

  word(number) {
    return this.header.words[number];
  }

  // A token as it can be read in little room.
  short(text, most = 10) {
    const seen = text.replace(/\n/g, "↵").replace(/\t/g, "⇥").trim() || "␣";
    return seen.length > most ? `${seen.slice(0, most - 1)}…` : seen;
  }

  // The answer of the followed token, in quotation marks.
  get answer() {
    return `“${this.short(this.word(this.arrays.final[this.at.token]), 14)}”`;
  }

  draw() {
    if (!this.header || this.svg.clientWidth < 60) return;
    for (const button of this.root.querySelectorAll(".player button")) button.disabled = this.fixed;
    this.drawWay();
    this.drawColumns();
    this.drawStation();
  }

  // The stations in a row ------------------------------------------------------------------------------------------------------

  drawWay() {
    const { header, at, way } = this, [width, inner, size, , known] = header.sizes, number = (n) => n.toLocaleString("en");
    const shapes = {
      tokens: header.tokens > header.pieces.length ? `first ${header.pieces.length} of ${number(header.tokens)}` : counted(header.tokens, "token"), embedding: `${header.pieces.length} × ${width}`,
      attention: `${header.heads} heads of ${size}`, feed_forward: `${number(inner)} units`, unembedding: `${number(known)} scores`,
      next: `${this.answer} ${threeDigits(100 * this.arrays.chance[header.layers * header.pieces.length + at.token])} %`,
    };
    if (!way.childElementCount) {
      const button = (station, name) => `<button type="button" data-station="${station}">${name}<small></small></button>`;
      way.innerHTML = `${button("tokens", "tokens")}${button("embedding", "embedding")}<div class="block"><span></span>${button("attention", "attention")}${button(
        "feed_forward", "feed-forward")}</div>${button("unembedding", "unembedding")}${button("next", "next token")}`;
      for (const each of way.querySelectorAll("button")) each.onclick = () => this.open({ station: each.dataset.station });
    }
    for (const each of way.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", each.dataset.station === at.station);
      each.querySelector("small").textContent = shapes[each.dataset.station];
    }
    way.querySelector(".block span").textContent = `layer ${at.layer + 1}\nof ${header.layers}`;
  }

  // The columns: one a token, upwards through the layers -----------------------------------------------------------------------

  drawColumns() {
    const { header, svg, at } = this, T = header.pieces.length, rows = header.layers + 1, left = GUTTER.label + GUTTER.bars;
    const { width, height } = measure(svg), top = 16, bottom = 22, sizes = this.rowSizes(height - top - bottom, rows);
    const shown = Math.max(1, Math.min(T, Math.floor((width - left - 4) / LEAST_COLUMN))), column = Math.min(110, (width - left - 4) / shown);
    const first = Math.max(0, Math.min(T - shown, at.token - Math.floor(shown / 2))); // the followed token is among those shown
    svg.replaceChildren();
    let y = height - bottom;
    const ys = sizes.map((size) => (y -= size)); // the top of every row, the embedding's first
    this.place = { left, column, ys, sizes, first, shown };
    const table = colourTable(VIRIDIS);
    for (let l = 0; l < rows; l++) {
      for (let t = first; t < first + shown; t++) this.drawCell(l, t, table);
      const named = sizes[l] >= 9 || l % 5 === 0;
      if (named) make(svg, "text", { class: "quiet", x: GUTTER.label - 4, y: ys[l] + sizes[l] / 2 + 4, "text-anchor": "end", style: `font-size: ${Math.min(12, sizes[l] + 2)}px` }, l);
    }
    for (let t = first; t < first + shown; t++) {
      const look = { class: "word", x: left + (t - first + 0.5) * column, y: height - 6, style: "font-size: 12px", "font-weight": t === at.token ? 700 : 400 };
      make(svg, "text", look, this.short(header.pieces[t], Math.floor(column / 6.5)));
    }
    this.drawBars(height - bottom);
    const x = left + (at.token - first) * column, [low, high] = [ys[0] + sizes[0], ys[rows - 1]];
    make(svg, "path", { class: "chosen", d: `M${x},${low}V${high}h${column}V${low}Z` });
    const opened = { tokens: 0, embedding: 0, unembedding: rows - 1, next: rows - 1 }[at.station] ?? at.layer + 1;
    make(svg, "path", { class: "chosen", d: `M${GUTTER.label},${ys[opened]}H${left + shown * column}v${sizes[opened]}H${GUTTER.label}Z` });
    this.root.querySelector(".columns h3").textContent = `After each layer: the likeliest next token (yellow: sure, bold: final)${shown < T ? `, columns ${first + 1}–${first + shown} of ${T}` : ""}`;
    svg.setAttribute("aria-label", "The columns. Up and down choose a layer, left and right a station; with Shift a head and a token.");
    svg.setAttribute("aria-valuemax", header.layers);
    svg.setAttribute("aria-valuenow", at.layer + 1);
    svg.setAttribute("aria-valuetext", `${at.station.replace("_", "-")}, layer ${at.layer + 1}, token “${this.short(header.pieces[at.token])}”`);
    this.tell();
  }

  // Rows of one height where words fit in; else those around the opened layer are higher, and the others share what is left.
  rowSizes(height, rows) {
    const even = height / rows, near = (l) => Math.abs(l - this.at.layer - 1) <= 3 || l === rows - 1 || l === 0;
    if (even >= LEAST_ROW) return Array(rows).fill(even);
    const high = Array.from({ length: rows }, (_, l) => near(l)), count = high.filter(Boolean).length;
    return high.map((is) => (is ? LEAST_ROW : (height - LEAST_ROW * count) / (rows - count)));
  }

  drawCell(l, t, table) {
    const { arrays, place, svg, header } = this, i = l * header.pieces.length + t, size = place.sizes[l], chance = arrays.lens_chances[5 * i];
    const pixel = table[Math.round(255 * chance)], rgb = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    const x = place.left + (t - place.first) * place.column;
    make(svg, "rect", { class: "cell", x, y: place.ys[l], width: place.column, height: size, fill: css(rgb) });
    const font = Math.min(12, size - 1.5);
    if (font < 7) return;
    const look = { class: arrays.rank[i] === 1 ? "word answer" : "word", x: x + place.column / 2, y: place.ys[l] + size / 2 + font * 0.36 };
    make(svg, "text", { ...look, style: `font-size: ${font}px; fill: ${inkOn(rgb)}` }, this.short(this.word(arrays.lens[5 * i]), Math.floor(place.column / (0.58 * font))));
  }

  // What attention and feed-forward of each layer add to the score of the followed token's answer.
  drawBars(low) {
    const { header, arrays, svg, place } = this, T = header.pieces.length, [attention, forward] = themeColours(this.root);
    const value = (kind, l) => arrays.adds[(kind * header.layers + l) * T + this.at.token];
    let least = 0, most = 0;
    for (let l = 0; l < header.layers; l++) for (const kind of [0, 1]) [least, most] = [Math.min(least, value(kind, l)), Math.max(most, value(kind, l))];
    const x = scale(least, most || 1, GUTTER.label + 2, place.left - 8);
    for (let l = 0; l < header.layers; l++) {
      const y = place.ys[l + 1], half = place.sizes[l + 1] / 2;
      [attention, forward].forEach((fill, kind) => {
        const to = x(value(kind, l));
        make(svg, "rect", { x: Math.min(x(0), to), width: Math.max(0.5, Math.abs(to - x(0))), y: y + (1 - kind) * half + 0.5, height: Math.max(1, half - 1), fill });
      });
    }
    make(svg, "line", { class: "zero", x1: x(0), x2: x(0), y1: place.ys[header.layers], y2: low });
    const words = make(svg, "text", { x: 0, y: 11, style: "font-size: 11px" }, `to ${this.answer}: `);
    for (const [name, fill] of [["attention", attention], ["feed-forward", forward]]) {
      const part = document.createElementNS(SVG, "tspan");
      part.setAttribute("style", `fill: ${fill}; font-weight: 700; font-size: 14px`);
      part.textContent = "■";
      words.append(part, `${name} `);
    }
  }

  cellAt(event) {
    const { x, y } = pointerIn(this.svg, event), { left, column, ys, sizes, first, shown } = this.place;
    const row = ys.findIndex((top, l) => y >= top && y < top + sizes[l]), place = Math.floor((x - left) / column);
    const inside = place >= 0 && place < shown, token = first + place;
    if (row < 0) return inside && y >= ys[0] + sizes[0] ? { token } : null;
    const where = row === 0 ? { station: "embedding" } : { layer: row - 1, station: LAYERED.includes(this.at.station) ? this.at.station : "attention" };
    return { ...where, ...(inside && { token }) };
  }

  // What the pointer is over, or else the followed token's column.
  tell(cell) {
    const { header, arrays, at } = this, T = header.pieces.length, token = cell?.token ?? at.token;
    const l = cell?.station === "embedding" ? 0 : (cell?.layer ?? { tokens: -1, embedding: -1, unembedding: header.layers - 1, next: header.layers - 1 }[at.station] ?? at.layer) + 1;
    const i = l * T + token, best = [0, 1, 2].filter((k) => !k || arrays.lens_chances[5 * i + k] > 1e-3).map((k) => `“${this.short(this.word(arrays.lens[5 * i + k]))}” ${threeDigits(100 * arrays.lens_chances[5 * i + k])} %`);
    const where = l === 0 ? "Before layer 1" : l === header.layers ? "At the end" : `After layer ${l}`;
    const final = `“${this.short(this.word(arrays.final[token]))}”`;
    this.reading.textContent = `${where}, “${this.short(header.pieces[token])}”: ${best.join(", ")}${arrays.rank[i] > 1 ? `; ${final} is no. ${arrays.rank[i].toLocaleString("en")}` : ""}`;
  }

  // The opened station ------------------------------------------------------------------------------------------------------------

  drawStation() {
    const { detail, at, header } = this, { width, height } = measure(detail);
    detail.replaceChildren();
    this.onward = null;
    this.go.textContent = "";
    const title = LAYERED.includes(at.station) ? `Layer ${at.layer + 1} of ${header.layers}: ` : "";
    const { name, said } = STATIONS[at.station](this, detail, width, height);
    this.root.querySelector(".station h3").textContent = `${title}${name}`;
    this.said.textContent = said;
    if (this.fixed) this.go.textContent = "";
    detail.setAttribute("role", "img");
    detail.setAttribute("aria-label", said);
  }
}

export default mount(Machine);
