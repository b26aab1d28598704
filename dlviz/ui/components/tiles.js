// Small pictures on a canvas, with pixels that can be told apart.

const stamp = document.createElement("canvas");

// One small picture of side × side pixels, colour(i) for each, at a place of its own.
function drawTile(pen, pixels, colour, x, y, size) {
  Object.assign(stamp, { width: pixels, height: pixels });
  const ink = stamp.getContext("2d"), image = ink.createImageData(pixels, pixels);
  for (let i = 0; i < pixels * pixels; i++) image.data.set([...colour(i), 255], 4 * i);
  ink.putImageData(image, 0, 0);
  pen.drawImage(stamp, x, y, size, size);
  if (size < 12) return;
  pen.strokeStyle = "rgba(128, 128, 128, 0.6)";
  pen.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
}
