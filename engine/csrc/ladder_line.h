/* The moves behind a ladder's verdict, for pictures and explanations. */
#ifndef SHICHO_LADDER_LINE_H
#define SHICHO_LADDER_LINE_H

#include "ladder.h"

enum { MAX_LINE = 2 * MAX_POINTS };

/* Moves of both sides in turn. */
typedef struct {
    uint8_t first;           /* who plays moves[0]: the attacker of a chain with two liberties, the owner of one in atari */
    int16_t moves[MAX_LINE]; /* locs; NO_LOC where the defender has no move and passes */
    int count;
} LadderLine;

/* Read the chain of the stone at `loc` as ladder_read does, with a budget of `budget` nodes for each reading, and fill `line`
 * with how the verdict comes about. The side that gets its way plays the move that takes the least reading to see through, the
 * other side the one that takes the most. So the line of a captured chain ends with its capture, and that of an escape where
 * the solver calls it one. Empty for a chain of three or more liberties, and where the budget ran out before a verdict. */
Ladder ladder_read_line(const Board *board, int loc, int budget, LadderLine *line);

#endif
