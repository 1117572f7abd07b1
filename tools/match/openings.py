"""The openings of a match: the empty board, handicap stones, SGF files, or moves drawn from a network's policy."""

import hashlib
import itertools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE, point_to_vertex
from shicho.engine.ending import candidates
from shicho.engine.errors import BadConfig, BadRecord, ShichoError
from shicho.engine.game import Game, Move
from shicho.engine.numbers import number_in_range
from shicho.engine.policy import Evaluator
from shicho.engine.rules import Rules
from shicho.engine.sampling import temperature_choice
from shicho.engine.sgf import read_game
from shicho.engine.symmetry import Transform, board_part, transform_planes

_BATCH: Final = 32
_BATCHES_IN_VAIN: Final = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How games of a match begin: set-up stones, then moves.

    `name`: "" for the empty board.
    `handicap`: how many handicap stones black has. They are the black stones in `setup`, or GTP's fixed handicap if
    `setup` is empty.
    `setup`: stones that are on the board before the first move, as (colour, vertex).
    `to_play`: the side to move after the set-up; None is white after handicap stones, else black.
    `moves`: moves after the set-up, as (colour, vertex), passes included.

    >>> opening = Opening(name="two corners", moves=((Colour.BLACK, "Q16"), (Colour.WHITE, "D4")))
    >>> opening.game(19).to_play
    <Colour.BLACK: 1>
    """

    name: str
    handicap: int = 0
    setup: tuple[tuple[Colour, str], ...] = ()
    to_play: Colour | None = None
    moves: tuple[tuple[Colour, str], ...] = ()

    def game(self, size: int, rules: Rules | None = None) -> Game:
        """Return a new game after the opening, by default under the rules of Shicho's matches.

        Raises BadHandicap, BadPosition, BadVertex or IllegalMove if the opening does not fit the size or the rules.
        """
        game = Game(size, rules)
        if self.handicap and not self.setup:
            game.place_handicap(game.fixed_handicap_points(self.handicap))
        else:
            game.set_up(self.setup, to_play=self.to_play or (Colour.WHITE if self.handicap else Colour.BLACK))
            game.handicap = self.handicap
        for colour, vertex in self.moves:
            game.play(colour, vertex)
        return game


def empty_board() -> Opening:
    """Return the opening without stones.

    >>> empty_board().game(9).ply
    0
    """
    return Opening(name="")


def handicap_openings(*stones: int) -> list[Opening]:
    """Return an opening with a fixed handicap (GTP 2, section 4.1.1) for each number of stones.

    Raises BadConfig for a number that is not 2 to 9. Smaller boards have fewer fixed stones: see `Opening.game`.

    >>> [opening.name for opening in handicap_openings(2, 9)]
    ['handicap 2', 'handicap 9']
    """
    numbers = [number_in_range("handicap stones", number, 2, 9) for number in stones]
    return [Opening(name=f"handicap {number}", handicap=number) for number in numbers]


def openings_from_sgf(
    folder: Path, size: int, *, plies: int | None = None, rules: Rules | None = None
) -> list[Opening]:
    """Return the main line of the first game in each SGF file of a folder and its subfolders, in order of their paths.

    `plies`: the number of moves of an opening; a shorter game is used to its end. By default all moves are used.
    An opening is named by the path of its file below the folder. Of openings that lead to the same position up to
    symmetry only the first one is kept.

    A file is left out, with one line in the log, if it cannot be read, is of another board size, is not legal under
    `rules` (by default those of Shicho's matches), or is over after the opening. Raises BadConfig if the folder does
    not exist or no file is left.
    """
    if not folder.is_dir():
        raise BadConfig(f"{folder}: no such folder of openings")
    distinct = _Distinct()
    paths = [path for path in folder.rglob("*") if path.suffix.lower() == ".sgf" and path.is_file()]
    for path in sorted(paths, key=lambda path: path.relative_to(folder).as_posix()):
        try:
            opening = _read(path, path.relative_to(folder).as_posix(), size, plies)
            game = opening.game(size, rules)
            if game.is_over:
                raise BadRecord("the game is over after the opening")
        except (ShichoError, OSError) as error:
            text = str(error)
            _log.warning("opening left out: %s", text if str(path) in text else f"{path}: {text}")
        else:
            distinct.add(opening, game)
    if not distinct.openings:
        raise BadConfig(f"{folder}: no SGF file with an opening on {size}x{size}")
    return distinct.openings


def _read(path: Path, name: str, size: int, plies: int | None) -> Opening:
    game = read_game(path, plies=plies)
    if game.size != size:
        raise BadRecord(f"the board is {game.size}x{game.size}, not {size}x{size}", str(path))
    return Opening(
        name=name,
        handicap=game.handicap if game.setup else 0,
        setup=_with_vertices(game.setup, size),
        to_play=game.first_to_play,
        moves=_with_vertices(game.moves, size),
    )


def openings_from_policy(
    policy: Evaluator, count: int, plies: int, size: int, seed: int, *, rules: Rules | None = None
) -> list[Opening]:
    """Draw `count` openings of `plies` moves, each move in proportion to its probability by the network.

    Moves are drawn from `shicho.engine.ending.candidates`. No two openings lead to the same position up to symmetry.
    The same seed gives the same openings, and more of them if `count` is larger: the first ones stay.

    Raises BadConfig for `count` below 1, for `plies` that are not 1 to size * size, and if 640 draws in a row give no
    new opening.
    """
    number_in_range("openings", count, 1, 1_000_000)
    number_in_range("plies", plies, 1, size * size)
    distinct = _Distinct()
    last_success = 0
    for batch in itertools.count(1):
        numbers = range((batch - 1) * _BATCH, batch * _BATCH)
        for game in _drawn_games(policy, numbers, plies, size, seed, rules):
            opening = Opening(name=f"draw {len(distinct.openings) + 1}", moves=_with_vertices(game.moves, size))
            if not game.is_over and distinct.add(opening, game):
                last_success = batch
            if len(distinct.openings) == count:
                return distinct.openings
        if batch - last_success >= _BATCHES_IN_VAIN:
            break
    raise BadConfig(f"only {len(distinct.openings)} different openings of {plies} plies were drawn, not {count}")


def _drawn_games(
    policy: Evaluator, numbers: range, plies: int, size: int, seed: int, rules: Rules | None
) -> list[Game]:
    games = [Game(size, rules) for _ in numbers]
    generators = [np.random.default_rng([seed, number]) for number in numbers]
    for _ in range(plies):
        going_on = [(game, rng) for game, rng in zip(games, generators, strict=True) if not game.is_over]
        evaluations = policy.evaluate_all([(game, game.to_play) for game, _ in going_on])
        for (game, rng), evaluation in zip(going_on, evaluations, strict=True):
            mask = candidates(game, game.to_play)
            game.play(game.to_play, temperature_choice(evaluation.probabilities, mask, 1.0, rng))
    return games


class _Distinct:
    """Openings that lead to different positions up to symmetry."""

    def __init__(self) -> None:
        self.openings: list[Opening] = []
        self._positions = set[tuple[Colour, int, bytes]]()

    def add(self, opening: Opening, game: Game) -> bool:
        """Add an opening, with the game after it, unless its position is known; return whether it was added."""
        cells = game.board.stones.ravel().copy()
        if game.board.ko:
            cells[game.board.ko[1]] = 3
        stones = min(cells[sources].tobytes() for sources in _symmetries(game.size)[:, :-1])
        position = game.to_play, game.handicap, stones
        is_new = position not in self._positions
        if is_new:
            self._positions.add(position)
            self.openings.append(opening)
        return is_new


def moves_digest(
    moves: Iterable[tuple[Colour, int | str]], size: int, *, setup: Iterable[tuple[Colour, int | str]] = ()
) -> str:
    """Return 16 hexadecimal digits that are equal for games equal up to one of the eight symmetries of the board.

    `moves` as (colour, point or vertex) in their order, `setup` in any order. Exchanging the colours is not a symmetry.
    Raises BadVertex for a point off the board and BadConfig for a size that is not 2 to 19.

    >>> moves_digest([(Colour.BLACK, "Q16")], 19) == moves_digest([(Colour.BLACK, "D4")], 19)
    True
    """
    board = Board(size)
    colours, points = _columns(board, moves)
    setup_colours, setup_points = _columns(board, setup)
    text = min(
        np.sort(setup_colours << 9 | symmetry[setup_points]).astype("<u2").tobytes()
        + (colours << 9 | symmetry[points]).astype("<u2").tobytes()
        for symmetry in _symmetries(size)
    )
    return hashlib.sha256(b"%d %d " % (size, len(setup_points)) + text).hexdigest()[:16]


def _columns(board: Board, moves: Iterable[tuple[Colour, int | str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the colours and the points of moves, int64 [N] each."""
    pairs = np.array([(colour, board.point(point)) for colour, point in moves], np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _symmetries(size: int) -> NDArray[np.int64]:
    """Return the move that each move becomes under each transform of the board, int64 [8, size * size + 1]."""
    grid = np.zeros((MAX_SIZE, MAX_SIZE), np.int64)
    grid[board_part(size)] = np.arange(size * size).reshape(size, size)
    boards = [transform_planes(grid, transform, size)[board_part(size)] for transform in Transform]
    return np.stack([np.append(board, size * size) for board in boards])


def _with_vertices(moves: Iterable[Move], size: int) -> tuple[tuple[Colour, str], ...]:
    return tuple((move.colour, point_to_vertex(move.point, size)) for move in moves)
