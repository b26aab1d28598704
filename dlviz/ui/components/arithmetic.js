// What made a number: the sum in words, and the numbers it was made of as [matrix, row, column], null for all of them.

const inBrackets = (value) => (value < 0 ? `(${brief(value)})` : brief(value));
const sumOfProducts = (a, b) => a.map((value, i) => `${inBrackets(value)}·${inBrackets(b[i])}`).join(" + ");
const INPUTS = { query: "wq", key: "wk", value: "wv" }, LETTERS = { query: "q", key: "k", value: "v" };

// view: {matrices by name, tokens, sources, head, each, about, settings}
function arithmetic(view, name, i, j) {
  const { matrices, tokens, sources, about } = view, value = matrices[name].at(i, j), of = (rows) => rows[i];
  const made = (() => {
    if (name in INPUTS) return projection(view, name, i, j);
    if (name === "inputs") return [`${brief(matrices.vectors.at(i, j))} + ${inBrackets(matrices.added.at(i, j))}`, [["vectors", i, j], ["added", i, j]]];
    if (name === "vectors" || name === "others") return [null, []];
    if (name === "added") return [about.positions === "sinusoidal" ? `${j % 2 ? "cos" : "sin"}(${brief(i * frequency(Math.floor(j / 2), about.width, about.base))})` : null, []];
    if (name === "scores") {
      const [q, k] = [view.ofHead("query", i), view.ofHead("key", j)];
      return [sumOfProducts(q, k), [["query", i, "head"], ["key", j, "head"]]];
    }
    if (name === "scaled") return [view.settings.scaled ? `${inBrackets(matrices.scores.at(i, j))} / √${view.each}` : "as it is", [["scores", i, j]]];
    if (name === "masked") return [value === -Infinity ? "hidden" : "may be seen", [["scaled", i, j]]];
    if (name === "weights") return weightOf(view, i, j);
    if (name === "joined") {
      const first = Math.floor(j / view.each), own = first === view.head;
      return [own ? sumOfProducts(matrices.weights.row(i), matrices.value.column(j)) : `found by head ${first + 1}`, own ? [["weights", i, null], ["value", null, j]] : []];
    }
    if (name === "projected") return [sumOfProducts(matrices.joined.row(i), matrices.wo.column(j)), [["joined", i, null], ["wo", null, j]]];
    return [null, []];
  })();
  const titles = {
    vectors: () => `${of(tokens)}, number ${j + 1}`,
    others: () => `${of(sources)}, number ${j + 1}`,
    added: () => `place ${i}, number ${j + 1}`,
    inputs: () => `${of(tokens)} at its place, number ${j + 1}`,
    query: () => `query of ${of(tokens)}, number ${j + 1}`,
    key: () => `key of ${of(sources)}, number ${j + 1}`,
    value: () => `value of ${of(sources)}, number ${j + 1}`,
    scores: () => `q(${of(tokens)})·k(${sources[j]})`,
    scaled: () => `score of ${of(tokens)} for ${sources[j]}`,
    masked: () => `${of(tokens)} looking at ${sources[j]}`,
    weights: () => `weight of ${sources[j]} for ${of(tokens)}`,
    joined: () => `${about.heads > 1 ? "found for" : "output of"} ${of(tokens)}, number ${j + 1}`,
    projected: () => `output of ${of(tokens)}, number ${j + 1}`,
  };
  const title = titles[name]?.() ?? `${WEIGHTS[name]} row ${i + 1}, column ${j + 1}`, shown = value === -Infinity ? "−∞" : threeDigits(value);
  return { words: made[0] === null ? `${title}: ${shown}` : `${title} = ${made[0]} = ${shown}`, made: made[1] };
}

function projection({ matrices, about, rows, each, result }, name, i, j) {
  const from = name !== "query" && about.cross ? "others" : about.positions === "sinusoidal" || about.positions === "learned" ? "inputs" : "vectors";
  const gain = about.gains[["query", "key", "value"].indexOf(name)], weights = matrices[INPUTS[name]], times = gain === 1 ? "" : ` times ${brief(gain)}`;
  const made = [[from, i, null], [INPUTS[name], null, j]];
  if (about.positions !== "rope" || name === "value") return [`${sumOfProducts(rows(from, i), weights.column(j))}${times}`, made];
  const angle = i * frequency(Math.floor((j % each) / 2), each, about.base), pair = j - (j % 2), plain = result[name];
  const [even, odd] = [plain[i * about.width + pair], plain[i * about.width + pair + 1]], [first, second] = j % 2 ? [odd, even] : [even, odd];
  return [`${inBrackets(first)}·cos ${brief(angle)} ${j % 2 ? "+" : "−"} ${inBrackets(second)}·sin ${brief(angle)}, turned by its place,`, made];
}

function weightOf({ matrices, sources }, i, j) {
  const row = matrices.masked.row(i), most = Math.max(...row), seen = row.filter((score) => score !== -Infinity);
  if (row[j] === -Infinity) return ["e to the −∞", [["masked", i, j]]];
  const sum = seen.map((score) => `e^${inBrackets(score - most)}`).join(" + ");
  return [`e^${inBrackets(row[j] - most)} / (${sum})${sources.length > 1 && most !== 0 ? ", all less the row’s largest," : ""}`, [["masked", i, null]]];
}
