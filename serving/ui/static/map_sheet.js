"use strict";
// The picture to keep: the map as it is drawn, and below it what it shows, the legend, and from what it was made.
window.mapSheet = function (drawn, { title, legend, foot }) {
  const ratio = drawn.width / drawn.clientWidth, width = drawn.clientWidth, edge = 10;
  const family = getComputedStyle(document.body).fontFamily, ink = "#16242b";
  const sheet = document.createElement("canvas"), pen = sheet.getContext("2d"), marks = [];
  let y = drawn.clientHeight + edge;

  // Placed first, drawn once the height is known: a canvas that is made higher forgets what is on it.
  function paragraph(text, font, high) {
    pen.font = font;
    for (const line of wrapped(pen, text, width - 2 * edge)) {
      const base = y + 0.75 * high;
      marks.push(() => { pen.font = font; pen.fillStyle = ink; pen.fillText(line, edge, base); });
      y += high;
    }
  }
  function legendRows(font) {
    let x = edge;
    pen.font = font;
    for (const { swatch, text } of legend) {
      const wide = 32 + pen.measureText(text).width;
      if (x > edge && x + wide > width - edge) { x = edge; y += 22; }
      const [left, top] = [x, y];
      marks.push(() => { draw(swatch, left, top); pen.font = font; pen.fillStyle = ink; pen.fillText(text, left + 32, top + 13); });
      x += wide + 14;
    }
    y += 28;
  }
  function draw(swatch, left, top) {
    const box = swatch.querySelector("rect"), lines = swatch.querySelector("path");
    pen.save();
    pen.translate(left, top);
    pen.beginPath(); pen.rect(0, 0, 26, 16); pen.clip();
    pen.fillStyle = box.getAttribute("fill"); pen.fill();
    pen.strokeStyle = box.getAttribute("stroke");
    if (lines) pen.stroke(new Path2D(lines.getAttribute("d")));
    pen.strokeRect(0, 0, 26, 16);
    pen.restore();
  }

  paragraph(title, "600 15px " + family, 22);
  y += 4;
  legendRows("14px " + family);
  for (const text of foot) paragraph(text, "12px " + family, 18);
  sheet.width = drawn.width; sheet.height = Math.ceil((y + edge) * ratio);
  pen.fillStyle = "#fff"; pen.fillRect(0, 0, sheet.width, sheet.height);
  pen.drawImage(drawn, 0, 0);
  pen.scale(ratio, ratio);
  for (const mark of marks) mark();
  return sheet;

  // Lines no wider than told: broken between words, and between any two Chinese characters but before their points.
  function wrapped(pen, text, most) {
    const pieces = text.match(/[\u2e80-\u2fff\u3040-\ufeff][\u3000-\u303f\uff00-\uff20]*|[^\s\u2e80-\ufeff]+\s*|\s+|./g) || [], lines = [""];
    for (const piece of pieces) {
      const last = lines.length - 1;
      if (lines[last] && pen.measureText((lines[last] + piece).trimEnd()).width > most) lines.push(piece);
      else lines[last] += piece;
    }
    return lines.map((line) => line.trim());
  }
};
