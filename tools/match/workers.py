"""Games in parallel, one thread per game: the engines are processes of their own, so threads only wait."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from shicho.engine.game import Game
from shicho.tools.match.game import GameRecord, play_game
from shicho.tools.match.schedule import GameJob, MatchSettings


def play_games(
    settings: MatchSettings,
    jobs: Iterable[GameJob],
    *,
    workers: int,
    keep: Callable[[GameRecord, Game], None],
    on_ply: Callable[[int, int], None],
) -> None:
    """Play games, up to `workers` at a time.

    `keep(record, game)` is called in this thread when a game ends, `on_ply(index, ply)` in the worker threads after
    every move. An exception in this thread, including KeyboardInterrupt, ends all engines and drops unfinished games.
    """
    cancel = threading.Event()
    with ThreadPoolExecutor(workers, thread_name_prefix="game") as executor:
        try:
            futures = [executor.submit(play_game, settings, job, cancel=cancel, on_ply=on_ply) for job in jobs]
            for future in as_completed(futures):
                keep(*future.result())
        except BaseException:
            cancel.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise
