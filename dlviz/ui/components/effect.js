// Looking and doing: every part of a model with what its absence does, a head's map with a weight that can be set, and what the model
// then says, beside what it said with everything on. What is switched here is asked of the server; the picture stays until it answers.

const WAIT = 250; // milliseconds: a row of arrow keys is one message

class Effect {
  constructor(root) {
    this.root = root;
    this.over = null;
    this.parts = new Parts(this);
    this.dots = new Dots(this);
    this.map = new HeadMap(this);
  }

  show({ header, arrays }) {
    Object.assign(this, { header, arrays, name: header.name });
    if (this.isNews(header.settings) || !this.settings) {
      this.settings = { ...header.settings };
      clearTimeout(this.waiting);
    }
    this.pending = JSON.stringify(this.settings) !== JSON.stringify(header.settings);
    if (this.parts.cursor && !this.inModel(this.parts.cursor)) this.parts.cursor = null;
    if (this.over && !this.inModel(this.over)) this.over = null;
    this.draw();
    keepAsking(this, () => this.header.step);
  }

  inModel(name) {
    const [layer, column] = this.parts.placeOf(name), [layers, heads] = this.header.shape;
    return layer < layers && column < heads + 2;
  }

  // What is set: here if the server has not answered yet, else as it has understood it.
  get off() {
    return this.pending ? this.settings.off.split(/[\s,]+/).filter((name) => name && this.inModel(name)) : this.header.off;
  }

  get opened() {
    const { opened } = this.settings;
    return this.pending && opened && this.inModel(opened) ? opened : this.header.opened;
  }

  get at() {
    const { header, settings } = this, last = header.pieces.length;
    const mine = [settings.looker, settings.looked].map((number, i) => (this.pending && number && number <= last ? number - 1 : header.at[i]));
    return mine;
  }

  send(changes, wait = 0) {
    if (this.fixed) return;
    Object.assign(this.settings, changes);
    this.pending = true;
    this.draw();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.report({ ...this.settings }), wait);
  }

  toggle(name) {
    if (!name || this.fixed) return;
    const off = this.off.includes(name) ? this.off.filter((other) => other !== name) : [...this.off, name];
    this.send({ off: off.join(" "), ...(name.includes(".") ? { opened: name } : {}) });
  }

  open(name) {
    if (name && name !== this.opened) this.send({ opened: name });
  }

  lookAt(row, column) {
    if (row !== this.at[0] || column !== this.at[1]) this.send({ looker: row + 1, looked: column + 1 }, WAIT);
  }

  // The weight of the chosen pair in the opened head; null: everything as it was
  setWeight(weight) {
    if (weight === null) return this.send({ weights: "" });
    const place = `${this.opened}:${this.at[0] + 1}>${this.at[1] + 1}=`;
    const others = this.settings.weights.split(/[\s,]+/).filter((word) => word && !word.startsWith(place));
    this.send({ weights: [...others, `${place}${+weight.toFixed(4)}`].join(" "), opened: this.opened, looker: this.at[0] + 1, looked: this.at[1] + 1 });
  }

  point(name) {
    if (name === this.over) return;
    this.over = name;
    this.parts.mark();
    this.dots.mark();
    this.map.draw();
  }

  short(piece) {
    const seen = piece.replace(/\n/g, "↵").replace(/\t/g, "⇥").trim() || "␣";
    return seen.length > 12 ? `${seen.slice(0, 11)}…` : seen;
  }

  change(value) {
    return `${value > 0 ? "+" : ""}${threeDigits(value)}`;
  }

  // How heads look, in words, with the tokens that are chosen where these matter
  looksWords() {
    const { header, at } = this, [from, to] = at.map((t) => `“${this.short(header.pieces[t])}”`);
    if (header.looks === "weight") return `${from} takes from ${to}`;
    return header.looks === "value" ? `${from} takes from ${to}, times the values` : `to ${header.looksLabel}`;
  }

  draw() {
    if (!this.header) return;
    this.root.classList.toggle("pending", this.pending);
    this.drawLine();
    this.drawBars();
    this.parts.draw();
    this.dots.draw();
    this.map.draw();
  }

  // The text with the two chosen tokens marked, and what is off
  drawLine() {
    const { header, at } = this, words = this.root.querySelector(".words"), offs = this.root.querySelector(".offs");
    words.replaceChildren();
    header.pieces.forEach((piece, t) => {
      const span = document.createElement("span"), space = /^ *(?=\S)/.exec(piece)?.[0] ?? ""; // stands before what is marked
      span.className = t === at[0] ? "looks" : t === at[1] ? "looked" : header.real[t] ? "" : "added";
      span.textContent = piece.slice(space.length).replace(/\n/g, "↵ ");
      words.append(space, span);
      if (!header.real[t]) words.append(" ");
      else if (!header.causal) words.append(" ");
    });
    if (header.cut) words.append(` … (${header.cut} more tokens are not read)`);
    const key = (kind, text) => Object.assign(document.createElement("span"), { className: kind, textContent: text });
    offs.replaceChildren(...this.off.map((name) => this.button(`${name} ✕`, `Switch ${name} on again`, () => this.toggle(name))));
    for (const [layer, head, row, column, weight] of this.header.set) {
      offs.append(key("edited", `${layer + 1}.${head + 1}: “${this.short(header.pieces[row])}” → “${this.short(header.pieces[column])}” set to ${threeDigits(weight)} `));
    }
    if (this.off.length + header.set.length) {
      offs.prepend(key("label", this.off.length ? `Off (${header.instead} instead): ` : ""));
      offs.append(this.button("all as it was", "Everything on, no weight set", () => this.send({ off: "", weights: "" })));
    } else offs.append(key("label", "Everything is on. Click a part to switch it off."));
    if (header.leftOut.length) offs.append(key("label", ` Not in this model: ${header.leftOut.join(" ")}`));
  }

  button(words, name, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: words, title: name, onclick: act });
    button.setAttribute("aria-label", name);
    button.disabled = this.fixed;
    return button;
  }

  drawBars() {
    const { header, arrays, root } = this, bars = root.querySelector(".bars"), n = header.listed.length, focused = root.getRootNode().activeElement?.dataset?.token;
    bars.setAttribute("aria-label", n ? "The next token" : "How alike the two sentences are");
    const rows = n
      ? header.listed.map((token, i) => this.bar(`“${this.short(token)}”`, arrays.chances[i] / header.mostChance, arrays.chances[n + i] / header.mostChance, [arrays.chances[i], arrays.chances[n + i]].map((p) => threeDigits(100 * p)), " %", token, i === header.chosen))
      : [this.bar("similarity", Math.max(0, arrays.alike[0]), Math.max(0, arrays.alike[1]), Array.from(arrays.alike, threeDigits), "", null, true)];
    bars.replaceChildren(...rows);
    if (focused) [...bars.children].find((row) => row.dataset.token === focused)?.focus({ preventScroll: true });
    const [before, after] = header.score, loss = header.loss, parts = [];
    const moved = (from, to) => `${threeDigits(from)} → ${threeDigits(to)} (${this.change(to - from)})`;
    parts.push(before === after ? `${header.what} ${threeDigits(before)}` : `${header.what} ${moved(before, after)}`);
    if (loss.length) parts.push(loss[0] === loss[1] ? `loss ${threeDigits(loss[0])} nats` : `loss ${loss.map(threeDigits).join(" → ")} nats`);
    root.querySelector(".score").textContent = parts.join(" · ");
    root.querySelector(".score").title = loss.length ? "Loss: of the whole text, the mean of −ln p of its tokens after the first" : "";
  }

  // A row: what it is, an outline for everything on, a bar for as it is set, and the numbers
  bar(words, before, after, numbers, unit, token, chosen) {
    const row = document.createElement(token === null ? "div" : "button"), parts = ["word", "space", "number"].map((kind) => Object.assign(document.createElement("span"), { className: kind }));
    row.className = chosen ? "bar chosen" : "bar";
    if (token !== null) {
      Object.assign(row, { type: "button", disabled: this.fixed, onclick: () => this.send({ token: token.trim() }) });
      row.dataset.token = token;
      row.setAttribute("aria-pressed", chosen);
    }
    parts[0].textContent = words;
    for (const [kind, share] of [["after", after], ["before", before]]) {
      const piece = Object.assign(document.createElement("span"), { className: kind });
      piece.style.width = `${100 * Math.min(1, share)}%`;
      parts[1].append(piece);
    }
    parts[2].textContent = (numbers[0] === numbers[1] ? numbers[0] : numbers.join(" → ")) + unit;
    row.append(...parts);
    return row;
  }
}

export default mount(Effect);
