/* Go's rules on a bare grid, the plainest way: what the board is compared with, millions of times. */
#ifndef SHICHO_NAIVE_H
#define SHICHO_NAIVE_H

#include "board.h"

typedef struct {
    uint8_t colour[BOARD_CELLS];
    int ko_loc, ko_colour; /* NO_LOC, EMPTY where nothing is banned */
} Naive;

void naive_init(Naive *naive, int size);

/* Play if legal by simple ko; says why not. */
Legality naive_play(Naive *naive, int colour, int loc, bool suicide);

#endif
