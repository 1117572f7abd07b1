"""The player: chooses a move from a game, a network and settings."""

import copy
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shicho.engine.colour import Colour
from shicho.engine.ending import candidates, cleanup_candidates
from shicho.engine.errors import BadConfig
from shicho.engine.game import Game
from shicho.engine.policy import Evaluation, Evaluator, Position
from shicho.engine.sampling import argmax, beta_choice, temperature_choice
from shicho.engine.search import LookAhead, unfinished_copy
from shicho.engine.settings import PlaySettings, Style


class Player:
    """Chooses each move with the network; `ending` decides when to pass.

    The same settings, `rng` seed and moves give the same answers. Raises BadConfig for settings that the network does
    not suit, here and when `settings` is assigned.
    """

    def __init__(self, policy: Evaluator, rng: np.random.Generator, settings: PlaySettings | None = None) -> None:
        self.policy = policy
        self.rng = rng
        self.settings = PlaySettings() if settings is None else settings

    @property
    def settings(self) -> PlaySettings:
        """The settings; they may be replaced during a game."""
        return self._settings

    @settings.setter
    def settings(self, settings: PlaySettings) -> None:
        if settings.needs_win and not self.policy.predicts_win:
            asked = f"style {settings.style}" if settings.style is Style.LOOK_AHEAD else "resign-threshold"
            raise BadConfig(f"{asked} needs a network with a win output, and this network has none")
        self._settings = settings

    def genmove(self, game: Game, colour: Colour) -> int | None:
        """Return the point to play, size * size for a pass, None to resign; the game is not changed.

        Whose turn it is and whether the game is over are not checked.
        """
        mask = candidates(game, colour)
        if not mask[:-1].any():
            return game.board.pass_point
        root = self._evaluate(game, colour)
        return None if self._is_lost(game, colour, root) else self._choose(game, colour, mask, root)

    def genmove_cleanup(self, game: Game, colour: Colour) -> int:
        """Return a point as `genmove` does, but never a pass while the opponent has stones that are judged dead."""
        mask = cleanup_candidates(game, colour)
        if not mask[:-1].any():
            return game.board.pass_point
        return self._choose(game, colour, mask, self._evaluate(game, colour))

    def most_probable(self, game: Game, colour: Colour) -> int:
        """Return the point that style argmax plays, whatever the style; deterministic, and never resigns."""
        mask = candidates(game, colour)
        return argmax(self._evaluate(game, colour).probabilities, mask) if mask[:-1].any() else game.board.pass_point

    def _evaluate(self, game: Game, colour: Colour) -> Evaluation:
        return self.policy.evaluate(game, colour, self.settings.symmetries)

    def _choose(self, game: Game, colour: Colour, mask: NDArray[np.bool_], root: Evaluation) -> int:
        settings, probabilities = self.settings, root.probabilities
        match settings.style:
            case Style.BETA:
                start, sharpness = settings.beta_start, settings.beta_sharpness
                return beta_choice(probabilities, mask, game.ply, self.rng, start=start, sharpness=sharpness)
            case Style.ARGMAX:
                return argmax(probabilities, mask)
            case Style.TEMPERATURE:
                return temperature_choice(probabilities, mask, settings.temperature, self.rng)
            case Style.LOOK_AHEAD:
                return LookAhead(
                    evaluator=self.policy,
                    weight=settings.look_ahead_weight,
                    minimum=settings.look_ahead_minimum,
                    moves=settings.look_ahead_moves,
                    symmetries=settings.symmetries,
                ).choose(game, colour, mask, root)

    def _is_lost(self, game: Game, colour: Colour, root: Evaluation) -> bool:
        """Return whether the win probability is below the threshold now and was at the last own moves before.

        The earlier positions are evaluated again rather than remembered, so this also works after undo and in loaded
        games.
        """
        threshold, patience = self.settings.resign_threshold, self.settings.resign_patience
        if threshold is None or game.ply < game.size**2 // 6 or not _is_below(root, threshold):
            return False
        before = [position for position, _ in zip(_own_turns(game, colour), range(patience - 1), strict=False)]
        return len(before) == patience - 1 and all(
            _is_below(evaluation, threshold)
            for evaluation in self.policy.evaluate_all(before, self.settings.symmetries)
        )


def _own_turns(game: Game, colour: Colour) -> Iterator[Position]:
    """Yield the positions in which `colour` moved, the last one first."""
    earlier = unfinished_copy(game)
    while earlier.moves:
        mover = earlier.moves[-1].colour
        earlier.undo()
        if mover is colour:
            yield copy.copy(earlier), colour


def _is_below(evaluation: Evaluation, threshold: float) -> bool:
    win = evaluation.to_play_win_probability
    return win is not None and win < threshold
