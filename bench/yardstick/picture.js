// A plain picture from bytes: [u32 header length][JSON, padded to 8 bytes][float64 values]; lines in panels, or bars.
const SVG = "http://www.w3.org/2000/svg";

function make(parent, tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return parent.appendChild(element);
}

function grid(svg, box) {
  for (let i = 0; i <= 8; i++) {
    const x = box.x + (box.width * i) / 8, y = box.y + (box.height * i) / 8;
    make(svg, "line", { x1: x, x2: x, y1: box.y, y2: box.y + box.height, stroke: "silver" });
    make(svg, "line", { x1: box.x, x2: box.x + box.width, y1: y, y2: y, stroke: "silver" });
    make(svg, "text", { x, y: box.y + box.height + 14 }, String(i));
    make(svg, "text", { x: 2, y: y + 4 }, String(i));
  }
}

function lines(svg, { points, functions, panels }, values) {
  const height = svg.clientHeight / panels - 24;
  for (let p = 0; p < panels; p++) {
    const box = { x: 40, y: p * (height + 24) + 2, width: svg.clientWidth - 50, height };
    grid(svg, box);
    for (let f = 0; f < functions; f++) {
      let d = "";
      for (let k = 400; k < points - 400; k++) {
        const y = box.y + box.height * (0.5 - 0.4 * values[(f * 3 + p) * points + k]);
        d += `${d ? "L" : "M"}${(box.x + (box.width * (k - 400)) / (points - 800)).toFixed(1)},${y.toFixed(1)}`;
      }
      make(svg, "path", { class: "line", d, fill: "none", stroke: "currentColor", "stroke-width": 2 });
    }
  }
}

function bars(svg, { heights }) {
  const width = (svg.clientWidth - 50) / heights.length, half = svg.clientHeight / 2 - 24;
  for (const top of [2, half + 26]) {
    grid(svg, { x: 40, y: top, width: svg.clientWidth - 50, height: half });
    heights.forEach((height, i) => make(svg, "rect", { class: "bar", x: 44 + i * width, width: width - 8, y: top + half * (1 - height), height: half * height }));
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".yardstick"), svg = root.querySelector("svg.main");
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  svg.replaceChildren();
  if (header.heights) bars(svg, header);
  else lines(svg, header, new Float64Array(data.slice(4 + length).buffer));
  for (const input of root.querySelectorAll("input")) {
    input.onchange = () => setTriggerValue("edit", { [input.name]: +input.value });
  }
}
