// Which position and view the page shows, its address after #, and requests to the server (tools/look/api.py).

import { pointOf, vertexOf } from "./board.js";

export const VIEWS = [
  ["policy", "Policy", "How probable the network holds each move, in percent. The frame is the move that was played."],
  ["plane", "Planes", "What the network is shown, from the side to play: red where the plane is 1."],
  ["channel", "Channels", "What an inner layer computes: grey is 0, red to green positive, cyan to magenta negative."],
  ["ladders", "Ladders", "Red stones cannot escape; orange ones fall if the attacker moves first, at a square. Select a stone for its ladder."],
  ["liberties", "Liberties", "How many liberties each chain has."],
  ["pass-alive", "Pass-alive", "Stones and territory that are safe even if their side always passes (Benson)."],
  ["status", "Status", "Green stones are alive, red ones dead, yellow ones in seki, as random playouts end."],
  ["owner", "Owner", "Who owns each point at the end of random playouts, from black to white."],
  ["stones", "Stones", "The position alone."],
];

const ADDRESS_DELAY = 150; // milliseconds; browsers refuse an address that changes with every key while it is held

/** What stays the same: the answer of /api/game. */
export let game;

/** The line is the first `base` moves of the record and then `extra`; `at` moves of it are on the board. */
export const shown = {
  base: 0, extra: [], at: 0,
  view: "policy", plane: "", layer: "", channel: 0, common: false,
  selected: null, plays: true,
};

let listener = () => {};
let addressTimer;

export function onChange(action) {
  listener = action;
}

export function change(changes) {
  Object.assign(shown, changes);
  clearTimeout(addressTimer);
  addressTimer = setTimeout(keepAddress, ADDRESS_DELAY);
  listener();
}

export function go(ply) {
  change({ at: Math.max(0, Math.min(total(), ply)) });
}

/** The line ends with the record again, and the position is the last one before the variation, or an earlier one. */
export function leaveVariation() {
  change({ base: game.plies, extra: [], at: Math.min(shown.at, shown.base) });
}

/** The parameters that name the position after `ply` moves of the line. */
export function lineAt(ply) {
  if (ply <= shown.base) return { move: ply, play: "" };
  return { move: shown.base, play: shown.extra.slice(0, ply - shown.base).join() };
}

export function total() {
  return shown.base + shown.extra.length;
}

export function layer() {
  return game.layers.find(each => each.name === shown.layer);
}

export function showsChannels() {
  return shown.view === "channel" && game.layers.length > 0;
}

export function selectedVertex() {
  return shown.selected === null ? "" : vertexOf(shown.selected, game.size);
}

// --- requests ---

export async function load() {
  game = await ask("api/game");
  readAddress();
}

export async function ask(path, parameters = {}) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/**
 * A function that does `work`, and does it once more if it was called in the meantime; errors go to `failed`.
 * `work` gets a function that says whether it was.
 */
export function latest(work, failed) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      try {
        await work(() => again);
      } catch (error) {
        failed(error instanceof TypeError ? "The server does not answer; has it been stopped?" : error.message);
      }
    }
    running = false;
  };
}

// --- the address ---

function keepAddress() {
  const varied = shown.extra.length > 0;
  const fields = { move: varied ? shown.base : shown.at };
  if (varied) Object.assign(fields, { play: shown.extra.join(), at: shown.at });
  fields.view = shown.view;
  if (shown.view === "plane") fields.plane = shown.plane;
  if (showsChannels()) Object.assign(fields, { layer: shown.layer, channel: shown.channel });
  if (shown.selected !== null) fields.point = selectedVertex();
  history.replaceState(null, "", `#${String(new URLSearchParams(fields)).replaceAll("%2C", ",")}`);
}

/** Show what the address says; what it says wrongly is left out. */
export function readAddress() {
  const address = new URLSearchParams(location.hash.slice(1));
  const whole = (name, most, usual) => {
    const text = address.get(name) ?? "";
    return Math.min(most, /^\d{1,6}$/.test(text) ? Number(text) : usual);
  };
  const named = (list, name, usual) => (list.find(each => each.name === address.get(name)) ?? usual)?.name ?? "";
  const move = whole("move", game.plies, 0);
  const played = (address.get("play") ?? "").split(",");
  shown.extra = played.filter(vertex => vertex === "pass" || pointOf(vertex, game.size) !== null);
  shown.base = shown.extra.length ? move : game.plies;
  shown.at = shown.extra.length ? whole("at", total(), total()) : move;
  shown.view = VIEWS.find(([id]) => id === address.get("view"))?.[0] ?? "policy";
  shown.plane = named(game.planes, "plane", game.planes[1]);
  shown.layer = named(game.layers, "layer", game.layers.findLast(each => each.by_point));
  shown.channel = layer() ? whole("channel", layer().channels - 1, 0) : 0;
  shown.selected = pointOf(address.get("point") ?? "", game.size);
}
