/* Go's rules on a plain grid, written as simply as possible: the reference for the fuzzed board. */
#ifndef SHICHO_NAIVE_H
#define SHICHO_NAIVE_H

#include "board.h"

typedef struct {
    uint8_t colour[BOARD_CELLS];
    int ko_loc, ko_colour; /* NO_LOC and EMPTY without a ko ban */
} Naive;

void naive_init(Naive *naive, int size);

/* Play the move if it is legal under simple ko; returns its legality. */
Legality naive_play(Naive *naive, int colour, int loc, bool suicide);

#endif
