"""What GoGui draws: every entry of its menu is read strictly, and the values are those of the engine."""

import random
from pathlib import Path

import numpy as np
import pytest

from shicho.engine import Game
from shicho.engine.coords import point_to_vertex
from shicho.engine.features import PLANES, plane_on_board
from shicho.engine.palette import hex_colour, probability_colours, signed_colours
from shicho.engine.player import Player
from shicho.engine.policy import Policy
from shicho.engine.settings import PlaySettings
from shicho.engine.sgf import read_game
from shicho.engine.status import final_status
from shicho.engine.taps import Taps
from shicho.gtp.protocol import Response
from shicho.gtp.server import answer
from shicho.gtp.session import Session
from tests.support.gogui import read_answer, read_board
from tests.support.networks import write_network
from tests.support.streaming_engine import new_session

GAMES = Path(__file__).parents[1] / "data" / "games"
Drawn = list[tuple[str, list[str]]]


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("network") / "net.onnx", win=True, taps=True), threads=1)


@pytest.fixture
def session(policy: Policy) -> Session:
    """In the middle of a game on 9x9."""
    return started(policy, read_game(GAMES / "09-seed001.sgf", plies=37))


def started(policy: Policy, game: Game) -> Session:
    return Session(Player(policy, np.random.default_rng(0), PlaySettings()), game=game)


def play_random_moves(game: Game, plies: int, rng: random.Random) -> None:
    """Play until the game has `plies` moves or is over."""
    while game.ply < plies and not game.is_over:
        game.play(game.to_play, rng.choice(np.flatnonzero(game.legal_mask(game.to_play)).tolist()))


def ask(session: Session, line: str) -> str:
    answered = answer(session, line)
    assert isinstance(answered, Response)
    assert answered.ok, answered.text
    return answered.text


def gfx(session: Session, line: str) -> Drawn:
    return read_answer("gfx", ask(session, line), session.game.size)


def colours(drawn: Drawn) -> dict[str, str]:
    """The colour of each coloured vertex; fails if one is coloured twice."""
    pairs = [(vertex, words[0]) for name, words in drawn if name == "COLOR" for vertex in words[1:]]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def text(drawn: Drawn) -> str:
    (words,) = [words for name, words in drawn if name == "TEXT"]
    return " ".join(words)


@pytest.mark.parametrize("size", [2, 3, 5, 9, 13, 19])
def test_every_entry_of_the_menu_is_drawn(size: int, policy: Policy) -> None:
    """At three moments of a random game on this size of board."""
    rng = random.Random(size)
    session = started(policy, Game(size))
    labels = []
    for plies in (0, size, size * size // 2):
        play_random_moves(session.game, plies, rng)
        stones = np.flatnonzero(session.game.board.stones)
        point = point_to_vertex(int(stones[0]), size) if len(stones) else None
        labels = []
        for line in ask(session, "gogui-analyze_commands").splitlines():
            kind, label, command = line.split("/")
            labels.append(label)
            if "%f" in command or ("%p" in command and point is None):
                continue
            command = command.replace("%m", session.game.to_play.letter).replace("%p", str(point)).replace("%s", "3")
            read_answer(kind, ask(session, command), size)
    assert len(labels) == len(set(labels)) > len(PLANES) + 10


def test_policy(session: Session, policy: Policy) -> None:
    game = session.game
    probabilities = policy.evaluate(game).probabilities
    drawn = gfx(session, "shicho-policy")
    legal = np.flatnonzero(game.legal_mask(game.to_play)[:-1])
    assert colours(drawn) == {
        point_to_vertex(point, 9): hex_colour(probability_colours(probabilities[point]))
        for point in legal.tolist()
        if probabilities[point] >= 0.001
    }
    (labels,) = [words for name, words in drawn if name == "LABEL"]
    assert dict(zip(labels[::2], labels[1::2], strict=True)) == {
        point_to_vertex(point, 9): f"{100 * probabilities[point]:.0f}"
        for point in legal.tolist()
        if probabilities[point] >= 0.01
    }
    assert [entry.split()[0] for entry in text(drawn).split(", ")] == [
        line.split()[0] for line in ask(session, "policy").splitlines()
    ]
    assert gfx(session, "shicho-policy w") != gfx(session, "shicho-policy b")


def test_win(session: Session, policy: Policy) -> None:
    probability = policy.evaluate(session.game).to_play_win_probability
    assert probability is not None
    assert ask(session, "shicho-win") == f"white {probability:.1%}, black {1 - probability:.1%}"


@pytest.mark.parametrize("name", ["own_stone", "opponent_liberties_2", "last_move", "own_pass_alive", "on_board"])
def test_a_plane(name: str, session: Session) -> None:
    drawn = gfx(session, f"shicho-plane {name}")
    points = np.flatnonzero(plane_on_board(name, session.game)).tolist()
    assert list(colours(drawn)) == [point_to_vertex(point, 9) for point in points]
    assert f"{len(points)} point" in text(drawn)


def test_a_channel(session: Session, policy: Policy) -> None:
    """All points have their colours, by the scale that is given or the largest value; the text has the largest ones."""
    values = Taps(policy).channels(session.game, "stem")[2].ravel()
    largest = float(np.abs(values).max())
    for line, scale in (("shicho-channel stem 2", largest), ("shicho-channel stem 2 7.5", 7.5)):
        drawn = gfx(session, line)
        assert colours(drawn) == {
            point_to_vertex(point, 9): hex_colour(colour) for point, colour in enumerate(signed_colours(values, scale))
        }
        assert len(colours(drawn)) == 81
        head, _, named = text(drawn).partition(": ")
        assert head == f"stem, channel 2, scale {scale:.3g}"
        entries = [entry.split() for entry in named.split(", ")]
        assert [abs(float(value)) for _, value in entries] == pytest.approx(sorted(abs(values))[:-11:-1], rel=0.01)
        assert all(
            float(value) == pytest.approx(values[session.game.board.point(vertex)], rel=0.01)
            for vertex, value in entries
        )


def test_a_channel_without_points_is_a_number(session: Session, policy: Policy) -> None:
    drawn = gfx(session, "shicho-channel stem.mean 3")
    assert not colours(drawn)
    value = Taps(policy).channels(session.game, "stem.mean")[3]
    assert float(text(drawn).split()[-1]) == pytest.approx(value, rel=0.01)


def test_layers(session: Session) -> None:
    assert ask(session, "shicho-layers") == "stem 4 boards\nstem.mean 4 numbers"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("shicho-channel trunk 0", "stem, stem.mean"),
        ("shicho-channel stem 4", "0 to 3"),
        ("shicho-channel stem -1", "syntax error"),
        ("shicho-channel stem 0 -2", "syntax error"),
        ("shicho-channel stem x", "syntax error"),
        ("shicho-plane x", "own_stone"),
    ],
)
def test_wrong_arguments(line: str, message: str, session: Session) -> None:
    answered = answer(session, line)
    assert isinstance(answered, Response)
    assert not answered.ok
    assert message in answered.text


def test_boards(session: Session) -> None:
    board = session.game.board
    counts = np.array(read_board("sboard", ask(session, "shicho-liberties"), 9))
    assert (np.where(counts == '""', "0", counts).astype(int) == board.liberties()).all()
    owner = np.array(read_board("dboard", ask(session, "shicho-owner"), 9), dtype=float)
    assert np.abs(owner - final_status(board).owner).max() <= 0.005 + 1e-6


def test_pass_alive_and_status() -> None:
    session = new_session()
    for line in ("boardsize 5", "gogui-setup b A2 b B2 b B1 b C1 b C2 b D2 b D1 b E2 w D4"):
        ask(session, line)
    safe = read_board("cboard", ask(session, "shicho-pass_alive"), 5)
    assert safe == [['""'] * 5] * 3 + [["#000000"] * 5] * 2
    stones = read_board("cboard", ask(session, "shicho-status"), 5)
    assert {stones[3][0], stones[4][1]} == {"#2CA02C"}
    assert stones[1][3] != '""'
    assert stones[0][0] == '""'


def test_the_menu_offers_what_the_network_has(session: Session) -> None:
    ours, fake = (ask(other, "gogui-analyze_commands").splitlines() for other in (session, new_session()))
    assert set(ours) - set(fake) == {
        "string/Win probability/shicho-win",
        "string/Layers/shicho-layers",
        "gfx/Channel of stem/shicho-channel stem %s",
        "gfx/Channel of stem.mean/shicho-channel stem.mean %s",
    }


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        ("gfx", "COLOR #12345G A1", "colour"),
        ("gfx", "COLOR #123456 A1 C1", "C1"),
        ("gfx", "COLOR #123456 A1 A1", "twice"),
        ("gfx", "LABEL A1", "texts"),
        ("gfx", "SQUARE", "missing"),
        ("gfx", "VAR b A1 B2", "moves"),
        ("gfx", "COLOUR #123456 A1", "unknown"),
        ("cboard", "#123456 red\n#123456 #123456", "red"),
        ("dboard", "0 1\n0 1.1", r"1\.1"),
        ("sboard", '"" ""\n""', "2 rows"),
        ("plist", "A1 B3", "B3"),
    ],
)
def test_the_reader_is_strict(kind: str, wrong: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_answer(kind, wrong, 2)
