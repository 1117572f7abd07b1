/* A position: stones, chains with exact liberties, simple ko, captures, Zobrist hash, play and undo. Does not use Python.
 *
 * A `loc` is an index into a board with a wall around it: (row + 1) * BOARD_STRIDE + column + 1 for every board size, so the
 * four neighbours of a loc are always at +-1 and +-BOARD_STRIDE. A `point` is row * size + column, as in Python.
 *
 * The stones of a chain form a circular list through `next`; one of them, the head, identifies the chain. Swapping the `next`
 * of one stone of each joins two lists, and swapping them again separates the lists. Captured stones keep their links. So a
 * move can be undone by reversing its steps from a record of fixed size, which restores the board byte for byte.
 *
 * A Chain is one word with the number of stones, and the number, the sum and the sum of squares of the liberties' locs. Adding
 * or removing a liberty is one addition, saving a chain is one copy, and the liberties of a chain with one or two of them can
 * be computed without visiting its stones.
 */
#ifndef SHICHO_BOARD_H
#define SHICHO_BOARD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MAX_SIZE = 19,
    BOARD_STRIDE = MAX_SIZE + 1,
    BOARD_CELLS = BOARD_STRIDE * (MAX_SIZE + 3) + 1, /* one row below the wall, which board_new_liberties reads */
    MAX_POINTS = MAX_SIZE * MAX_SIZE,
    NO_LOC = 0, /* a wall cell; as a move, a pass */
};

enum { EMPTY = 0, BLACK = 1, WHITE = 2, WALL = 3 };

typedef enum { LEGAL = 0, OCCUPIED = 1, KO = 2, SUICIDE = 3 } Legality;

/* Bits 0-8: liberties; 9-17: stones; 18-35: sum of the liberties' locs; 36-61: sum of the squares of these. */
typedef uint64_t Chain;

typedef struct {
    uint8_t colour[BOARD_CELLS];
    uint8_t size;
    uint8_t ko_colour;         /* the side that may not play at ko_loc; valid when ko_loc != NO_LOC */
    int16_t ko_loc;            /* NO_LOC when there is no ko ban */
    int16_t head[BOARD_CELLS]; /* NO_LOC on cells without a stone */
    int16_t next[BOARD_CELLS]; /* valid on cells with a stone */
    Chain chain[BOARD_CELLS];  /* valid at heads; chain[NO_LOC] is a dummy for branch-free writes */
    uint32_t captured[3];      /* captured[c]: how many stones of colour c were captured */
    uint64_t hash;             /* of the stones alone */
} Board;

typedef struct {
    int16_t big, small; /* heads before the merge; small was absorbed */
    Chain big_before;
} Merge;

/* What board_undo needs to take back one move. */
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

/* Whether `colour` may play at `loc` (on the board, or NO_LOC for a pass) under simple ko; `suicide`: whether it is legal. */
Legality board_legality(const Board *board, int colour, int loc, bool suicide);

/* Play a legal move or a suicide, and fill `undo` (borrowed). */
void board_play(Board *board, int colour, int loc, Undo *undo);

/* Take back the last move; `undo` is the one that board_play filled for it. */
void board_undo(Board *board, const Undo *undo);

static inline int chain_liberties(Chain chain) { return chain & 511; }
static inline int chain_stones(Chain chain) { return chain >> 9 & 511; }

/* The only liberty of a chain in atari. */
static inline int chain_only_liberty(Chain chain) { return chain >> 18 & 0x3FFFF; }

/* What a liberty adds to its chain: 1 | loc << 18 | loc * loc << 36. A table, because every move needs it several times. */
extern const Chain CHAIN_LIBERTY[BOARD_CELLS];
static inline Chain chain_liberty(int loc) { return CHAIN_LIBERTY[loc]; }

/* The two liberties, smaller loc first, of a chain with exactly two. */
void chain_two_liberties(Chain chain, int liberties[2]);

/* The chain of the stone at `loc`. */
static inline Chain board_chain(const Board *board, int loc) { return board->chain[board->head[loc]]; }
static inline int board_liberties(const Board *board, int loc) { return chain_liberties(board_chain(board, loc)); }

/* The heads of the chains adjacent to `loc`, in the order of NEIGHBOURS: NO_LOC for a neighbour without a stone and for a
 * repeated chain. Branch-free, because the branches would be unpredictable. */
static inline void board_chains_around(const Board *board, int loc, int heads[4])
{
    int up = board->head[loc - BOARD_STRIDE], left = board->head[loc - 1];
    int right = board->head[loc + 1], down = board->head[loc + BOARD_STRIDE];
    heads[0] = up;
    heads[1] = left & -(left != up);
    heads[2] = right & -((right != up) & (right != left));
    heads[3] = down & -((down != up) & (down != left) & (down != right));
}

/* The sum of chain_liberty over the empty neighbours of `loc` that are not liberties of the chain of `head` yet. Branch-free.
 */
static inline Chain board_new_liberties(const Board *board, int loc, int head)
{
    Chain gained = 0;
    for (int i = 0; i < 4; i++) {
        int at = loc + NEIGHBOURS[i], above = at - BOARD_STRIDE;
        if (i == 0) above &= ~(above >> 31); /* there is no row above the wall */
        bool is_new = (board->colour[at] == EMPTY) & (board->head[above] != head) & (board->head[at - 1] != head) &
                      (board->head[at + 1] != head) & (board->head[at + BOARD_STRIDE] != head);
        gained += -(Chain)is_new & chain_liberty(at);
    }
    return gained;
}

/* How many neighbours of `loc` are empty. */
static inline int board_empty_neighbours(const Board *board, int loc)
{
    int count = 0;
    for (int i = 0; i < 4; i++) count += board->colour[loc + NEIGHBOURS[i]] == EMPTY;
    return count;
}

/* Whether `loc` is a simple eye of `colour`: it is empty, its neighbours are all stones of `colour`, and its diagonals hold at
 * most one stone of the opponent (none at the edge and in the corner). */
bool board_own_eye(const Board *board, int colour, int loc);

/* Recompute everything from `colour` alone; returns NULL, or the name of the first difference (static storage). */
const char *board_check_consistency(const Board *board);

#endif
