"""The page of `shicho look` in Chromium: it shows what the engine computes, to the mouse, the keyboard and a finger."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shicho.engine.coords import point_to_vertex
from shicho.engine.features import plane_on_board
from shicho.engine.game import Game
from shicho.engine.ladder import read
from shicho.engine.palette import hex_colour, signed_colours
from shicho.engine.policy import Policy
from shicho.engine.sgf import read_game
from shicho.engine.taps import Taps
from shicho.tools.look.api import Api
from shicho.tools.look.record import Line, Record
from shicho.tools.look.server import LookServer
from tests.support.browser import Visit, page_width
from tests.support.networks import write_network

if TYPE_CHECKING:
    from playwright.sync_api import Page, expect
else:
    expect = pytest.importorskip("playwright.sync_api").expect

GAMES = Path(__file__).parents[1] / "data" / "games"
GAME = GAMES / "09-seed001.sgf"
PLIES = read_game(GAME).ply


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("network") / "net.onnx", win=True, taps=True), threads=1)


@contextmanager
def served(policy: Policy, record: Record) -> Iterator[str]:
    with LookServer(Api(policy, record)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.url
        server.shutdown()


@pytest.fixture(scope="module")
def url(policy: Policy) -> Iterator[str]:
    with served(policy, Record(GAME)) as url:
        yield url


def wait_for(page: "Page", ply: int, view: str = "policy") -> None:
    """Wait until a position is on the board and everything beside it is shown."""
    page.wait_for_selector(f'body[aria-busy="false"] #board[data-ply="{ply}"][data-view="{view}"]')


def click(page: "Page", point: int, size: int = 9) -> None:
    """Click on a point of the board."""
    box = page.locator("#board .wood").bounding_box()
    assert box is not None
    row, column = divmod(point, size)
    unit, margin = box["width"] / (size - 1 + 2.3), 1.15
    page.mouse.click(box["x"] + unit * (margin + column), box["y"] + unit * (margin + row))


def stones(page: "Page") -> set[tuple[int, int, str]]:
    """Row, column and colour of every stone on the board."""
    drawn = page.locator("#board .stones circle").evaluate_all(
        "all => all.map(each => [Number(each.getAttribute('cy')), Number(each.getAttribute('cx')), each.classList[0]])"
    )
    return {(row, column, colour) for row, column, colour in drawn}


def expected_stones(game: Game) -> set[tuple[int, int, str]]:
    names = {1: "black", 2: "white"}
    return {(int(r), int(c), names[int(game.board.stones[r, c])]) for r, c in np.argwhere(game.board.stones)}


def labels(page: "Page") -> dict[int, str]:
    texts = page.locator("#board .labels text").evaluate_all("all => all.map(t => [t.dataset.point, t.textContent])")
    return {int(point): text for point, text in texts}


def cells(page: "Page") -> dict[int, str]:
    drawn = page.locator("#board .cells rect").evaluate_all(
        "all => all.map(cell => [cell.dataset.point, cell.getAttribute('fill')])"
    )
    return {int(point): colour for point, colour in drawn}


def corners(page: "Page", tile: str) -> list[list[int]]:
    """The colour of the corner of each point on a small board, where no stone covers it."""
    read = "tile => [...tile.querySelector('canvas').getContext('2d').getImageData(0, 0, 72, 72).data]"
    pixels = np.array(page.locator(tile).evaluate(read)).reshape(72, 72, 4)
    colours: list[list[int]] = pixels[::8, ::8, :3].reshape(81, 3).tolist()
    return colours


def expected_labels(game: Game, policy: Policy) -> dict[int, str]:
    probabilities, legal = policy.evaluate(game).probabilities, game.legal_mask(game.to_play)
    return {
        point: f"{100 * probabilities[point]:.0f}"
        for point in np.flatnonzero(legal[:-1]).tolist()
        if probabilities[point] >= 0.01
    }


def test_stepping_shows_each_position_and_its_policy(visit: Visit, url: str, policy: Policy) -> None:
    page = visit(url)
    wait_for(page, 0)
    steps = [("#forward", 1), ("#forward", 2), ("#last", PLIES), ("#back", PLIES - 1), ("#first", 0)]
    keys = [("ArrowRight", 1), ("ArrowDown", 11), ("ArrowLeft", 10), ("ArrowUp", 0), ("End", PLIES), ("Home", 0)]
    for act, target, ply in [*((page.click, *step) for step in steps), *((page.keyboard.press, *key) for key in keys)]:
        act(target)
        wait_for(page, ply)
        game = read_game(GAME, plies=ply)
        assert stones(page) == expected_stones(game)
        assert labels(page) == expected_labels(game, policy)
        assert page.locator("#turn").inner_text() == f"Move {ply} of {PLIES}"
    page.locator("#board").hover()
    page.mouse.wheel(0, 100)
    wait_for(page, 1)
    page.fill("#ply", "20")
    wait_for(page, 20)
    best = page.locator("#largest li").first.inner_text().split()
    probabilities = policy.evaluate(read_game(GAME, plies=20)).probabilities
    assert best[1] == f"{probabilities[game_best(20, policy)]:.1%}"
    assert best[0] == point_to_vertex(game_best(20, policy), 9)


def game_best(ply: int, policy: Policy) -> int:
    game = read_game(GAME, plies=ply)
    return int(np.argmax(policy.evaluate(game).probabilities * game.legal_mask(game.to_play)))


def test_a_click_plays_a_variation(visit: Visit, url: str, policy: Policy) -> None:
    page = visit(f"{url}#move=12")
    wait_for(page, 12)
    played = read_game(GAME, plies=13).moves[-1].point
    game = read_game(GAME, plies=12)
    other = next(p for p in np.flatnonzero(game.legal_mask(game.to_play)[:-1]).tolist() if p != played)
    click(page, other)
    wait_for(page, 13)
    vertex = point_to_vertex(other, 9)
    wanted = Line(Record(GAME), 12, (vertex,)).position()
    assert stones(page) == expected_stones(wanted)
    assert labels(page) == expected_labels(wanted, policy)
    expect(page).to_have_url(re.compile(f"play={vertex}&"))
    page.keyboard.press("p")
    wait_for(page, 14)
    assert "pass" in page.locator("#moved").inner_text()
    expect(page).to_have_url(re.compile(f"play={vertex},pass&"))
    page.reload()
    wait_for(page, 14)
    page.keyboard.press("ArrowLeft")
    wait_for(page, 13)
    page.click("#return")
    wait_for(page, 12)
    assert page.locator("#turn").inner_text() == f"Move 12 of {PLIES}"
    click(page, played)  # the record's own move is no variation
    wait_for(page, 13)
    expect(page).to_have_url(re.compile("#move=13&view=policy$"))
    assert page.locator("#return").is_hidden()


def test_a_point_can_be_entered_and_an_illegal_move_is_refused(visit: Visit, policy: Policy) -> None:
    with served(policy, Record(size=9)) as url:
        page = visit(url)
        wait_for(page, 0)
        for ply, vertex in enumerate(("B9", "A1", "A8"), 1):
            page.keyboard.press("v")
            page.keyboard.type(vertex.lower())
            page.keyboard.press("Enter")
            wait_for(page, ply)
        before = stones(page)
        click(page, 0)
        expect(page.locator("#note")).to_contain_text("suicide")
        page.keyboard.press("v")
        page.keyboard.type("K9")
        page.keyboard.press("Enter")
        expect(page.locator("#note")).to_contain_text("K9")
        page.keyboard.press("Escape")
        page.keyboard.press("m")
        click(page, 40)
        expect(page.locator("#point h2")).to_have_text("E5")
        assert stones(page) == before
        expect(page).to_have_url(re.compile("play=B9,A1,A8&.*point=E5"))


def test_a_click_selects_a_stone_and_its_numbers(visit: Visit, url: str) -> None:
    page = visit(f"{url}#move=20")
    wait_for(page, 20)
    game = read_game(GAME, plies=20)
    stone = int(np.flatnonzero(game.board.stones)[0])
    click(page, stone)
    page.wait_for_selector("#point:not([hidden])")
    text = page.locator("#point").inner_text()
    chain = game.board.chain(stone)
    assert text.startswith(point_to_vertex(stone, 9))
    assert f"chain of {len(chain.stones)} " in text
    assert f"with {len(chain.liberties)} libert" in text
    page.keyboard.press("Escape")
    page.wait_for_selector("#point", state="hidden")


def test_planes(visit: Visit, url: str) -> None:
    page = visit(f"{url}#move=20&view=plane&plane=opponent_stone")
    wait_for(page, 20, "plane")
    game = read_game(GAME, plies=20)
    own = set(np.flatnonzero(plane_on_board("own_stone", game)).tolist())
    assert set(cells(page)) == set(np.flatnonzero(plane_on_board("opponent_stone", game)).tolist())
    assert page.locator("#sheet .tile").count() == 26
    sheet = corners(page, "#sheet .tile >> nth=1")
    assert {point for point, colour in enumerate(sheet) if colour == [0xD6, 0x27, 0x28]} == own
    page.click("#sheet .tile >> nth=1")
    expect(page.locator("#caption")).to_contain_text("own_stone")
    assert set(cells(page)) == own
    expect(page).to_have_url(re.compile("plane=own_stone"))


def test_channels(visit: Visit, url: str, policy: Policy) -> None:
    """The sheet, a click on a channel, the film, the ten largest values, and a layer of single numbers."""
    page = visit(f"{url}#move=20&view=channel&layer=stem&channel=0")
    wait_for(page, 20, "channel")
    values = Taps(policy).channels(read_game(GAME, plies=20), "stem")
    colours = [signed_colours(board.ravel(), float(np.abs(board).max())) for board in values]
    assert cells(page) == {point: hex_colour(colour) for point, colour in enumerate(colours[0])}
    assert np.abs(corners(page, "#sheet .tile >> nth=2") - colours[2].astype(int)).max() <= 1
    page.click("#sheet .tile >> nth=2")
    expect(page.locator("#caption")).to_contain_text("channel 2")
    page.wait_for_selector('body[aria-busy="false"]')
    assert cells(page) == {point: hex_colour(colour) for point, colour in enumerate(colours[2])}
    largest = [item.split() for item in page.locator("#largest li").all_inner_texts()]
    assert [abs(float(number)) for _, number in largest] == pytest.approx(
        sorted(abs(values[2].ravel()))[:-11:-1], rel=0.01
    )
    film = page.locator("#film .tile")
    assert 6 <= film.count() <= 12
    ply = int(re.findall(r"\d+", film.nth(1).inner_text())[0])
    film.nth(1).click()
    wait_for(page, ply, "channel")
    page.select_option("#layer", "stem.mean")
    expect(page.locator("#caption")).to_contain_text("stem.mean")
    page.wait_for_selector('body[aria-busy="false"]')
    number = Taps(policy).channels(read_game(GAME, plies=ply), "stem.mean")[0]
    assert f"{number:.3g}" in page.locator("#caption").inner_text()
    assert page.locator("#sheet.numbers .tile").count() == 4
    page.keyboard.press("]")
    expect(page.locator("#caption")).to_contain_text("channel 1")
    assert page.input_value("#channel") == "1"


def test_a_ladder_is_shown_with_its_moves(visit: Visit, policy: Policy) -> None:
    file = GAMES / "19-seed002.sgf"
    with served(policy, Record(file)) as url:
        page = visit(f"{url}#move=20&view=ladders")
        wait_for(page, 20, "ladders")
        game = read_game(file, plies=20)
        point, reading = game.board.point("P16"), read(game.board, "P16")
        assert point in cells(page)
        click(page, point, 19)
        expect(page.locator("#caption")).to_contain_text("P16")
        assert labels(page) == {move.point: str(number) for number, move in enumerate(reading.moves, 1)}
        assert "captured in 45 moves" in page.locator("#caption").inner_text()


def test_the_win_rate_curve(visit: Visit, url: str, policy: Policy) -> None:
    page = visit(f"{url}#move=8")
    wait_for(page, 8)
    line = page.locator("#curve .line")
    expect(line).to_have_attribute("d", re.compile(f"^M0 [^L]*(L[^L]*){{{PLIES}}}$"))
    game = read_game(GAME, plies=8)
    black = policy.evaluate(game).to_play_win_probability
    assert black is not None
    assert page.locator("#win-text").inner_text() == f"Black wins {100 * black:.1f}%, White {100 - 100 * black:.1f}%"
    path = line.get_attribute("d")
    assert path is not None
    heights = [float(place.split()[1]) for place in re.split("[ML]", path)[1:]]
    assert heights[8] == pytest.approx(1 - black, abs=1e-5)
    box = page.locator("#curve").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 10)
    expect(page.locator("#board")).not_to_have_attribute("data-ply", "8")
    assert abs(int(page.locator("#board").get_attribute("data-ply") or 0) - PLIES / 2) <= 1


def test_what_the_network_lacks_is_said(visit: Visit, tmp_path: Path) -> None:
    plain = Policy(write_network(tmp_path / "net.onnx"), threads=1)
    with served(plain, Record(size=9)) as url:
        page = visit(url)
        wait_for(page, 0)
        assert "no win head" in page.locator("#win-text").inner_text()
        assert page.locator("#curve").is_hidden()
        page.keyboard.press("3")
        wait_for(page, 0, "channel")
        assert "shicho export" in page.locator("#no-taps").inner_text()
        assert page.locator("#sheet").is_hidden()


def test_the_views_have_keys_and_buttons(visit: Visit, url: str) -> None:
    page = visit(f"{url}#move=20")
    wait_for(page, 20)
    buttons = page.locator("#views button")
    for number in range(buttons.count()):
        view = buttons.nth(number).get_attribute("data-view")
        assert view
        page.keyboard.press(str(number + 1))
        wait_for(page, 20, view)
        assert buttons.nth(number).get_attribute("aria-pressed") == "true"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_everything_without_scrolling_sideways(visit: Visit, url: str, dark: bool) -> None:
    page = visit(url, width=375, height=740, dark=dark, touch=True)
    wait_for(page, 0)
    for view in ("policy", "plane", "channel", "ladders", "status"):
        page.tap(f"#views button[data-view={view}]")
        wait_for(page, 0, view)
        assert page_width(page) == 375
    page.tap("#forward")
    wait_for(page, 1, "status")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", background))) < 60) == dark


def test_an_answer_that_cannot_be_read_is_said(visit: Visit, url: str) -> None:
    page = visit(url)
    wait_for(page, 0)
    page.evaluate("window.fetch = async () => new Response('no JSON')")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#note")).not_to_be_empty()
