"""What a controller's commands act on."""

from dataclasses import dataclass, field

from shicho.engine import Game
from shicho.engine.player import Player


@dataclass
class Session:
    """One game at a time, the player, and whether the controller has said quit."""

    player: Player
    version: str = ""
    game: Game = field(default_factory=Game)
    finished: bool = False
