"""The ladder reading of docs/background.md as plain recursion over copies of a `SlowBoard`.

The order in which moves are tried changes how long a reading takes, never what it finds.
"""

from dataclasses import dataclass

from tests.support.slow_board import BLACK, WHITE, SlowBoard, neighbours


class LadderUnread(Exception):
    """The node limit was reached before the reading was done."""


@dataclass
class Reading:
    """One chain being read: a stone of it, who attacks, and how many more moves may be looked at."""

    point: int
    attacker: int
    nodes_left: int

    @property
    def defender(self) -> int:
        """The colour of the chain."""
        return BLACK + WHITE - self.attacker

    def after(self, board: SlowBoard, colour: int, move: int) -> SlowBoard | None:
        """The position after a move; None if ko or suicide forbids it."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise LadderUnread
        if board.ko == (colour, move):
            return None
        child = board.after(colour, move)
        return child if move in child.stones else None

    def falls_to(self, board: SlowBoard, move: int) -> bool:
        """Whether the chain is captured when the attacker begins with this move; a ban that it leaves is lifted."""
        child = self.after(board, self.attacker, move)
        if child is None:
            return False
        child.ko = None
        return self.captured_defender_to_move(child)

    def captured_defender_to_move(self, board: SlowBoard) -> bool:
        """Two liberties or a ko ban: escaped. Else the defender takes a chain in atari beside it, or extends."""
        chain = board.chain(self.point)
        if len(chain.liberties) >= 2 or board.ko is not None:
            return False
        beside = board.chains_beside(chain.stones, self.attacker)
        in_atari = [enemy for enemy in beside if len(enemy.liberties) == 1]
        for move in [*(min(enemy.liberties) for enemy in in_atari), *chain.liberties]:
            child = self.after(board, self.defender, move)
            if child is not None and not self.captured_attacker_to_move(child):
                return False
        return True

    def captured_attacker_to_move(self, board: SlowBoard) -> bool:
        """One liberty: captured; three: escaped; with two the attacker tries both, unless one lets the chain out."""
        liberties = board.chain(self.point).liberties
        if len(liberties) != 2:
            return len(liberties) < 2
        moves = sorted(liberties, key=lambda move: -self.promise(board, move))
        if moves[0] not in neighbours(board.size)[moves[1]]:
            # A move away from a liberty with three empty neighbours gives the chain three liberties at once.
            ways_out = [move for move in moves if self.empty_neighbours(board, move) >= 3]
            if ways_out:
                moves = ways_out if len(ways_out) == 1 else []
        for move in moves:
            child = self.after(board, self.attacker, move)
            if child is not None and self.captured_defender_to_move(child):
                return True
        return False

    def empty_neighbours(self, board: SlowBoard, move: int) -> int:
        """How many points beside a point are empty."""
        return sum(beside not in board.stones for beside in neighbours(board.size)[move])

    def promise(self, board: SlowBoard, move: int) -> float:
        """How much the defender would gain at a point."""
        beside = board.chains_beside([move], self.defender)
        return self.empty_neighbours(board, move) + sum(max(0.0, len(chain.liberties) - 1.5) for chain in beside)


def read_ladder(board: SlowBoard, point: int, nodes: int = 100_000) -> tuple[bool, list[int]]:
    """Whether the chain at `point` is captured in a ladder; the attacker's working first moves if it has two liberties.

    With one liberty the defender moves first, with two the attacker, with three or more there is no ladder. The
    position's own ko ban is lifted. Raises LadderUnread when `nodes` moves were not enough.
    """
    board = board.copy()
    board.ko = None
    chain = board.chain(point)
    reading = Reading(point, BLACK + WHITE - chain.colour, nodes)
    if len(chain.liberties) == 1:
        return reading.captured_defender_to_move(board), []
    if len(chain.liberties) == 2:
        working = [move for move in sorted(chain.liberties) if reading.falls_to(board, move)]
        return bool(working), working
    return False, []
