/* Feature sets: the planes of one position as bitboards of the 19x19 grid, seen by the side to move. The tables in
 * engine/features.py say what each plane means; docs/features/ shows them with pictures. */
#ifndef SHICHO_FEATURES_H
#define SHICHO_FEATURES_H

#include "board.h"

enum {
    SANDBOX_26_PLANES = 26,
    SHICHO_V2_PLANES = 38,
    MAX_PLANES = SHICHO_V2_PLANES,
    HISTORY = 5,
    PLANE_WORDS = 6, /* 64-bit words of a plane: point p of the 19x19 grid is bit p % 64 of word p / 64 */
    PACKED_BYTES = 8 * PLANE_WORDS,
};

/* A move as the HDF5 store keeps it (see engine/moves.py): the point, or STORED_PASS, and in the top bit the colour. */
enum { STORED_PASS = MAX_POINTS, STORED_WHITE = 0x8000, STORED_POINT = 0x7FFF };

static inline int stored_colour(uint16_t move) { return move & STORED_WHITE ? WHITE : BLACK; }
static inline int stored_point(uint16_t move) { return move & STORED_POINT; }

/* The row and column of a board's top left point on the 19x19 grid; smaller boards sit in the middle. */
static inline int grid_offset(int size) { return (MAX_SIZE - size) / 2; }

/* The grid point of a point of a smaller board (and, in grid_of_loc, of a loc). */
static inline int grid_point(int size, int point)
{
    int offset = grid_offset(size);
    return (point / size + offset) * MAX_SIZE + point % size + offset;
}

static inline int grid_of_loc(int offset, int loc)
{
    return (loc / BOARD_STRIDE - 1 + offset) * MAX_SIZE + loc % BOARD_STRIDE - 1 + offset;
}

/* The bits of the rules that have planes. */
enum { RULE_SUPERKO = 1, RULE_SUICIDE = 2, RULE_TERRITORY = 4, ALL_RULES = 7 };

/* The input of a feature set (pointers borrowed). Sets without planes for komi and rules ignore these. */
typedef struct {
    Board *board; /* ladders are read on it; it is restored afterwards */
    int to_play;
    const uint16_t *recent; /* the game's `count` stored moves so far, the latest last */
    int count;
    int max_history;     /* the planes show at most this many past moves */
    const Undo *undo[2]; /* of the last move and the move before it; NULL if the board cannot undo it */
    float komi;          /* white's, with handicap compensation; NaN if unknown */
    int rules;           /* RULE_ bits */
} Position;

/* How many past moves the planes show: back to the first one that breaks the alternation of colours. */
static inline int history_length(const Position *position)
{
    int expected = opponent_of(position->to_play), length = 0;
    while (length < position->max_history && length < position->count) {
        if (stored_colour(position->recent[position->count - 1 - length]) != expected) break;
        expected = opponent_of(expected);
        length++;
    }
    return length;
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

/* Write planes as bytes, least significant bit first, on machines of either byte order. */
void features_pack(uint64_t planes[][PLANE_WORDS], int count, uint8_t *out);

/* Label the chains on two packed planes, own stones and the opponent's: 0 where there is no stone, else 1 + the lowest grid
 * point of the chain. Returns false if a point is in both planes; then the labels are not complete. */
bool features_label_chains(const uint8_t own[PACKED_BYTES], const uint8_t opponent[PACKED_BYTES], int16_t labels[MAX_POINTS]);

#endif
