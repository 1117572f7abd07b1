/* Random playouts: a copy of the board, the list of its empty points, and the state of the random number generator.
 *
 * A move is drawn uniformly from the legal ones (simple ko, no suicide) that do not fill an own simple eye; a side passes only
 * without such a move. A playout ends with two passes in a row, or at the ply limit, because simple ko allows long cycles.
 */
#ifndef SHICHO_PLAYOUT_H
#define SHICHO_PLAYOUT_H

#include "board.h"
#include "replay.h"

/* The ply limit; random playouts normally end long before it. */
enum { PLAYOUT_MAX_PLIES = 3 * MAX_POINTS };

typedef struct {
    Board board;
    uint64_t rng;               /* the state of splitmix64; any value is valid */
    int16_t empty[MAX_POINTS];  /* locs of the empty points in no order: empty[0] to empty[empty_count - 1] */
    int16_t place[BOARD_CELLS]; /* the index of a loc in `empty`; valid for empty points */
    int empty_count;
    int colour; /* the side to play */
    int passes; /* passes in a row */
    int plies;
} Playout;

/* Start a playout from a copy of `board` (borrowed) with `colour` to play. */
void playout_start(Playout *playout, const Board *board, int colour, uint64_t seed);

/* Play a legal move, or pass with NO_LOC. */
void playout_play(Playout *playout, int loc);

static inline bool playout_is_over(const Playout *playout)
{
    return playout->passes == 2 || playout->plies == PLAYOUT_MAX_PLIES;
}

/* Play the rest of a playout; returns how many stones were played, without passes. */
int playout_finish(Playout *playout);

/* Play `per_game` playouts from the start position of every game with one random sequence; `played` counts the stones. */
ReplayFault playout_games(const Games *games, int64_t per_game, uint64_t seed, int64_t *played);

static inline void playout_put_empty(Playout *playout, int place, int loc)
{
    playout->empty[place] = (int16_t)loc;
    playout->place[loc] = (int16_t)place;
}

/* splitmix64 (Steele, Lea and Flood 2014): every state is valid, and neighbouring seeds give unrelated sequences. */
static inline uint64_t playout_random(Playout *playout)
{
    uint64_t value = playout->rng += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/* Draw one of the empty points that `may_be_drawn` allows, all with the same probability; NO_LOC if there is none. Reorders
 * `empty`. Inline, so that the compiler can inline `may_be_drawn` as well. */
static inline int playout_draw(Playout *playout, bool (*may_be_drawn)(const Board *board, int colour, int loc))
{
    /* A point that is not allowed is swapped with the last point of the range, and the range shrinks by one. Numbers are
     * reduced to the range by multiplication (Lemire 2019) without the rejection step; the bias is less than range / 2^32. */
    for (uint64_t range = (uint64_t)playout->empty_count; range > 0; range--) {
        int drawn = (int)((playout_random(playout) >> 32) * range >> 32), last = (int)range - 1;
        int loc = playout->empty[drawn];
        if (may_be_drawn(&playout->board, playout->colour, loc)) return loc;
        playout_put_empty(playout, drawn, playout->empty[last]);
        playout_put_empty(playout, last, loc);
    }
    return NO_LOC;
}

/* Whether a random playout may play at the empty `loc`. A point with an empty neighbour is not an eye, not suicide and not a
 * ko point (the point of a ko ban has no empty neighbour), so most points need no further check. */
static inline bool playout_may_be_drawn(const Board *board, int colour, int loc)
{
    return board_empty_neighbours(board, loc) > 0 ||
           (!board_own_eye(board, colour, loc) && board_legality(board, colour, loc, false) == LEGAL);
}

#endif
