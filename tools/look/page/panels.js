// Beside the board: small boards of all planes or channels, one channel through the game, numbers, the win rate curve.

import { element, paintSmall, stonesOverlay, vertexOf } from "./board.js";
import { ask, change, game, go, layer, lineAt, selectedVertex, shown, showsChannels, total } from "./state.js";

const WIN_CHUNK = 16;
const $ = id => document.getElementById(id);

function html(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Two digits, as in −0.31. */
function short(number) {
  return number === 0 ? "0" : String(Number(number.toPrecision(2))).replace("-", "−");
}

// --- numbers of the view ---

export function showNumbers(view) {
  $("caption").textContent = [view.caption, ...repeated(view.moves)].filter(Boolean).join("; ");
  $("largest").replaceChildren(...view.largest.map(([point, number]) => {
    const button = html("button", {}, html("b", { textContent: vertexOf(point, game.size) }), ` ${number}`);
    button.style.setProperty("--colour", view.colours[point] ?? "transparent");
    button.addEventListener("click", () => point < game.size ** 2 && change({ selected: point }));
    return html("li", {}, button);
  }));
  showLegend(shown.view === "channel" && view.values ? Math.max(...view.values.map(Math.abs)) : null);
}

/** Moves of a ladder that the board does not show: passes, and those on a point that has a number already. */
function repeated(moves) {
  const first = new Map();
  const found = [];
  moves.forEach(([, point], index) => {
    if (point === game.size ** 2) found.push(`${index + 1} passes`);
    else if (first.has(point)) found.push(`${index + 1} at ${first.get(point)}`);
    else first.set(point, index + 1);
  });
  return found;
}

function showLegend(scale) {
  $("legend").hidden = scale === null;
  if (scale === null) return;
  const context = $("legend-colours").getContext("2d");
  const width = context.canvas.width / game.palette.length;
  game.palette.forEach((colour, index) => {
    context.fillStyle = colour;
    context.fillRect(index * width, 0, width, context.canvas.height);
  });
  $("legend-least").textContent = short(-scale);
  $("legend-most").textContent = short(scale);
}

// --- small boards ---

export async function showSheet(position) {
  const planes = shown.view === "plane";
  const channels = showsChannels();
  $("sheet-title").hidden = $("sheet").hidden = !planes && !channels;
  if (planes) await showPlanes(position);
  if (channels) await showChannels(position);
  markSheet();
}

async function showPlanes(position) {
  const { pixels } = await ask("api/planes", lineAt(shown.at));
  const names = game.planes.map((plane, index) => `${index} ${plane.name}`);
  $("sheet-title").textContent = `All ${names.length} planes of ${game.features}`;
  const overlay = stonesOverlay(position.stones, game.size);
  fill($("sheet"), names, pixels, names.map(() => overlay), index => change({ plane: game.planes[index].name }));
}

async function showChannels(position) {
  const chosen = layer();
  const sheet = await ask("api/channels", { ...lineAt(shown.at), layer: chosen.name, common: shown.common ? 1 : 0 });
  const names = sheet.least.map((least, channel) => {
    const range = chosen.by_point ? `${short(least)} to ${short(sheet.most[channel])}` : short(least);
    return `${channel}: ${range}`;
  });
  $("sheet-title").textContent = `All ${names.length} channels of ${chosen.name}`;
  const overlay = stonesOverlay(position.stones, game.size);
  const overlays = chosen.by_point ? names.map(() => overlay) : null;
  fill($("sheet"), names, sheet.pixels, overlays, channel => change({ channel }));
}

export function markSheet() {
  const plane = game.planes.findIndex(each => each.name === shown.plane);
  const current = shown.view === "plane" ? plane : shown.channel;
  [...$("sheet").children].forEach((tile, index) => tile.setAttribute("aria-pressed", index === current));
}

let filmed = ""; // what the film shows: it is the same for all positions of a line

export async function showFilm() {
  const wanted = showsChannels();
  $("film-title").hidden = $("film").hidden = !wanted;
  if (!wanted) return;
  const parameters = { ...lineAt(total()), layer: shown.layer, channel: shown.channel };
  const key = JSON.stringify(parameters);
  if (key !== filmed) {
    const film = await ask("api/film", parameters);
    const numbers = film.values.length > 0;
    const names = film.plies.map((ply, index) => `move ${ply}${numbers ? `: ${short(film.values[index])}` : ""}`);
    const overlays = numbers ? null : film.stones.map(stones => stonesOverlay(stones, game.size));
    $("film-title").textContent =
      `Channel ${parameters.channel} of ${parameters.layer} through the game, strongest colours at ${short(film.scale)}`;
    fill($("film"), names, film.pixels, overlays, index => go(film.plies[index]));
    film.plies.forEach((ply, index) => { $("film").children[index].dataset.ply = ply; });
    filmed = key;
  }
  for (const tile of $("film").children) tile.setAttribute("aria-pressed", Number(tile.dataset.ply) === shown.at);
}

/** Fill a sheet with buttons: small boards with stones over them, or single colours if there are no `overlays`. */
function fill(sheet, names, pixels, overlays, chosen) {
  const bytes = Uint8Array.from(atob(pixels), letter => letter.charCodeAt(0));
  sheet.classList.toggle("numbers", overlays === null);
  while (sheet.children.length > names.length) sheet.lastElementChild.remove();
  while (sheet.children.length < names.length) {
    sheet.append(html("button", { className: "tile" }, html("canvas", {}), html("span", {})));
  }
  names.forEach((name, index) => {
    const tile = sheet.children[index];
    const [canvas, label] = tile.children;
    tile.onclick = () => chosen(index);
    tile.title = label.textContent = name;
    paintSmall(canvas, bytes, index, overlays === null ? 1 : game.size, overlays?.[index]);
  });
}

// --- the selected point ---

export async function showPoint(position) {
  const article = $("point");
  if (shown.selected === null) {
    article.hidden = true;
    return;
  }
  const value = position.view.values?.[shown.selected];
  const inLayer = showsChannels() ? { layer: shown.layer } : {};
  const facts = await ask("api/point", { ...lineAt(shown.at), at: selectedVertex(), ...inLayer });
  const rows = [];
  if (facts.stone) {
    const { stones, liberties } = facts.chain;
    rows.push(["stone", `${facts.stone}, chain of ${counted(stones, "stone")} with ${counted(liberties, "liberty", "liberties")}`]);
    rows.push(["ladder", facts.ladder.replace(/^.*?: /, "")]);
  } else {
    const illegal = facts.illegal ? `, illegal: ${facts.illegal}` : "";
    rows.push(["policy", `${(100 * facts.probability).toFixed(2)}%${illegal}`]);
  }
  if (value !== undefined) rows.push([shown.view, value.toPrecision(4).replace("-", "−")]);
  rows.push(["planes", facts.planes.join(", ")]);
  const list = html("dl", {});
  for (const [term, text] of rows) list.append(html("dt", { textContent: term }), html("dd", { textContent: text }));
  article.replaceChildren(html("h2", { textContent: facts.vertex }), list);
  if (facts.channels) article.append(...strongestChannels(facts.channels));
  article.hidden = false;
}

function counted(number, one, more = `${one}s`) {
  return `${number} ${number === 1 ? one : more}`;
}

function strongestChannels(channels) {
  const items = channels.map(({ channel, value }) => {
    const button = html("button", { textContent: `${channel}: ${short(value)}` });
    button.addEventListener("click", () => change({ channel }));
    return html("li", {}, button);
  });
  return [html("p", { textContent: `The largest channels of ${shown.layer} here` }), html("ol", { className: "chips" }, ...items)];
}

// --- the win rate curve ---

const wins = new Map(); // black's probability of winning, by position

export async function loadWins() {
  if (!game.win) return;
  drawCurve();
  for (let first = missingWin(); first !== undefined; first = missingWin()) {
    const last = Math.min(first + WIN_CHUNK - 1, total());
    const line = lineAt(total());
    const keys = Array.from({ length: last - first + 1 }, (_, index) => JSON.stringify(lineAt(first + index)));
    const { black } = await ask("api/win", { ...line, from: first, to: last });
    keys.forEach((key, index) => wins.set(key, black[index]));
    drawCurve();
  }
}

function winAt(ply) {
  return wins.get(JSON.stringify(lineAt(ply)));
}

/** The first position whose win probability is not known: the one on the board, else from the start of the line. */
function missingWin() {
  return [shown.at, ...Array(total() + 1).keys()].find(ply => winAt(ply) === undefined);
}

function drawCurve() {
  const width = Math.max(1, total());
  const known = [...Array(total() + 1).keys()].filter(ply => winAt(ply) !== undefined);
  const line = known.map((ply, index) => `${index ? "L" : "M"}${ply} ${1 - winAt(ply)}`).join("");
  $("curve").setAttribute("viewBox", `0 0 ${width} 1`);
  $("curve").replaceChildren(
    element("path", { d: known.length ? `${line}L${known.at(-1)} 1L${known[0]} 1Z` : "", class: "area" }),
    element("path", { d: `M0 0.5H${width}`, class: "half" }),
    element("path", { d: line, class: "line" }),
    element("path", { d: `M${shown.at} 0V1`, class: "now" }),
  );
  const now = winAt(shown.at);
  const text = now === undefined ? "" : `Black wins ${(100 * now).toFixed(1)}%, White ${(100 - 100 * now).toFixed(1)}%`;
  $("win-text").textContent = text;
}
