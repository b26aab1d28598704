// The keys of a page: scenes, play, present mode. They hear the whole document, and leave alone whoever types or holds a control.

const TYPING = `textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox], [role=combobox], [role=listbox], [role=menu],
  input:not([type=range], [type=radio], [type=checkbox], [type=button], [type=submit])`;
const RESTING = "html, body, [data-testid=stApp], [data-testid=stMain]"; // they can have the focus, but do nothing with it

const SINGLE = "dlviz.keys.off"; // whoever types by voice, or finds keys without Ctrl a hazard, can switch 0, P and ? off (WCAG 2.1.4)

const PLAIN = "button:not([role], [aria-pressed], [aria-checked]), a[href]:not([role])"; // they use Space and Enter, but no arrows

const target = (event) => event.composedPath()[0];
const types = (event) => event.composedPath().some((e) => e instanceof Element && e.matches(TYPING));
const holds = (event) => target(event) instanceof Element && !target(event).matches(RESTING);
const steers = (event) => holds(event) && !target(event).matches(PLAIN);

class Keys {
  constructor(root, answered) {
    this.list = root.querySelector(".list");
    this.words = root.querySelector(".scenes");
    this.page = root.closest("[data-testid=stMain]");
    this.sent = answered;
    this.unanswered = {};
    root.querySelector(".open").onclick = () => this.toggleList(this.list.hidden);
    root.querySelector(".close").onclick = () => this.toggleList(false);
    this.root = root;
    this.box = root.querySelector("input");
    this.box.checked = localStorage.getItem(SINGLE) === null;
    this.box.onchange = () => this.setSingle(this.box.checked);
    root.classList.toggle("off", !this.box.checked);
  }

  // What the page says is old as long as it does not answer to the last key.
  show({ at, last, present, along, answered }, report) {
    Object.assign(this, { last, report });
    this.words.textContent = `previous, next scene${along ? " of the path" : ""}`;
    if (answered < this.sent) return;
    if (this.present && !present) this.scrollBack(60);
    if (!this.present && present) this.page?.scrollTo(0, 0);
    Object.assign(this, { at, present, wanted: present, unanswered: {} });
  }

  // Two quick messages may become one on the way, so each says all that has not been answered yet.
  send(act) {
    this.sent += 1;
    Object.assign(this.unanswered, act);
    this.report({ ...this.unanswered, count: this.sent });
  }

  // Whether keys of one character work; the browser remembers it.
  setSingle(on) {
    if (on) localStorage.removeItem(SINGLE);
    else localStorage.setItem(SINGLE, "1");
    this.root.classList.toggle("off", !on);
  }

  toggleList(shown) {
    this.list.hidden = !shown;
  }

  go(by) {
    const to = Math.max(0, Math.min(this.last, this.at + by));
    if (to === this.at) return;
    this.at = to;
    this.send({ to, reset: false });
  }

  setPresent(present) {
    this.wanted = present;
    this.send({ present });
  }

  // The page is short in present mode: how far it was scrolled is kept here, and restored as soon as it is long again.
  keepPlace() {
    if (this.page && !this.present) this.place = this.page.scrollTop;
  }

  scrollBack(frames) {
    this.page?.scrollTo(0, this.place ?? 0);
    if (frames && this.page?.scrollTop < this.place) requestAnimationFrame(() => this.scrollBack(frames - 1));
  }

  // A presenter's remote sends Page up and down; while presenting these change the scene, whatever has the focus.
  pressRemote(event) {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by || !this.wanted || types(event) || event.repeat) return;
    event.preventDefault();
    event.stopPropagation();
    this.go(by);
  }

  press(event) {
    const { key } = event, shifted = event.shiftKey && key !== "?";
    if (event.defaultPrevented || event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || shifted) return;
    if (types(event) || !this.act(key, holds(event), steers(event))) return;
    event.preventDefault();
  }

  // Whether the key was one of ours.
  act(key, held, steered) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (by && !steered) this.go(by);
    else if (key === " " && !held) return !document.dispatchEvent(new CustomEvent("dlviz:play", { cancelable: true }));
    else if (!this.box.checked && key.length === 1 && key !== " ") return false;
    else if (key === "0") this.send({ reset: true });
    else if (key === "p" || key === "P") this.setPresent(!this.wanted);
    else if (key === "?") this.toggleList(this.list.hidden);
    else if (key === "Escape" && !this.list.hidden) this.toggleList(false);
    else if (key === "Escape" && this.wanted) this.setPresent(false);
    else return false;
    return true;
  }
}

const instances = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  if (!instances.has(parentElement)) instances.set(parentElement, new Keys(parentElement.querySelector(".dlviz-keys"), data.answered));
  const keys = instances.get(parentElement);
  keys.show(data, (act) => setTriggerValue("act", act));
  keys.gone?.abort(); // called again with every change of the data, without a clean-up in between
  keys.gone = new AbortController();
  const { signal } = keys.gone;
  for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => keys.keepPlace(), { capture: true, signal });
  document.addEventListener("keydown", (event) => keys.pressRemote(event), { capture: true, signal });
  document.addEventListener("keydown", (event) => keys.press(event), { signal });
  return () => keys.gone.abort();
}
