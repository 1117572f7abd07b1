"""`shicho experiment`: run experiments, and report and publish what the seeds can tell."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shicho.engine.errors import BadConfig
from shicho.tools.commands.train import parse_count
from shicho.tools.console import INTERRUPTED
from shicho.tools.environment import environment

if TYPE_CHECKING:
    from shicho.training.experiments.definition import Experiment
    from shicho.training.experiments.job import Result
    from shicho.training.experiments.runner import RunOutcome

OUT = Path("runs/experiments")

app = typer.Typer(no_args_is_help=True, help="Experiments: train arms that differ in one thing, and compare them.")


@app.command("list")
def list_experiments() -> None:
    """Print the experiments that come with Shicho."""
    from rich.console import Console
    from rich.table import Table

    from shicho.training.experiments.definition import experiment_names, load_experiment

    table = Table("name", "question", "arms (the first is the baseline)", "a run")
    for name in experiment_names():
        experiment = load_experiment(name)
        length = f"{experiment.seconds:g} s" if experiment.seconds else f"{experiment.samples:,} samples"
        table.add_row(name, experiment.question, ", ".join(experiment.arms), length)
    Console().print(table)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="An experiment of `shicho experiment list`, or a TOML file.")],
    games: Annotated[Path, typer.Argument(metavar="GAMES.h5", help="A store made by `shicho data build`.")],
    seeds: Annotated[int | None, typer.Option(min=1, help="Runs of every arm.")] = None,
    samples: Annotated[
        int | None, typer.Option(parser=parse_count, metavar="N", help="Samples of every run, instead of its length.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Equal time instead: every arm gets what it trains in so many seconds.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at once on the CPU, one a core [default: 1].")] = None,
    device: Annotated[
        list[str] | None,
        typer.Option(help="Run on this device, e.g. cuda:0; repeatable, one run on each [default: all of CUDA]."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on a Dask cluster that shares this folder and store.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the runs; what is there is continued.")] = OUT,
    precision: Annotated[
        str, typer.Option(help="auto (the faster one, the same for all), float32 or bfloat16.")
    ] = "auto",
    compile: Annotated[
        bool | None, typer.Option("--compile/--no-compile", help="Use torch.compile [default: if there is a compiler].")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads of each run.")] = 1,
) -> None:
    """Run an experiment and print what its seeds can tell; the same command again continues it."""
    from shicho.training.cluster import dask_executor
    from shicho.training.experiments.definition import load_experiment
    from shicho.training.experiments.executors import local_executor
    from shicho.training.experiments.runner import Options, run_experiment
    from shicho.training.run.command import interruptible
    from shicho.training.run.device import parse_precision

    if scheduler and (jobs or device):
        raise typer.BadParameter("--scheduler excludes --jobs and --device: the cluster decides")
    experiment = load_experiment(name).changed(seeds=seeds, samples=samples, seconds=seconds)
    options = Options(
        out=out,
        device=device[0] if device else "cpu" if jobs else "auto",
        precision=parse_precision(precision),
        compile=compile,
        threads=threads,
    )
    chosen = dask_executor(scheduler) if scheduler else local_executor(jobs, device or ())
    with chosen as executor, interruptible() as stopped:
        outcome = run_experiment(
            experiment, games, options, executor, environment=environment(), report=_print, stopped=stopped
        )
    _conclude(experiment, outcome)


def _print(name: str, result: "Result | str") -> None:
    if isinstance(result, str):
        text = f"no result: {result}"
    elif result.failed:
        text = f"failed: {result.failed}"
    elif result.figures:
        text = f"{result.figures['cross_entropy']:.4f} nats, top-1 {result.figures['top1']:.2%}"
        text += f", {result.samples:,} samples, {result.samples_per_s:,.0f}/s"
        text += f", taken from {result.taken_from}" if result.taken_from else ""
    else:
        text = f"{result.samples_per_s:,.0f} samples/s"
    print(f"{name}: {text}", file=sys.stderr, flush=True)


def _conclude(experiment: "Experiment", outcome: "RunOutcome") -> None:
    from shicho.training.experiments.compare import compare, sentence

    for figure in ("cross_entropy", "top1"):
        for comparison in compare(experiment, outcome.results, figure):
            print(sentence(comparison))
    if outcome.stopped:
        print("interrupted; the same command continues", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    if outcome.problems:
        print(f"{len(outcome.problems)} run(s) without a result; the same command tries them again", file=sys.stderr)
        raise typer.Exit(1)


@app.command()
def report(
    names: Annotated[list[str] | None, typer.Argument(help="Experiments [default: all in --out].")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = OUT,
) -> None:
    """Print what the runs of experiments show so far, as Markdown."""
    from shicho.training.experiments.page import section
    from shicho.training.experiments.report import gather
    from shicho.training.experiments.runner import RUN_NAME

    found = names or sorted(path.parent.name for path in out.glob(f"*/{RUN_NAME}"))
    if not found:
        raise BadConfig(f"{out}: no experiment was run there")
    for name in found:
        print(section(gather(out / name)))


@app.command()
def publish(
    names: Annotated[
        list[str] | None, typer.Argument(help="Experiments to add or replace; none: make the page anew.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = OUT,
    results: Annotated[Path, typer.Option(help="Folder of the JSON files.")] = Path("training/experiments/results"),
    docs: Annotated[Path, typer.Option(help="Folder of the page and its pictures.")] = Path("docs"),
) -> None:
    """Write the results of experiments as JSON, and docs/experiments.md with its pictures from all that are there."""
    from shicho.training.experiments.page import write_page
    from shicho.training.experiments.report import gather, read_reports, write_report

    for name in names or ():
        print(write_report(gather(out / name), results))
    print(write_page(read_reports(results), docs))
