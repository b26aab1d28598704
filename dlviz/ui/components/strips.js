// Layers over steps: in every strip a cell for each layer and step, the loss on the same axis, and the present step as a profile.

const ZERO = [128, 138, 150]; // an exact 0, which a logarithmic scale has no place for
const LOSS_TOP = 2.2; // times the loss of a guess: what is beyond leaves the picture at the top
const REACH = 4; // decades on either side of a scale's middle
const CEILING = 6; // decades beyond are one colour, or a single step that explodes would leave none for the rest

// What the strips show, one column a step from 0 on; columns and lines grow with the frames.
class StripRecord {
  constructor(spec, last) {
    this.count = last + 1;
    this.layers = spec.layers;
    this.values = spec.strips.map(() => new Float32Array(this.count * this.layers).fill(NaN));
    [this.total, this.batch, this.clipped] = Array.from({ length: 3 }, () => new Float32Array(this.count).fill(NaN));
    this.taken = 0; // frames
    this.diverged = null;
  }

  // A frame knows the gradient of every step since the one before; of all else it knows its own step, which stands for those nearest.
  take(spec, frame, before) {
    const { layers } = this, taken = frame.taken[0], first = frame.step - taken + 1;
    for (let i = 0; i < taken; i++) {
      const step = first + i;
      this.values[0].set(frame[spec.strips[0].array].subarray(i * layers, (i + 1) * layers), step * layers);
      [this.total[step], this.batch[step], this.clipped[step]] = [frame.total[i], frame.batch_loss[i], frame.clipped[i]];
      const sound = Number.isFinite(frame.batch_loss[i]) && frame.total[i] < Infinity; // the logarithm of 0 is −∞
      if (!sound) this.diverged ??= step;
    }
    spec.strips.slice(1).forEach(({ array }, k) => {
      for (let step = first; step <= frame.step; step++) {
        const nearest = before?.step > 0 && step - before.step < frame.step - step ? before : frame;
        this.values[k + 1].set(nearest[array], step * layers);
      }
      if (!taken) this.values[k + 1].set(frame[array], frame.step * layers);
    });
    this.taken += 1;
    this.end = frame.step;
  }

  at(strip, layer, step) {
    return this.values[strip][step * this.layers + layer];
  }
}

// A strip's scale: whole decades that hold its finite values and those of the picture beside it, or REACH around its middle;
// whether values lie below or above, and whether some are exactly 0.
function scaleOf(strip, values, beside) {
  if (!strip.log) return { low: 0, high: 1 };
  let [least, most] = [Infinity, -Infinity], zeros = false;
  for (const value of values) {
    if (Number.isFinite(value)) [least, most] = [Math.min(least, value), Math.max(most, value)];
    zeros ||= value === -Infinity;
  }
  const empty = least > most && !zeros;
  if (beside?.length) [least, most] = [Math.min(least, beside[0]), Math.max(most, beside[1])];
  if (least > most) [least, most] = [-3, 0];
  let [low, high] = [Math.floor(least), Math.max(Math.floor(least) + 1, Math.min(CEILING, Math.ceil(most)))];
  if (strip.middle !== undefined) {
    const reach = Math.min(REACH, Math.max(1, strip.middle - low, high - strip.middle));
    [low, high] = [strip.middle - reach, strip.middle + reach];
  }
  return { low, high, below: least < low, above: most > high, zeros, empty };
}

PANELS.history = (player, spec, box) => {
  box.innerHTML = `<canvas class="picture" tabindex="0" role="slider" aria-valuemin="1" aria-valuemax="${spec.layers}" aria-valuenow="1"></canvas><div class="choose"></div><p class="reading"></p>`;
  const canvas = box.querySelector("canvas"), choose = box.querySelector(".choose"), reading = box.querySelector(".reading");
  canvas.setAttribute("aria-label", `${spec.title}. Up and down choose the layer, left and right the step.`);
  const tables = spec.strips.map(({ colours }) => colourTable(colours));
  const images = spec.strips.map(() => new OffscreenCanvas(1, 1));
  const state = { clip: null, history: null, scales: [], chosen: player.strip ?? 0, layer: 0, pointed: null, focus: false, place: null };
  const buttons = spec.strips.map((strip, k) => {
    const button = choose.appendChild(Object.assign(document.createElement("button"), { type: "button" }));
    button.setAttribute("aria-label", `Profile of ${strip.title}`);
    button.onclick = () => document.dispatchEvent(new CustomEvent("dlviz:strip", { detail: k }));
    return button;
  });
  player.hear("dlviz:strip", ({ detail }) => {
    state.chosen = player.strip = detail;
    player.draw();
  });

  // Take in the frames that have come, and paint the strips anew if there are any, or if a scale has changed.
  function grow() {
    const { header, frames, clip } = player;
    if (clip !== state.clip) Object.assign(state, { clip, history: new StripRecord(spec, header.of), scales: [], layer: Math.min(state.layer, spec.layers - 1) });
    const { history } = state, news = history.taken < frames.length;
    while (history.taken < frames.length) history.take(spec, frames[history.taken], frames[history.taken - 1]);
    const scales = spec.strips.map((strip, k) => scaleOf(strip, history.values[k], header.beside[strip.array]));
    if (!news && JSON.stringify(scales) === JSON.stringify(state.scales)) return;
    state.scales = scales;
    spec.strips.forEach((_, k) => paint(k));
  }

  function paint(k) {
    const { layers, count, values } = state.history, { low, high } = state.scales[k];
    Object.assign(images[k], { width: count, height: layers });
    const pen = images[k].getContext("2d"), image = pen.createImageData(count, layers), pixels = new Uint32Array(image.data.buffer);
    const zero = ((255 << 24) | (ZERO[2] << 16) | (ZERO[1] << 8) | ZERO[0]) >>> 0;
    for (let step = 0; step < count; step++) {
      for (let layer = 0; layer < layers; layer++) {
        const value = values[k][step * layers + layer], share = Math.max(0, Math.min(1, (value - low) / (high - low)));
        pixels[(layers - 1 - layer) * count + step] = Number.isNaN(value) ? 0 : value === -Infinity ? zero : tables[k][Math.round(255 * share)];
      }
    }
    pen.putImageData(image, 0, 0);
  }

  // Where everything stands, in pixels of the usual size.
  function place(width, height) {
    const wide = width >= 560, below = width < 420, side = wide ? Math.min(260, 0.26 * width) : below ? 0 : 118;
    const left = (wide ? 100 : 0) + 22, right = width - side - 52 - (side ? 14 : 0), title = wide ? 0 : 17, gap = wide ? 7 : 3;
    const foot = 20 + (below ? 170 : 0), room = height - foot - 5 * title - 4 * gap - 2;
    let y = 1;
    const rows = [0.19, 0.19, 0.19, 0.19, 0.24].map((share) => {
      const row = { x: left, y: y + title, width: right - left, height: share * room };
      y = row.y + row.height + gap;
      return row;
    });
    const end = rows[4].y + rows[4].height;
    const profile = below ? { x: left, y: end + 62, width: width - left - 12, height: 84 } : { x: width - side + 22, y: 36, width: side - 34, height: end - 36 };
    return { wide, rows, profile, sx: scale(0, Math.max(1, player.header.until), left, right), width, height };
  }

  function setButtons() {
    const { wide, rows } = state.place, em = enlarged();
    buttons.forEach((button, k) => {
      const { x, y, height } = rows[k];
      const at = wide ? { left: 0, top: y, width: 96, height } : { left: x - 4, top: y - 17, width: 210, height: 16 };
      for (const [name, value] of Object.entries(at)) button.style[name] = `${value * em}px`;
    });
  }

  // Which strip, layer and step stand under the pointer; strip 4 is the loss.
  function hit(event) {
    const { x, y } = pointerIn(canvas, event), { rows, sx } = state.place;
    const strip = rows.findIndex((row) => y >= row.y && y <= row.y + row.height && x >= row.x && x <= row.x + row.width);
    if (strip < 0) return null;
    const layer = Math.floor((1 - (y - rows[strip].y) / rows[strip].height) * spec.layers);
    return { strip, layer: Math.max(0, Math.min(spec.layers - 1, layer)), step: Math.max(0, Math.min(player.header.of, Math.round(sx.invert(x)))) };
  }

  // The first frame that knows this step.
  function goTo(step) {
    if (player.fixed) return;
    const found = player.frames.findIndex((frame) => frame.step >= step);
    player.go(found < 0 ? player.frames.length - 1 : found);
  }

  canvas.onpointermove = (event) => {
    state.pointed = hit(event);
    if (state.pointed && event.buttons & 1) return goTo(state.pointed.step);
    player.draw();
  };
  canvas.onpointerleave = () => {
    state.pointed = null;
    player.draw();
  };
  canvas.onpointerdown = (event) => {
    const found = hit(event);
    if (!found) return;
    if (found.strip < spec.strips.length) {
      state.layer = found.layer;
      buttons[found.strip].onclick();
    }
    goTo(found.step);
  };
  canvas.onfocus = canvas.onblur = ({ type }) => {
    state.focus = type === "focus" && canvas.matches(":focus-visible");
    player.draw();
  };
  canvas.onkeydown = (event) => {
    const [up, on] = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!up && !on) return;
    event.preventDefault();
    state.focus = true;
    state.layer = Math.max(0, Math.min(spec.layers - 1, state.layer + up));
    if (on && !player.fixed) player.go(player.index + on);
    else player.draw();
  };
  return (frame) => {
    const width = canvas.clientWidth / enlarged(), height = canvas.clientHeight / enlarged();
    if (width < 60 || height < 60) return;
    grow();
    state.place = place(width, height);
    setButtons();
    buttons.forEach((button, k) => button.setAttribute("aria-pressed", String(k === state.chosen)));
    const pointed = state.pointed ?? (state.focus ? { strip: state.chosen, layer: state.layer, step: frame.step } : null);
    drawStrips(canvas, player, spec, { ...state, pointed, images }, frame);
    reading.textContent = reading.title = describe(spec, state.history, pointed, frame);
    canvas.setAttribute("aria-valuenow", state.layer + 1);
    canvas.setAttribute("aria-valuetext", describe(spec, state.history, { strip: state.chosen, layer: state.layer, step: frame.step }, frame));
  };
};

// What is known of a place in the picture, in words; of the present step where nothing is pointed at.
function describe(spec, history, pointed, frame) {
  if (pointed && pointed.strip < spec.strips.length) {
    const { title, formula, log } = spec.strips[pointed.strip], value = history.at(pointed.strip, pointed.layer, pointed.step);
    const shown = Number.isNaN(value) ? (pointed.step > history.end ? "not reached" : "undefined") : log ? threeDigits(10 ** value) : `${threeDigits(100 * value)} %`;
    return `step ${pointed.step}, layer ${pointed.layer + 1}: ${title} ${formula} = ${shown}`;
  }
  const step = pointed?.step ?? frame.step, total = history.total[step], clipped = history.clipped[step] ? `, clipped to ${threeDigits(spec.clip)}` : "";
  const norm = Number.isNaN(total) ? "" : `, whole gradient ${threeDigits(10 ** total)}${clipped}`;
  if (pointed) return `step ${step}: mini-batch loss ${threeDigits(history.batch[step])}${norm}`;
  return `step ${step}: loss ${threeDigits(frame.loss[0])}, ${threeDigits(100 * frame.accuracy[0])} % right${norm}`;
}
