"""The positions of a game record, and of variations that leave it."""

from dataclasses import dataclass
from pathlib import Path

from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadConfig
from shicho.engine.game import Game
from shicho.engine.sgf import read_game


class Record:
    """The main line of an SGF file, or an empty board of `size`. `plies`: its moves; `title`: the name of the file.

    Raises BadRecord and OSError for a file that cannot be read, and BadConfig for a bad size.
    """

    def __init__(self, file: Path | None = None, *, size: int = 19) -> None:
        self.title = "" if file is None else file.stem
        self._text = b"" if file is None else file.read_bytes()
        self._final = Game(size) if file is None else read_game(file)
        self.size = self._final.size
        self.plies = self._final.ply

    def position(self, ply: int) -> Game:
        """Return a game of its own after that many moves; raises BadConfig if the record does not have them."""
        if not 0 <= ply <= self.plies:
            raise BadConfig(f"move {ply}: the record has {self.plies} moves")
        if ply < self.plies - len(self._final.moves):  # set-up stones come later
            return read_game(self._text, plies=ply)
        return self._final.earlier(ply)

    def next_move(self, ply: int) -> str | None:
        """Return the vertex that is played after that many moves, None at the end and where stones are set up."""
        if ply >= self.plies:
            return None
        moves = self.position(ply + 1).moves
        return point_to_vertex(moves[-1].point, self.size) if moves else None


@dataclass(frozen=True)
class Line:
    """The first `move` moves of a record and then the vertices `play`, played by both sides in turn."""

    record: Record
    move: int
    play: tuple[str, ...] = ()

    @property
    def plies(self) -> int:
        """How many moves the line has."""
        return self.move + len(self.play)

    def position(self, ply: int | None = None) -> Game:
        """Return a game of its own after that many moves of the line (default: all).

        The rules hold for `play`, except that a game goes on after two passes. Raises IllegalMove, BadVertex, and
        BadConfig if the line does not have the moves.
        """
        ply = self.plies if ply is None else ply
        if ply > self.plies:
            raise BadConfig(f"move {ply}: the line has {self.plies} moves")
        game = self.record.position(min(ply, self.move))
        for vertex in self.play[: max(0, ply - self.move)]:
            game.resume()
            game.play(game.to_play, vertex)
        return game
