// A multilayer perceptron evaluated in the browser, from its weights as dlviz/nets/mlp.py orders them.

// Puts f(z) in the place of every z, f from a table at evenly spaced places: linear between them, and beyond its ends as there.
function throughTable(z, { low, step, values }) {
  const last = values.length - 2, each = 1 / step, count = z.length;
  for (let i = 0; i < count; i++) {
    const at = (z[i] - low) * each, k = at < 0 ? 0 : at > last ? last : at | 0;
    z[i] = values[k] + (at - k) * (values[k + 1] - values[k]);
  }
}

function throughPrelu(z, slope) {
  for (let i = 0; i < z.length; i++) if (z[i] < 0) z[i] *= slope;
}

class Net {
  // widths: units of every layer, (in, hidden..., out); `slopes`: there is a place for a trained slope after each hidden layer's bias
  constructor(widths, slopes) {
    Object.assign(this, { widths, places: {} });
    let at = 0;
    this.layers = widths.slice(1).map((out, l) => {
      const into = widths[l], place = { into, out, weight: at, bias: at + into * out, slope: at + into * out + out };
      at = place.slope + (slopes && l < widths.length - 2 ? 1 : 0);
      return place;
    });
  }

  // From now on the activation is PReLU with the slopes among the weights (`table` is null), or what the table says.
  use(table) {
    this.table = table;
  }

  index(layer, to, source) {
    const { weight, bias, into } = this.layers[layer];
    return source < 0 ? bias + to : weight + to * into + source;
  }

  // What every unit gives at the pixels of a square grid, layer by layer: [unit][pixel]; the last layer's are logits.
  // The arrays are used again by the next call of this size.
  // The first layer is given (coordinate - centre) / scale of each.
  maps(weights, size, { edge, centre, scale }) {
    const count = size * size, coordinate = (i) => ((i + 0.5) / size) * 2 * edge - edge;
    const all = (this.places[size] ??= this.widths.map((width) => Array.from({ length: width }, () => new Float64Array(count))));
    for (let i = 0; i < count; i++) {
      all[0][0][i] = (coordinate(i % size) - centre[0]) / scale[0];
      all[0][1][i] = (-coordinate((i / size) | 0) - centre[1]) / scale[1];
    }
    this.layers.forEach(({ into, out, weight, bias, slope }, l) => {
      for (let j = 0; j < out; j++) {
        const z = all[l + 1][j].fill(weights[bias + j]);
        for (let k = 0; k < into; k++) {
          const w = weights[weight + j * into + k], from = all[l][k];
          for (let i = 0; i < count; i++) z[i] += w * from[i];
        }
        if (l === this.layers.length - 1) continue;
        if (this.table) throughTable(z, this.table);
        else throughPrelu(z, weights[slope]);
      }
    });
    return all;
  }
}
