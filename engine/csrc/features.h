/* Feature sets: one position as bit maps of the 19x19 grid, seen by the side to move. What the planes of a set mean is told by
 * the tables of engine/features.py and, with pictures, by docs/features/. */
#ifndef SHICHO_FEATURES_H
#define SHICHO_FEATURES_H

#include "board.h"

enum {
    SANDBOX_26_PLANES = 26,
    SHICHO_V2_PLANES = 38,
    MAX_PLANES = SHICHO_V2_PLANES,
    HISTORY = 5,
    PLANE_WORDS = 6, /* 64-bit words a plane: bit p % 64 of word p / 64 is point p of the 19x19 grid */
    PACKED_BYTES = 8 * PLANE_WORDS,
};

/* A move as the HDF5 store keeps it: the point, or STORED_PASS, and the colour in the top bit. */
enum { STORED_PASS = MAX_POINTS, STORED_WHITE = 0x8000, STORED_POINT = 0x7FFF };

static inline int stored_colour(uint16_t move) { return move & STORED_WHITE ? WHITE : BLACK; }
static inline int stored_point(uint16_t move) { return move & STORED_POINT; }

/* Boards sit in the middle of the 19x19 grid, this many rows and columns off its corner. */
static inline int grid_offset(int size) { return (MAX_SIZE - size) / 2; }

/* The point of the grid on which a point, or a loc, of a smaller board lies. */
static inline int grid_point(int size, int point)
{
    int offset = grid_offset(size);
    return (point / size + offset) * MAX_SIZE + point % size + offset;
}

static inline int grid_of_loc(int offset, int loc)
{
    return (loc / BOARD_STRIDE - 1 + offset) * MAX_SIZE + loc % BOARD_STRIDE - 1 + offset;
}

/* Rules that planes tell, as bits. */
enum { RULE_SUPERKO = 1, RULE_SUICIDE = 2, RULE_TERRITORY = 4, ALL_RULES = 7 };

/* All that planes are made from (pointers borrowed). Sets without planes for komi and rules do not read these. */
typedef struct {
    Board *board; /* read on for ladders and left as it was */
    int to_play;
    const uint16_t *recent; /* the game's `count` moves so far, the latest last */
    int count;
    int history;         /* at most so many of them are shown */
    const Undo *undo[2]; /* of the last move and of the one before it; NULL where the board cannot go back */
    float komi;          /* white's, handicap compensation counted in; NaN: unknown */
    int rules;           /* RULE_ bits */
} Position;

/* How many of the latest moves are shown: back to the first that does not alternate in colour. */
static inline int shown_moves(const Position *position)
{
    int expected = opponent_of(position->to_play), shown = 0;
    while (shown < position->history && shown < position->count) {
        if (stored_colour(position->recent[position->count - 1 - shown]) != expected) break;
        expected = opponent_of(expected);
        shown++;
    }
    return shown;
}

static inline void mark(uint64_t plane[PLANE_WORDS], int grid) { plane[grid >> 6] |= 1ull << (grid & 63); }

/* Mark the stones of a chain. */
static inline void mark_chain(const Board *board, int head, int offset, uint64_t plane[PLANE_WORDS])
{
    int stone = head;
    do {
        mark(plane, grid_of_loc(offset, stone));
        stone = board->next[stone];
    } while (stone != head);
}

/* Write all planes of a set. */
typedef void FillPlanes(const Position *position, uint64_t planes[][PLANE_WORDS]);

typedef struct {
    int planes;
    FillPlanes *fill;
} FeatureSet;

enum { SANDBOX_26, SHICHO_V2, FEATURE_SETS };

extern const FeatureSet feature_sets[FEATURE_SETS];

void features_sandbox_26(const Position *position, uint64_t planes[][PLANE_WORDS]);

/* Bit maps as bytes, least significant bit first, whatever the machine's byte order. */
void features_pack(uint64_t planes[][PLANE_WORDS], int count, uint8_t *out);

#endif
