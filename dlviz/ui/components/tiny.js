// A trained network in the browser: convolution, ReLU, pooling, head, as dlviz/nets/convolutional.py has them; and a drawing made ready for it.

const SIDE = 28;

class TinyNet {
  // layers [{out, into, k, kernels, biases}], pool, head "flatten" or "global", weights (classes × features), biases
  constructor(header, arrays) {
    let at = 0, bias = 0;
    this.layers = header.layers.map(({ out, into, k }) => {
      const size = out * into * k * k, layer = { out, into, k, kernels: Float64Array.from(arrays.kernels.subarray(at, at + size)), biases: arrays.biases.subarray(bias, bias + out), off: new Set() };
      at += size;
      bias += out;
      return layer;
    });
    Object.assign(this, { pool: header.pool, head: header.head, weights: arrays.head, offsets: arrays.head_bias });
  }

  // Every layer's maps after ReLU, those that are switched off 0, and the probability of each class.
  forward(pixels) {
    let x = Float64Array.from(pixels), side = SIDE;
    const maps = [];
    for (const layer of this.layers) {
      const y = convolved(x, side, layer);
      maps.push({ side, values: y });
      [x, side] = pooledOnce(y, side, layer.out, this.pool);
    }
    const area = side * side, last = this.layers.at(-1).out;
    const features = this.head === "global" ? Float64Array.from({ length: last }, (_, c) => x.subarray(c * area, (c + 1) * area).reduce((sum, value) => sum + value, 0) / area) : x;
    const logits = Array.from(this.offsets, (offset, k) => features.reduce((sum, value, i) => sum + value * this.weights[k * features.length + i], offset));
    const most = Math.max(...logits), powers = logits.map((value) => Math.exp(value - most)), total = powers.reduce((sum, value) => sum + value, 0);
    return { maps, chances: powers.map((value) => value / total) };
  }
}

function convolved(x, side, { out, into, k, kernels, biases, off }) {
  const y = new Float64Array(out * side * side), half = Math.floor(k / 2);
  for (let o = 0; o < out; o++) {
    if (off.has(o)) continue;
    const map = y.subarray(o * side * side, (o + 1) * side * side).fill(biases[o]);
    for (let c = 0; c < into; c++) for (let u = 0; u < k; u++) for (let v = 0; v < k; v++) {
      const weight = kernels[((o * into + c) * k + u) * k + v], down = u - half, right = v - half;
      for (let i = Math.max(0, -down); i < Math.min(side, side - down); i++) {
        const to = i * side, from = c * side * side + (i + down) * side + right;
        for (let j = Math.max(0, -right); j < Math.min(side, side - right); j++) map[to + j] += weight * x[from + j];
      }
    }
    for (let i = 0; i < map.length; i++) if (map[i] < 0) map[i] = 0;
  }
  return y;
}

function pooledOnce(y, side, out, pool) {
  if (pool === "none") return [y, side];
  const half = Math.floor(side / 2), x = new Float64Array(out * half * half);
  for (let c = 0; c < out; c++) for (let i = 0; i < half; i++) for (let j = 0; j < half; j++) {
    const at = c * side * side + 2 * i * side + 2 * j, [a, b, d, e] = [y[at], y[at + 1], y[at + side], y[at + side + 1]];
    x[(c * half + i) * half + j] = pool === "max" ? Math.max(a, b, d, e) : (a + b + d + e) / 4;
  }
  return [x, half];
}

// The drawing as MNIST's makers prepared theirs: its box scaled to 20 pixels, its centre of mass in the middle of 28 × 28. 0..1.
function centred(ink) {
  let mass = 0, x = 0, y = 0, left = SIDE, right = -1, top = SIDE, bottom = -1;
  ink.forEach((value, i) => {
    if (!value) return;
    const column = i % SIDE, row = Math.floor(i / SIDE);
    mass += value;
    x += value * (column + 0.5);
    y += value * (row + 0.5);
    [left, right, top, bottom] = [Math.min(left, column), Math.max(right, column), Math.min(top, row), Math.max(bottom, row)];
  });
  if (!mass) return Float64Array.from(ink);
  const step = Math.max(right - left + 1, bottom - top + 1) / 20, middle = [x / mass, y / mass], fine = 3;
  const at = (column, row) => (column < 0 || row < 0 || column >= SIDE || row >= SIDE ? 0 : ink[row * SIDE + column]);
  const between = (px, py) => {
    const column = Math.floor(px - 0.5), row = Math.floor(py - 0.5), a = px - 0.5 - column, b = py - 0.5 - row;
    return (1 - b) * ((1 - a) * at(column, row) + a * at(column + 1, row)) + b * ((1 - a) * at(column, row + 1) + a * at(column + 1, row + 1));
  };
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    let sum = 0;
    for (let u = 0; u < fine; u++) for (let v = 0; v < fine; v++) {
      const px = (i % SIDE) + (u + 0.5) / fine, py = Math.floor(i / SIDE) + (v + 0.5) / fine;
      sum += between(middle[0] + (px - SIDE / 2) * step, middle[1] + (py - SIDE / 2) * step);
    }
    return sum / fine / fine / 255;
  });
}
