"""The files of a match.

`games.jsonl` is what counts: its first line has the settings, each further line the record of a game and its SGF. It
is only ever appended to, and is on the disk before the next game is reported. Everything else can be made from it:
`games/*.sgf`, `results.json` (the settings and the statistics of each engine), `results.csv` and `report.html`.
"""

import datetime
import errno
import json
import math
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from shicho.engine.errors import BadConfig, brief
from shicho.engine.files import replacing
from shicho.engine.game import Game
from shicho.engine.sgf import read_game, write_game
from shicho.tools.environment import environment
from shicho.tools.match.rating import Rating, ratings
from shicho.tools.match.record import GameRecord
from shicho.tools.match.report.html import MatchReport, write_report
from shicho.tools.match.report.table import write_csv
from shicho.tools.match.settings import MatchSettings
from shicho.tools.match.sprt import Sprt
from shicho.tools.match.statistics import Tally, summarise
from shicho.training.config import first_difference, parse

FORMAT: Final = "shicho-match"
VERSION: Final = 2
_FIRST: Final = json.dumps({"format": FORMAT})[:-1].encode()
"""How `games.jsonl` begins."""

_SUMMARY_SECONDS: Final = 1.0


class MatchFolder:
    """The folder of a match, which is locked while it is open. A context manager.

    Opening it reads the match in it, if there is one, and writes SGF files again that are missing. A last line that was
    not written completely is dropped: that game is played again. Raises BadConfig if another process has the folder
    open, if its match has other settings, and if it is damaged or of an earlier version.
    """

    def __init__(self, path: Path, settings: MatchSettings) -> None:
        self.path = path
        self.settings = settings
        self._environment = environment()
        self._records: dict[int, GameRecord] = {}
        self._summary_due = 0.0
        path.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path)
        try:
            if self.games.exists():
                self._read()
            elif self.results.exists():
                raise BadConfig(f"{self.results}: {_why_not_continued(self.results)}; choose another folder")
            if not self.games.exists():
                head = {"format": FORMAT, "version": VERSION, "settings": settings.as_json(), **self._environment}
                self._append(head)
        except BaseException:
            self._lock.close()
            raise

    @property
    def games(self) -> Path:
        """The path of `games.jsonl`."""
        return self.path / "games.jsonl"

    @property
    def results(self) -> Path:
        """The path of `results.json`."""
        return self.path / "results.json"

    @property
    def records(self) -> list[GameRecord]:
        """The finished games by index."""
        return [self._records[index] for index in sorted(self._records)]

    def add(self, record: GameRecord, game: Game) -> None:
        """Append a finished game to `games.jsonl`, write its SGF, and write `results.json` if a second has passed.

        Raises OSError naming the file if it cannot be written, for example because the disk is full.
        """
        text = as_sgf(record, game, self.settings)
        values = asdict(record) | {"at_fault": str(record.at_fault) if record.at_fault else None}
        self._append(values | {"game": text.decode()})
        self._records[record.index] = record
        self._write(record.sgf, text)
        if time.monotonic() >= self._summary_due:
            self.save()

    def save(self) -> None:
        """Write `results.json`, without ratings, which take long to compute."""
        self._save(as_json(self.settings, self.records))
        self._summary_due = time.monotonic() + _SUMMARY_SECONDS

    def report(self, *, sprt: Sprt | None = None, anchor: tuple[str, float] | None = None) -> None:
        """Write `results.json`, `results.csv` and `report.html`, with ratings if there are more than two engines."""
        records, settings = self.records, self.settings
        rated = ratings(records, anchor=anchor) if len(settings.engines) > 2 else None
        self._save(as_json(settings, records, anchor=anchor, rated=rated))
        write_csv(self.path / "results.csv", records)
        report = MatchReport(
            engines=settings.engines,
            records=records,
            games={record.index: read_game(self.path / record.sgf, rules=settings.rules) for record in records},
            settings=described(settings),
            environment={**self._environment["hardware"], **self._environment["versions"]},
            anchor=anchor,
            sprt=sprt,
        )
        write_report(self.path / "report.html", report)

    def replay(self, record: GameRecord, game: Game) -> Path:
        """Write the SGF of a game that was played again into `replays/` and return its path."""
        name = f"replays/{Path(record.sgf).name}"
        self._write(name, as_sgf(record, game, self.settings))
        return self.path / name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.close()

    def _save(self, results: dict[str, Any]) -> None:
        text = json.dumps(results | self._environment, indent=1)
        self._write(self.results.name, text.encode() + b"\n")

    def _append(self, values: dict[str, Any]) -> None:
        size = self.games.stat().st_size if self.games.exists() else 0
        try:
            with self.games.open("ab") as file:
                file.write(json.dumps(values).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            with suppress(OSError):
                os.truncate(self.games, size)
            raise OSError(error.errno, error.strerror, str(self.games)) from error

    def _write(self, name: str, content: bytes) -> None:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with replacing(path) as beside:
                beside.write_bytes(content)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error

    def _read(self) -> None:
        text = self.games.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole == 0:
            if text[: len(_FIRST)] != _FIRST[: len(text)]:
                raise BadConfig(f"{self.games}: not a match that can be continued")
            self.games.unlink()
            return
        if whole < len(text):
            os.truncate(self.games, whole)
        head, *lines = text[:whole].splitlines()
        self._check(_parsed(head, f"{self.games}:1"))
        for number, line in enumerate(lines, 2):
            place = f"{self.games}:{number}"
            values = _parsed(line, place)
            sgf = parse(str, values.pop("game", None), f"{place}: game").encode()
            record = parse(GameRecord, values, place)
            self._records[record.index] = record
            if not (self.path / record.sgf).exists():
                self._write(record.sgf, sgf)

    def _check(self, head: dict[str, Any]) -> None:
        if (head.get("format"), head.get("version")) != (FORMAT, VERSION):
            what = f"format {brief(head.get('format'))}, version {brief(head.get('version'))}"
            raise BadConfig(f"{self.games}:1: not a match that can be continued ({what})")
        difference = first_difference(head.get("settings"), json.loads(json.dumps(self.settings.as_json())))
        if difference:
            raise BadConfig(f"{self.path}: the match there has other settings: {difference}")


def as_json(
    settings: MatchSettings,
    records: Sequence[GameRecord],
    *,
    anchor: tuple[str, float] | None = None,
    rated: Sequence[Rating] | None = None,
) -> dict[str, Any]:
    """Return the content of `results.json` except the environment; `anchor` and `rated` are of a finished match."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "games": len(records),
        "settings": settings.as_json(),
        "engines": {name: _plain(summarise(records, name)) for name in settings.names},
        "anchor": anchor,
        "ratings": rated and {rating.engine: _plain(rating.elo) for rating in rated},
    }


def described(settings: MatchSettings) -> dict[str, str]:
    """Return the settings in words, by name."""
    counted = [settings.referee.title] if settings.referee else []
    return {
        "board": f"{settings.size}×{settings.size}, komi {settings.rules.komi:g}",
        "rules": settings.rules.name or "own",
        "seed": str(settings.seed),
        "openings": str(len(settings.openings)),
        "pairing": str(settings.pairing),
        "time": str(settings.time_control or "no limit"),
        "counted by": ", ".join([*counted, *(["Shicho"] if settings.shicho_counts else [])]),
        "engine processes": "kept between games" if settings.keep_engines else "new for each game",
    }


def as_sgf(record: GameRecord, game: Game, settings: MatchSettings) -> bytes:
    """Return the game as SGF; the comment holds the seeds, the reason of the end and the scores."""
    titles = {spec.name: spec.title for spec in settings.engines}
    black, white = titles[record.black.engine], titles[record.white.engine]
    facts = [
        f"Game {record.index + 1} of match seed {settings.seed}",
        f"Seeds: {black} {record.black.seed}, {white} {record.white.seed}",
        f"Ended by {record.reason}" + (f": {record.detail}" if record.detail else ""),
    ]
    if record.opening:
        facts.insert(1, f"Opening: {record.opening}")
    if settings.referee and record.referee_score:
        facts.append(f"Referee {settings.referee.title}: {record.referee_score}")
    if record.area_score:
        facts.append(f"Counted by Shicho: {record.area_score}")
    today = datetime.date.today().isoformat()
    return write_game(game, black=black, white=white, result=record.result, date=today, comment="\n".join(facts))


def _locked(path: Path) -> Any:
    """Return the lock file of a folder, open and locked; its text is this process's id. The system frees the lock."""
    try:
        import fcntl
    except ImportError:
        raise BadConfig("matches need Linux or macOS: this system cannot lock their folder") from None
    file = (path / ".lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise BadConfig(f"{path}: in use by process {holder}") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _why_not_continued(results: Path) -> str:
    try:
        stored = json.loads(results.read_bytes())
        if stored["format"] == FORMAT and stored["version"] == 1:
            return "a match of an earlier version of Shicho, which cannot be continued"
    except (ValueError, KeyError, TypeError):
        pass
    return "not the results of a match that can be continued: there is no games.jsonl"


def _parsed(line: bytes, place: str) -> dict[str, Any]:
    try:
        values = json.loads(line)
    except ValueError as error:
        raise BadConfig(f"{place}: damaged: {error}") from None
    if not isinstance(values, dict):
        raise BadConfig(f"{place}: damaged: not an object")
    return values


def _plain(value: Any) -> Any:
    """Return statistics as JSON values: None for infinite numbers, and tallies with their rate and interval."""
    if is_dataclass(value) and not isinstance(value, type):
        values = {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        if isinstance(value, Tally):
            values |= {"games": value.games, "win_rate": value.win_rate, "wilson_95": value.wilson_interval()}
        return values
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
