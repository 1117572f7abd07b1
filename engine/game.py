"""A game: a board, the rules and the moves so far. It checks superko, knows when the game is over, and counts it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shicho.engine.board import Board, star_points
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
from shicho.engine.numbers import number_in_range
from shicho.engine.rules import KoRule, Rules
from shicho.engine.scoring import Score, Stones, count

_PICKLE_FORMAT: Final = 1


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
        self.board = Board(size)
        self.moves: list[Move] = []
        self.setup: list[Move] = []
        self.handicap = 0
        self.first_to_play = Colour.BLACK
        self.resigned: Colour | None = None
        self._resumed: list[int] = []
        self._positions = [self._position(self.first_to_play)]
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
        """How many moves have been played, with passes and without set-up stones."""
        return len(self.moves)

    @property
    def to_play(self) -> Colour:
        """The opponent of the side that moved last; before the first move the side given to `set_up`.

        This is black by default, and white after `place_handicap`.
        """
        return self.moves[-1].colour.opponent if self.moves else self.first_to_play

    @property
    def is_over(self) -> bool:
        """Whether a side has resigned or the last two moves are passes, one by each side."""
        if self.resigned:
            return True
        last = self.moves[max(self._resumed[-1] if self._resumed else 0, self.ply - 2) :]
        return len(last) == 2 and all(map(self._is_pass, last)) and last[0].colour is not last[1].colour

    def set_up(self, stones: Iterable[tuple[Colour | str, int | str]], *, to_play: Colour | str = Colour.BLACK) -> None:
        """Put stones on the empty board before the first move.

        Raises BadHandicap if there are moves or set-up stones already, IllegalMove, BadVertex or BadColour for a stone
        that cannot be placed, and then changes nothing.
        """
        if self.moves or self.setup:
            raise BadHandicap("board not empty")
        first, placed = Colour.parse(to_play), list[Move]()
        try:
            for colour, point in stones:
                stone = Move(Colour.parse(colour), self.board.point(point))
                self.board.place(*stone)
                placed.append(stone)
        except Exception:
            for _ in placed:
                self.board.undo()
            raise
        self.setup = placed
        self.first_to_play = first
        self._positions = [self._position(first)]
        self._seen = Counter(self._positions)

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
        stars = star_points(self.size)
        try:
            number = number_in_range("handicap stones", stones, 2, len(stars))
        except BadConfig:
            raise BadHandicap(f"no fixed handicap of {brief(stones)} stones on {self.size}x{self.size}") from None
        return (*stars[: number - 1], stars[-1]) if number in (5, 7) else stars[:number]

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

    def play(self, colour: Colour | str, point: int | str) -> None:
        """Play a stone or pass; raises IllegalMove, BadVertex or BadColour and then changes nothing."""
        side, number = Colour.parse(colour), self.board.point(point)
        reason = IllegalReason.GAME_OVER if self.is_over else self.why_illegal(side, number)
        if reason:
            raise IllegalMove(reason, str(side), point_to_vertex(number, self.size))
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
        while self._resumed and self._resumed[-1] > self.ply:
            self._resumed.pop()

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
            self._resumed.append(self.ply)

    def score(self, *, dead: Stones = (), seki: Stones = ()) -> Score:
        """Count the current board under the game's rules; see `scoring.count`.

        All stones count as alive except the `dead` ones. Raises BadVertex if `dead` or `seki` names an empty point.
        """
        return count(self.board, self.rules, handicap=self.handicap, dead=dead, seki=seki)

    def result_text(self) -> str:
        """Return the result as SGF writes it: "B+R" after a resignation, else the score ("B+3.5", "0")."""
        return f"{self.resigned.opponent.letter.upper()}+R" if self.resigned else str(self.score())

    def store_moves(self) -> NDArray[np.uint16]:
        """Return the moves in the stored-move code of `shicho.engine.moves`, uint16 [ply]."""
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
        self.board.core.try_play(colour, point, self.rules.suicide)
        seen = self._position(colour.opponent) in self._seen
        if self.rules.ko is KoRule.POSITIONAL:
            seen |= self._position(colour) in self._seen
        self.board.core.undo()
        return seen

    def _is_pass(self, move: Move) -> bool:
        return move.point == self.board.pass_point

    def __getstate__(self) -> dict[str, Any]:
        return {
            "format": _PICKLE_FORMAT,
            "size": self.size,
            "rules": self.rules,
            "setup": list(self.setup),
            "handicap": self.handicap,
            "first_to_play": self.first_to_play,
            "moves": list(self.moves),
            "resumed": list(self._resumed),
            "resigned": self.resigned,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Replay the pickled moves without the rules' superko check; raises BadRecord for a damaged pickle."""
        try:
            if state["format"] != _PICKLE_FORMAT:
                raise ValueError(f"format {brief(state['format'])}, not {_PICKLE_FORMAT}")
            self.__init__(state["size"], state["rules"])  # type: ignore[misc]
            self.set_up(state["setup"], to_play=state["first_to_play"])
            for move in state["moves"]:
                self.board.play(*move, suicide=True)
                self._note(move)
            self.handicap, self.resigned = state["handicap"], state["resigned"]
            self._resumed = list(state["resumed"])
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
