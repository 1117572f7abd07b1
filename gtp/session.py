"""The state of a GTP session."""

from dataclasses import dataclass, field

from shicho.engine import Game
from shicho.engine.player import Player


@dataclass
class Session:
    """The state that commands read and change.

    `player`: chooses the moves.
    `version`: the response to the command `version`.
    `game`: the current game.
    `finished`: whether the controller has sent `quit`.
    """

    player: Player
    version: str = ""
    game: Game = field(default_factory=Game)
    finished: bool = False
