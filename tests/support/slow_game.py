"""A game as the list of everything that was ever on the board, slow and obviously right: the yardstick for `Game`.

Built on the slow board, of which it takes stones and captures alone: ko, superko, passes and the end are written out
here from their definitions. The names of rules and reasons are those of shicho.engine, as plain text.
"""

from dataclasses import dataclass, replace

from tests.support.slow_board import BLACK, WHITE, SlowBoard

Move = tuple[int, int]


@dataclass(frozen=True)
class State:
    """A position, whose turn it is, the move that led to it (none at the start), and how many passes stand in a row."""

    board: SlowBoard
    to_play: int
    move: Move | None = None
    passes: int = 0


class SlowGame:
    """A game from a position, by a ko rule ("simple", "positional", "situational") and with suicide or without it."""

    def __init__(self, start: SlowBoard, ko: str, suicide: bool, to_play: int = BLACK) -> None:
        self.ko = ko
        self.suicide = suicide
        self.states = [State(start, to_play)]

    @property
    def board(self) -> SlowBoard:
        """The position now."""
        return self.states[-1].board

    @property
    def to_play(self) -> int:
        """Whose turn it is."""
        return self.states[-1].to_play

    @property
    def is_over(self) -> bool:
        """Whether both sides have passed, one after the other."""
        return self.states[-1].passes == 2

    def why_illegal(self, colour: int, point: int) -> str | None:
        """The reason, None for a legal move; whether the game is over is not asked."""
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
        """Whether this undoes the opponent's last play, which is only possible where both take a single stone.

        A suicide of one stone leaves nothing to be undone.
        """
        if len(self.states) < 2:
            return False
        before, last = self.states[-2:]
        assert last.move is not None
        side, point = last.move
        changed = before.board.stones != last.board.stones
        return side != colour and not self._is_pass(point) and changed and after == before.board.stones

    def legal_moves(self, colour: int) -> list[int]:
        """Points in rising order, the pass last."""
        points = range(self.board.size**2 + 1)
        return [point for point in points if self.why_illegal(colour, point) is None]

    def play(self, colour: int, point: int) -> None:
        """Play or pass; legality is not checked."""
        last = self.states[-1]
        opponent = BLACK + WHITE - colour
        if self._is_pass(point):
            answers = last.passes > 0 and last.move is not None and last.move[0] == opponent
            state = State(last.board, opponent, (colour, point), last.passes + 1 if answers else 1)
        else:
            state = State(last.board.after(colour, point), opponent, (colour, point))
        self.states.append(state)

    def undo(self) -> None:
        """Take the last move back, and what came after it."""
        self.states.pop()

    def resume(self) -> None:
        """Play on after two passes."""
        self.states[-1] = replace(self.states[-1], passes=0)

    def _is_pass(self, point: int) -> bool:
        return point == self.board.size**2
