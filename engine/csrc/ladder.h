/* The ladder solver: reads on a board and leaves it exactly as it was, whether or not its budget runs out. */
#ifndef SHICHO_LADDER_H
#define SHICHO_LADDER_H

#include "board.h"

enum { LADDER_NODES = 25000 };

typedef struct {
    bool captured;     /* the chain is lost: at one liberty even if its owner moves first, at two if the attacker does */
    int working_count; /* 0 to 2 */
    int working[2];    /* locs: the attacker's first moves that capture; only for a chain of two liberties */
    int nodes;         /* moves played while reading */
    bool exhausted;    /* a reading ran out of nodes and was called an escape */
} Ladder;

/* Read the chain of the stone at `loc`; a chain of three or more liberties is not captured. `budget` nodes may be spent on
 * each reading: one for a chain in atari, one for each of the attacker's first moves otherwise. The board's own ko ban is
 * lifted while reading. */
Ladder ladder_read(Board *board, int loc, int budget);

#endif
