/* Random playouts: a board of its own, the list of its empty points, and chance with an explicit state.
 *
 * A move is drawn uniformly out of the legal ones (simple ko, no suicide) that fill no own simple eye; a side passes only
 * where it has none. Two passes in a row end a playout, or the ply limit, since simple ko lets long cycles stand.
 */
#ifndef SHICHO_PLAYOUT_H
#define SHICHO_PLAYOUT_H

#include "board.h"
#include "replay.h"

/* A playout ends there whatever stands on the board; random ones are over long before. */
enum { PLAYOUT_MAX_PLIES = 3 * MAX_POINTS };

typedef struct {
    Board board;
    uint64_t rng;               /* any value: the state of splitmix64 */
    int16_t empty[MAX_POINTS];  /* locs of the empty points in no order: empty[0] to empty[empty_count - 1] */
    int16_t place[BOARD_CELLS]; /* where in `empty` a loc is; valid for empty points */
    int empty_count;
    int colour; /* to play */
    int passes; /* in a row */
    int plies;
} Playout;

/* Make `playout` start at a copy of `board` (borrowed), `colour` to play. */
void playout_start(Playout *playout, const Board *board, int colour, uint64_t seed);

/* A number from 0 to bound - 1; needs 1 <= bound <= 2^32. */
uint32_t playout_draw(Playout *playout, uint32_t bound);

/* Draw a move; NO_LOC where there is none but to pass. Reorders `empty`. */
int playout_choose(Playout *playout);

/* Play a legal move, or pass with NO_LOC; the turn goes to the other side. */
void playout_play(Playout *playout, int loc);

static inline bool playout_is_over(const Playout *playout)
{
    return playout->passes == 2 || playout->plies == PLAYOUT_MAX_PLIES;
}

/* Play the rest of a playout; returns how many stones were played, passes not counted. */
int playout_finish(Playout *playout);

/* `per_game` playouts from the start position of every game, one stream of chance for all; counts the stones in `played`. */
ReplayFault playout_games(const Games *games, int64_t per_game, uint64_t seed, int64_t *played);

#endif
