// The panel "network": a multilayer perceptron as it stands at a step, drawn from its weights. The browser evaluates it at
// every pixel, so that each unit has its map, a weight can be changed by hand, and nothing but weights travels.

const SMALL = 50, LARGE = 100; // pixels along a unit's own map and along the large one
const TINY = 12; // px: units' squares smaller than this have no border, which would be most of them
const SLOW = 24; // ms: if a frame took longer, the next ones are drawn coarser while playing

PANELS.network = (player, spec, box) => {
  box.innerHTML = `
    <div class="large"><h3 class="which"></h3><div class="square"><canvas class="picture" role="img"></canvas><canvas class="points" aria-hidden="true"></canvas></div><div class="legend"></div></div>
    <div class="diagram"><canvas aria-hidden="true"></canvas><div class="units" role="group" aria-label="Units: arrow keys move, Enter looks into one"></div></div>
    <form class="weights" hidden></form>`;
  const find = (selector) => box.querySelector(selector);
  const net = new Net(spec.widths, spec.slopes);
  const diverging = colourTable(spec.colours);
  const picture = find(".picture"), points = find(".points"), units = find(".units"), form = find(".weights"), canvas = find(".diagram canvas");
  const thumb = new OffscreenCanvas(SMALL, SMALL), stamp = thumb.getContext("2d"), stampImage = stamp.createImageData(SMALL, SMALL);
  const state = { chosen: player.chosen ?? null, hovered: null, changed: new Map(), cost: 0, size: "", clip: null };
  picture.setAttribute("aria-label", spec.title);
  const mark = (c, hollow) => `<span class="dot${c ? " cornered" : ""}${hollow ? " hollow" : ""}" style="--ink:${spec.marks[c]};--under:${spec.classes[c]}"></span>`;
  find(".legend").innerHTML = `${mark(0)}class 0 ${mark(1)}class 1 ${mark(0, true)}${mark(1, true)}for testing. Units: −1 to 1.`;

  function present(frame) {
    const weights = Float64Array.from(frame.weights);
    for (const [at, value] of state.changed) weights[at] = value;
    return weights;
  }

  // `stride`: only every so many pixels of a larger map, along both sides
  function paint(image, values, probability, stride = 1) {
    const pixels = new Uint32Array(image.data.buffer), size = image.width;
    for (let row = 0, i = 0; row < size; row++) {
      for (let at = row * stride * size * stride, column = 0; column < size; column++, at += stride, i++) {
        const share = probability ? 1 / (1 + Math.exp(-values[at])) : (values[at] + 1) / 2;
        pixels[i] = diverging[share > 0 ? (share < 1 ? (255 * share + 0.5) | 0 : 255) : 0];
      }
    }
  }

  // Where every unit's square stands in the diagram: [layer][unit] {x, y, side}
  function places(width, height) {
    const columns = spec.widths.length - 1, most = Math.max(...spec.widths), top = 30 * enlarged(), rest = height - top - 4;
    const side = Math.max(5, Math.min(44 * enlarged(), rest / most - 3, (width / columns) * 0.55));
    return spec.widths.slice(0, -1).map((count, l) =>
      Array.from({ length: count }, (_, j) => ({ x: ((l + 0.5) / columns) * width - side / 2, y: top + rest * ((j + 0.5) / count) - side / 2, side }))
    );
  }

  const name = (layer, unit) => (layer === 0 ? `input x${"₁₂"[unit]}` : `unit ${unit + 1} of layer ${layer}`);

  function buildUnits(width, height) {
    state.places = places(width, height);
    units.replaceChildren();
    const button = (label, words, act, x) => {
      const b = units.appendChild(Object.assign(document.createElement("button"), { type: "button", textContent: label, className: "count", onclick: act }));
      b.setAttribute("aria-label", b.title = words);
      b.style.left = `${x}px`;
      return b;
    };
    const widths = spec.widths.slice(1, -1), em = enlarged(), room = width / (widths.length + 1) / em, signs = room >= 64; // else the numbers alone fit
    widths.forEach((width_, l) => {
      const middle = state.places[l + 1][0].x + state.places[l + 1][0].side / 2;
      const shown = units.appendChild(Object.assign(document.createElement("span"), { className: "count", textContent: width_ }));
      shown.style.left = `${middle - 9 * em}px`;
      if (!signs) return;
      const change = (to) => player.report({ widths: widths.map((w, i) => (i === l ? to : w)), history: "" });
      button("−", `One unit less in layer ${l + 1}`, () => change(width_ - 1), middle - 34 * em).disabled = player.fixed || width_ <= 1;
      button("+", `One unit more in layer ${l + 1}`, () => change(width_ + 1), middle + 12 * em).disabled = player.fixed || width_ >= spec.most_units;
    });
    const layers = state.places[0][0].x + state.places[0][0].side / 2;
    const [less, more, left] = room >= 116 ? ["− layer", "+ layer", 58] : ["−", "+", 22];
    button(less, "One layer less", () => player.report({ widths: widths.slice(0, -1), history: "" }), layers - left * em).disabled = player.fixed || widths.length <= 1;
    button(more, "One layer more", () => player.report({ widths: [...widths, widths.at(-1)], history: "" }), layers + 2 * em).disabled = player.fixed || widths.length >= spec.most_layers;
    state.places.forEach((column, layer) =>
      column.forEach(({ x, y, side }, unit) => {
        const b = units.appendChild(Object.assign(document.createElement("button"), { type: "button", className: side < TINY * em ? "unit tiny" : "unit" }));
        b.setAttribute("aria-label", name(layer, unit));
        b.setAttribute("aria-pressed", String(state.chosen?.join() === [layer, unit].join()));
        Object.assign(b.style, { left: `${x}px`, top: `${y}px`, width: `${side}px`, height: `${side}px` });
        b.dataset.unit = `${layer},${unit}`;
        b.tabIndex = layer === 0 && unit === 0 ? 0 : -1;
        b.onclick = () => choose(state.chosen?.join() === [layer, unit].join() ? null : [layer, unit]);
        b.onpointerenter = () => hover([layer, unit]);
        b.onpointerleave = () => hover(null);
        b.onkeydown = (event) => {
          const [dl, du] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
          if (event.key === "Escape") choose(null);
          if (!dl && !du) return;
          event.preventDefault();
          const to = state.places[layer + dl], next = to && to[Math.max(0, Math.min(to.length - 1, unit + du))];
          if (next) units.querySelector(`[data-unit="${layer + dl},${to.indexOf(next)}"]`).focus();
        };
        b.onfocus = () => units.querySelectorAll(".unit").forEach((each) => (each.tabIndex = each === b ? 0 : -1));
      })
    );
  }

  function hover(unit) {
    state.hovered = unit;
    player.draw();
  }

  function choose(unit) {
    state.chosen = player.chosen = unit;
    state.changed.clear();
    units.querySelectorAll(".unit").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.unit === unit?.join())));
    buildForm();
    player.draw();
  }

  // The ends of an edge in the diagram: [x1, y1, x2, y2]; the one unit of the last layer stands at the map.
  function ends(layer, to, source) {
    const from = state.places[layer - 1][source], at = state.places[layer]?.[to] ?? { x: canvas.clientWidth, y: canvas.clientHeight / 2, side: 0 };
    return [from.x + from.side, from.y + from.side / 2, at.x, at.y + at.side / 2];
  }

  // The edge that passes within 7 pixels of a place, [layer, to, source], or null.
  function edgeAt(x, y) {
    let found = null, nearest = 7;
    for (let layer = 1; layer < spec.widths.length; layer++)
      for (let to = 0; to < spec.widths[layer]; to++)
        for (let source = 0; source < spec.widths[layer - 1]; source++) {
          const [x1, y1, x2, y2] = ends(layer, to, source), middle = (x1 + x2) / 2;
          for (let t = 0.04; t < 1; t += 0.04) {
            const u = 1 - t, bx = u ** 3 * x1 + 3 * u * t * middle + t ** 3 * x2, by = y1 + (y2 - y1) * (3 * t * t - 2 * t ** 3);
            const far = Math.hypot(bx - x, by - y);
            if (far < nearest) [nearest, found] = [far, [layer, to, source]];
          }
        }
    return found;
  }

  // A click on an edge: its unit is looked into, and its weight is ready to be typed over.
  canvas.onclick = (event) => {
    const box = canvas.getBoundingClientRect(), scale = canvas.clientWidth / box.width;
    const edge = edgeAt((event.clientX - box.x) * scale, (event.clientY - box.y) * scale);
    if (!edge) return;
    choose(edge.slice(0, 2));
    const input = form.querySelector(`[data-at="${net.index(edge[0] - 1, edge[1], edge[2])}"]`);
    input.focus();
    input.select();
  };

  // The weights into the chosen unit, each to be typed over: seen at once, and kept (training goes on from here) on Enter.
  function buildForm() {
    form.hidden = !state.chosen || state.chosen[0] === 0;
    form.replaceChildren();
    if (form.hidden) return;
    const [layer, unit] = state.chosen, into = spec.widths[layer - 1];
    form.append(Object.assign(document.createElement("span"), { textContent: "z =" }));
    for (let source = -1; source < into; source++) {
      const label = form.appendChild(document.createElement("label"));
      const input = label.appendChild(Object.assign(document.createElement("input"), { type: "number", step: "any", min: -100, max: 100, required: true, disabled: player.fixed }));
      label.append(source < 0 ? "bias" : layer === 1 ? `· x${"₁₂"[source]}` : `· unit ${source + 1}`);
      input.setAttribute("aria-label", source < 0 ? "bias" : `weight from ${name(layer - 1, source)}`);
      input.dataset.at = net.index(layer - 1, unit, source);
      input.oninput = () => {
        if (input.checkValidity()) state.changed.set(+input.dataset.at, input.valueAsNumber);
        player.pause();
        player.draw();
      };
      input.onchange = () => {
        if (!input.reportValidity()) return;
        player.branch([[layer - 1, unit, source, input.valueAsNumber]]);
        state.changed.clear();
      };
    }
    form.onsubmit = (event) => event.preventDefault();
    form.append(Object.assign(document.createElement("small"), { textContent: player.fixed ? "" : "Enter: train on from this step with it" }));
  }

  // Class 0 as discs, class 1 as squares, in a shade darker than any colour of the map: those for training are filled, with a
  // thin white rim; those for testing are white inside.
  function drawPoints(side) {
    [points.width, points.height] = [side, side];
    const pen = points.getContext("2d"), size = Math.max(2.5, side / 95), { labels, is_train, points: places } = player.arrays;
    const at = (value, sign) => ((sign * value) / spec.edge + 1) * 0.5 * side;
    labels.forEach((label, i) => {
      const x = at(places[2 * i], 1), y = at(places[2 * i + 1], -1), ink = spec.marks[label];
      const fill = (colour, radius) => {
        pen.fillStyle = colour;
        pen.beginPath();
        if (label) pen.rect(x - 0.88 * radius, y - 0.88 * radius, 1.76 * radius, 1.76 * radius);
        else pen.arc(x, y, radius, 0, 2 * Math.PI);
        pen.fill();
      };
      if (is_train[i]) fill("#ffffff", 1.3 * size);
      fill(ink, size);
      if (!is_train[i]) fill("#ffffff", 0.6 * size);
    });
  }

  // The activation of the part of the run that a frame belongs to
  function useActivation(frame) {
    const { slopes, table: row } = spec.parts[player.part(frame)], { places: length } = spec.table;
    net.use(slopes ? null : { ...spec.table, values: player.arrays.table.subarray(row * length, (row + 1) * length) });
  }

  function drawDiagram(weights, maps, stride) {
    const scale = devicePixelRatio, pen = canvas.getContext("2d"), { clientWidth: width, clientHeight: height } = canvas;
    [canvas.width, canvas.height] = [width * scale, height * scale];
    pen.scale(scale, scale);
    const shown = state.hovered ?? state.chosen;
    for (let layer = 1; layer < spec.widths.length; layer++) {
      for (let j = 0; j < spec.widths[layer]; j++) {
        for (let k = 0; k < spec.widths[layer - 1]; k++) {
          const w = weights[net.index(layer - 1, j, k)];
          const quiet = shown && shown[0] > 0 && shown.join() !== [layer, j].join();
          pen.globalAlpha = quiet ? 0.12 : Math.min(0.9, 0.25 + Math.abs(w) / 3);
          pen.strokeStyle = spec.classes[w < 0 ? 0 : 1];
          pen.lineWidth = Math.min(6, 0.3 + Math.abs(w) * 1.2);
          const [x1, y1, x2, y2] = ends(layer, j, k);
          pen.beginPath();
          pen.moveTo(x1, y1);
          pen.bezierCurveTo((x1 + x2) / 2, y1, (x1 + x2) / 2, y2, x2, y2);
          pen.stroke();
        }
      }
    }
    pen.globalAlpha = 1;
    state.places.forEach((column, layer) =>
      column.forEach(({ x, y, side }, unit) => {
        paint(stampImage, maps[layer][unit], false, stride);
        stamp.putImageData(stampImage, 0, 0);
        pen.drawImage(thumb, x, y, side, side);
      })
    );
  }

  if (state.chosen && !(state.chosen[1] < spec.widths[state.chosen[0]] && state.chosen[0] < spec.widths.length)) state.chosen = null;
  buildForm();

  return (frame) => {
    const started = performance.now(), weights = present(frame), { clientWidth: width, clientHeight: height } = canvas;
    if (width < 60 || height < 60) return;
    if (player.clip !== state.clip) state.changed.clear();
    useActivation(frame);
    const size = [width, height, picture.clientWidth].join();
    if (size !== state.size) buildUnits(width, height);
    if (size !== state.size || player.clip !== state.clip) {
      Object.assign(state, { size, clip: player.clip });
      drawPoints(Math.max(60, Math.round(picture.clientWidth * devicePixelRatio)));
    }
    const shown = state.hovered ?? state.chosen, pixels = player.playing && state.cost > SLOW ? SMALL : LARGE;
    const all = net.maps(weights, pixels, spec), [layer, unit] = shown ?? [spec.widths.length - 1, 0];
    player.mapped = performance.now() - started; // what the maps alone cost, for who measures
    drawDiagram(weights, all, pixels / SMALL);
    if (picture.width !== pixels) [picture.width, picture.height] = [pixels, pixels];
    const pen = picture.getContext("2d"), image = pen.createImageData(pixels, pixels);
    paint(image, all[layer][unit], layer === spec.widths.length - 1);
    pen.putImageData(image, 0, 0);
    find(".which").textContent = layer === spec.widths.length - 1 ? spec.title : layer ? `Output of ${name(layer, unit)}` : `The ${name(layer, unit)}`;
    for (const input of form.querySelectorAll("input")) {
      if (input.getRootNode().activeElement !== input) input.value = +weights[+input.dataset.at].toFixed(3);
    }
    state.cost = performance.now() - started;
    player.root.cost = state.cost;
  };
};
