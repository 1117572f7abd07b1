"""When a run logs, validates, saves and stops: decided by the first process, the same in all of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from shicho.training.run.distributed import Processes
from shicho.training.run.options import RunOptions

SECONDS_BETWEEN_DECISIONS: Final = 1.0
MOST_STEPS_BETWEEN_DECISIONS: Final = 1000


class Stop(IntEnum):
    """Why a run stops before its end."""

    NO = 0
    TIME = 1
    ASKED = 2


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What to do before the next step. A run that stops logs and saves after its last step in any case."""

    stop: Stop = Stop.NO
    log: bool = False
    validate: bool = False
    save: bool = False


class Pace:
    """The clocks of a run. Call `orders` before every step, `logged` and `saved` when that is done.

    A process that is alone decides before every step. Several processes exchange decisions about once a second, after a
    number of steps that the first one names in advance; a stop that any of them is asked for (a signal) stops all.
    `began` is when the session did, by the `clock`.
    """

    def __init__(
        self, options: RunOptions, began: float, processes: Processes, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._options = options
        self._began = began
        self._processes = processes
        self._clock = clock
        self._logged = self._validated = self._saved = clock()
        self._decided: float | None = None
        self._steps = self._wait = 0

    def orders(self, stopped: Callable[[], bool]) -> Orders:
        """Return what is due now."""
        if self._steps < self._wait:
            self._steps += 1
            return Orders()
        now = self._clock()
        due = self._due(now) if self._processes.is_first else Orders()
        stop = Stop.ASKED if stopped() else due.stop
        numbers = [stop, due.log, due.validate, due.save, self._steps_to_wait(now)]
        stop_all, log, validate, save, self._wait = self._processes.largest([int(number) for number in numbers])
        self._decided, self._steps = now, 0
        if stop_all:
            return Orders(stop=Stop(stop_all))
        return Orders(log=bool(log), validate=bool(validate), save=bool(save))

    def _due(self, now: float) -> Orders:
        options = self._options
        spent = options.time_budget is not None and now - self._began >= options.time_budget
        log = now - self._logged >= options.log_every
        return Orders(
            stop=Stop.TIME if spent else Stop.NO,
            log=log,
            validate=log and now - self._validated >= options.validate_every,
            save=now - self._saved >= options.checkpoint_every,
        )

    def _steps_to_wait(self, now: float) -> int:
        """Return the number of steps until the next exchange; 0 in processes other than the first."""
        if self._processes.alone or not self._processes.is_first or self._decided is None:
            return 0
        seconds = (now - self._decided) / (self._steps + 1)
        wanted = min(SECONDS_BETWEEN_DECISIONS, self._options.log_every, self._options.checkpoint_every)
        return max(0, min(int(wanted / max(seconds, 1e-6)) - 1, 2 * self._wait + 1, MOST_STEPS_BETWEEN_DECISIONS))

    def since_log(self) -> float:
        """Return seconds since the last line of metrics."""
        return self._clock() - self._logged

    def logged(self, *, validated: bool) -> None:
        """Note that a line of metrics was written."""
        self._logged = self._clock()
        if validated:
            self._validated = self._logged

    def saved(self) -> None:
        """Note that a checkpoint was written."""
        self._saved = self._clock()
