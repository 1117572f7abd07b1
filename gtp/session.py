"""The state of a GTP session."""

import time
from dataclasses import dataclass, field

import numpy as np

from shicho.engine import Colour, Game, Move
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import NothingToUndo
from shicho.engine.player import Player
from shicho.gtp.clock import Clock


@dataclass(frozen=True)
class Generated:
    """A move that the engine chose: `move` was played in `game` as move number `ply`, counted from 1."""

    game: Game
    ply: int
    move: Move


@dataclass
class Session:
    """The state of a session, which commands read and change.

    `player`: chooses the moves.
    `version`: the response to the command `version`.
    `seed`: the seed of the player's rng, if known.
    `game`: the current game.
    `clock`: the time settings and the time left.
    `generated`: the last move that the engine chose and played.
    `genmove_seconds`: processor time spent on choosing moves, by all threads.
    `finished`: whether the controller has sent `quit`.
    """

    player: Player
    version: str = ""
    seed: int | None = None
    game: Game = field(default_factory=Game)
    clock: Clock = field(default_factory=Clock)
    generated: Generated | None = None
    genmove_seconds: float = 0.0
    finished: bool = False

    def play(self, colour: Colour, point: int, *, may_repeat: bool = False) -> None:
        """Play a move, also after the end of the game; raises IllegalMove. For `may_repeat` see `Game.play`."""
        if self.game.is_over:
            self.game.resume()
        self.game.play(colour, point, may_repeat=may_repeat)

    def undo(self, moves: int = 1) -> None:
        """Take back moves; raises NothingToUndo and changes nothing if there are not that many."""
        if moves > len(self.game.moves):
            raise NothingToUndo(f"only {len(self.game.moves)} moves to take back")
        for _ in range(moves):
            self.game.undo()

    def generate(self, colour: Colour, *, cleanup: bool = False) -> str:
        """Choose and play a move, with `cleanup` one that removes dead stones; return its vertex.

        Returns "resign", and plays nothing, if the player resigns.
        """
        started = time.process_time()
        choose = self.player.genmove_cleanup if cleanup else self.player.genmove
        point = choose(self.game, colour)
        self.genmove_seconds += time.process_time() - started
        if point is None:
            return "resign"
        self.play(colour, point)
        self.generated = Generated(self.game, self.game.ply, self.game.moves[-1])
        return point_to_vertex(point, self.game.size)

    def reseed(self, seed: int) -> None:
        """Give the player a new rng with this seed, 0 or greater."""
        self.seed = seed
        self.player.rng = np.random.default_rng(seed)
