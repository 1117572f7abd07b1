"""How the score changed in a game, and where most was lost, as GNU Go estimates it."""

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Final

from shicho.engine.board import Board
from shicho.engine.colour import Colour
from shicho.engine.coords import point_to_vertex, vertex_to_point
from shicho.engine.errors import GtpError
from shicho.gtp.client import GtpClient
from shicho.tools.console import cores
from shicho.tools.losses.games import PlayedGame
from shicho.tools.match.engines import EngineSpec, prepare
from shicho.tools.match.openings import Opening

WINDOW: Final = 20
"""A fall is the largest loss within this many moves."""

_SEED: Final = 1
_ESTIMATE: Final = re.compile(r"([BW])\+([0-9.]+)")
_STATUS: Final = re.compile(r"^([A-Z][0-9]+): (\w+)", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fall:
    """The largest loss within a few moves: from the position after `first` moves to that after `last`, in points.

    `stones`: the player's stones that were captured or became dead in between, as points in rising order.
    """

    first: int
    last: int
    points: float
    stones: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Course:
    """The player's lead in points (below 0: behind) after some numbers of moves, and the largest fall.

    `leads` are smoothed by `without_spikes`.
    """

    played: PlayedGame
    moves: tuple[int, ...]
    leads: tuple[float, ...]
    fall: Fall

    def lead_after(self, moves: int) -> float | None:
        """Return the lead after this many moves; None if the game was over or nothing was estimated there."""
        return dict(zip(self.moves, self.leads, strict=True)).get(moves)


def courses_of(lost: Sequence[PlayedGame], gnugo: EngineSpec, every: int, jobs: int | None) -> Iterator[Course]:
    """Yield what `course_of` returns for each game, in their order; `jobs` games at a time, by default one per core."""
    cancel = threading.Event()
    with ThreadPoolExecutor(jobs or cores()) as pool:
        try:
            yield from pool.map(lambda played: course_of(played, gnugo, every, cancel), lost)
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def course_of(played: PlayedGame, gnugo: EngineSpec, every: int, cancel: threading.Event | None = None) -> Course:
    """Estimate the score after every `every` moves and at the end.

    `gnugo`: how to start GNU Go (see `shicho.tools.match.engines`). Setting `cancel` ends waiting for it.
    Raises EngineCrashed, EngineTimeout, GtpError or CannotPlay if it fails or rejects the game.
    """
    game = played.game
    moves = (*range(0, game.ply, every), game.ply)
    leads, dead = [], []
    with gnugo.start(_SEED, rules=game.rules, label=played.place, cancel=cancel) as client:
        setup = tuple((colour, point_to_vertex(point, game.size)) for colour, point in game.setup)
        prepare(client, gnugo, size=game.size, rules=game.rules, opening=Opening(name="", setup=setup))
        for start, end in zip((0, *moves), moves, strict=False):
            for move in game.moves[start:end]:
                client.send("play", move.colour, point_to_vertex(move.point, game.size))
            leads.append(_lead(client, played.colour))
            dead.append(_dead(client, game.size))
    leads = without_spikes(leads)
    first, last = largest_fall(moves, leads)
    stones = lost_stones(
        game.earlier(moves[first]).board, dead[first], game.earlier(moves[last]).board, dead[last], played.colour
    )
    fall = Fall(first=moves[first], last=moves[last], points=leads[first] - leads[last], stones=stones)
    return Course(played=played, moves=moves, leads=tuple(leads), fall=fall)


def lost_stones(
    before: Board, dead_before: set[int], after: Board, dead_after: set[int], colour: Colour
) -> tuple[int, ...]:
    """Return the stones of a colour on the board `before`, not dead there, that `after` are dead or no longer there."""
    own, still = before.stones.ravel(), after.stones.ravel()
    return tuple(
        point
        for point in range(len(own))
        if own[point] == colour and point not in dead_before and (still[point] != colour or point in dead_after)
    )


def without_spikes(leads: Sequence[float]) -> list[float]:
    """Return the medians of each value and its neighbours, the ends unchanged: single wrong estimates disappear."""
    middle = [median(leads[place - 1 : place + 2]) for place in range(1, len(leads) - 1)]
    return [*leads[:1], *middle, *leads[1:][-1:]]


def largest_fall(moves: Sequence[int], leads: Sequence[float]) -> tuple[int, int]:
    """Return the indices of the estimates between which, within WINDOW moves, most was lost; the first such pair."""
    pairs = [
        (first, last)
        for last in range(1, len(moves))
        for first in range(last)
        if moves[last] - moves[first] <= WINDOW or last == first + 1
    ]
    return max(pairs, key=lambda pair: leads[pair[0]] - leads[pair[1]], default=(0, 0))


def _lead(client: GtpClient, colour: Colour) -> float:
    response = client.send("estimate_score")
    found = _ESTIMATE.match(response)
    if not found:
        raise GtpError(f"estimate_score: not a score: {response[:80]!r}")
    return float(found[2]) * (1 if Colour.parse(found[1]) is colour else -1)


def _dead(client: GtpClient, size: int) -> set[int]:
    """Return the stones that GNU Go believes dead: those of its dragons, which may be several chains each."""
    dead = {vertex for vertex, status in _STATUS.findall(client.send("dragon_status")) if status == "dead"}
    stones: set[int] = set()
    for vertex in dead:
        listed = client.send("dragon_stones", vertex).split()
        stones |= {vertex_to_point(stone, size) for stone in listed}
    return stones
