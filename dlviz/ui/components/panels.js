// What a player can show: each kind builds one panel and returns how a frame is drawn into it.

// The value that this share of the sorted values lies below, linear between two of them.
function quantile(sorted, share) {
  const at = share * (sorted.length - 1), below = Math.floor(at);
  return sorted[below] + (at - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}

const PANELS = {
  // frames: (h, w) bytes through a colour table from low to high
  image(player, spec, box) {
    const canvas = box.appendChild(document.createElement("canvas"));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", spec.title);
    const [height, width] = spec.shape, table = colourTable(spec.colours);
    [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d"), image = pen.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
    return (frame) => {
      const bytes = frame[spec.array];
      for (let i = 0; i < bytes.length; i++) pixels[i] = table[bytes[i]];
      pen.putImageData(image, 0, 0);
    };
  },

  // series over steps, all frames so far, and a cursor at the present one
  curves(player, spec, box) {
    const svg = make(box, "svg", { role: "img", "aria-label": spec.title });
    let drawn, cursor, drawnFor;
    return (frame) => {
      const colours = themeColours(svg), { until, beside: { [spec.array]: beside } } = player.header;
      const state = [player.clip, player.frames.length, svg.clientWidth, svg.clientHeight, colours, until, beside].join("|");
      if (state !== drawnFor && svg.clientWidth > 60 && svg.clientHeight > 60) {
        drawnFor = state;
        const { width, height } = measure(svg);
        svg.replaceChildren();
        const { frames } = player, value = (j, k) => frames[j][spec.array][k];
        const high = 1.05 * Math.min(spec.high, frames.reduce((most, f) => Math.max(most, ...[...f[spec.array]].filter(Number.isFinite)), beside || 1e-9));
        drawn = panel(svg, { x: 44, y: 6, width: width - 56, height: height - 44 }, [0, Math.max(1, until)], [0, high], { title: spec.title, x: "step" });
        // beside the title where there is room; at the foot where lines rise to the top
        const below = spec.rises ? drawn.box.height - 8 - 16 * spec.series.length : drawn.box.width < 190 ? 31 : 15;
        spec.series.forEach((name, k) => {
          const d = linePath(frames.length, (j) => drawn.sx(frames[j].step), (j) => drawn.sy(Math.min(value(j, k), 2 * high)));
          make(drawn.inside, "path", { class: "line", d, stroke: colours[k], "stroke-width": 2.5, "stroke-dasharray": k ? "6 3" : "none" });
          make(svg, "text", { x: drawn.box.x + drawn.box.width - 4, y: drawn.box.y + below + 16 * k, "text-anchor": "end", style: `${HALO}; fill: ${colours[k]}`, "font-weight": 600 }, name);
        });
        for (const step of spec.marks ?? []) make(drawn.inside, "line", { class: "mark", x1: drawn.sx(step), x2: drawn.sx(step), y1: drawn.box.y, y2: drawn.box.y + drawn.box.height });
        cursor = make(svg, "line", { class: "cursor", y1: drawn.box.y, y2: drawn.box.y + drawn.box.height });
      }
      if (!drawn) return;
      cursor.setAttribute("x1", drawn.sx(frame.step));
      cursor.setAttribute("x2", drawn.sx(frame.step));
    };
  },

  // the members' losses over steps on a logarithmic axis: half of them lie in the dark band, nine tenths in the light one, around
  // their median; each is a thin line too, and those that have solved the task stand out
  seeds(player, spec, box) {
    const svg = make(box, "svg", { role: "img", "aria-label": spec.title });
    const [low, high] = [-4, 0.5], members = spec.members;
    let lines = [], cursor, note, drawnFor, colours;
    return (frame) => {
      colours = themeColours(svg);
      const { until } = player.header, state = [player.clip, player.frames.length, svg.clientWidth, svg.clientHeight, colours, until].join("|");
      if (state !== drawnFor && svg.clientWidth > 60 && svg.clientHeight > 60) {
        drawnFor = state;
        const { width, height } = measure(svg);
        svg.replaceChildren();
        const { frames } = player, value = (j, k) => Math.max(low, Math.log10(frames[j].losses[spec.offset + k]));
        const drawn = panel(svg, { x: 36, y: 6, width: width - 48, height: height - 44 }, [0, Math.max(1, until)], [low, high], { title: spec.title, x: "step" });
        const line = (height, look) => make(drawn.inside, "path", { class: "line", d: linePath(frames.length, (j) => drawn.sx(frames[j].step), height), ...look });
        const sorted = frames.map((_, j) => Array.from({ length: members }, (_, k) => value(j, k)).sort((a, b) => a - b));
        const share = (j, of) => drawn.sy(quantile(sorted[j], of));
        for (const rest of [0.05, 0.25]) {
          const edge = (of) => frames.map((frame, j) => `${drawn.sx(frame.step).toFixed(1)},${share(j, of).toFixed(1)}`);
          make(drawn.inside, "path", { class: "band", "data-rest": rest, d: `M${[...edge(rest), ...edge(1 - rest).reverse()].join("L")}Z` });
        }
        lines = Array.from({ length: members }, (_, k) => line((j) => drawn.sy(value(j, k)), { "stroke-width": 0.8, opacity: 0.45 }));
        line((j) => share(j, 0.5), { class: "line median", "stroke-width": 2.5 });
        cursor = make(svg, "line", { class: "cursor", y1: drawn.box.y, y2: drawn.box.y + drawn.box.height });
        note = make(svg, "text", { class: "tally", style: HALO, x: drawn.box.x + drawn.box.width - 4, y: drawn.box.y + 34, "text-anchor": "end", "font-weight": 600 });
        cursor.at = drawn.sx;
      }
      if (!cursor) return;
      const solved = lines.map((_, k) => frame.accuracies[spec.offset + k] === 1);
      lines.forEach((line, k) => line.setAttribute("stroke", colours[solved[k] ? 0 : 1]));
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, cursor.at(frame.step));
      note.textContent = `${solved.filter(Boolean).length} of ${members} solved it`;
    };
  },
};
