"""Black's first moves as handicap stones: some servers send free handicap so."""

import numpy as np
import pytest

from shicho.engine import Colour, Game, KoRule, Rules
from shicho.engine.features import SHICHO_V2


def played(moves: str, rules: str = "chinese", size: int = 9) -> Game:
    """Return a game after moves such as "bC3 wpass"."""
    game = Game(size, Rules.named(rules))
    for move in moves.split():
        game.play(move[0], move[1:])
    return game


@pytest.mark.parametrize(
    ("moves", "handicap"),
    [
        ("", 0),
        ("bC3", 0),
        ("bC3 wG7 bC7", 0),
        ("bC3 wpass bC7 wE5", 0),
        ("bC3 bG7", 2),
        ("bC3 bG7 wE5", 2),
        ("bC3 bG7 wE5 bE6 wD5", 2),
        ("bC3 bG7 bC7 bG3 wE5 bE6", 4),
        ("bC3 bG7 wpass bE5", 2),
        ("bC3 bG7 bpass wE5", 2),
        ("bpass bC3 bG7 wE5", 0),
        ("wE5 bC3 bG7", 0),
        ("bC3 bG7 wE5 wE6", 0),
        ("bC3 bG7 bC7 wE5 wE6 wE7", 0),
    ],
)
def test_which_moves_are_handicap_stones(moves: str, handicap: int) -> None:
    assert played(moves).handicap == handicap


@pytest.mark.parametrize("rules", ["chinese", "aga", "japanese", "new-zealand", "tromp-taylor", "cgos"])
@pytest.mark.parametrize("stones", [2, 4])
def test_they_are_paid_for_like_placed_ones(rules: str, stones: int) -> None:
    vertices = ["C3", "G7", "C7", "G3"][:stones]
    sent = played(" ".join(f"b{vertex}" for vertex in vertices), rules)
    placed = Game(9, Rules.named(rules))
    placed.place_handicap(vertices)
    assert sent.to_play is placed.to_play is Colour.WHITE
    for vertex in ("E5", "E6", "D5"):
        for game in (sent, placed):
            game.play(game.to_play, vertex)
        assert str(sent.score()) == str(placed.score())
    paid = {"chinese": stones, "aga": stones - 1}.get(rules, 0)
    assert sent.score().compensation == Rules.named(rules).komi + paid
    named = SHICHO_V2.index("komi_known")
    assert np.array_equal(SHICHO_V2.compute(sent)[named:], SHICHO_V2.compute(placed)[named:])


def test_no_more_stones_than_the_board_holds() -> None:
    """Black fills a 2x2 board alone, by suicide again and again."""
    game = Game(2, Rules(ko=KoRule.SIMPLE, suicide=True))
    for move in range(12):
        game.play("b", np.flatnonzero(game.legal_mask("b"))[0])
        assert game.handicap == (move + 1 if 1 <= move <= 2 else 0)
        game.score()


def test_undo_takes_them_back_one_by_one() -> None:
    game = played("bC3 bG7 bC7 wE5")
    counts = []
    while game.moves:
        game.undo()
        counts.append(game.handicap)
    assert counts == [3, 2, 0, 0]


def test_set_up_stones_and_a_set_number_come_first() -> None:
    game = Game(9)
    game.set_up([("b", "E5")])
    game.play("b", "C3")
    game.play("b", "G7")
    assert game.handicap == 0
    game.handicap = 2
    assert game.handicap == 2


def test_an_edit_keeps_them() -> None:
    game = played("bC3 bG7 wE5")
    game.edit([("w", "E6")])
    assert game.handicap == 2
