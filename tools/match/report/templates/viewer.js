// The viewer: steps through a game. The address of a game in the page is #game-12, at its 57th move #game-12-57.
"use strict";

const viewer = (() => {
  const dialog = document.getElementById("viewer");
  const find = (selector) => dialog.querySelector(selector);
  const show = (name, text) => { find(`[data-show="${name}"]`).textContent = text; };
  const disable = (name, off) => { find(`[data-do="${name}"]`).setAttribute("aria-disabled", off); };
  const slider = find("input[type=range]");
  const numbers = find("input[name=numbers]");
  const board = largeBoard();
  board.svg.setAttribute("role", "img");
  find(".board-area").append(board.svg);

  let order = match.games.map((_, index) => index);
  let current = -1;
  let count = 0;
  let timer = 0;
  let addressTimer = 0;

  const game = () => match.games[current];
  const moves = () => movesOf(game());

  function moveText() {
    const move = moves()[count - 1];
    if (!move) return `Start, ${moves().length} moves`;
    const opening = count <= moves().length - game().plies ? " (opening)" : "";
    const captured = move.captured.length ? `, captures ${move.captured.length}` : "";
    return `Move ${count} of ${moves().length}${opening}: ${move.black ? "Black" : "White"} ${vertex(move.point)}${captured}`;
  }

  function draw() {
    const position = positionAt(game(), count);
    drawStones(board.layer, position, numbers.checked);
    board.svg.setAttribute("aria-label", `Position after ${count} moves`);
    show("black-captures", position.captures.black);
    show("white-captures", position.captures.white);
    show("move", moveText());
    slider.value = count;
    slider.setAttribute("aria-valuetext", moveText());
    for (const step of ["start", "back", "back10"]) disable(step, count === 0);
    for (const step of ["end", "forward", "forward10"]) disable(step, count === moves().length);
    clearTimeout(addressTimer);
    addressTimer = setTimeout(() => history.replaceState(null, "", `#game-${game().number}-${count}`), 300);
  }

  function goTo(ply) {
    count = Math.min(moves().length, Math.max(0, ply));
    draw();
  }

  function play(on) {
    clearInterval(timer);
    timer = 0;
    find('[data-do="play"]').setAttribute("aria-pressed", on);
    if (!on) return;
    if (count === moves().length) goTo(0);
    timer = setInterval(() => {
      goTo(count + 1);
      if (count === moves().length) play(false);
    }, 450);
  }

  /** Open a game by its place in the match's list, at the end or after `ply` moves. */
  function open(index, ply) {
    play(false);
    current = index;
    const { number, black, white, result, reason, detail, opening, komi, sgf, winner } = game();
    slider.max = moves().length;
    find("#viewer-title").textContent = `Game ${number}`;
    const outcome = winner !== null ? `${match.names[winner]} wins, ${result}` : result === "0" ? "Draw" : `No result: ${reason}`;
    find(".outcome").textContent = winner !== null ? `${outcome} (${reason})` : outcome;
    show("black", match.names[black]);
    show("white", match.names[white]);
    find(".player.black").classList.toggle("winner", result.startsWith("B"));
    find(".player.white").classList.toggle("winner", result.startsWith("W"));
    show("detail", [`Komi ${komi}`, opening && `opening ${opening}`, detail].filter(Boolean).join(" · ") + " ·");
    find('[data-show="sgf"]').href = sgf;
    const place = order.indexOf(current);
    find('[data-do="previous-game"]').disabled = place <= 0;
    find('[data-do="next-game"]').disabled = place < 0 || place === order.length - 1;
    if (!dialog.open) {
      dialog.showModal();
      find(".board-area").focus();
    }
    goTo(ply ?? moves().length);
  }

  function neighbour(step) {
    const place = order.indexOf(current) + step;
    if (place >= 0 && place < order.length) open(order[place]);
  }

  const actions = {
    close: () => dialog.close(),
    start: () => goTo(0),
    back10: () => goTo(count - 10),
    back: () => goTo(count - 1),
    play: () => play(!timer),
    forward: () => goTo(count + 1),
    forward10: () => goTo(count + 10),
    end: () => goTo(moves().length),
    numbers: () => { numbers.checked = !numbers.checked; draw(); },
    "previous-game": () => neighbour(-1),
    "next-game": () => neighbour(1),
  };
  const keys = {
    ArrowLeft: "back", ArrowRight: "forward", PageUp: "back10", PageDown: "forward10", Home: "start", End: "end",
    " ": "play", m: "numbers", p: "previous-game", n: "next-game",
  };

  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) {
      if (button.dataset.do !== "play") play(false);
      actions[button.dataset.do]();
    } else if (event.target === dialog) {
      dialog.close();
    }
  });
  find(".board-area").addEventListener("click", (event) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    play(false);
    actions[event.clientX < left + width / 2 ? "back" : "forward"]();
  });
  dialog.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    const typing = event.key === " " && event.target.matches("button, input");
    if (!action || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (action !== "play") play(false);
    actions[action]();
  });
  slider.addEventListener("input", () => { play(false); goTo(Number(slider.value)); });
  numbers.addEventListener("change", draw);
  dialog.addEventListener("close", () => {
    play(false);
    clearTimeout(addressTimer);
    history.replaceState(null, "", location.pathname + location.search);
  });

  function openAddress() {
    const [, number, ply] = location.hash.match(/^#game-(\d+)(?:-(\d+))?$/) ?? [];
    const index = match.games.findIndex((entry) => entry.number === Number(number));
    if (index >= 0) open(index, ply && Number(ply));
  }
  window.addEventListener("hashchange", openAddress);
  openAddress();

  return { setOrder: (indices) => { order = indices; } };
})();
