"""The input planes of a network: what they mean, and the planes of a game, by the C code that training uses.

A network is trained on one feature set and plays with the same; its files name the set and the set's version.
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

POINTS: Final = MAX_SIZE * MAX_SIZE


@dataclass(frozen=True)
class Plane:
    """One binary plane: its index, a short name, and where it is 1 (own and opponent's seen by the side to move)."""

    index: int
    name: str
    meaning: str


@dataclass(frozen=True)
class FeatureSet:
    """A table of planes and the C code that computes them; `number` is the core's for the set, `about` a sentence.

    What changes a plane anywhere is another version, and a network made for one version is refused by another.
    """

    name: str
    version: int
    about: str
    planes: tuple[Plane, ...]
    number: int

    def __str__(self) -> str:
        return f"{self.name} version {self.version}"

    def __len__(self) -> int:
        """How many planes it has."""
        return len(self.planes)

    def compute(self, game: Game, to_play: Colour | str | None = None) -> NDArray[np.float32]:
        """float32 [C, 19, 19]: the planes of the position, seen by `to_play` (by default whose turn it is).

        A board of size n sits at offset (19 - n) // 2 both ways. Raises BadColour for a `to_play` that is none.
        """
        out = np.empty((len(self), MAX_SIZE, MAX_SIZE), dtype=np.float32)
        _core.planes(*self._arguments(game, to_play), out)
        return out

    def compute_packed(self, game: Game, to_play: Colour | str | None = None) -> NDArray[np.uint8]:
        """uint8 [C, 48]: the same, one bit a point (bit p % 8, least significant first, of byte p // 8)."""
        out = np.empty((len(self), _core.PACKED_BYTES), dtype=np.uint8)
        _core.packed_planes(*self._arguments(game, to_play), out)
        return out

    def _arguments(
        self, game: Game, to_play: Colour | str | None
    ) -> tuple[int, _core.Board, Colour, NDArray[np.uint16], float, int]:
        side = game.to_play if to_play is None else Colour.parse(to_play)
        komi = game.komi + game.rules.handicap_compensation.points(game.handicap)
        return self.number, game.board.core, side, game.store_moves(), komi, rule_bits(game.rules)


def rule_bits(rules: Rules) -> int:
    """What the core takes for the rules of a game: RULE_ bits added up."""
    superko, territory = rules.ko is not KoRule.SIMPLE, rules.scoring is Scoring.TERRITORY
    return superko * _core.RULE_SUPERKO + rules.suicide * _core.RULE_SUICIDE + territory * _core.RULE_TERRITORY


def unpack(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [..., C, 19, 19] from uint8 [..., C, 48]."""
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
    ("last_move", "the point of the last move; a pass marks nothing, and history ends where colours fail to alternate"),
    *((f"move_{n}_back", f"the point of the move {n} before the last, likewise") for n in (1, 2, 3, 4)),
)
_LADDERS: Final = (
    ("ladder_captured", "stone of a chain in atari that a ladder captures, either colour"),
    ("ladder_capturable", "stone of a chain of two liberties that a ladder captures if the attacker moves first"),
    ("ladder_working_move", "the attacker's first move that works against such a chain"),
)


def _counted(liberties: int) -> str:
    return "1 liberty" if liberties == 1 else f"{liberties} liberties"


def _liberties(*numbers: int) -> tuple[tuple[str, str], ...]:
    return (
        *((f"own_liberties_{n}", f"stone of an own chain with exactly {_counted(n)}") for n in numbers),
        *((f"opponent_liberties_{n}", f"stone of an opponent's chain with exactly {_counted(n)}") for n in numbers),
    )


def _after_move(*numbers: int) -> tuple[tuple[str, str], ...]:
    return (
        *(
            (
                f"own_after_{n}",
                f"point where an own move gives its chain exactly {_counted(n)}, captures and merging counted",
            )
            for n in numbers
        ),
        *(
            (f"opponent_after_{n}", f"point where a move of the opponent gives its chain exactly {_counted(n)}")
            for n in numbers
        ),
    )


KOMI_STEPS: Final = (-7, -6, -5, -2, 2, 5, 6, 7)
"""Komi is told by how many of these it reaches: finest where even games have theirs."""

_DRAWN: Final = "of records it is not known, and drawn at random for training"
_SELF: Final = "(white's as it is, black's with its sign changed)"

SANDBOX_26: Final = FeatureSet(
    "sandbox-26",
    1,
    "The input of the sandbox of early 2018, frozen.",
    _table(*_BOARD, *_liberties(1, 2, 3, 4), *_after_move(1, 2, 3), *_MOVES, *_LADDERS),
    _core.SANDBOX_26,
)

SHICHO_V2: Final = FeatureSet(
    "shicho-v2",
    1,
    "Most of `sandbox-26`, and what later networks were given besides: earlier ladders, pass-alive area, komi, rules.",
    _table(
        *_BOARD,
        *_liberties(1, 2, 3),
        *_after_move(1, 2),
        *_MOVES,
        *_LADDERS,
        (
            "ladder_1_back",
            "in the position before the last move: stone of a chain of one or two liberties that a ladder captures; "
            "without a last move (at the start, history cut, colours not alternating) as it is now",
        ),
        (
            "ladder_2_back",
            "the same in the position before the last two moves; where history is shorter, what `ladder_1_back` is",
        ),
        (
            "own_pass_alive",
            "own chain that lives though its owner always passes (Benson), or point that such chains hold",
        ),
        ("opponent_pass_alive", "the same for the opponent"),
        (
            "komi_known",
            "everywhere on the board if komi is known, else the next eight planes are 0; in play points for handicap "
            "stones count as komi, of records they are not known",
        ),
        *((f"self_komi_{step:+d}", f"everywhere if komi {_SELF} is {step} or more") for step in KOMI_STEPS),
        ("superko", f"everywhere if superko of either kind forbids repetition; {_DRAWN}"),
        ("suicide", f"everywhere if suicide is allowed; {_DRAWN}"),
        ("territory", f"everywhere if territory is counted, not area; {_DRAWN}"),
    ),
    _core.SHICHO_V2,
)

FEATURE_SETS: Final[Mapping[str, FeatureSet]] = MappingProxyType({s.name: s for s in (SANDBOX_26, SHICHO_V2)})
"""Every set that this engine computes, by name."""


def feature_set(name: str) -> FeatureSet:
    """The set of that name; raises BadConfig where there is none."""
    if not isinstance(name, str) or name not in FEATURE_SETS:
        raise BadConfig(f"feature set {brief(name)}: there are {', '.join(FEATURE_SETS)}")
    return FEATURE_SETS[name]


def find_feature_set(name: object, version: object) -> FeatureSet | None:
    """The set of that name and version (as files hold them, text or number); None where this engine has no such set."""
    found = FEATURE_SETS.get(str(name))
    return found if found and str(version) == str(found.version) else None


def known_feature_sets() -> str:
    """For messages: every set and its version."""
    return " and ".join(map(str, FEATURE_SETS.values()))
