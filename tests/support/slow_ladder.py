"""The ladder rules of docs/background.md as plain recursion over copies of a `SlowBoard`.

The order of moves changes how long a reading takes, but not its result.
"""

from dataclasses import dataclass

from tests.support.slow_board import BLACK, WHITE, SlowBoard, neighbours


class LadderUnread(Exception):
    """The node limit was reached before the verdict."""


@dataclass
class Reading:
    """The reading of one chain: a stone of it, the attacker, and how many more moves may be read."""

    point: int
    attacker: int
    nodes_left: int

    @property
    def defender(self) -> int:
        """The colour of the chain, the opponent of the attacker."""
        return BLACK + WHITE - self.attacker

    def after(self, board: SlowBoard, colour: int, move: int) -> SlowBoard | None:
        """Return the position after a move, None if it is illegal by ko or suicide."""
        self.nodes_left -= 1
        if self.nodes_left < 0:
            raise LadderUnread
        if board.ko == (colour, move):
            return None
        child = board.after(colour, move)
        return child if move in child.stones else None

    def falls_to(self, board: SlowBoard, move: int) -> bool:
        """Return whether the attacker captures the chain with this first move, whose ko ban is ignored."""
        child = self.after(board, self.attacker, move)
        if child is None:
            return False
        child.ko = None
        return self.captured_defender_to_move(child)

    def captured_defender_to_move(self, board: SlowBoard) -> bool:
        """Two liberties or a ko ban are an escape. Else the defender captures an adjacent chain in atari or extends."""
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
        """One liberty is a capture, three are an escape; against two the attacker tries both liberties."""
        liberties = board.chain(self.point).liberties
        if len(liberties) != 2:
            return len(liberties) < 2
        moves = sorted(liberties, key=lambda move: -self.estimated_gain(board, move))
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
        """Return how many neighbours of a point are empty."""
        return sum(beside not in board.stones for beside in neighbours(board.size)[move])

    def estimated_gain(self, board: SlowBoard, move: int) -> float:
        """Estimate how many liberties the defender would gain at a point."""
        beside = board.chains_beside([move], self.defender)
        return self.empty_neighbours(board, move) + sum(max(0.0, len(chain.liberties) - 1.5) for chain in beside)


def read_ladder(board: SlowBoard, point: int, nodes: int = 100_000) -> tuple[bool, list[int]]:
    """Return whether a ladder captures the chain at `point`, and the attacker's first moves that capture it.

    The defender moves first in atari, the attacker against two liberties; three or more are never captured. The
    position's own ko ban is ignored. Raises LadderUnread if `nodes` moves are not enough.
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
