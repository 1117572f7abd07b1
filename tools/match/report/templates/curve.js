// The curve of the score: the pointer reads it off, a click opens the game that led to the point.
"use strict";

if (match.curve.length > 1) {
  const plot = document.querySelector(".curve .plot");
  const caption = document.querySelector(".curve figcaption");
  const usual = caption.textContent;
  const cursor = plot.appendChild(Object.assign(document.createElement("i"), { className: "cursor", hidden: true }));
  const finished = match.games.filter((game) => game.result !== "Void");

  /** The number of games with a result at the pointer. */
  const gamesAt = (event) => {
    const { left, width } = plot.getBoundingClientRect();
    const games = Math.round((match.curve.length * (event.clientX - left)) / width);
    return Math.min(match.curve.length, Math.max(1, games));
  };
  plot.addEventListener("pointermove", (event) => {
    const games = gamesAt(event);
    const [value, low, high] = match.curve[games - 1];
    cursor.hidden = false;
    cursor.style.left = `${(100 * games) / match.curve.length}%`;
    caption.textContent = `after ${games} games: ${value} %, 95 %: ${low} to ${high} %; a click opens game ${finished[games - 1].number}`;
  });
  plot.addEventListener("pointerleave", () => {
    cursor.hidden = true;
    caption.textContent = usual;
  });
  plot.addEventListener("click", (event) => { location.hash = `game-${finished[gamesAt(event) - 1].number}`; });
}
