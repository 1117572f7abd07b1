"""Board size, komi and handicap: sections 6.3.2 and 4.1 of the GTP 2 specification."""

from shicho.engine import Game
from shicho.engine.coords import point_to_vertex, vertex_to_point
from shicho.engine.errors import BadVertex
from shicho.tools.gtp_check.check import NotApplicable, Problems, Severity, accepted, check, error, info, refused
from shicho.tools.gtp_check.engine import Engine
from shicho.tools.gtp_check.position import stones

_SYNTAX = "syntax error"
_NOT_EMPTY = "board not empty"
_BAD_NUMBER = "invalid number of stones"


@check("setup.sizes", "9x9, 13x13 and 19x19 are there", section="6.3.2", severity=Severity.INFO)
def sizes(engine: Engine) -> Problems:
    """Yield the usual sizes that are refused."""
    if missing := [size for size in (9, 13, 19) if not engine.ask(f"boardsize {size}").ok]:
        yield info(f"refused: {', '.join(f'{size}x{size}' for size in missing)}")


@check("setup.bad-size", 'a size that cannot be is refused with "unacceptable size"', section="6.3.2")
def bad_size(engine: Engine) -> Problems:
    """Yield the problems of a huge size and of 0."""
    for size in (1000, 0):
        yield from refused(engine, f"boardsize {size}", "there is no such board", "unacceptable size")


@check("setup.size-syntax", 'boardsize without a number is refused with "syntax error"', section="3.3")
def size_syntax(engine: Engine) -> Problems:
    """Yield the problems of boardsize without a number."""
    for line in ("boardsize", "boardsize nine"):
        yield from refused(engine, line, "there is no size", _SYNTAX)


@check("setup.komi", "komi takes fractions, negative numbers and 0", section="6.3.2")
def komi(engine: Engine) -> Problems:
    """Yield an error for a komi that is refused."""
    engine.new_game()
    for line in ("komi 6.5", "komi 0", "komi -3.5", "komi 7"):
        yield from accepted(engine, line)


@check("setup.komi-syntax", 'komi without a number is refused with "syntax error"', section="6.3.2")
def komi_syntax(engine: Engine) -> Problems:
    """Yield the problems of komi without a number."""
    for line in ("komi", "komi much"):
        yield from refused(engine, line, "there is no number", _SYNTAX)


@check("setup.komi-stays", "clear_board leaves komi as it is", section="6.3.2", needs="get_komi")
def komi_stays(engine: Engine) -> Problems:
    """Yield an error if clear_board changes komi."""
    engine.new_game()
    engine.must("komi 3.5")
    engine.must("clear_board")
    text = engine.must("get_komi").strip()
    try:
        kept = float(text) == 3.5
    except ValueError:
        kept = False
    if not kept:
        yield error(f"komi is {text} after `komi 3.5` and `clear_board`")


@check("setup.clear-board", "clear_board empties the board", section="6.3.2")
def clear_board(engine: Engine) -> Problems:
    """Yield an error if a stone is still there after clear_board."""
    engine.new_game(None, "b D4", "w E4")
    engine.must("clear_board")
    yield from accepted(engine, "play w D4", "a stone is still there after clear_board")


@check("setup.fixed-handicap", "fixed_handicap places its stones as the specification says", section="4.1.1",
       needs="fixed_handicap")  # fmt: skip
def fixed_handicap(engine: Engine) -> Problems:
    """Yield an error for vertices that are not those of section 4.1.1, for 2 to 9 stones."""
    game = Game(engine.size)
    for count in range(2, game.most_fixed_handicap + 1):
        engine.new_game()
        vertices = engine.must(f"fixed_handicap {count}").upper().split()
        expected = [point_to_vertex(point, engine.size) for point in game.fixed_handicap_points(count)]
        if sorted(vertices) != sorted(expected):
            yield error(
                f"`fixed_handicap {count}` on size {engine.size}: {' '.join(vertices)}, not {' '.join(expected)}"
            )
            return
    yield from accepted(engine, "play w B2", "white moves after the handicap")


@check("setup.handicap-refusals", "handicap stones are refused on a board with stones, and in impossible numbers",
       section="6.3.4", needs="fixed_handicap place_free_handicap set_free_handicap")  # fmt: skip
def handicap_refusals(engine: Engine) -> Problems:
    """Yield the problems of handicaps that cannot be."""
    for line in ("fixed_handicap 1", "fixed_handicap 10", "place_free_handicap 1"):
        engine.new_game()
        yield from refused(engine, line, "there is no such handicap", _BAD_NUMBER)
    for line in ("set_free_handicap D4 D4", "set_free_handicap D4 pass", "set_free_handicap D4 Z99"):
        engine.new_game()
        yield from refused(engine, line, "these cannot be handicap stones", "bad vertex list")
        yield from accepted(engine, "play w D4", f"`{line}`, which was refused, has left a stone")
    engine.new_game(None, "b D4")
    for line in ("fixed_handicap 2", "place_free_handicap 2", "set_free_handicap C3 G7"):
        yield from refused(engine, line, "there is a stone on the board", _NOT_EMPTY)


@check("setup.free-handicap", "place_free_handicap returns distinct vertices, as many as asked for or fewer",
       section="4.1.2", needs="place_free_handicap")  # fmt: skip
def free_handicap(engine: Engine) -> Problems:
    """Yield an error for vertices that cannot be, a note for fewer than asked for."""
    for count in (2, 5):
        engine.new_game()
        vertices = engine.must(f"place_free_handicap {count}").upper().split()
        try:
            points = {vertex_to_point(vertex, engine.size) for vertex in vertices}
        except BadVertex as bad:
            yield error(f"`place_free_handicap {count}`: {bad}")
            continue
        if not 2 <= len(points) == len(vertices) <= count or engine.size**2 in points:
            yield error(f"`place_free_handicap {count}`: {' '.join(vertices)}")
        elif len(vertices) < count:
            yield info(f"`place_free_handicap {count}` places {len(vertices)}")
        elif engine.ask(f"play w {vertices[0]}").ok:
            yield error(f"`place_free_handicap {count}`: the first vertex is still empty")


@check("setup.set-handicap", "set_free_handicap places black stones, and white is to move", section="4.1.3",
       needs="set_free_handicap")  # fmt: skip
def set_handicap(engine: Engine) -> Problems:
    """Yield an error if the stones are not there."""
    engine.new_game()
    yield from accepted(engine, "set_free_handicap C3 G7 C7")
    yield from refused(engine, "play w G7", "a handicap stone is there")
    yield from accepted(engine, "play w E5")
    placed = stones(engine)
    if placed is None:
        raise NotApplicable("cannot read the board")
    if sorted(placed["b"]) != ["C3", "C7", "G7"]:
        yield error(f"black's stones are {' '.join(sorted(placed['b']))}")


CHECKS = (
    sizes, bad_size, size_syntax, komi, komi_syntax, komi_stays, clear_board, fixed_handicap, handicap_refusals,
    free_handicap, set_handicap,
)  # fmt: skip
