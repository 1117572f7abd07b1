"""The games of a player, read from SGF files and archives of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shicho.engine.colour import Colour
from shicho.engine.errors import BadRecord
from shicho.engine.game import Game
from shicho.engine.sgf import Node, main_line, read_game
from shicho.training.data.records import read_result
from shicho.training.data.sources import Damage, find_sources, read_games
from shicho.training.data.store import BLACK_WON, WHITE_WON

SIZE: Final = 19
_WINNERS: Final = {BLACK_WON: Colour.BLACK, WHITE_WON: Colour.WHITE}


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
            root = main_line(text.data)[0]
            names = {Colour.BLACK: _text(root, "PB"), Colour.WHITE: _text(root, "PW")}
            colours = [colour for colour, name in names.items() if name.startswith(player)]
            if len(colours) != 1 or game.size != SIZE or game.ply != len(game.moves):
                continue
            result = _text(root, "RE")
            winner = _WINNERS.get(read_result(result.encode()))
            yield PlayedGame(place=text.place, colour=colours[0], winner=winner, result=result, game=game)


def _text(root: Node, name: str) -> str:
    return root.get(name, [b""])[0].decode(errors="replace")
