"""report.html in a browser: the viewer against engine/game.py, the table of games, colours, widths.

The fixture `visit` also fails a test whose page logs an error or asks for anything but itself.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_sgf, point_to_vertex
from shicho.engine.game import Game
from shicho.engine.sgf import read_game
from shicho.tools.match.record import VOID, Reason
from shicho.tools.match.report.html import write_report
from shicho.tools.match.sprt import Sprt
from tests.support.browser import Visit, page_width
from tests.support.match_reports import record_of, report, suicide_game

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[1] / "data" / "games"
NINE = [read_game(FOLDER / f"09-seed00{number}.sgf") for number in (1, 2, 3)]
OPENING = 4
"""How many moves of game 2 belong to the opening."""

Address = str


@pytest.fixture(scope="module")
def duel(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """A match of two engines: a win by resignation, one by score, a draw and a broken game, with different moves."""
    games = [*NINE, read_game(FOLDER / "09-seed008-handicap2.sgf")]
    records = [
        record_of(0, games[0]),
        record_of(
            1,
            games[1],
            "B",
            "A",
            result="W+3.5",
            reason=Reason.SCORE,
            opening="Low Chinese",
            referee_score="W+3.5",
            area_score="W+1.5",
            plies=len(games[1].moves) - OPENING,
        ),
        record_of(2, games[2], result="0", reason=Reason.DRAW),
        record_of(3, games[3], "B", "A", result=VOID, reason=Reason.TIMEOUT, at_fault=Colour.BLACK, detail="no answer"),
    ]
    path = tmp_path_factory.mktemp("duel") / "report.html"
    write_report(path, report(records, games, sprt=Sprt(elo0=0, elo1=20)))
    return path.as_uri()


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Address:
    """A match of four engines with long names, in 240 games."""
    names = [f"An engine with a long name, number {number}" for number in range(4)]
    game = read_game(FOLDER / "19-seed001.sgf")
    pairs = [(one, other) for one in names for other in names if one != other]
    records = [record_of(index, game, *pairs[index % len(pairs)], opening=f"opening {index}") for index in range(240)]
    path = tmp_path_factory.mktemp("many") / "report.html"
    write_report(path, report(records, [game], *names))
    return path.as_uri()


def write_single(folder: Path, game: Game) -> Address:
    write_report(folder / "report.html", report([record_of(0, game)], [game]))
    return (folder / "report.html").as_uri()


def board(page: "Page") -> dict[str, str]:
    """The stones that the viewer shows: SGF's two letters to black or white."""
    return dict(
        page.evaluate(
            """[...document.querySelectorAll("#viewer [data-point]")].map((stone) =>
               [stone.dataset.point, stone.classList.contains("stone-black") ? "black" : "white"])"""
        )
    )


def captures(page: "Page") -> dict[Colour, int]:
    """How many stones black and white have captured, as the viewer says."""
    texts = page.locator("#viewer [data-show$=-captures]").all_text_contents()
    return dict(zip(Colour, map(int, texts), strict=True))


def shown(page: "Page", name: str) -> str:
    return page.locator(f'#viewer [data-show="{name}"]').inner_text()


def expected(game: Game, plies: int) -> tuple[dict[str, str], dict[Colour, int]]:
    """The stones and captures after a number of moves, by engine/game.py."""
    at = Game(game.size, game.rules)
    at.set_up(game.setup, to_play=game.first_to_play)
    for move in game.moves[:plies]:
        at.play(*move, may_repeat=True)
    size = game.size
    stones = {
        point_to_sgf(point, size): str(colour)
        for point in range(size * size)
        if (colour := at.board.colour_at(point)) is not None
    }
    return stones, at.board.captures


@pytest.mark.parametrize(
    "game",
    [*NINE[:2], read_game(FOLDER / "13-seed006-handicap2.sgf"), suicide_game()],
    ids=["seed 1", "seed 2", "handicap", "suicide"],
)
def test_every_position_is_that_of_the_game(game: Game, visit: Visit, tmp_path: Path) -> None:
    page = visit(write_single(tmp_path, game) + "#game-1-0")
    for plies in range(len(game.moves) + 1):
        assert (board(page), captures(page)) == expected(game, plies), f"after {plies} moves"
        page.keyboard.press("ArrowRight")


def test_keys_buttons_and_slider_step(duel: Address, visit: Visit) -> None:
    page = visit(duel)
    last = len(NINE[0].moves)
    page.get_by_role("link", name="1", exact=True).click()
    assert page.get_by_role("dialog", name="Game 1").is_visible()
    assert f"Move {last} of {last}" in shown(page, "move")

    def press(key: str) -> None:
        page.keyboard.press(key)

    def click(name: str) -> None:
        page.get_by_role("button", name=name).click()

    steps: list[tuple[Callable[[str], None], str, int]] = [
        (press, "Home", 0),
        (press, "ArrowRight", 1),
        (press, "PageDown", 11),
        (press, "ArrowLeft", 10),
        (press, "PageUp", 0),
        (press, "ArrowLeft", 0),
        (press, "End", last),
        (press, "ArrowRight", last),
        (click, "To the start", 0),
        (click, "10 moves forward", 10),
        (click, "One move forward", 11),
        (click, "One move back", 10),
        (click, "10 moves back", 0),
        (click, "To the end", last),
    ]
    for act, what, plies in steps:
        act(what)
        assert board(page) == expected(NINE[0], plies)[0], what
    page.get_by_role("slider", name="Move").fill("7")
    assert board(page) == expected(NINE[0], 7)[0]
    assert point_to_vertex(NINE[0].moves[6].point, 9) in shown(page, "move")
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_the_last_move_and_the_move_numbers_are_marked(duel: Address, visit: Visit) -> None:
    page = visit(f"{duel}#game-1-5")
    size, last = 9, NINE[0].moves[4].point
    mark = page.locator("#viewer circle.last")
    assert (mark.get_attribute("cx"), mark.get_attribute("cy")) == (str(last % size), str(last // size))
    page.get_by_label("Move numbers").check()
    assert page.locator("#viewer .move-number").all_text_contents() == ["1", "2", "3", "4", "5"]
    page.keyboard.press("m")
    assert page.locator("#viewer .move-number").count() == 0


def test_a_game_plays_by_itself_until_it_is_stopped(duel: Address, visit: Visit) -> None:
    page = visit(f"{duel}#game-1-0")
    page.keyboard.press("Space")
    page.get_by_text(re.compile(r"Move ([2-9]|\d\d+) of")).wait_for()
    page.get_by_role("button", name="Play").click()
    before = shown(page, "move")
    page.wait_for_timeout(700)
    assert shown(page, "move") == before


def test_the_address_names_game_and_move(duel: Address, visit: Visit) -> None:
    page = visit(f"{duel}#game-2-{OPENING}")
    assert board(page) == expected(NINE[1], OPENING)[0]
    assert "opening" in shown(page, "move")
    page.keyboard.press("ArrowRight")
    assert "opening" not in shown(page, "move")
    page.wait_for_url(f"**/report.html#game-2-{OPENING + 1}")
    page.keyboard.press("n")
    assert page.get_by_role("dialog", name="Game 3").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_url("**/report.html")


def test_the_viewer_says_who_won_and_what_went_wrong(duel: Address, visit: Visit) -> None:
    page = visit(f"{duel}#game-2")
    outcome = page.locator("#viewer .outcome")
    assert outcome.inner_text() == "A wins, W+3.5 (score)"
    assert "Low Chinese" in shown(page, "detail")
    page.keyboard.press("n")
    assert outcome.inner_text() == "Draw"
    page.keyboard.press("n")
    assert outcome.inner_text() == "No result: timeout"
    assert "no answer" in shown(page, "detail")
    assert page.get_by_role("button", name="Next game").is_disabled()


def rows(page: "Page") -> list[str]:
    """The numbers of the games in the table, in order, without hidden ones."""
    return page.locator(".games tbody tr:visible td.number").all_inner_texts()


def test_the_table_sorts(duel: Address, visit: Visit) -> None:
    page = visit(duel)
    lengths = {str(number): len(game.moves) for number, game in enumerate(NINE, 1)}
    lengths["2"] -= OPENING
    lengths["4"] = len(read_game(FOLDER / "09-seed008-handicap2.sgf").moves)
    button = page.get_by_role("button", name="Moves")
    button.click()
    assert rows(page) == sorted(lengths, key=lambda number: lengths[number])
    assert page.locator("th.plies").get_attribute("aria-sort") == "ascending"
    button.click()
    assert rows(page) == sorted(lengths, key=lambda number: -lengths[number])
    page.get_by_role("button", name="Result").click()
    assert rows(page) == ["2", "3", "4", "1"]
    page.locator(".games tbody tr").first.click()
    assert page.get_by_role("dialog", name="Game 2").is_visible()
    page.keyboard.press("n")
    assert page.get_by_role("dialog", name="Game 3").is_visible()


@pytest.mark.parametrize(
    ("label", "choice", "left"),
    [
        ("Winner", "A", ["1", "2"]),
        ("Winner", "nobody", ["3", "4"]),
        ("Black", "B", ["2", "4"]),
        ("Ended by", "timeout", ["4"]),
        ("Search", "low chin", ["2"]),
    ],
)
def test_the_table_filters(label: str, choice: str, left: list[str], duel: Address, visit: Visit) -> None:
    page = visit(duel)
    field = page.get_by_role("search").get_by_label(label)
    field.fill(choice) if label == "Search" else field.select_option(label=choice)
    assert rows(page) == left
    assert page.locator(".filters output").inner_text() == f"{len(left)} of 4 games"


def test_pictures_are_drawn_when_they_come_into_sight(many: Address, visit: Visit) -> None:
    page = visit(many)
    pictures = page.locator(".games .goban")
    page.wait_for_selector(".showpiece .goban")
    assert pictures.count() < 60
    page.locator(".games tbody tr").last.scroll_into_view_if_needed()
    page.wait_for_selector(".games tbody tr:last-child .goban")
    assert pictures.count() < 200


def test_the_curve_is_read_off_and_opens_games(duel: Address, visit: Visit) -> None:
    """The games with a result are 1 (won), 2 (won) and 3 (drawn)."""
    page = visit(duel)
    plot, caption = page.locator(".curve .plot"), page.locator(".curve figcaption")
    box = plot.bounding_box()
    assert box is not None
    for games, score in ((2, "100 %"), (3, "83.3 %")):
        plot.hover(position={"x": box["width"] * games / 3 - 2, "y": 20})
        assert f"after {games} games: {score}" in caption.inner_text()
    plot.click(position={"x": box["width"] - 2, "y": 20})
    assert page.get_by_role("dialog", name="Game 3").is_visible()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["duel", "many"])
def test_a_phone_shows_the_whole_width(name: str, dark: bool, request: pytest.FixtureRequest, visit: Visit) -> None:
    address: Address = request.getfixturevalue(name)
    page = visit(address, width=375, height=740, dark=dark, touch=True)
    assert page_width(page) <= 375
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert page_width(page) <= 375
    page.locator(".games tbody tr").first.click()
    width: int = page.locator("#viewer").evaluate("(dialog) => dialog.scrollWidth")
    assert width <= 375
    box = page.locator("#viewer .goban").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375
    page.locator("#viewer .board-area").tap(position={"x": 20, "y": 100})
    assert "Move" in shown(page, "move")


CONTRASTS = """
(() => {
  const known = new Map();
  const channels = (colour) => known.get(colour) ?? known.set(colour, painted(colour)).get(colour);
  const painted = (colour) => {
    const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const { backgroundColor } = getComputedStyle(place);
      if (channels(backgroundColor)[3] === 255) return backgroundColor;
    }
    return "white";
  };
  return [...document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .filter((element) => element.checkVisibility() && !element.closest("svg, script, [aria-disabled=true], :disabled"))
    .map((element) => {
      const pair = [getComputedStyle(element).color, behind(element)].map(luminance);
      const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
      return [contrast, element.className + ": " + element.textContent.trim().slice(0, 40)];
    });
})()
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["duel", "many"])
def test_text_has_the_contrast_of_wcag_aa(name: str, dark: bool, request: pytest.FixtureRequest, visit: Visit) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 between text and background, in the page and in the viewer."""
    address: Address = request.getfixturevalue(name)
    page = visit(address, dark=dark)
    found: list[Any] = page.evaluate(CONTRASTS)
    page.locator(".games tbody tr").first.click()
    found += page.evaluate(CONTRASTS)
    assert len(found) > 50
    assert not [(round(contrast, 2), text) for contrast, text in found if contrast < 4.5]
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 200) is dark


def test_everything_that_one_can_use_has_a_name(duel: Address, visit: Visit) -> None:
    page = visit(f"{duel}#game-1")
    nameless = page.evaluate(
        """[...document.querySelectorAll("button, input, select, [role=img], dialog")].filter((one) =>
           !(one.ariaLabel || one.labels?.length || one.textContent.trim() || one.getAttribute("aria-labelledby"))
        ).map((one) => one.outerHTML)"""
    )
    assert nameless == []
