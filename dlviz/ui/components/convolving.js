// The arithmetic of one convolution in float64, as dlviz/nets/convolution.py has it in torch; a test compares the two.

const ACTIVATE = { none: (v) => v, relu: (v) => Math.max(0, v), abs: Math.abs, tanh: Math.tanh, sigmoid: (v) => 1 / (1 + Math.exp(-v)) };

// Which input pixel stands at place i of a padded row of n: -1 where it is a padded zero.
function sourceOf(i, n, padding, kind) {
  const at = i - padding;
  if (at >= 0 && at < n) return at;
  if (kind !== "reflect") return -1;
  return at < 0 ? -at : 2 * (n - 1) - at;
}

// One channel (n, n) with its border.
function padded(channel, n, padding, kind) {
  const side = n + 2 * padding, values = new Float64Array(side * side), source = Array.from({ length: side }, (_, i) => sourceOf(i, n, padding, kind));
  for (let i = 0; i < side; i++) {
    for (let j = 0; j < side; j++) {
      if (source[i] >= 0 && source[j] >= 0) values[i * side + j] = channel[source[i] * n + source[j]];
    }
  }
  return values;
}

// The kernel turned by 180°.
function turned(kernel) {
  return [...kernel].reverse();
}

// Everything that follows from layer {n, padding, kind, stride, dilation, colour, mix, bias, activation, pooling, poolSide},
// the channels and a kernel as it is laid over them: padded channels, and the maps of every stage, each {side, maps}.
function convolving(layer, channels, kernel) {
  const k = Math.round(Math.sqrt(kernel.length)), { n, padding, stride, dilation, bias } = layer;
  const wide = n + 2 * padding, side = Math.floor((wide - dilation * (k - 1) - 1) / stride) + 1;
  const planes = channels.map((channel) => padded(channel, n, padding, layer.kind));
  const groups = layer.colour === "mixed" ? [planes.map((plane, c) => [plane, layer.mix[c]])] : planes.map((plane) => [[plane, 1]]);
  const output = groups.map((group) => {
    const map = new Float64Array(side * side).fill(bias);
    for (const [plane, share] of group) {
      for (let u = 0; u < k; u++) {
        for (let v = 0; v < k; v++) {
          const weight = share * kernel[u * k + v];
          for (let i = 0; i < side; i++) {
            let from = (i * stride + u * dilation) * wide + v * dilation;
            for (let j = 0; j < side; j++, from += stride) map[i * side + j] += weight * plane[from];
          }
        }
      }
    }
    return map;
  });
  const stages = [{ name: "convolution", order: 0, side, maps: output }];
  if (layer.activation !== "none") stages.push({ name: layer.activationName, order: 1, side, maps: output.map((map) => map.map(ACTIVATE[layer.activation])) });
  if (layer.pooling !== "none") {
    const small = Math.floor(side / layer.poolSide), { maps } = stages.at(-1);
    stages.push({ name: `${layer.pooling} pooling`, order: 2, side: small, maps: maps.map((map) => pooled(map, side, small, layer.poolSide, layer.pooling)) });
  }
  return { k, wide, planes, stages };
}

function pooled(map, side, small, window, kind) {
  const values = new Float64Array(small * small);
  for (let i = 0; i < small; i++) {
    for (let j = 0; j < small; j++) {
      const inside = poolWindow(map, side, window, i, j);
      values[i * small + j] = kind === "max" ? Math.max(...inside) : inside.reduce((a, b) => a + b, 0) / inside.length;
    }
  }
  return values;
}

// The values that one pooled pixel is made of, row by row.
function poolWindow(map, side, window, i, j) {
  return Array.from({ length: window * window }, (_, at) => map[(i * window + Math.floor(at / window)) * side + j * window + (at % window)]);
}

// What lies under the kernel at output pixel (i, j) of one channel, and each times its weight.
function productsAt(plane, wide, kernel, k, layer, i, j, share) {
  const window = [], products = [];
  for (let u = 0; u < k; u++) {
    for (let v = 0; v < k; v++) {
      const value = plane[(i * layer.stride + u * layer.dilation) * wide + j * layer.stride + v * layer.dilation];
      window.push(value);
      products.push(value * share * kernel[u * k + v]);
    }
  }
  return { window, products, sum: products.reduce((a, b) => a + b, 0) };
}
