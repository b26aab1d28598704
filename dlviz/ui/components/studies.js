// What can stand beside an attention layer: scores against the width, similarity against the offset, and time a token with a KV cache.

// rows of a study: every so many of its numbers
const rowsOf = (study, columns) => Array.from({ length: study.length / columns }, (_, i) => [...study.subarray(i * columns, (i + 1) * columns)]);

function drawStudy(group, box, header, settings, study, colours) {
  const about = { ...header.studied, positions: header.positions, base: header.base, colours };
  ({ scaling: drawScaling, offsets: drawOffsets, cache: drawCache })[settings.beside](group, box, about, study);
}

// two charts side by side, or one under the other where there is little room
function twoBoxes({ x, y, width, height }) {
  const margin = 48, foot = 40, head = 22;
  if (width < 1.25 * height) {
    const each = height / 2;
    return [0, 1].map((i) => ({ x: x + margin, y: y + head + i * each, width: width - margin - 8, height: each - foot - head }));
  }
  const each = width / 2;
  return [0, 1].map((i) => ({ x: x + margin + i * each, y: y + head, width: each - margin - 10, height: height - foot - head }));
}

function heading(group, box, words) {
  make(group, "text", { class: "title", x: box.x, y: box.y - 8 }, words);
}

// a line with points, and its name at its end or where `place` says
function series(inside, xs, ys, colour, { dashed = false, points = true, wide = 2.5, name = "" } = {}) {
  const path = make(inside, "path", { class: "line", "data-name": name, d: linePath(xs.length, (i) => xs[i], (i) => ys[i]), stroke: colour, "stroke-width": wide });
  if (dashed) path.setAttribute("stroke-dasharray", "6 4");
  if (points) xs.forEach((x, i) => make(inside, "circle", { cx: x, cy: ys[i], r: 3.5, fill: colour }));
}

function named(group, words, x, y, colour, anchor = "start") {
  make(group, "text", { x, y, "text-anchor": anchor, style: `${HALO}; fill: ${colour}; font-weight: 600` }, words);
}

// ticks of a logarithmic axis of widths, as the widths themselves
function widthAxis(group, box, widths, sx) {
  for (const width of widths.filter((_, i) => i % 3 === 0)) {
    make(group, "text", { x: sx(Math.log2(width)), y: box.y + box.height + 16, "text-anchor": "middle", class: "quiet" }, String(width));
  }
  make(group, "text", { x: box.x + box.width, y: box.y + box.height + 33, "text-anchor": "end" }, "d, numbers a head");
}

function drawScaling(group, box, { widths, keys, colours }, study) {
  const [variance, top, divided] = rowsOf(study, widths.length), [first, second] = twoBoxes(box), logs = widths.map(Math.log2), last = logs.at(-1);
  const one = panel(group, first, [-0.3, last + 0.3], [-0.4, Math.log10(widths.at(-1)) + 0.35], { title: "", powers: true });
  heading(group, first, "variance of q·k");
  const xs = logs.map(one.sx);
  series(one.inside, xs, widths.map((d) => one.sy(Math.log10(d))), "var(--st-text-color)", { dashed: true, points: false, wide: 1.5, name: "law" });
  series(one.inside, xs, variance.map((value) => one.sy(Math.log10(value))), colours[1], { name: "variance" });
  series(one.inside, xs, variance.map((value, i) => one.sy(Math.log10(value / widths[i]))), colours[2], { name: "divided" });
  named(group, "q·k: d", one.sx(last * 0.62) - 8, one.sy(Math.log10(widths.at(-1)) * 0.62) - 12, colours[1], "end");
  named(group, "after ÷ √d: 1", one.sx(last * 0.62), one.sy(0) - 10, colours[2], "middle");
  widthAxis(group, first, widths, one.sx);
  const two = panel(group, second, [-0.3, last + 0.3], [0, 1], { title: "" });
  heading(group, second, `largest of ${keys} weights, mean`);
  series(two.inside, xs.map((_, i) => two.sx(logs[i])), top.map(two.sy), colours[1], { name: "top" });
  series(two.inside, xs.map((_, i) => two.sx(logs[i])), divided.map(two.sy), colours[2], { name: "top_divided" });
  named(group, "softmax(q·k)", two.sx(last * 0.5), two.sy(top[Math.round(last * 0.5)]) - 14, colours[1], "end");
  named(group, "softmax(q·k / √d)", two.sx(last * 0.6), two.sy(divided.at(-1)) + 22, colours[2], "middle");
  widthAxis(group, second, widths, two.sx);
}

function drawOffsets(group, box, { offsets, starts, position_width, positions, base, colours }, study) {
  const rows = rowsOf(study, offsets + 1), place = { x: box.x + 48, y: box.y + 22, width: box.width - 60, height: box.height - 62 };
  const low = Math.min(-0.3, ...rows.flat()) - 0.05;
  const { sx, sy, inside } = panel(group, place, [0, offsets], [low, 1.05], { title: "", x: "places apart" });
  heading(group, place, `cosine of two places, ${position_width} numbers each, base ${threeDigits(base)}`);
  const kinds = [["sinusoidal", "sine, cosine", 0], ["learned", "learned, before training", 1], ["rope", "one vector turned by RoPE", 2]], xs = Array.from({ length: offsets + 1 }, (_, k) => sx(k));
  kinds.forEach(([kind, words, colour], i) => {
    const wide = positions === kind ? 4 : 2;
    series(inside, xs, rows[2 * i].map(sy), colours[colour], { points: false, wide, name: kind });
    series(inside, xs, rows[2 * i + 1].map(sy), colours[colour], { points: false, dashed: true, wide: kind === "learned" ? wide : 1, name: `${kind} later` });
  });
  const at = Math.round(0.62 * offsets), near = (row) => row.slice(at - 14, at + 14);
  named(group, kinds[2][1], sx(at), sy(Math.max(...near(rows[4]), ...near(rows[0]))) - 8, colours[2], "middle");
  named(group, kinds[0][1], sx(at), sy(Math.min(...near(rows[4]), ...near(rows[0]))) + 18, colours[0], "middle");
  named(group, kinds[1][1], sx(at), sy(Math.min(...near(rows[2]), ...near(rows[3]))) + 16, colours[1], "middle");
  make(group, "text", { class: "quiet", x: place.x + 8, y: place.y + place.height - 10 }, `from place ${starts[0]}; dashed: from place ${starts[1]}`);
}

function drawCache(group, box, { cache_width, colours }, study) {
  const tokens = study.length / 3, [without, kept] = rowsOf(study, tokens), [first, second] = twoBoxes(box), xs = (sx) => without.map((_, t) => sx(t + 1));
  const most = 1250 * [...without].sort((a, b) => a - b)[Math.floor(0.9 * tokens)]; // a busy machine's spikes run out of the chart
  const one = panel(group, first, [0, tokens], [0, 1.08 * most], { title: "", x: "token" });
  heading(group, first, "milliseconds a token");
  const two = panel(group, second, [0, tokens], [0, 1050 * without.reduce((a, b) => a + b, 0)], { title: "", x: "token" });
  heading(group, second, "all so far, in milliseconds");
  [[without, 1, "anew every time"], [kept, 2, "with a KV cache"]].forEach(([seconds, colour, words], i) => {
    let sum = 0;
    const total = seconds.map((value) => 1000 * (sum += value));
    series(one.inside, xs(one.sx), seconds.map((value) => one.sy(1000 * value)), colours[colour], { points: false, wide: 1.5, name: i ? "kept" : "without" });
    series(two.inside, xs(two.sx), total.map(two.sy), colours[colour], { points: false, name: i ? "kept total" : "without total" });
    const at = Math.round(0.72 * tokens), above = i ? two.sy(total[at]) - 10 : two.sy(total[at]) - 4;
    named(group, words, i ? two.sx(tokens) - 6 : two.sx(at) - 10, above, colours[colour], "end");
    named(group, `${threeDigits(total.at(-1))} ms`, two.sx(tokens) - 6, i ? above - 18 : two.sy(total.at(-1)) + 34, colours[colour], "end");
  });
  make(group, "text", { class: "quiet", x: first.x + 8, y: first.y + 16 }, `one layer, ${cache_width} numbers a token, measured here`);
}
