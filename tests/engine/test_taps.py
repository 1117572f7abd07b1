"""Looking into a network."""

from pathlib import Path

import numpy as np
import pytest

from shicho.engine import Colour, Game
from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.policy import Policy
from shicho.engine.sgf import read_game
from shicho.engine.taps import Layer, Taps
from tests.support.networks import write_network

GAMES = Path(__file__).parents[1] / "data" / "games"


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return Policy(write_network(tmp_path_factory.mktemp("taps") / "net.onnx", taps=True), threads=1)


def test_layers(policy: Policy) -> None:
    taps = Taps(policy)
    assert list(taps.layers.values()) == [Layer("stem", 4, True), Layer("stem.mean", 4, False)]
    assert taps.layer("stem.mean") is taps.layers["stem.mean"]
    with pytest.raises(BadConfig, match=r"'trunk'.*stem, stem\.mean"):
        taps.layer("trunk")
    assert taps.layer("stem").channel(3) == 3
    for number in (-1, 4):
        with pytest.raises(BadConfig, match=f"{number}.*0 to 3"):
            taps.layer("stem").channel(number)


@pytest.mark.parametrize("name", ["05-seed001", "09-seed001", "13-seed001", "19-seed001"])
def test_channels_are_those_of_the_output_on_the_board(name: str, policy: Policy) -> None:
    """For either side; the board lies in the middle of 19x19."""
    game = read_game(GAMES / f"{name}.sgf", plies=17)
    taps = Taps(policy)
    offset = (19 - game.size) // 2
    for side in Colour:
        values = taps.channels(game, "stem", side)
        assert values.shape == (4, game.size, game.size)
        whole = policy.outputs(policy.features.compute_packed(game, side)[None], ["stem"])["stem"][0]
        assert (values[:, 0, 0] == whole[:, offset, offset]).all()
        assert (values[:, -1, -1] == whole[:, offset + game.size - 1, offset + game.size - 1]).all()
        np.testing.assert_allclose(taps.channels(game, "stem.mean", side), whole.mean((1, 2)), atol=1e-6)
    assert (taps.channels(game, "stem") == taps.channels(game, "stem", game.to_play)).all()
    assert (taps.channels(game, "stem") != taps.channels(game, "stem", game.to_play.opponent)).any()


def test_files_without_taps_are_refused(tmp_path: Path) -> None:
    plain = Policy(write_network(tmp_path / "net.onnx"), threads=1)
    with pytest.raises(BadConfig, match=r"net\.onnx has no taps"):
        Taps(plain)
    for told in ("{", '"stem"', "[1]", '["block1"]', '["policy", "planes"]'):
        wrong = write_network(tmp_path / "net.onnx", metadata={"taps": told})
        with pytest.raises(BadNetwork, match=r"net\.onnx"):
            Taps(Policy(wrong, threads=1))


def test_values_that_are_not_finite_are_refused(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = np.full((1, 4, 19, 19), np.nan, np.float32)
    monkeypatch.setattr(policy, "outputs", lambda packed, names: {"stem": broken})
    with pytest.raises(BadNetwork, match=r"finite.*stem"):
        Taps(policy).channels(Game(9), "stem")


def test_the_moves_are_the_same_with_taps(tmp_path: Path, policy: Policy) -> None:
    plain = Policy(write_network(tmp_path / "net.onnx"), threads=1)
    game = Game(9)
    game.play("b", "C3")
    assert (plain.evaluate(game).probabilities == policy.evaluate(game).probabilities).all()
