/* The planes of feature set `sandbox-26`: one position as 26 bit maps of the 19x19 grid, seen by the side to move. */
#ifndef SHICHO_FEATURES_H
#define SHICHO_FEATURES_H

#include "board.h"

enum {
    PLANES = 26,
    HISTORY = 5,
    PLANE_WORDS = 6, /* 64-bit words a plane: bit p % 64 of word p / 64 is point p of the 19x19 grid */
    PACKED_BYTES = 8 * PLANE_WORDS,
};

/* A move as the HDF5 store keeps it: the point, or STORED_PASS, and the colour in the top bit. */
enum { STORED_PASS = MAX_POINTS, STORED_WHITE = 0x8000, STORED_POINT = 0x7FFF };

static inline int stored_colour(uint16_t move) { return move & STORED_WHITE ? WHITE : BLACK; }
static inline int stored_point(uint16_t move) { return move & STORED_POINT; }

/* The point of the 19x19 grid on which a point of a smaller board lies: boards sit in the middle. */
static inline int grid_point(int size, int point)
{
    int offset = (MAX_SIZE - size) / 2;
    return (point / size + offset) * MAX_SIZE + point % size + offset;
}

/* Write the planes. `recent` (borrowed) holds the game's `count` moves so far, the latest last; at most `history` of them are
 * marked. The board is read on for ladders and left as it was. */
void features_sandbox_26(Board *board, int to_play, const uint16_t *recent, int count, int history,
                         uint64_t planes[PLANES][PLANE_WORDS]);

/* Bit maps as bytes, least significant bit first, whatever the machine's byte order. */
void features_pack(uint64_t planes[PLANES][PLANE_WORDS], uint8_t out[PLANES * PACKED_BYTES]);

#endif
