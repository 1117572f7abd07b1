// Positions and pictures of boards. The games come with the stones that each move captures, so no rules are needed.
"use strict";

const match = JSON.parse(document.getElementById("match-data").textContent);
const size = match.size;
const PASS = "tt";
const COLUMNS = "ABCDEFGHJKLMNOPQRST";

/** Two letters of SGF as x and y, counted from the top left. */
function coordinates(text) {
  return [text.charCodeAt(0) - 97, text.charCodeAt(1) - 97];
}

/** Two letters of SGF as GTP writes the point. */
function vertex(text) {
  const [x, y] = coordinates(text);
  return text === PASS ? "pass" : COLUMNS[x] + (size - y);
}

function pairs(text) {
  return text.match(/../g) || [];
}

/** The moves of a game: {black, point, captured}. They are read once. */
function movesOf(game) {
  game.read ??= game.moves.split(" ").filter(Boolean).map((text) => {
    const [move, ...captured] = pairs(text);
    return { black: move === move.toLowerCase(), point: move.toLowerCase(), captured };
  });
  return game.read;
}

/**
 * The position after a number of moves: `stones` maps points to {black, number}, number 0 for set-up stones;
 * `captures` are the stones that black and white have captured; `last` is the last move.
 */
function positionAt(game, count) {
  const stones = new Map();
  for (const text of pairs(game.setup)) {
    stones.set(text.toLowerCase(), { black: text === text.toLowerCase(), number: 0 });
  }
  const captures = { black: 0, white: 0 };
  const moves = movesOf(game).slice(0, count);
  moves.forEach((move, index) => {
    if (move.point !== PASS) stones.set(move.point, { black: move.black, number: index + 1 });
    for (const point of move.captured) {
      captures[stones.get(point).black ? "white" : "black"] += 1;
      stones.delete(point);
    }
  });
  return { stones, captures, last: moves.at(-1) };
}

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, parent) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent?.append(made);
  return made;
}

/** An empty board as SVG, one unit a line distance, with the point (x, y) at x, y; with a margin for coordinates. */
function emptyBoard(margin) {
  const width = size - 1 + 2 * margin;
  const svg = element("svg", { viewBox: `${-margin} ${-margin} ${width} ${width}`, class: "goban" });
  let lines = "";
  for (let line = 0; line < size; line += 1) lines += `M0 ${line}H${size - 1}M${line} 0V${size - 1}`;
  element("path", { d: lines, class: "lines" }, svg);
  for (const star of match.stars) {
    element("circle", { cx: star % size, cy: Math.floor(star / size), r: 0.1, class: "star" }, svg);
  }
  return svg;
}

/** A path with a circle round every point. */
function circles(points, radius) {
  return points
    .map(coordinates)
    .map(([x, y]) => `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`)
    .join("");
}

function pointsOf(stones, black) {
  return [...stones].filter(([, stone]) => stone.black === black).map(([point]) => point);
}

/** A picture of a game's final position. A small one has two paths for all stones: a thousand of them stay light. */
function picture(game, large) {
  const position = positionAt(game, Infinity);
  const svg = emptyBoard(0.75);
  if (large) {
    drawStones(element("g", {}, svg), position, false);
    return svg;
  }
  element("path", { d: circles(pointsOf(position.stones, true), 0.47), class: "flat-black" }, svg);
  element("path", { d: circles(pointsOf(position.stones, false), 0.47), class: "flat-white" }, svg);
  return svg;
}

/** Draw the stones of a position into the layer of a large board: shadow, stone, number or last-move mark. */
function drawStones(layer, { stones, last }, numbers) {
  layer.replaceChildren();
  element("path", { d: circles([...stones.keys()], 0.47), class: "shadow", transform: "translate(.05 .08)" }, layer);
  for (const [point, stone] of stones) {
    const [x, y] = coordinates(point);
    const colour = stone.black ? "black" : "white";
    element("circle", { cx: x, cy: y, r: 0.48, class: `stone-${colour}`, "data-point": point }, layer);
    const isLast = last?.point === point && stone.number > 0;
    if (numbers && stone.number) {
      const text = element("text", { x, y, class: `move-number on-${colour}${isLast ? " last" : ""}` }, layer);
      text.textContent = stone.number;
    } else if (isLast) {
      element("circle", { cx: x, cy: y, r: 0.25, class: `last on-${colour}` }, layer);
    }
  }
  for (const point of last?.captured ?? []) {
    const [cx, cy] = coordinates(point);
    element("circle", { cx, cy, r: 0.4, class: "captured" }, layer);
  }
}

/** A board for the viewer: coordinates round it and a layer for the stones. Returns {svg, layer}. */
function largeBoard() {
  const width = 0.024 * size; // of a coordinate
  const margin = 0.6 + 2 * width;
  const svg = emptyBoard(margin);
  svg.style.setProperty("--size", size);
  for (let line = 0; line < size; line += 1) {
    for (const end of [-0.55 - width, size - 0.45 + width]) {
      element("text", { x: line, y: end, class: "coordinate" }, svg).textContent = COLUMNS[line];
      element("text", { x: end, y: line, class: "coordinate" }, svg).textContent = size - line;
    }
  }
  return { svg, layer: element("g", {}, svg) };
}
