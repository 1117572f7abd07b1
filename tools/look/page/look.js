// The page of `shicho look`: the board, and what buttons, keys, the wheel and clicks do.

import { Board, pointOf, vertexOf } from "./board.js";
import { loadWins, markSheet, showFilm, showNumbers, showPoint, showSheet } from "./panels.js";
import {
  VIEWS, ask, change, game, go, latest, layer, leaveVariation, lineAt, load, onChange, readAddress, selectedVertex, shown,
  showsChannels, total,
} from "./state.js";

const TEN = 10;
const WHEEL_STEP = 40; // pixels
const $ = id => document.getElementById(id);

let board;
let position = null; // the answer of /api/position that is on the board, and `key`, which names it
const key = () => JSON.stringify(lineAt(shown.at));

function note(text) {
  $("note").textContent = text;
}

function busy(is) {
  document.body.setAttribute("aria-busy", is);
}

// --- showing ---

const refresh = latest(async overtaken => {
  const asked = key();
  const fresh = await ask("api/position", { ...lineAt(shown.at), ...viewParameters() });
  position = { ...fresh, key: asked };
  drawBoard();
  if (overtaken()) return;
  await Promise.all([showSheet(position), showFilm(), showPoint(position)]);
  if (!overtaken()) busy(false);
}, text => {
  note(text);
  busy(false);
});

const refreshWins = latest(loadWins, note);

function show() {
  note("");
  busy(true);
  showControls();
  refresh();
  refreshWins();
}

function viewParameters() {
  switch (shown.view) {
    case "plane": return { view: "plane", plane: shown.plane };
    case "channel": return showsChannels() ? { view: "channel", layer: shown.layer, channel: shown.channel } : { view: "stones" };
    case "ladders": return { view: "ladders", at: selectedVertex() };
    default: return { view: shown.view };
  }
}

function drawBoard() {
  const { last, to_play, captures, over, ply } = position;
  const next = shown.view === "policy" && position.next ? pointOf(position.next, game.size) : null;
  const lastPoint = last && last.point < game.size ** 2 ? last.point : null;
  board.draw({ ...position, last: lastPoint, next, selected: shown.selected, round: shown.view === "policy" });
  Object.assign($("board").dataset, { ply, view: shown.view });
  $("turn").textContent = `Move ${ply} of ${total()}`;
  $("moved").textContent = last ? `${last.colour} ${vertexOf(last.point, game.size)}` : "";
  $("side").textContent = over ? "the game is over" : `${to_play} to play`;
  $("side").className = over ? "" : to_play;
  $("captures").textContent = captures.black + captures.white ? `captures: Black ${captures.black}, White ${captures.white}` : "";
  showNumbers(position.view);
}

function showControls() {
  $("ply").max = total();
  $("ply").value = shown.at;
  $("first").disabled = $("back").disabled = shown.at === 0;
  $("last").disabled = $("forward").disabled = shown.at === total();
  $("return").hidden = !shown.extra.length || game.plies === 0;
  $("mode-play").setAttribute("aria-pressed", shown.plays);
  $("mode-select").setAttribute("aria-pressed", !shown.plays);
  for (const button of $("views").children) button.setAttribute("aria-pressed", button.dataset.view === shown.view);
  const planes = shown.view === "plane";
  $("choose-plane").hidden = !planes;
  $("choose-channel").hidden = !showsChannels();
  $("plane").value = shown.plane;
  $("layer").value = shown.layer;
  $("channel").value = shown.channel;
  $("common").checked = shown.common;
  if (showsChannels()) {
    $("channel").max = layer().channels - 1;
    $("choose-common").hidden = !layer().by_point;
  }
  showAbout();
  markSheet();
}

function showAbout() {
  const [, , text] = VIEWS.find(([id]) => id === shown.view);
  const untapped = shown.view === "channel" && !showsChannels();
  $("about").textContent = text;
  $("no-taps").hidden = !untapped;
}

// --- doing ---

/** Play a vertex on the board: the next move of the line or of the record, else the first of a variation. */
function play(vertex) {
  if (position?.key !== key()) return;
  const reason = position.illegal[pointOf(vertex, game.size)];
  const following = shown.at >= shown.base ? shown.extra[shown.at - shown.base] : undefined;
  if (vertex === following) return go(shown.at + 1);
  if (vertex === position.next) {
    const ahead = shown.at + 1;
    if (shown.at === shown.base) leaveVariation();
    return go(ahead);
  }
  if (reason) return note(`${vertex} is illegal for ${position.to_play}: ${reason}`);
  const { move, play: before } = lineAt(shown.at);
  const extra = [...before.split(",").filter(Boolean), vertex];
  change({ base: move, extra, at: move + extra.length });
}

/** A click on a stone selects it, on an empty point it plays or selects. */
function clicked(point) {
  if (position?.key !== key()) return;
  if (shown.plays && position.stones[point] === "0") play(vertexOf(point, game.size));
  else change({ selected: shown.selected === point ? null : point });
}

function changeChannel(by) {
  const around = (number, count) => (number + by + count) % count;
  if (shown.view === "plane") {
    const index = game.planes.findIndex(plane => plane.name === shown.plane);
    change({ plane: game.planes[around(index, game.planes.length)].name });
  } else if (showsChannels()) {
    change({ channel: around(shown.channel, layer().channels) });
  }
}

function escape() {
  if (shown.selected !== null) change({ selected: null });
  else if (shown.extra.length && game.plies) leaveVariation();
}

const KEYS = {
  ArrowLeft: () => go(shown.at - 1),
  ArrowRight: () => go(shown.at + 1),
  ArrowUp: () => go(shown.at - TEN),
  ArrowDown: () => go(shown.at + TEN),
  Home: () => go(0),
  End: () => go(total()),
  Escape: escape,
  "[": () => changeChannel(-1),
  "]": () => changeChannel(1),
  "?": () => $("keys").showModal(),
  m: () => change({ plays: !shown.plays }),
  p: () => play("pass"),
  v: () => $("vertex").focus(),
};

function keyPressed(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || $("keys").open) return;
  const typing = event.target.matches("input:not([type=range], [type=checkbox]), select");
  if (typing && event.key === "Escape") event.target.blur();
  if (typing) return;
  const view = VIEWS[Number(event.key) - 1];
  const action = view ? () => change({ view: view[0] }) : KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

let turned = 0; // pixels by which the wheel has turned since the last step

function wheelTurned(event) {
  event.preventDefault();
  turned += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : WHEEL_STEP * event.deltaY;
  if (Math.abs(turned) < WHEEL_STEP) return;
  go(shown.at + Math.sign(turned));
  turned = 0;
}

function vertexEntered(event) {
  if (event.key !== "Enter") return;
  const point = pointOf(event.target.value, game.size);
  if (point === null) return note(`${event.target.value} is not a point of this board`);
  event.target.value = "";
  event.target.blur();
  clicked(point);
}

function pointerMoved(event) {
  const point = event.pointerType === "mouse" ? board.pointAt(event) : null;
  const plays = shown.plays && point !== null && position?.stones[point] === "0";
  board.hover(plays ? point : null, position?.to_play);
}

function listen() {
  const on = (id, event, action) => $(id).addEventListener(event, action);
  const buttons = { first: "Home", back: "ArrowLeft", forward: "ArrowRight", last: "End", pass: "p", help: "?" };
  for (const [id, name] of Object.entries(buttons)) on(id, "click", KEYS[name]);
  on("return", "click", leaveVariation);
  on("ply", "input", event => go(Number(event.target.value)));
  on("mode-play", "click", () => change({ plays: true }));
  on("mode-select", "click", () => change({ plays: false }));
  on("plane", "change", event => change({ plane: event.target.value }));
  on("layer", "change", event => change({ layer: event.target.value, channel: 0 }));
  on("channel", "change", event => {
    change({ channel: Math.max(0, Math.min(layer().channels - 1, Math.trunc(event.target.valueAsNumber || 0))) });
  });
  on("channel-down", "click", () => changeChannel(-1));
  on("channel-up", "click", () => changeChannel(1));
  on("common", "change", event => change({ common: event.target.checked }));
  on("vertex", "keydown", vertexEntered);
  on("curve", "click", event => go(Math.round(event.offsetX / $("curve").clientWidth * total())));
  on("board", "wheel", wheelTurned);
  on("board", "pointermove", pointerMoved);
  on("board", "pointerleave", () => board.hover(null));
  on("board", "click", event => {
    const point = board.pointAt(event);
    if (point !== null) clicked(point);
  });
  document.addEventListener("keydown", keyPressed);
  window.addEventListener("hashchange", () => { readAddress(); show(); });
}

async function start() {
  await load();
  board = new Board($("board"), game.size, game.stars);
  document.title = game.title ? `${game.title} – Shicho` : "Shicho";
  $("title").textContent = game.title || "Shicho";
  $("network").textContent = `${game.network}, ${game.features}`;
  $("win").classList.toggle("none", !game.win);
  if (!game.win) $("win-text").textContent = "The network has no win head, so there is no win rate curve.";
  $("views").append(...VIEWS.map(([view, label], index) => {
    const button = Object.assign(document.createElement("button"), { textContent: label, title: `Key ${index + 1}` });
    button.dataset.view = view;
    button.addEventListener("click", () => change({ view }));
    return button;
  }));
  const options = list => list.map(({ name }) => new Option(name, name));
  $("plane").append(...options(game.planes));
  $("layer").append(...options(game.layers));
  listen();
  onChange(show);
  show();
}

start();
