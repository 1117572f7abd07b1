"""The requests of the page of `shicho look`: a path and parameters in, numbers and colours out.

Every request names a position: the parameters `move`, a number of moves of the record, and `play`, vertices that
follow them, separated by commas. Points in answers are numbers, row * size + column from the top left.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import Colour, Game, views
from shicho.engine.board import star_points
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import BadConfig, brief
from shicho.engine.ladder import describe, read
from shicho.engine.palette import hex_colour, signed_colours
from shicho.engine.policy import Policy
from shicho.engine.symmetry import board_part
from shicho.engine.taps import Taps
from shicho.engine.views import View
from shicho.tools.look.record import Line, Record

Query = Mapping[str, str]
Answer = dict[str, Any]

_LISTED: Final = 10
_FRAMES: Final = 12
_MOST_WINS: Final = 64
_PLANE_COLOURS: Final = np.array([(0xEC, 0xD9, 0xB4), (0xD6, 0x27, 0x28)], np.uint8)
"""A pale board where an input plane is 0, and red where it is 1."""


class Api:
    """Answers the page. `paths`: the functions by path; each raises a ShichoError for a bad request.

    Nothing changes from one request to the next, so they may come at the same time.
    """

    def __init__(self, policy: Policy, record: Record) -> None:
        self.policy = policy
        self.record = record
        self.taps = Taps(policy) if "taps" in policy.metadata else None
        self.paths: Mapping[str, Callable[[Query], Answer]] = {
            "/api/game": self.game,
            "/api/position": self.position,
            "/api/point": self.point,
            "/api/planes": self.planes,
            "/api/channels": self.channels,
            "/api/film": self.film,
            "/api/win": self.win,
        }
        self._views: Mapping[str, Callable[[Game, Query], View]] = {
            "stones": lambda game, query: View(),
            "policy": lambda game, query: views.policy_view(game, game.to_play, policy.evaluate(game)),
            "plane": lambda game, query: views.plane_view(game, _text(query, "plane")),
            "channel": self._channel,
            "ladders": _ladders,
            "liberties": lambda game, query: views.liberties_view(game.board),
            "pass-alive": lambda game, query: views.pass_alive_view(game.board),
            "status": lambda game, query: views.status_view(game.board),
            "owner": lambda game, query: views.owner_view(game.board),
        }

    def game(self, query: Query) -> Answer:
        """Return what stays the same: the record's size and length, what the network has, the palette of channels."""
        planes = self.policy.features.planes
        layers = [] if self.taps is None else list(self.taps.layers.values())
        return {
            "title": self.record.title,
            "size": self.record.size,
            "stars": star_points(self.record.size),
            "plies": self.record.plies,
            "network": self.policy.path.name,
            "features": str(self.policy.features),
            "win": self.policy.predicts_win,
            "planes": [{"name": plane.name, "meaning": plane.meaning} for plane in planes],
            "layers": [{"name": each.name, "channels": each.channels, "by_point": each.by_point} for each in layers],
            "palette": [hex_colour(colour) for colour in signed_colours(np.linspace(-1, 1, 65), 1.0)],
        }

    def position(self, query: Query) -> Answer:
        """Return a position, and a `view` of it. Views are named in `_views`; they have parameters of their own."""
        line = self._line(query)
        game = line.position()
        name = query.get("view", "stones")
        if name not in self._views:
            raise BadConfig(f"view {brief(name)}: there are {', '.join(self._views)}")
        view = self._views[name](game, query)
        last = game.moves[-1] if game.moves else None
        return {
            "stones": _stones(game),
            "ply": game.ply,
            "to_play": str(game.to_play),
            "last": None if last is None else {"colour": str(last.colour), "point": last.point},
            "next": None if line.play else self.record.next_move(line.move),
            "captures": {str(side): count for side, count in game.board.captures.items()},
            "illegal": _illegal(game),
            "over": game.is_over,
            "view": _drawn(view),
        }

    def point(self, query: Query) -> Answer:
        """Return the numbers of the point `at`; with a `layer`, also the largest channels of that layer there."""
        game = self._line(query).position()
        point = game.board.point(_text(query, "at"))
        if point == game.board.pass_point:
            raise BadConfig("a pass is not a point")
        board, probabilities = game.board, self.policy.evaluate(game).probabilities
        reason, stone = game.why_illegal(game.to_play, point), board.colour_at(point)
        row, column = divmod(point, game.size)
        planes = zip(self.policy.features.planes, self._planes(game), strict=True)
        answer: Answer = {
            "vertex": point_to_vertex(point, game.size),
            "stone": None if stone is None else str(stone),
            "illegal": None if reason is None else str(reason),
            "probability": float(probabilities[point]),
            "planes": [plane.name for plane, values in planes if values[row, column]],
        }
        if stone is not None:
            chain = board.chain(point)
            answer["chain"] = {"stones": len(chain.stones), "liberties": len(chain.liberties)}
            answer["ladder"] = describe(board, point, read(board, point))
        if self.taps is not None and query.get("layer") and self.taps.layer(query["layer"]).by_point:
            values = self.taps.boards(game, query["layer"])[:, row, column]
            strongest = np.argsort(-np.abs(values), kind="stable")[:_LISTED].tolist()
            answer["channels"] = [{"channel": channel, "value": float(values[channel])} for channel in strongest]
        return answer

    def planes(self, query: Query) -> Answer:
        """Return small pictures of all input planes."""
        shown = self._planes(self._line(query).position())
        return {"count": len(shown), "pixels": _pixels(_PLANE_COLOURS[shown.astype(np.uint8)])}

    def channels(self, query: Query) -> Answer:
        """Return small pictures of all channels of a `layer`, or their colours if they are single numbers.

        Each has its own scale, the largest absolute value, or all have the same if `common` is 1.
        """
        taps, game = self._tapped(), self._line(query).position()
        layer = taps.layer(_text(query, "layer"))
        values = taps.channels(game, layer.name)
        flat = values.reshape(layer.channels, -1)
        strongest = np.abs(flat).max(axis=1)
        common = not layer.by_point or query.get("common") == "1"
        scales = np.full(layer.channels, strongest.max()) if common else strongest
        shares = flat / np.where(scales > 0, scales, 1)[:, None]
        return {
            "count": layer.channels,
            "pixels": _pixels(signed_colours(shares, 1.0)),
            "least": flat.min(axis=1).tolist(),
            "most": flat.max(axis=1).tolist(),
        }

    def film(self, query: Query) -> Answer:
        """Return up to 12 small pictures of a `channel` of a `layer` in the course of the line, all on one scale."""
        taps, line = self._tapped(), self._line(query)
        layer = taps.layer(_text(query, "layer"))
        number = layer.channel(_whole(query, "channel"))
        every = max(1, -(-line.plies // (_FRAMES - 1)))
        games = [line.position(ply) for ply in range(0, line.plies + 1, every)]
        frames = np.array([taps.channels(game, layer.name)[number] for game in games])
        scale = float(np.abs(frames).max())
        return {
            "plies": [game.ply for game in games],
            "stones": [_stones(game) for game in games],
            "pixels": _pixels(signed_colours(frames, scale)),
            "values": [] if layer.by_point else frames.tolist(),
            "scale": scale,
        }

    def win(self, query: Query) -> Answer:
        """Return black's probability of winning after `from` to `to` moves of the line, at most 64 of them."""
        line, first, last = self._line(query), _whole(query, "from"), _whole(query, "to")
        if not self.policy.predicts_win:
            raise BadConfig("the network does not estimate who wins")
        if not first <= last < first + _MOST_WINS:
            raise BadConfig(f"from {first} to {last}: 1 to {_MOST_WINS} positions can be asked for")
        games = [line.position(ply) for ply in range(first, last + 1)]
        evaluated = self.policy.evaluate_all([(game, game.to_play) for game in games])
        return {
            "black": [
                one.to_play_win_probability if game.to_play is Colour.BLACK else one.opponent_win_probability
                for game, one in zip(games, evaluated, strict=True)
            ]
        }

    def _line(self, query: Query) -> Line:
        return Line(self.record, _whole(query, "move"), tuple(filter(None, query.get("play", "").split(","))))

    def _planes(self, game: Game) -> NDArray[np.bool_]:
        """Return the input planes of the network, bool [C, size, size]."""
        return np.asarray(self.policy.features.compute(game)[board_part(game.size)] == 1)

    def _tapped(self) -> Taps:
        return Taps(self.policy) if self.taps is None else self.taps

    def _channel(self, game: Game, query: Query) -> View:
        return views.channel_view(game, self._tapped(), _text(query, "layer"), _whole(query, "channel"))


def _ladders(game: Game, query: Query) -> View:
    """Return the ladder of the chain at the point `at`, or all ladders if no stone is there."""
    point = game.board.point(query["at"]) if query.get("at") else game.board.pass_point
    on_stone = point != game.board.pass_point and game.board.colour_at(point) is not None
    return views.ladder_view(game.board, point) if on_stone else views.ladders_view(game)


def _drawn(view: View) -> Answer:
    """Return a view as the page reads it; a move of a line of play is "b" or "w" and a point."""
    return {
        "caption": view.caption,
        "colours": dict(view.colours),
        "labels": dict(view.labels),
        "squares": view.squares,
        "moves": [[move.colour.letter, move.point] for move in view.moves],
        "largest": view.largest,
        "values": None if view.values is None else view.values.ravel().tolist(),
    }


def _illegal(game: Game) -> dict[int, str]:
    """Return why the side to play may not play on an empty point, for each such point."""
    points = np.flatnonzero(~game.legal_mask(game.to_play)[:-1] & (game.board.stones.ravel() == 0)).tolist()
    return {point: str(game.why_illegal(game.to_play, point)) for point in points}


def _stones(game: Game) -> str:
    """Return the points of a board from the top left, 0 empty, 1 black, 2 white."""
    return "".join(map(str, game.board.stones.ravel().tolist()))


def _pixels(colours: NDArray[np.uint8]) -> str:
    """Return colours uint8 [..., 3] as base64."""
    return base64.b64encode(colours.tobytes()).decode("ascii")


def _text(query: Query, name: str) -> str:
    if not query.get(name):
        raise BadConfig(f"{name} is missing")
    return query[name]


def _whole(query: Query, name: str) -> int:
    text = _text(query, name)
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadConfig(f"{name} is not a whole number: {brief(text)}")
    return int(text)
