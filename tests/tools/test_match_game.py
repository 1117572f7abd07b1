"""One game between working or broken fake engines."""

import re
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace

import pytest

from shicho.engine.colour import Colour
from shicho.engine.errors import GtpError
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.game import GameRecord, Outcome, Reason, play_game
from shicho.tools.match.referee import Verdict, parse_score
from tests.tools.match_support import BLACK_MOVES, WHITE_MOVES, as_black, fake, match


def play(*ours: str, opponent: tuple[str, ...] = (), score: str = "B+1.5", timeout: float = 20) -> GameRecord:
    settings = match(
        fake(*ours, moves=BLACK_MOVES, name="Ours"),
        fake(*opponent, moves=WHITE_MOVES, name="Theirs"),
        fake("--final-score", score, name="Referee"),
    )
    return play_game(replace(settings, move_timeout=timeout), as_black())[0]


@pytest.mark.parametrize(
    ("score", "outcome", "result"),
    [("B+1.5", Outcome.WIN, "B+1.5"), ("W+20", Outcome.LOSS, "W+20"), ("0", Outcome.OTHER, "0")],
)
def test_two_passes_are_scored_by_the_referee(score: str, outcome: Outcome, result: str) -> None:
    record = play(score=score)
    assert (record.outcome, record.result, record.plies) == (outcome, result, 10)
    assert record.reason is (Reason.DRAW if score == "0" else Reason.SCORE)
    assert (record.our_moves, record.opponent_moves) == (5, 5)
    assert record.our_seconds > 0
    assert record.referee_score == result
    assert record.area_score == "W+7.5"  # four stones each, all empty points touch both
    assert record.winner_disputed == (score != "W+20")
    assert record.score_disputed


def test_area_score_removes_dead_stones() -> None:
    settings = match(fake(moves="B1 B2 B3 B4 B5 D1 D2 D3 D4 D5"), fake(moves="A3"), fake("--final-score", "B+17.5"))
    record = play_game(replace(settings, size=5), as_black())[0]
    assert record.plies == 21
    assert record.area_score == "B+17.5"  # all of 25 points; B+11.5 if the stone at A3 lived
    assert not record.score_disputed


@pytest.mark.parametrize(
    ("ours", "opponent", "outcome", "result", "plies"),
    [
        (("--resign-at", "2"), (), Outcome.LOSS, "W+R", 2),
        ((), ("--resign-at", "1"), Outcome.WIN, "B+R", 1),
    ],
)
def test_resignation_counts(
    ours: tuple[str, ...], opponent: tuple[str, ...], outcome: Outcome, result: str, plies: int
) -> None:
    record = play(*ours, opponent=opponent)
    assert (record.outcome, record.result, record.plies) == (outcome, result, plies)
    assert (record.reason, record.referee_score, record.area_score) == (Reason.RESIGNATION, None, None)


@pytest.mark.parametrize(
    ("broken", "reason", "detail"),
    [
        (("--crash-at", "2"), Reason.CRASH, "code 3; stderr: assertion failed"),
        (("--crash-in-answer-at", "2"), Reason.CRASH, "code 3"),
        (("--hang-at", "2"), Reason.TIMEOUT, "1 s"),
        (("--illegal-at", "2"), Reason.ILLEGAL_MOVE, "illegal move: "),
        (("--nonsense-at", "2"), Reason.ILLEGAL_MOVE, "'somewhere'"),
        (("--refuse-play",), Reason.REFUSAL, "illegal move"),
    ],
)
@pytest.mark.parametrize("culprit", ["Ours", "Theirs"])
def test_a_failing_engine_leaves_the_game_without_a_winner(
    culprit: str, broken: tuple[str, ...], reason: Reason, detail: str
) -> None:
    timeout = 1 if reason is Reason.TIMEOUT else 20
    record = play(*broken, timeout=timeout) if culprit == "Ours" else play(opponent=broken, timeout=timeout)
    assert (record.outcome, record.result, record.reason) == (Outcome.OTHER, "Void", reason)
    assert record.detail.startswith(f"{culprit} ({'black' if culprit == 'Ours' else 'white'}): ")
    assert detail in record.detail
    assert "\n" not in record.detail


def test_a_missing_program_leaves_the_game_without_a_winner() -> None:
    missing = EngineSpec(command=("no-such-engine-here",), name="Missing")
    record = play_game(match(missing, fake(moves=WHITE_MOVES)), as_black())[0]
    assert (record.outcome, record.reason, record.plies) == (Outcome.OTHER, Reason.CRASH, 0)
    assert "no-such-engine-here" in record.detail


@pytest.mark.parametrize(
    ("referee", "detail"),
    [
        (fake("--final-score", "perhaps black", name="Referee"), "'perhaps black'"),
        (fake("--refuse-play", name="Referee"), "Referee (referee): play black E5: illegal move"),
        (EngineSpec(command=(sys.executable, "-c", "")), "code 0"),
    ],
)
def test_a_failing_referee_leaves_the_game_without_a_winner(referee: EngineSpec, detail: str) -> None:
    settings = match(fake(moves=BLACK_MOVES), fake(moves=WHITE_MOVES), referee)
    record = play_game(settings, as_black())[0]
    assert (record.outcome, record.result, record.reason) == (Outcome.OTHER, "Void", Reason.NO_SCORE)
    assert detail in record.detail
    assert record.area_score == "W+7.5"


def test_an_endless_game_stops_at_the_move_limit() -> None:
    settings = match(fake(moves="A1 B1 A2 A1"), fake(moves="pass pass B2 pass"))
    record = play_game(replace(settings, size=2), as_black())[0]
    assert (record.outcome, record.reason, record.plies) == (Outcome.OTHER, Reason.MOVE_LIMIT, 8)


def test_a_cancelled_game_ends_at_once() -> None:
    cancel = threading.Event()
    settings = match(fake("--hang-at", "1", "--deaf"), fake())
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(CancelledError):
        play_game(settings, as_black(), cancel=cancel)
    assert time.monotonic() - started < 5


def test_on_ply_is_called_after_every_move() -> None:
    calls: list[tuple[int, int]] = []
    settings = match(fake(moves=BLACK_MOVES), fake(moves=WHITE_MOVES))
    play_game(settings, as_black(3), on_ply=lambda index, ply: calls.append((index, ply)))
    assert calls == [(3, ply) for ply in range(1, 11)]


def test_the_seed_reaches_the_engine() -> None:
    with fake().start(4711) as client:
        assert client.send("seed") == "4711"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("B+3.5", Verdict("B+3.5", Colour.BLACK)),
        (" w+12.0 ", Verdict("W+12", Colour.WHITE)),
        ("0", Verdict("0", None)),
        ("0.0", Verdict("0", None)),
        ("B+0", Verdict("B+0", None)),
    ],
)
def test_parse_score(answer: str, verdict: Verdict) -> None:
    assert parse_score(answer) == verdict


@pytest.mark.parametrize("answer", ["", "B+", "B+R", "Black wins", "W-3", "B+1.5 W+1.5"])
def test_invalid_scores(answer: str) -> None:
    with pytest.raises(GtpError, match=re.escape(repr(answer))):
        parse_score(answer)
