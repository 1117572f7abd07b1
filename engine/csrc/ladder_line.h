/* The line of play behind a ladder's verdict, for pictures and explanations. */
#ifndef SHICHO_LADDER_LINE_H
#define SHICHO_LADDER_LINE_H

#include "ladder.h"

enum { MAX_LINE = 2 * MAX_POINTS };

/* Moves of both sides in turn. */
typedef struct {
    uint8_t first;           /* the side that plays moves[0]: the attacker against two liberties, the defender in atari */
    int16_t moves[MAX_LINE]; /* locs; NO_LOC when the defender has no legal move and passes */
    int count;
} LadderLine;

/* Read the chain of the stone at `loc` like ladder_read, with `budget` nodes for each reading, and fill `line` with the moves
 * that decide it. The side that succeeds plays the move that takes the fewest nodes to prove, the other side the move that
 * takes the most. The line of a captured chain ends with the capture, the line of an escape at the position that the solver
 * counts as escaped. The line is empty for a chain with three or more liberties, and if the budget ran out before a verdict. */
Ladder ladder_read_line(const Board *board, int loc, int budget, LadderLine *line);

#endif
