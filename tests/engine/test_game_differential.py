"""Games against the slow game, over sequences that hypothesis makes: legality with its reason, the end, the score."""

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shicho.engine import Colour, Game, HandicapCompensation, KoRule, Rules, Scoring
from shicho.engine.errors import BadPosition, IllegalMove
from tests.support import slow_score
from tests.support.diagrams import read_diagram
from tests.support.make_perft import GAMES
from tests.support.random_games import owners
from tests.support.slow_board import BLACK, WHITE, SlowBoard
from tests.support.slow_game import SlowGame

SIDES = st.sampled_from((BLACK, WHITE))
POINTS = st.integers(0, 25)
RULES = st.builds(
    Rules,
    ko=st.sampled_from(KoRule),
    suicide=st.booleans(),
    scoring=st.sampled_from(Scoring),
    removes_dead=st.booleans(),
    handicap_compensation=st.just(HandicapCompensation.NONE),
    komi=st.sampled_from((0, 0.5, -7.5)),
)


def standing(size: int, colours: list[int]) -> SlowBoard:
    """Return these stones without the chains that have no liberties, removed one after the other."""
    board = SlowBoard(size, {point: colour for point, colour in enumerate(colours[: size * size]) if colour})
    for stone in list(board.stones):
        if not board.has_liberty(stone):
            del board.stones[stone]
    return board


STARTS = st.one_of(
    st.sampled_from([read_diagram("\n".join(rows)).slow() for _, rows, _ in GAMES]),
    st.builds(standing, st.sampled_from((2, 3, 4)), st.lists(st.sampled_from((BLACK, WHITE, 0)), min_size=16)),
)


class GameMachine(RuleBasedStateMachine):
    """Set-up, plays by the side to move or the other, passes, undo, resuming and new rules, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.game = Game(2)
        self.slow = SlowGame(SlowBoard(2), "positional", False)
        self.earlier = 0

    @initialize(rules=RULES, board=STARTS, to_play=SIDES)
    def start(self, rules: Rules, board: SlowBoard, to_play: int) -> None:
        self.game = Game(board.size, rules)
        self.game.set_up([(Colour(colour), point) for point, colour in board.stones.items()], to_play=Colour(to_play))
        self.slow = SlowGame(board, str(rules.ko), rules.suicide, to_play)

    @rule(point=POINTS, colour=SIDES)
    def play(self, point: int, colour: int) -> None:
        """Draw any move, legal or not, of either side."""
        self._play(colour, point % (self.slow.board.size**2 + 1))

    @rule(choice=POINTS)
    def play_on(self, choice: int) -> None:
        """Draw a legal move of the side to move, preferably a capture, so that cycles occur."""
        slow, colour = self.slow, self.slow.to_play
        moves = slow.legal_moves(colour)
        captures = [p for p in moves[:-1] if slow.board.after(colour, p).captures != slow.board.captures]
        self._play(colour, (captures or moves)[choice % len(captures or moves)])

    @rule(colour=SIDES)
    def pass_turn(self, colour: int) -> None:
        self._play(colour, self.slow.board.size**2)

    def _play(self, colour: int, point: int) -> None:
        expected = "game over" if self.slow.is_over else self.slow.why_illegal(colour, point)
        if expected is None:
            self.game.play(Colour(colour), point)
            self.slow.play(colour, point)
        else:
            with pytest.raises(IllegalMove) as error:
                self.game.play(Colour(colour), point)
            assert error.value.reason == expected

    @precondition(lambda self: self.slow.is_over)
    @rule()
    def resume(self) -> None:
        self.game.resume()
        self.slow.resume()

    @rule(moves=st.integers(1, 5))
    def undo(self, moves: int) -> None:
        for _ in range(min(moves, len(self.slow.states) - 1)):
            self.game.undo()
            self.slow.undo()

    @rule(changes=st.dictionaries(POINTS, st.sampled_from((BLACK, WHITE, 0)), max_size=3), to_play=SIDES)
    def edit(self, changes: dict[int, int], to_play: int) -> None:
        """Change a few points; a position with a chain without liberties must be refused."""
        slow, size = self.slow, self.slow.board.size
        after = SlowBoard(size, dict(slow.board.stones), captures=slow.board.captures)
        for point, colour in changes.items():
            after.stones.pop(point % size**2, None)
            if colour:
                after.stones[point % size**2] = colour
        twice = len({point % size**2 for point in changes}) < len(changes)
        stones = [(Colour(colour) if colour else None, point % size**2) for point, colour in changes.items()]
        if twice or not all(map(after.has_liberty, after.stones)):
            with pytest.raises(BadPosition):
                self.game.edit(stones, to_play=Colour(to_play))
            return
        self.game.edit(stones, to_play=Colour(to_play))
        self.earlier += len(slow.states) - 1
        self.slow = SlowGame(after, slow.ko, slow.suicide, to_play)

    @rule(rules=RULES)
    def change_the_rules(self, rules: Rules) -> None:
        self.game.rules = rules
        self.slow.ko, self.slow.suicide = str(rules.ko), rules.suicide

    @rule(dead=st.sets(POINTS, max_size=4), seki=st.sets(POINTS, max_size=2))
    def score(self, dead: set[int], seki: set[int]) -> None:
        board, komi = self.slow.board, self.game.komi
        dead, seki = dead & board.stones.keys(), seki & board.stones.keys()
        score = self.game.score(dead=dead, seki=seki)
        if not self.game.rules.removes_dead:
            dead = set()
        if self.game.rules.scoring is Scoring.AREA:
            black, white = slow_score.area(board, dead)
            assert (score.black, score.white) == (black, white + komi)
        else:
            black, white, by_black, by_white = slow_score.territory(board, dead, seki)
            assert (score.black, score.white) == (black + by_black, white + by_white + komi)

    @invariant()
    def same(self) -> None:
        game, slow = self.game, self.slow
        ply = self.earlier + len(slow.states) - 1
        assert (game.ply, game.to_play, game.is_over) == (ply, slow.to_play, slow.is_over)
        assert owners(game.board.stones) == slow.board.stones
        assert tuple(game.board.captures.values()) == slow.board.captures
        for colour in (BLACK, WHITE):
            reasons = [slow.why_illegal(colour, point) for point in range(game.size**2 + 1)]
            assert [game.why_illegal(Colour(colour), point) for point in range(game.size**2 + 1)] == reasons
            assert game.legal_mask(Colour(colour)).tolist() == [reason is None for reason in reasons]


GameMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestGameMachine = GameMachine.TestCase
