// Kinds of panels for pictures in colour: one that changes from frame to frame, a row that stays, and a value that climbs past theirs.

// A canvas of n × n whose pixels are set from bytes r, g, b, r, g, b …
function colourCanvas(parent, n, label, type) {
  const canvas = parent.appendChild(document.createElement("canvas"));
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  if (type) canvas.className = type;
  canvas.width = canvas.height = n;
  const pen = canvas.getContext("2d"), image = pen.createImageData(n, n);
  return (bytes) => {
    for (let i = 0, at = 0; i < bytes.length; at += 4) {
      image.data[at] = bytes[i++];
      image.data[at + 1] = bytes[i++];
      image.data[at + 2] = bytes[i++];
      image.data[at + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  };
}

function heading(box, words) {
  const title = box.appendChild(document.createElement("h3"));
  title.textContent = title.title = words;
}

Object.assign(PANELS, {
  // frames: (n, n, 3) bytes as they are; under them the frame's value
  rgb(player, spec, box) {
    heading(box, spec.title);
    const paint = colourCanvas(box, spec.side, spec.alt, "picture");
    const told = box.appendChild(document.createElement("div"));
    return (frame) => {
      paint(frame[spec.array]);
      write(told, frame[spec.values][0], `${spec.measured}: `);
    };
  },

  // pictures that stay, (k, n, n, 3) bytes, each with its value and its name
  gallery(player, spec, box) {
    heading(box, spec.title);
    const row = box.appendChild(document.createElement("div")), size = 3 * spec.side ** 2;
    row.className = "row";
    spec.names.forEach((name, k) => {
      const figure = row.appendChild(document.createElement("figure"));
      colourCanvas(figure, spec.side, name)(player.arrays[spec.array].subarray(k * size, (k + 1) * size));
      const told = figure.appendChild(document.createElement("figcaption"));
      write(told.appendChild(document.createElement("b")), spec.values[k]);
      told.append(` ${name}`);
    });
    return () => {};
  },

  // one value over steps, negative or not, and a level to be passed
  climb(player, spec, box) {
    const svg = make(box, "svg", { role: "img", "aria-label": `${spec.title} over steps; ${spec.said}` });
    let drawn, cursor, dot, drawnFor;
    return (frame) => {
      const [colour, other] = themeColours(svg), { until, beside } = player.header;
      const state = [player.frames.length, svg.clientWidth, svg.clientHeight, colour, until, beside, spec.level].join("|");
      if (state !== drawnFor && svg.clientWidth > 60 && svg.clientHeight > 60) {
        drawnFor = state;
        const { width, height } = measure(svg), { frames } = player, value = (j) => frames[j][spec.array][0];
        svg.replaceChildren();
        const all = [...frames.map((_, j) => value(j)), spec.level, 0, ...(beside ?? [])], low = Math.min(...all), high = Math.max(...all);
        const room = 0.08 * (high - low || 1);
        drawn = panel(svg, { x: 44, y: 6, width: width - 56, height: height - 44 }, [0, Math.max(1, until)], [low - room, high + 2 * room], { title: spec.title, x: "step" });
        const y = drawn.sy(spec.level), right = drawn.box.x + drawn.box.width;
        make(drawn.inside, "line", { x1: drawn.box.x, x2: right, y1: y, y2: y, stroke: other, "stroke-width": 2, "stroke-dasharray": "6 3" });
        make(drawn.inside, "path", { class: "line", d: linePath(frames.length, (j) => drawn.sx(frames[j].step), (j) => drawn.sy(value(j))), stroke: colour, "stroke-width": 2.5 });
        const above = y - 8 > drawn.box.y + 26;
        make(svg, "text", { x: right - 4, y: above ? y - 6 : y + 16, "text-anchor": "end", "font-weight": 600, style: `fill: ${other}; ${HALO}` }, spec.said);
        cursor = make(svg, "line", { class: "cursor", y1: drawn.box.y, y2: drawn.box.y + drawn.box.height });
        dot = make(svg, "circle", { r: 4.5, fill: colour });
      }
      if (!drawn) return;
      const x = drawn.sx(frame.step);
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, x);
      dot.setAttribute("cx", x);
      dot.setAttribute("cy", drawn.sy(frame[spec.array][0]));
    };
  },
});
