// 256 colours as 32-bit pixels, through evenly spaced stops "#rrggbb"
function colourTable(stops) {
  const rgb = stops.map((stop) => [1, 3, 5].map((at) => parseInt(stop.slice(at, at + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const position = (i / 255) * (rgb.length - 1), low = Math.min(rgb.length - 2, Math.floor(position)), share = position - low;
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(rgb[low][c] + share * (rgb[low + 1][c] - rgb[low][c])));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}
