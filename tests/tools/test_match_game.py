"""One game between working or broken fake engines."""

import re
import sys
import threading
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import pytest

from shicho.engine.colour import Colour
from shicho.engine.errors import GtpError
from shicho.engine.rules import Rules
from shicho.tools.match.engines import CannotPlay, EngineSpec
from shicho.tools.match.game import play_game
from shicho.tools.match.openings import Opening
from shicho.tools.match.processes import Processes
from shicho.tools.match.record import GameRecord, Reason
from shicho.tools.match.referee import Verdict, parse_score
from shicho.tools.match.time_control import TimeControl
from tests.tools.match_support import BLACK_MOVES, WHITE_MOVES, fake, first_is_black, match, play_one


def play(*black: str, white: tuple[str, ...] = (), score: str = "B+1.5", timeout: float = 20) -> GameRecord:
    settings = match(
        fake(*black, moves=BLACK_MOVES, name="First"),
        fake(*white, moves=WHITE_MOVES, name="Second"),
        referee=fake("--final-score", score, name="Referee"),
        move_timeout=timeout,
    )
    return play_one(settings)[0]


@pytest.mark.parametrize(
    ("score", "winner", "result"),
    [("B+1.5", Colour.BLACK, "B+1.5"), ("W+20", Colour.WHITE, "W+20"), ("0", None, "0")],
)
def test_two_passes_are_scored_by_the_referee(score: str, winner: Colour | None, result: str) -> None:
    record = play(score=score)
    assert (record.winner, record.result, record.plies) == (winner, result, 10)
    assert record.reason is (Reason.DRAW if score == "0" else Reason.SCORE)
    assert not record.broken
    assert (record.black.moves, record.white.moves) == (5, 5)
    assert (record.black.engine, record.black.seed) == ("First", 11)
    assert (record.white.engine, record.white.seed) == ("Second", 12)
    assert record.black.seconds > 0
    assert record.referee_score == result
    assert record.area_score == "W+7.5"  # four stones each, all empty points touch both


def test_processor_time_and_memory_are_recorded() -> None:
    record = play()
    for side in (record.black, record.white):
        assert side.cpu_seconds is not None
        assert 0 < side.cpu_seconds < 5
        assert side.peak_mib is not None
        assert 1 < side.peak_mib < 200


def test_area_score_removes_dead_stones() -> None:
    settings = match(
        fake(moves="B1 B2 B3 B4 B5 D1 D2 D3 D4 D5", name="First"),
        fake(moves="A3"),
        referee=fake("--final-score", "B+17.5"),
        size=5,
    )
    record = play_one(settings)[0]
    assert record.plies == 21
    assert record.area_score == record.referee_score == "B+17.5"  # all of 25 points; B+11.5 if the stone at A3 lived


@pytest.mark.parametrize("shicho_counts", [False, True])
def test_the_referee_decides_against_shicho(shicho_counts: bool) -> None:
    engines = fake(moves=BLACK_MOVES, name="First"), fake(moves=WHITE_MOVES)
    record = play_one(match(*engines, shicho_counts=shicho_counts))[0]
    assert (record.result, record.referee_score) == ("B+1.5", "B+1.5")
    assert record.area_score == ("W+7.5" if shicho_counts else None)


def test_shicho_alone_can_count() -> None:
    settings = match(fake(moves=BLACK_MOVES, name="First"), fake(moves=WHITE_MOVES))
    record = play_one(replace(settings, referee=None))[0]
    assert (record.result, record.referee_score, record.area_score) == ("W+7.5", None, "W+7.5")


@pytest.mark.parametrize(
    ("black", "white", "winner", "result", "plies"),
    [
        (("--resign-at", "2"), (), Colour.WHITE, "W+R", 2),
        ((), ("--resign-at", "1"), Colour.BLACK, "B+R", 1),
    ],
)
def test_resignation_counts(
    black: tuple[str, ...], white: tuple[str, ...], winner: Colour, result: str, plies: int
) -> None:
    record = play(*black, white=white)
    assert (record.winner, record.result, record.plies) == (winner, result, plies)
    assert (record.reason, record.referee_score, record.area_score) == (Reason.RESIGNATION, None, None)


@pytest.mark.parametrize(
    ("broken", "reason", "detail"),
    [
        (("--crash-at", "2"), Reason.CRASH, "code 3; stderr: assertion failed"),
        (("--crash-in-answer-at", "2"), Reason.CRASH, "code 3"),
        (("--hang-at", "2"), Reason.TIMEOUT, "1 s"),
        (("--hang-at", "2", "--flood"), Reason.TIMEOUT, "1 s; stderr: still thinking"),
        (("--illegal-at", "2"), Reason.ILLEGAL_MOVE, "illegal move: "),
        (("--nonsense-at", "2"), Reason.ILLEGAL_MOVE, "'somewhere'"),
        (("--refuse-play",), Reason.REFUSAL, "illegal move"),
    ],
)
@pytest.mark.parametrize("culprit", ["First", "Second"])
def test_a_failing_engine_breaks_the_game(culprit: str, broken: tuple[str, ...], reason: Reason, detail: str) -> None:
    timeout = 1 if reason is Reason.TIMEOUT else 20
    record = play(*broken, timeout=timeout) if culprit == "First" else play(white=broken, timeout=timeout)
    colour = Colour.BLACK if culprit == "First" else Colour.WHITE
    assert (record.winner, record.result, record.reason) == (None, "Void", reason)
    assert record.broken
    assert record.at_fault is colour
    assert record.detail.startswith(f"{culprit} ({colour}): ")
    assert detail in record.detail
    assert "\n" not in record.detail


def test_a_missing_program_breaks_the_game() -> None:
    missing = EngineSpec(command=("no-such-engine-here",), name="Missing")
    record = play_one(match(missing, fake(moves=WHITE_MOVES)))[0]
    assert (record.reason, record.at_fault, record.plies) == (Reason.CRASH, Colour.BLACK, 0)
    assert "no-such-engine-here" in record.detail


@pytest.mark.parametrize("command", ["boardsize", "clear_board"])
@pytest.mark.parametrize("flood", [(), ("--flood",)])
def test_an_engine_that_hangs_at_the_start_breaks_the_game(command: str, flood: tuple[str, ...]) -> None:
    hanging = fake("--hang-at-command", command, *flood, name="Hanging", start_timeout=0.5)
    started = time.monotonic()
    record = play_one(match(fake(), hanging))[0]
    assert (record.reason, record.at_fault, record.plies) == (Reason.TIMEOUT, Colour.WHITE, 0)
    assert f"{command}" in record.detail
    assert "0.5 s" in record.detail
    assert time.monotonic() - started < 5


def test_a_hang_in_a_start_command_breaks_the_game() -> None:
    hanging = fake("--hang-at-command", "seed", name="Hanging", start_timeout=0.5, start_commands=("seed",))
    record = play_one(match(hanging, fake()))[0]
    assert (record.reason, record.at_fault) == (Reason.TIMEOUT, Colour.BLACK)


@pytest.mark.parametrize("flood", [(), ("--flood",)])
def test_an_engine_that_hangs_in_quit_is_ended(flood: tuple[str, ...]) -> None:
    started = time.monotonic()
    record = play("--hang-at-command", "quit", *flood)
    assert record.result == "B+1.5"
    assert time.monotonic() - started < 6


@pytest.mark.parametrize("command", ["boardsize", "komi", "time_settings", "fixed_handicap", "play"])
def test_an_engine_that_refuses_what_all_games_share_cannot_play(command: str) -> None:
    opening = Opening(name="", handicap=2, moves=((Colour.WHITE, "E5"),))
    settings = match(
        fake(name="First"), fake("--refuse", command, name="Second"), time_control=TimeControl(main_seconds=60)
    )
    with pytest.raises(CannotPlay, match=rf"Second \(white\): {command} .*no {command} here"):
        play_one(settings, first_is_black(opening=opening))


@pytest.mark.parametrize(
    ("referee", "detail"),
    [
        (fake("--final-score", "perhaps black", name="Referee"), "'perhaps black'"),
        (fake("--refuse-play", name="Referee"), "Referee (referee): play black E5: illegal move"),
        (fake("--refuse", "boardsize", name="Referee"), "no boardsize here"),
        (EngineSpec(command=(sys.executable, "-c", "")), "code 0"),
    ],
)
def test_a_failing_referee_leaves_the_game_without_a_result(referee: EngineSpec, detail: str) -> None:
    settings = match(fake(moves=BLACK_MOVES, name="First"), fake(moves=WHITE_MOVES), referee=referee)
    record = play_one(settings)[0]
    assert (record.result, record.reason, record.at_fault) == ("Void", Reason.NO_SCORE, None)
    assert detail in record.detail
    assert record.area_score == "W+7.5"


def test_an_endless_game_stops_at_the_move_limit() -> None:
    settings = match(fake(moves="A1 B1 A2 A1", name="First"), fake(moves="pass pass B2 pass"), size=2)
    record = play_one(settings)[0]
    assert (record.result, record.reason, record.at_fault, record.plies) == ("Void", Reason.MOVE_LIMIT, None, 8)


def test_a_cancelled_game_ends_at_once() -> None:
    cancel = threading.Event()
    settings = match(fake("--hang-at", "1", "--deaf", name="First"), fake())
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    with Processes(Rules(), timeout=20, cancel=cancel) as processes, pytest.raises(CancelledError):
        play_game(settings, first_is_black(), processes)
    assert time.monotonic() - started < 5


def test_on_ply_is_called_after_every_move() -> None:
    calls: list[tuple[int, int]] = []
    settings = match(fake(moves=BLACK_MOVES, name="First"), fake(moves=WHITE_MOVES))
    play_one(settings, first_is_black(3), on_ply=lambda index, ply: calls.append((index, ply)))
    assert calls == [(3, ply) for ply in range(1, 11)]


@pytest.mark.parametrize(
    ("opening", "commands", "first_mover"),
    [
        (
            Opening(name="two", moves=((Colour.BLACK, "E5"), (Colour.WHITE, "C3"))),
            ["play black E5", "play white C3"],
            "b",
        ),
        (Opening(name="h", handicap=2), ["fixed_handicap 2"], "w"),
        (
            Opening(name="h", handicap=2, setup=((Colour.BLACK, "C3"), (Colour.BLACK, "G6")), to_play=Colour.WHITE),
            ["set_free_handicap C3 G6"],
            "w",
        ),
        (
            Opening(name="p", setup=((Colour.BLACK, "C3"), (Colour.WHITE, "G6")), to_play=Colour.WHITE),
            ["play black C3", "play white G6"],
            "w",
        ),
    ],
)
def test_engines_and_referee_start_from_the_opening(
    opening: Opening, commands: list[str], first_mover: str, tmp_path: Path
) -> None:
    logs = [tmp_path / name for name in ("first", "second", "referee")]
    engines = [fake("--log-commands", str(log), name=log.name) for log in logs]
    record, game = play_one(match(*engines[:2], referee=engines[2]), first_is_black(opening=opening))
    assert (record.opening, record.plies) == (opening.name, 2)
    assert len(game.moves) == len(opening.moves) + 2
    for log in logs:
        lines = log.read_text().splitlines()
        assert lines[:3] == ["boardsize 9", "komi 7.5", "clear_board"]
        assert lines[3 : 3 + len(commands)] == commands
    asked = {log.name: "genmove" in log.read_text().splitlines()[3 + len(commands)] for log in logs[:2]}
    assert asked == {"first": first_mover == "b", "second": first_mover == "w"}


def test_engines_are_told_their_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = match(
        fake("--log-commands", str(log), moves="E5 E4", name="First"),
        fake(moves="C3 C4"),
        time_control=TimeControl.parse("1m+5s/2"),
    )
    record, _ = play_one(settings)
    assert record.reason is Reason.SCORE
    lines = log.read_text().splitlines()
    assert "time_settings 60 5 2" in lines
    left = [line for line in lines if line.startswith("time_left")]
    assert len(left) == record.black.moves == 3
    assert left[0] == "time_left black 60 0"


@pytest.mark.parametrize("slow", [("--seconds", "1.5"), ("--hang-at", "1"), ("--hang-at", "1", "--flood")])
@pytest.mark.parametrize("colour", list(Colour))
def test_a_side_without_time_loses(slow: tuple[str, ...], colour: Colour) -> None:
    """One second for the game: late or hanging, the move costs the game, and the engine is not waited for."""
    engines = [fake(*slow, name="Slow"), fake(moves=WHITE_MOVES, name="Quick")]
    settings = match(
        *(engines if colour is Colour.BLACK else reversed(engines)), time_control=TimeControl(main_seconds=1)
    )
    started = time.monotonic()
    record, _ = play_one(settings)
    assert (record.reason, record.winner, record.result[1:]) == (Reason.TIME, colour.opponent, "+T")
    assert record.at_fault is None
    assert 1 < record.side(colour).seconds < 1.5
    assert time.monotonic() - started < 6


def test_byo_yomi_gives_time_for_every_period() -> None:
    settings = match(
        fake("--seconds", "0.6", moves="E5 E4 D5", name="First"),
        fake(moves=WHITE_MOVES, name="Second"),
        time_control=TimeControl.parse("1s/1"),
    )
    record, _ = play_one(settings)
    assert record.reason is Reason.SCORE
    assert record.black.seconds > 1


def test_an_engine_can_be_kept_for_the_next_game(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    settings = match(
        fake("--log-starts", str(starts), moves=BLACK_MOVES, name="First"), fake(moves=WHITE_MOVES), keep_engines=True
    )
    with Processes(settings.rules, timeout=20, keep=True) as processes:
        records = [play_game(settings, first_is_black(index), processes)[0] for index in range(3)]
    assert [record.result for record in records] == ["B+1.5"] * 3
    assert len({record.moves_digest for record in records}) == 1
    assert starts.read_text().count("started") == 1
    assert all(record.black.cpu_seconds is not None for record in records)


def test_a_kept_engine_that_broke_is_replaced(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    broken = fake("--illegal-at", "2", "--log-starts", str(starts), moves=BLACK_MOVES, name="First")
    settings = match(broken, fake(moves=WHITE_MOVES), keep_engines=True)
    with Processes(settings.rules, timeout=20, keep=True) as processes:
        records = [play_game(settings, first_is_black(index), processes)[0] for index in range(2)]
    assert [record.reason for record in records] == [Reason.ILLEGAL_MOVE] * 2
    assert starts.read_text().count("started") == 2


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
