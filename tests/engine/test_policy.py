"""Networks run with ONNX Runtime: inputs, outputs and unusable files."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto

from shicho.engine import Colour, Game
from shicho.engine.errors import BadConfig, BadNetwork
from shicho.engine.features import FEATURE_SETS, SANDBOX_26, SHICHO_V2, FeatureSet, unpack
from shicho.engine.policy import Policy, default_network
from tests.support.networks import write_network
from tests.support.symmetry import COUNT, move_array, move_point


def some_game(size: int) -> Game:
    game = Game(size)
    for number, point in enumerate(np.random.default_rng(size).permutation(size * size)[: size * size // 3]):
        side = (Colour.BLACK, Colour.WHITE)[number % 2]
        if game.why_illegal(side, int(point)) is None:
            game.play(side, int(point))
    return game


@pytest.mark.parametrize("size", range(2, 20))
def test_probabilities_are_the_softmax_of_the_boards_own_logits(size: int, tmp_path: Path) -> None:
    path = write_network(tmp_path / "tiny.onnx", pass_logit=0.5)
    game = some_game(size)
    probabilities = Policy(path, threads=1).evaluate(game).probabilities
    logits = onnxruntime.InferenceSession(path).run(["policy"], {"planes": SANDBOX_26.compute(game)[None]})[0][0]
    offset = (19 - size) // 2
    own = [logits[(row + offset) * 19 + column + offset] for row in range(size) for column in range(size)]
    expected = np.exp([*own, logits[361]]) / np.exp([*own, logits[361]]).sum()
    assert probabilities.shape == (size * size + 1,)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)


def test_the_side_to_move_may_be_given(tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "tiny.onnx"))
    game = some_game(9)
    own, other = game.to_play, game.to_play.opponent
    same = policy.evaluate(game).probabilities
    np.testing.assert_array_equal(policy.evaluate(game, own).probabilities, same)
    assert not np.array_equal(policy.evaluate(game, other).probabilities, same)


def test_the_win_output_is_a_logit_for_the_side_to_move(tmp_path: Path) -> None:
    game = Game(9)
    for point in (0, 1, 2):
        game.play("b", point)
    policy = Policy(write_network(tmp_path / "win.onnx", win=True))
    assert policy.evaluate(game, Colour.BLACK).to_play_win_probability == pytest.approx(1 / (1 + np.exp(-3)))
    assert policy.evaluate(game, Colour.WHITE).to_play_win_probability == pytest.approx(0.5)
    without = Policy(write_network(tmp_path / "plain.onnx"))
    assert without.evaluate(game).to_play_win_probability is None


def test_a_network_sees_the_planes_it_was_made_for(tmp_path: Path) -> None:
    """The same constants, looking at another plane: komi, by the last of `shicho-v2`'s komi planes."""
    names = {"feature_set": "shicho-v2", "feature_version": "1"}
    policy = Policy(write_network(tmp_path / "v2.onnx", planes=len(SHICHO_V2), win=True, metadata=names))
    assert policy.features is SHICHO_V2
    game = Game(9)
    session = onnxruntime.InferenceSession(tmp_path / "v2.onnx")
    seen = set()
    for komi in (-7.5, 0.5, 7.5):
        game.komi = komi
        logits = session.run(["policy"], {"planes": SHICHO_V2.compute(game)[None]})[0][0]
        inside = logits[:361].reshape(19, 19)[5:14, 5:14].ravel()
        expected = np.exp([*inside, logits[361]]) / np.exp([*inside, logits[361]]).sum()
        np.testing.assert_allclose(policy.evaluate(game).probabilities, expected, rtol=1e-4)
        seen.add(SHICHO_V2.compute(game).tobytes())
    assert len(seen) == 3


def test_a_network_that_asks_for_chains_gets_them(tmp_path: Path) -> None:
    chains = {"chains": (TensorProto.INT64, [19, 19])}
    plain, asking = (
        Policy(write_network(tmp_path / name, extra_inputs=extra))
        for name, extra in (("a.onnx", {}), ("b.onnx", chains))
    )
    game = some_game(9)
    np.testing.assert_array_equal(asking.evaluate(game).probabilities, plain.evaluate(game).probabilities)


def positions() -> list[tuple[Game, Colour]]:
    """Positions on boards of several sizes, with either side to move."""
    return [(some_game(size), side) for size in (19, 5, 8, 19, 2) for side in Colour]


@pytest.mark.parametrize("symmetries", [1, 8])
@pytest.mark.parametrize("win", [False, True])
def test_a_batch_gives_what_single_evaluations_give(symmetries: int, win: bool, tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "tiny.onnx", win=win), threads=1)
    assert policy.predicts_win is win
    together = policy.evaluate_all(positions(), symmetries)
    assert len(together) == len(positions())
    for (game, side), evaluation in zip(positions(), together, strict=True):
        single = policy.evaluate(game, side, symmetries)
        np.testing.assert_allclose(evaluation.probabilities, single.probabilities, atol=1e-6)
        assert evaluation.to_play_win_probability == pytest.approx(single.to_play_win_probability)
    assert policy.evaluate_all([], symmetries) == []


def transformed_game(game: Game, symmetry: int) -> Game:
    moved = Game(game.size, game.rules)
    for move in game.moves:
        moved.play(move.colour, move_point(move.point, game.size, symmetry))
    return moved


@pytest.mark.parametrize("size", [2, 5, 8, 9, 18, 19])
def test_eight_symmetries_are_equivariant(size: int, tmp_path: Path) -> None:
    """Each point of the network has a number of its own, so that one symmetry alone is not."""
    policy = Policy(write_network(tmp_path / "tiny.onnx", win=True), threads=1)
    game = some_game(size)
    whole, alone = policy.evaluate(game, symmetries=8), policy.evaluate(game)
    for symmetry in range(1, COUNT):
        moved = transformed_game(game, symmetry)
        goes_to = [move_point(point, size, symmetry) for point in range(size * size + 1)]
        there = policy.evaluate(moved, symmetries=8)
        np.testing.assert_allclose(there.probabilities[goes_to], whole.probabilities, atol=1e-5)
        assert there.to_play_win_probability == pytest.approx(whole.to_play_win_probability, abs=1e-5)
        assert not np.allclose(policy.evaluate(moved).probabilities[goes_to], alone.probabilities, atol=1e-5)


def test_eight_symmetries_are_the_mean_of_logits(tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "tiny.onnx", win=True), threads=1)
    for size in (8, 19):
        game = some_game(size)
        logs = np.zeros(size * size + 1)
        for symmetry in range(COUNT):
            probabilities = policy.evaluate(transformed_game(game, symmetry)).probabilities
            logs += np.log(probabilities[[move_point(point, size, symmetry) for point in range(size * size + 1)]]) / 8
        expected = np.exp(logs) / np.exp(logs).sum()
        np.testing.assert_allclose(policy.evaluate(game, symmetries=8).probabilities, expected, atol=1e-6)


def test_chains_are_transformed_with_the_planes(tmp_path: Path) -> None:
    """A number for each chain, as from a chain-pooling block: on a transformed board it lies with the chain."""
    path = write_network(tmp_path / "chains.onnx", chains=True)
    game = some_game(8)
    packed = SANDBOX_26.compute_packed(game)[None]
    labels = SANDBOX_26.chain_labels(packed).astype(np.int64)
    session, logits = onnxruntime.InferenceSession(path), np.zeros(65)
    inside = np.s_[..., 5:13, 5:13]  # (19 - 8) // 2 is 5
    for symmetry in range(COUNT):
        moved = {"planes": unpack(packed), "chains": labels.copy()}
        for array in moved.values():
            array[inside] = move_array(array[inside], symmetry).copy()
        (there,) = session.run(["policy"], moved)
        board = there[0, :361].reshape(19, 19)[inside].ravel()
        logits += [*(board[move_point(point, 8, symmetry)] / 8 for point in range(64)), there[0, 361] / 8]
    expected = np.exp(logits - logits.max())
    probabilities = Policy(path, threads=1).evaluate(game, symmetries=8).probabilities
    np.testing.assert_allclose(probabilities, expected / expected.sum(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("symmetries", [0, 2, 9, -1, "8"])
def test_other_numbers_of_symmetries(symmetries: int, tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "tiny.onnx"), threads=1)
    with pytest.raises(BadConfig, match=re.escape(repr(symmetries))):
        policy.evaluate_all(positions(), symmetries)


def test_outputs_by_name(tmp_path: Path) -> None:
    path = write_network(tmp_path / "win.onnx", win=True)
    policy = Policy(path, threads=1)
    assert policy.output_shapes == {"policy": (362,), "win": ()}
    packed = np.stack([SANDBOX_26.compute_packed(game, side) for game, side in positions()])
    outputs = policy.outputs(packed, ["win", "policy"])
    expected = onnxruntime.InferenceSession(path).run(["policy", "win"], {"planes": unpack(packed)})
    np.testing.assert_allclose(outputs["policy"], expected[0], rtol=1e-5)
    np.testing.assert_allclose(outputs["win"], expected[1], rtol=1e-5)
    assert outputs["win"].shape == (len(packed),)
    with pytest.raises(BadConfig, match=r"'owner'.*policy, win"):
        policy.outputs(packed, ["owner"])


def test_metadata_is_at_hand(tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "tiny.onnx", metadata={"training": '{"samples": 1}'}))
    assert policy.metadata["training"] == '{"samples": 1}'
    assert policy.metadata["feature_set"] == "sandbox-26"


def write_text(path: Path) -> Path:
    path.write_text("this is no network\n" * 100)
    return path


def write_half(path: Path) -> Path:
    whole = write_network(path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path, "no such file"),
        (lambda path: path.parent, "it is a folder"),
        (write_text, "not an ONNX file"),
        (write_half, "not an ONNX file"),
        (
            lambda path: write_network(path, metadata={"feature_set": "sandbox-29"}),
            "made for feature set sandbox-29 version 1, this engine computes sandbox-26 version 1",
        ),
        (
            lambda path: write_network(path, metadata={"feature_version": "2"}),
            "made for feature set sandbox-26 version 2, this engine computes sandbox-26 version 1",
        ),
        (
            lambda path: write_network(path, metadata={"feature_set": "shicho-v2", "feature_version": "9"}),
            "feature set shicho-v2 version 9, this engine computes sandbox-26 version 1 and shicho-v2 version 1",
        ),
        (lambda path: write_network(path, planes=22), "input planes of shape [N, 26, 19, 19] expected"),
        (
            lambda path: write_network(path, metadata={"feature_set": "shicho-v2"}),
            "input planes of shape [N, 38, 19, 19] expected",
        ),
        (
            lambda path: write_network(path, extra_inputs={"komi": (TensorProto.FLOAT, [])}),
            "input planes of shape [N, 26, 19, 19] expected",
        ),
        (
            lambda path: write_network(path, extra_inputs={"chains": (TensorProto.INT64, [361])}),
            "chains of shape [N, 19, 19]",
        ),
        (
            lambda path: write_network(path, extra_inputs={"chains": (TensorProto.FLOAT, [19, 19])}),
            "chains of shape [N, 19, 19]",
        ),
        (lambda path: write_network(path, outputs=363), "output policy of shape [N, 362] expected"),
        (lambda path: write_network(path, policy="moves"), "output policy of shape [N, 362] expected, found {'moves'"),
    ],
)
def test_a_file_that_will_not_do_gets_one_line(make: Callable[[Path], Path], message: str, tmp_path: Path) -> None:
    path = make(tmp_path / "bad.onnx")
    with pytest.raises(BadNetwork) as error:
        Policy(path)
    text = str(error.value)
    assert message in text
    assert str(path) in text
    assert "\n" not in text


def test_numbers_that_are_none_are_an_error(tmp_path: Path) -> None:
    policy = Policy(write_network(tmp_path / "nan.onnx", pass_logit=float("nan")))
    with pytest.raises(BadNetwork, match="ply 0"):
        policy.evaluate(Game())


def test_the_network_that_ships_is_found_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda package: tmp_path)
    with pytest.raises(BadNetwork, match=re.escape(str(tmp_path))):
        default_network()
    path = write_network(tmp_path / "a.onnx")
    assert default_network() == path
    write_network(tmp_path / "b.onnx")
    with pytest.raises(BadNetwork, match=r"a\.onnx.*b\.onnx"):
        default_network()


@pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=str)
def test_the_planes_of_a_game_and_their_packed_form(features: FeatureSet) -> None:
    for size in (5, 19):
        game = some_game(size)
        for side in Colour:
            np.testing.assert_array_equal(unpack(features.compute_packed(game, side)), features.compute(game, side))
    both = np.stack([features.compute_packed(game, side) for side in Colour])
    assert unpack(both).shape == (2, len(features), 19, 19)
