"""`shicho inside`: planted detectors are found, chance is not, and the page says what the JSON file says."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from shicho.engine import Game
from shicho.engine.features import SANDBOX_26, unpack
from shicho.engine.sgf import read_game
from shicho.engine.taps import Layer
from shicho.tools import cli
from shicho.tools.console import run
from shicho.tools.inside.detectors import find_detectors
from shicho.tools.inside.page import NOTES, notes_about, page_text
from shicho.tools.inside.positions import far_eye_pair, ko_pair
from shicho.tools.inside.sample import Observation, draw_games, observe, spatial_layers
from shicho.training.data.records import read_block
from shicho.training.data.sources import Text
from shicho.training.data.store import TEST, GameStore, join_games, unpack_owner, write_store
from tests.support.networks import write_network
from tests.support.real_games import FOLDER
from tests.support.stores import SOURCES

DOCS = Path(__file__).resolve().parents[2] / "docs"
KO_GAME = FOLDER / "19-seed007.sgf"
LAST_MOVE = SANDBOX_26.index("last_move")


@pytest.fixture(scope="module")
def store() -> GameStore:
    return real_store(ownership=True)


def real_store(*, ownership: bool) -> GameStore:
    """GNU Go's even 19x19 games as test games."""
    paths = [path for path in sorted(FOLDER.glob("19-*.sgf")) if "handicap" not in path.name][:16]
    texts = [Text(place=path.name, data=path.read_bytes()) for path in paths]
    games = join_games([read_block(texts, 0, ownership=ownership).games])
    split = np.full(len(games), TEST, np.uint8)
    return GameStore(sources=SOURCES, command="", **replace(games, split=split).columns())


class Planted:
    """Taps of a network that is not one: noise, and two channels that show the last move, one only at first."""

    def __init__(self, honest_games: int) -> None:
        self.layers = {name: Layer(name, 3, by_point=True) for name in ("planted", "noise")}
        self.policy = self
        self.features = SANDBOX_26
        self.path = Path("planted.onnx")
        self._rng = np.random.default_rng(0)
        self._games, self._honest_games = 0, honest_games

    def outputs(self, packed: NDArray[np.uint8], names: list[str]) -> dict[str, NDArray[np.float32]]:
        """`planted` 1 is the last move, loud on a quiet board; `planted` 2 is so, and louder, in the first games."""
        noise = {name: self._rng.normal(size=(len(packed), 3, 19, 19)).astype(np.float32) for name in self.layers}
        last = unpack(packed)[:, LAST_MOVE]
        noise["planted"][:, 1] += 20 * last
        noise["planted"][:, 2] += 40 * last * (self._games < self._honest_games)
        self._games += 1
        return {**noise, "policy": np.zeros((len(packed), 362), np.float32)}


def untracked(observations: Any, name: str, total: int) -> Any:
    return observations


def test_a_planted_detector_is_found_and_one_that_only_seems_one_is_unmasked(store: GameStore) -> None:
    """The first half chooses: channel 2 comes first and is worth nothing in the second half, channel 1 holds."""
    games = draw_games(store, "test", 10, 8, 1)
    found = {one["label"]: one for one in find_detectors(Planted(5), store, games, 0, untracked)}
    deceitful, honest, *_ = found["last move"]["best"]
    assert (deceitful["layer"], deceitful["number"]) == ("planted", 2)
    assert (honest["layer"], honest["number"]) == ("planted", 1)
    assert deceitful["selection_r"] > honest["selection_r"] > 0.6
    assert abs(deceitful["r"]) < 0.1
    assert 0.4 < deceitful["auc"] < 0.6
    low, high = honest["r_interval"]
    assert 0.6 < low < honest["r"] < high < 0.8
    assert honest["auc"] > 0.999
    plane = found["last move"]["plane"]
    assert (plane["layer"], plane["number"], plane["r"]) == ("planes", LAST_MOVE, pytest.approx(1))
    assert [row["layer"] for row in found["last move"]["layers"]] == ["planted", "noise"]
    assert found["last move"]["tried"] == 6
    assert found["moves played"]["tried"] == 12
    assert found["moves played"]["plane"]["r"] > 0.95
    random = found["random number"]
    assert abs(random["best"][0]["selection_r"]) > 0.1, "the best of 12 by chance"
    assert "auc" not in random["best"][0]
    assert found["last move"]["n"] == 5 * 8 * 361
    assert found["last move"]["mean"] == pytest.approx(1 / 361)


def test_positions_are_those_of_the_games(store: GameStore) -> None:
    """Board, last and next move, colour and owner, against the game as the engine replays it."""
    games = draw_games(store, "test", 3, 6, 2)
    for drawn, seen in zip(games, observe(Planted(0), store, games, ["planes"], 3), strict=True):
        codes = store.moves[store.game_start[drawn.index] : store.game_start[drawn.index + 1]]
        owner = unpack_owner(store.owner[store.owner_start[drawn.index] : store.owner_start[drawn.index + 1]])
        for row, (ply, moment) in enumerate(zip(drawn.plies.tolist(), seen.moments, strict=True)):
            game = Game()
            for code in codes[:ply].tolist():
                game.play("w" if code & 0x8000 else "b", code & 0x7FFF, may_repeat=True)
            assert (moment.board, moment.ply) == (game.board, ply)
            assert moment.last == game.moves[-1].point
            assert moment.following == codes[ply] & 0x7FFF
            assert moment.to_play is game.to_play
            np.testing.assert_array_equal(moment.owner, owner if ply % 2 == 0 else -owner)
            assert moment.top_probability == pytest.approx(1 / 362)
            np.testing.assert_array_equal(seen.layers["planes"][row], SANDBOX_26.compute(game).reshape(26, 361))


def test_pooled_channels_are_means_then_maxima() -> None:
    values = np.random.default_rng(4).normal(size=(5, 3, 361)).astype(np.float32)
    seen = Observation({"layer": values}, [])
    np.testing.assert_allclose(seen.by_position("layer")[:3], values.mean(2).T, rtol=1e-6)
    np.testing.assert_array_equal(seen.by_position("layer")[3:], values.max(2).T)
    np.testing.assert_array_equal(seen.by_point("layer")[1], np.concatenate(values[:, 1]))


def test_layers_come_in_the_order_of_a_position() -> None:
    names = ("stem", "block1", "block1.first", "block10", "block10.first", "policy.pool")
    layers = {name: Layer(name, 3, by_point=True) for name in names}
    layers["policy.pooled"] = Layer("policy.pooled", 3, by_point=False)
    ordered = spatial_layers(SimpleNamespace(layers=layers))
    assert ordered == ["planes", "stem", "block1.first", "block1", "block10.first", "block10", "policy.pool"]


def test_the_pairs_differ_in_one_thing() -> None:
    """A ko ban changes planes at its point alone; with and without the far eye, the near end is the same."""
    game = read_game(KO_GAME)
    banned, free, point = ko_pair(game, SANDBOX_26)
    changed = unpack(banned.packed) != unpack(free.packed)
    assert set(np.flatnonzero(changed.any(0))) == {point}
    assert changed[SANDBOX_26.index("ko"), point // 19, point % 19]
    np.testing.assert_array_equal(banned.stones, free.stones)
    assert (unpack(banned.packed)[18:23] == 0).all(), "no history"
    with_eye, without = (unpack(shown.packed) for shown in far_eye_pair(SANDBOX_26))
    assert np.flatnonzero((with_eye != without).any((0, 1))).min() >= 16
    assert game.earlier(30).ply == 30
    assert game.ply > 200


@pytest.fixture(scope="module")
def made(store: GameStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, two networks with taps, and the page about the first."""
    folder = tmp_path_factory.mktemp("inside")
    write_store(folder / "games.h5", store, store.sources, "")
    write_network(folder / "taps.onnx", taps=True)
    write_network(folder / "other.onnx", taps=True, seed=1)
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert command(monkeypatch, folder) == 0
    return folder


def command(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: object) -> int | str | None:
    """Run `shicho inside` in a folder, few games of it; later options win."""
    monkeypatch.chdir(folder)
    few = ("--games", 8, "--positions", 4, "--network", "taps.onnx", "--game", KO_GAME, "-o", "page.md")
    monkeypatch.setattr("sys.argv", ["shicho", "inside", "games.h5", *map(str, (*few, *options))])
    with pytest.raises(SystemExit) as ended:
        run(cli.app)
    return ended.value.code


def test_the_page_says_what_the_json_file_says(made: Path) -> None:
    page = (made / "page.md").read_text(encoding="utf-8")
    report = json.loads((made / "page" / "detectors.json").read_text(encoding="utf-8"))
    assert page == page_text(report, "page")
    shown = sorted(re.findall(r"\((page/[a-z-]+\.png)\)", page))
    assert shown == sorted(f"page/{name}.png" for name in ("layers", *report["pictures"]))
    for name in shown:
        with Image.open(made / name) as picture:
            assert min(picture.size) > 200
    rows = [row for one in report["labels"] for row in one["best"]]
    assert len(rows) > 50
    for row in rows:
        assert f"| `stem` {row['number']}" in page
        assert row["r"] is None or f"{row['r']:.3f}".replace("-", "−") in page


def test_the_same_command_gives_the_same_and_keeps_notes_about_the_same_network(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, figures = made / "page.md", made / "page" / "detectors.json"
    plain, found = page.read_text(encoding="utf-8"), figures.read_bytes()
    sha256 = json.loads(found)["network"]["sha256"]
    notes = NOTES.format(sha256) + "\n\nChannel 3 looks at *ko*.\n"
    page.write_text(f"{plain}\n{notes}", encoding="utf-8")
    assert command(monkeypatch, made) == 0
    assert page.read_text(encoding="utf-8") == f"{plain}\n{notes}"
    assert notes_about(f"{plain}\n{notes}", sha256) == notes
    assert figures.read_bytes() == found
    assert capsys.readouterr().out.splitlines()[:2] == ["page.md", "page/detectors.json"]
    page.rename(made / "noted.md")
    assert command(monkeypatch, made, "-o", "noted.md", "--network", "other.onnx") == 0
    assert "looks at" not in (made / "noted.md").read_text(encoding="utf-8")
    page.write_text(plain, encoding="utf-8")


def test_labels_that_never_occur_have_no_table(made: Path) -> None:
    report = json.loads((made / "page" / "detectors.json").read_text(encoding="utf-8"))
    for one in report["labels"]:
        if one["label"] == "far eye":
            one.update(best=[], layers=[], plane=None, n=0, mean=None)
    text = page_text({**report, "pictures": []}, "page")
    assert "Too few to compare." in text
    assert "page/ko.png" not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--games", "99"], "99 games"),
        (["--split", "other"], "'other'"),
        (["--split", "train"], "split train has 0"),
        (["--network", "plain.onnx"], "--taps"),
        (["--network", "missing.onnx"], "missing.onnx"),
        (["--game", str(FOLDER / "09-seed001.sgf")], "9x9"),
        (["--game", "quiet.sgf"], "quiet.sgf: no ko"),
        (["--game", "short.sgf"], "2 moves on 19x19"),
        (["--game", "missing.sgf"], "missing.sgf"),
        (["--network", "odd.onnx"], "training"),
        (["-o", "page.html"], "page.html"),
        (["-o", "nowhere/page.md"], "nowhere"),
    ],
)
def test_bad_input_is_one_line(
    options: list[str], message: str, made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_network(made / "plain.onnx")
    write_network(made / "odd.onnx", taps=True, metadata={"training": "[1]"})
    (made / "quiet.sgf").write_bytes((FOLDER / "19-seed001.sgf").read_bytes())
    (made / "short.sgf").write_text("(;SZ[19];B[aa];W[bb])", encoding="utf-8")
    before = set(made.rglob("*"))
    assert command(monkeypatch, made, *options) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert set(made.rglob("*")) == before


def test_a_store_without_owners_is_refused(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = made / "plain"
    plain.mkdir()
    write_network(plain / "taps.onnx", taps=True)
    games = real_store(ownership=False)
    write_store(plain / "games.h5", games, games.sources, "")
    assert command(monkeypatch, plain) == 1
    assert "--ownership" in capsys.readouterr().err
    (plain / "games.h5").unlink()
    assert command(monkeypatch, plain) == 1
    assert capsys.readouterr().err == "games.h5: no such file\n"


def test_the_page_of_the_documentation_is_that_of_its_json_file() -> None:
    page = (DOCS / "inside.md").read_text(encoding="utf-8")
    report = json.loads((DOCS / "inside" / "detectors.json").read_text(encoding="utf-8"))
    assert page == page_text(report, "inside", notes_about(page, report["network"]["sha256"]))
    pictures = sorted((DOCS / "inside").glob("*.png"))
    assert [path.stem for path in pictures] == sorted(["layers", *report["pictures"]])
    sizes = [path.stat().st_size for path in pictures]
    assert max(sizes) < 100_000
    assert sum(sizes) < 600_000
