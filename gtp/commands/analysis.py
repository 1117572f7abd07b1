"""What the network sees, in the formats of Leela Zero, KataGo, Sabaki and CGOS.

There is no search: the network looks at the position, at those after its most probable moves, and along the variations
that follow from its most probable replies. So an analysis is one streamed line; nothing is computed after it, and the
answer ends when anything is sent.

* `prior` is the network's probability of a move.
* `visits` is 1000 times the prior, at least 1. Clients need the number to rank and colour moves; no visits are made.
* `winrate` is the network's win probability after the move, for the side that makes it.
* `order` counts the moves from 0 by falling prior.
* `pv` is the move and the most probable legal moves after it, of both sides, up to four in all.

The moves are up to eight with a prior of at least 0.02, and always the first one. Clients cannot do without `winrate`:
if the network does not estimate it, `lz-analyze`, `kata-analyze` and `analyze` are refused, and the commands that play
a move answer with the move alone (CGOS: without `winrate`). `policy` and `kata-raw-nn` show what such a network sees.
The included network estimates it; the examples are of a network that does not.

The arguments are a colour (the side to play if left out), an interval, and then any of these keys with their values:

* `interval N`: accepted, because there is only one line.
* `minmoves N`: show at least N moves if so many are legal, whatever their prior. `maxmoves N`: show at most N.
* `avoid COLOUR VERTEX,VERTEX,... PLIES`: the colour does not play these moves in the first PLIES moves of a variation.
  It may be given several times. `allow` with the same values avoids all other moves. Neither changes the move that is
  played, so the commands that play one refuse both.
* `rootInfo true`: `kata-analyze` and `kata-genmove_analyze` append `rootInfo visits 1000 winrate` with the win
  probability of the position, for the side to move.
* `ownership`, `ownershipStdev`, `movesOwnership`, `movesOwnershipStdev`, `pvVisits`, `pvEdgeVisits`, `noResultValue`,
  with `true` or `false`: accepted, and nothing is shown for them, because the network does not estimate it.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from shicho.engine import Colour, Game
from shicho.engine.analysis import Analysis, Avoided, analyse
from shicho.engine.coords import point_to_vertex
from shicho.engine.errors import GtpError
from shicho.gtp.candidates import LEAST_PRIOR, MOST, VISITS, visits
from shicho.gtp.commands.arguments import SYNTAX_ERROR, colour, expect, integer, seconds, vertex, vertices
from shicho.gtp.commands.registry import Command, Family
from shicho.gtp.protocol import Arguments
from shicho.gtp.session import Session

_NOT_ESTIMATED: Final = (
    "ownership", "ownershipstdev", "movesownership", "movesownershipstdev", "pvvisits", "pvedgevisits", "noresultvalue",
)  # fmt: skip
_KEYS: Final = ("interval", "minmoves", "maxmoves", "avoid", "allow", "rootinfo", *_NOT_ESTIMATED)


@dataclass
class _Request:
    """The arguments of a command."""

    side: Colour
    least: int = 0
    most: int | None = None
    avoid: list[Avoided] = field(default_factory=list)
    root: bool = False

    def analyse(self, session: Session) -> Analysis:
        """Analyse the position of the session; raises GtpError if no move may be shown."""
        moves = max(MOST, self.least)
        analysis = analyse(
            session.player.policy,
            session.game,
            self.side,
            moves=moves if self.most is None else min(moves, self.most),
            minimum=0 if self.least else LEAST_PRIOR,
            symmetries=session.player.settings.symmetries,
            avoid=self.avoid,
        )
        if not analysis.candidates:
            raise GtpError("no legal move is allowed")
        return analysis


_Format = Callable[[Game, _Request, Analysis], str]


def lz_analyze(session: Session, args: Arguments) -> Iterator[str]:
    """Stream an analysis in the format of Leela Zero: a line with an `info` for each move.

    `info move Q16 visits 304 winrate 5012 prior 3036 order 0 pv Q16 D4`: `winrate` and `prior` are 0 to 10000.

    > lz-analyze b 50
    ? the network does not estimate win probabilities
    """
    return _analysed(session, args, _lz)


def kata_analyze(session: Session, args: Arguments) -> Iterator[str]:
    """Stream an analysis in the format of KataGo, which is that of `lz-analyze` with `winrate` and `prior` from 0 to 1.

    > kata-analyze b interval 50 maxmoves 3
    ? the network does not estimate win probabilities
    """
    return _analysed(session, args, _kata)


def analyze(session: Session, args: Arguments) -> Iterator[str]:
    """Do as `lz-analyze`: the name in Sabaki's guide."""
    return _analysed(session, args, _lz)


def lz_genmove_analyze(session: Session, args: Arguments) -> str:
    """Play a move as `genmove` does and return a line as of `lz-analyze`, and then `play` with the vertex or "resign".

    The line shows the network's moves. The style of play decides which move is played, so it need not be the first of
    them. The answer is not streamed, and input does not end it.

    > boardsize 3
    =
    > lz-genmove_analyze b 50
    =
    play A3
    """
    return _played(session, args, _lz)


def kata_genmove_analyze(session: Session, args: Arguments) -> str:
    """Do as `lz-genmove_analyze` with a line as of `kata-analyze`."""
    return _played(session, args, _kata)


def genmove_analyze(session: Session, args: Arguments) -> str:
    """Do as `lz-genmove_analyze`: the name in Sabaki's guide."""
    return _played(session, args, _lz)


def cgos_genmove_analyze(session: Session, args: Arguments) -> str:
    """Do as `lz-genmove_analyze` with the analysis as JSON, on one line, as the server CGOS shows it.

    `winrate` and `prior` are 0 to 1; `pv` has the moves after the move. `winrate` is left out if not estimated.

    > boardsize 2
    =
    > cgos-genmove_analyze b maxmoves 1
    =
    {"visits":1000,"moves":[{"move":"A2","visits":250,"prior":0.24975,"pv":"B2 A1 B1"}]}
    play A2
    """
    request = _read(session.game, args, may_avoid=False)
    return _with_move(session, request, [_cgos(session.game, request, request.analyse(session))])


def raw_nn(session: Session, args: Arguments) -> str:
    """Return the network's outputs for the position as it stands, with the side to play to move.

    The argument is KataGo's number of a symmetry; only 0, the position itself, is there. `whiteWin` and `whiteLoss` are
    left out if the network does not estimate them. `policy` has a row of the board on each line, and NAN for illegal
    moves.

    > boardsize 2
    =
    > play b A1
    =
    > kata-raw-nn 0
    = symmetry 0
    policy
    0.249750 0.249750
    NAN 0.249750
    policyPass 0.001000
    """
    if expect(args, 1)[0] != "0":
        raise GtpError("the only symmetry is 0")
    game = session.game
    evaluation = session.player.policy.evaluate(game)
    shown = np.where(game.legal_mask(game.to_play), evaluation.probabilities, np.nan)
    texts = ["NAN" if np.isnan(value) else f"{value:.6f}" for value in shown.tolist()]
    lines = ["symmetry 0"]
    win = evaluation.to_play_win_probability
    if win is not None:
        white = win if game.to_play is Colour.WHITE else 1 - win
        lines += [f"whiteWin {white:.6f}", f"whiteLoss {1 - white:.6f}"]
    rows = [" ".join(texts[start : start + game.size]) for start in range(0, game.size**2, game.size)]
    return "\n".join([*lines, "policy", *rows, f"policyPass {texts[-1]}"])


def _analysed(session: Session, args: Arguments, show: _Format) -> Iterator[str]:
    request = _read(session.game, args)
    if not session.player.policy.predicts_win:
        raise GtpError("the network does not estimate win probabilities")
    return iter([show(session.game, request, request.analyse(session))])


def _played(session: Session, args: Arguments, show: _Format) -> str:
    request = _read(session.game, args, may_avoid=False)
    estimated = session.player.policy.predicts_win
    return _with_move(session, request, [show(session.game, request, request.analyse(session))] if estimated else [])


def _with_move(session: Session, request: _Request, lines: list[str]) -> str:
    return "\n".join(["", *lines, f"play {session.generate(request.side)}"])


def _lz(game: Game, request: _Request, analysis: Analysis) -> str:
    return _infos(game, analysis, lambda probability: str(round(10_000 * probability)))


def _kata(game: Game, request: _Request, analysis: Analysis) -> str:
    text, win = _infos(game, analysis, "{:.6f}".format), analysis.evaluation.to_play_win_probability
    return f"{text} rootInfo visits {VISITS} winrate {win:.6f}" if request.root else text


def _cgos(game: Game, request: _Request, analysis: Analysis) -> str:
    moves = [
        _rounded(
            move=point_to_vertex(candidate.point, game.size),
            visits=visits(candidate.prior),
            winrate=candidate.win_probability,
            prior=candidate.prior,
            pv=vertices(candidate.variation[1:], game),
        )
        for candidate in analysis.candidates
    ]
    whole = _rounded(winrate=analysis.evaluation.to_play_win_probability, visits=VISITS, moves=moves)
    return json.dumps(whole, separators=(",", ":"))


def _rounded(**values: Any) -> dict[str, Any]:
    """Round the floats and leave out what is None."""
    rounded = {key: round(value, 6) if isinstance(value, float) else value for key, value in values.items()}
    return {key: value for key, value in rounded.items() if value is not None}


def _infos(game: Game, analysis: Analysis, unit: Callable[[float], str]) -> str:
    return " ".join(
        f"info move {point_to_vertex(candidate.point, game.size)} visits {visits(candidate.prior)}"
        f" winrate {unit(candidate.win_probability)} prior {unit(candidate.prior)}"
        f" order {order} pv {vertices(candidate.variation, game)}"
        for order, candidate in enumerate(analysis.candidates)
        if candidate.win_probability is not None
    )


def _read(game: Game, args: Arguments, *, may_avoid: bool = True) -> _Request:
    """Read the arguments; raises GtpError, also if there are moves to avoid and none may be."""
    words = deque(args)
    request = _Request(game.to_play)
    if words and not words[0][0].isdecimal() and words[0].lower() not in _KEYS:
        request.side = colour(words.popleft())
    if words and words[0][0].isdecimal():
        seconds(words.popleft())
    try:
        while words:
            _read_key(game, request, words)
    except IndexError:
        raise GtpError(SYNTAX_ERROR) from None
    if request.avoid and not may_avoid:
        raise GtpError(SYNTAX_ERROR)
    return request


def _read_key(game: Game, request: _Request, words: deque[str]) -> None:
    """Take a key and its values from the words; raises GtpError, and IndexError if values are missing."""
    match words.popleft().lower():
        case "interval":
            seconds(words.popleft())
        case "minmoves":
            request.least = integer(words.popleft())
        case "maxmoves":
            request.most = integer(words.popleft())
            if not request.most:
                raise GtpError(SYNTAX_ERROR)
        case "avoid" | "allow" as key:
            side = colour(words.popleft())
            named = {vertex(text, game) for text in words.popleft().split(",")}
            points = named if key == "avoid" else set(range(game.board.pass_point + 1)) - named
            request.avoid.append(Avoided(side, points, integer(words.popleft())))
        case "rootinfo":
            request.root = _true(words.popleft())
        case key if key in _NOT_ESTIMATED:
            _true(words.popleft())
        case _:
            raise GtpError(SYNTAX_ERROR)


def _true(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise GtpError(SYNTAX_ERROR)
    return text.lower() == "true"


_ARGUMENTS = "[COLOUR] [INTERVAL] [KEY VALUE ...]"

FAMILY = Family(
    "Analysis",
    __doc__,
    (
        Command("lz-analyze", lz_analyze, _ARGUMENTS),
        Command("lz-genmove_analyze", lz_genmove_analyze, _ARGUMENTS),
        Command("kata-analyze", kata_analyze, _ARGUMENTS),
        Command("kata-genmove_analyze", kata_genmove_analyze, _ARGUMENTS),
        Command("analyze", analyze, _ARGUMENTS),
        Command("genmove_analyze", genmove_analyze, _ARGUMENTS),
        Command("cgos-genmove_analyze", cgos_genmove_analyze, _ARGUMENTS),
        Command("kata-raw-nn", raw_nn, "SYMMETRY"),
    ),
)
