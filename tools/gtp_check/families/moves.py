"""Moves: section 6.3.3 of the GTP 2 specification. Shicho's own rules say which moves are legal."""

import re
import time

from shicho.engine import Game
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadVertex, IllegalMove, IllegalReason
from shicho.engine.rules import KoRule, Rules
from shicho.tools.gtp_check.check import (
    NotApplicable,
    Problems,
    Severity,
    accepted,
    check,
    error,
    info,
    refused,
    warning,
)
from shicho.tools.gtp_check.engine import Answer, Engine
from shicho.tools.gtp_check.position import stones

_ILLEGAL = "illegal move"
_BAD_ARGUMENT = ("syntax error", "invalid color or coordinate", "invalid color", "illegal move")
_GAME_PLIES = 60
_GAME_SECONDS = 30.0
_SMALL = (5, 7)


@check("moves.case", "colours are b, w, black or white; the case of colours and vertices is ignored", section="2.11")
def case(engine: Engine) -> Problems:
    """Yield an error for a spelling that is refused."""
    engine.new_game()
    for move in ("b D4", "W e4", "BLACK C3", "White f3", "b PASS", "w Pass", "black pass"):
        yield from accepted(engine, f"play {move}")


@check("moves.bad-vertex", "vertices that are not on the board are refused, column I too", section="2.11")
def bad_vertex(engine: Engine) -> Problems:
    """Yield the problems of what is not a vertex."""
    engine.new_game()
    for vertex in ("I5", f"A{engine.size + 1}", "Z1", "A0", "4D", "D", "D-4", "44"):
        yield from refused(engine, f"play b {vertex}", "this is no vertex", *_BAD_ARGUMENT)


@check(
    "moves.bad-arguments",
    "play and genmove are refused if an argument is missing or wrong",
    section="3.3",
)
def bad_arguments(engine: Engine) -> Problems:
    """Yield the problems of commands without a colour or vertex."""
    engine.new_game()
    for line in ("play", "play b", "play D4", "play red D4", "genmove", "genmove red"):
        yield from refused(engine, line, "an argument is missing or wrong", *_BAD_ARGUMENT)


@check("moves.occupied", 'a move on a stone is refused with "illegal move"', section="6.3.3")
def occupied(engine: Engine) -> Problems:
    """Yield the problems of moves on stones."""
    engine.new_game(None, "b D4")
    for move in ("w D4", "b D4"):
        yield from refused(engine, f"play {move}", "a stone is there", _ILLEGAL)


@check("moves.out-of-turn", "either colour may play at any time", section="6.3.3")
def out_of_turn(engine: Engine) -> Problems:
    """Yield an error if a second move of the same colour is refused."""
    engine.new_game()
    for move in ("w D4", "w E4", "b C3", "b C4"):
        yield from accepted(engine, f"play {move}", "the colour need not alternate")


@check("moves.capture", "a captured stone is taken off", section="6.3.3")
def capture(engine: Engine) -> Problems:
    """Yield an error if the stones on the board are not those of Shicho's board after captures."""
    moves = ("w A1", "b A2", "b B1", "b A1", "w D4", "w D5", "b C4", "b C5", "b E4", "b E5", "b D3", "b D6")
    engine.new_game()
    game = Game(engine.size)
    for move in moves:
        game.play(*move.split())
        yield from accepted(engine, f"play {move}")
    yield from refused(engine, "play w A1", "black has captured there and filled the point", _ILLEGAL)
    placed = stones(engine)
    if placed is not None:
        expected = _stones(game)
        for colour, name in (("b", "black"), ("w", "white")):
            if placed[colour] != expected[colour]:
                yield error(f"{name} has stones at {_list(placed[colour])}, not {_list(expected[colour])}")


@check("moves.suicide", 'suicide is refused with "illegal move"', section="6.3.3", severity=Severity.WARNING)
def suicide(engine: Engine) -> Problems:
    """Yield a warning for the suicide of a single stone, a note for that of two stones, which some rules allow."""
    engine.new_game(None, "b A2", "b B1")
    answer = engine.ask("play w A1")
    if answer.ok:
        yield warning("`play w A1` succeeds: the suicide of a single stone leaves the position as it was")
    elif answer.text.strip().lower() != _ILLEGAL:
        yield warning(f'`play w A1`: the message is "{answer.text.strip()}", not "{_ILLEGAL}"')
    engine.new_game(None, "b A3", "b B2", "b C1", "b B3", "w A1", "w A2")
    if engine.ask("play w B1").ok:
        yield info("the suicide of several stones is accepted")


@check("moves.ko", "a ko is not retaken at once, and later it may be", section="6.3.3")
def ko(engine: Engine) -> Problems:
    """Yield the problems of a simple ko."""
    _start_ko(engine)
    at_once = list(refused(engine, "play white C4", "it retakes a ko at once", _ILLEGAL))
    yield from at_once
    if any(problem.severity is Severity.ERROR for problem in at_once):
        return
    yield from accepted(engine, "play w G7")
    yield from accepted(engine, "play b G3")
    yield from accepted(engine, "play white C4", "the ko may be retaken after another move")


@check("moves.superko", "whether play refuses a position that recurs", severity=Severity.INFO)
def superko(engine: Engine) -> Problems:
    """Yield a note on what play does with a move that only superko forbids."""
    _start_ko(engine)
    for move in ("w pass", "b pass"):
        engine.must(f"play {move}")
    if engine.ask("play white C4").ok:
        yield info("play accepts a position that recurs (after two passes)")
    else:
        yield info("play refuses a position that recurs (after two passes)")


@check("moves.legality", "is_legal agrees with simple ko", needs="is_legal")
def legality(engine: Engine) -> Problems:
    """Yield an error for moves that is_legal judges differently, in a position with captures and a ko."""
    game = _start_ko(engine)
    for colour in "bw":
        for vertex in ("C4", "D4", "B4", "A1", "E5", "pass"):
            text = engine.must(f"is_legal {colour} {vertex}").strip()
            legal = game.why_illegal(colour, vertex) is None
            if text not in ("0", "1") or (text == "1") is not legal:
                verdict = "legal" if legal else "illegal"
                yield error(f'`is_legal {colour} {vertex}` says "{text}", and the move is {verdict}')


@check("moves.genmove", "genmove returns a legal move and plays it", section="6.3.3")
def genmove(engine: Engine) -> Problems:
    """Yield an error for an answer that is no legal move, and for a move that is not on the board afterwards."""
    engine.new_game()
    game = Game(engine.size)
    for colour in "bwwb":
        answer = engine.ask(f"genmove {colour}")
        problems = list(_judge(game, colour, answer))
        yield from problems
        if problems:
            return
        vertex = answer.text.strip()
        if vertex.lower() not in ("pass", "resign"):
            yield from refused(engine, f"play {'b' if colour == 'w' else 'w'} {vertex}", "genmove has played there")


@check("moves.game", "genmove for both sides plays a small game to its end, all moves legal", section="6.3.3")
def whole_game(engine: Engine) -> Problems:
    """Yield an error for an illegal move, a warning for a position that recurs."""
    size = next((size for size in (*_SMALL, engine.size) if engine.ask(f"boardsize {size}").ok), engine.size)
    engine.new_game(size)
    game, repeated = Game(size, Rules(ko=KoRule.SIMPLE)), 0
    strict = Game(size)
    ends = time.monotonic() + _GAME_SECONDS
    while not game.is_over and game.ply < _GAME_PLIES and time.monotonic() < ends:
        colour = game.to_play.letter
        answer = engine.ask(f"genmove {colour}")
        problems = list(_judge(game, colour, answer))
        yield from problems
        if problems or answer.text.strip().lower() == "resign":
            break
        repeated += strict.why_illegal(colour, answer.text.strip()) is IllegalReason.SUPERKO
        strict.play(colour, answer.text.strip(), may_repeat=True)
    if repeated:
        yield warning(f"{repeated} of {game.ply} moves on size {size} repeat a position")


@check("moves.after-passes", "play and genmove go on after two passes", section="6.3.3")
def after_passes(engine: Engine) -> Problems:
    """Yield an error if the game cannot go on."""
    engine.new_game(None, "b D4", "w E5", "b pass", "w pass")
    game = Game(engine.size)
    for move in ("b D4", "w E5"):
        game.play(*move.split())
    yield from accepted(engine, "play b C3", "the players may disagree about dead stones")
    game.play("b", "C3")
    yield from _judge(game, "w", engine.ask("genmove w"))


@check("moves.undo", "undo takes back a move, a capture, and a move of genmove", section="6.3.3", needs="undo")
def undo(engine: Engine) -> Problems:
    """Yield an error if the board is not the one before the move."""
    engine.new_game(None, "w A1", "b A2", "b B1")
    yield from accepted(engine, "undo")
    yield from refused(engine, "play b A1", "undo puts the captured stone back", _ILLEGAL)
    yield from accepted(engine, "play b B1", "undo takes the capturing stone off")
    yield from accepted(engine, "play b A1", "the stone is captured again")
    engine.new_game()
    vertex = engine.must("genmove b").strip()
    if vertex.lower() not in ("pass", "resign"):
        yield from accepted(engine, "undo")
        yield from accepted(engine, f"play w {vertex}", "undo takes the move of genmove back")


@check("moves.nothing-to-undo", 'undo at the start is refused with "cannot undo"', section="6.3.3", needs="undo")
def nothing_to_undo(engine: Engine) -> Problems:
    """Yield the problems of undo on an empty board."""
    engine.new_game()
    yield from refused(engine, "undo", "there is no move", "cannot undo")


@check("moves.refused-changes-nothing", "a refused move changes nothing", section="6.3.3")
def refused_changes_nothing(engine: Engine) -> Problems:
    """Yield an error if after refused moves the board is another one."""
    engine.new_game(None, "b D4")
    engine.ask("play w D4")
    engine.ask("play w I5")
    engine.ask("play w")
    placed = stones(engine)
    if placed is None:
        raise NotApplicable("cannot read the board")
    if placed != {"b": {"D4"}, "w": set()}:
        yield error(f"black has {_list(placed['b'])} and white {_list(placed['w'])}, not D4 and none")


def _start_ko(engine: Engine) -> Game:
    """Set up a ko that black has just taken at D4 from C4, so that white may not play C4; return the same game."""
    moves = ("b C5", "w D5", "b B4", "w E4", "b C3", "w D3", "b A1", "w C4", "b D4")
    engine.new_game(None, *moves)
    game = Game(engine.size, Rules(ko=KoRule.SIMPLE))
    for move in moves:
        game.play(*move.split())
    return game


def _judge(game: Game, colour: str, answer: Answer) -> Problems:
    """Yield an error if an answer to genmove is no legal move, and play it in the game otherwise."""
    vertex = answer.text.strip()
    if not answer.ok:
        yield error(f'`genmove {colour}` fails ("{vertex}")')
    elif not re.fullmatch(r"[A-HJ-Za-hj-z][0-9]{1,2}|pass|resign", vertex, re.IGNORECASE):
        yield error(f'`genmove {colour}` answers "{vertex[:60]}"')
    elif vertex.lower() != "resign":
        try:
            game.play(colour, vertex)
        except (BadVertex, IllegalMove) as illegal:
            yield error(f"`genmove {colour}` at move {game.ply + 1}: {illegal}")


def _list(vertices: set[str]) -> str:
    return " ".join(sorted(vertices)) or "no points"


def _stones(game: Game) -> dict[str, set[str]]:
    flat = game.board.stones.ravel().tolist()
    return {
        letter: {point_to_vertex(point, game.size) for point, stone in enumerate(flat) if stone == number}
        for letter, number in (("b", 1), ("w", 2))
    }


CHECKS = (
    case, bad_vertex, bad_arguments, occupied, out_of_turn, capture, suicide, ko, superko, legality, genmove,
    whole_game, after_passes, undo, nothing_to_undo, refused_changes_nothing,
)  # fmt: skip
