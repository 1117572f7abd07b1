"""How engines are described, named, found and told the rules; pairings."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shicho.engine.colour import Colour
from shicho.engine.errors import BadConfig
from shicho.engine.rules import RULE_SETS, KoRule, Rules
from shicho.gtp.client import GtpClient
from shicho.tools.console import shicho_gtp
from shicho.tools.match.dialects import Dialect
from shicho.tools.match.engines import (
    CannotPlay,
    EngineSpec,
    engine_names,
    engine_of_command,
    find_gnugo,
    gnugo,
    identify,
    load_engine,
    prepare,
    with_different_names,
)
from shicho.tools.match.openings import Opening, empty_board, handicap_openings
from shicho.tools.match.pairing import game_job, game_jobs, games_in_a_round
from shicho.tools.match.settings import MatchSettings, Pairing
from tests.tools.match_support import FAKE, fake, match


def write(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_an_engine_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    text = f"""
name = "Mine"
command = "{sys.executable} {FAKE} --seed {{seed}}"
detail = "a detail"
rules = "kata"
start_commands = ["echo hello"]
start_timeout = 30
move_timeout = 2.5
working_directory = "there"
environment = {{ COLOUR_OF_STONES = "slate" }}
"""
    spec = identify(load_engine(write(tmp_path / "mine.toml", text)))
    assert (spec.name, spec.version, spec.title) == ("Mine", "1.0", "Mine 1.0 a detail")
    assert (spec.rules, spec.start_timeout, spec.move_timeout) == (Dialect.KATA, 30, 2.5)
    with spec.start(4711) as client:
        assert client.send("seed") == "4711"
        assert client.send("variable", "COLOUR_OF_STONES") == "slate"
        assert client.send("variable", "PATH") == os.environ["PATH"]
        assert client.send("folder") == str((tmp_path / "there").resolve())
        assert client.timeout == 2.5


def test_a_program_with_a_slash_lies_beside_the_file(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "engine"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    spec = load_engine(write(tmp_path / "mine.toml", 'command = ["bin/engine", "--name", "Beside"]'))
    assert identify(spec).name == "Beside"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("command = [", "Invalid"),
        ("", "command: missing"),
        ("command = []", "command = []"),
        ('command = ""', "command line is empty"),
        ('command = "\'open"', "'open"),
        ("command = 5", "command = 5"),
        ('command = "x"\ncolour = "red"', "colour = 'red': unknown setting"),
        ('command = "x"\nrules = "chess"', "rules = 'chess'"),
        ('command = "x"\nstart_timeout = -1', "start_timeout = -1"),
        ('command = "x"\nstart_timeout = "long"', "start_timeout = 'long'"),
        ('command = "x"\nenvironment = { A = 1 }', "environment.A = 1"),
    ],
)
def test_a_bad_file_is_named_with_key_and_value_in_one_line(text: str, part: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bad.toml", text)
    with pytest.raises(BadConfig) as caught:
        load_engine(path)
    message = str(caught.value)
    assert path in message
    assert part in message
    assert "\n" not in message


def test_an_unknown_engine_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="gnugo"):
        load_engine("unknown")
    with pytest.raises(BadConfig, match=r"missing\.toml"):
        load_engine(str(tmp_path / "missing.toml"))


def test_ready_made_engines() -> None:
    assert {"shicho", "gnugo"} <= set(engine_names())
    for name in engine_names():
        assert "{seed}" in " ".join(load_engine(name).command)
    assert identify(load_engine("gnugo")).name == "GNU Go"
    assert identify(load_engine("shicho")).name == "Shicho"


def test_equal_names_become_titles_and_then_numbers() -> None:
    specs = [gnugo("gnugo", 1), gnugo("gnugo", 10), gnugo("gnugo", 10), fake(name="Other")]
    assert [spec.name for spec in with_different_names(specs)] == [
        "GNU Go level 1",
        "GNU Go level 10",
        "GNU Go level 10 (2)",
        "Other",
    ]
    assert [spec.title for spec in with_different_names(specs)] == [
        "GNU Go level 1",
        "GNU Go level 10",
        "GNU Go level 10 (2)",
        "Other 1.0",
    ]
    assert fake(name="Level 10").model_copy(update={"version": "1", "detail": "level"}).title == "Level 10 1 level"


# ---------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize("rules", [name for name in RULE_SETS])
def test_shicho_is_told_all_rules_and_komi(rules: str) -> None:
    chosen = replace(Rules.named(rules), komi=3.5)
    engine = EngineSpec(command=shicho_gtp(), rules=Dialect.KATA)
    with engine.start(1, rules=chosen) as client:
        prepare(client, engine, size=9, rules=chosen, opening=empty_board())
        told = json.loads(client.send("kata-get-rules"))
        assert told["ko"] == chosen.ko.name
        assert told["scoring"] == chosen.scoring.name
        assert told["suicide"] == chosen.suicide
        assert told["friendlyPassOk"] == chosen.removes_dead
        assert client.send("get_komi") == "3.5"


def score_of_gnugo(rules: Rules, moves: list[str]) -> str:
    """GNU Go's score of moves that are played in turn on 5x5."""
    engine = gnugo(find_gnugo(), 1)
    with engine.start(1, rules=rules) as client:
        prepare(client, engine, size=5, rules=rules, opening=empty_board())
        for number, vertex in enumerate(moves):
            client.send("play", "bw"[number % 2], vertex)
        return client.send("final_score")


def test_gnugo_is_told_how_to_count() -> None:
    """Black owns the whole board and has passed twice as often as White: area counts stones, territory does not."""
    moves = ["C1", "pass", "C2", "pass", "C3", "pass", "C4", "pass", "C5", "pass", "pass"]
    komi = 0.5
    assert score_of_gnugo(Rules(komi=komi), moves) == "B+24.5"
    assert score_of_gnugo(replace(Rules.named("japanese"), komi=komi), moves) == "B+19.5"


@pytest.mark.parametrize(
    ("rules", "options"),
    [
        (Rules(), ["--chinese-rules", "--positional-superko"]),
        (Rules.named("japanese"), ["--japanese-rules", "--simple-ko"]),
        (Rules.named("new-zealand"), ["--chinese-rules", "--situational-superko", "--allow-suicide"]),
    ],
)
def test_options_of_gnugo(rules: Rules, options: list[str]) -> None:
    assert list(Dialect.GNUGO.options(rules)) == options


@pytest.mark.parametrize(
    ("name", "commands", "dialect"),
    [
        ("GNU Go", ["play"], Dialect.GNUGO),
        ("KataGo", ["kgs-rules", "kata-set-rules"], Dialect.KATA),
        ("Pachi", ["kgs-rules"], Dialect.KGS),
        ("Other", [], Dialect.NONE),
    ],
)
def test_the_way_to_tell_the_rules_is_seen(name: str, commands: list[str], dialect: Dialect) -> None:
    assert Dialect.known_to(name, commands) is dialect


def test_engines_of_command_lines_are_told_the_rules() -> None:
    engines = [engine_of_command(f"{find_gnugo()} --mode gtp"), engine_of_command("shicho-gtp"), fake()]
    assert [identify(engine).rules for engine in engines] == [Dialect.GNUGO, Dialect.KATA, Dialect.NONE]


def test_rules_without_a_name_cannot_be_played_in_kgs() -> None:
    engine = fake(rules=Dialect.KGS)
    with engine.start(1) as client, pytest.raises(CannotPlay, match="kgs-rules"):
        prepare(client, engine, size=9, rules=Rules(ko=KoRule.SIMPLE), opening=empty_board())


def test_names_of_kgs() -> None:
    assert Dialect.KGS.commands(Rules(komi=0)) == ("kgs-rules chinese",)
    assert Dialect.KGS.commands(Rules.named("new-zealand")) == ("kgs-rules new_zealand",)
    with pytest.raises(BadConfig, match="kgs-rules"):
        Dialect.KGS.commands(Rules(ko=KoRule.SIMPLE))


def test_fixed_handicap_points_are_those_of_gnugo() -> None:
    """The runner plays on its own board: engines must put the stones of `fixed_handicap` on the same points."""
    opening = handicap_openings(5)[0]
    with GtpClient([find_gnugo(), "--mode", "gtp"]) as client:
        prepare(client, fake(), size=19, rules=Rules(), opening=opening)
        theirs = client.send("list_stones", "black").split()
    game = opening.game(19)
    assert sorted(game.board.point(vertex) for vertex in theirs) == sorted(stone.point for stone in game.setup)


# -------------------------------------------------------------------------------------------------------- pairings


def test_colours_alternate_and_seeds_depend_on_seed_and_index_alone() -> None:
    settings = match(fake(name="A"), fake(name="B"))
    games = game_jobs(settings, 40)
    assert [(job.black, job.white) for job in games[:4]] == [(0, 1), (1, 0)] * 2
    assert [job.pair for job in games[:4]] == [0, 0, 1, 1]
    seeds = [seed for job in games for seed in (job.black_seed, job.white_seed)]
    assert len(set(seeds)) == 80
    assert all(1 <= seed < 2**31 for seed in seeds)
    assert game_jobs(settings, 40, done={0, 2}) == [job for job in games if job.index not in (0, 2)]
    assert game_job(replace(settings, seed=8), 0) != games[0]


@pytest.mark.parametrize(
    ("pairing", "pairs"),
    [
        (Pairing.ROUND_ROBIN, {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}),
        (Pairing.GAUNTLET, {(0, 1), (0, 2), (0, 3)}),
    ],
)
def test_everyone_plays_every_opening_with_both_colours(pairing: Pairing, pairs: set[tuple[int, int]]) -> None:
    openings = (empty_board(), Opening(name="centre", moves=((Colour.BLACK, "E5"),)), Opening(name="h", handicap=2))
    settings = match(*(fake(name=name) for name in "ABCD"), pairing=pairing, openings=openings)
    games = game_jobs(settings, games_in_a_round(settings))
    played = [(job.black, job.white, job.opening.name) for job in games]
    expected = {(*order, opening.name) for pair in pairs for order in (pair, pair[::-1]) for opening in openings}
    assert len(played) == len(expected)
    assert set(played) == expected
    for one, other in zip(games[::2], games[1::2], strict=True):
        assert one.pair == other.pair
        assert one.opening == other.opening
        assert (one.black, one.white) == (other.white, other.black)


def test_settings_are_checked() -> None:
    first, second = fake(name="A"), fake(name="B")
    for broken, part in (
        (lambda: match(first), "two engines"),
        (lambda: match(first, first), "same name"),
        (lambda: match(first, second, openings=()), "opening"),
        (lambda: match(first, second, openings=(Opening(name="big", moves=((Colour.BLACK, "Q16"),)),)), "'big'"),
        (
            lambda: MatchSettings(engines=(first, second), referee=None, shicho_counts=False, seed=1),
            "counts",
        ),
    ):
        with pytest.raises(BadConfig, match=part):
            broken()
