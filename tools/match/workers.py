"""Several games at a time: a thread each, for all the thinking is done in the engines' processes."""

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
    at_once: int,
    keep: Callable[[GameRecord, Game], None],
    on_ply: Callable[[int, int], None],
) -> None:
    """Play the games and hand each to `keep`, in this thread, as it ends; `on_ply` is called from the others.

    An exception, KeyboardInterrupt among them, ends all engines at once and drops the games that are not over.
    """
    cancel = threading.Event()
    with ThreadPoolExecutor(at_once, thread_name_prefix="game") as executor:
        try:
            futures = [executor.submit(play_game, settings, job, cancel=cancel, on_ply=on_ply) for job in jobs]
            for future in as_completed(futures):
                keep(*future.result())
        except BaseException:
            cancel.set()
            executor.shutdown(wait=False, cancel_futures=True)
            raise
