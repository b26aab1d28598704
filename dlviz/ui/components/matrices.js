// Matrices of numbers as coloured cells, made once and filled again and again; each cell can be hovered, clicked, and some dragged.

// with one decimal, for the smallest cells
const briefer = (value) => brief(+value.toFixed(1));

class Matrix {
  // box: {x, y, w, h} of one cell; about: {name, title, rows, columns, editable}
  constructor(parent, about, box) {
    Object.assign(this, about, { box, cells: [] });
    this.group = make(parent, "g", { class: `matrix${about.editable ? " editable" : ""}`, "data-name": about.name });
    const [word, below] = about.title.split("_"), title = make(this.group, "text", { class: "title", x: box.x, y: box.y - (about.tops ? 20 : 5) }, word);
    if (below) make(title, "tspan", { dy: 3, style: "font-size:10px" }, below);
    for (let i = 0; i < about.rows; i++) {
      for (let j = 0; j < about.columns; j++) {
        const x = box.x + j * box.w, y = box.y + i * box.h;
        const rect = make(this.group, "rect", { class: "cell", x, y, width: box.w, height: box.h, "data-row": i, "data-column": j });
        const text = make(this.group, "text", { class: "in-cell", x: x + box.w / 2, y: y + box.h / 2 + 0.5, "text-anchor": "middle", "dominant-baseline": "central" });
        this.cells.push({ rect, text, value: undefined, look: "", words: "" });
      }
    }
    make(this.group, "rect", { class: "frame", x: box.x, y: box.y, width: about.columns * box.w, height: about.rows * box.h });
    (about.sides ?? []).forEach((word, i) => this.label(word, box.x - 5, box.y + (i + 0.5) * box.h, "end"));
    (about.tops ?? []).forEach((word, j) => this.label(word, box.x + (j + 0.5) * box.w, box.y - 6, "middle", box.w + 6));
  }

  // a token's name, shortened to the room there is
  label(word, x, y, anchor, room = 52) {
    const most = Math.max(1, Math.floor(room / 6.2)), shown = word.length > most ? `${word.slice(0, Math.max(1, most - 1))}…` : word;
    make(this.group, "text", { class: "token", x, y, "text-anchor": anchor, "dominant-baseline": anchor === "end" ? "central" : "auto" }, shown);
  }

  // colour(value) for each cell; what is -∞ is hatched
  fill(values, colour) {
    const { w, h } = this.box, { shown, font } = [brief, briefer].map((write) => this.written(values, write)).find(({ font }, i) => font >= 9 || i === 1);
    if (font !== this.font) this.group.style.setProperty("--cell-font", `${(this.font = font)}px`);
    this.cells.forEach((cell, at) => {
      const hidden = values[at] === -Infinity, colours = hidden ? [150, 158, 168] : colour(values[at]), look = css(colours);
      if (look !== cell.look) {
        cell.rect.setAttribute("fill", look);
        cell.text.classList.toggle("on-dark", inkOn(colours) === "#FFFFFF");
      }
      if (shown[at] !== cell.words) cell.text.textContent = shown[at];
      if (values[at] !== cell.value) cell.rect.dataset.value = values[at];
      Object.assign(cell, { look, words: shown[at], value: values[at] });
    });
  }

  // every number in few characters, and the size in which the longest still fits its cell
  written(values, write) {
    const shown = [...values].map((value) => (value === -Infinity ? "−∞" : write(value))), longest = Math.max(...shown.map((words) => words.length));
    return { shown, font: Math.min(15, 0.62 * this.box.h, (1.65 * this.box.w) / Math.max(2.6, longest)).toFixed(1) };
  }

  // greys the cells of which `closed(at)` is true
  shut(closed) {
    this.cells.forEach(({ rect, text }, at) => [rect, text].forEach((part) => part.classList.toggle("shut", closed(at))));
  }

  // the box around a cell, a row (column null), a column (row null) or all of it
  around(row, column) {
    const { x, y, w, h } = this.box;
    return {
      x: x + (column ?? 0) * w,
      y: y + (row ?? 0) * h,
      width: w * (column === null ? this.columns : 1),
      height: h * (row === null ? this.rows : 1),
    };
  }

  at(row, column) {
    return this.cells[row * this.columns + column].value;
  }

  row(i) {
    return this.cells.slice(i * this.columns, (i + 1) * this.columns).map(({ value }) => value);
  }

  column(j) {
    return this.cells.filter((_, at) => at % this.columns === j).map(({ value }) => value);
  }
}
