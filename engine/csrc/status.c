#include "status.h"

#include <string.h>

#include "area.h"
#include "playout.h"

enum { THROW_IN_STONES = 2 };

/* The liberties, at most two, of the chain that a move would form. */
typedef struct {
    int locs[2], count;
} Liberties;

/* Add a liberty if it is new; returns false as soon as there are two. */
static inline bool is_still_one(Liberties *liberties, int loc)
{
    for (int k = 0; k < liberties->count; k++) {
        if (liberties->locs[k] == loc) return true;
    }
    liberties->locs[liberties->count++] = loc;
    return liberties->count < 2;
}

/* How many stones the chain of a legal move has if the move leaves it in atari; 0 if it captures or leaves two liberties. */
static int stones_in_atari_after(const Board *board, int colour, int loc)
{
    Liberties liberties = {.count = 0};
    int heads[4], stones = 1;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i];
        if (board->colour[neighbour] == EMPTY && !is_still_one(&liberties, neighbour)) return 0;
    }
    board_chains_around(board, loc, heads);
    for (int i = 0; i < 4; i++) {
        if (heads[i] == NO_LOC) continue;
        Chain chain = board->chain[heads[i]];
        int count = chain_liberties(chain), two[2];
        if (board->colour[heads[i]] != colour) {
            if (count == 1) return 0;
            continue;
        }
        stones += chain_stones(chain);
        if (count > 2) return 0;
        if (count == 1) continue;
        chain_two_liberties(chain, two);
        if (!is_still_one(&liberties, two[0] == loc ? two[1] : two[0])) return 0;
    }
    return stones;
}

static inline bool may_be_drawn(const Board *board, int colour, int loc)
{
    int empty = board_empty_neighbours(board, loc);
    if (empty >= 2) return true;
    if (empty == 0 && board_own_eye(board, colour, loc)) return false;
    return board_legality(board, colour, loc, false) == LEGAL && stones_in_atari_after(board, colour, loc) <= THROW_IN_STONES;
}

/* The move that captures an opponent's chain adjacent to the chain of `head`; NO_LOC if there is none. */
static int capture_beside(const Board *board, int colour, int head)
{
    int stone = head;
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] != opponent_of(colour)) continue;
            Chain chain = board_chain(board, neighbour);
            if (chain_liberties(chain) > 1) continue;
            int loc = chain_only_liberty(chain);
            if (board_legality(board, colour, loc, false) == LEGAL) return loc;
        }
        stone = board->next[stone];
    } while (stone != head);
    return NO_LOC;
}

/* The move that saves a chain that the opponent's move at `last` put in atari; NO_LOC if there is none. */
static int rescue(const Board *board, int colour, int last)
{
    int heads[4];
    if (last == NO_LOC) return NO_LOC;
    board_chains_around(board, last, heads);
    for (int i = 0; i < 4; i++) {
        if (heads[i] == NO_LOC || board->colour[heads[i]] != colour) continue;
        Chain chain = board->chain[heads[i]];
        if (chain_liberties(chain) > 1) continue;
        int loc = capture_beside(board, colour, heads[i]);
        if (loc != NO_LOC) return loc;
        loc = chain_only_liberty(chain);
        if (board_legality(board, colour, loc, false) == LEGAL && !stones_in_atari_after(board, colour, loc)) return loc;
    }
    return NO_LOC;
}

/* Sums over the playouts, by loc. */
typedef struct {
    int32_t black_minus_white[BOARD_CELLS]; /* playouts in which black owned the point at the end, minus white's */
    int32_t in_seki[BOARD_CELLS];           /* playouts in which the stone's chain was in seki at the end */
} Tally;

static void count_end(const Board *start, const Board *end, Tally *tally)
{
    uint8_t owner[BOARD_CELLS];
    bool in_seki[BOARD_CELLS] = {false}; /* by head */
    area_tromp_taylor(end, owner);
    for (int row = 1; row <= end->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + end->size; loc++) {
            tally->black_minus_white[loc] += (owner[loc] == BLACK) - (owner[loc] == WHITE);
            if (owner[loc] != EMPTY) continue;
            for (int i = 0; i < 4; i++) in_seki[end->head[loc + NEIGHBOURS[i]]] = true;
        }
    }
    for (int row = 1; row <= end->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + end->size; loc++) {
            bool stands = end->colour[loc] != EMPTY && end->colour[loc] == start->colour[loc];
            tally->in_seki[loc] += stands && in_seki[end->head[loc]];
        }
    }
}

static void count_playouts(const Board *board, int playouts, uint64_t seed, Tally *tally)
{
    Playout playout;
    memset(tally, 0, sizeof *tally);
    for (int k = 0; k < playouts; k++) {
        playout_start(&playout, board, k % 2 ? WHITE : BLACK, seed);
        int loc = NO_LOC;
        while (!playout_is_over(&playout)) {
            loc = rescue(&playout.board, playout.colour, loc);
            if (loc == NO_LOC) loc = playout_draw(&playout, may_be_drawn);
            playout_play(&playout, loc);
        }
        count_end(board, &playout.board, tally);
        seed = playout.rng;
    }
}

static Status judge_chain(const Board *board, int head, int playouts, const Tally *tally)
{
    int64_t owned = 0, in_seki = 0, stones = 0;
    int stone = head;
    do {
        owned += board->colour[head] == BLACK ? tally->black_minus_white[stone] : -tally->black_minus_white[stone];
        in_seki += tally->in_seki[stone];
        stones++;
        stone = board->next[stone];
    } while (stone != head);
    if (2 * in_seki > stones * playouts) return IN_SEKI;
    return owned > 0 ? ALIVE : DEAD;
}

void status_judge(const Board *board, int playouts, uint64_t seed, uint8_t status[BOARD_CELLS], float owner[BOARD_CELLS])
{
    Tally tally;
    uint8_t pass_alive[BOARD_CELLS];
    count_playouts(board, playouts, seed, &tally);
    area_pass_alive(board, pass_alive);
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int there = board->colour[loc], certain = pass_alive[loc];
        owner[loc] = certain == EMPTY ? (float)tally.black_minus_white[loc] / (float)playouts : certain == BLACK ? 1.0f : -1.0f;
        if (there != BLACK && there != WHITE) status[loc] = NO_STONE;
        else if (certain != EMPTY) status[loc] = certain == there ? ALIVE : DEAD;
        else status[loc] = (uint8_t)judge_chain(board, board->head[loc], playouts, &tally);
    }
}
