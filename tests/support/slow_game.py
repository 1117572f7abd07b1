"""A game as the list of all its positions, slow and simple: the reference for `Game`.

It uses only stones and captures of the slow board: ko, superko, passes and the end are written out
here from their definitions. The names of rules and reasons are those of shicho.engine, as plain text.
"""

from dataclasses import dataclass, replace

from tests.support.slow_board import BLACK, WHITE, SlowBoard

Move = tuple[int, int]


@dataclass(frozen=True)
class State:
    """A position, the side to play, the move that led to it (None at the start), and the passes in a row."""

    board: SlowBoard
    to_play: int
    move: Move | None = None
    passes: int = 0


class SlowGame:
    """A game from a position under a ko rule ("simple", "positional", "situational"), with or without suicide."""

    def __init__(self, start: SlowBoard, ko: str, suicide: bool, to_play: int = BLACK) -> None:
        self.ko = ko
        self.suicide = suicide
        self.states = [State(start, to_play)]

    @property
    def board(self) -> SlowBoard:
        """The current position."""
        return self.states[-1].board

    @property
    def to_play(self) -> int:
        """The side to play."""
        return self.states[-1].to_play

    @property
    def is_over(self) -> bool:
        """Whether the last two moves are passes, one by each side."""
        return self.states[-1].passes == 2

    def why_illegal(self, colour: int, point: int) -> str | None:
        """Return the reason, None for a legal move; whether the game is over is not checked."""
        if self._is_pass(point):
            return None
        if point in self.board.stones:
            return "occupied"
        after = self.board.after(colour, point).stones
        if self._retakes_a_ko(colour, after):
            return "ko"
        if point not in after and not self.suicide:
            return "suicide"
        to_play = BLACK + WHITE - colour
        again = {earlier.to_play for earlier in self.states if earlier.board.stones == after}
        if (self.ko == "positional" and again) or (self.ko == "situational" and to_play in again):
            return "superko"
        return None

    def _retakes_a_ko(self, colour: int, after: dict[int, int]) -> bool:
        """Return whether this undoes the opponent's last move, which needs both to capture a single stone.

        A single-stone suicide cannot be undone in this way.
        """
        if len(self.states) < 2:
            return False
        before, last = self.states[-2:]
        assert last.move is not None
        side, point = last.move
        changed = before.board.stones != last.board.stones
        return side != colour and not self._is_pass(point) and changed and after == before.board.stones

    def legal_moves(self, colour: int) -> list[int]:
        """Return the legal moves in rising order, the pass last."""
        points = range(self.board.size**2 + 1)
        return [point for point in points if self.why_illegal(colour, point) is None]

    def play(self, colour: int, point: int) -> None:
        """Play a stone or pass; legality is not checked."""
        last = self.states[-1]
        opponent = BLACK + WHITE - colour
        if self._is_pass(point):
            answers = last.passes > 0 and last.move is not None and last.move[0] == opponent
            state = State(last.board, opponent, (colour, point), last.passes + 1 if answers else 1)
        else:
            state = State(last.board.after(colour, point), opponent, (colour, point))
        self.states.append(state)

    def undo(self) -> None:
        """Take back the last move and a resumption after it."""
        self.states.pop()

    def resume(self) -> None:
        """Continue after two passes."""
        self.states[-1] = replace(self.states[-1], passes=0)

    def _is_pass(self, point: int) -> bool:
        return point == self.board.size**2
