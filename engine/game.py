"""A game: a board, the rules and the moves so far. It checks superko, knows when the game is over, and counts it."""

import copy
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board, handicap_points
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE, point_to_vertex
from shicho.engine.errors import (
    BadConfig,
    BadHandicap,
    BadRecord,
    IllegalMove,
    IllegalReason,
    NothingToUndo,
    ShichoError,
    brief,
)
from shicho.engine.moves import PASS, WHITE_BIT
from shicho.engine.numbers import as_bool, number_in_range
from shicho.engine.rules import KoRule, Rules
from shicho.engine.scoring import Score, Stones, count

_PICKLE_FORMAT: Final = 2
_log = logging.getLogger(__name__)


class Move(NamedTuple):
    """A move, a pass (point = size * size) or a set-up stone."""

    colour: Colour
    point: int


class Game:
    """A game from its first set-up stone to its end.

    Either side may play at any time, as in GTP; `to_play` is the side whose turn it is. The game ends with a
    resignation or with two passes in a row, one by each side.

    Pickle and the copy module keep the whole game, so that undo and superko work on the copy.

    >>> game = Game(9, Rules.named("japanese"))
    >>> game.play("b", "E5")
    >>> game.to_play
    <Colour.WHITE: 2>
    """

    def __init__(self, size: int = MAX_SIZE, rules: Rules | None = None) -> None:
        self.rules = Rules() if rules is None else rules
        self._handicap = 0
        self._begin(Board(size), Colour.BLACK, 0)

    def _begin(self, board: Board, to_play: Colour, ply: int) -> None:
        """Start from a position, with no moves and an empty history. Pickles keep this position."""
        self._start, self._first_ply = board, ply
        self.board = board.copy()
        stones = enumerate(board.stones.ravel().tolist())
        self.setup = [Move(Colour(stone), point) for point, stone in stones if stone]
        self.first_to_play = to_play
        self.moves: list[Move] = []
        self.resigned: Colour | None = None
        self._resumed: list[int] = []
        self._positions = [self._position(to_play)]
        self._seen = Counter(self._positions)

    @property
    def rules(self) -> Rules:
        """The rules. They may be replaced during the game; raises BadConfig for a value that is not `Rules`."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        if not isinstance(rules, Rules):
            raise BadConfig(f"not rules of a game: {brief(rules)}")
        self._rules = rules

    @property
    def size(self) -> int:
        """Points on a side."""
        return self.board.size

    @property
    def komi(self) -> float:
        """The points that white gets for moving second."""
        return self.rules.komi

    @komi.setter
    def komi(self, komi: float) -> None:
        self.rules = replace(self.rules, komi=komi)

    @property
    def ply(self) -> int:
        """How many moves have been played, with passes and those before an `edit`, and without set-up stones."""
        return self._first_ply + len(self.moves)

    @property
    def handicap(self) -> int:
        """How many handicap stones black has: the number that was placed or set, else black's first moves.

        Two or more plays by black on the empty board before white's first move are handicap stones, because some
        controllers send them as moves. If white then plays twice in a row as well, a controller is building a
        position, and there is no handicap. Setting a number that is not 0 to size * size raises BadConfig.
        """
        if self._handicap or self.setup or self._first_ply:
            return self._handicap
        stones = 0
        while stones < len(self.moves) and self._is_play(stones, Colour.BLACK):
            stones += 1
        builds = self._is_play(stones, Colour.WHITE) and self._is_play(stones + 1, Colour.WHITE)
        return stones if 2 <= stones < self.board.pass_point and not builds else 0

    @handicap.setter
    def handicap(self, stones: int) -> None:
        self._handicap = number_in_range("handicap", stones, 0, self.board.pass_point)

    @property
    def most_fixed_handicap(self) -> int:
        """The largest fixed handicap of the board size (GTP 2, section 4.1.1), 0 if there is none."""
        return len(handicap_points(self.size))

    @property
    def to_play(self) -> Colour:
        """The opponent of the side that moved last; before the first move the side given to `set_up` or `edit`.

        This is black by default, and white after `place_handicap`.
        """
        return self.moves[-1].colour.opponent if self.moves else self.first_to_play

    @property
    def is_over(self) -> bool:
        """Whether a side has resigned or the last two moves are passes, one by each side."""
        if self.resigned:
            return True
        last = self.moves[max(self._resumed[-1] if self._resumed else 0, len(self.moves) - 2) :]
        return len(last) == 2 and all(map(self._is_pass, last)) and last[0].colour is not last[1].colour

    def set_up(self, stones: Iterable[tuple[Colour | str, int | str]], *, to_play: Colour | str = Colour.BLACK) -> None:
        """Put stones on the empty board before the first move.

        Raises BadHandicap if there are moves or set-up stones already, otherwise the errors of `edit`.
        """
        if self.moves or self.setup:
            raise BadHandicap("board not empty")
        self.edit([(Colour.parse(colour), point) for colour, point in stones], to_play=Colour.parse(to_play))

    def edit(
        self, stones: Iterable[tuple[Colour | str | None, int | str]], *, to_play: Colour | str | None = None
    ) -> None:
        """Put these stones on their points, whatever was there; None as colour removes a stone.

        The position becomes the set-up from which the game goes on. The moves so far are forgotten: they cannot be
        undone and networks do not see them. Repetition counts from here, the ko ban is lifted, and a game that was over
        goes on. `ply`, captures, handicap, rules and komi stay. `to_play` is by default the side whose turn it is.
        `board` becomes another object.

        Raises BadPosition, BadVertex or BadColour for stones that cannot stand (see `Board.edited`), and then changes
        nothing.
        """
        first = self.to_play if to_play is None else Colour.parse(to_play)
        board = self.board.edited(stones)
        self._handicap = self.handicap
        self._begin(board, first, self.ply)

    def place_handicap(self, points: Iterable[int | str]) -> None:
        """Put black handicap stones on an empty board; white moves first.

        Raises BadHandicap for fewer than two points, a repeated point, a pass, a full board or a board that is not
        empty, and BadVertex for a point off the board.
        """
        numbers = [self.board.point(point) for point in points]
        if len(set(numbers)) < len(numbers) or self.board.pass_point in numbers:
            raise BadHandicap("a handicap point is repeated or is a pass")
        if not 2 <= len(numbers) < self.board.pass_point:
            raise BadHandicap(f"handicap stones are not 2 to {self.board.pass_point - 1}: {len(numbers)}")
        self.set_up([Move(Colour.BLACK, number) for number in numbers], to_play=Colour.WHITE)
        self.handicap = len(numbers)

    def fixed_handicap_points(self, stones: int) -> tuple[int, ...]:
        """Return the points of a fixed handicap of that many stones (GTP 2, section 4.1.1).

        Raises BadHandicap if the board size has no fixed handicap of that many stones.
        """
        points = handicap_points(self.size)
        try:
            number = number_in_range("handicap stones", stones, 2, len(points))
        except BadConfig:
            raise BadHandicap(f"no fixed handicap of {brief(stones)} stones on {self.size}x{self.size}") from None
        return (*points[: number - 1], points[-1]) if number in (5, 7) else points[:number]

    def why_illegal(self, colour: Colour | str, point: int | str) -> IllegalReason | None:
        """Return why a move is illegal under the game's rules, None if it is legal.

        Whether the game is over is not checked.
        """
        side, number = Colour.parse(colour), self.board.point(point)
        reason = self.board.why_illegal(side, number, suicide=self.rules.suicide)
        if reason or self.rules.ko is KoRule.SIMPLE or number == self.board.pass_point:
            return reason
        return IllegalReason.SUPERKO if self._repeats(side, number) else None

    def legal_mask(self, colour: Colour | str) -> NDArray[np.bool_]:
        """Return the legal moves of `colour` under the game's rules, superko included.

        bool [size * size + 1], pass last. Whether the game is over is not checked.
        """
        side = Colour.parse(colour)
        legal = self.board.legal_points(side, suicide=self.rules.suicide)
        if self.rules.ko is not KoRule.SIMPLE:
            for point in np.flatnonzero(legal[:-1]).tolist():
                legal[point] = not self._repeats(side, point)
        return legal

    def repetitions(self, colour: Colour | str) -> NDArray[np.bool_]:
        """Return the legal moves by which a position occurs at least a third time with the same side to move.

        bool [size * size + 1], pass last and never marked; superko leaves no such move. Two sides that avoid them
        cannot repeat a cycle for ever.
        """
        side, mask = Colour.parse(colour), np.zeros(self.board.pass_point + 1, np.bool_)
        if self.rules.ko is KoRule.SIMPLE and max(self._seen.values()) > 1:
            for point in np.flatnonzero(self.legal_mask(side)[:-1]).tolist():
                mask[point] = self._seen[self._hash_after(side, point), side.opponent] > 1
        return mask

    def play(self, colour: Colour | str, point: int | str, *, may_repeat: bool = False) -> None:
        """Play a stone or pass; raises IllegalMove, BadVertex or BadColour and then changes nothing.

        `may_repeat`: accept a move that superko forbids, and log a warning. It is for moves that have been played
        elsewhere, in a record or at a server.
        """
        side, number = Colour.parse(colour), self.board.point(point)
        reason = IllegalReason.GAME_OVER if self.is_over else self.why_illegal(side, number)
        vertex = point_to_vertex(number, self.size)
        if as_bool("may_repeat", may_repeat) and reason is IllegalReason.SUPERKO:
            _log.warning("move %d (%s %s) repeats an earlier position", self.ply + 1, side, vertex)
        elif reason:
            raise IllegalMove(reason, str(side), vertex)
        self.board.core.try_play(side, number, self.rules.suicide)
        self._note(Move(side, number))

    def undo(self) -> None:
        """Take back a resignation, or else the last move; raises NothingToUndo if there is none. Set-up stones stay."""
        if self.resigned:
            self.resigned = None
            return
        if not self.moves:
            raise NothingToUndo("there is no move to take back")
        self.moves.pop()
        self.board.undo()
        position = self._positions.pop()
        self._seen[position] -= 1
        if not self._seen[position]:
            del self._seen[position]
        while self._resumed and self._resumed[-1] > len(self.moves):
            self._resumed.pop()

    def earlier(self, ply: int) -> "Game":
        """Return a copy of the game as it was after `ply` moves; raises NothingToUndo if stones were set up later.

        >>> game = Game(9)
        >>> for vertex in ("E5", "C3", "G7"):
        ...     game.play(game.to_play, vertex)
        >>> game.earlier(1).ply, game.ply
        (1, 3)
        """
        game = copy.copy(self)
        while game.ply > ply:
            game.undo()
        return game

    def resign(self, colour: Colour | str) -> None:
        """Resign, so that the other side wins; raises IllegalMove if the game is over."""
        side = Colour.parse(colour)
        if self.is_over:
            raise IllegalMove(IllegalReason.GAME_OVER, str(side), "resign")
        self.resigned = side

    def resume(self) -> None:
        """Continue after two passes, for example to settle which stones are dead; two more passes end the game again.

        Does nothing if the game is not over or was resigned.
        """
        if self.is_over and not self.resigned:
            self._resumed.append(len(self.moves))

    def score(self, *, dead: Stones = (), seki: Stones = ()) -> Score:
        """Count the current board under the game's rules; see `scoring.count`.

        All stones count as alive except the `dead` ones. Raises BadVertex if `dead` or `seki` names an empty point.
        """
        return count(self.board, self.rules, handicap=self.handicap, dead=dead, seki=seki)

    def result_text(self) -> str:
        """Return the result as SGF writes it: "B+R" after a resignation, else the score ("B+3.5", "0")."""
        return f"{self.resigned.opponent.letter.upper()}+R" if self.resigned else str(self.score())

    def store_moves(self) -> NDArray[np.uint16]:
        """Return `moves` in the stored-move code of `shicho.engine.moves`, uint16 [len(moves)]."""
        moves = np.array([(move.colour, move.point) for move in self.moves], dtype=np.uint16).reshape(-1, 2)
        points = np.where(moves[:, 1] == self.board.pass_point, PASS, moves[:, 1])
        return np.where(moves[:, 0] == Colour.WHITE, points | WHITE_BIT, points).astype(np.uint16)

    def _note(self, move: Move) -> None:
        """Record a move that has just been played on the board."""
        self.moves.append(move)
        self._positions.append(self._position(move.colour.opponent))
        self._seen[self._positions[-1]] += 1

    def _position(self, to_play: Colour) -> tuple[int, Colour]:
        return self.board.hash, to_play

    def _repeats(self, colour: Colour, point: int) -> bool:
        """Return whether a move that is legal under simple ko repeats an earlier position (or situation)."""
        after = self._hash_after(colour, point)
        positional = self.rules.ko is KoRule.POSITIONAL
        return (after, colour.opponent) in self._seen or (positional and (after, colour) in self._seen)

    def _hash_after(self, colour: Colour, point: int) -> int:
        """Return the hash of the position after a move that is legal under simple ko."""
        self.board.core.try_play(colour, point, self.rules.suicide)
        after = self.board.hash
        self.board.core.undo()
        return after

    def _is_pass(self, move: Move) -> bool:
        return move.point == self.board.pass_point

    def _is_play(self, index: int, colour: Colour) -> bool:
        """Return whether move number `index` exists and is a stone of `colour`."""
        return index < len(self.moves) and self.moves[index].colour is colour and not self._is_pass(self.moves[index])

    def __getstate__(self) -> dict[str, Any]:
        return {
            "format": _PICKLE_FORMAT,
            "rules": self.rules,
            "start": self._start.copy(),
            "first_to_play": self.first_to_play,
            "first_ply": self._first_ply,
            "handicap": self._handicap,
            "moves": list(self.moves),
            "resumed": list(self._resumed),
            "resigned": self.resigned,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Replay the pickled moves without the rules' superko check; raises BadRecord for a damaged pickle."""
        try:
            if state["format"] != _PICKLE_FORMAT:
                raise ValueError(f"format {brief(state['format'])}, not {_PICKLE_FORMAT}")
            self.rules, self._handicap = state["rules"], state["handicap"]
            self._begin(state["start"], state["first_to_play"], state["first_ply"])
            for move in state["moves"]:
                self.board.play(*move, suicide=True)
                self._note(move)
            self.resigned, self._resumed = state["resigned"], list(state["resumed"])
        except (ShichoError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise BadRecord(str(error), "a pickled game") from error

    def __repr__(self) -> str:
        """Return one line with ply, last move, side to play and komi, then the board."""
        last = self.moves[-1] if self.moves else None
        after = f", last {last.colour} {point_to_vertex(last.point, self.size)}" if last else ""
        turn = "over" if self.is_over else f"{self.to_play} to play"
        return f"Game, {self.ply} moves{after}, {turn}, komi {self.komi:g}\n{self.board!r}"

    def __str__(self) -> str:
        return str(self.board)
