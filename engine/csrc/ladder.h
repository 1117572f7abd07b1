/* The ladder solver. It reads on a board and restores it exactly, even if its budget runs out. */
#ifndef SHICHO_LADDER_H
#define SHICHO_LADDER_H

#include "board.h"

enum { LADDER_NODES = 25000 };

typedef struct {
    bool captured;     /* in atari: even if the owner moves first; with two liberties: if the attacker moves first */
    int working_count; /* 0 to 2 */
    int working[2];    /* locs: the attacker's first moves that capture; only for a chain with two liberties */
    int nodes;         /* moves played while reading */
    bool exhausted;    /* a reading ran out of nodes and counted as an escape */
} Ladder;

/* Read the chain of the stone at `loc`; a chain with three or more liberties is never captured. Each reading may spend `budget`
 * nodes: there is one reading for a chain in atari, and one for each of the attacker's first moves otherwise. The board's ko
 * ban is ignored while reading. */
Ladder ladder_read(Board *board, int loc, int budget);

#endif
