"""`shicho match`: a match between any GTP engines; `shicho match ladder`: a network against GNU Go and Pachi."""

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shicho.engine.errors import BadConfig
from shicho.engine.rules import RULE_SETS, Rules
from shicho.engine.settings import PlaySettings, Style
from shicho.tools.commands.group import OWN_COMMAND, CommandGroup

if TYPE_CHECKING:
    from shicho.tools.match.engines import EngineSpec
    from shicho.tools.match.openings import Opening

app = typer.Typer(
    cls=CommandGroup, help="Play a match between GTP engines; `match ladder` rates a network against known ones."
)

Size = Annotated[int, typer.Option(help="Board size.", min=2, max=19)]
Seed = Annotated[int, typer.Option(help="Seed of the match; the seeds of its games are derived from it.", min=0)]
Jobs = Annotated[int | None, typer.Option(help="Games played in parallel; default: one per core.", min=1)]
Out = Annotated[
    Path | None, typer.Option(help="Folder for results and games; a match in it is continued.", file_okay=False)
]


# Long because every option is a parameter with its help.
@app.command(OWN_COMMAND)
def match(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ENGINE]...", help="TOML files of engines, or ready-made engines: shicho, gnugo, ..."),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="Command line of a further engine; {seed}: the game's seed. May be repeated."),
    ] = None,
    games: Annotated[
        int | None, typer.Option(help="Number of games; default: every opening once with both colours.", min=1)
    ] = None,
    gauntlet: Annotated[
        bool, typer.Option("--gauntlet", help="The first engine against each other one; default: all against all.")
    ] = False,
    size: Size = 19,
    rules: Annotated[str, typer.Option(help=", ".join(RULE_SETS) + ".")] = "chinese",
    komi: Annotated[float | None, typer.Option(help="Komi; default: that of the rules.")] = None,
    handicap: Annotated[
        list[int] | None, typer.Option(help="Fixed handicap as an opening. May be repeated.", min=2, max=9)
    ] = None,
    openings: Annotated[Path | None, typer.Option(help="Folder of SGF files to begin with.", file_okay=False)] = None,
    draw: Annotated[
        int | None, typer.Option(help="Number of openings drawn from the included network's policy.", min=1)
    ] = None,
    plies: Annotated[
        int | None, typer.Option(help="Length of openings; default: 8 for drawn ones, whole SGF files.", min=1)
    ] = None,
    time_control: Annotated[
        str | None,
        typer.Option("--time", help="Time of a side: 10m, 10m+30s/5 (then 5 stones in 30 s) or 30s/1; default: none."),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for each response without --time.", min=0.1)] = 120.0,
    referee: Annotated[
        str, typer.Option(help="Who counts: gnugo, shicho, both (GNU Go decides), or an engine as above.")
    ] = "both",
    seed: Seed = 1,
    jobs: Jobs = None,
    affinity: Annotated[bool, typer.Option("--affinity", help="Give each parallel game cores of its own.")] = False,
    keep_engines: Annotated[
        bool, typer.Option("--keep-engines", help="Play all games with the same processes; default: start them anew.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Play on a Dask cluster whose workers have the engines.")
    ] = None,
    sprt: Annotated[
        str | None,
        typer.Option(metavar="elo0=0,elo1=20", help="Stop before --games if one of these Elo differences is accepted."),
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(metavar="NAME=RATING", help="Fix the rating of an engine, for more than two.")
    ] = None,
    only: Annotated[
        int | None, typer.Option(help="Play this game again, as it was numbered in the match.", min=1)
    ] = None,
    out: Out = None,
) -> None:
    """Play a match between GTP engines. Ctrl-C interrupts it; the same command with the same --out continues it.

    `shicho match ladder NETWORK` rates a network in games against GNU Go and Pachi.
    """
    from shicho.tools.match.engines import engine_of_command, identify, load_engine, with_different_names
    from shicho.tools.match.pairing import games_in_a_round
    from shicho.tools.match.runner import MatchOptions, play_again, run_match
    from shicho.tools.match.settings import MatchSettings, Pairing
    from shicho.tools.match.sprt import Sprt
    from shicho.tools.match.time_control import TimeControl

    chosen = Rules.named(rules)
    chosen = chosen if komi is None else replace(chosen, komi=komi)
    specs = [*map(load_engine, names or ()), *map(engine_of_command, engine or ())]
    if len(specs) < 2:
        raise BadConfig("a match needs two engines or more: shicho match shicho gnugo, for example")
    settings = MatchSettings(
        engines=tuple(with_different_names([identify(spec) for spec in specs])),
        referee=_referee(referee),
        shicho_counts=referee in ("shicho", "both"),
        seed=seed,
        size=size,
        rules=chosen,
        pairing=Pairing.GAUNTLET if gauntlet else Pairing.ROUND_ROBIN,
        openings=tuple(_openings(size, chosen, seed, handicap, openings, draw, plies)),
        time_control=TimeControl.parse(time_control) if time_control else None,
        move_timeout=timeout,
        keep_engines=keep_engines,
    )
    if only and not out:
        raise BadConfig("--only needs --out, the folder of the match")
    path = out or _new_folder(f"seed{seed}")
    if only:
        play_again(path, settings, only)
        return
    test = Sprt.parse(sprt) if sprt else None
    if test and not games:
        raise BadConfig("--sprt needs --games: how many games are played at most")
    options = MatchOptions(
        games=games or games_in_a_round(settings),
        jobs=jobs,
        affinity=affinity,
        scheduler=scheduler,
        sprt=test,
        anchor=_anchor(anchor) if anchor else None,
    )
    run_match(path, settings, options)


@app.command()
def ladder(
    network: Annotated[Path, typer.Argument(metavar="NETWORK", help="ONNX file.", dir_okay=False)],
    games: Annotated[int, typer.Option(help="Games against each opponent, half of them as black.", min=2)] = 20,
    style: Annotated[Style, typer.Option(help="How Shicho chooses its moves.")] = Style.BETA,
    symmetries: Annotated[int, typer.Option(help="Symmetries that Shicho averages over, 1 or 8.")] = 1,
    size: Size = 19,
    seed: Seed = 1,
    jobs: Jobs = None,
    out: Out = None,
) -> None:
    """Play a network against GNU Go levels 1, 5 and 10 and, if it is installed, Pachi, and rate all on one scale.

    The scale is that of GoAIRatings, where GNU Go level 10 has 1238. Ctrl-C interrupts the match; the same command with
    the same --out continues it.
    """
    from shicho.tools.match.engines import shicho
    from shicho.tools.match.ladder import NoPachi, find_pachi, gauntlet
    from shicho.tools.match.runner import MatchOptions, run_match

    if games % 2:
        raise BadConfig(f"--games is not even: {games}; every opponent plays each colour equally often")
    engine = shicho(network, PlaySettings(style=style, symmetries=symmetries))
    try:
        pachi = find_pachi()
    except NoPachi as error:
        print(f"Pachi is left out: {error}", file=sys.stderr)
        pachi = None
    settings, anchor = gauntlet(engine, pachi, seed=seed, size=size)
    opponents = len(settings.engines) - 1
    options = MatchOptions(games=games * opponents, jobs=jobs, anchor=anchor)
    run_match(out or _new_folder(f"ladder-seed{seed}"), settings, options)


@app.command()
def losses(
    games: Annotated[
        list[Path], typer.Argument(metavar="GAMES...", help="SGF files, folders or archives of them.", exists=True)
    ],
    player: Annotated[str, typer.Option(help="How the player's name begins in PB or PW.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="PAGE.md", help="The page; pictures go beside it.")],
    every: Annotated[int, typer.Option(help="Moves between estimates, a divisor of 60.", min=1, max=20)] = 10,
    pictures: Annotated[int, typer.Option(help="Draw this many of the largest losses.", min=0)] = 12,
    level: Annotated[int, typer.Option(help="Level of GNU Go, which estimates.", min=0)] = 10,
    jobs: Annotated[int | None, typer.Option(help="Games estimated in parallel; default: one per core.", min=1)] = None,
) -> None:
    """Show where a player's lost games were lost: the score in their course, as GNU Go estimates it, with pictures."""
    from shicho.tools.losses.games import games_of
    from shicho.tools.losses.leads import courses_of
    from shicho.tools.losses.page import check_page, save_page
    from shicho.tools.match.engines import find_gnugo, gnugo, identify

    check_page(output)
    if 60 % every:
        raise BadConfig(f"--every must divide 60: {every}")
    judge = identify(gnugo(find_gnugo(), level))
    played = games_of(player, games)
    lost = [game for game in played if game.lost]
    if not lost:
        print(f"{player} lost none of {len(played)} games")
        return
    courses = []
    for course in courses_of(lost, judge, every, jobs):
        courses.append(course)
        print(f"{len(courses)} of {len(lost)}: {course.played.place}", file=sys.stderr)
    for path in save_page(output, player, played, courses, judge=judge.title, every=every, pictures=pictures):
        print(path)


def _new_folder(name: str) -> Path:
    return Path("matches") / time.strftime(f"%Y-%m-%d-%H%M%S-{name}")


def _referee(name: str) -> "EngineSpec | None":
    from shicho.tools.match.engines import REFEREE_LEVEL, find_gnugo, gnugo, identify, load_engine

    if name == "shicho":
        return None
    if name in ("gnugo", "both"):
        return identify(gnugo(find_gnugo(), REFEREE_LEVEL))
    return identify(load_engine(name))


def _openings(
    size: int,
    rules: Rules,
    seed: int,
    handicap: list[int] | None,
    folder: Path | None,
    draw: int | None,
    plies: int | None,
) -> "list[Opening]":
    """Return the openings that the options ask for; the empty board if they ask for none."""
    from shicho.engine.policy import Policy
    from shicho.tools.match.openings import empty_board, handicap_openings, openings_from_policy, openings_from_sgf

    openings = handicap_openings(*handicap) if handicap else []
    if folder:
        openings += openings_from_sgf(folder, size, plies=plies, rules=rules)
    if draw:
        openings += openings_from_policy(Policy(), draw, plies or 8, size, seed, rules=rules)
    if plies and not folder and not draw:
        raise BadConfig("--plies is for --openings and --draw")
    return openings or [empty_board()]


def _anchor(text: str) -> tuple[str, float]:
    name, _, rating = text.rpartition("=")
    try:
        return name, float(rating)
    except ValueError:
        raise BadConfig(f"--anchor is not NAME=RATING: {text!r}") from None
