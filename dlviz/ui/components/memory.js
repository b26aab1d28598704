// What a cell remembers: the gradient back through time, its gates as strips, and what it gets right at every length.

const DEEPEST = 40; // powers of ten that the axis holds at most, either way

Object.assign(PANELS, {
  // lines over the steps of a sequence on a logarithmic axis; the pointer or the arrow keys read them
  memory(player, spec, box) {
    const svg = make(box, "svg", { class: "main", role: "slider", tabindex: 0, "aria-label": `${spec.title}. Arrow keys move along t.`, "aria-valuemin": 1, "aria-valuemax": spec.length, "aria-valuenow": spec.length });
    const { length: T, series } = spec;
    let drawn, paths, hair, words, drawnFor, at = 0, last;
    const value = (frame, k, t) => frame[spec.array][k * T + t - 1];
    const say = () => {
      hair.setAttribute("visibility", at ? "visible" : "hidden");
      for (const end of ["x1", "x2"]) hair.setAttribute(end, drawn.sx(at));
      const read = series.map(([name], k) => (at ? `${name} ${Number.isFinite(value(last, k, at)) ? threeDigits(10 ** value(last, k, at)) : "–"}` : name));
      let x = 6;
      const none = !Number.isFinite(value(last, 0, T)) ? "no finite number is left" : "";
      [...read, at ? `t = ${at}` : none].forEach((text, k) => {
        words[k].textContent = text;
        words[k].setAttribute("x", x);
        x += words[k].getComputedTextLength() + 16;
      });
      svg.setAttribute("aria-valuenow", at || T);
      svg.setAttribute("aria-valuetext", `t = ${at || T}: ${read.join(", ")}`);
    };
    const move = (t) => {
      at = Math.max(0, Math.min(T, t));
      if (drawn && last) say();
    };
    svg.onpointermove = (event) => drawn && move(Math.max(1, Math.round(drawn.sx.invert(pointerIn(svg, event).x))));
    svg.onpointerleave = () => move(0);
    svg.onblur = () => move(0);
    svg.onkeydown = (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, Home: -T, End: T }[event.key];
      if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      move(Math.max(1, (at || (by < 0 ? T + 1 : 0)) + by));
    };

    // the powers of ten between which all lines of all frames lie, in steps that seldom change
    function reach() {
      let [low, high] = player.header.beside[spec.array]?.length ? player.header.beside[spec.array] : [0, 0];
      for (const frame of player.frames) for (const v of frame[spec.array]) if (Number.isFinite(v)) [low, high] = [Math.min(low, v), Math.max(high, v)];
      const step = high - low > 12 ? 5 : 2, room = 0.04 * step;
      return [Math.max(-DEEPEST, Math.floor(low / step) * step) - room, Math.min(DEEPEST, Math.max(step / 2, Math.ceil(high / step) * step)) + room];
    }

    function frameOf(colours) {
      const { width, height } = measure(svg), [low, high] = reach();
      svg.replaceChildren();
      const area = { x: 56, y: 42, width: width - 68, height: height - 80 };
      drawn = panel(svg, area, [1, T], [low, high], { title: "", x: "t, step of the sequence", bare: true });
      make(svg, "text", { x: 6, y: 15, "font-weight": 600 }, spec.title);
      const every = Math.max(1, ...ticks(low, high, Math.max(2, area.height / 45)).slice(0, 2).map((v, i, all) => (i ? v - all[0] : 1)));
      for (let v = Math.ceil(low / every) * every; v <= high; v += every) {
        make(svg, "text", { x: area.x - 6, y: drawn.sy(v) + 4, "text-anchor": "end", class: "quiet" }, threeDigits(10 ** Math.round(v)));
      }
      if (spec.mark) {
        make(drawn.inside, "line", { class: "mark", x1: drawn.sx(spec.mark + 0.5), x2: drawn.sx(spec.mark + 0.5), y1: area.y, y2: area.y + area.height });
        make(svg, "text", { x: drawn.sx(spec.mark + 0.5) - 6, y: area.y + area.height - 8, "text-anchor": "end", style: HALO }, "training sees nothing left of here");
      }
      const tint = ([, expected], k) => (expected ? "var(--st-text-color)" : colours[k]);
      paths = series.map((line, k) => make(drawn.inside, "path", { class: "line", stroke: tint(line, k), "stroke-width": line[1] ? 1.75 : 3, "stroke-dasharray": line[1] ? "6 4" : "none" }));
      hair = make(svg, "line", { class: "cursor", y1: area.y, y2: area.y + area.height, visibility: "hidden" });
      words = [...series.map((line, k) => `fill: ${tint(line, k)}`), ""].map((fill) => make(svg, "text", { class: "reading", y: 33, "font-weight": 600, style: fill }));
    }

    return (frame) => {
      last = frame;
      const colours = themeColours(svg), state = [player.frames.length, svg.clientWidth, svg.clientHeight, colours, player.header.beside[spec.array]].join("|");
      if (state !== drawnFor && svg.clientWidth > 100 && svg.clientHeight > 60) {
        drawnFor = state;
        frameOf(colours);
      }
      if (!drawn) return;
      paths.forEach((path, k) => path.setAttribute("d", linePath(T, (i) => drawn.sx(i + 1), (i) => drawn.sy(Math.max(-DEEPEST - 1, Math.min(DEEPEST + 1, value(frame, k, i + 1)))))));
      say();
    };
  },

  // values of units over time, one picture for each name; bytes from `low` to 1
  strips(player, spec, box) {
    const [units, T] = spec.shape, table = colourTable(spec.colours);
    const note = box.appendChild(document.createElement("div"));
    note.className = "scale";
    const bar = `linear-gradient(to right, ${spec.colours.join(", ")})`;
    note.innerHTML = '<span class="words"></span> <span class="low"></span><i></i><span>1</span>';
    note.querySelector(".words").textContent = `${spec.title}.`;
    note.querySelector(".low").textContent = threeDigits(spec.low);
    note.querySelector("i").style.background = bar;
    const pictures = spec.names.map((name) => {
      const label = box.appendChild(document.createElement("div"));
      label.textContent = name;
      const canvas = box.appendChild(document.createElement("canvas"));
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name}: ${units} units from top to bottom, steps 1 to ${T} from left to right`);
      [canvas.width, canvas.height] = [T, units];
      const pen = canvas.getContext("2d"), image = pen.createImageData(T, units);
      return { pen, image, pixels: new Uint32Array(image.data.buffer) };
    });
    return (frame) => {
      pictures.forEach(({ pen, image, pixels }, k) => {
        const bytes = frame[spec.array].subarray(k * T * units, (k + 1) * T * units); // (T, units)
        for (let t = 0; t < T; t++) for (let unit = 0; unit < units; unit++) pixels[unit * T + t] = table[bytes[t * units + unit]];
        pen.putImageData(image, 0, 0);
      });
    };
  },

  // the share that is right against the length of a sequence, one line a cell, at the present step
  distance(player, spec, box) {
    const svg = make(box, "svg", { role: "img", "aria-label": spec.title });
    const { lengths, series } = spec, many = lengths.length;
    let drawn, lines, drawnFor, sx;
    return (frame) => {
      const colours = themeColours(svg), state = [svg.clientWidth, svg.clientHeight, colours].join("|");
      if (state !== drawnFor && svg.clientWidth > 60 && svg.clientHeight > 60) {
        drawnFor = state;
        const { width, height } = measure(svg), area = { x: 44, y: 6, width: width - 64, height: height - 44 };
        svg.replaceChildren();
        drawn = panel(svg, area, [0, 1], [0, 1.25], { title: spec.title, bars: false });
        sx = (i) => area.x + 10 + (many < 2 ? 0 : ((area.width - 20) * Math.log(lengths[i] / lengths[0])) / Math.log(lengths.at(-1) / lengths[0]));
        lengths.forEach((length, i) => make(svg, "text", { x: sx(i), y: area.y + area.height + 16, "text-anchor": "middle", class: "quiet" }, length));
        make(drawn.inside, "line", { class: "mark", x1: area.x, x2: area.x + area.width, y1: drawn.sy(spec.chance), y2: drawn.sy(spec.chance) });
        make(svg, "text", { x: area.x + area.width, y: area.y + area.height + 32, "text-anchor": "end" }, "steps of a sequence");
        lines = series.map((name, k) => {
          const path = make(drawn.inside, "path", { class: "line", stroke: colours[k], "stroke-width": 2.5 });
          make(svg, "text", { x: area.x + 6 + 54 * k, y: area.y + 32, "font-weight": 600, style: `${HALO}; fill: ${colours[k]}` }, name);
          return { path, dots: lengths.map((_, i) => make(svg, "circle", { r: 3.5, cx: sx(i), fill: colours[k] })) };
        });
      }
      if (!drawn) return;
      lines.forEach(({ path, dots }, k) => {
        const y = (i) => drawn.sy(frame[spec.array][k * many + i]);
        path.setAttribute("d", linePath(many, sx, y));
        dots.forEach((dot, i) => dot.setAttribute("cy", y(i)));
      });
    };
  },
});
