// Shared by the components: data unpacking, scales, ticks, SVG nodes, numbers as the pages write them, saving a picture.

const SVG = "http://www.w3.org/2000/svg";

const HALO = "paint-order: stroke; stroke: var(--st-background-color); stroke-width: 4px"; // keeps words readable over curves

const TYPED = { u1: Uint8Array, f4: Float32Array, f8: Float64Array };

// [u32 header length][JSON header][arrays], every part padded to 8 bytes; see dlviz/figures/payload.py
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const body = bytes.slice(4 + length).buffer, arrays = {};
  let at = 0;
  for (const [name, type, count] of header.arrays) {
    arrays[name] = new TYPED[type](body, at, count);
    at += Math.ceil(arrays[name].byteLength / 8) * 8;
  }
  return { header, arrays };
}

function make(parent, tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== null) element.textContent = text;
  return parent.appendChild(element);
}

// How large words are against their usual size; present mode enlarges them.
function enlarged() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

// The width and height that an SVG is drawn in: its pixels, or fewer and larger ones where words are enlarged.
function measure(svg) {
  const width = svg.clientWidth / enlarged(), height = svg.clientHeight / enlarged();
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  return { width, height };
}

// Where the pointer is in an SVG, in the pixels that `measure` gave.
function pointerIn(svg, event) {
  const { left, top } = svg.getBoundingClientRect();
  return { x: (event.clientX - left) / enlarged(), y: (event.clientY - top) / enlarged() };
}

function scale(low, high, from, to) {
  const map = (value) => from + ((value - low) / (high - low)) * (to - from);
  map.invert = (pixel) => low + ((pixel - from) / (to - from)) * (high - low);
  return map;
}

function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(+(i * step).toPrecision(12));
  return found;
}

// The same rules as three_digits in dlviz/results.py.
function threeDigits(value) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-3 && size < 1e5)) {
    const shown = size >= 999.5 ? value.toFixed(0) : String(+value.toPrecision(3));
    return shown.replace("-", "−");
  }
  const [mantissa, exponent] = value.toExponential(2).split("e");
  const raised = String(+exponent).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  const short = String(+mantissa).replace("-", "−");
  return short === "1" ? `10${raised}` : `${short}·10${raised}`;
}

// Writes a number twice: as people read it, and in full for whoever asks the page (data-value).
function write(element, value, before = "", after = "") {
  element.textContent = before + threeDigits(value) + after;
  element.dataset.value = value;
}

// One path through the finite points; where a value is not finite, the line is broken.
function linePath(count, x, y) {
  let path = "";
  let drawing = false;
  for (let i = 0; i < count; i++) {
    const px = x(i), py = y(i);
    if (Number.isFinite(py)) {
      path += `${drawing ? "L" : "M"}${px.toFixed(1)},${py.toFixed(1)}`;
      drawing = true;
    } else drawing = false;
  }
  return path;
}

// Ticks of an axis of powers of ten, as exponents: whole ones, or 1, 2 and 5 times a power, or round values where it is shorter still.
function powerTicks(low, high, wanted) {
  if (high - low < 0.8) return ticks(10 ** low, 10 ** high, wanted).filter((value) => value > 0).map(Math.log10);
  if (high - low > 2.5) return ticks(low, high, wanted).filter(Number.isInteger);
  const found = [];
  for (let power = Math.floor(low); power <= high; power++) for (const factor of [1, 2, 5]) found.push(power + Math.log10(factor));
  const inside = found.filter((tick) => tick >= low && tick <= high), whole = inside.filter(Number.isInteger);
  return inside.length > 2 * wanted && whole.length ? whole : inside;
}

// A panel with grid and axes in the box {x, y, width, height}; returns its scales, and a group clipped to the box.
// labels.x: the x axis has ticks and this name; labels.tight: in one line. labels.bare: no numbers at the axes. labels.bars: x counts bars, so it has no grid, and the title stands above.
// labels.powers: y are exponents of ten.
function panel(svg, box, domainX, domainY, labels) {
  const sx = scale(...domainX, box.x, box.x + box.width);
  const sy = scale(...domainY, box.y + box.height, box.y);
  const axes = make(svg, "g");
  const [ticksY, shown] = labels.powers ? [powerTicks, (tick) => threeDigits(+(10 ** tick).toPrecision(6))] : [ticks, threeDigits];
  for (const tick of ticksY(...domainY, Math.max(2, box.height / 45))) {
    make(axes, "line", { class: tick === 0 ? "zero" : "grid", x1: box.x, x2: box.x + box.width, y1: sy(tick), y2: sy(tick) });
    if (!labels.bare) make(axes, "text", { x: box.x - 6, y: sy(tick) + 4, "text-anchor": "end", class: "quiet" }, shown(tick));
  }
  for (const tick of labels.bars ? [] : ticks(...domainX, Math.max(2, box.width / 70))) {
    make(axes, "line", { class: tick === 0 ? "zero" : "grid", x1: sx(tick), x2: sx(tick), y1: box.y, y2: box.y + box.height });
    if (labels.x) make(axes, "text", { x: sx(tick), y: box.y + box.height + 16, "text-anchor": "middle", class: "quiet" }, threeDigits(tick));
  }
  if (labels.x) make(axes, "text", { x: box.x + box.width, y: box.y + box.height + (labels.tight ? 16 : 32), "text-anchor": "end" }, labels.x);
  const clip = `clip-${Math.random().toString(36).slice(2)}`;
  make(make(svg, "clipPath", { id: clip }), "rect", box);
  const inside = make(svg, "g", { "clip-path": `url(#${clip})` });
  const title = make(svg, "text", { x: box.x + (labels.bars ? 0 : 6), y: box.y + (labels.bars ? -6 : 15), "font-weight": 600 }, labels.title);
  title.setAttribute("style", HALO);
  return { sx, sy, inside, box, clip: `url(#${clip})` };
}

// What text and lines look like, read from the page, because a saved picture stands alone.
const SAVED = ["fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "text-anchor", "paint-order"];

function standalone(svg) {
  const copy = svg.cloneNode(true);
  const originals = svg.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]);
    element.setAttribute("style", SAVED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  const paper = getComputedStyle(svg).getPropertyValue("--st-background-color").trim() || "white";
  const rect = document.createElementNS(SVG, "rect");
  for (const [name, value] of Object.entries({ width: "100%", height: "100%", fill: paper })) rect.setAttribute(name, value);
  copy.prepend(rect);
  return { text: new XMLSerializer().serializeToString(copy), width, height };
}

function download(name, url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

function savePicture(svg, name, kind) {
  if (svg instanceof HTMLCanvasElement) return download(`${name}.png`, svg.toDataURL("image/png"));
  const { text, width, height } = standalone(svg);
  const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  if (kind === "svg") return download(`${name}.svg`, url);
  const image = new Image();
  image.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    download(`${name}.png`, canvas.toDataURL("image/png"));
  };
  image.src = url;
}

// The categorical colours of the page's theme; a second round through them is dashed.
function themeColours(element) {
  const colours = getComputedStyle(element).getPropertyValue("--st-chart-categorical-colors").split(",").map((c) => c.trim()).filter(Boolean);
  return colours.length ? colours : ["currentColor"];
}

// When something was last done on the page outside its pictures, or -Infinity once that is answered. It may lead to another page, and
// until that comes, nothing must be asked: Streamlit 1.67 would answer the other page's name with this one's, and leave an empty page.
// And every question carries the values of all controls, as the browser knows them: those that an answer on its way sets anew, a
// scene's for one, would be taken back.
let elsewhere = -Infinity;
const HOLD = 1500; // milliseconds
for (const name of ["click", "keydown", "popstate"]) {
  const note = (event) => event.composedPath().some((node) => node.classList?.contains("dlviz")) || (elsewhere = performance.now());
  window.addEventListener(name, note, true);
}

// Milliseconds until something may be asked, as far as the rest of the page goes.
function restless() {
  const left = elsewhere + HOLD - performance.now();
  if (left > 0) return left;
  const running = document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "running";
  if (running && elsewhere > -Infinity) return LOOK;
  elsewhere = -Infinity;
  return 0;
}
const LOOK = 50; // milliseconds between two looks at whether an answer is there

// While a run is under way: ask for what came after `last()`, and if no answer comes, again and more seldom, for a page that is
// busy must not be flooded. Every picture that is shown begins anew or, when the run is done, ends it.
function keepAsking(view, last, wait = view.header.again_ms) {
  clearTimeout(view.asking);
  if (view.header.done) return;
  view.asking = setTimeout(() => {
    if (!view.root.isConnected) return;
    view.after(last());
    keepAsking(view, last, Math.min(4 * wait, 4000));
  }, wait);
}

// Milliseconds after which an edit that has no answer is said again: it may have met a run that had not drawn its picture yet, where
// Streamlit 1.67 drops it. An edit says what is to be, not what is to change, so twice is as good as once.
const AGAIN = [4000, 12000];

// A picture that is drawn anew while a button is pressed would lose the click, for what was pressed is there no more. The click then
// goes to what stands in its place; the browser's own, if it makes one of what is left of it, is not heard. A tap loses none: it is
// given to what is there when the finger goes.
function keepClicks(root) {
  let pressed = null, from = null, ours = false;
  root.addEventListener("pointerdown", (event) => ([pressed, from] = [event.pointerType === "touch" ? null : event.composedPath()[0], event]), true);
  root.addEventListener("pointercancel", () => (pressed = null), true);
  root.addEventListener("pointerup", (event) => {
    const lost = pressed && !pressed.isConnected && Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) < 4;
    pressed = null;
    const { clientX, clientY, shiftKey, ctrlKey, altKey, metaKey } = event, there = lost && root.getRootNode().elementFromPoint(clientX, clientY);
    if (!there || !root.contains(there)) return;
    there.dispatchEvent(new MouseEvent("click", { bubbles: true, composed: true, detail: 1, clientX, clientY, shiftKey, ctrlKey, altKey, metaKey }));
    ours = true;
    setTimeout(() => (ours = false));
  }, true);
  root.addEventListener("click", (event) => ours && event.isTrusted && event.stopPropagation(), true);
}

// One live view per place on the page: kept while the page reruns, told about new data and a new theme, stopped when it goes.
function mount(View) {
  const views = new WeakMap();
  return ({ data, parentElement, setTriggerValue }) => {
    const root = parentElement.querySelector(".dlviz");
    if (!views.has(parentElement)) {
      keepClicks(root);
      views.set(parentElement, new View(root));
    }
    const view = views.get(parentElement);
    // Edits are counted, and every payload says up to which of them it answers: an older answer must not undo a newer edit.
    view.edits ??= 0;
    view.side = ["alone", "A", "B"][new DataView(data.buffer, data.byteOffset).getUint32(4, true)];
    view.fixed = view.side === "A"; // pinned: to be looked at, not to be changed
    root.dataset.side = view.side;
    view.answered = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    view.say = (edit, tries) => {
      setTriggerValue("edit", edit);
      view.saidAt = performance.now();
      clearTimeout(view.unheard);
      if (tries === AGAIN.length) return;
      view.unheard = setTimeout(() => root.isConnected && view.answered < edit.number && view.say(edit, tries + 1), AGAIN[tries]);
    };
    view.report = (settings) => {
      if (view.fixed) return;
      view.edits += 1;
      view.known = JSON.stringify(settings);
      view.say({ ...settings, number: view.edits }, 0);
    };
    view.after = (step) => {
      clearTimeout(view.holding);
      const open = view.answered < view.edits && performance.now() - view.saidAt < AGAIN[0]; // an answer first, it asks anew by itself
      const held = Math.max(restless(), open ? LOOK : 0);
      if (held <= 0) setTriggerValue("after", step);
      else view.holding = setTimeout(() => root.isConnected && view.after(step), held);
    };
    view.isNews = (settings) => {
      const came = JSON.stringify(settings), news = view.answered >= view.edits && came !== view.known;
      if (news) view.known = came;
      return news;
    };
    const payload = unpack(data.subarray(8));
    root.dataset.done = payload.header.done ?? true; // false while a long run is under way
    view.show(payload);
    const observer = new ResizeObserver(() => view.draw());
    observer.observe(root);
    root.querySelectorAll("[data-save]").forEach((button) => {
      button.onclick = () => savePicture(root.querySelector("svg.main, canvas.picture"), view.name, button.dataset.save);
    });
    return () => observer.disconnect();
  };
}
