// Shared by the components that are drawn on: strokes over a sampled curve, a pointer that is held, a pen that keys move.

// Where the pointer is, in the svg's own pixels.
function inside(svg, event) {
  const box = svg.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

// Calls move(event) while the pointer is held, wherever it goes, and drop() once when it is let go or taken away.
function hold(event, move, drop) {
  event.preventDefault();
  const end = (ended) => {
    if (ended.pointerId !== event.pointerId) return;
    window.removeEventListener("pointermove", follow);
    window.removeEventListener("pointerup", end);
    window.removeEventListener("pointercancel", end);
    drop();
  };
  const follow = (moved) => moved.pointerId === event.pointerId && move(moved);
  window.addEventListener("pointermove", follow);
  window.addEventListener("pointerup", end);
  window.addEventListener("pointercancel", end);
}

// The curve, sampled at equal distances from x = -1 to 1, with the stretch between two points of a stroke replaced by a line.
function strokeOver(values, from, to, reach) {
  const last = values.length - 1, place = (x) => Math.max(0, Math.min(last, ((x + 1) / 2) * last));
  const [left, right] = from.x <= to.x ? [from, to] : [to, from];
  const first = Math.round(place(left.x)), end = Math.round(place(right.x));
  return values.map((value, i) => {
    if (i < first || i > end) return value;
    const x = (2 * i) / last - 1, width = right.x - left.x;
    const share = width < 1e-9 ? 1 : Math.max(0, Math.min(1, (x - left.x) / width));
    const y = width < 1e-9 ? to.y : left.y + share * (right.y - left.y);
    return Math.round(Math.max(-reach, Math.min(reach, y)) * 100) / 100;
  });
}

// A piecewise linear curve over -1..1 at x.
function curveAt(values, x) {
  const place = ((x + 1) / 2) * (values.length - 1), left = Math.max(0, Math.min(values.length - 2, Math.floor(place)));
  return values[left] + (place - left) * (values[left + 1] - values[left]);
}

// A pen that keys move: arrows walk, space or Enter puts it down and lifts it; while it is down every step is a stroke.
class Pen {
  constructor(step, reach) {
    Object.assign(this, { x: 0, y: 0, down: false, step, reach });
  }

  // What the key did: "moved", "down", "lifted", or null for other keys; `stroke(from, to)` is called for a step with the pen down.
  press(event, stroke) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 2], ArrowDown: [0, -2] }[event.key];
    if (!by && event.key !== " " && event.key !== "Enter") return null;
    event.preventDefault();
    event.stopPropagation();
    if (!by) {
      this.down = !this.down;
      if (this.down) stroke({ ...this }, { ...this });
      return this.down ? "down" : "lifted";
    }
    const clip = (value, most) => Math.max(-most, Math.min(most, Math.round(value * 1000) / 1000)), from = { ...this };
    this.x = clip(this.x + by[0] * this.step * (event.shiftKey ? 5 : 1), 1);
    this.y = clip(this.y + by[1] * this.step * (event.shiftKey ? 5 : 1), this.reach);
    if (this.down) stroke(from, { ...this });
    return "moved";
  }
}
