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

static inline void playout_put_empty(Playout *playout, int place, int loc)
{
    playout->empty[place] = (int16_t)loc;
    playout->place[loc] = (int16_t)place;
}

/* splitmix64 (Steele, Lea and Flood 2014): every state is a good one, and seeds next to each other give unrelated numbers. */
static inline uint64_t playout_random(Playout *playout)
{
    uint64_t value = playout->rng += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/* Draw one of the empty points that `may_be_drawn` lets pass, all with the same probability; NO_LOC where there is none.
 * Reorders `empty`. Inline, so that the test is as well. */
static inline int playout_draw(Playout *playout, bool (*may_be_drawn)(const Board *board, int colour, int loc))
{
    /* What is drawn in vain changes places with the last point of the range, which then ends before it. The number comes by
     * multiplication instead of division (Lemire 2019), without his rejection step: one is too likely by less than
     * range / 2^32 of its share. */
    for (uint64_t range = (uint64_t)playout->empty_count; range > 0; range--) {
        int drawn = (int)((playout_random(playout) >> 32) * range >> 32), last = (int)range - 1;
        int loc = playout->empty[drawn];
        if (may_be_drawn(&playout->board, playout->colour, loc)) return loc;
        playout_put_empty(playout, drawn, playout->empty[last]);
        playout_put_empty(playout, last, loc);
    }
    return NO_LOC;
}

/* What a random playout may draw. A point with an empty neighbour is neither an eye nor a suicide, nor is ko banned there,
 * where a single stone was just taken from between four others. */
static inline bool playout_may_be_drawn(const Board *board, int colour, int loc)
{
    return board_empty_neighbours(board, loc) > 0 ||
           (!board_own_eye(board, colour, loc) && board_legality(board, colour, loc, false) == LEGAL);
}

#endif
