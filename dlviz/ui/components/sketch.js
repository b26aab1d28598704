// A small grey picture to draw, white on black: side × side pixels with a soft brush. Its bytes are reported when the pen is lifted.

class Sketch {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.past = [];
    this.pen = new Pen(0.04, 1);
    const on = (name, act) => (root.querySelector(name).onclick = act);
    on(".undo", () => this.past.length && this.become(this.past.pop()));
    on(".clear", () => this.finish(new Uint8Array(this.values.length), this.values));
    this.svg.setAttribute("aria-label", "Drawing. Arrow keys move the pen, Space puts it down and lifts it.");
    this.svg.onpointerdown = (event) => event.button === 0 && this.begin(event);
    this.svg.onkeydown = (event) => this.press(event);
    this.svg.onfocus = this.svg.onblur = () => this.draw();
    this.svg.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  }

  // header: field under which the drawing is reported, side, brush radius in pixels; pixels: what is drawn so far
  show({ header, arrays: { pixels } }) {
    Object.assign(this, { header, name: header.name });
    if (this.isNews({ [header.field]: btoa(String.fromCharCode(...pixels)) })) this.values = Uint8Array.from(pixels);
    this.draw();
  }

  finish(values, before) {
    if (values.every((value, i) => value === before[i])) return this.draw();
    this.past.push(before);
    this.become(values);
  }

  become(values) {
    this.values = values;
    this.draw();
    this.report({ [this.header.field]: btoa(String.fromCharCode(...values)) });
  }

  at(event) {
    const [x, y] = inside(this.svg, event), { side } = this.header;
    return { x: (x / this.svg.clientWidth) * side, y: (y / this.svg.clientHeight) * side };
  }

  begin(event) {
    this.svg.focus({ preventScroll: true });
    const before = Uint8Array.from(this.values);
    let last = this.at(event);
    this.stroke(last, last);
    hold(event, (moved) => {
      const to = this.at(moved);
      this.stroke(last, to);
      last = to;
    }, () => this.finish(this.values, before));
  }

  // Ink on every pixel near the line from a to b, less towards the brush's rim; what is there already is never made weaker.
  stroke(a, b) {
    const { side, brush } = this.header, rubber = this.root.querySelector(".rubber").checked, length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
    this.values = Uint8Array.from(this.values, (value, i) => {
      const x = (i % side) + 0.5, y = Math.floor(i / side) + 0.5;
      const share = length ? Math.max(0, Math.min(1, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / length)) : 0;
      const far = Math.hypot(x - a.x - share * (b.x - a.x), y - a.y - share * (b.y - a.y));
      const ink = Math.round(255 * Math.max(0, Math.min(1, brush + 0.5 - far)));
      return rubber ? Math.min(value, 255 - ink) : Math.max(value, ink);
    });
    this.draw();
  }

  press(event) {
    if (!this.pen.down) this.before = Uint8Array.from(this.values);
    const place = ({ x, y }) => ({ x: ((x + 1) / 2) * this.header.side, y: ((1 - y) / 2) * this.header.side });
    const did = this.pen.press(event, (from, to) => this.stroke(place(from), place(to)));
    if (did === "lifted") this.finish(this.values, this.before);
    else if (did) this.draw();
  }

  draw() {
    if (!this.header || !this.values || this.svg.clientWidth < 20) return;
    const { width, height } = measure(this.svg), { side } = this.header;
    this.svg.replaceChildren();
    pixelImage(this.svg, side, (i) => [this.values[i], this.values[i], this.values[i]], { x: 0, y: 0, width, height });
    if (this.root.getRootNode().activeElement === this.svg) {
      make(this.svg, "circle", { class: "pen", cx: ((this.pen.x + 1) / 2) * width, cy: ((1 - this.pen.y) / 2) * height, r: this.pen.down ? 8 : 5 });
    }
    this.root.querySelector(".undo").disabled = !this.past.length;
    this.root.querySelector(".clear").disabled = this.values.every((value) => value === 0);
  }
}

export default mount(Sketch);
