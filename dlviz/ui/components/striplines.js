// How the strips are drawn: cells, colour bars, the loss and the profile, on one canvas so that a saved picture has all of it.

const FADED = 0.28; // what lies after the present step

const power = (exponent) => `10${String(exponent).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)])}`;

function drawStrips(canvas, player, spec, state, frame) {
  const { place, images, scales, chosen, pointed, history } = state, { rows, profile, sx } = place;
  const { pen, ink, line, colours } = penOf(canvas, place), now = sx(frame.step);
  rows.slice(0, spec.strips.length).forEach((row, k) => {
    const strip = spec.strips[k], start = sx(-0.5), width = sx(history.count - 0.5) - start;
    for (const [from, to, alpha] of [[row.x, now, 1], [now, row.x + row.width, FADED]]) {
      pen.save();
      pen.beginPath();
      pen.rect(from, row.y, Math.max(0, to - from), row.height);
      pen.clip();
      pen.globalAlpha = alpha;
      pen.imageSmoothingEnabled = false;
      pen.drawImage(images[k], start, row.y, width, row.height);
      pen.restore();
    }
    pen.strokeStyle = line;
    pen.strokeRect(row.x, row.y, row.width, row.height);
    nameRow(pen, place, row, strip.title, strip.formula, k === (pointed?.strip ?? chosen) ? ink : null, ink);
    pen.textAlign = "right";
    say(pen, ink, 11, `${spec.layers}`, row.x - 4, row.y + 9);
    say(pen, ink, 11, "1", row.x - 4, row.y + row.height - 1);
    pen.textAlign = "center";
    if (scales[k].empty && frame.step) say(pen, ink, 12, "undefined", row.x + row.width / 2, row.y + row.height / 2 + 4);
    colourBar(pen, row, strip, scales[k], ink);
  });
  drawLoss(pen, player, spec, state, { ink, line, colours });
  const loss = rows.at(-1);
  pen.fillStyle = ink;
  pen.fillRect(now - 0.75, rows[0].y, 1.5, loss.y + loss.height - rows[0].y);
  if (pointed && pointed.strip < spec.strips.length) markCell(pen, spec, place, pointed, ink);
  drawProfile(pen, player, spec, state, frame, { ink, line, colours });
}

// A pen in the pixels of the usual size, on a canvas as sharp as the screen, and the colours of the page's theme.
function penOf(canvas, { width, height }) {
  const sharp = devicePixelRatio * enlarged(), style = getComputedStyle(canvas);
  [canvas.width, canvas.height] = [Math.round(width * sharp), Math.round(height * sharp)];
  const pen = canvas.getContext("2d");
  pen.scale(sharp, sharp);
  pen.family = style.fontFamily;
  const paper = style.getPropertyValue("--st-background-color").trim() || "white";
  pen.fillStyle = paper;
  pen.fillRect(0, 0, width, height);
  pen.paper = paper;
  return { pen, ink: style.color, line: style.getPropertyValue("--st-border-color").trim() || "gray", colours: themeColours(canvas) };
}

// A place on a strip's scale, in words.
function atScale({ log }, place) {
  return log ? power(place) : `${100 * place} %`;
}

function say(pen, colour, size, text, x, y, weight = 400) {
  pen.font = `${weight} ${size}px ${pen.family}`;
  pen.fillStyle = colour;
  pen.fillText(text, x, y);
}

// The name of a row: at its left where there is room, else above it.
function nameRow(pen, { wide }, row, title, formula, marked, ink) {
  pen.textAlign = "left";
  const weight = marked ? 700 : 600;
  if (!wide) {
    say(pen, ink, 13, title, row.x, row.y - 4, weight);
    return say(pen, ink, 12, formula, row.x + pen.measureText(title).width + 18, row.y - 4);
  }
  const middle = row.y + row.height / 2;
  say(pen, ink, 13, title, 5, middle - 3, weight);
  say(pen, ink, 12, formula, 5, middle + 13);
}

// The colours of a strip with the ends of its scale, its middle, and the grey of an exact 0 where there is one.
function colourBar(pen, row, strip, { low, high, below, above, zeros }, ink) {
  const x = row.x + row.width + 6, height = row.height - (zeros ? 12 : 0), foot = row.y + height, words = (text, y, weight) => say(pen, ink, 11, text, x + 13, y, weight);
  const shade = pen.createLinearGradient(0, foot, 0, row.y);
  strip.colours.forEach((colour, i) => shade.addColorStop(i / (strip.colours.length - 1), colour));
  pen.fillStyle = shade;
  pen.fillRect(x, row.y, 9, height);
  pen.textAlign = "left";
  words(`${above ? "≥" : ""}${atScale(strip, high)}`, row.y + 9);
  if (height > 36 || strip.middle === undefined) words(`${below ? "≤" : ""}${atScale(strip, low)}`, foot - 1);
  if (strip.middle !== undefined) words(atScale(strip, strip.middle), row.y + height / 2 + 4, 700);
  if (!zeros) return;
  pen.fillStyle = `rgb(${ZERO})`;
  pen.fillRect(x, foot + 3, 9, 9);
  words("0", foot + 11);
}

function drawLoss(pen, player, spec, { place, history }, { ink, line, colours }) {
  const { rows, sx, wide } = place, row = rows.at(-1), { frames, header } = player;
  const most = Math.max(1.08 * spec.guess.loss, ...frames.map((frame) => frame.loss[0]).filter(Number.isFinite), ...header.beside.loss);
  const sy = scale(0, Math.min(LOSS_TOP * spec.guess.loss, 1.05 * most), row.y + row.height, row.y), foot = row.y + row.height;
  nameRow(pen, place, row, "loss", wide ? "whole set, and" : "whole set; thin: mini-batches", null, ink);
  if (wide) say(pen, ink, 12, "mini-batches", 5, row.y + row.height / 2 + 27);
  pen.strokeStyle = line;
  pen.strokeRect(row.x, row.y, row.width, row.height);
  pen.textAlign = "right";
  for (const tick of ticks(0, sy.invert(row.y), 3)) say(pen, ink, 11, threeDigits(tick), row.x - 4, Math.min(foot, Math.max(row.y + 9, sy(tick) + 4)));
  pen.textAlign = "center";
  for (const tick of ticks(0, player.header.until, row.width / 80)) say(pen, ink, 11, threeDigits(tick), sx(tick), foot + 14);
  pen.textAlign = "left";
  say(pen, ink, 11, "step", row.x + row.width + 12, foot + 14);
  pen.save();
  pen.beginPath();
  pen.rect(row.x, row.y, row.width, row.height);
  pen.clip();
  const trace = (colour, width, points, dash = []) => {
    pen.beginPath();
    points.forEach(([x, y], i) => (Number.isFinite(y) ? (i && Number.isFinite(points[i - 1][1]) ? pen.lineTo(x, y) : pen.moveTo(x, y)) : null));
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  };
  trace(ink, 1, [[row.x, sy(spec.guess.loss)], [row.x + row.width, sy(spec.guess.loss)]], [3, 4]);
  pen.globalAlpha = 0.45;
  trace(colours[0], 1, Array.from(history.batch.subarray(0, history.end + 1), (value, step) => [sx(step), sy(value)]));
  pen.globalAlpha = 1;
  trace(colours[0], 2.5, frames.map((frame) => [sx(frame.step), sy(frame.loss[0])]));
  pen.fillStyle = colours[1];
  for (let step = 1; step <= history.end; step++) if (history.clipped[step]) pen.fillRect(sx(step) - 0.5, row.y, Math.max(1, sx(1) - sx(0) - 0.5), 6);
  pen.restore();
  pen.lineWidth = 1;
  pen.textAlign = "left";
  say(pen, ink, 11, spec.guess.name, row.x + row.width + 6, sy(spec.guess.loss) + 4);
  if (history.clipped.subarray(0, history.end + 1).includes(1)) say(pen, colours[1], 11, "clipped", row.x + row.width + 6, row.y + 8);
  if (history.diverged !== null) {
    const x = sx(history.diverged), words = `diverged at step ${history.diverged}`;
    pen.fillStyle = colours[1];
    pen.fillRect(x - 1, rows[0].y, 2, foot - rows[0].y);
    pen.textAlign = x > row.x + 0.6 * row.width ? "right" : "left";
    say(pen, colours[1], 13, words, x + (pen.textAlign === "left" ? 8 : -8), row.y + row.height / 2 + 20, 700);
  }
}

// A frame around the cell that is pointed at, and its layer at both ends of the strip.
function markCell(pen, spec, { rows, sx }, { strip, layer, step }, ink) {
  const row = rows[strip], high = row.height / spec.layers, y = row.y + row.height - (layer + 1) * high, wide = Math.max(3, sx(1) - sx(0));
  pen.strokeStyle = ink;
  pen.lineWidth = 1.5;
  pen.strokeRect(sx(step) - wide / 2 - 1, y - 1, wide + 2, high + 2);
  pen.lineWidth = 1;
}

// One strip at the present step: its values on the strip's own scale, the first layer at the bottom; thin, as it was at the start.
function drawProfile(pen, player, spec, { place, scales, chosen, pointed, history }, frame, { ink, line, colours }) {
  const k = pointed && pointed.strip < spec.strips.length ? pointed.strip : chosen, strip = spec.strips[k], box = place.profile, { low, high } = scales[k];
  const sx = scale(low, high, box.x, box.x + box.width), sy = scale(0.5, spec.layers + 0.5, box.y + box.height, box.y);
  pen.textAlign = "left";
  say(pen, ink, 13, box.width > 130 ? `${strip.title}, step ${frame.step}` : `step ${frame.step}`, box.x, box.y - 20, 600);
  if (box.width > 130) say(pen, ink, 11, "thin: at the start", box.x, box.y - 6);
  pen.strokeStyle = line;
  pen.strokeRect(box.x, box.y, box.width, box.height);
  pen.textAlign = "center";
  const marks = strip.log ? ticks(low, high, Math.max(3, box.width / 42)).filter(Number.isInteger) : [0, 0.5, 1];
  for (const mark of marks) {
    say(pen, ink, 11, atScale(strip, mark), sx(mark), box.y + box.height + 14);
    pen.fillStyle = line;
    pen.fillRect(sx(mark), box.y, 1, box.height);
  }
  pen.textAlign = "right";
  for (const layer of [1, ...ticks(1, spec.layers, box.height / 45).filter((tick) => tick > 1 && Number.isInteger(tick))]) say(pen, ink, 11, `${layer}`, box.x - 4, sy(layer) + 4);
  if (strip.middle !== undefined) {
    pen.fillStyle = ink;
    pen.fillRect(sx(strip.middle) - 0.75, box.y, 1.5, box.height);
  }
  if (pointed && pointed.strip < spec.strips.length) {
    pen.fillStyle = line;
    pen.fillRect(box.x, sy(pointed.layer + 1) - 0.75, box.width, 1.5);
  }
  const early = player.frames[Math.min(player.frames.length - 1, 1)]?.step ?? 0;
  for (const [step, width, alpha] of [[k ? early : Math.min(1, early), 1.2, 0.45], [frame.step, 2.5, 1]]) {
    pen.globalAlpha = alpha;
    pen.fillStyle = pen.strokeStyle = colours[0];
    pen.lineWidth = width;
    pen.beginPath();
    let drawing = false;
    for (let layer = 0; layer < spec.layers; layer++) {
      const value = history.at(k, layer, step), y = sy(layer + 1), x = sx(Math.max(low, Math.min(high, value)));
      if (Number.isNaN(value)) drawing = false;
      else drawing ? pen.lineTo(x, y) : pen.moveTo(x, y);
      drawing = !Number.isNaN(value);
    }
    pen.stroke();
    if (alpha === 1) for (let layer = 0; layer < spec.layers; layer++) {
      const value = history.at(k, layer, step);
      if (Number.isNaN(value)) continue;
      pen.beginPath();
      pen.arc(sx(Math.max(low, Math.min(high, value))), sy(layer + 1), Math.min(3.5, (0.4 * box.height) / spec.layers + 1), 0, 2 * Math.PI);
      pen.fillStyle = value === -Infinity ? pen.paper : colours[0]; // hollow: exactly 0
      pen.fill();
      pen.lineWidth = 1.2;
      pen.stroke();
    }
  }
  pen.globalAlpha = 1;
  pen.lineWidth = 1;
}
