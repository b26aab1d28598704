// A pad to draw on: points of two classes in the square, or a curve y(x) over -1..1. What was drawn is reported on release.
// Points stand in the text of dlviz/data/own.py: whole hundredths from -1.1 to 1.1, two bytes a point, class 0 before class 1.

const WIDEST = 1.1, HUNDREDTHS = 110, NEAR = 0.08;
const HELP = {
  points: "Click to place, drag to move, Shift-click to remove. Keys: arrows move the cross, Enter places, Delete removes, 1 and 2 choose the class.",
  curve: "Draw from side to side; drawing over a stretch replaces it. Keys: arrows move the pen, space puts it down and lifts it.",
};

function toText(points) {
  const group = (c) => btoa(String.fromCharCode(...points.filter((p) => p.c === c).flatMap(({ x, y }) => [x, y].map((v) => Math.round(v * 100) + HUNDREDTHS))));
  return [0, 1].map((c) => group(c).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "")).join(".");
}

function fromText(text) {
  return (text || ".").split(".").flatMap((group, c) => {
    const bytes = [...atob(group.replace(/-/g, "+").replace(/_/g, "/"))].map((letter) => (letter.charCodeAt(0) - HUNDREDTHS) / 100);
    return Array.from({ length: bytes.length / 2 }, (_, i) => ({ x: bytes[2 * i], y: bytes[2 * i + 1], c }));
  });
}

function clipped(value, most) {
  return Math.max(-most, Math.min(most, Math.round(value * 100) / 100)) + 0;
}

class Drawpad {
  constructor(root) {
    this.root = root;
    this.svg = root.querySelector("svg.main");
    this.past = []; // what was drawn before each change, for Undo
    this.chosen = 0;
    this.pen = new Pen(0.05, WIDEST);
    this.svg.onpointerdown = (event) => event.button === 0 && this.begin(event);
    this.svg.onkeydown = (event) => this.press(event);
    this.svg.onfocus = this.svg.onblur = () => this.draw();
    this.svg.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    root.querySelector(".undo").onclick = () => this.undo();
    root.querySelector(".clear").onclick = () => this.finish(this.empty());
  }

  // header: mode "points" or "curve", field: under which name edits are reported, value, most points, the classes' labels
  show({ header }) {
    const first = !this.header;
    Object.assign(this, { header, name: header.name });
    if (first) this.build();
    if (this.isNews({ [header.field]: header.value })) {
      if (!first) this.past = [];
      this.drawn = header.mode === "points" ? fromText(header.value) : header.value;
    }
    this.draw();
  }

  build() {
    const { mode, labels, alt } = this.header;
    this.root.querySelector(".help").textContent = HELP[mode];
    this.svg.setAttribute("aria-label", `${alt} ${HELP[mode]}`);
    this.root.querySelector(".pad").classList.toggle("wide", mode === "curve");
    if (mode === "points") {
      this.root.querySelector(".classes").replaceChildren(...labels.map((words, c) => {
        const button = Object.assign(document.createElement("button"), { type: "button", onclick: () => this.choose(c) }), mark = document.createElement("span");
        mark.className = c ? "mark second" : "mark";
        button.append(mark, words);
        return button;
      }));
    } else this.pen = new Pen(2 / (this.header.value.length - 1), this.header.reach);
    this.choose(0);
  }

  choose(c) {
    this.chosen = c;
    [...this.root.querySelector(".classes").children].forEach((button, i) => button.setAttribute("aria-pressed", i === c));
  }

  empty() {
    return this.header.mode === "points" ? [] : this.drawn.map(() => 0);
  }

  // Changes end here: what was there before can be had back, and Python hears of it.
  finish(drawn, before = this.drawn) {
    if (JSON.stringify(drawn) === JSON.stringify(before)) return this.draw();
    this.past.push(before);
    this.become(drawn);
  }

  undo() {
    if (this.past.length) this.become(this.past.pop());
  }

  become(drawn) {
    this.drawn = drawn;
    this.draw();
    this.report({ [this.header.field]: this.header.mode === "points" ? toText(drawn) : drawn });
  }

  at(event) {
    const [x, y] = inside(this.svg, event);
    return { x: this.panel.sx.invert(x), y: this.panel.sy.invert(y) };
  }

  begin(event) {
    this.svg.focus({ preventScroll: true });
    if (this.header.mode === "points") this.beginPoint(event);
    else {
      const before = this.drawn;
      let last = this.at(event);
      const stroke = (to) => {
        this.stroke(last, to);
        last = to;
      };
      stroke(last);
      hold(event, (moved) => stroke(this.at(moved)), () => this.finish(this.drawn, before));
    }
  }

  stroke(from, to) {
    this.drawn = strokeOver(this.drawn, from, to, this.header.reach);
    this.draw();
  }

  // the drawn point nearest to a place, or -1 if none is near
  nearest({ x, y }) {
    const far = this.drawn.map((p) => Math.hypot(p.x - x, p.y - y)), least = Math.min(...far);
    return least <= NEAR ? far.indexOf(least) : -1;
  }

  beginPoint(event) {
    const place = this.at(event), found = this.nearest(place), before = this.drawn;
    if (event.shiftKey) {
      event.preventDefault();
      return found >= 0 && this.finish(before.filter((_, i) => i !== found));
    }
    if (found < 0 && before.length >= this.header.most) return event.preventDefault();
    const rest = found < 0 ? before : before.filter((_, i) => i !== found), c = found < 0 ? this.chosen : before[found].c;
    const put = ({ x, y }) => {
      this.drawn = [...rest, { x: clipped(x, WIDEST), y: clipped(y, WIDEST), c }];
      this.draw();
    };
    // a point that is only touched stays where it is
    const off = found < 0 ? { x: 0, y: 0 } : { x: before[found].x - place.x, y: before[found].y - place.y };
    let moved = false;
    if (found < 0) put(place);
    hold(event, (now) => {
      moved = true;
      const to = this.at(now);
      put({ x: to.x + off.x, y: to.y + off.y });
    }, () => (moved || found < 0) && this.finish(this.drawn, before));
  }

  press(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      event.preventDefault();
      return this.undo();
    }
    if (this.header.mode === "curve") {
      if (!this.pen.down) this.before = this.drawn;
      if (this.pen.press(event, (from, to) => this.stroke(from, to)) === "lifted") this.finish(this.drawn, this.before);
      return this.draw();
    }
    if (["1", "2"].includes(event.key)) this.choose(+event.key - 1);
    else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const { x, y } = this.pen;
      if (this.drawn.length < this.header.most) this.finish([...this.drawn, { x: clipped(x, WIDEST), y: clipped(y, WIDEST), c: this.chosen }]);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      const found = this.nearest(this.pen);
      if (found >= 0) this.finish(this.drawn.filter((_, i) => i !== found));
    } else if (this.pen.press(event, () => {})) this.draw();
  }

  draw() {
    if (!this.header || !this.drawn || this.svg.clientWidth < 50) return;
    const width = this.svg.clientWidth, height = this.svg.clientHeight, points = this.header.mode === "points";
    const side = Math.min(width - 50, height - 40), box = points ? { x: 40, y: 4, width: side, height: side } : { x: 40, y: 4, width: width - 50, height: height - 44 };
    this.svg.replaceChildren();
    const reach = points ? WIDEST : this.header.reach * 1.05;
    this.panel = panel(this.svg, box, [-WIDEST, WIDEST], [-reach, reach], { title: "", x: this.header.axis });
    if (points) this.drawPoints();
    else {
      const last = this.drawn.length - 1, { sx, sy } = this.panel;
      make(this.panel.inside, "path", { class: "line curve-line", d: linePath(last + 1, (i) => sx((2 * i) / last - 1), (i) => sy(this.drawn[i])) });
    }
    if (this.root.getRootNode().activeElement === this.svg) this.drawCross();
    this.root.querySelector(".undo").disabled = !this.past.length;
    this.root.querySelector(".clear").disabled = points ? !this.drawn.length : this.drawn.every((y) => y === 0);
  }

  drawPoints() {
    const { sx, sy } = this.panel, { colours } = this.header, counts = [0, 0];
    this.root.querySelectorAll(".mark").forEach((mark, c) => (mark.style.background = colours[c]));
    for (const { x, y, c } of this.drawn) {
      counts[c] += 1;
      const look = { class: "point", fill: colours[c], stroke: "var(--st-background-color)", "stroke-width": 1.5, "data-x": x, "data-y": y, "data-class": c };
      if (c) make(this.svg, "rect", { x: sx(x) - 5.5, y: sy(y) - 5.5, width: 11, height: 11, rx: 2, ...look });
      else make(this.svg, "circle", { cx: sx(x), cy: sy(y), r: 6, ...look });
    }
    const full = this.drawn.length >= this.header.most ? ": no room for more" : "";
    const words = `${counts[0]} + ${counts[1]} of ${this.header.most} points${full}`, output = this.root.querySelector(".count");
    if (output.textContent !== words) output.textContent = words;
  }

  drawCross() {
    const { sx, sy } = this.panel, { x, y, down } = this.pen;
    make(this.svg, "path", { class: "cross", d: `M${sx(x) - 10},${sy(y)}h20M${sx(x)},${sy(y) - 10}v20` });
    if (down) make(this.svg, "circle", { class: "cross", cx: sx(x), cy: sy(y), r: 7 });
    if (this.header.mode === "curve") this.root.querySelector(".count").textContent = `pen ${down ? "down" : "up"} at x ${threeDigits(x)}, y ${threeDigits(y)}`;
  }
}

export default mount(Drawpad);
