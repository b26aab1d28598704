// Attention as pictures: every head's map of a row of symbols, and what is right at every length.

Object.assign(PANELS, {
  // One map a head: rows look, columns are looked at; bytes from 0 to 1. A click on a map, or Enter, shows it alone and back.
  headmaps(player, spec, box) {
    const [layers, heads, T] = spec.shape, count = layers * heads, cells = T * T;
    const name = (k) => `${1 + Math.floor(k / heads)}.${1 + (k % heads)}`;
    const svg = make(box, "svg", { class: "main", role: "slider", tabindex: 0, "aria-valuemin": 1, "aria-valuemax": T, "aria-valuenow": 1 });
    svg.setAttribute("aria-label", `${spec.title}. Arrow keys choose the symbol that looks, Enter shows one head alone.`);
    const canvases = Array.from({ length: count }, () => Object.assign(document.createElement("canvas"), { width: T, height: T }));
    const table = colourTable(spec.colours), quoted = (t) => `“${spec.symbols[t]}” (${t + 1})`;
    let alone = count === 1 ? 0 : -1, row = -1, column = -1, over = 0, places = [], drawnFor, last, reading, mark;

    function layout() {
      const { width, height } = measure(svg), shown = alone < 0 ? canvases.map((_, k) => k) : [alone];
      const columns = shown.length === 1 ? 1 : heads === 1 ? layers : heads, rows = Math.ceil(shown.length / columns), top = 36;
      const across = width / columns, down = (height - top) / rows;
      const rim = Math.min(across - 12, down - 40) / T >= 7 ? 12 : 0; // room for the symbols along the axes
      const side = Math.max(40, Math.min(across - 12 - rim, down - 24 - rim));
      svg.replaceChildren();
      make(svg, "text", { x: 0, y: 14, "font-weight": 600 }, spec.title);
      reading = make(svg, "text", { class: "reading", x: 0, y: 31 });
      places = shown.map((k, i) => {
        const x = (i % columns) * across + rim, y = top + Math.floor(i / columns) * down + rim, cell = side / T;
        if (rim) {
          for (let t = 0; t < T; t++) {
            make(svg, "text", { class: "quiet symbol", x: x - 3, y: y + (t + 0.5) * cell + 3, "text-anchor": "end" }, spec.symbols[t]);
            make(svg, "text", { class: "quiet symbol", x: x + (t + 0.5) * cell, y: y - 3, "text-anchor": "middle" }, spec.symbols[t]);
          }
        }
        const image = make(svg, "image", { x, y, width: side, height: side, "image-rendering": "pixelated", preserveAspectRatio: "none" });
        const words = make(svg, "text", { x, y: y + side + 15 });
        return { k, x, y, side, cell, image, words, across };
      });
      mark = make(svg, "path", { class: "chosen", fill: "none" });
    }

    function say() {
      const text = [], value = (k, t, j) => last[spec.array][k * cells + t * T + j] / 255;
      mark.setAttribute("d", row < 0 ? "" : places.map(({ x, y, side, cell }) => `M${x},${y + row * cell}h${side}v${cell}h${-side}Z`).join(""));
      if (row >= 0) {
        const { k } = places[Math.min(over, places.length - 1)], most = [...Array(row + 1).keys()].reduce((a, b) => (value(k, row, b) > value(k, row, a) ? b : a), 0);
        const at = column >= 0 && column <= row ? column : most;
        text.push(`head ${name(k)}: ${quoted(row)} takes ${threeDigits(value(k, row, at))} from ${quoted(at)}`);
        if (column > row) text.push(`nothing from ${quoted(column)}, which comes later`);
        if (spec.asked[row]) text.push(`next is ${quoted(row + 1)}`);
      }
      reading.textContent = text.length ? text.join("; ") : "Point at a row. Click a map to see it alone.";
      svg.setAttribute("aria-valuenow", Math.max(1, row + 1));
      svg.setAttribute("aria-valuetext", row < 0 ? "none" : reading.textContent);
    }

    function find(event) {
      const { x, y } = pointerIn(svg, event);
      return places.findIndex((place) => x >= place.x && y >= place.y && x < place.x + place.side && y < place.y + place.side);
    }
    const point = (event) => {
      const { x, y } = pointerIn(svg, event), found = find(event), place = places[found];
      [over, row, column] = place ? [found, Math.floor((y - place.y) / place.cell), Math.floor((x - place.x) / place.cell)] : [over, -1, -1];
      if (last) say();
    };
    const enlarge = (k) => {
      if (count === 1) return;
      alone = k;
      drawnFor = "";
      paint(last);
    };
    svg.onpointermove = point;
    svg.onpointerleave = () => {
      row = column = -1;
      if (last) say();
    };
    svg.onclick = (event) => {
      const found = find(event);
      if (found >= 0) enlarge(alone < 0 ? places[found].k : -1);
    };
    svg.onkeydown = (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1, Home: -T, End: T }[event.key];
      if (event.key === "Enter") enlarge(alone + 1 < count ? alone + 1 : -1);
      else if (by) [row, column] = [Math.max(0, Math.min(T - 1, row + by)), -1];
      else return;
      event.preventDefault();
      if (last) say();
    };

    function paint(frame) {
      last = frame;
      const state = [svg.clientWidth, svg.clientHeight, enlarged()].join("|");
      if (state !== drawnFor && svg.clientWidth > 100 && svg.clientHeight > 100) {
        drawnFor = state;
        layout();
      }
      if (!mark) return;
      for (const { k, image, words, across } of places) {
        const pen = canvases[k].getContext("2d"), picture = pen.createImageData(T, T), pixels = new Uint32Array(picture.data.buffer);
        const bytes = frame[spec.array].subarray(k * cells, (k + 1) * cells);
        for (let t = 0; t < T; t++) for (let j = 0; j <= t; j++) pixels[t * T + j] = table[bytes[t * T + j]]; // later ones stay empty
        pen.putImageData(picture, 0, 0);
        image.setAttribute("href", canvases[k].toDataURL());
        const [prefix, previous, without] = frame.scores.subarray(3 * k, 3 * k + 3), share = (value) => `${Math.round(100 * value)} %`;
        const does = prefix < 0 ? `previous ${previous.toFixed(2)}` : `prefix ${prefix.toFixed(2)} · previous ${previous.toFixed(2)}`;
        const off = spec.off.includes(name(k)) ? " (off)" : "";
        words.textContent = across > 340 ? `head ${name(k)}${off} · ${does} · ${share(without)} right without it` : across > 110 ? `${name(k)}${off} · ${share(without)} without` : name(k);
      }
      say();
    }
    return paint;
  },

  // the share that is right at every length, at the present step; the lengths that are trained lie on a ground of their own
  lengths(player, spec, box) {
    const svg = make(box, "svg", { role: "img", "aria-label": spec.title });
    const { lengths } = spec, [low, high] = [lengths[0] - 0.5, lengths.at(-1) + 0.5];
    let drawn, path, dots, drawnFor;
    return (frame) => {
      const colours = themeColours(svg), state = [svg.clientWidth, svg.clientHeight, colours].join("|");
      if (state !== drawnFor && svg.clientWidth > 60 && svg.clientHeight > 60) {
        drawnFor = state;
        const { width, height } = measure(svg), area = { x: 44, y: 6, width: width - 56, height: height - 44 };
        svg.replaceChildren();
        drawn = panel(svg, area, [low, high], [0, 1.25], { title: spec.title, x: spec.x });
        const [from, to] = spec.trained.map((length, i) => drawn.sx(length + (i ? 0.5 : -0.5)));
        make(drawn.inside, "rect", { class: "band", x: from, width: to - from, y: drawn.sy(1), height: drawn.sy(0) - drawn.sy(1) });
        make(drawn.inside, "text", { x: (from + to) / 2, y: drawn.sy(0) - 6, "text-anchor": "middle", class: "quiet" }, "trained");
        path = make(drawn.inside, "path", { class: "line", stroke: colours[0], "stroke-width": 2 });
        dots = lengths.map((length) => make(drawn.inside, "circle", { r: 3.5, cx: drawn.sx(length), fill: colours[0] }));
      }
      if (!drawn) return;
      const y = (i) => drawn.sy(frame[spec.array][i]);
      path.setAttribute("d", linePath(lengths.length, (i) => drawn.sx(lengths[i]), y));
      dots.forEach((dot, i) => dot.setAttribute("cy", y(i)));
    };
  },
});
