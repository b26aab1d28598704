// Where the matrices of an attention layer stand: in one row on a wide page, only the last of them on half a page, below each other on a phone.

const TITLE = 20, LABELS = 15, SIDE = 52; // heights of a title and of the tokens over a matrix, width of those at its side

// {n queries, m keys, d numbers a token, heads, added: positions are added, cross, study: charts stand in the plane's place}: {matrices: {name: {x, y, w, h} of a cell}, plane, signs, compact}
function attendingPlaces(given) {
  if (given.width < 520 && given.height > 1.2 * given.width) return below(given);
  if (given.study) return studying(given);
  return given.width < 720 ? half(given) : wide(given);
}

const clip = (value, low, high) => Math.max(low, Math.min(high, value));

// matrices in a column, in equal bands from `top`; entries [name, rows]
function column(matrices, entries, x, w, h, top, height) {
  const band = height / entries.length;
  entries.forEach(([name, rows], i) => (matrices[name] = { x, y: top + i * band + TITLE + Math.max(0, (band - TITLE - rows * h) / 2), w, h }));
}

const left = ({ n, m, added, cross }) => (cross ? [["vectors", n], ["others", m]] : added ? [["vectors", n], ["added", n], ["inputs", n]] : [["vectors", n]]);

function projections(given, matrices, signs, { x0, x1, x2, w, h, top, height }) {
  const { n, m, d } = given;
  column(matrices, left(given), x0, w, h, top, height);
  column(matrices, [["wq", d], ["wk", d], ["wv", d]], x1, w, h, top, height);
  column(matrices, [["query", n], ["key", m], ["value", m]], x2, w, h, top, height);
  for (const [from, to] of [["wq", "query"], ["wk", "key"], ["wv", "value"]]) {
    const y = matrices[from].y + (d * h) / 2;
    signs.push([(x0 + d * w + x1) / 2, y, "×"], [(x1 + d * w + x2) / 2, y, "="]);
  }
}

// q·k, divided, masked, softmax as two times two
function squares({ n, m }, matrices, { x, w, h, top, height, gap }) {
  const second = x + m * w + gap, half = height / 2, y = (row) => top + row * half + TITLE + LABELS;
  Object.assign(matrices, { scores: { x, y: y(0), w, h }, scaled: { x: second, y: y(0), w, h }, masked: { x, y: y(1), w, h }, weights: { x: second, y: y(1), w, h } });
}

// the plane, and the outputs under it
function outputs({ n, d, heads }, matrices, signs, { x, width, top, height, most }) {
  const rows = heads > 1 ? Math.max(n, d) : n, h = clip((0.34 * height - TITLE) / rows, 12, most), under = TITLE + rows * h;
  const y = top + height - rows * h;
  if (heads > 1) {
    const w = clip((width - 36) / (3 * d), 12, 44), gap = (width - 3 * d * w) / 2;
    Object.assign(matrices, { joined: { x, y, w, h }, wo: { x: x + d * w + gap, y, w, h }, projected: { x: x + 2 * (d * w + gap), y, w, h } });
    signs.push([x + d * w + gap / 2, y + (n * h) / 2, "×"], [x + 2 * d * w + 1.5 * gap, y + (n * h) / 2, "="]);
  } else matrices.joined = { x: x + SIDE, y, w: clip((width - SIDE) / d, 16, 60), h };
  return { x, y: top + TITLE, width, height: height - TITLE - under - 6 };
}

function wide(given) {
  const { width, height, n, m, d, heads } = given, matrices = {}, signs = [], gap = 22, right = clip(0.29 * width, 215, 400);
  const w = clip((width - right - 2 * SIDE - 5 * gap) / (3 * d + 2 * m), 15, 54), h = clip((height - 3 * TITLE - 12) / (3 * Math.max(n, m, d)), 12, 44);
  const used = 2 * SIDE + 5 * gap + (3 * d + 2 * m) * w, x0 = SIDE, x1 = x0 + d * w + gap, x2 = x1 + d * w + gap;
  projections(given, matrices, signs, { x0, x1, x2, w, h, top: 0, height });
  const x = x2 + d * w + gap + SIDE, tall = clip((height - 2 * (TITLE + LABELS) - 12) / (2 * n), 12, 54);
  squares(given, matrices, { x, w, h: tall, top: 0, height, gap });
  signs.push([x + m * w + gap / 2, matrices.scores.y + (n * tall) / 2, "→"], [x + m * w + gap / 2, matrices.masked.y + (n * tall) / 2, "→"]);
  const plane = outputs({ n, d, heads }, matrices, signs, { x: used, width: width - used - 2, top: 0, height, most: h });
  return { matrices, plane, signs, compact: false };
}

// a study: the scores at the left, its charts in all the room beside them
function studying(given) {
  const { width, height, n, m } = given, matrices = {}, signs = [], gap = 22, room = clip(0.38 * width, 150, 460);
  const w = clip((room - SIDE - gap) / (2 * m), 13, 54), h = clip((height - 2 * (TITLE + LABELS) - 12) / (2 * n), 12, 54);
  squares(given, matrices, { x: SIDE, w, h, top: 0, height, gap });
  const x = SIDE + 2 * m * w + gap + 20;
  return { matrices, plane: { x, y: 0, width: width - x - 2, height }, signs, compact: true };
}

// half a page: queries, keys and values, the weights, and the plane
function half(given) {
  const { width, height, n, m, d, heads } = given, matrices = {}, signs = [], gap = 14, right = clip(0.44 * width, 150, 330);
  const w = clip((width - right - 2 * SIDE - 2 * gap) / (d + m), 13, 48), h = clip((height - 3 * TITLE - 8) / (3 * Math.max(n, m)), 11, 44);
  column(matrices, [["query", n], ["key", m], ["value", m]], SIDE, w, h, 0, height);
  const x = 2 * SIDE + d * w + gap, tall = clip((height - TITLE - LABELS) / n, 12, 60);
  matrices.weights = { x, y: Math.max(TITLE + LABELS, (height - n * tall) / 2 + 10), w, h: tall };
  for (const matrix of Object.values(matrices)) matrix.named = true;
  const plane = outputs({ n, d, heads }, matrices, signs, { x: x + m * w + gap, width: width - x - m * w - gap - 2, top: 0, height, most: h });
  return { matrices, plane, signs, compact: true };
}

// a phone: vectors and projections, scores, plane, one below the other
function below(given) {
  const { width, height, n, m, d, heads } = given, matrices = {}, signs = [], gap = 18, first = 0.36 * height, second = 0.3 * height;
  const w = clip((width - SIDE - 2 * gap) / (3 * d), 14, 44), h = clip((first - 3 * TITLE - 8) / (3 * Math.max(n, m, d)), 11, 36);
  projections(given, matrices, signs, { x0: SIDE, x1: SIDE + d * w + gap, x2: SIDE + 2 * (d * w + gap), w, h, top: 0, height: first });
  squares(given, matrices, { x: SIDE, w: clip((width - SIDE - gap) / (2 * m), 14, 54), h: clip((second - 2 * (TITLE + LABELS)) / (2 * n), 11, 44), top: first, height: second, gap });
  if (given.study) return { matrices, plane: { x: 0, y: first + second, width: width - 2, height: height - first - second }, signs, compact: false };
  const plane = outputs({ n, d, heads }, matrices, signs, { x: 0, width: width - 2, top: first + second, height: height - first - second, most: h });
  return { matrices, plane, signs, compact: false };
}
