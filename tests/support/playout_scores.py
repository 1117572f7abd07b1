"""How far the score of random playouts is from the final margin: `python -m tests.support.playout_scores GAMES.h5`.

The store must hold final owners (`shicho data build --ownership`). Prints the table and the deviation of final margins
in docs/katrain.md, over even 19x19 games with a winner and a komi of 5 to 8 that ended by counting.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from shicho.engine.status import final_status
from shicho.tools.bench.games import GameArrays, positions
from shicho.training.data.store import GameStore, unpack_owner

POSITIONS = 2000
SEED = 4
EDGES = (0.0, 0.2, 0.4, 0.6, 1.0)


def main(path: Path) -> None:
    """Print the mean errors in points of the playouts' score and of 0 by the share of occupied points."""
    store = GameStore.open(path)
    even = (store.size == 19) & (store.handicap == 0) & (np.abs(store.result) == 1)
    even &= (store.komi >= 5) & (store.komi <= 8) & (np.diff(store.owner_start) > 0)
    counted = store.select(np.flatnonzero(even))
    owners = [unpack_owner(counted.owner[first:end]) for first, end in pairwise(counted.owner_start)]
    margins = np.array([owner.sum(dtype=np.int64) for owner in owners]) - counted.komi
    right = np.sign(margins) == counted.result
    print(
        f"{right.sum()} of {len(margins)} games with the recorded winner: deviation {margins[right].std():.1f} points"
    )
    rng = np.random.default_rng(SEED)
    arrays = GameArrays(counted.moves, counted.game_start, counted.setup, counted.setup_start, counted.size)
    rows = []
    for index in rng.choice(np.flatnonzero(right), POSITIONS, replace=False).tolist():
        ply = int(rng.integers(counted.lengths[index]))
        game = next(game for number, game in enumerate(positions(arrays, index)) if number == ply)
        score = float(final_status(game.board).owner.sum()) - counted.komi[index]
        rows.append((np.count_nonzero(game.board.stones) / 361, abs(score - margins[index]), abs(margins[index])))
    occupied, playouts, zero = np.array(rows).T
    for low, high in pairwise(EDGES):
        inside = (low <= occupied) & (occupied < high)
        errors = f"playouts {playouts[inside].mean():.1f}, zero {zero[inside].mean():.1f} points"
        print(f"{low:.0%} to {high:.0%} occupied: {inside.sum()} positions, mean error: {errors}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
