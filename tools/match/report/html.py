"""`report.html`: a whole match on one page that needs no other file and no network."""

import math
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shicho.engine.board import star_points
from shicho.engine.colour import Colour
from shicho.engine.coords import MAX_SIZE
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.rating import ratings
from shicho.tools.match.record import GameRecord
from shicho.tools.match.report.figures import Division, Score, axis_ticks, curve, divisions, score_of
from shicho.tools.match.report.moves import moves_text, setup_text
from shicho.tools.match.sprt import Sprt
from shicho.tools.match.statistics import Tally, score_disputed, summarise

_TEMPLATES: Final = Path(__file__).with_name("templates")
_MOST_PARTS: Final = 12


@dataclass(frozen=True, kw_only=True)
class MatchReport:
    """What the page shows of a match.

    `engines`: all of them, with different names; a match of two is shown from the side of the first.
    `records`: the finished games in order. `games`: their moves, by index of the record.
    `settings`: what all games share, by name, shown as it is; the first stands at the head of the page.
    `environment`: hardware and versions, by name.
    `anchor`: the engine whose rating is fixed in a match of more than two engines, and its rating.
    `sprt`: the sequential test between two engines, None if there was none.
    """

    engines: Sequence[EngineSpec]
    records: Sequence[GameRecord]
    games: Mapping[int, Game]
    settings: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    anchor: tuple[str, float] | None = None
    sprt: Sprt | None = None


def write_report(path: Path, report: MatchReport) -> None:
    """Write the page; raises OSError naming the path if it cannot be written."""
    with replacing(path) as beside:
        beside.write_text(render(report), encoding="utf-8")


def render(report: MatchReport) -> str:
    """Return the page as HTML."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"percent": _percent, "signed": _signed, "score": score_of, "shown": _shown}
    environment.globals |= {"axis_ticks": axis_ticks, "source": _source, "command": _command, "most_parts": _MOST_PARTS}
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    records = report.records
    names = [engine.name for engine in report.engines]
    curves = {name: curve(records, name) for name in names}
    summaries = {name: summarise(records, name) for name in names}
    return environment.get_template("report.html").render(
        report=report,
        names=names,
        duel=len(names) == 2,
        summaries=summaries,
        ratings=ratings(records, anchor=report.anchor) if len(names) > 2 else None,
        curves=curves,
        longest=max((len(points) for points in curves.values()), default=0),
        divisions={name: divisions(records, name) for name in names},
        crosstable=_crosstable(records, names),
        costs={name: _costs(records, name) for name in names},
        endings=dict(Counter(record.reason.value for record in records).most_common()),
        disputed=[record for record in records if score_disputed(record)],
        broken=[record for record in records if record.broken],
        verdict=report.sprt.decide(records, names[0]) if report.sprt else None,
        ratios=report.sprt.ratios(records, names[0]).tolist() if report.sprt else [],
        data=_data(report, names, curves[names[0]] if len(names) == 2 else []),
        Colour=Colour,
    )


@dataclass(frozen=True)
class _Costs:
    """Mean processor seconds a game and most memory in MiB of an engine; None if a game lacks them."""

    cpu_seconds: float | None
    peak_mib: float | None


def _costs(records: Sequence[GameRecord], engine: str) -> _Costs:
    sides = [side for record in records for side in (record.black, record.white) if side.engine == engine]
    seconds = [side.cpu_seconds for side in sides if side.cpu_seconds is not None]
    peaks = [side.peak_mib for side in sides if side.peak_mib is not None]
    return _Costs(
        sum(seconds) / len(sides) if sides and len(seconds) == len(sides) else None,
        max(peaks) if sides and len(peaks) == len(sides) else None,
    )


def _crosstable(records: Sequence[GameRecord], names: Sequence[str]) -> dict[str, dict[str, Tally]]:
    """Return the results of every engine (row) against every other (column)."""
    met: dict[frozenset[str], list[GameRecord]] = {}
    for record in records:
        met.setdefault(frozenset((record.black.engine, record.white.engine)), []).append(record)
    return {
        row: {column: Tally.of(met.get(frozenset((row, column)), ()), row) for column in names if column != row}
        for row in names
    }


def _data(report: MatchReport, names: Sequence[str], scores: Sequence[Score]) -> dict[str, Any]:
    """Return what the page's scripts need: engines by their number in `names`, games in the order of the records.

    `scores`: the curve that can be read off point by point, as percentages.
    """
    size = next((game.size for game in report.games.values()), MAX_SIZE)
    games = [_game(record, report.games[record.index], names) for record in report.records]
    percentages = [[round(100 * share, 1) for share in (one.value, one.low, one.high)] for one in scores]
    return {"names": names, "size": size, "stars": star_points(size), "games": games, "curve": percentages}


def _game(record: GameRecord, game: Game, names: Sequence[str]) -> dict[str, Any]:
    return {
        "number": record.index + 1,
        "black": names.index(record.black.engine),
        "white": names.index(record.white.engine),
        "winner": None if record.winner is None else names.index(record.side(record.winner).engine),
        "result": record.result,
        "reason": record.reason,
        "detail": record.detail,
        "opening": record.opening,
        "plies": record.plies,
        "komi": game.komi,
        "setup": setup_text(game),
        "moves": moves_text(game),
        "sgf": record.sgf,
    }


def _shown(division: Division) -> list[tuple[str, Tally]]:
    """Return the parts of a division that the page has room for, in order: those with most games."""
    largest = sorted(division.parts, key=lambda label: -division.parts[label].games)[:_MOST_PARTS]
    return [(label, tally) for label, tally in division.parts.items() if label in largest]


def _source(name: str) -> Markup:
    """Return a style sheet or script as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _command(engine: EngineSpec) -> str:
    return shlex.join(engine.command)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _signed(number: float) -> str:
    """Return an Elo number with its sign, such as −38."""
    text = "∞" if math.isinf(number) else f"{abs(number):.0f}"
    return f"{'−' if number < 0 else '+'}{text}"
