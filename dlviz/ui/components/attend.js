// One attention layer in float64, as dlviz/nets/attending.py and multihead.py have it in torch; a test compares the two.
// Matrices are flat, row by row, and named as in the result of dlviz/compute/attention/by_hand.py.

const WIDEST = 4; // columns of the edited matrices, of which a narrower layer uses the upper left corner

// a (n, k) times b (k, m)
function matmul(a, b, n, k, m) {
  const out = new Float64Array(n * m);
  for (let i = 0; i < n; i++) for (let l = 0; l < k; l++) for (let j = 0; j < m; j++) out[i * m + j] += a[i * k + l] * b[l * m + j];
  return out;
}

// the first d columns of the first `rows` rows, times a number
function corner(numbers, rows, d, gain = 1) {
  return Float64Array.from({ length: rows * d }, (_, i) => gain * numbers[Math.floor(i / d) * WIDEST + (i % d)]);
}

// (n, d) as (heads, n, d/heads)
function splitHeads(rows, n, d, heads) {
  const each = d / heads;
  return Float64Array.from({ length: n * d }, (_, at) => rows[(Math.floor(at / each) % n) * d + Math.floor(at / (each * n)) * each + (at % each)]);
}

// the frequency of pair i of `width` numbers
const frequency = (i, width, base) => base ** ((-2 * i) / width);

function sinusoid(place, column, width, base) {
  const angle = place * frequency(Math.floor(column / 2), width, base);
  return column % 2 ? Math.cos(angle) : Math.sin(angle);
}

// RoPE: pair i of row p turned by the angle frequency · p; rows (heads, n, width)
function turnedRows(rows, n, width, base) {
  return rows.map((number, at) => {
    const column = at % width, angle = (Math.floor(at / width) % n) * frequency(Math.floor(column / 2), width, base);
    return column % 2 ? rows[at - 1] * Math.sin(angle) + number * Math.cos(angle) : number * Math.cos(angle) - rows[at + 1] * Math.sin(angle);
  });
}

function softmaxRow(row) {
  const most = Math.max(...row), powers = row.map((score) => Math.exp(score - most)), sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

// about: {width, heads, positions, base, gains, allowed, cross}; settings: the edited matrices; rows and others: vectors of WIDEST numbers
function attendTo(about, settings, rows, others) {
  const { width: d, heads, positions, base, gains, allowed } = about, n = rows.length, m = others.length, each = d / heads;
  const vectors = corner(rows.flat(), n, d);
  const added = Float64Array.from(vectors, (_, at) => {
    if (positions === "sinusoidal") return sinusoid(Math.floor(at / d), at % d, d, base);
    return positions === "learned" ? settings.learned[Math.floor(at / d) * WIDEST + (at % d)] : 0;
  });
  const inputs = vectors.map((number, at) => number + added[at]), sources = about.cross ? corner(others.flat(), m, d) : inputs;
  const [query, key, value] = [[inputs, "query", n], [sources, "key", m], [sources, "value", m]].map(([from, name, count], i) => {
    return matmul(from, corner(settings[name], d, d, gains[i]), count, d, d);
  });
  const turn = (split, count) => (positions === "rope" ? turnedRows(split, count, each, base) : split);
  const turned_query = turn(splitHeads(query, n, d, heads), n), turned_key = turn(splitHeads(key, m, d, heads), m);
  const values = splitHeads(value, m, d, heads), scores = new Float64Array(heads * n * m), weights = new Float64Array(heads * n * m), joined = new Float64Array(n * d);
  for (let h = 0; h < heads; h++) for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) {
    for (let c = 0; c < each; c++) scores[(h * n + i) * m + j] += turned_query[(h * n + i) * each + c] * turned_key[(h * m + j) * each + c];
  }
  const scaled = scores.map((score) => score * (settings.scaled ? 1 / Math.sqrt(each) : 1));
  const masked = scaled.map((score, at) => (allowed[at % (n * m)] ? score : -Infinity));
  for (let h = 0; h < heads; h++) for (let i = 0; i < n; i++) {
    const first = (h * n + i) * m, row = softmaxRow([...masked.subarray(first, first + m)]);
    weights.set(row, first);
    for (let c = 0; c < each; c++) joined[i * d + h * each + c] = row.reduce((sum, weight, j) => sum + weight * values[(h * m + j) * each + c], 0);
  }
  const projected = heads > 1 ? matmul(joined, corner(settings.output, d, d), n, d, d) : joined;
  return { vectors, added, inputs, sources, query, key, value, turned_query, turned_key, scores, scaled, masked, weights, joined, projected };
}
