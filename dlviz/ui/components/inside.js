// A photograph as the network sees it, under what it is explained by: a patch that can be dragged, an attribution beside its
// sanity check, and the maps of a layer. While the patch is held, Python is asked what the network says under it, again as soon as it
// has answered; when the hand lets go, everything follows.

const SIDE = 224, PAGE = 24, SEQUENTIAL = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis
const OVER = { none: "nothing", attribution: "the attribution", sanity: "the sanity check", chosen: "the chosen map" };

function magnitude(share) {
  const at = share * (SEQUENTIAL.length - 1), low = Math.min(SEQUENTIAL.length - 2, Math.floor(at));
  return mixed(SEQUENTIAL[low], SEQUENTIAL[low + 1], at - low);
}

// 256 colours: of 0 to reach, or with a sign of −reach to reach, where 128 is 0
const TABLES = { false: [], true: [] };
for (let level = 0; level < 256; level++) {
  TABLES.false.push(magnitude(level / 255));
  TABLES.true.push(signed(Math.max(-1, (level - 128) / 127), 1));
}

// levels of a square map on a canvas with as many pixels
function paint(canvas, levels, isSigned) {
  const side = Math.round(Math.sqrt(levels.length)), pen = canvas.getContext("2d"), table = TABLES[isSigned];
  canvas.width = canvas.height = side;
  canvas.style.imageRendering = side < 64 ? "pixelated" : "auto"; // no pixel is invented where they can be seen, none dropped where they cannot
  const image = pen.createImageData(side, side);
  levels.forEach((level, i) => image.data.set([...table[level], 255], 4 * i));
  pen.putImageData(image, 0, 0);
  return canvas;
}

const percent = (p) => `${threeDigits(100 * p)} %`;

class Inside {
  constructor(root) {
    this.root = root;
    this.find = (name) => root.querySelector(name);
    this.canvas = this.find("canvas.picture");
    this.patch = this.find(".patch");
    this.photo = document.createElement("canvas");
    this.maps = Object.fromEntries(["attribution", "sanity", "chosen"].map((name) => [name, document.createElement("canvas")]));
    this.over = this.find(".over");
    for (const [value, words] of Object.entries(OVER)) this.over.append(Object.assign(document.createElement("option"), { value, textContent: words }));
    this.over.value = "none";
    this.over.onchange = this.find(".opacity").oninput = () => this.draw();
    this.target = this.find(".target");
    this.target.onchange = () => this.choose({ target: +this.target.value });
    this.listenToPatch();
    this.find(".earlier").onclick = () => this.choose({ page: this.page() - 1 });
    this.find(".later").onclick = () => this.choose({ page: this.page() + 1 });
    this.find(".channel").onchange = ({ target }) => {
      const channel = Math.round(+target.value);
      if (target.value !== "" && channel >= 0 && channel < this.header.of) this.chooseMap(channel);
      else target.value = this.header.channel;
    };
  }

  page() {
    return Math.floor(this.header.before / PAGE) + 1;
  }

  // a map is laid over the picture, and its channel switched off
  chooseMap(channel) {
    this.over.value = "chosen";
    this.draw();
    this.choose({ channel });
  }

  listenToPatch() {
    const at = (event) => {
      const { left, top, width } = this.canvas.getBoundingClientRect();
      return [((event.clientX - left) / width) * SIDE, ((event.clientY - top) / width) * SIDE];
    };
    this.patch.onpointerdown = (event) => {
      if (this.fixed || event.button !== 0) return;
      this.patch.setPointerCapture(event.pointerId);
      const [x, y] = at(event), { patch_x, patch_y } = this.inPicture();
      this.held = [patch_x - x, patch_y - y];
    };
    this.patch.onpointermove = (event) => {
      if (!this.held) return;
      const [x, y] = at(event);
      this.move(x + this.held[0], y + this.held[1]);
    };
    this.patch.onpointerup = this.patch.onpointercancel = () => {
      if (this.held) this.report({ ...this.settings });
      this.held = this.asked = null;
    };
    this.patch.onkeydown = (event) => {
      const way = { ArrowLeft: [-8, 0], ArrowRight: [8, 0], ArrowUp: [0, -8], ArrowDown: [0, 8] }[event.key];
      if (!way || this.fixed) return;
      event.preventDefault();
      const { patch_x, patch_y } = this.inPicture();
      this.move(patch_x + way[0], patch_y + way[1]);
      this.report({ ...this.settings });
    };
  }

  // the patch's middle, kept so that the patch lies in the picture
  inPicture(x = this.settings.patch_x, y = this.settings.patch_y) {
    const half = this.header.patch / 2, bound = (value) => Math.round(Math.max(half, Math.min(SIDE - half, value)));
    return { patch_x: bound(x), patch_y: bound(y) };
  }

  move(x, y) {
    Object.assign(this.settings, this.inPicture(x, y));
    this.placePatch();
    if (this.held) this.ask();
  }

  // one question at a time: the next one is where the patch is when the answer has come
  ask() {
    const { patch_x, patch_y } = this.settings;
    if (this.asked || (this.told?.patch_x === patch_x && this.told?.patch_y === patch_y)) return;
    this.asked = { patch_x, patch_y };
    this.after(this.asked);
  }

  hear(answer) {
    this.asked = null;
    this.told = answer;
    if (!this.held) return;
    this.writeUnder(answer);
    this.ask();
  }

  writeUnder({ p, patch_p }) {
    const { names, target } = this.header;
    this.find(".under").textContent = `${names[target]}: ${percent(p)}, with the patch ${this.change(patch_p, p)}`;
    this.root.dataset.under = patch_p;
  }

  change(p, before) {
    return `${percent(p)} (${p >= before ? "+" : ""}${threeDigits(100 * (p - before))} points)`;
  }

  choose(settings) {
    Object.assign(this.settings, settings);
    this.report({ ...this.settings });
  }

  show({ header, arrays }) {
    if (header.answer) return this.header ? this.hear(header.answer) : this.after({}); // new here: everything, please
    Object.assign(this, { header, arrays, name: header.name, asked: null, told: null });
    if (!this.held && (this.isNews(header.settings) || !this.settings)) this.settings = { ...header.settings };
    const pen = this.photo.getContext("2d"), { image } = arrays;
    this.photo.width = this.photo.height = SIDE;
    const pixels = pen.createImageData(SIDE, SIDE);
    for (let i = 0; i < SIDE * SIDE; i++) pixels.data.set([image[3 * i], image[3 * i + 1], image[3 * i + 2], 255], 4 * i);
    pen.putImageData(pixels, 0, 0);
    for (const name of ["attribution", "sanity"]) {
      paint(this.maps[name], arrays[name], header.signed[name]);
      paint(this.find(`.${name} canvas`), arrays[name], header.signed[name]);
    }
    paint(this.maps.chosen, arrays.chosen, header.signed.maps);
    this.patch.disabled = this.target.disabled = this.fixed;
    this.writeAnswers();
    this.drawMaps();
    this.writeWords();
    this.draw();
  }

  draw() {
    if (!this.header) return;
    const pen = this.canvas.getContext("2d"), { width, height } = this.canvas, over = this.over.value;
    pen.imageSmoothingEnabled = true;
    pen.globalAlpha = 1;
    pen.drawImage(this.photo, 0, 0, width, height);
    if (over !== "none") {
      pen.imageSmoothingEnabled = false; // a map has no more pixels than it has
      pen.globalAlpha = +this.find(".opacity").value;
      pen.drawImage(this.maps[over], 0, 0, width, height);
    }
    this.find(".opacity").disabled = over === "none";
    this.drawField(over === "chosen");
    this.placePatch();
  }

  // the pixels that the unit in the middle of the layer can see
  drawField(shown) {
    const field = this.find(".field"), [top, bottom, left, right] = this.header.field, share = (pixels) => `${(100 * pixels) / SIDE}%`;
    field.hidden = !shown || top < 0;
    Object.assign(field.style, { top: share(top), left: share(left), width: share(right - left + 1), height: share(bottom - top + 1) });
  }

  placePatch() {
    const { patch_x, patch_y } = this.inPicture(), { patch } = this.header, share = (pixels) => `${(100 * pixels) / SIDE}%`;
    Object.assign(this.patch.style, { left: share(patch_x - patch / 2), top: share(patch_y - patch / 2), width: share(patch), height: share(patch) });
    this.patch.style.background = this.over.value === "none" ? "" : "transparent";
    this.patch.setAttribute("aria-label", `Grey patch, ${patch_x} pixels from the left, ${patch_y} from the top: drag it, or move it with the arrow keys`);
  }

  writeAnswers() {
    const { top, names, target } = this.header, largest = top[0][1];
    this.find(".answers").replaceChildren(...top.map(([index, p]) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "answer", disabled: this.fixed });
      const bar = document.createElement("i"), [name, value] = [document.createElement("span"), document.createElement("span")];
      bar.style.width = `${(100 * p) / largest}%`;
      name.textContent = button.title = names[index];
      value.textContent = percent(p);
      button.append(bar, name, value);
      button.setAttribute("aria-pressed", index === target);
      button.onclick = () => this.choose({ target: index });
      return button;
    }));
    if (!this.target.length) {
      const options = [["-1", "the most probable"], ...names.map((name, i) => [String(i), name])].map(([value, textContent]) => Object.assign(document.createElement("option"), { value, textContent }));
      this.target.append(...options);
    }
    this.target.value = String(this.settings.target);
  }

  drawMaps() {
    const { channels, channel, before, of, signed: isSigned } = this.header, box = this.find(".maps"), { maps } = this.arrays;
    const size = maps.length / channels.length;
    this.find(".earlier").disabled = this.fixed || before === 0;
    this.find(".later").disabled = this.fixed || before + channels.length >= of;
    while (box.childElementCount > channels.length) box.lastChild.remove();
    channels.forEach((number, i) => {
      let button = box.children[i];
      if (!button) {
        button = Object.assign(document.createElement("button"), { type: "button" });
        button.append(document.createElement("canvas"));
        box.append(button);
      }
      paint(button.firstChild, maps.subarray(i * size, (i + 1) * size), isSigned.maps);
      button.disabled = this.fixed;
      button.title = `channel ${number}`;
      button.setAttribute("aria-label", `channel ${number}`);
      button.setAttribute("aria-pressed", number === channel);
      button.tabIndex = i === Math.max(0, channels.indexOf(channel)) ? 0 : -1; // one stop for Tab; arrows go from map to map
      button.onkeydown = (event) => this.walk(event, i);
      button.onclick = () => this.chooseMap(number);
    });
  }

  walk(event, i) {
    const maps = this.find(".maps").children, columns = getComputedStyle(this.find(".maps")).gridTemplateColumns.split(" ").length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = maps[i + by];
    if (!next) return;
    [...maps].forEach((button) => (button.tabIndex = button === next ? 0 : -1));
    next.focus();
  }

  writeWords() {
    const { facts, method, depth, reach, layer, of, before, channels, channel, signed: isSigned } = this.header;
    if (!this.held) this.writeUnder(facts);
    this.find(".channel").value = channel;
    this.find(".channel").max = of - 1;
    this.find(".channel").disabled = this.fixed;
    const words = { ".off": this.change(facts.ablated_p, facts.p), ".shown": `${before + 1} to ${before + channels.length} of ${of}`,
      ".attribution figcaption": method, ".sanity figcaption": `The same, ${depth} redrawn`,
      ".layer": `${layer}: ${of} maps, strongest first, up to ${threeDigits(reach.maps)}; a unit sees ${facts.field_measured < SIDE ? `${facts.field_measured} pixels a side` : "all pixels"} (by formula ${facts.field_formula})` };
    for (const [place, text] of Object.entries(words)) this.find(place).textContent = text;
    const range = (name) => (isSigned[name] ? `±${threeDigits(reach[name])}` : `0 to ${threeDigits(reach[name])}`);
    this.find(".scales").textContent = `Each has its own scale: ${range("attribution")}; ${range("sanity")}${this.header.clipped ? ", with the strongest 1 % of the pixels beyond it" : ""}. ${isSigned.attribution ? "Orange speaks for the class, blue against it." : "Yellow: the score reacts most."}`;
    this.canvas.setAttribute("aria-label", `The picture; ${this.find(".under").textContent}`);
    for (const name of ["attribution", "sanity"]) this.find(`.${name} canvas`).setAttribute("aria-label", this.find(`.${name} figcaption`).textContent);
    this.root.dataset.p = facts.p;
    this.root.dataset.patch = facts.patch_p;
    this.root.dataset.ablated = facts.ablated_p;
  }
}

export default mount(Inside);
