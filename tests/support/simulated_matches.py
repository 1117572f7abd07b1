"""Simulated matches for the error rates of the sequential test.

`python -m tests.support.simulated_matches` prints the table of docs/statistics.md; it takes some minutes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from shicho.tools.match.sprt import Model, Sprt, log_likelihood_ratio
from shicho.tools.match.statistics import score_of_elo

MATCHES = 10_000


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How games end: openings favour black by `bias` Elo; `draws` is the share of draws at equal chances."""

    bias: float = 0.0
    draws: float = 0.0

    def results(self, elo: float, model: Model) -> NDArray[np.float64]:
        """The probabilities of the results of a game [3] or of a pair of games [5] whose expected score is that of elo.

        Within a pair the results depend on each other through the opening.
        """

        def probabilities(strength: float) -> NDArray[np.float64]:
            games = [_game(strength + bias, self.draws) for bias in (self.bias, -self.bias)]
            return np.convolve(*games) if model is Model.PENTANOMIAL else np.add(*games) / 2

        def excess(strength: float) -> float:
            found = probabilities(strength)
            return float(found @ np.linspace(0, 1, len(found))) - score_of_elo(elo)

        return probabilities(brentq(excess, elo - 1000, elo + 1000))


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How often H1 was accepted, and the mean and the 95 % quantile of the games until the decision."""

    accepted: float
    mean_games: float
    most_games: float


def simulate(test: Sprt, setting: Setting, elo: float, *, matches: int = MATCHES, seed: int = 1) -> Outcome:
    """Play matches at a true difference until each is decided; the test looks after every game or pair."""
    rng = np.random.default_rng(seed)
    results = setting.results(elo, test.model)
    lower, upper = test.bounds
    counts = np.zeros((matches, len(results)), np.int64)
    accepted, games, step = 0, list[int](), 0
    while len(counts):
        step += 1
        counts = counts + np.eye(len(results), dtype=np.int64)[rng.choice(len(results), len(counts), p=results)]
        ratios = _ratios(counts, test)
        going_on = (lower < ratios) & (ratios < upper)
        accepted += int((ratios >= upper).sum())
        games += [step * (len(results) - 1) // 2] * int((~going_on).sum())
        counts = counts[going_on]
    return Outcome(
        accepted=accepted / matches, mean_games=float(np.mean(games)), most_games=float(np.percentile(games, 95))
    )


def _ratios(counts: NDArray[np.int64], test: Sprt) -> NDArray[np.float64]:
    """The log-likelihood ratios, computed once for equal counts."""
    keys = counts[:, 1:] @ (1 << 15 * np.arange(counts.shape[1] - 1))  # all counts have the same sum
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return log_likelihood_ratio(counts[first], test.elo0, test.elo1)[place]


def _game(elo: float, draws: float) -> NDArray[np.float64]:
    """The probabilities of a loss, a draw and a win at an Elo difference."""
    score = score_of_elo(elo)
    draw = draws * 4 * score * (1 - score)
    return np.array([1 - score - draw / 2, draw, score - draw / 2])


def main() -> None:
    """Print the table."""
    settings = [Setting(), Setting(bias=200, draws=0.1)]
    for elo1 in (20, 50, 100, 200):
        for setting in settings:
            for model in Model:
                if model is Model.TRINOMIAL and setting.bias:
                    continue
                test = Sprt(elo0=0, elo1=elo1, model=model)
                false, true = (simulate(test, setting, elo) for elo in (test.elo0, test.elo1))
                cells = (
                    f"{elo1}",
                    str(model),
                    f"{setting.bias:.0f}",
                    f"{100 * setting.draws:.0f} %",
                    f"{100 * false.accepted:.1f} %",
                    f"{100 * (1 - true.accepted):.1f} %",
                    f"{false.mean_games:.0f}, {true.mean_games:.0f}",
                    f"{false.most_games:.0f}, {true.most_games:.0f}",
                )
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
