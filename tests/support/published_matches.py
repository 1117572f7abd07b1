"""Publish a match: `python -m tests.support.published_matches MATCH docs/results/NAME.json`.

Writes the match's results without the names of folders, its games as one collection in `NAME.sgf.xz` beside them, and
prints its row for the table in README.md.
"""

import json
import lzma
import sys
from pathlib import Path
from typing import Any

from shicho.tools.match.engines import EngineSpec
from shicho.training.config import parse

Results = dict[str, Any]


def published(results: Results) -> Results:
    """The results without folders in command lines, which differ from one machine to the next."""
    settings = results["settings"]
    engines = [_without_folders(engine) for engine in settings["engines"]]
    referee = settings["referee"] and _without_folders(settings["referee"])
    return results | {"settings": settings | {"engines": engines, "referee": referee}}


def titles(results: Results) -> list[str]:
    """Name, version and detail of each engine."""
    return [parse(EngineSpec, engine, "results").title for engine in results["settings"]["engines"]]


def result(results: Results) -> str:
    """The result of the first engine in words."""
    first, *opponents = [engine["name"] for engine in results["settings"]["engines"]]
    summary = results["engines"][first]
    if len(opponents) > 1:
        return "; ".join([*_rating(results, first), *(_against(summary, name) for name in opponents)])
    total, colours = summary["total"], summary["by_colour"]
    low, high = (100 * end for end in total["wilson_95"])
    black, white = (f"{colours[name]['wins']} of {colours[name]['games']} as {name}" for name in ("black", "white"))
    parts = [
        f"{_won(total)}, {black} and {white}",
        f"Wilson 95 % interval {low:.1f} to {high:.1f} %",
    ]
    if summary["games_scored"]:
        disputed = summary["scores_disputed"]
        alike = f"{disputed} differently" if disputed else "all alike"
        parts.append(f"of {summary['games_scored']} games scored, both count {alike}")
    return "; ".join(parts)


def row(results: Results, file: str) -> str:
    """The match's row in README's table; `file`: the path of its file from README."""
    first, *opponents = titles(results)
    what = f"{first} against {', '.join(opponents)}" if len(opponents) == 1 else f"{first} on the ladder of opponents"
    games = games_beside(Path(file))
    links = f"[{Path(file).name}]({file}), [games]({games.as_posix()})"
    return f"| {what} | {result(results)} | {links} |"


def games_beside(file: Path) -> Path:
    """The collection of games that stands beside a file of results."""
    return file.with_suffix(".sgf.xz")


def write_games(match: Path, target: Path, number: int) -> None:
    """Write the games of a match folder, which are `number`, in their order, as one compressed collection."""
    games = sorted((match / "games").glob("*.sgf"))
    if len(games) != number:
        sys.exit(f"{match / 'games'}: {len(games)} games, the results are of {number}")
    text = b"\n".join(game.read_bytes().strip() for game in games) + b"\n"
    target.write_bytes(lzma.compress(text, preset=9 | lzma.PRESET_EXTREME))


def _without_folders(engine: dict[str, Any]) -> dict[str, Any]:
    return engine | {"command": [Path(word).name if word.startswith("/") else word for word in engine["command"]]}


def _won(tally: dict[str, Any]) -> str:
    words = {"draws": "drawn", "broken": "broken"}
    others = "".join(f", {tally[name]} {word}" for name, word in words.items() if tally[name])
    return f"{tally['wins']} of {tally['games']} won{others}"


def _against(summary: dict[str, Any], opponent: str) -> str:
    return f"{_won(summary['by_opponent'][opponent])} against {opponent}"


def _rating(results: Results, engine: str) -> list[str]:
    if not results["ratings"]:
        return []
    elo, anchor = results["ratings"][engine], results["anchor"]
    scale = f", where {anchor[0]} has {anchor[1]:g}" if anchor else ""
    return [f"{elo['value']:.0f} Elo (95 % interval {elo['low']:.0f} to {elo['high']:.0f}){scale}"]


def main(match: Path, target: Path) -> None:
    """Write both files and print the row."""
    results = published(json.loads((match / "results.json").read_text(encoding="utf-8")))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_games(match, games_beside(target), results["games"])
    print(row(results, target.as_posix()))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
