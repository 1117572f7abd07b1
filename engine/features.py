"""The input planes of a network: what each plane means, and computing the planes of a game.

Playing and training use the same C code. A network is trained on one feature set and plays with the same one; its file
names the set and its version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shicho.engine import _core
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.errors import BadConfig, brief
from shicho.engine.game import Game
from shicho.engine.rules import KoRule, Rules, Scoring
from shicho.engine.symmetry import board_part

POINTS: Final = MAX_SIZE * MAX_SIZE


@dataclass(frozen=True)
class Plane:
    """One binary plane: its index, a short name, and where it is 1. "Own" means the side to move."""

    index: int
    name: str
    meaning: str


@dataclass(frozen=True)
class FeatureSet:
    """A named table of planes and the C code that computes them.

    `about` describes the set in one sentence, `number` is its number in the C core. Any change to a plane's values
    makes a new `version`, and a network is only used with the version that it was trained on.
    """

    name: str
    version: int
    about: str
    planes: tuple[Plane, ...]
    number: int

    def __str__(self) -> str:
        return f"{self.name} version {self.version}"

    def __len__(self) -> int:
        """Return the number of planes, C."""
        return len(self.planes)

    def index(self, name: str) -> int:
        """Return the index of the plane of this name. Raises BadConfig if the set has none."""
        for plane in self.planes:
            if plane.name == name:
                return plane.index
        raise BadConfig(f"feature set {self}: no plane {brief(name)}")

    def compute(self, game: Game, to_play: Colour | str | None = None) -> NDArray[np.float32]:
        """Return the planes of the position, float32 [C, 19, 19], with `to_play` as the side to move.

        `to_play` defaults to the side whose turn it is. A board of size n sits at offset (19 - n) // 2 both ways.
        Raises BadColour for a bad `to_play`.
        """
        out = np.empty((len(self), MAX_SIZE, MAX_SIZE), dtype=np.float32)
        _core.planes(*self._arguments(game, to_play), out)
        return out

    def compute_packed(self, game: Game, to_play: Colour | str | None = None) -> NDArray[np.uint8]:
        """Return the same planes packed, uint8 [C, 48]: point p is bit p % 8 (least significant: 0) of byte p // 8."""
        out = np.empty((len(self), _core.PACKED_BYTES), dtype=np.uint8)
        _core.packed_planes(*self._arguments(game, to_play), out)
        return out

    def chain_labels(self, packed: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Return which stones form chains, int16 [N, 19, 19], from packed planes uint8 [N, C, 48].

        All stones of a chain have the same label, 1 + the lowest point of the chain (row * 19 + column); 0 means no
        stone. Raises ValueError if a point holds stones of both sides.
        """
        own, opponent = (np.ascontiguousarray(packed[:, self.index(name)]) for name in ("own_stone", "opponent_stone"))
        labels = np.empty((len(packed), POINTS), np.int16)
        _core.label_chains(own, opponent, labels)
        return labels.reshape(-1, MAX_SIZE, MAX_SIZE)

    def _arguments(
        self, game: Game, to_play: Colour | str | None
    ) -> tuple[int, _core.Board, Colour, NDArray[np.uint16], float, int]:
        side = game.to_play if to_play is None else Colour.parse(to_play)
        komi = game.komi + game.rules.handicap_compensation.points(game.handicap)
        return self.number, game.board.core, side, game.store_moves(), komi, rule_bits(game.rules)


def rule_bits(rules: Rules) -> int:
    """Return the rules of a game as the C core reads them: the sum of its RULE_ bits."""
    superko, territory = rules.ko is not KoRule.SIMPLE, rules.scoring is Scoring.TERRITORY
    return superko * _core.RULE_SUPERKO + rules.suicide * _core.RULE_SUICIDE + territory * _core.RULE_TERRITORY


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Unpack packed planes: float32 [..., C, 19, 19] from uint8 [..., C, 48]."""
    bits = np.unpackbits(packed, axis=-1, count=POINTS, bitorder="little")
    return bits.reshape(*packed.shape[:-1], MAX_SIZE, MAX_SIZE).astype(np.float32)


def _table(*rows: tuple[str, str]) -> tuple[Plane, ...]:
    return tuple(Plane(index, name, meaning) for index, (name, meaning) in enumerate(rows))


_BOARD: Final = (
    ("on_board", "the point is on the board"),
    ("own_stone", "own stone"),
    ("opponent_stone", "opponent's stone"),
)
_MOVES: Final = (
    ("ko", "the side to move may not play here because of simple ko; superko bans are not marked"),
    (
        "last_move",
        "the point of the last move; a pass marks nothing, and the history stops where one side moves twice in a row",
    ),
    *((f"move_{n}_back", f"the same for the move {n} before the last") for n in (1, 2, 3, 4)),
)
_LADDERS: Final = (
    ("ladder_captured", "stone of a chain in atari that a ladder captures, either colour"),
    ("ladder_capturable", "stone of a chain with two liberties that a ladder captures if the attacker moves first"),
    ("ladder_working_move", "first move of the attacker that captures such a chain"),
)


def _count_text(liberties: int) -> str:
    return "1 liberty" if liberties == 1 else f"{liberties} liberties"


def _liberties(*numbers: int) -> tuple[tuple[str, str], ...]:
    return (
        *((f"own_liberties_{n}", f"stone of an own chain with exactly {_count_text(n)}") for n in numbers),
        *((f"opponent_liberties_{n}", f"stone of an opponent's chain with exactly {_count_text(n)}") for n in numbers),
    )


def _after_move(*numbers: int) -> tuple[tuple[str, str], ...]:
    return (
        *(
            (
                f"own_after_{n}",
                f"point where an own move leaves its chain with exactly {_count_text(n)}, after captures and merging",
            )
            for n in numbers
        ),
        *(
            (f"opponent_after_{n}", f"point where an opponent's move leaves its chain with exactly {_count_text(n)}")
            for n in numbers
        ),
    )


KOMI_STEPS: Final = (-7, -6, -5, -2, 2, 5, 6, 7)
"""Each komi plane is on if the komi of the side to move is at least this; the steps are finest near even-game komi."""

_DRAWN: Final = "unknown for records, so training draws it at random"
_SELF: Final = "of the side to move (positive for white, negative for black)"

SANDBOX_26: Final = FeatureSet(
    "sandbox-26",
    1,
    "The input planes of the GoNN baseline (the sandbox of early 2018), frozen.",
    _table(*_BOARD, *_liberties(1, 2, 3, 4), *_after_move(1, 2, 3), *_MOVES, *_LADDERS),
    _core.SANDBOX_26,
)

SHICHO_V2: Final = FeatureSet(
    "shicho-v2",
    1,
    "Most of `sandbox-26`, with planes for earlier ladders, pass-alive area, komi and rules.",
    _table(
        *_BOARD,
        *_liberties(1, 2, 3),
        *_after_move(1, 2),
        *_MOVES,
        *_LADDERS,
        (
            "ladder_1_back",
            "stone of a chain with one or two liberties that a ladder captures in the position before the last move; "
            "the current ladders if the last move is not in the history",
        ),
        (
            "ladder_2_back",
            "the same for the position before the last two moves; equal to `ladder_1_back` if the history is shorter",
        ),
        (
            "own_pass_alive",
            "stone of an own pass-alive chain (Benson), or point of the territory that such chains enclose",
        ),
        ("opponent_pass_alive", "the same for the opponent"),
        (
            "komi_known",
            "whole board if komi is known, else this plane and the next eight are 0; when playing, komi includes the "
            "points for handicap stones, which are unknown for records",
        ),
        *((f"self_komi_{step:+d}", f"whole board if the komi {_SELF} is {step} or more") for step in KOMI_STEPS),
        ("superko", f"whole board if positional or situational superko holds; {_DRAWN}"),
        ("suicide", f"whole board if suicide is legal; {_DRAWN}"),
        ("territory", f"whole board if scoring is by territory; {_DRAWN}"),
    ),
    _core.SHICHO_V2,
)

FEATURE_SETS: Final[Mapping[str, FeatureSet]] = MappingProxyType({s.name: s for s in (SANDBOX_26, SHICHO_V2)})
"""All feature sets of this engine, by name."""

PLANES: Final[Mapping[str, tuple[FeatureSet, Plane]]] = MappingProxyType(
    {plane.name: (features, plane) for features in FEATURE_SETS.values() for plane in features.planes}
)
"""All planes by name, each with a feature set that has it; planes of the same name are the same in all sets."""


def feature_set(name: str) -> FeatureSet:
    """Return the feature set of that name; raises BadConfig if there is none."""
    if not isinstance(name, str) or name not in FEATURE_SETS:
        raise BadConfig(f"feature set {brief(name)}: there are {', '.join(FEATURE_SETS)}")
    return FEATURE_SETS[name]


def plane_on_board(name: str, game: Game) -> NDArray[np.bool_]:
    """Return a plane of any feature set for the side whose turn it is, bool [size, size]; raises BadConfig."""
    if name not in PLANES:
        raise BadConfig(f"plane {brief(name)}: there are {', '.join(PLANES)}")
    features, plane = PLANES[name]
    values = features.compute(game)[plane.index]
    return np.asarray(values[board_part(game.size)] == 1)


def find_feature_set(name: object, version: object) -> FeatureSet | None:
    """Return the feature set of that name and version (text or number), None if this engine does not have it."""
    features = FEATURE_SETS.get(str(name))
    return features if features and str(version) == str(features.version) else None


def known_feature_sets() -> str:
    """Return the names and versions of all feature sets, as a text for messages."""
    return " and ".join(map(str, FEATURE_SETS.values()))
