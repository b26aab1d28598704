// The part of a square map that is shown: `span` rows from `row` on, and as many columns from `column` on, of `size`.

const LEAST_SPAN = 8;

class Lens {
  constructor(size = 1) {
    Object.assign(this, { size, span: size, row: 0, column: 0 });
  }

  get whole() {
    return this.span === this.size;
  }

  // Shows so many rows and columns; what was at (row, column) stays where it is in the picture, as far as the map reaches.
  zoom(span, row, column) {
    const to = Math.max(Math.min(LEAST_SPAN, this.size), Math.min(this.size, Math.round(span))), share = to / this.span;
    const [top, left] = [row - (row - this.row) * share, column - (column - this.column) * share];
    this.span = to;
    this.moveTo(top, left);
  }

  moveTo(row, column) {
    const within = (value) => Math.max(0, Math.min(this.size - this.span, Math.round(value)));
    Object.assign(this, { row: within(row), column: within(column) });
  }

  // Moves no further than it must for this cell to be seen; whether it has moved.
  reveal(row, column) {
    const before = [this.row, this.column], near = (from, at) => Math.max(at - this.span + 1, Math.min(from, at));
    this.moveTo(near(this.row, row), near(this.column, column));
    return before[0] !== this.row || before[1] !== this.column;
  }

  shows(row, column) {
    return row >= this.row && row < this.row + this.span && column >= this.column && column < this.column + this.span;
  }
}

