// A computational graph in the browser: the same operations and the same reverse sweep as dlviz/nets/operations.py and graph.py.

const sigma = (a) => (a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a)));
const winner = (g, a, b) => (a === b ? g / 2 : a < b ? 0 : g);
const better = (choose) => (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? NaN : choose(a, b));

// sign, value(inputs…, exponent), shares(g, y, inputs…, exponent), and the rule in words
const OPERATIONS = {
  add: ["+", (a, b) => a + b, (g) => [g, g], "A sum hands the gradient on as it is."],
  subtract: ["−", (a, b) => a - b, (g) => [g, -g], "A difference hands the gradient on, to its second input with the other sign."],
  multiply: ["×", (a, b) => a * b, (g, y, a, b) => [g * b, g * a], "A product multiplies the gradient by the other factor."],
  divide: ["÷", (a, b) => a / b, (g, y, a, b) => [g / b, -g * (a / b / b)], "A quotient a/b multiplies the gradient by 1/b for a, by −a/b² for b."],
  power: ["power", (a, n) => a ** n, (g, y, a, n) => [n ? g * (n * a ** (n - 1)) : 0], "A power aⁿ multiplies the gradient by n·aⁿ⁻¹."],
  negate: ["−", (a) => -a, (g) => [-g], "A minus turns the gradient’s sign."],
  tanh: ["tanh", Math.tanh, (g, y) => [g * (1 - y * y)], "tanh multiplies the gradient by its slope, 1 − tanh²."],
  sigmoid: ["σ", sigma, (g, y) => [g * (1 - y) * y], "The sigmoid multiplies the gradient by its slope, σ(1 − σ)."],
  relu: ["ReLU", (a) => (Number.isNaN(a) ? a : Math.max(0, a)), (g, y) => [y <= 0 ? 0 : g], "ReLU lets the gradient through where its input is positive, and nothing elsewhere."],
  exp: ["exp", Math.exp, (g, y) => [g * y], "exp multiplies the gradient by its own value."],
  log: ["log", Math.log, (g, y, a) => [g / a], "log divides the gradient by its input."],
  sin: ["sin", Math.sin, (g, y, a) => [g * Math.cos(a)], "sin multiplies the gradient by the cosine."],
  cos: ["cos", Math.cos, (g, y, a) => [g * -Math.sin(a)], "cos multiplies the gradient by minus the sine."],
  sqrt: ["√", Math.sqrt, (g, y) => [g / (2 * y)], "A root multiplies the gradient by 1/(2√a)."],
  max: ["max", better(Math.max), (g, y, a, b) => [winner(g, a, b), winner(g, b, a)], "max hands all of the gradient to the larger input; equal ones share it."],
  min: ["min", better(Math.min), (g, y, a, b) => [winner(g, b, a), winner(g, a, b)], "min hands all of the gradient to the smaller input; equal ones share it."],
};

class Graph {
  // nodes: [operation, inputs, name, number], each after its inputs; the last one is L
  constructor(nodes) {
    this.nodes = nodes.map(([operation, inputs, name, number]) => ({ operation, inputs, name, number, given: !(operation in OPERATIONS) }));
    this.leaves = this.indices((node) => node.operation === "leaf");
    this.varies = [];
    this.nodes.forEach((node) => this.varies.push(node.operation === "leaf" || node.inputs.some((i) => this.varies[i])));
    this.computed = this.indices((node) => !node.given); // in the order in which values come
    this.answered = this.indices((_, n) => this.varies[n]).reverse(); // in the order in which gradients come
    // every use of a node, the last one first, as the gradients come back: [consumer, which of its inputs]
    this.uses = this.nodes.map((_, i) => this.nodes.flatMap(({ inputs }, n) => inputs.flatMap((input, k) => (input === i ? [[n, k]] : []))));
    this.uses.forEach((uses) => uses.sort((one, other) => other[0] - one[0] || one[1] - other[1]));
    this.last = this.nodes.length - 1;
    this.texts = this.nodes.map(() => "");
    this.nodes.forEach((_, n) => (this.texts[n] = this.write(n)));
  }

  indices(wanted) {
    return this.nodes.map((node, n) => (wanted(node, n) ? n : -1)).filter((n) => n >= 0);
  }

  arguments(n, values) {
    const { inputs, operation, number } = this.nodes[n], given = inputs.map((i) => values[i]);
    return operation === "power" ? [...given, number] : given;
  }

  forward(leaves) {
    const values = [], given = [...leaves];
    this.nodes.forEach(({ operation, number, given: stands }, n) => {
      if (operation === "leaf") values.push(given.shift());
      else values.push(stands ? number : OPERATIONS[operation][1](...this.arguments(n, values)));
    });
    return values;
  }

  shares(n, g, values) {
    return this.nodes[n].given ? [] : OPERATIONS[this.nodes[n].operation][2](g, values[n], ...this.arguments(n, values));
  }

  // outputs before inputs: when a node's turn comes, all its consumers have passed on theirs
  backward(values) {
    const gradients = this.nodes.map(() => null);
    gradients[this.last] = 1;
    for (let n = this.last; n >= 0; n--) {
      this.shares(n, gradients[n], values).forEach((share, k) => {
        const i = this.nodes[n].inputs[k];
        gradients[i] = gradients[i] === null ? share : gradients[i] + share;
      });
    }
    return gradients.map((gradient, n) => (this.varies[n] ? gradient : 0));
  }

  // ∂node/∂input
  slope(n, k, values) {
    return this.shares(n, 1, values)[k];
  }

  // every path from a node to L, each a list of [consumer, which of its inputs]; a depth-first walk
  paths(start) {
    const found = [], walk = (n, edges) => {
      if (n === this.last) found.push(edges);
      else [...this.uses[n]].reverse().forEach(([consumer, k]) => walk(consumer, [...edges, [consumer, k]]));
    };
    walk(start, []);
    return found;
  }

  // the expression below a node, as people write it
  write(n) {
    const { operation, inputs, name, number } = this.nodes[n];
    if (operation === "leaf") return name;
    if (operation === "constant") return threeDigits(number);
    const binds = { add: 1, subtract: 1, negate: 1, multiply: 2, divide: 2, power: 3 };
    const part = (i, least) => ((binds[this.nodes[i].operation] ?? 9) < least ? `(${this.texts[i]})` : this.texts[i]);
    const [a, b] = inputs;
    switch (operation) {
      case "add": return `${part(a, 1)} + ${part(b, 1)}`;
      case "subtract": return `${part(a, 1)} − ${part(b, 2)}`;
      case "multiply": return `${part(a, 2)}·${part(b, 2)}`;
      case "divide": return `${part(a, 2)}/${part(b, 3)}`;
      case "negate": return `−${part(a, 2)}`;
      case "power": return `${part(a, 4)}${raised(number)}`;
      default: return `${operation}(${inputs.map((i) => this.texts[i]).join(", ")})`;
    }
  }

  // what stands in a node's box
  sign(n) {
    const { operation, name, number } = this.nodes[n];
    if (operation === "leaf") return name;
    if (operation === "constant") return "";
    return operation === "power" ? `( )${raised(number)}` : OPERATIONS[operation][0];
  }

  // the arithmetic that made a node's value
  arithmetic(n, values) {
    const { operation, inputs, number } = this.nodes[n];
    const [a, b] = inputs.map((i) => threeDigits(values[i])), low = (text) => (text.startsWith("−") ? `(${text})` : text);
    const sign = { add: "+", subtract: "−", multiply: "·", divide: "/" }[operation];
    if (sign) return `${a} ${sign} ${low(b)}`;
    if (operation === "negate") return `−${low(a)}`;
    if (operation === "power") return `${low(a)}${raised(number)}`;
    return `${OPERATIONS[operation][0]}(${[a, b].slice(0, inputs.length).join(", ")})`;
  }
}

function raised(number) {
  const text = String(number);
  return /^-?\d+$/.test(text) ? text.replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]) : `^${text.replace("-", "−")}`;
}
