/* A position: stones, chains with exact liberties, simple ko, captures, Zobrist hash, play and undo. No Python here.
 *
 * A `loc` is an index into a board with a wall around it: (row + 1) * BOARD_STRIDE + column + 1, whatever the size, so that
 * the four neighbours of a loc are always at +-1 and +-BOARD_STRIDE. A `point` is row * size + column, as Python sees it.
 *
 * Chains are circular lists through `next`, each known by one of its stones, its head. Two lists join, and part again, by
 * swapping the `next` of one stone of each; captured stones keep their links. So a move is undone by doing the same steps
 * backwards from a record of fixed size, and the board ends byte for byte as it was.
 *
 * A chain is one word that holds its stones and the number, the sum and the sum of squares of its liberties' locs: a liberty
 * comes and goes with one addition, a record of the whole is one copy, and a chain with one or two liberties tells where
 * they are without a walk over its stones.
 */
#ifndef SHICHO_BOARD_H
#define SHICHO_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MAX_SIZE = 19,
    BOARD_STRIDE = MAX_SIZE + 1,
    BOARD_CELLS = BOARD_STRIDE * (MAX_SIZE + 3) + 1, /* what lies below the wall may be looked at too */
    MAX_POINTS = MAX_SIZE * MAX_SIZE,
    NO_LOC = 0, /* a wall cell; as a move: pass */
};

enum { EMPTY = 0, BLACK = 1, WHITE = 2, WALL = 3 };

typedef enum { LEGAL = 0, OCCUPIED = 1, KO = 2, SUICIDE = 3 } Legality;

/* Bits 0-8: liberties; 9-17: stones; 18-35: sum of the liberties' locs; 36-61: sum of the squares of these. */
typedef uint64_t Chain;

typedef struct {
    uint8_t colour[BOARD_CELLS];
    uint8_t size;
    uint8_t ko_colour;         /* who may not play at ko_loc; valid when ko_loc != NO_LOC */
    int16_t ko_loc;            /* NO_LOC when nothing is banned */
    int16_t head[BOARD_CELLS]; /* NO_LOC where no stone stands */
    int16_t next[BOARD_CELLS]; /* valid where a stone stands */
    Chain chain[BOARD_CELLS];  /* valid at heads; chain[NO_LOC] takes what is added to no chain */
    uint32_t captured[3];      /* captured[c]: stones of colour c taken off the board */
    uint64_t hash;             /* of the stones alone */
} Board;

typedef struct {
    int16_t big, small; /* heads before the merge; small was absorbed */
    Chain big_before;
} Merge;

/* All that board_undo needs to take one move back. */
typedef struct {
    uint64_t hash;
    Chain chain;
    Merge merges[4];
    int16_t taken[4]; /* heads of the captured chains */
    int16_t loc, ko_loc, next, own_head;
    uint8_t colour, ko_colour, merge_count, taken_count;
    bool suicide;
} Undo;

static inline int opponent_of(int colour) { return 3 - colour; }

static inline int loc_of_point(int size, int point) { return (point / size + 1) * BOARD_STRIDE + point % size + 1; }

static inline int point_of_loc(int size, int loc) { return (loc / BOARD_STRIDE - 1) * size + loc % BOARD_STRIDE - 1; }

static const int NEIGHBOURS[4] = {-BOARD_STRIDE, -1, 1, BOARD_STRIDE};
static const int DIAGONALS[4] = {-BOARD_STRIDE - 1, -BOARD_STRIDE + 1, BOARD_STRIDE - 1, BOARD_STRIDE + 1};

/* Make `board` an empty board; needs 2 <= size <= MAX_SIZE. */
void board_init(Board *board, int size);

/* May `colour` play at `loc` (on the board, or NO_LOC to pass)? Simple ko; `suicide` says whether suicide is allowed. */
Legality board_legality(const Board *board, int colour, int loc, bool suicide);

/* Play a legal move (suicide counts as legal here). Fills `undo` (borrowed). Afterwards a chain of `colour` stands at loc,
 * unless it was a suicide or a pass. */
void board_play(Board *board, int colour, int loc, Undo *undo);

/* Take back the last move; `undo` is what board_play filled for it. */
void board_undo(Board *board, const Undo *undo);

static inline int chain_liberties(Chain chain) { return chain & 511; }
static inline int chain_stones(Chain chain) { return chain >> 9 & 511; }

/* The one liberty of a chain in atari. */
static inline int chain_only_liberty(Chain chain) { return chain >> 18 & 0x3FFFF; }

/* What a liberty adds to its chain: 1 | loc << 18 | loc * loc << 36. Looked up, because it is needed at every turn. */
extern const Chain CHAIN_LIBERTY[BOARD_CELLS];
static inline Chain chain_liberty(int loc) { return CHAIN_LIBERTY[loc]; }

/* The two liberties, smaller loc first, of a chain that has two. */
void chain_two_liberties(Chain chain, int liberties[2]);

/* The chain of the stone at `loc`. */
static inline Chain board_chain(const Board *board, int loc) { return board->chain[board->head[loc]]; }
static inline int board_liberties(const Board *board, int loc) { return chain_liberties(board_chain(board, loc)); }

/* The heads of the different chains around `loc`, in the order of NEIGHBOURS: NO_LOC where no stone stands and where a chain
 * is met again. No branches: they could not be foreseen. */
static inline void board_chains_around(const Board *board, int loc, int heads[4])
{
    int up = board->head[loc - BOARD_STRIDE], left = board->head[loc - 1];
    int right = board->head[loc + 1], down = board->head[loc + BOARD_STRIDE];
    heads[0] = up;
    heads[1] = left & -(left != up);
    heads[2] = right & -((right != up) & (right != left));
    heads[3] = down & -((down != up) & (down != left) & (down != right));
}

/* What the empty neighbours of `loc` that are not yet liberties of the chain of `head` would add to it. No branches. */
static inline Chain board_new_liberties(const Board *board, int loc, int head)
{
    Chain gained = 0;
    for (int i = 0; i < 4; i++) {
        int at = loc + NEIGHBOURS[i], above = at - BOARD_STRIDE;
        if (i == 0) above &= ~(above >> 31); /* above the wall there is nothing */
        bool is_new = (board->colour[at] == EMPTY) & (board->head[above] != head) & (board->head[at - 1] != head) &
                      (board->head[at + 1] != head) & (board->head[at + BOARD_STRIDE] != head);
        gained += -(Chain)is_new & chain_liberty(at);
    }
    return gained;
}

/* Number of empty neighbours of `loc`. */
static inline int board_empty_neighbours(const Board *board, int loc)
{
    int count = 0;
    for (int i = 0; i < 4; i++) count += board->colour[loc + NEIGHBOURS[i]] == EMPTY;
    return count;
}

/* Is `loc` a simple eye of `colour`: empty, its neighbours all own stones, and of its diagonals at most one the opponent's
 * (none at the edge and in the corner)? */
bool board_own_eye(const Board *board, int colour, int loc);

/* Recompute everything from `colour` alone; NULL, or the name of the first thing that differs (static storage). */
const char *board_check_consistency(const Board *board);

#endif
