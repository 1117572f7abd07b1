"""Reading and writing SGF with sgfmill.

`write_game` and `read_game` handle one game. For bulk work, `split_games` cuts a stream into the texts of single games
without parsing them, and `main_line` parses one text. These two work on bytes: moves and tags are ASCII, and names may
be in any encoding that is a superset of ASCII.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from sgfmill import sgf, sgf_grammar

from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, BadRecord, ShichoError, brief
from shicho.engine.game import Game
from shicho.engine.rules import RECORD_RULES, Rules
from shicho.engine.version import shicho_version

Node = dict[str, list[bytes]]
"""A node's properties, from identifier to raw values, as sgfmill's parser returns them."""

_RULE_NAMES: Final = {
    "chinese": "Chinese",
    "japanese": "Japanese",
    "aga": "AGA",
    "new-zealand": "NZ",
    "tromp-taylor": "Tromp-Taylor",
    "cgos": "CGOS",
}
_SCAN_BYTES: Final = 1 << 16
_START: Final = re.compile(rb"\(\s*;")
_ROOT_PROPERTY: Final = b"FF|GM|SZ|CA|AP|ST|GN|GC|EV|RO|PB|PW|BR|WR|BT|WT|KM|HA|RE|RU|DT|PC|TM|OT|SO|US|AN|CP|ON"
_NEW_GAME: Final = re.compile(rb"^[ \t]*(\(\s*;\s*(?:" + _ROOT_PROPERTY + rb")\s*\[)", re.MULTILINE)
_BRACKET: Final = re.compile(rb"\[[^\]\\]*(?:\\.[^\]\\]*)*(?:\]|\Z)|[()]", re.DOTALL)


def split_games(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text of each game, in order, from SGF that arrives in blocks; text between games is skipped.

    A game ends with its closing bracket. A game without one ends before the next line that starts a game with a root
    property, so a broken game does not swallow its successors. Its text is yielded as well; `main_line` then reports
    what is wrong with it.
    """
    text, waiting = b"", bytearray()
    for block in blocks:
        waiting += block
        if len(waiting) < max(_SCAN_BYTES, len(text)):
            continue
        text += waiting
        waiting.clear()
        place = 0
        for start, end, complete in _game_spans(text):
            if not complete:
                break
            yield text[start:end]
            place = end
        text = text[place:]
    text += waiting
    for start, end, _ in _game_spans(text):
        yield text[start:end]


def _game_spans(text: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield (start, end, complete) of each game; complete means that more text cannot move the end."""
    new_games = _NEW_GAME.finditer(text)
    limit = 0
    place = 0
    while found := _START.search(text, place):
        start = found.start()
        while limit <= start:
            following = next(new_games, None)
            limit = following.start(1) if following else len(text)
            if following is None:
                break
        end = _closing_bracket(text, start, limit)
        place = end if end is not None else limit
        yield start, place, end is not None or limit < len(text)


def _closing_bracket(text: bytes, start: int, limit: int) -> int | None:
    depth = 0
    for found in _BRACKET.finditer(text, start, limit):
        token = found.group()
        if token == b"(":
            depth += 1
        elif token == b")":
            depth -= 1
            if depth == 0:
                return found.end()
    return None


def main_line(text: bytes) -> list[Node]:
    """Return the nodes of the first game's main line, root first; raises BadRecord if the SGF is malformed."""
    try:
        tree = sgf_grammar.parse_sgf_game(text)
    except ValueError as error:
        raise BadRecord(f"unreadable SGF ({error})") from error
    nodes = list(tree.sequence)
    while tree.children:
        tree = tree.children[0]
        nodes += tree.sequence
    return nodes


def write_game(
    game: Game, *, black: str = "", white: str = "", result: str | None = None, date: str = "", comment: str = ""
) -> bytes:
    """Return a game as SGF in UTF-8: set-up stones, moves, komi, handicap, names and result.

    `result` is the text of RE; the default is the game's result if it is over, else no RE. Empty texts are left out.
    After an `edit` of the game the record starts with the edited position; SGF has no place for the captures before it.
    """
    record = sgf.Sgf_game(game.size, encoding="UTF-8")
    root = record.get_root()
    if result is None:
        result = game.result_text() if game.is_over else ""
    for name, text in {
        "PB": black,
        "PW": white,
        "RE": result,
        "DT": date,
        "C": comment,
        "RU": _RULE_NAMES.get(game.rules.name or "", ""),
    }.items():
        if text:
            root.set(name, text)
    root.set("AP", ("Shicho", shicho_version()))
    root.set("KM", game.komi)
    if game.handicap:
        root.set("HA", game.handicap)
    if game.setup:
        stones = [[_place(stone.point, game.size) for stone in game.setup if stone.colour is side] for side in Colour]
        root.set_setup_stones(*stones)
    if game.setup or game.first_to_play is Colour.WHITE:
        root.set("PL", game.first_to_play.letter)
    for move in game.moves:
        record.extend_main_sequence().set_move(move.colour.letter, _place(move.point, game.size))
    return bytes(record.serialise(wrap=None))


def read_game(source: Path | str | bytes, *, plies: int | None = None, rules: Rules | None = None) -> Game:
    """Read the main line of the first game in a file (a Path) or in SGF text (str or bytes).

    At most `plies` moves are read (default: all), with the set-up stones before the next move. Set-up stones in later
    nodes edit the position (see `Game.edit`). The side to move is that of PL, else that of the next move. The moves are
    replayed with suicide legal and may repeat positions; only a ban by simple ko is kept.

    The game then has `rules`, by default the rule set that RU names, or `RECORD_RULES` if RU is missing or unknown. KM
    sets komi, with a decimal point or comma. Without KM komi is that of these rules, or 0 if RU named them and HA is 2
    or more, because the usual komi is for even games. HA is kept even where no handicap stones are set up. The board
    size defaults to 19.

    Raises BadRecord naming the file and the place if known, and OSError if the file cannot be read.
    """
    try:
        return _read(source.read_bytes() if isinstance(source, Path) else source, plies, rules)
    except BadRecord as error:
        if isinstance(source, Path):
            raise BadRecord(str(error), str(source)) from None
        raise


def _read(text: str | bytes, plies: int | None, rules: Rules | None) -> Game:
    try:
        read = sgf.Sgf_game.from_string if isinstance(text, str) else sgf.Sgf_game.from_bytes
        record = read(text)
        size = record.get_size()
    except (ValueError, LookupError, TypeError) as error:
        hint = "; pass a file name as a Path" if isinstance(text, str) and "(" not in text else ""
        raise BadRecord(f"unreadable SGF ({error}): {brief(text)}{hint}") from None
    root = record.get_root()
    if _tag(root, "GM") not in ("", "1"):
        raise BadRecord(f"not a game of Go (GM[{_tag(root, 'GM')[:20]}])")
    if not 2 <= size <= MAX_SIZE:
        raise BadRecord(f"board size is not 2 to {MAX_SIZE}: {size}", "SZ")
    game = Game(size)
    with _reading("HA"):
        game.handicap = int(_tag(root, "HA") or 0)
    with _reading("KM"):
        final = _with_komi(rules or _named_rules(root, game.handicap), _tag(root, "KM"))
    game.rules = replace(final, suicide=True)
    _replay(game, record, plies)
    game.rules = final
    return game


@contextmanager
def _reading(place: str) -> Iterator[None]:
    """Turn the errors of reading one place of a record into BadRecord."""
    try:
        yield
    except (ShichoError, ValueError) as error:
        raise BadRecord(str(error), place) from None


def _tag(root: sgf.Node, name: str) -> str:
    """Return the first raw value of a property without surrounding spaces, "" if it is missing."""
    return root.get_raw(name).decode("latin-1").strip() if root.has_property(name) else ""


def _named_rules(root: sgf.Node, handicap: int) -> Rules:
    try:
        named = Rules.named(_tag(root, "RU"))
    except BadConfig:
        return RECORD_RULES
    return replace(named, komi=0) if handicap > 1 else named


def _with_komi(rules: Rules, text: str) -> Rules:
    return replace(rules, komi=float(text.replace(",", "."))) if text else rules


def _replay(game: Game, record: sgf.Sgf_game, plies: int | None) -> None:
    nodes = record.get_main_sequence()
    movers = [node.get_raw_move()[0] for node in nodes]
    for index, (node, mover) in enumerate(zip(nodes, movers, strict=True)):
        if index == 0 or node.has_setup_stones() or (node.has_property("PL") and not mover):
            with _reading(f"set-up before move {game.ply + 1}"):
                _edit(game, node, next(filter(None, movers[index:]), None))
        if mover:
            if game.ply == plies:
                return
            with _reading(f"move {game.ply + 1}"):
                if game.is_over:
                    game.resume()
                game.play(mover, _point(node.get_move()[1], game.size), may_repeat=True)


def _edit(game: Game, node: sgf.Node, next_mover: str | None) -> None:
    """Apply a node's set-up stones and decide whose turn it is."""
    black, white, empty = node.get_setup_stones()
    changes = ((Colour.BLACK, black), (Colour.WHITE, white), (None, empty))
    stones = [(side, _point(place, game.size)) for side, places in changes for place in places]
    if node.has_property("PL"):
        turn = Colour.parse(node.get("PL"))
    elif next_mover:
        turn = Colour.parse(next_mover)
    elif black and game.handicap > 1 and game.ply == 0:
        turn = Colour.WHITE
    else:
        turn = game.to_play
    if stones or turn is not game.to_play:
        game.edit(stones, to_play=turn)


def _place(point: int, size: int) -> tuple[int, int] | None:
    """Return a point as sgfmill writes it: (row from the bottom, column), or None for a pass."""
    row, column = divmod(point, size)
    return None if point == size * size else (size - 1 - row, column)


def _point(place: tuple[int, int] | None, size: int) -> int:
    return size * size if place is None else (size - 1 - place[0]) * size + place[1]
