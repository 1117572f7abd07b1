"""The server inside the test process: scripted sessions, invalid input, and exceptions in handlers."""

import io
import random
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shicho.engine import Colour, Game, Rules
from shicho.engine.errors import IllegalReason
from shicho.engine.player import Player
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.settings import PlaySettings, Style
from shicho.gtp.commands import REGISTRY
from shicho.gtp.protocol import Response, format_response
from shicho.gtp.server import answer, serve
from shicho.gtp.session import Session
from tests.support.games import Judges, Prefers

SESSIONS = sorted((Path(__file__).parent / "sessions").glob("*.gtp"))
JUDGING = Judges(lambda game: 0.75 if game.board.stones[1, 1] == 1 else 0.6, B2=0.5, A1=0.2)
"""The network of the sessions named *_win: a black stone in the middle of the 3x3 board is worth 0.15."""


def new_session(network: Prefers | None = None) -> Session:
    """A session whose network gives every point the same probability, and the pass a lower one."""
    even = network or Prefers(**{"pass": 0.001})
    return Session(Player(even, np.random.default_rng(0), PlaySettings(style=Style.ARGMAX)), "1.2.3 (test)")


def reply(session: Session, line: str) -> str:
    """The text of the response to a command that is not streamed."""
    answered = answer(session, line)
    assert isinstance(answered, Response)
    return format_response(answered)


def run(text: bytes, session: Session | None = None) -> str:
    sink = io.BytesIO()
    serve(session or new_session(), io.BytesIO(text), sink)
    return sink.getvalue().decode("utf-8", "surrogateescape")


def read_script(path: Path) -> tuple[str, list[str]]:
    """Return the text to send (lines that start with `> `) and the lines that the server should answer."""
    sent, received = [], []
    for line in path.read_text(encoding="utf-8").splitlines():
        (sent if line.startswith(">") else received).append(line)
    return "".join(f"{line[2:]}\n" for line in sent), received


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_scripted_session(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    sent, expected = read_script(path)
    session = new_session(JUDGING if path.stem.endswith("_win") else None)
    assert [line.rstrip() for line in run(sent.encode(), session).splitlines()] == expected


def test_there_are_sessions() -> None:
    assert len(SESSIONS) >= 6
    covered = {line.split()[0] for path in SESSIONS for line in read_script(path)[0].splitlines() if line.split()}
    assert {command.name for command in REGISTRY} <= covered, "every command is in some session"


REQUIRED = "protocol_version name version known_command list_commands quit boardsize clear_board komi play genmove"


def test_the_list_of_commands() -> None:
    names = {command.name for command in REGISTRY}
    assert set(REQUIRED.split()) <= names
    assert reply(new_session(), "list_commands").removeprefix("= ").split() == sorted(names)
    for name in names:
        assert reply(new_session(), f"known_command {name}") == "= true\n\n"


def test_every_command_checks_its_number_of_arguments() -> None:
    takes_any = {"set_free_handicap", "loadsgf", "printsgf", "kgs-chat", "cgos-opponent_name", "cgos-opponent_rating"}
    other_message = {"kgs-time_settings", "kata-time_settings", "kata-set-rules", "cgos-gameover"}
    for name in {command.name for command in REGISTRY} - takes_any - other_message:
        assert reply(new_session(), f"{name} a b c d e") == "? syntax error\n\n", name


def test_comments_ids_and_control_characters() -> None:
    text = b"\r\n\t\n# comment\n1\tname\r\n2 na\x00me # x\n\xff\xfe\n3 known_command \xe5\x9b\xb2\nprotocol_version"
    expected = "=1 Shicho\n\n=2 Shicho\n\n? unknown command\n\n=3 false\n\n= 2\n\n"
    assert run(text) == expected


def test_nothing_is_answered_after_quit() -> None:
    assert run(b"name\nquit\nname\n") == "= Shicho\n\n= \n\n"
    assert run(b"7 quit") == "=7 \n\n"
    assert run(b"quit now\nname\n") == "? syntax error\n\n= Shicho\n\n"


class Broken(Evaluator):
    """A network that raises."""

    def evaluate_all(self, positions: Sequence[Position], symmetries: int = 1) -> list[Evaluation]:
        """Raise an error with a message of two lines."""
        raise RuntimeError("out of\nmemory")


def test_an_exception_in_a_handler_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    session = Session(Player(Broken(), np.random.default_rng(0)))
    assert reply(session, "3 genmove b") == "?3 internal error: RuntimeError: out of memory\n\n"
    assert "internal error at: 3 genmove b" in caplog.text
    assert "Traceback" in caplog.text
    assert session.game.ply == 0
    assert reply(session, "play b D4") == "= \n\n"


def test_the_reason_of_an_illegal_move_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    session = new_session()
    reply(session, "play b D4")
    assert reply(session, "play w D4") == "? illegal move\n\n"
    assert "play w D4" in caplog.text
    assert "occupied" in caplog.text


def test_reg_genmove_neither_plays_nor_uses_the_rng() -> None:
    session = Session(Player(Prefers(C3=0.4, G7=0.3), np.random.default_rng(0)))
    state = session.player.rng.bit_generator.state
    for _ in range(5):
        assert reply(session, "reg_genmove b") == "= C3\n\n"
    assert session.player.rng.bit_generator.state == state
    assert session.game.ply == 0


@pytest.mark.parametrize("size", [2, 3, 5, 7, 9, 12, 19])
def test_free_handicap_of_any_number(size: int) -> None:
    for stones in {2, 3, min(9, size * size - 1), min(14, size * size - 1), size * size - 1} - {1}:
        session = new_session()
        reply(session, f"boardsize {size}")
        placed = reply(session, f"place_free_handicap {stones}").removeprefix("= ").split()
        assert len(set(placed)) == len(placed) == stones
        assert int((session.game.board.stones == 1).sum()) == stones
        assert session.game.to_play is Colour.WHITE
        again = new_session()
        reply(again, f"boardsize {size}")
        assert reply(again, f"set_free_handicap {' '.join(placed)}") == "= \n\n"
        assert np.array_equal(again.game.board.stones, session.game.board.stones)


def test_random_play_over_gtp_matches_a_game() -> None:
    """Play, undo and genmove, compared with a `Game` that plays the same moves."""
    rng = random.Random(4)
    session, mirror = new_session(), Game(5)
    reply(session, "boardsize 5")
    for _ in range(400):
        side = rng.choice("bw")
        what = rng.random()
        if what < 0.2:
            expected = "? cannot undo" if not mirror.moves else "= "
            assert reply(session, "undo") == f"{expected}\n\n"
            if mirror.moves:
                mirror.undo()
            continue
        if mirror.is_over:
            mirror.resume()
        if what < 0.4:
            vertex = reply(session, f"genmove {side}").split()[1]
            mirror.play(side, vertex)
        else:
            vertex = rng.choice("ABCDE") + rng.choice("12345") if rng.random() < 0.95 else "pass"
            reason = mirror.why_illegal(Colour.parse(side), mirror.board.point(vertex))
            accepted = reason in (None, IllegalReason.SUPERKO)
            assert reply(session, f"play {side} {vertex}") == ("= \n\n" if accepted else "? illegal move\n\n")
            if accepted:
                mirror.play(side, vertex, may_repeat=True)
        assert np.array_equal(session.game.board.stones, mirror.board.stones)
        assert session.game.to_play is mirror.to_play


RESPONSE = re.compile(r"[=?][0-9]* [^\x00-\x09\x0b-\x1f\x7f]*\n\n")
ARGUMENTS = ["b", "w", "D4", "pass", "T19", "Z99", "7", "-1", "1e9", "nan", "19", "9", "0", "#", "\t", "", "9" * 11]


def check_answers(output: str) -> None:
    blocks = output.split("\n\n")
    assert blocks.pop() == ""
    for block in blocks:
        assert RESPONSE.fullmatch(f"{block}\n\n"), block
        assert "internal error" not in block


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes_get_valid_responses(data: bytes) -> None:
    check_answers(run(data))


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.sampled_from([*(command.name for command in REGISTRY), *ARGUMENTS]), max_size=6), max_size=12)
)
def test_random_commands_get_valid_responses(lines: list[list[str]]) -> None:
    text = "\n".join(" ".join(line) for line in lines if not {"loadsgf", "printsgf"} & set(line))
    check_answers(run(b"boardsize 5\n" + text.encode()))


def test_a_recurring_position_is_accepted_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    session = new_session(Prefers(B5=0.9))
    reply(session, "boardsize 5")
    for move in ("b A4", "b B4", "w B5", "w D5", "w C4", "w A5", "b C5", "w B5"):
        assert reply(session, f"play {move}") == "= \n\n"
    assert caplog.text.count("white B5") == 1
    assert "repeats" in caplog.text
    for move in ("w A5", "b C5"):
        reply(session, f"play {move}")
    assert reply(session, "genmove w") != "= B5\n\n"


def test_a_loaded_record_keeps_the_rules_and_warns_of_a_recurring_position(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "returned.sgf"
    file.write_text("(;SZ[5]RU[Japanese]AB[ab][bb]AW[ba][cb][da];W[aa];B[ca];W[ba])")
    session = new_session()
    reply(session, "komi 5")
    assert reply(session, f"loadsgf {file}") == "= \n\n"
    assert session.game.rules == Rules(komi=5)
    assert caplog.text.count("repeats") == 1
