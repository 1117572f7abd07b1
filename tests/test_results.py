"""The matches in README's table of results: each row that names a file in docs/results says what the file says."""

import json
import lzma
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sgfmill import sgf_grammar

from shicho.tools.match.rating import ratings
from shicho.tools.match.record import GameRecord
from shicho.tools.match.results import FORMAT, VERSION, as_json
from shicho.tools.match.settings import Pairing
from tests.support.match_records import game_record, match_records
from tests.support.published_matches import games_beside, main, published, result, row, titles
from tests.tools.match_support import fake, match

ROOT = Path(__file__).resolve().parents[1]
FILE = re.compile(r"\((docs/results/[^)]+\.json)\)")


def differences(readme: str, files: dict[str, dict[str, Any]]) -> list[str]:
    """What in README's rows disagrees with the files, which are given by their paths from README."""
    found = []
    rows = [line for line in readme.splitlines() if line.startswith("|") and FILE.search(line)]
    named = {file: line for line in rows for file in FILE.findall(line)}
    found += [f"{file}: not in README" for file in files if file not in named]
    for file, line in named.items():
        if file not in files:
            found.append(f"{file}: missing")
            continue
        results = files[file]
        _, what, said, *_ = (cell.strip() for cell in line.split("|"))
        if said != result(results):
            found.append(f"{file}: README has {said!r}, the file {result(results)!r}")
        if len(titles(results)) == 2 and titles(results)[1] not in what:
            found.append(f"{file}: README does not name {titles(results)[1]!r}: {what!r}")
    return found


def games_in(collection: Path) -> list[sgf_grammar.Coarse_game_tree]:
    """The games of a compressed collection."""
    return list(sgf_grammar.parse_sgf_collection(lzma.decompress(collection.read_bytes())))


def winner(game: sgf_grammar.Coarse_game_tree) -> str | None:
    """The name of the player who won, None if nobody did."""
    root = game.sequence[0]
    colour = root["RE"][0].decode()[0]
    return None if colour not in "BW" else root[f"P{colour}"][0].decode()


def twenty_games() -> list[GameRecord]:
    """15 of 20 won by A, 8 of them as black; 14 games with two counts."""
    black, white = [1.0] * 8 + [0.0] * 2, [1.0] * 7 + [0.0] * 3
    points = [one for pair in zip(black, white, strict=True) for one in pair]
    scores = [{"referee_score": "B+3.5", "area_score": "B+3.5"} if index < 14 else {} for index in range(20)]
    return [replace(record, **score) for record, score in zip(match_records(points), scores, strict=True)]


def example(records: list[GameRecord]) -> dict[str, Any]:
    settings = match(fake(name="A"), fake(name="B", detail="level 10"))
    return published(json.loads(json.dumps(as_json(settings, records))))


def test_the_files_of_published_matches_and_the_rows_of_readme() -> None:
    paths = sorted((ROOT / "docs" / "results").glob("*.json"))
    files = {path.relative_to(ROOT).as_posix(): json.loads(path.read_text(encoding="utf-8")) for path in paths}
    assert differences((ROOT / "README.md").read_text(encoding="utf-8"), files) == []
    for file, results in files.items():
        assert (results["format"], results["version"]) == (FORMAT, VERSION), file
        assert results == published(results), f"{file}: with folders of a machine"
        games = games_in(games_beside(ROOT / file))
        assert len(games) == results["games"], file
        for title, summary in zip(titles(results), results["engines"].values(), strict=True):
            assert sum(winner(game) == title for game in games) == summary["total"]["wins"], f"{file}: {title}"


def test_the_result_of_two_engines_in_words() -> None:
    words = "15 of 20 won, 8 of 10 as black and 7 of 10 as white; Wilson 95 % interval 53.1 to 88.8 %; "
    assert result(example(twenty_games())) == words + "of 14 games scored, both count all alike"
    first, *others = twenty_games()
    assert result(example([replace(first, area_score="B+2.5"), *others])).endswith("both count 1 differently")
    assert "1 of 3 won, 1 drawn, 1 broken, 1 of 2 as black and 0 of 1 as white; " in result(
        example(match_records([1.0, 0.5, None]))
    )


def test_a_row_that_disagrees_with_its_file_is_found() -> None:
    files = {"docs/results/a.json": example(twenty_games())}
    right = row(files["docs/results/a.json"], "docs/results/a.json")
    assert differences(right, files) == []
    assert len(differences(right.replace("15 of 20", "16 of 20"), files)) == 1
    assert len(differences(right.replace("level 10", "level 9"), files)) == 1
    assert differences("", files) == ["docs/results/a.json: not in README"]
    assert differences(right, {}) == ["docs/results/a.json: missing"]


def test_a_ladder_in_words() -> None:
    settings = match(fake(name="A"), fake(name="B"), fake(name="C"), pairing=Pairing.GAUNTLET)
    records = [game_record(0, "A", "B", "B+R"), game_record(1, "B", "A", "B+R"), game_record(2, "A", "C", "B+R")]
    anchor = ("B", 1238.0)
    words = result(as_json(settings, records, anchor=anchor, rated=ratings(records, anchor=anchor)))
    assert words.startswith("1238 Elo (95 % interval ")
    assert words.endswith("), where B has 1238; 1 of 2 won against B; 1 of 1 won against C")


def test_published_results_name_no_folder() -> None:
    for engine in example(twenty_games())["settings"]["engines"]:
        assert [word for word in engine["command"] if word.startswith("/")] == []
        assert "fake_engine.py" in engine["command"]


def test_publishing_writes_results_and_games(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "match"
    (folder / "games").mkdir(parents=True)
    for number, moves in enumerate((";B[aa]", ";B[bb];W[cc]"), 1):
        (folder / "games" / f"{number:04d}.sgf").write_text(f"(;GM[1]SZ[9]RE[B+R]PB[A]PW[B]{moves})\n")
    raw = json.loads(json.dumps(as_json(match(fake(name="A"), fake(name="B")), match_records([1.0, 1.0]))))
    (folder / "results.json").write_text(json.dumps(raw))
    target = tmp_path / "results" / "a.json"
    main(folder, target)
    assert json.loads(target.read_text()) == published(raw)
    assert [len(game.sequence) for game in games_in(games_beside(target))] == [2, 3]
    assert f"[a.json]({target}), [games]({tmp_path}/results/a.sgf.xz)" in capsys.readouterr().out
