// Drawing: the large board as SVG, and small boards on canvases.

const SVG = "http://www.w3.org/2000/svg";
const COLUMNS = "ABCDEFGHJKLMNOPQRST";
const MARGIN = 1.15;
const CELL = 8; // pixels of a point on a small board
const SIDES = { b: "black", w: "white" };

export function vertexOf(point, size) {
  if (point === size * size) return "pass";
  return COLUMNS[point % size] + (size - Math.floor(point / size));
}

export function pointOf(vertex, size) {
  const found = /^([A-HJ-T])(\d{1,2})$/.exec(vertex.trim().toUpperCase());
  if (!found) return null;
  const column = COLUMNS.indexOf(found[1]);
  const row = size - Number(found[2]);
  return column < size && row >= 0 && row < size ? row * size + column : null;
}

export function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

/** The large board. `draw` replaces everything but the grid. */
export class Board {
  constructor(svg, size, stars) {
    this.svg = svg;
    this.size = size;
    const across = size - 1 + 2 * MARGIN;
    svg.setAttribute("viewBox", `${-MARGIN} ${-MARGIN} ${across} ${across}`);
    svg.replaceChildren(gradients(), this.grid(stars));
    this.layers = element("g");
    this.ghost = element("circle", { r: 0.46, class: "ghost", visibility: "hidden" });
    svg.append(this.layers, this.ghost);
  }

  /** The point under a pointer event, null beside the board. */
  pointAt(event) {
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    const [column, row] = [Math.round(place.x), Math.round(place.y)];
    const inside = column >= 0 && row >= 0 && column < this.size && row < this.size;
    return inside ? row * this.size + column : null;
  }

  /** Show a faint stone on a point, none for null. */
  hover(point, colour) {
    this.ghost.setAttribute("visibility", point === null ? "hidden" : "visible");
    if (point === null) return;
    const [x, y] = this.place(point);
    this.ghost.setAttribute("cx", x);
    this.ghost.setAttribute("cy", y);
    this.ghost.setAttribute("fill", `url(#${colour})`);
  }

  /** `round`: coloured points are circles, those with a label as large as stones; else they are squares. */
  draw({ stones, last, next, view, selected, round }) {
    const cells = element("g", { class: "cells" });
    const discs = element("g", { class: "stones" });
    const marks = element("g", { class: "marks" });
    const texts = element("g", { class: "labels" });
    for (const [point, colour] of Object.entries(view.colours)) {
      const width = !round ? 1.004 : point in view.labels ? 0.92 : 0.45;
      cells.append(this.cell(Number(point), colour, width, round));
    }
    [...stones].forEach((stone, point) => {
      if (stone === "0") return;
      const small = point in view.colours;
      discs.append(this.stone(point, stone === "1" ? "black" : "white", small));
      if (point in view.labels) texts.append(this.text(point, view.labels[point], stone === "1" ? "on-black" : "on-white"));
    });
    for (const [point, label] of Object.entries(view.labels)) {
      if (stones[point] === "0") texts.append(this.text(Number(point), label, "on-board"));
    }
    for (const point of view.squares) marks.append(this.square(point, 0.42, "square"));
    if (last !== null) marks.append(this.ring(last, view));
    if (next !== null) marks.append(this.square(next, 0.9, "next"));
    this.numbers(view.moves, discs, texts);
    if (selected !== null) marks.append(this.square(selected, 1, "selected"));
    this.layers.replaceChildren(cells, discs, marks, texts);
  }

  /** The stones of a line of play, each with the number of the first move on its point. */
  numbers(moves, discs, texts) {
    const seen = new Set();
    moves.forEach(([colour, point], index) => {
      if (seen.has(point) || point === this.size * this.size) return;
      seen.add(point);
      discs.append(this.stone(point, SIDES[colour], false));
      texts.append(this.text(point, String(index + 1), colour === "b" ? "on-black" : "on-white"));
    });
  }

  place(point) {
    return [point % this.size, Math.floor(point / this.size)];
  }

  cell(point, fill, width, round) {
    const [x, y] = this.place(point);
    const attributes = { x: x - width / 2, y: y - width / 2, width, height: width, fill, "data-point": point };
    return element("rect", round ? { ...attributes, rx: width / 2 } : attributes);
  }

  stone(point, colour, small) {
    const [cx, cy] = this.place(point);
    return element("circle", { cx, cy, r: small ? 0.28 : 0.47, fill: `url(#${colour})`, class: colour });
  }

  /** The mark of the last move, around a label if its stone has one. */
  ring(point, view) {
    const [cx, cy] = this.place(point);
    const r = point in view.labels ? 0.4 : point in view.colours ? 0.14 : 0.24;
    return element("circle", { cx, cy, r, class: "last" });
  }

  square(point, width, kind) {
    const [x, y] = this.place(point);
    return element("rect", { x: x - width / 2, y: y - width / 2, width, height: width, rx: 0.08, class: kind });
  }

  text(point, label, kind) {
    const [x, y] = this.place(point);
    const size = label.length > 2 ? 0.4 : 0.48;
    return element("text", { x, y: y + 0.36 * size, "font-size": size, class: kind, "data-point": point }, label);
  }

  grid(stars) {
    const group = element("g", { class: "grid" });
    const last = this.size - 1;
    group.append(element("rect", { x: -MARGIN, y: -MARGIN, width: last + 2 * MARGIN, height: last + 2 * MARGIN, rx: 0.3, class: "wood" }));
    for (let line = 0; line <= last; line++) {
      group.append(element("path", { d: `M0 ${line}H${last}M${line} 0V${last}` }));
      for (const side of [-0.8, last + 0.8]) {
        group.append(element("text", { x: line, y: side + 0.13, "font-size": 0.38 }, COLUMNS[line]));
        group.append(element("text", { x: side, y: line + 0.13, "font-size": 0.38 }, String(this.size - line)));
      }
    }
    for (const point of stars) {
      const [cx, cy] = this.place(point);
      group.append(element("circle", { cx, cy, r: 0.1 }));
    }
    return group;
  }
}

function gradients() {
  const defs = element("defs");
  const shades = { black: ["#5a5a5a", "#161616", "#060606"], white: ["#ffffff", "#f4f4f1", "#cfcfca"] };
  for (const [id, colours] of Object.entries(shades)) {
    const gradient = element("radialGradient", { id, cx: 0.36, cy: 0.32, r: 0.75 });
    colours.forEach((colour, index) => gradient.append(element("stop", { offset: index / 2, "stop-color": colour })));
    defs.append(gradient);
  }
  return defs;
}

/** A transparent canvas with the faint stones that lie over small boards. */
export function stonesOverlay(stones, size) {
  const canvas = new OffscreenCanvas(size * CELL, size * CELL);
  const context = canvas.getContext("2d");
  context.globalAlpha = 0.55;
  [...stones].forEach((stone, point) => {
    if (stone === "0") return;
    context.fillStyle = stone === "1" ? "#000" : "#fff";
    context.beginPath();
    context.arc((point % size + 0.5) * CELL, (Math.floor(point / size) + 0.5) * CELL, 0.25 * CELL, 0, 2 * Math.PI);
    context.fill();
  });
  return canvas;
}

/** Paint a small board, or one colour for size 1: `bytes` are red, green and blue of all points, board by board. */
export function paintSmall(canvas, bytes, index, size, overlay) {
  const image = new ImageData(size, size);
  const first = 3 * index * size * size;
  for (let point = 0; point < size * size; point++) {
    for (let part = 0; part < 3; part++) image.data[4 * point + part] = bytes[first + 3 * point + part];
    image.data[4 * point + 3] = 255;
  }
  const small = new OffscreenCanvas(size, size);
  small.getContext("2d").putImageData(image, 0, 0);
  canvas.width = canvas.height = size * CELL;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (overlay) context.drawImage(overlay, 0, 0);
}
