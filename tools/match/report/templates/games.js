// The table of games: pictures drawn when they come into sight, sorting, filters.
"use strict";

(() => {
  const sight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      sight.unobserve(target);
      target.append(picture(match.games[target.dataset.game], "large" in target.dataset));
    }
  }, { rootMargin: "400px" });
  document.querySelectorAll(".board[data-game]").forEach((place) => sight.observe(place));

  const body = document.querySelector(".games tbody");
  const rows = [...body.rows];
  const form = document.querySelector(".filters");
  const heads = [...document.querySelectorAll("[data-sort]")];

  const values = {
    number: (game) => game.number,
    black: (game) => match.names[game.black],
    white: (game) => match.names[game.white],
    // From White's wins without a score and the largest ones with a score to Black's.
    result: (game) => {
      const sign = { B: 1, W: -1 }[game.result[0]] ?? 0;
      const margin = Number(game.result.slice(2));
      return sign * (Number.isNaN(margin) ? 1000 : margin);
    },
    reason: (game) => game.reason,
    plies: (game) => game.plies,
    opening: (game) => game.opening,
  };
  const texts = match.games.map((game) =>
    [game.number, match.names[game.black], match.names[game.white], game.result, game.reason, game.opening, game.detail]
      .join(" ").toLowerCase());

  const gameOf = (row) => match.games[row.dataset.game];

  function tellOrder() {
    viewer.setOrder([...body.rows].filter((row) => !row.hidden).map((row) => Number(row.dataset.game)));
  }

  function filter() {
    const { text, winner, black, reason } = Object.fromEntries(new FormData(form));
    let shown = 0;
    for (const row of rows) {
      const game = gameOf(row);
      row.hidden = !(
        texts[row.dataset.game].includes(text.trim().toLowerCase())
        && (winner === "" || game.winner === (winner === "none" ? null : Number(winner)))
        && (black === "" || game.black === Number(black))
        && (reason === "" || game.reason === reason)
      );
      shown += !row.hidden;
    }
    form.querySelector("output").textContent = `${shown} of ${rows.length} games`;
    tellOrder();
  }

  function sort(button) {
    const head = button.closest("th");
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of heads) other.closest("th").removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = values[button.dataset.sort];
    const compare = (one, two) => (one < two ? -1 : Number(one > two));
    rows.sort((one, two) => (down ? -1 : 1) * compare(key(gameOf(one)), key(gameOf(two))) || gameOf(one).number - gameOf(two).number);
    body.append(...rows);
    tellOrder();
  }

  for (const button of heads) button.addEventListener("click", () => sort(button));
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a")) location.hash = `game-${gameOf(row).number}`;
  });
  filter();
})();
