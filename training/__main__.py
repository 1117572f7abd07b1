"""`python -m shicho.training`: `shicho train` without typer and rich, for machines that only train, and for torchrun.

    torchrun --nproc_per_node 8 -m shicho.training games.h5 --preset sandbox --time-budget 9h

Each process computes on its part of every batch, on a GPU of its own where there are GPUs; the first one writes.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from shicho.engine.errors import ShichoError, one_line
from shicho.training.run.units import parse_count, parse_duration, parse_mix

Parsed = TypeVar("Parsed")
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code: 0, 1 after an error (one line on stderr), 130 after an interrupt."""
    options = _parser().parse_args(arguments)
    # Before PyTorch is loaded: threads that wait for each other sleep instead of spinning.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from shicho.training.run.command import Arguments, run_command
    from shicho.training.run.distributed import joined, rank_in_environment

    rank = rank_in_environment()
    level = logging.WARNING if rank else logging.INFO
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    chosen = Arguments(**vars(options), log_every=5.0 if sys.stderr.isatty() else 30.0)
    try:
        with joined() as processes:
            ended = run_command(chosen, _print_progress, processes)
    except (ShichoError, OSError) as error:
        print(f"rank {rank}: {one_line(error)}" if rank else one_line(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except RuntimeError as error:
        if "onnection" not in str(error):
            raise
        print(f"rank {rank}: another process has ended: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    if not rank:
        print(ended)
    return 0


def _print_progress(progress: object) -> None:
    print(progress, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m shicho.training",
        description="Train a network; run the same command again to continue where it stopped.",
        allow_abbrev=False,
    )
    add, count, duration = parser.add_argument, _checked(parse_count), _checked(parse_duration)
    at_least_0, at_least_1 = _at_least(0), _at_least(1)
    add("store", metavar="GAMES.h5", type=Path, help="a game store made by `shicho data build`")
    add("--preset", required=True, help="name of a preset, or a TOML file of the same form")
    add("--set", dest="settings", metavar="SECTION.KEY=VALUE", action="append", help="override a setting; repeatable")
    add("--mix", type=_checked(parse_mix), metavar="NAME=SHARE,...", help="shares of the sources, as pro=3,kgs-6d=2")
    add("--out", type=Path, help="run folder (default: runs/PRESET); a run that is there is continued")
    add("--samples", type=count, metavar="N", help="length of the run and of its schedule")
    add("--seed", type=int, help="seed of the weights and of the order of samples")
    add("--time-budget", type=duration, metavar="90s|9m|2h", help="stop after this time, with a checkpoint")
    add("--from", dest="start_from", metavar="CHECKPOINT", type=Path, help="start from it; heads may be new")
    add(
        "--at", dest="start_at", metavar="N", type=at_least_0, help="with --from: the place in the schedule to start at"
    )
    add("--cooldown", type=count, metavar="N", help="with --from: end with a linear cool-down of N samples")
    add("--device", default="auto", help="auto, cpu or cuda (with torchrun: a GPU for each process)")
    add("--precision", default="auto", help="auto (the faster one), float32 or bfloat16")
    add("--compile", action=argparse.BooleanOptionalAction, help="use torch.compile (default: if there is a compiler)")
    add("--threads", type=at_least_1, help="threads that compute on the CPU, in each process")
    add("--loader-threads", type=at_least_1, help="threads that replay games, in each process")
    add("--checkpoint-every", type=duration, default="10m", metavar="TIME")
    add("--keep-at", type=count, metavar="N", action="append", help="keep the first checkpoint from N samples on")
    add("--validate-every", type=duration, default="20m", metavar="TIME")
    add("--validation-positions", type=at_least_0, default=4096, metavar="N", help="how many; 0 for no validation")
    add("--tensorboard", action="store_true", help="write events for TensorBoard into the run folder")
    add("--layer-statistics", action="store_true", help="write layers.jsonl with each line of metrics (costs time)")
    return parser


def _checked(parse: Callable[[str], Parsed]) -> Callable[[str], Parsed]:
    """Return a parser whose errors argparse shows as they are."""

    def checked(text: str) -> Parsed:
        try:
            return parse(text)
        except ShichoError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def _at_least(smallest: int) -> Callable[[str], int]:
    def checked(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < smallest:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {smallest} on")
        return int(text)

    return checked


if __name__ == "__main__":
    sys.exit(main())
