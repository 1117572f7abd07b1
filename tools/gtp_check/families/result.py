"""Time, the result and regression tests: sections 6.3.4 and 6.3.5 of the GTP 2 specification."""

import re
import tempfile
import time
from pathlib import Path

from shicho.engine.coords import COLUMNS
from shicho.tools.gtp_check.check import Problems, Severity, accepted, check, error, info, refused, warning
from shicho.tools.gtp_check.engine import Engine

_SYNTAX = "syntax error"
_KOMI = 0.5
_SCORE = re.compile(r"[BW]\+[0-9]+(?:\.[0-9]+)?|0", re.IGNORECASE)
_LEFT_SECONDS = 2
_LATE_SECONDS = 1.0


@check("result.time-settings", "time_settings takes absolute time, Canadian byo-yomi and no limit", section="4.2",
       needs="time_settings")  # fmt: skip
def time_settings(engine: Engine) -> Problems:
    """Yield an error for settings that are refused."""
    engine.new_game()
    for values in ("600 0 0", "600 30 5", "0 10 1", "0 1 0"):
        yield from accepted(engine, f"time_settings {values}")


@check("result.time-left", "time_left takes main time and byo-yomi, before and between moves", section="4.2",
       needs="time_settings time_left")  # fmt: skip
def time_left(engine: Engine) -> Problems:
    """Yield an error for a clock that is refused."""
    engine.new_game()
    engine.must("time_settings 600 30 5")
    for values in ("b 600 0", "white 30 5", "B 12 1"):
        yield from accepted(engine, f"time_left {values}")


@check("result.time-syntax", 'time commands without their arguments are refused with "syntax error"', section="6.3.4",
       severity=Severity.ERROR, needs="time_settings time_left")  # fmt: skip
def time_syntax(engine: Engine) -> Problems:
    """Yield the problems of time commands without their arguments."""
    engine.new_game()
    for line in ("time_settings", "time_settings 600", "time_settings long 0 0", "time_left", "time_left b"):
        yield from refused(engine, line, "an argument is missing or wrong", _SYNTAX)


@check("result.in-time", "genmove answers before the clock runs out", section="4.2", severity=Severity.WARNING,
       needs="time_settings time_left")  # fmt: skip
def in_time(engine: Engine) -> Problems:
    """Yield a warning if a move with two seconds left takes more."""
    engine.new_game(None, "b D4", "w E5")
    engine.must("time_settings 60 0 0")
    engine.must(f"time_left b {_LEFT_SECONDS} 0")
    started = time.monotonic()
    engine.must("genmove b")
    seconds = time.monotonic() - started
    if seconds > _LEFT_SECONDS:
        late = "much " if seconds > _LEFT_SECONDS + _LATE_SECONDS else ""
        yield warning(f"with {_LEFT_SECONDS} s left for the game, a move takes {late}longer")
    engine.must("time_settings 0 1 0")


@check("result.score", "final_score returns the score of a finished game", section="6.3.4", needs="final_score")
def score(engine: Engine) -> Problems:
    """Yield an error for a score of another form, or another winner or margin under both area and territory."""
    _two_walls(engine)
    text = engine.must("final_score").strip()
    if not _SCORE.fullmatch(text):
        yield error(f'the answer is "{text[:60]}", not of the form B+3.5, W+0.5 or 0')
    elif text[0].upper() != "W" or float(text[2:]) != engine.size + _KOMI:
        yield error(f"the score is {text}, not W+{engine.size + _KOMI} (two walls, no dead stones, komi {_KOMI})")


@check("result.scoring", "whether final_score counts area or territory", severity=Severity.INFO, needs="final_score")
def scoring(engine: Engine) -> Problems:
    """Yield a note: with one more black stone in black's area the score by territory is another, by area the same."""
    _two_walls(engine, "b A1")
    text = engine.must("final_score").strip()
    margins = {engine.size + _KOMI: "area", engine.size + _KOMI + 1: "territory"}
    if _SCORE.fullmatch(text) and text != "0" and (kind := margins.get(float(text[2:]))):
        yield info(f"counts {kind}")
    else:
        yield info(f"counts neither area nor territory: {text[:60]}")


@check("result.status-list", "final_status_list names each stone once, as alive or dead", section="6.3.4",
       needs="final_status_list")  # fmt: skip
def status_list(engine: Engine) -> Problems:
    """Yield an error if a stone has no status or two, a warning if a lone stone in enemy territory is not dead."""
    lone = "B2"
    walls = _two_walls(engine, f"w {lone}")
    listed = {
        status: engine.must(f"final_status_list {status}").upper().split() for status in ("alive", "dead", "seki")
    }
    named = [vertex for vertices in listed.values() for vertex in vertices]
    if len(named) != len(set(named)):
        yield error(f"a stone is named twice: {next(vertex for vertex in named if named.count(vertex) > 1)}")
    elif set(named) != {*walls, lone}:
        left_out, extra = {*walls, lone} - set(named), set(named) - {*walls, lone}
        yield error(f"{len(left_out)} stones without a status, {len(extra)} vertices without a stone")
    elif listed["dead"] != [lone]:
        yield warning(
            f"dead are {' '.join(listed['dead']) or 'no stones'}, not a lone stone in enemy territory ({lone})"
        )


@check("result.status-syntax", 'another status is refused with "syntax error"', section="6.3.4",
       needs="final_status_list")  # fmt: skip
def status_syntax(engine: Engine) -> Problems:
    """Yield the problems of a status that there is not."""
    _two_walls(engine)
    for line in ("final_status_list", "final_status_list asleep"):
        yield from refused(engine, line, "there is no such status", _SYNTAX)


@check("result.loadsgf", "loadsgf loads a file, and up to a move number", section="6.3.5", needs="loadsgf")
def loadsgf(engine: Engine) -> Problems:
    """Yield an error if a small file is not loaded, or not up to the move before the number."""
    with tempfile.TemporaryDirectory(prefix="gtp-check-") as folder:
        path = Path(folder, "game.sgf")
        path.write_text(f"(;GM[1]FF[4]SZ[{engine.size}]KM[0.5];B[da];W[ea];B[fa])\n")
        engine.new_game()
        yield from accepted(engine, f"loadsgf {path}")
        yield from refused(engine, f"play w F{engine.size}", "the file has a stone there", "illegal move")
        yield from accepted(engine, f"loadsgf {path} 2")
        yield from refused(engine, f"play w D{engine.size}", "the file has a stone there at move 1", "illegal move")
        yield from accepted(engine, f"play w E{engine.size}", "move 2 is not played up to move number 2")


@check("result.no-file", 'a missing file is refused with "cannot load file"', section="6.3.5", needs="loadsgf")
def no_file(engine: Engine) -> Problems:
    """Yield the problems of a file that is not there."""
    with tempfile.TemporaryDirectory(prefix="gtp-check-") as folder:
        answer = engine.ask(f"loadsgf {Path(folder, 'missing.sgf')}")
        if answer.ok:
            yield error("`loadsgf missing.sgf` succeeds: there is no such file")
        elif answer.text.strip().lower() != "cannot load file":
            message = answer.text.strip().replace(folder + "/", "")
            yield warning(f'`loadsgf missing.sgf`: the message is "{message}", not "cannot load file"')


@check("result.reg-genmove", "reg_genmove returns a move and does not play it", section="6.3.5", needs="reg_genmove")
def reg_genmove(engine: Engine) -> Problems:
    """Yield an error if the move is on the board afterwards."""
    engine.new_game(None, "b D4")
    vertex = engine.must("reg_genmove w").strip()
    if vertex.lower() not in ("pass", "resign"):
        yield from accepted(engine, f"play w {vertex}", "reg_genmove does not play its move")


def _two_walls(engine: Engine, *moves: str) -> list[str]:
    """Set up a finished game, a black wall beside a white one from edge to edge, with more moves; return the walls.

    White's side is one column wider. Both sides have the same number of stones, so that area and territory agree.
    """
    size = engine.size
    black, white = COLUMNS[size // 2 - 1], COLUMNS[size // 2]
    walls = [f"{column}{row}" for row in range(1, size + 1) for column in (black, white)]
    engine.new_game(None, *(f"{'b' if vertex[0] == black else 'w'} {vertex}" for vertex in walls), *moves)
    engine.must(f"komi {_KOMI}")
    for move in ("b pass", "w pass"):
        engine.must(f"play {move}")
    return walls


CHECKS = (
    time_settings, time_left, time_syntax, in_time, score, scoring, status_list, status_syntax, loadsgf, no_file,
    reg_genmove,
)  # fmt: skip
