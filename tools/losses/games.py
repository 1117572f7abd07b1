"""The games of a player, read from SGF files and archives of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sgfmill import sgf

from shicho.engine.colour import Colour
from shicho.engine.errors import BadRecord
from shicho.engine.game import Game
from shicho.engine.sgf import read_game
from shicho.training.data.sources import Damage, find_sources, read_games

SIZE: Final = 19


@dataclass(frozen=True, kw_only=True)
class PlayedGame:
    """A game of the player: its place in the files, who won (None: nobody), and the player's colour.

    `result` is what RE says.
    """

    place: str
    colour: Colour
    winner: Colour | None
    result: str
    game: Game

    @property
    def lost(self) -> bool:
        """Whether the opponent won."""
        return self.winner is self.colour.opponent


def games_of(player: str, paths: Sequence[Path]) -> list[PlayedGame]:
    """Return the games on 19x19 in which one player's name begins with `player`, and the other's does not.

    Games with set-up stones after the first move are left out. Raises BadRecord for a record that cannot be read and if
    there is no such game.
    """
    found = list(_games_of(player, paths))
    if not found:
        raise BadRecord(f"no games on 19x19 of a player whose name begins with {player!r}", str(paths[0]))
    return found


def _games_of(player: str, paths: Sequence[Path]) -> Iterator[PlayedGame]:
    for source in find_sources(paths):
        for text in read_games(source):
            if isinstance(text, Damage) or text.error:
                raise BadRecord(str(text.error), text.place)
            try:
                game = read_game(text.data)
            except BadRecord as error:
                raise BadRecord(str(error), text.place) from None
            root = sgf.Sgf_game.from_bytes(text.data).get_root()
            names = {colour: _tag(root, f"P{colour.letter.upper()}") for colour in (Colour.BLACK, Colour.WHITE)}
            colours = [colour for colour, name in names.items() if name.startswith(player)]
            if len(colours) != 1 or game.size != SIZE or game.ply != len(game.moves):
                continue
            result = _tag(root, "RE")
            winner = Colour.parse(result[0]) if result[:2] in ("B+", "W+") else None
            yield PlayedGame(place=text.place, colour=colours[0], winner=winner, result=result, game=game)


def _tag(root: sgf.Tree_node, name: str) -> str:
    return str(root.get(name)) if root.has_property(name) else ""
