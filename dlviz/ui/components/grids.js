// Pictures with pixels large enough to be seen, and small grids of numbers, in one SVG.

const BLUE = [0, 114, 178], ORANGE = [213, 94, 0]; // below and above zero; zero is white

function mixed(from, to, share) {
  return from.map((low, c) => Math.round(low + share * (to[c] - low)));
}

// The colour of a signed value in -reach..reach: blue, white, orange.
function signed(value, reach) {
  const share = reach > 0 ? Math.max(-1, Math.min(1, value / reach)) : 0;
  return mixed([255, 255, 255], share < 0 ? BLUE : ORANGE, Math.abs(share));
}

// The colour of a value in 0..reach: black to white.
function bright(value, reach = 1) {
  const level = Math.round(255 * Math.max(0, Math.min(1, reach > 0 ? value / reach : 0)));
  return [level, level, level];
}

const css = ([r, g, b]) => `rgb(${r},${g},${b})`;
const inkOn = ([r, g, b]) => (0.299 * r + 0.587 * g + 0.114 * b > 140 ? "#0B0F14" : "#FFFFFF");

// An SVG image of side × side pixels, colour(i) for each.
function pixelImage(parent, side, colour, box) {
  const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
  const pen = canvas.getContext("2d"), image = pen.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const [r, g, b] = colour(i);
    image.data.set([r, g, b, 255], 4 * i);
  }
  pen.putImageData(image, 0, 0);
  const look = { href: canvas.toDataURL(), "image-rendering": "pixelated", preserveAspectRatio: "none", ...box };
  return make(parent, "image", look);
}

// A number short enough for a cell: two decimals at most.
function brief(value) {
  const shown = Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);
  return String(+shown).replace("-", "−").replace(/^(−?)0\./, "$1.");
}

// A grid of k × k cells that is made once and filled again and again; only what is different is written.
class Grid {
  constructor(parent, k, box, kind) {
    Object.assign(this, { parent, k, box, cells: [], size: box.side / k });
    for (let i = 0; i < k * k; i++) {
      const x = box.x + (i % k) * this.size, y = box.y + Math.floor(i / k) * this.size;
      const rect = make(parent, "rect", { class: `cell ${kind}`, x, y, width: this.size, height: this.size, "data-cell": i });
      const text = make(parent, "text", { class: "in-cell", x: x + this.size / 2, y: y + this.size / 2, "text-anchor": "middle", "dominant-baseline": "central" });
      this.cells.push({ rect, text, value: null, look: "", words: "" });
    }
    make(parent, "rect", { class: "frame", x: box.x, y: box.y, width: box.side, height: box.side });
  }

  // colour(value) for each cell; its number where all of them fit
  fill(values, colour) {
    const shown = [...values].map(brief), longest = Math.max(...shown.map((words) => words.length));
    const font = Math.min(15, (1.65 * this.size) / Math.max(2.6, longest)).toFixed(1);
    if (font !== this.font) this.parent.style.setProperty("--cell-font", `${(this.font = font)}px`);
    this.cells.forEach((cell, i) => {
      const colours = colour(values[i]), look = css(colours), words = font >= 7 ? shown[i] : "";
      if (look !== cell.look) {
        cell.rect.setAttribute("fill", look);
        cell.text.classList.toggle("on-dark", inkOn(colours) === "#FFFFFF");
      }
      if (words !== cell.words) cell.text.textContent = words;
      if (values[i] !== cell.value) cell.rect.dataset.value = values[i];
      Object.assign(cell, { look, words, value: values[i] });
    });
  }
}
