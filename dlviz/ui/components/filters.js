// Panels for networks that look at pictures: kernels around a white zero, feature maps, and which class was taken for which.

// How to lay `count` squares into width × height as large as they go: columns and the side of each.
function fitSquares(count, width, height, gap) {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns), side = Math.min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows);
    if (side > best.side) best = { columns, side };
  }
  return best;
}

// A heading, a canvas that fills the rest, and a line of words below it.
function canvasPanel(box, title, words) {
  const add = (tag, text) => Object.assign(box.appendChild(document.createElement(tag)), { textContent: text });
  add("h3", title);
  const holder = add("div", ""), canvas = holder.appendChild(document.createElement("canvas"));
  holder.className = "tiles";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  return { canvas, holder, note: Object.assign(add("p", words), { className: "note" }) };
}

// The canvas in the page's pixels, cleared; null where there is no room.
function freshPen(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas.parentElement, ratio = devicePixelRatio || 1;
  if (width < 20 || height < 20) return null;
  Object.assign(canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.imageSmoothingEnabled = false;
  return { pen, width, height };
}

// The largest |value| of an array over all frames so far, so that one colour means one number wherever the player stands.
function reachOf(player, from, to, value) {
  let most = 1e-12;
  for (const frame of player.frames) for (let i = from; i < to; i++) most = Math.max(most, Math.abs(value(frame, i)));
  return most;
}

// Pixel i of a picture of bytes that begins at `start`: grey, or red, green and blue one after the other.
function ofPicture(bytes, start, depth, area) {
  return (i) => (depth === 3 ? [0, 1, 2].map((c) => bytes[start + c * area + i]) : bright(bytes[start + i], 255));
}

// Number i of a picture of numbers around 0: blue, white, orange; or each of three channels a colour of its own around mid-grey.
function ofNumbers(value, depth, area, reach) {
  return (i) => (depth === 3 ? [0, 1, 2].map((c) => 127.5 * (1 + Math.max(-1, Math.min(1, value(c * area + i) / reach)))) : signed(value(i), reach));
}

// What the colours of `ofNumbers` mean, in words
function scaleWords(depth, reach) {
  return depth === 3 ? `red, green, blue ±${threeDigits(reach)}, grey 0` : `blue −${threeDigits(reach)}, white 0, orange ${threeDigits(reach)}`;
}

// spec.layers: [{title, at, out, into, depth, side}], rows are output channels and columns input channels where there are several
PANELS.kernels = (player, spec, box) => {
  const parts = spec.layers.map((layer) => ({ ...layer, ...canvasPanel(box, layer.title, "") }));
  parts.forEach((part) => (part.holder.style.flexGrow = part.into > 1 ? 2 : 1));
  let known = 0;
  return (frame) => {
    if (known !== player.frames.length) {
      known = player.frames.length;
      for (const part of parts) part.reach = reachOf(player, part.at, part.at + part.out * part.into * part.depth * part.side ** 2, (each, i) => each[spec.array][i]);
    }
    for (const part of parts) {
      const place = freshPen(part.canvas);
      if (!place) continue;
      const { out, into, depth, side, at, reach } = part, { pen, width, height } = place, gap = into > 1 ? 1.5 : 6;
      const grid = into > 1 ? { columns: into, side: Math.min((width - gap * (into - 1)) / into, (height - gap * (out - 1)) / out) } : fitSquares(out, width, height, gap);
      for (let k = 0; k < out * into; k++) {
        const start = at + k * depth * side * side, x = (k % grid.columns) * (grid.side + gap), y = Math.floor(k / grid.columns) * (grid.side + gap);
        drawTile(pen, side, ofNumbers((i) => frame[spec.array][start + i], depth, side * side, reach), x, y, grid.side);
      }
      part.note.textContent = scaleWords(depth, reach);
    }
  };
};

// spec: count pictures of depth × side × side, bytes around 127 that stand for ±frame[spec.reach]; frame[accuracies][1] is the rival's
PANELS.weights = (player, spec, box) => {
  const { canvas, note } = canvasPanel(box, spec.title, "");
  return (frame) => {
    const place = freshPen(canvas), reach = Math.max(...player.frames.map((each) => each[spec.reach][0]));
    if (!place) return;
    const { columns, side } = fitSquares(spec.count, place.width, place.height, 4), share = frame[spec.reach][0] / 127, pixels = spec.side ** 2;
    for (let k = 0; k < spec.count; k++) {
      const start = k * pixels * spec.depth;
      drawTile(place.pen, spec.side, ofNumbers((i) => (frame[spec.array][start + i] - 127) * share, spec.depth, pixels, reach), (k % columns) * (side + 4), Math.floor(k / columns) * (side + 4), side);
    }
    note.textContent = `${spec.words}; ±${threeDigits(reach)}`;
  };
};

// spec: layers [{at, channels, side}] of one picture, size bytes a picture, pictures [{label, truth}], names of the classes
PANELS.maps = (player, spec, box) => {
  const row = box.appendChild(document.createElement("div"));
  row.className = "row";
  let chosen = 0, drawn;
  const buttons = spec.pictures.map((picture, k) => {
    const button = row.appendChild(Object.assign(document.createElement("button"), { type: "button", className: "choose", title: `watch this ${picture.truth}` }));
    button.setAttribute("aria-label", `Picture ${k + 1}: ${picture.truth}`);
    const canvas = button.appendChild(Object.assign(document.createElement("canvas"), { width: 28, height: 28 }));
    drawTile(canvas.getContext("2d"), 28, ofPicture(player.arrays.watched, 784 * spec.depth * k, spec.depth, 784), 0, 0, 28);
    button.onclick = () => ((chosen = k), drawn && player.draw());
    return button;
  });
  const answers = row.appendChild(Object.assign(document.createElement("p"), { className: "note answers" }));
  const parts = spec.layers.map((layer) => ({ ...layer, ...canvasPanel(box, layer.title, "") }));
  const said = (frame, which) => {
    const at = (which * spec.pictures.length + chosen) * spec.names.length, chances = [...frame.chances.subarray(at, at + spec.names.length)];
    const best = chances.indexOf(Math.max(...chances));
    return `${spec.names[best]} (${threeDigits(100 * chances[best])} %)`;
  };
  return (frame) => {
    drawn = true;
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", k === chosen));
    answers.textContent = `Network: ${said(frame, 0)}. Rival: ${said(frame, 1)}.`;
    parts.forEach((part, number) => {
      const place = freshPen(part.canvas);
      if (!place) return;
      const { columns, side } = fitSquares(part.channels, place.width, place.height, 3), pixels = part.side ** 2;
      for (let k = 0; k < part.channels; k++) {
        const start = chosen * spec.size + part.at + k * pixels;
        drawTile(place.pen, part.side, (i) => bright(frame.maps[start + i], 255), (k % columns) * (side + 3), Math.floor(k / columns) * (side + 3), side);
      }
      part.note.textContent = `white: ${threeDigits(frame.highs[chosen * parts.length + number])}, black: 0`;
    });
  };
};

// Counts of true class (row) by answer (column); a chosen cell shows one of its pictures when the run has ended
PANELS.confusion = (player, spec, box) => {
  const head = box.appendChild(Object.assign(document.createElement("h3"), { textContent: spec.title }));
  const svg = make(box, "svg", { role: "application", tabindex: 0, "aria-label": "Which class was taken for which. Arrow keys choose a cell." });
  const foot = box.appendChild(Object.assign(document.createElement("div"), { className: "row example" })), n = spec.names.length;
  const picture = foot.appendChild(Object.assign(document.createElement("canvas"), { width: 28, height: 28, hidden: true }));
  const words = foot.appendChild(Object.assign(document.createElement("output"), { className: "note" }));
  let chosen = null, last;
  const choose = (row, column) => {
    chosen = [Math.max(0, Math.min(n - 1, row)), Math.max(0, Math.min(n - 1, column))];
    if (last) paint(last);
  };
  svg.onkeydown = (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const [row, column] = chosen ?? [0, -1];
    choose(row + by[0], column + by[1]);
  };
  const paint = (frame) => {
    last = frame;
    const { width, height } = measure(svg);
    if (width < 60 || height < 60) return;
    const left = spec.long ? 62 : 16, cell = Math.min((width - left - 4) / n, (height - 20) / n), total = frame.confusion.reduce((sum, count) => sum + count, 0);
    head.textContent = `${spec.title}, ${total} held out`;
    svg.replaceChildren();
    const small = Math.min(11, cell / (spec.long ? 1.15 : 0.9)); // smaller than can be read: the chosen cell says its classes under the matrix
    if (small > 6) spec.names.forEach((name, k) => {
      make(svg, "text", { x: left - 4, y: 16 + (k + 0.5) * cell, "text-anchor": "end", "dominant-baseline": "central", style: `font-size: ${Math.min(11, 1.15 * cell)}px` }, name);
      make(svg, "text", { x: left + (k + 0.5) * cell, y: 12, "text-anchor": "middle", style: `font-size: ${small}px` }, spec.long ? name.slice(0, 2) : name);
    });
    frame.confusion.forEach((count, i) => {
      const row = Math.floor(i / n), column = i % n, of = frame.confusion.subarray(row * n, (row + 1) * n).reduce((sum, each) => sum + each, 0);
      const look = row === column ? mixed([255, 255, 255], BLUE, count / Math.max(1, of)) : mixed([255, 255, 255], ORANGE, Math.min(1, (4 * count) / Math.max(1, of)));
      const box = { x: left + column * cell, y: 16 + row * cell, width: cell - 1, height: cell - 1 };
      const rect = make(svg, "rect", { ...box, fill: css(look), "data-count": count, "data-row": row, "data-column": column });
      rect.onclick = () => choose(row, column);
      if (count && cell > 13) make(svg, "text", { x: box.x + cell / 2, y: box.y + cell / 2, "text-anchor": "middle", "dominant-baseline": "central", "pointer-events": "none", style: `font-size: ${Math.min(12, cell / 2)}px; fill: ${inkOn(look)}` }, String(count));
    });
    if (chosen) make(svg, "rect", { class: "chosen", x: left + chosen[1] * cell, y: 16 + chosen[0] * cell, width: cell - 1, height: cell - 1 });
    example(frame);
  };
  const example = (frame) => {
    const { examples } = player.header, found = chosen && examples.length ? examples[chosen[0] * n + chosen[1]] : -1;
    picture.hidden = found < 0;
    if (found >= 0) drawTile(picture.getContext("2d"), 28, ofPicture(player.arrays.wrong, 784 * spec.depth * found, spec.depth, 784), 0, 0, 28);
    if (!chosen) words.textContent = "Rows: what it is. Columns: the network's answer. Choose a cell.";
    else {
      const count = frame.confusion[chosen[0] * n + chosen[1]], [truth, answer] = chosen.map((k) => spec.names[k]);
      words.textContent = chosen[0] === chosen[1] ? `${truth} known as ${answer}: ${count}.` : `${truth} taken for ${answer}: ${count}.${found >= 0 ? " One at the end:" : ""}`;
    }
  };
  return paint;
};
