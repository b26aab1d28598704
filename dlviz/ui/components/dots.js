// The panel "dots": shares of values in bins, as dots on a curve: the larger the dot, the more values live there. Above stand
// shares of another kind (of dead units, of saturated pairs), and a strip below says how large these were at every step.

const INKS = [1, 2]; // of the theme's colours, one a share
const STRIP = "Both shares at every step, from 0 to 100 %. Click to go to a step.";

PANELS.dots = (player, spec, place) => {
  const svg = make(place, "svg", { role: "img", "aria-label": spec.title });
  const n = spec.curves[0].length, z = (k) => spec.low + ((spec.high - spec.low) * (k + 0.5)) / n;
  const state = { drawnFor: "", pointed: null };

  // Places in an svg of this size: where there is no room above the curve, the words stand on it, and axes have no numbers.
  function lay(width, height) {
    const bare = width < 134 || height < 105, left = bare ? 2 : 44, across = width - left - (bare ? 2 : 10);
    const top = bare ? 2 : 36, deep = bare ? 12 : 22, foot = height - deep - 1;
    return {
      bare, words: bare ? left + (width < 95 ? 1 : 6) : 0, size: bare ? (width < 95 ? 9 : 11) : width < 200 ? 11 : 13,
      area: { x: left, y: top, width: across, height: foot - top - (bare ? 4 : 24) },
      strip: { x: left, y: foot, width: across, height: deep },
    };
  }

  function build() {
    const { width, height } = measure(svg), laid = lay(width, height), { bare, area } = laid, [low, high] = spec.range;
    svg.replaceChildren();
    const room = 0.12 * (high - low || 1), colours = themeColours(svg);
    const drawn = panel(svg, area, [spec.low, spec.high], [low - room, high + room], { title: "", x: bare ? "" : "z", tight: true, bare });
    state.curve = make(drawn.inside, "path", { class: "line", stroke: "var(--st-text-color)", "stroke-width": 1.5, opacity: 0.6 });
    state.dots = Array.from({ length: n }, (_, k) => make(drawn.inside, "circle", { class: "dot", cx: drawn.sx(z(k)), r: 0, fill: colours[0] }));
    Object.assign(state, { largest: bare ? 14 : 22, drawn, part: null });
    buildWords(laid, colours);
    buildStrip(laid.strip, bare, colours);
  }

  // The curve of the part of the run that is shown, and the dots on it
  function bend(part) {
    const { sx, sy } = state.drawn, curve = spec.curves[part];
    state.part = part;
    state.curve.setAttribute("d", linePath(n, (k) => sx(z(k)), (k) => sy(curve[k])));
    state.dots.forEach((dot, k) => dot.setAttribute("cy", sy(curve[k])));
  }

  // The title, and one line a share under it; side by side in one line where they stand above the curve.
  function buildWords({ bare, words, size }, colours) {
    state.title = make(svg, "text", { x: words, y: bare ? 15 : 12, "font-weight": 600, style: HALO });
    const style = `${HALO}; font-size: ${size}px`, line = bare ? null : make(svg, "text", { class: "note", x: words, y: 28, style });
    state.notes = spec.notes.map((_, k) => {
      const own = line ? make(line, "tspan", { dx: k ? 8 : 0 }) : make(svg, "text", { class: "note", x: words, y: 17 + size + (size + 2) * k, style });
      own.style.fill = colours[INKS[k]];
      return own;
    });
  }

  function buildStrip(box, bare, colours) {
    const { frames, header } = player, sx = scale(0, Math.max(1, header.until), box.x, box.x + box.width), sy = scale(0, 1, box.y + box.height - 1, box.y + 1);
    if (!bare) make(svg, "text", { class: "quiet", x: box.x - 6, y: box.y + box.height / 2 + 4, "text-anchor": "end", style: "font-size: 11px" }, "0–100 %");
    spec.notes.forEach(([array, at, word], k) => {
      const d = linePath(frames.length, (j) => sx(frames[j].step), (j) => sy(frames[j][array][at]));
      make(svg, "path", { class: `line share ${word}`, d, stroke: colours[INKS[k]], "stroke-width": 2, "stroke-dasharray": k ? "5 3" : "none" });
    });
    state.cursor = make(svg, "line", { class: "cursor", y1: box.y, y2: box.y + box.height });
    state.sx = sx;
    const over = make(svg, "rect", { class: "strip", ...box });
    make(over, "title", {}, STRIP);
    const nearest = (event) => {
      const step = sx.invert(pointerIn(svg, event).x), far = frames.map((frame) => Math.abs(frame.step - step));
      return far.indexOf(Math.min(...far));
    };
    over.onpointermove = (event) => point(nearest(event));
    over.onpointerleave = () => point(null);
    over.onclick = (event) => player.fixed || player.go(nearest(event));
  }

  // The words say the numbers of the step that is pointed at in the strip, else of the present one.
  function point(index) {
    state.pointed = index;
    say(player.frames[player.index]);
  }

  function say(present) {
    const frame = player.frames[state.pointed] ?? present;
    state.title.textContent = state.pointed === null ? spec.title : `at step ${frame.step}`;
    const words = spec.notes.map(([array, at, word]) => `${threeDigits(100 * frame[array][at])} % ${word}`);
    state.notes.forEach((note, k) => (note.textContent = words[k]));
    svg.setAttribute("aria-label", `${spec.title}, ${words.join(", ")} at step ${frame.step}`);
  }

  return (frame) => {
    const seen = [svg.clientWidth, svg.clientHeight, themeColours(svg), player.clip, player.frames.length, player.header.until].join("|");
    if (seen !== state.drawnFor && svg.clientWidth > 40 && svg.clientHeight > 30) {
      Object.assign(state, { drawnFor: seen, pointed: null });
      build();
    }
    if (!state.dots) return;
    if (player.part(frame) !== state.part) bend(player.part(frame));
    const shares = frame[spec.array].subarray(spec.offset, spec.offset + n);
    state.dots.forEach((dot, k) => dot.setAttribute("r", state.largest * Math.sqrt(shares[k])));
    for (const end of ["x1", "x2"]) state.cursor.setAttribute(end, state.sx(frame.step));
    say(frame);
  };
};
