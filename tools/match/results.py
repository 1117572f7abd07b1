"""The files of a match: one SGF per game, and `results.json`, which is rewritten after every game and resumed from."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shicho.engine.errors import BadConfig
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.engine.sgf import write_game
from shicho.tools.environment import environment
from shicho.tools.match.engines import EngineSpec
from shicho.tools.match.game import GameRecord, Outcome, Reason
from shicho.tools.match.schedule import MatchSettings
from shicho.tools.match.statistics import summarise

FORMAT = "shicho-match"
VERSION = 1


class MatchFolder:
    """A folder with `results.json` and `games/*.sgf`; files are written under a temporary name and renamed."""

    def __init__(self, path: Path, settings: MatchSettings) -> None:
        """Read the match in the folder, if there is one; raises BadConfig if it is damaged or has other settings."""
        self.path = path
        self.settings = settings
        self._environment = environment()
        self._records: dict[int, GameRecord] = {}
        if self.results.exists():
            self._read()

    @property
    def results(self) -> Path:
        """The path of `results.json`."""
        return self.path / "results.json"

    @property
    def records(self) -> list[GameRecord]:
        """The finished games by index."""
        return [self._records[index] for index in sorted(self._records)]

    def add(self, record: GameRecord, game: Game) -> None:
        """Write the SGF of a finished game, then `results.json`."""
        self._write(sgf_name(record), as_sgf(record, game, self.settings))
        self._records[record.index] = record
        self.save()

    def save(self) -> None:
        """Write `results.json`."""
        text = json.dumps(as_json(self.settings, self.records) | self._environment, indent=1)
        self._write(self.results.name, text.encode() + b"\n")

    def _write(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as beside:
            beside.write_bytes(content)

    def _read(self) -> None:
        try:
            stored = json.loads(self.results.read_bytes())
            if (stored["format"], stored["version"]) != (FORMAT, VERSION):
                raise ValueError(f"format {stored['format']} version {stored['version']}")
            records = [_record(entry) for entry in stored["game_list"]]
            settings = {name: stored[name] for name in _settings(self.settings)}
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise BadConfig(f"{self.results}: not the results of a match ({type(error).__name__}: {error})") from error
        for name, ours in _settings(self.settings).items():
            if settings[name] != ours:
                raise BadConfig(
                    f"{self.path}: the match there has other settings: {_difference(name, settings[name], ours)}"
                )
        self._records = {record.index: record for record in records}


def as_json(settings: MatchSettings, records: Sequence[GameRecord]) -> dict[str, Any]:
    """Return the content of `results.json` except the environment."""
    summary = summarise(records)
    total = summary.total
    return {
        "format": FORMAT,
        "version": VERSION,
        **asdict(total),
        "win_rate": total.win_rate,
        "wilson_95": total.wilson_interval(),
        "by_colour": {colour: asdict(tally) for colour, tally in summary.by_colour.items()},
        "reasons": summary.reasons,
        "mean_plies": summary.mean_plies,
        "seconds_a_move": {"ours": summary.our_seconds_a_move, "opponent": summary.opponent_seconds_a_move},
        "games_scored": summary.games_scored,
        "winners_disputed": summary.winners_disputed,
        "scores_disputed": summary.scores_disputed,
        **_settings(settings),
        "move_timeout": settings.move_timeout,
        "game_list": [asdict(record) | {"sgf": sgf_name(record)} for record in records],
    }


def as_sgf(record: GameRecord, game: Game, settings: MatchSettings) -> bytes:
    """Return the game as SGF; the comment holds the seeds, the reason of the end and the referee's score."""
    ours, opponent = settings.ours.title, settings.opponent.title
    black, white = (ours, opponent) if record.our_colour == "black" else (opponent, ours)
    facts = [
        f"Game {record.index + 1} of match seed {settings.seed}",
        f"Seeds: {ours} {record.our_seed}, {opponent} {record.opponent_seed}",
        f"Ended by {record.reason}" + (f": {record.detail}" if record.detail else ""),
    ]
    if record.referee_score:
        facts.append(
            f"Referee {settings.referee.title}: {record.referee_score}; counted by Shicho: {record.area_score}"
        )
    today = datetime.date.today().isoformat()
    return write_game(game, black=black, white=white, result=record.result, date=today, comment="\n".join(facts))


def _settings(settings: MatchSettings) -> dict[str, Any]:
    """Return the settings that all games of a match share, as in `results.json`."""
    roles = {"ours": settings.ours, "opponent": settings.opponent, "referee": settings.referee}
    return {
        "seed": settings.seed,
        "size": settings.size,
        "komi": settings.komi,
        "rules": "area scoring, positional superko, no suicide",
        "engines": {role: _engine(spec) for role, spec in roles.items()},
    }


def _engine(spec: EngineSpec) -> dict[str, Any]:
    return asdict(spec) | {"command": list(spec.command)}


def _difference(name: str, stored: Any, ours: Any) -> str:
    """Return the first difference, such as `engines.ours.version was '1.0' and is now '1.1'`."""
    if isinstance(stored, dict) and isinstance(ours, dict):
        for key in ours:
            if stored.get(key) != ours[key]:
                return _difference(f"{name}.{key}", stored.get(key), ours[key])
    return f"{name} was {stored!r} and is now {ours!r}"


def _record(entry: dict[str, Any]) -> GameRecord:
    values = {key: value for key, value in entry.items() if key != "sgf"}
    return GameRecord(**values | {"outcome": Outcome(entry["outcome"]), "reason": Reason(entry["reason"])})


def sgf_name(record: GameRecord) -> str:
    """Return the path of a game's SGF in the folder; file names count from 1."""
    return f"games/{record.index + 1:04d}.sgf"
