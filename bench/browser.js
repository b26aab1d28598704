// In every page that is measured, from its start. Times are performance.now(): milliseconds since the navigation began.
(() => {
  const shadow = () => {
    for (const place of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      for (const element of [place, ...place.querySelectorAll("*")]) if (element.shadowRoot) return element.shadowRoot;
    }
    return null;
  };
  const lines = () => [...(shadow()?.querySelectorAll("svg.main path.line, svg.main .handle, svg.main .bar") ?? [])];
  const running = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning";
  const frame = () => new Promise(requestAnimationFrame);

  // the first frame in which `ready` holds
  const until = async (ready) => {
    while (!ready()) await frame();
    return performance.now();
  };

  const bench = { clicked: 0, shadow, until, idle: () => until(() => !running()) };
  bench.picture = () => `${lines().length} ${lines().map((line) => line.getAttribute("d")?.slice(0, 200)).join()}`;
  bench.facts = () => document.querySelector("dl.facts")?.textContent;

  // from now on: when what `read` returns has changed, as the time of that frame
  bench.watch = (read) => {
    const before = read();
    bench.changed = until(() => read() !== before);
  };

  // release of a slider in the picture: milliseconds until the facts have changed
  bench.release = async (name, value) => {
    const input = shadow().querySelector(`input[name=${name}]`);
    bench.watch(bench.facts);
    const start = performance.now();
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    return (await bench.changed) - start;
  };

  // `update(k)` once a frame, `count` frames: the frames' lengths, and the time each update took with its layout
  bench.frames = async (count, update) => {
    const lengths = [], work = [];
    let last = await frame();
    for (let k = 0; k < count; k++) {
      const start = performance.now();
      update(k);
      shadow().querySelector("svg.main").getBoundingClientRect();
      work.push(performance.now() - start);
      const now = await frame();
      lengths.push(now - last);
      last = now;
    }
    return { lengths, work };
  };

  bench.player = () => shadow()?.querySelector(".player")?.player;

  // click this button in the picture: milliseconds until a new run stands at a frame whose training loss is below 0.01, and frames drawn
  bench.solved = async (label) => {
    const player = bench.player(), { clip, root } = player, drawn = root.drawn, start = performance.now();
    root.querySelector(`button[aria-label="${label}"]`).click();
    const time = await until(() => player.clip !== clip && player.frames[player.index]?.losses[0] < 0.01);
    return [time - start, root.drawn - drawn];
  };

  // a stroke on the pad of Learning filters, `k` says where; milliseconds from its end to the frame in which its maps are on the canvas
  bench.stroke = async (k) => {
    const { pad } = bench.pad(), svg = pad.svg, box = svg.getBoundingClientRect(), look = () => pad.chances.join();
    const at = (share) => ({ clientX: box.left + box.width * (0.2 + 0.6 * share), clientY: box.top + box.height * (0.15 + 0.7 * ((0.37 * k) % 1)), pointerId: 1, bubbles: true, composed: true });
    bench.pad().querySelector(".clear").click();
    svg.dispatchEvent(new PointerEvent("pointerdown", at(0)));
    for (const share of [0.3, 0.6]) window.dispatchEvent(new PointerEvent("pointermove", at(share)));
    await frame();
    const before = look(), start = performance.now();
    window.dispatchEvent(new PointerEvent("pointermove", at(1)));
    window.dispatchEvent(new PointerEvent("pointerup", at(1)));
    await until(() => look() !== before);
    await frame();
    await frame(); // the one before has been painted
    return performance.now() - start;
  };
  bench.pad = () => {
    for (const place of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
      for (const element of [place, ...place.querySelectorAll("*")]) {
        const found = element.shadowRoot?.querySelector(".digitpad");
        if (found?.pad?.net) return found;
      }
    }
    return null;
  };

  // milliseconds that the maps of all units took in each of `count` redraws of a player, at frames all over its run
  bench.redraws = async (count) => {
    const player = bench.player(), found = [];
    for (let k = 0; k < count; k++) {
      player.go((7 * k) % player.frames.length);
      found.push(player.mapped);
      await frame();
    }
    return found;
  };

  // one frame's pointer move over the picture, to and fro
  bench.hover = (k) => {
    const svg = shadow().querySelector("svg.main"), box = svg.getBoundingClientRect();
    const x = box.left + box.width * (0.5 + 0.4 * Math.sin(k / 9));
    svg.dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: box.top + box.height / 2, bubbles: true, composed: true }));
  };

  // one frame's move of a bar that is held; `k` 0 takes hold of it
  bench.drag = (k) => {
    const svg = shadow().querySelector("svg.main"), box = svg.getBoundingClientRect();
    if (k === 0) shadow().querySelector("[data-handle='3']").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true, composed: true }));
    const y = box.top + box.height * (0.3 + 0.1 * Math.sin(k / 9));
    window.dispatchEvent(new PointerEvent("pointermove", { clientX: box.left, clientY: y }));
  };

  window.bench = bench;
  addEventListener("click", (event) => (bench.clicked = event.timeStamp), true);
  bench.painted = until(() => lines().length > 0 && !running());
})();
