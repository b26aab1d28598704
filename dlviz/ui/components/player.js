// Plays what evolves, several panels in lock-step. Frames are pulled: after absorbing a payload the player asks for what came
// later ("after"), so that none is lost however busy page and server are. Playing, stepping and scrubbing are this viewer's
// own and send nothing. A pinned player has no bar of its own: it follows the one beside it by document events.

class Player {
  constructor(root) {
    this.root = root;
    root.player = this; // for who measures the page
    this.frames = [];
    this.index = 0;
    const on = (selector, act) => (root.querySelector(selector).onclick = act);
    this.scrub = root.querySelector(".scrub");
    this.scrub.oninput = () => this.go(+this.scrub.value);
    on(".first", () => this.go(0));
    on(".back", () => this.go(this.index - 1));
    on(".on", () => this.go(this.index + 1));
    on(".play", () => this.toggle());
    on(".branch", () => this.branch([]));
    this.hear("dlviz:play", (event) => this.leads() && (event.preventDefault(), this.toggle()));
    this.hear("dlviz:step", ({ detail }) => this.fixed && this.follow(detail));
    this.hear("dlviz:where", () => this.leads() && this.tell());
  }

  // Listen to the document for as long as this player stands on the page.
  hear(name, act) {
    const listener = (event) => (this.root.isConnected ? act(event) : document.removeEventListener(name, listener));
    document.addEventListener(name, listener);
  }

  show({ header, arrays }) {
    const fresh = header.clip !== this.clip;
    if (fresh) Object.assign(this, { clip: header.clip, frames: [], index: 0, arrays: {} });
    Object.assign(this, { header, name: header.name });
    Object.assign(this.arrays, arrays);
    this.absorb(header, arrays);
    const spec = JSON.stringify(header.panels);
    if (spec !== this.spec) this.build(header.panels);
    this.spec = spec;
    this.root.querySelector(".bar").classList.toggle("follows", !this.leads());
    const branch = this.root.querySelector(".branch");
    branch.hidden = branch.disabled = header.trained === undefined;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.fixed) {
      if (fresh) document.dispatchEvent(new CustomEvent("dlviz:where"));
      this.follow(this.lead ?? { end: true });
    } else if (fresh || (still && !this.touched)) {
      this.touched = false;
      this.index = still ? this.frames.length - 1 : Math.max(0, this.frames.findLastIndex((frame) => frame.step <= header.begin));
    }
    if (fresh && this.leads() && !still) this.play(1.5);
    else this.draw();
    if (this.leads()) this.tell();
    keepAsking(this, () => this.frames.at(-1)?.step ?? -1);
  }

  // Frames come in the order of their steps; those that are here already are passed over.
  absorb(header, arrays) {
    const last = this.frames.at(-1)?.step ?? -1, count = header.steps.length;
    for (let i = 0; i < count; i++) {
      if (header.steps[i] <= last) continue;
      const frame = { step: header.steps[i] };
      for (const name of header.framed) {
        const size = arrays[name].length / count;
        frame[name] = arrays[name].subarray(i * size, (i + 1) * size);
      }
      this.frames.push(frame);
    }
    this.scrub.max = Math.max(0, this.frames.length - 1);
    this.root.dataset.frames = this.frames.length;
  }

  build(panels) {
    const main = this.root.querySelector(".main"), rest = this.root.querySelector(".rest");
    for (const box of [main, rest]) box.replaceChildren();
    this.draws = panels.map((spec) => {
      const place = (spec.main ? main : rest).appendChild(document.createElement("div"));
      place.className = `panel ${spec.kind}`;
      return PANELS[spec.kind](this, spec, place);
    });
  }

  draw() {
    const frame = this.frames[this.index];
    if (!frame || !this.draws) return;
    for (const paint of this.draws) paint(frame);
    this.scrub.value = this.index;
    this.scrub.setAttribute("aria-valuetext", `step ${frame.step} of ${this.header.of}`);
    this.root.querySelector(".where").textContent = `step ${frame.step} / ${this.header.of}`;
    this.root.dataset.step = frame.step;
    this.root.drawn = (this.root.drawn ?? 0) + 1;
  }

  // The number of the run's part that a frame belongs to: from each of the header's `begins` on, other settings hold.
  part(frame) {
    return Math.max(0, this.header.begins.findLastIndex((begin) => begin <= frame.step));
  }

  leads() {
    return Boolean(this.header?.bar) && !this.fixed;
  }

  // To a frame by hand: playing stops, players beside this one follow.
  go(index) {
    this.touched = true;
    this.pause();
    this.set(index);
  }

  set(index) {
    this.index = Math.max(0, Math.min(this.frames.length - 1, index));
    this.draw();
    if (this.leads()) this.tell();
  }

  // Where this player is, for those who follow; at the end of a run they show the end of theirs, which the facts are about.
  tell() {
    const step = this.frames[this.index]?.step, end = this.header.done && this.index === this.frames.length - 1;
    document.dispatchEvent(new CustomEvent("dlviz:step", { detail: { step, end } }));
  }

  // The last frame that is not later than this step
  follow(lead) {
    this.lead = lead;
    const last = this.frames.length - 1;
    this.index = lead.end ? last : Math.max(0, this.frames.findLastIndex((frame) => frame.step <= lead.step));
    this.draw();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  // `times`: so many times as fast as chosen, as when a new run shows itself
  play(times = 1) {
    this.touched = true;
    if (this.header.done && this.index >= this.frames.length - 1) this.index = 0;
    this.playing = true;
    this.label("❚❚", "Pause");
    let before = performance.now(), owed = 1;
    const tick = (now) => {
      if (!this.playing) return;
      if (!this.root.isConnected) return this.pause();
      owed += (times * (now - before) / 1000) * +this.root.querySelector(".speed").value;
      before = now;
      const steps = Math.floor(owed), room = this.frames.length - 1 - this.index;
      owed -= steps;
      if (steps && room) this.set(this.index + Math.min(steps, room));
      if (!room && this.header.done) return this.pause();
      requestAnimationFrame(tick);
    };
    this.draw();
    requestAnimationFrame(tick);
  }

  pause() {
    this.playing = false;
    this.label("▶", "Play");
  }

  label(sign, words) {
    const button = this.root.querySelector(".play");
    button.textContent = sign;
    button.setAttribute("aria-label", words);
  }

  // From the present frame on, train with the settings of the page, after these weights have been set.
  branch(edits) {
    const { step } = this.frames[this.index], before = [];
    let start = 0;
    for (const leg of this.header.legs) {
      if (start + leg[0] > step) {
        before.push([step - start, leg[1], edits]);
        break;
      }
      before.push(leg);
      start += leg[0];
    }
    if (before.length === this.header.legs.length) {
      const last = before.at(-1);
      if (step > start || !last) before.push([step - start, this.header.trained, edits]);
      else before[before.length - 1] = [last[0], last[1], [...last[2], ...edits]];
    }
    this.report({ history: JSON.stringify(before) });
  }
}

export default mount(Player);
