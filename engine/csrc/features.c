#include "features.h"

#include <string.h>

#include "ladder.h"

/* Plane numbers; own and opponent's versions of a plane lie a fixed step apart. */
enum {
    ON_BOARD = 0,
    STONES = 1,
    CHAIN_LIBERTIES = 3,       /* 3-6 own, 7-10 opponent's */
    LIBERTIES_AFTER_MOVE = 11, /* 11-13 own, 14-16 opponent's */
    KO_BAN = 17,
    RECENT_MOVES = 18,
    LADDER_IN_ATARI = 23,
    LADDER_TWO_LIBERTIES = 24,
    LADDER_WORKING_MOVES = 25,
};

enum { FEW = 4 }; /* liberties are told apart up to here */

/* Of every chain with at most FEW liberties, where they are; one pass over the empty points finds them all. */
typedef struct {
    int16_t locs[BOARD_CELLS][FEW]; /* by head */
    uint8_t count[BOARD_CELLS];
} LibertyLists;

typedef struct {
    int16_t locs[FEW];
    int count;
} FewLocs;

static inline void mark(uint64_t plane[PLANE_WORDS], int grid) { plane[grid >> 6] |= 1ull << (grid & 63); }

static void list_liberties(const Board *board, LibertyLists *lists)
{
    memset(lists->count, 0, sizeof lists->count);
    for (int row = 1; row <= board->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + board->size; loc++) {
            if (board->colour[loc] != EMPTY) continue;
            for (int i = 0; i < 4; i++) {
                int neighbour = loc + NEIGHBOURS[i], there = board->colour[neighbour];
                if (there != BLACK && there != WHITE) continue;
                int head = board->head[neighbour], count = lists->count[head];
                if (chain_liberties(board->chain[head]) > FEW || (count > 0 && lists->locs[head][count - 1] == loc)) continue;
                lists->locs[head][lists->count[head]++] = (int16_t)loc;
            }
        }
    }
}

static inline void add_loc(FewLocs *few, int loc)
{
    if (few->count == FEW) return;
    for (int k = 0; k < few->count; k++) {
        if (few->locs[k] == loc) return;
    }
    few->locs[few->count++] = (int16_t)loc;
}

/* The stones of a chain about to be captured become liberties where they touch `loc` or one of the chains in `own`. */
static void add_captured(const Board *board, int head, int loc, const int own[4], int own_count, FewLocs *few)
{
    int stone = head;
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            bool touches = neighbour == loc;
            for (int k = 0; k < own_count; k++) {
                touches |= board->colour[neighbour] == board->colour[own[k]] && board->head[neighbour] == own[k];
            }
            if (touches) add_loc(few, stone);
        }
        stone = board->next[stone];
    } while (stone != head && few->count < FEW);
}

/* The liberties that a move of `colour` at the empty `loc` would leave its chain, at most FEW; 0 for suicide and ko. */
static int liberties_after_move(const Board *board, const LibertyLists *lists, int colour, int loc)
{
    if (loc == board->ko_loc && colour == board->ko_colour) return 0;
    FewLocs few = {.count = 0};
    int own[4], own_count = 0, taken[4], taken_count = 0;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i], there = board->colour[neighbour];
        if (there == WALL) continue;
        if (there == EMPTY) {
            few.locs[few.count++] = (int16_t)neighbour;
            continue;
        }
        int head = board->head[neighbour], liberties = chain_liberties(board->chain[head]);
        if (there == colour) {
            if (liberties > FEW) return FEW;
            own[own_count++] = head;
        } else if (liberties == 1) {
            taken[taken_count++] = head;
        }
    }
    for (int k = 0; k < own_count; k++) {
        for (int j = 0; j < lists->count[own[k]]; j++) {
            if (lists->locs[own[k]][j] != loc) add_loc(&few, lists->locs[own[k]][j]);
        }
    }
    for (int k = 0; k < taken_count; k++) add_captured(board, taken[k], loc, own, own_count, &few);
    return few.count;
}

static void mark_ladder(Board *board, int head, uint64_t planes[PLANES][PLANE_WORDS])
{
    Ladder ladder = ladder_read(board, head, LADDER_NODES);
    if (!ladder.captured) return;
    int plane = chain_liberties(board->chain[head]) == 1 ? LADDER_IN_ATARI : LADDER_TWO_LIBERTIES;
    int size = board->size, stone = head;
    do {
        mark(planes[plane], grid_point(size, point_of_loc(size, stone)));
        stone = board->next[stone];
    } while (stone != head);
    for (int k = 0; k < ladder.working_count; k++) {
        mark(planes[LADDER_WORKING_MOVES], grid_point(size, point_of_loc(size, ladder.working[k])));
    }
}

/* The latest moves, back to the first that does not alternate in colour; a pass takes its turn but marks nothing. */
static void mark_recent(int size, int to_play, const uint16_t *recent, int count, int history,
                        uint64_t planes[PLANES][PLANE_WORDS])
{
    int expected = opponent_of(to_play);
    for (int back = 0; back < history && back < count; back++) {
        uint16_t move = recent[count - 1 - back];
        if (stored_colour(move) != expected) return;
        expected = opponent_of(expected);
        if (stored_point(move) != STORED_PASS) mark(planes[RECENT_MOVES + back], grid_point(size, stored_point(move)));
    }
}

void features_sandbox_26(Board *board, int to_play, const uint16_t *recent, int count, int history,
                         uint64_t planes[PLANES][PLANE_WORDS])
{
    memset(planes, 0, PLANES * sizeof planes[0]);
    LibertyLists lists;
    list_liberties(board, &lists);
    int size = board->size, offset = (MAX_SIZE - size) / 2;
    for (int row = 0; row < size; row++) {
        int loc = (row + 1) * BOARD_STRIDE + 1, grid = (row + offset) * MAX_SIZE + offset;
        for (int column = 0; column < size; column++, loc++, grid++) {
            mark(planes[ON_BOARD], grid);
            int there = board->colour[loc];
            if (there != EMPTY) {
                int head = board->head[loc], theirs = there != to_play, liberties = chain_liberties(board->chain[head]);
                mark(planes[STONES + theirs], grid);
                if (liberties <= FEW) mark(planes[CHAIN_LIBERTIES + FEW * theirs + liberties - 1], grid);
                if (head == loc && liberties <= 2) mark_ladder(board, head, planes);
                continue;
            }
            for (int theirs = 0; theirs < 2; theirs++) {
                int liberties = liberties_after_move(board, &lists, theirs ? opponent_of(to_play) : to_play, loc);
                if (liberties > 0 && liberties < FEW) {
                    mark(planes[LIBERTIES_AFTER_MOVE + (FEW - 1) * theirs + liberties - 1], grid);
                }
            }
        }
    }
    if (board->ko_loc != NO_LOC && board->ko_colour == to_play) {
        mark(planes[KO_BAN], grid_point(size, point_of_loc(size, board->ko_loc)));
    }
    mark_recent(size, to_play, recent, count, history, planes);
}

void features_pack(uint64_t planes[PLANES][PLANE_WORDS], uint8_t out[PLANES * PACKED_BYTES])
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(out, planes, PLANES * PACKED_BYTES);
#else
    for (int plane = 0; plane < PLANES; plane++) {
        for (int byte = 0; byte < PACKED_BYTES; byte++) *out++ = (uint8_t)(planes[plane][byte >> 3] >> (8 * (byte & 7)));
    }
#endif
}
