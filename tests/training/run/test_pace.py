"""When a run logs, validates, saves and stops, by a clock that the test turns."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from shicho.training.run.distributed import ALONE, Processes
from shicho.training.run.options import RunOptions
from shicho.training.run.pace import Orders, Pace, Stop


class Clock:
    """Seconds that pass only when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class FirstOfTwo(Processes):
    """The first of two processes, of which the other one wants nothing."""

    def largest(self, numbers: Sequence[int]) -> list[int]:
        return list(numbers)


def follow(
    pace: Pace, clock: Clock, steps: int, step_seconds: float, stopped: Callable[[], bool] = lambda: False
) -> dict[str, list[int]]:
    """Train for so many steps as `Trainer.run` does; the numbers of steps made before each thing was done."""
    done: dict[str, list[int]] = {"log": [], "validate": [], "save": [], "stop": []}
    for step in range(steps):
        orders = pace.orders(stopped)
        if orders.log:
            done["log"].append(step)
            if orders.validate:
                done["validate"].append(step)
            pace.logged(validated=orders.validate)
        if orders.save:
            done["save"].append(step)
            pace.saved()
        if orders.stop:
            done["stop"].append(step)
            break
        clock.now += step_seconds
    return done


def begin(processes: Processes = ALONE, **times: float) -> tuple[Pace, Clock]:
    clock = Clock()
    return Pace(RunOptions(out=Path("run"), **times), clock.now, processes, clock), clock  # type: ignore[arg-type]


def test_each_thing_is_done_every_so_many_seconds() -> None:
    """Steps of 2 seconds: a line every 5 seconds is one every 3 steps; validation waits for the next line."""
    done = follow(*begin(log_every=5.0, validate_every=14.0, checkpoint_every=20.0), steps=32, step_seconds=2.0)
    assert done == {
        "log": [3, 6, 9, 12, 15, 18, 21, 24, 27, 30],
        "validate": [9, 18, 27],
        "save": [10, 20, 30],
        "stop": [],
    }


def test_the_time_budget_counts_from_the_beginning_of_the_session() -> None:
    pace, clock = begin(log_every=5.0, time_budget=21.0)
    clock.now += 6.0  # compilation
    assert follow(pace, clock, steps=32, step_seconds=2.0)["stop"] == [8]
    assert pace.orders(lambda: False) == Orders(stop=Stop.TIME)


def test_a_run_that_is_asked_to_stop_does_nothing_else_first() -> None:
    pace, clock = begin(log_every=0.0, checkpoint_every=0.0, time_budget=100.0)
    clock.now += 50.0
    assert pace.orders(lambda: True) == Orders(stop=Stop.ASKED)


def test_the_speed_leaves_out_what_is_done_between_lines() -> None:
    pace, clock = begin(log_every=5.0)
    clock.now += 5.0
    assert pace.orders(lambda: False).log
    assert pace.since_log() == 5.0
    clock.now += 60.0  # validation
    pace.logged(validated=True)
    clock.now += 2.0
    assert pace.since_log() == 2.0


def test_several_processes_decide_about_once_a_second() -> None:
    """Steps of 10 ms: between two decisions the number of steps doubles until about 100 fit into a second."""
    pace, clock = begin(FirstOfTwo(rank=0, count=2, local_rank=0), log_every=5.0)
    asked: list[int] = []

    def stopped() -> bool:
        asked.append(round((clock.now - 1000.0) / 0.01))
        return False

    done = follow(pace, clock, steps=2000, step_seconds=0.01, stopped=stopped)
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits[:6] == [1, 2, 4, 8, 16, 32]
    assert all(95 <= wait <= 100 for wait in waits[8:])
    assert all(500 <= later - earlier <= 600 for earlier, later in pairwise([0, *done["log"]]))
    assert len(done["log"]) == 3
