// What stands at each station of The whole machine. Each draws into an SVG of width × height and gives a name and what is to be said.

const VIRIDIS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"];
const counted = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
const withSign = (value) => (value > 0 ? "+" : "") + threeDigits(value);
const thousands = (number) => number.toLocaleString("en");
const COMING = "on their way";
const NAME = 84, LETTER = 6.8, LOW = 260; // pixels that the name of a head takes with its share, and one letter

const STATIONS = {
  tokens(view, svg, width, height) {
    const { pieces, ids, sizes, tokens, text } = view.header, cut = tokens > pieces.length ? ` The first ${pieces.length} of ${tokens} are read here.` : "";
    const columns = Math.max(1, Math.floor(width / 150)), step = Math.min(34, height / Math.ceil(pieces.length / columns));
    pieces.forEach((piece, t) => {
      const x = (t % columns) * (width / columns), y = Math.floor(t / columns) * step, words = `${t + 1}. `;
      const line = make(svg, "text", { x, y: y + 18 }, words);
      part(line, piece.replace(/ /g, "␣").replace(/\n/g, "↵").replace(/\t/g, "⇥"), "font-weight: 600");
      part(line, `  no. ${thousands(ids[t])}`, "opacity: 0.8");
    });
    return { name: "Text to tokens", said: `${counted([...text].length, "character")} ${text.length === 1 ? "is" : "are"} ${counted(tokens, "token")}, each one of ${thousands(sizes[4])} known pieces; ␣ is a space. A character can be several tokens, which then all show it.${cut}` };
  },

  embedding(view, svg, width, height) {
    const { pieces, sizes, weights } = view.header, [numbers] = sizes, step = Math.min(56, (height - 18) / pieces.length);
    const reach = percentile(view.arrays.embedded, 0.99), share = weights[0] / weights.reduce((a, b) => a + b);
    pieces.forEach((piece, t) => {
      make(svg, "text", { x: 84, y: t * step + step / 2 + 4, "text-anchor": "end", "font-weight": t === view.at.token ? 700 : 400 }, view.short(piece));
      strip(svg, view.arrays.embedded.subarray(t * numbers, (t + 1) * numbers), reach, { x: 92, y: t * step + 1, width: width - 92, height: step - 3 });
    });
    make(svg, "text", { class: "quiet", x: 92, y: height - 4 }, `blue below, orange above 0; full colour at ±${threeDigits(reach)}`);
    return { name: `Embedding: ${pieces.length} × ${numbers} numbers`, said: `Each token's number picks one row of a table of ${thousands(sizes[4])} × ${numbers}: ${threeDigits(100 * share)} % of all ${thousands(weights.reduce((a, b) => a + b))} weights. ${view.header.places ? "With these vectors, and one added for each place, the stream begins." : "With these vectors the stream begins."}` };
  },

  attention(view, svg, width, height) {
    const { header, arrays, at } = view, { heads, sizes } = header, top = height < LOW ? 0 : addition(view, svg, width, 0);
    const own = view.detailed ? arrays.head_adds : null, shown = shownHead(view);
    const row = height - top < 170 ? 0 : Math.min(118, (height - top) * 0.4), room = height - top - row;
    const sideOf = (columns) => Math.min(width / columns - 12, room / Math.ceil(heads / columns) - 20); // of a map, with its name under it
    const most = Math.max(1, Math.floor(width / NAME)), columns = Array.from({ length: Math.min(heads, most) }, (_, i) => i + 1).reduce((a, b) => (sideOf(b) > sideOf(a) ? b : a));
    const across = width / columns, down = room / Math.ceil(heads / columns), side = Math.max(12, sideOf(columns));
    for (let h = 0; h < heads; h++) {
      const x = (h % columns) * across, y = top + Math.floor(h / columns) * down;
      const image = headMap(view, svg, h, { x, y, width: side, height: side });
      image.addEventListener("pointerenter", () => choose(view, h));
      image.addEventListener("click", (event) => (event.pointerType === "mouse" ? heatmap(view, h) : choose(view, h))); // a finger cannot point first
      if (h === shown) make(svg, "rect", { class: "chosen", x: x - 1, y: y - 1, width: side + 2, height: side + 2 });
      make(svg, "text", { x, y: y + side + 13, style: "font-size: 12px", "font-weight": h === shown ? 700 : 400 }, `${at.layer + 1}.${h + 1}${own ? ` ${withSign(own[h])}` : ""}`);
    }
    if (row) weightsOf(view, svg, shown, { x: 0, y: height - row, width, height: row });
    view.onward = () => heatmap(view, shown);
    view.go.textContent = `Open head ${at.layer + 1}.${shown + 1} in Heatmap`;
    return { name: `attention, ${heads} heads of ${sizes[2]} numbers`, said: `${sumOf(view, 0)} Rows look, columns are looked at; ${own ? `each head's share stands under its map${biasOf(view)}` : `the shares of its heads are ${COMING}`}.` };
  },

  feed_forward(view, svg, width, height) {
    const { header, arrays, at } = view, top = height < LOW ? 0 : addition(view, svg, width, 1);
    const count = Math.max(1, Math.min(arrays.units.length, Math.floor((height - top - 20) / 18))), step = Math.min(30, (height - top - 20) / count), most = Math.max(...arrays.values.map(Math.abs)), bar = Math.min(110, width / 5), middle = 70 + bar / 2;
    const heading = (x, words, anchor = "start") => make(svg, "text", { class: "quiet", x, y: top + 10, "text-anchor": anchor, style: "font-size: 12px" }, words);
    if (view.detailed) {
      heading(62, "unit", "end");
      heading(middle, "value", "middle");
      heading(80 + bar + 66, `to ${view.answer}`, "end");
      heading(80 + bar + 80, "raises most");
      for (let k = 0; k < count; k++) {
        const y = top + 20 + k * step, value = arrays.values[k], size = (Math.abs(value) / most) * (bar / 2);
        make(svg, "text", { x: 62, y: y + step / 2 + 3, "text-anchor": "end" }, thousands(arrays.units[k] + 1));
        make(svg, "rect", { x: value < 0 ? middle - size : middle, width: size, y: y + 2, height: step - 5, fill: css(value < 0 ? BLUE : ORANGE) });
        make(svg, "text", { x: middle + (value < 0 ? 4 : -4), y: y + step / 2 + 3, "text-anchor": value < 0 ? "start" : "end", style: "font-size: 12px" }, threeDigits(value));
        make(svg, "text", { x: 80 + bar + 66, y: y + step / 2 + 3, "text-anchor": "end" }, withSign(arrays.unit_adds[k]));
        const words = Array.from({ length: 4 }, (_, i) => view.short(view.word(arrays.writes[4 * k + i]), 12)).join(" · ");
        const room = Math.floor((width - bar - 160) / LETTER);
        make(svg, "text", { x: 80 + bar + 80, y: y + step / 2 + 3 }, words.length > room ? `${words.slice(0, Math.max(0, room - 1))}…` : words);
      }
    }
    const units = view.detailed ? `These ${count} units write most into “${view.short(header.pieces[at.token])}”; on the right the tokens whose scores each raises most.` : `Its units are ${COMING}.`;
    return { name: `feed-forward, ${thousands(header.sizes[1])} hidden units`, said: `${sumOf(view, 1)} ${units}` };
  },

  unembedding(view, svg, width, height) {
    const { header, arrays } = view, known = header.sizes[4], own = view.header.opened.token === view.at.token, rows = Math.max(2, Math.min(arrays.scored.length + 1, Math.floor((height - 20) / 17))), step = Math.min(32, (height - 20) / rows), roomy = width > 330;
    if (!own) make(svg, "text", { x: 0, y: 20 }, `the scores of this token are ${COMING}`);
    else {
      const x = { score: Math.min(180, width * 0.3), power: width * 0.48, bar: width * 0.55 }, least = Math.min(...arrays.scores);
      for (const [at, words, anchor] of [[x.score, "score", "end"], [x.power, roomy ? "e^(score − best)" : "", "end"], [x.bar, "probability", "start"]]) {
        make(svg, "text", { class: "quiet", x: at, y: 12, "text-anchor": anchor, style: "font-size: 12px" }, words);
      }
      const line = (k, name, score, power, chance) => {
        const y = 18 + k * step, middle = y + step / 2 + 4;
        make(svg, "text", { x: 0, y: middle, "font-weight": k ? 400 : 700 }, name);
        if (score !== null) make(svg, "text", { x: x.score, y: middle, "text-anchor": "end" }, threeDigits(score));
        if (roomy) make(svg, "text", { x: x.power, y: middle, "text-anchor": "end" }, threeDigits(power));
        const size = Math.max(1, chance * (width - x.bar - 64));
        make(svg, "rect", { x: x.bar, y: y + 3, width: size, height: step - 6, fill: themeColours(view.root)[0] });
        make(svg, "text", { x: x.bar + size + 6, y: middle }, `${threeDigits(100 * chance)} %`);
      };
      const best = arrays.scores[0], sum = Math.exp(header.total - best), rest = 1 - arrays.chances.subarray(0, rows - 1).reduce((a, b) => a + b, 0);
      arrays.scored.subarray(0, rows - 1).forEach((number, k) => line(k, view.short(view.word(number), 16), arrays.scores[k], Math.exp(arrays.scores[k] - best), arrays.chances[k]));
      line(rows - 1, `${thousands(known - rows + 1)} others`, null, rest * sum, rest);
    }
    const { length } = header.pieces, size = view.arrays.lengths[header.layers * length + view.at.token];
    return { name: `Unembedding: ${thousands(known)} scores become probabilities`, said: `The last norm divides the stream, of length ${threeDigits(size)}; its product with every token's vector is a score. Softmax: e^score over the sum of all.` };
  },

  next(view, svg, width, height) {
    const { header, arrays, at } = view, T = header.pieces.length, i = 5 * (header.layers * T + at.token), step = Math.min(54, height / 5);
    for (let k = 0; k < 5; k++) {
      const chance = arrays.lens_chances[i + k], y = k * step, size = Math.max(1, chance * (width - 230));
      make(svg, "text", { x: 150, y: y + step / 2 + 5, "text-anchor": "end", "font-weight": k ? 400 : 700, style: "font-size: 16px" }, view.short(view.word(arrays.lens[i + k]), 16));
      make(svg, "rect", { x: 160, y: y + 5, width: size, height: step - 10, fill: themeColours(view.root)[0] });
      make(svg, "text", { x: 168 + size, y: y + step / 2 + 5 }, `${threeDigits(100 * chance)} %`);
    }
    const word = view.word(arrays.final[at.token]), last = at.token === T - 1 && header.tokens === T, whole = !word.includes("\uFFFD");
    if (last && whole) {
      view.go.textContent = `Write ${view.answer} and go on`;
      view.onward = () => view.report({ ...view.settings, text: header.text + word });
    }
    const cut = at.token === T - 1 && header.tokens > T ? `Only the first ${T} of your ${thousands(header.tokens)} tokens are read: this is what would follow them.` : "";
    const goes = cut || (last && !whole) ? cut || "The likeliest is a part of a character, which cannot be written alone." : last ? "Write the likeliest, and the machine runs again over a text one token longer." : at.token < T - 1 ? `Your text goes on with “${view.short(header.pieces[at.token + 1])}”.` : "";
    return { name: `After “${view.short(header.pieces[at.token])}” comes`, said: `The five likeliest of ${thousands(header.sizes[4])} tokens. ${goes}` };
  },
};

function part(line, words, style) {
  const span = document.createElementNS(SVG, "tspan");
  span.setAttribute("style", style);
  span.textContent = words;
  line.append(span);
}

// A row of numbers as colours.
function strip(svg, values, reach, box) {
  const canvas = Object.assign(document.createElement("canvas"), { width: values.length, height: 1 }), pen = canvas.getContext("2d");
  const image = pen.createImageData(values.length, 1);
  values.forEach((value, i) => image.data.set([...signed(value, reach), 255], 4 * i));
  pen.putImageData(image, 0, 0);
  make(svg, "image", { href: canvas.toDataURL(), preserveAspectRatio: "none", ...box });
}

// The size below which a share of the values lies: few are far larger than all others.
function percentile(values, share) {
  const sizes = Float32Array.from(values, Math.abs).sort();
  return sizes[Math.min(sizes.length - 1, Math.floor(share * sizes.length))] || 1;
}

// What attention (0) or feed-forward (1) adds: the stream before, what is added, their sum, as strips. Gives where it ends.
function addition(view, svg, width, kind) {
  const { stream } = view.arrays, numbers = view.header.sizes[0], step = 20;
  if (!view.detailed) return 3 * step + 16;
  const rows = [0, 1, 2].map((k) => stream.subarray(k * numbers, (k + 1) * numbers)), plus = (a, b) => a.map((value, i) => value + b[i]);
  const middle = plus(rows[0], rows[1]), [before, added, after] = kind ? [middle, rows[2], plus(middle, rows[2])] : [rows[0], rows[1], middle];
  const reach = percentile(after, 0.98), length = (values) => threeDigits(Math.hypot(...values));
  [["stream", before], [kind ? "+ feed-forward" : "+ attention", added], ["= stream", after]].forEach(([name, values], k) => {
    make(svg, "text", { x: 0, y: k * step + 14 }, name);
    strip(svg, values, reach, { x: 98, y: k * step + 2, width: width - 98 - 92, height: step - 4 });
    make(svg, "text", { class: "quiet", x: width, y: k * step + 14, "text-anchor": "end" }, `length ${length(values)}`);
  });
  return 3 * step + 16;
}

// What a sublayer adds to the score of the followed token's answer.
function sumOf(view, kind) {
  const { header, arrays, at } = view, T = header.pieces.length, value = arrays.adds[(kind * header.layers + at.layer) * T + at.token];
  return `Adds ${withSign(value)} to the score of ${view.answer}, which is ${threeDigits(arrays.score[at.token])}.`;
}

// What the bias of W_O adds, where there is one.
function biasOf(view) {
  const { header, arrays, at } = view, T = header.pieces.length;
  const rest = arrays.adds[at.layer * T + at.token] - arrays.head_adds.reduce((a, b) => a + b, 0);
  return header.places ? `, ${withSign(rest)} is the bias's` : "";
}

// The head whose weights are drawn: the chosen one, else that with the largest share.
function shownHead(view) {
  if (view.head >= 0 || !view.detailed) return Math.max(0, view.head);
  const sizes = view.arrays.head_adds.map(Math.abs);
  return sizes.indexOf(Math.max(...sizes));
}

function headMap(view, svg, head, box) {
  const { pieces, heads } = view.header, T = pieces.length, cells = T * T, table = colourTable(VIRIDIS);
  const canvas = Object.assign(document.createElement("canvas"), { width: T, height: T }), pen = canvas.getContext("2d");
  const image = pen.createImageData(T, T), pixels = new Uint32Array(image.data.buffer), start = (view.at.layer * heads + head) * cells;
  for (let i = 0; i < cells; i++) if (i % T <= Math.floor(i / T)) pixels[i] = table[view.arrays.maps[start + i]];
  pen.putImageData(image, 0, 0);
  return make(svg, "image", { class: "head", href: canvas.toDataURL(), preserveAspectRatio: "none", ...box });
}

// What the followed token takes from every token before it in one head, as bars.
function weightsOf(view, svg, head, box) {
  const { header, arrays, at } = view, T = header.pieces.length, count = at.token + 1, across = Math.min(90, box.width / count), high = box.height - 40;
  make(svg, "text", { x: 0, y: box.y + 12, "font-weight": 600 }, `Head ${at.layer + 1}.${head + 1}: what “${view.short(header.pieces[at.token])}” takes from`);
  for (let j = 0; j < count; j++) {
    const weight = arrays.maps[((at.layer * header.heads + head) * T + at.token) * T + j] / 255, x = j * across, y = box.y + 18 + high * (1 - weight);
    make(svg, "rect", { x: x + 2, y, width: across - 4, height: Math.max(0.5, high * weight), fill: themeColours(view.root)[0] });
    if (weight >= 0.05 && across > 30) make(svg, "text", { class: "quiet", x: x + across / 2, y: y + (weight > 0.7 ? 14 : -3), "text-anchor": "middle", style: `font-size: 12px;${weight > 0.7 ? " fill: var(--st-background-color); opacity: 1" : ""}` }, threeDigits(weight));
    if (across >= 28 || weight >= 0.08) make(svg, "text", { x: x + across / 2, y: box.y + box.height - 8, "text-anchor": "middle", style: "font-size: 12px" }, view.short(header.pieces[j], Math.max(5, Math.floor(across / 6.5))));
  }
}

function choose(view, head) {
  if (view.head === head) return;
  view.head = head;
  view.drawStation();
}

function heatmap(view, head) {
  const { text, model } = view.header;
  view.report({ view: "heatmap", text, model, layer: view.at.layer + 1, head: head + 1 });
}
