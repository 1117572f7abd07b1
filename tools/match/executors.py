"""Where games are played: in threads of this process, whose engines are processes of their own, or on Dask."""

import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, Self

from shicho.engine.errors import BadConfig, ShichoError, one_line
from shicho.engine.game import Game
from shicho.tools.match.game import play_game
from shicho.tools.match.pairing import GameJob
from shicho.tools.match.processes import Processes
from shicho.tools.match.record import GameRecord
from shicho.tools.match.settings import MatchSettings
from shicho.training.cluster import dask_executor

Played = tuple[GameRecord, Game]


class WorkersDied(ShichoError):
    """Dask gave a game up because the workers that played it died, three times or as often as Dask is told to allow."""


class Executor(Protocol):
    """What plays games; leaving it as a context manager drops the games that are not finished."""

    def submit(self, job: GameJob) -> "Future[Played]":
        """Play a game as soon as there is room."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: Any) -> None: ...


def played(executor: Executor, jobs: Iterable[GameJob]) -> Iterator[Played]:
    """Yield games as they end. Raises CannotPlay if an engine refuses what all games have in common."""
    for future in as_completed([executor.submit(job) for job in jobs]):
        yield future.result()


class LocalExecutor:
    """Plays up to `games_at_once` games at a time, each in a thread, which only waits for its engines.

    `cores`: for each thread the processor cores on which it and its engines run (Linux); by default all of them.
    `on_ply(index, ply)` is called in these threads after every move.
    """

    def __init__(
        self,
        settings: MatchSettings,
        games_at_once: int,
        *,
        cores: Sequence[Collection[int]] = (),
        on_ply: Callable[[int, int], None] = lambda index, ply: None,
    ) -> None:
        self._settings = settings
        self._on_ply = on_ply
        self._cancel = threading.Event()
        self._free_cores = SimpleQueue[Collection[int]]()
        for some in cores:
            self._free_cores.put(some)
        self._pin = bool(cores)
        self._own = threading.local()
        self._processes = ExitStack()
        self._threads = ThreadPoolExecutor(games_at_once, thread_name_prefix="game", initializer=self._begin_thread)

    def submit(self, job: GameJob) -> "Future[Played]":
        """Play a game as soon as a thread is free."""
        return self._threads.submit(self._play, job)

    def _begin_thread(self) -> None:
        if self._pin:
            os.sched_setaffinity(0, self._free_cores.get())  # of this thread, and of the engines that it starts
        settings = self._settings
        self._own.processes = self._processes.enter_context(
            Processes(settings.rules, timeout=settings.move_timeout, keep=settings.keep_engines, cancel=self._cancel)
        )

    def _play(self, job: GameJob) -> Played:
        return play_game(self._settings, job, self._own.processes, on_ply=self._on_ply)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cancel.set()
        self._threads.shutdown(cancel_futures=True)
        self._processes.close()


def shares_of_cores(games_at_once: int) -> list[tuple[int, ...]]:
    """Return the cores for each of the games played at once: equal shares of those that this process may use.

    Raises BadConfig for more games than cores, or where the system cannot pin threads to cores.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise BadConfig("--affinity: this system cannot pin processes to cores")
    cores = sorted(os.sched_getaffinity(0))
    if games_at_once > len(cores):
        raise BadConfig(f"--affinity: {games_at_once} games at a time on {len(cores)} core(s)")
    share = len(cores) // games_at_once
    return [tuple(cores[number * share : (number + 1) * share]) for number in range(games_at_once)]


class DaskExecutor:
    """Plays games on the workers of a Dask cluster, which need the engines; a game is a task.

    The games of a worker that dies are played again by another one; where that happens too often, the block ends with
    WorkersDied. Raises BadConfig if the scheduler cannot be reached or the settings keep engines, which belong to no
    worker.
    """

    def __init__(self, settings: MatchSettings, address: str) -> None:
        if settings.keep_engines:
            raise BadConfig("--keep-engines excludes --scheduler: games there start their engines")
        self._settings = settings
        self._stack = ExitStack()
        self._client = self._stack.enter_context(dask_executor(address))
        self._futures: list[Future[Played]] = []

    def submit(self, job: GameJob) -> "Future[Played]":
        """Play a game as soon as a worker is free."""
        future: Future[Played] = self._client.submit(_play_alone, self._settings, job)
        self._futures.append(future)
        return future

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from distributed import KilledWorker

        for future in self._futures:
            future.cancel()
        self._stack.close()
        if isinstance(error, KilledWorker):
            raise WorkersDied(one_line(error)) from None


def _play_alone(settings: MatchSettings, job: GameJob) -> Played:
    with Processes(settings.rules, timeout=settings.move_timeout) as processes:
        return play_game(settings, job, processes)
