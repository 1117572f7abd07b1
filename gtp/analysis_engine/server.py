"""The server: takes lines in order, queues positions by priority, and analyses several at once."""

import heapq
import itertools
import json
import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from shicho.engine.analysis import Question, analyse_all
from shicho.engine.errors import ShichoError, brief
from shicho.engine.policy import Policy
from shicho.engine.version import shicho_version
from shicho.gtp.analysis_engine.answers import answer
from shicho.gtp.analysis_engine.fields import BadField, Fields
from shicho.gtp.analysis_engine.queries import Perspective, Query, read_query
from shicho.gtp.candidates import LEAST_PRIOR, MOST
from shicho.gtp.reader import MAX_LINE, LineReader, Source

BATCH: Final = 2
"""How many positions are analysed at once; on a processor more are not faster (shicho bench analysis)."""

_MOST_WAITING: Final = 4_000
"""No more lines are taken while so many positions wait."""

_ACTIONS: Final = ("query_version", "query_models", "clear_cache", "terminate", "terminate_all")
_log = logging.getLogger(__name__)

Reply = dict[str, Any]
"""A line of output before it becomes JSON."""


@dataclass(frozen=True, order=True)
class _Task:
    """A turn of a query that waits; the smallest is analysed first."""

    minus_priority: int
    number: int
    query: Query
    turn: int


class AnalysisServer:
    """The queries of one client, and their turns that wait to be analysed.

    `policy` evaluates the positions, each as the mean over 1 or 8 of its `symmetries`. `perspective` is for queries
    that name none.
    """

    def __init__(
        self, policy: Policy, *, symmetries: int = 1, perspective: Perspective = Perspective.SIDE_TO_MOVE
    ) -> None:
        self._policy = policy
        self._symmetries = symmetries
        self._perspective = perspective
        self._waiting: list[_Task] = []
        self._numbers = itertools.count()
        self._warned: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many positions wait to be analysed."""
        return len(self._waiting)

    def accept(self, line: bytes) -> list[Reply]:
        """Take a line without its line feed and return what can be replied at once; every error is a reply."""
        text = line.decode("utf-8", "surrogateescape").strip(" \t\r")
        if not text:
            return []
        if len(line) > MAX_LINE:
            return [{"error": f"a line is longer than {MAX_LINE} bytes: {brief(text)}"}]
        try:
            given = json.loads(text, parse_constant=_finite, parse_float=_finite)
        except (ValueError, RecursionError):
            return [{"error": f"could not parse input line as json request: {brief(text)}"}]
        if not isinstance(given, dict):
            return [{"error": f"Request line was valid json but was not an object, ignoring: {brief(given)}"}]
        if not isinstance(given.get("id"), str):
            return [{"error": 'Request must have a string "id" field'}]
        try:
            return self._act(given) if isinstance(given.get("action"), str) else self._ask(given)
        except BadField as error:
            return [{"error": error.what, "field": error.field, "id": given["id"]}]

    def work(self) -> list[Reply]:
        """Analyse the positions that have waited longest among those of the highest priority, up to `BATCH`.

        Returns one reply each; the reply is an error, and the error is logged, for a position that fails.
        """
        tasks = [heapq.heappop(self._waiting)]
        while self._waiting and len(tasks) < BATCH and self._waiting[0].minus_priority == tasks[0].minus_priority:
            tasks.append(heapq.heappop(self._waiting))
        return self._replies(tasks)

    def _replies(self, tasks: list[_Task]) -> list[Reply]:
        """Return one reply for each position; positions that fail together are tried one by one."""
        try:
            return self._answers(tasks)
        except Exception as error:  # ONNX Runtime's errors have no common base class
            if len(tasks) > 1:
                return [reply for task in tasks for reply in self._replies([task])]
            known = isinstance(error, ShichoError)
            what = str(error) if known else f"internal error: {type(error).__name__}"
            _log.error("%s", what, exc_info=None if known else error)
            return [{"error": what, "id": task.query.id, "turnNumber": task.turn} for task in tasks]

    def _answers(self, tasks: list[_Task]) -> list[Reply]:
        games = [task.query.position(task.turn) for task in tasks]
        questions = [
            Question(
                game=game,
                to_play=game.to_play,
                moves=MOST,
                minimum=LEAST_PRIOR,
                length=task.query.length,
                avoid=task.query.avoid,
            )
            for task, game in zip(tasks, games, strict=True)
        ]
        analyses = analyse_all(self._policy, questions, self._symmetries)
        return [
            answer(task.query, task.turn, game, analysis)
            for task, game, analysis in zip(tasks, games, analyses, strict=True)
        ]

    def _ask(self, given: Reply) -> list[Reply]:
        query = read_query(given, self._perspective)
        for turn, priority in query.priorities.items():
            heapq.heappush(self._waiting, _Task(-priority, next(self._numbers), query, turn))
        return list(self._warnings(query))

    def _warnings(self, query: Query) -> Iterator[Reply]:
        """Yield the warnings about a query; about each ignored setting only one."""
        for name in query.unknown:
            yield {"warning": "Unexpected or unused field, do you have a typo?", "field": name, "id": query.id}
        ignored = [name for name in query.ignored if name not in self._warned]
        self._warned.update(ignored)
        if ignored:
            what = f"Settings without effect in Shicho: {', '.join(ignored)}"
            yield {"warning": what, "field": "overrideSettings", "id": query.id}

    def _act(self, given: Reply) -> list[Reply]:
        fields = Fields(given)
        match given["action"]:
            case "query_version":
                return [{**given, "version": shicho_version(), "git_hash": "<omitted>"}]
            case "query_models":
                name = self._policy.path.name
                model = {"name": str(self._policy.path), "internalName": name, "maxBatchSize": BATCH * MOST}
                return [{**given, "models": [{**model, "usesHumanSLProfile": False, "usingFP16": "false"}]}]
            case "clear_cache":
                return [given]
            case "terminate":
                return [*self._terminate(fields, fields.text("terminateId")), given]
            case "terminate_all":
                return [*self._terminate(fields, None), given]
            case _:
                return [{"error": f"'action' field must be one of {', '.join(_ACTIONS)}", "id": given["id"]}]

    def _terminate(self, fields: Fields, id: str | None) -> list[Reply]:
        """Remove what waits of a query, or of all, and return a reply without results for each position."""
        turns = fields.integers("turnNumbers") if "turnNumbers" in fields else None
        ended = [
            task
            for task in sorted(self._waiting)
            if id in (None, task.query.id) and (turns is None or task.turn in turns)
        ]
        numbers = {task.number for task in ended}
        self._waiting = [task for task in self._waiting if task.number not in numbers]
        heapq.heapify(self._waiting)
        return [
            {"id": task.query.id, "turnNumber": task.turn, "isDuringSearch": False, "noResults": True} for task in ended
        ]


def _finite(text: str) -> float:
    """Return a number that JSON can write; raises ValueError for others, such as NaN and 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"not a finite number: {text}")
    return number


def serve(server: AnalysisServer, source: Source, sink: BinaryIO, *, finish: bool = True) -> None:
    """Answer the lines of `source` on `sink` until its end.

    A thread reads ahead, so new lines are taken between two batches, before the positions that wait. At the end of the
    input the waiting positions are still analysed if `finish`. Raises the OSError of a `sink` that cannot be written.
    """
    lines = LineReader(source)
    ended = False
    while not ended or (finish and server.waiting):
        while not ended and server.waiting < _MOST_WAITING and (not server.waiting or lines.has_news()):
            line = next(lines, None)
            ended = line is None
            if line is not None:
                _write(sink, server.accept(line))
        if server.waiting and (finish or not ended):
            _write(sink, server.work())


def _write(sink: BinaryIO, replies: list[Reply]) -> None:
    for reply in replies:
        sink.write(json.dumps(reply, separators=(",", ":")).encode("ascii") + b"\n")
    sink.flush()
