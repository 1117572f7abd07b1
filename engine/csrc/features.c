#include "features.h"

#include <string.h>

#include "ladder.h"
#include "shicho_v2.h"

const FeatureSet feature_sets[FEATURE_SETS] = {
    [SANDBOX_26] = {SANDBOX_26_PLANES, features_sandbox_26},
    [SHICHO_V2] = {SHICHO_V2_PLANES, features_shicho_v2},
};

/* Plane numbers of `sandbox-26`; the own and the opponent's planes of a kind are a fixed step apart. */
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

enum { FEW = 4 }; /* the planes tell 1 to 4 liberties apart */

typedef struct {
    int16_t locs[FEW];
    int count;
} FewLocs;

/* Mark all points of a row at once: bit k of `bits` is the point `grid` + k. */
static inline void mark_row(uint64_t plane[PLANE_WORDS], int grid, uint32_t bits)
{
    int word = grid >> 6, shift = grid & 63;
    plane[word] |= (uint64_t)bits << shift;
    if (shift > 64 - MAX_SIZE) plane[word + 1 < PLANE_WORDS ? word + 1 : word] |= (uint64_t)bits >> (64 - shift);
}

static inline void add_loc(FewLocs *few, int loc)
{
    if (few->count == FEW) return;
    for (int k = 0; k < few->count; k++) {
        if (few->locs[k] == loc) return;
    }
    few->locs[few->count++] = (int16_t)loc;
}

/* Add the stones of a chain about to be captured that touch `loc` or a chain in `own`: they become liberties. */
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

static void add_liberties(const Board *board, int head, int loc, FewLocs *few)
{
    int stone = head;
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] == EMPTY && neighbour != loc) add_loc(few, neighbour);
        }
        stone = board->next[stone];
    } while (stone != head && few->count < FEW);
}

/* How many liberties, at most FEW, the chain has after a move of `colour` at the empty `loc`; 0 for suicide and ko. The caller
 * makes sure that no own chain beside `loc` has more than FEW. `captures`: whether an opponent's chain in atari is beside it.
 */
static int liberties_after_move(const Board *board, int colour, int loc, bool captures)
{
    int heads[4], own[4], own_count = 0, taken[4], taken_count = 0;
    board_chains_around(board, loc, heads);
    for (int i = 0; i < 4; i++) {
        own[own_count] = heads[i];
        own_count += board->colour[heads[i]] == colour;
    }
    if (own_count == 1 && !captures) {
        return chain_liberties(board->chain[own[0]] - chain_liberty(loc) + board_new_liberties(board, loc, own[0]));
    }
    if (loc == board->ko_loc && colour == board->ko_colour) return 0;
    for (int i = 0; captures && i < 4; i++) {
        taken[taken_count] = heads[i];
        taken_count += board->colour[heads[i]] == opponent_of(colour) && chain_liberties(board->chain[heads[i]]) == 1;
    }
    FewLocs few = {.count = 0};
    for (int i = 0; i < 4; i++) {
        if (board->colour[loc + NEIGHBOURS[i]] == EMPTY) few.locs[few.count++] = (int16_t)(loc + NEIGHBOURS[i]);
    }
    for (int k = 0; k < own_count; k++) add_liberties(board, own[k], loc, &few);
    for (int k = 0; k < taken_count; k++) add_captured(board, taken[k], loc, own, own_count, &few);
    return few.count;
}

static void mark_ladder(Board *board, int head, int offset, uint64_t planes[][PLANE_WORDS])
{
    Ladder ladder = ladder_read(board, head, LADDER_NODES);
    if (!ladder.captured) return;
    int plane = chain_liberties(board->chain[head]) == 1 ? LADDER_IN_ATARI : LADDER_TWO_LIBERTIES;
    mark_chain(board, head, offset, planes[plane]);
    for (int k = 0; k < ladder.working_count; k++) {
        mark(planes[LADDER_WORKING_MOVES], grid_of_loc(offset, ladder.working[k]));
    }
}

/* A pass counts as a past move but marks nothing. */
static void mark_recent(const Position *position, uint64_t planes[][PLANE_WORDS])
{
    int length = history_length(position);
    for (int back = 0; back < length; back++) {
        int point = stored_point(position->recent[position->count - 1 - back]);
        if (point != STORED_PASS) mark(planes[RECENT_MOVES + back], grid_point(position->board->size, point));
    }
}

/* A row bitboard: one word for each row, in which bit k is the point in column k. Row r is [r + 1]; [0] and [size + 1] are
 * empty. Handling a whole row at once avoids branches on single points, which the processor cannot predict. */
typedef uint32_t RowBitboard[MAX_SIZE + 2];

typedef struct {
    RowBitboard empty;
    RowBitboard stones[3]; /* by colour */
    RowBitboard strong[3]; /* stones of chains with more than FEW liberties, by colour */
    RowBitboard atari[3];  /* stones of chains in atari, by colour */
} RowBitboards;

/* The points of a row that are adjacent to a point of `rows`. */
static inline uint32_t beside(const RowBitboard rows, int row)
{
    return rows[row - 1] | rows[row + 1] | rows[row] << 1 | rows[row] >> 1;
}

/* Mark the planes of stones, liberties and ladders, and fill `boards`. */
static void mark_stones(Board *board, int to_play, int offset, uint64_t planes[][PLANE_WORDS], RowBitboards *boards)
{
    int size = board->size;
    for (int row = 1; row <= size; row++) {
        uint32_t found[3][FEW + 2] = {{0}}; /* by colour and liberties; found[EMPTY] is not used */
        int start = row * BOARD_STRIDE + 1, grid = grid_of_loc(offset, start);
        for (int column = 0; column < size; column++) {
            int loc = start + column, liberties = board_liberties(board, loc);
            found[board->colour[loc]][liberties <= FEW ? liberties : FEW + 1] |= 1u << column;
        }
        for (int theirs = 0; theirs < 2; theirs++) {
            int colour = theirs ? opponent_of(to_play) : to_play;
            uint32_t stones = boards->strong[colour][row] = found[colour][FEW + 1];
            boards->atari[colour][row] = found[colour][1];
            for (int liberties = 1; liberties <= FEW; liberties++) {
                mark_row(planes[CHAIN_LIBERTIES + FEW * theirs + liberties - 1], grid, found[colour][liberties]);
                stones |= found[colour][liberties];
            }
            mark_row(planes[STONES + theirs], grid, stones);
            boards->stones[colour][row] = stones;
        }
        boards->empty[row] = ((1u << size) - 1) & ~(boards->stones[BLACK][row] | boards->stones[WHITE][row]);
        for (uint32_t weak = found[BLACK][1] | found[BLACK][2] | found[WHITE][1] | found[WHITE][2]; weak; weak &= weak - 1) {
            int loc = start + __builtin_ctz(weak);
            if (board->head[loc] == loc) mark_ladder(board, loc, offset, planes);
        }
    }
}

/* The points of a row with exactly 1, 2 and 3 empty neighbours, counted for all points at once with bitwise adders. */
static inline void count_empty(const RowBitboard empty, int row, uint32_t exactly[FEW])
{
    uint32_t up = empty[row - 1], down = empty[row + 1], left = empty[row] << 1, right = empty[row] >> 1;
    uint32_t odd = up ^ down ^ left ^ right, pairs = (up & down) ^ (left & right) ^ ((up ^ down) & (left ^ right));
    exactly[1] = odd & ~pairs;
    exactly[2] = ~odd & pairs;
    exactly[3] = odd & pairs;
}

/* Mark the planes of liberties after a move. Three cases: without an own chain beside the point and without a capture, the
 * liberties are the empty neighbours. Beside an own chain with more than FEW liberties, at least FEW are left, so no plane is
 * marked. All other points are computed one by one. */
static void mark_liberties_after_moves(const Board *board, int to_play, int offset, const RowBitboards *boards,
                                       uint64_t planes[][PLANE_WORDS])
{
    for (int row = 1; row <= board->size; row++) {
        uint32_t exactly[FEW];
        count_empty(boards->empty, row, exactly);
        int start = row * BOARD_STRIDE + 1, grid = grid_of_loc(offset, start);
        for (int theirs = 0; theirs < 2; theirs++) {
            int colour = theirs ? opponent_of(to_play) : to_play, first = LIBERTIES_AFTER_MOVE + (FEW - 1) * theirs;
            uint32_t captures = beside(boards->atari[opponent_of(colour)], row),
                     near = beside(boards->stones[colour], row) | captures;
            for (int liberties = 1; liberties < FEW; liberties++) {
                mark_row(planes[first + liberties - 1], grid, boards->empty[row] & ~near & exactly[liberties]);
            }
            for (uint32_t left = boards->empty[row] & near & ~beside(boards->strong[colour], row); left; left &= left - 1) {
                int column = __builtin_ctz(left);
                int liberties = liberties_after_move(board, colour, start + column, captures >> column & 1);
                if (liberties > 0 && liberties < FEW) mark(planes[first + liberties - 1], grid + column);
            }
        }
    }
}

void features_sandbox_26(const Position *position, uint64_t planes[][PLANE_WORDS])
{
    Board *board = position->board;
    int to_play = position->to_play, size = board->size, offset = grid_offset(size);
    RowBitboards boards;
    memset(&boards, 0, sizeof boards);
    memset(planes, 0, SANDBOX_26_PLANES * sizeof planes[0]);
    for (int row = 0; row < size; row++) mark_row(planes[ON_BOARD], (row + offset) * MAX_SIZE + offset, (1u << size) - 1);
    mark_stones(board, to_play, offset, planes, &boards);
    mark_liberties_after_moves(board, to_play, offset, &boards, planes);
    if (board->ko_loc != NO_LOC && board->ko_colour == to_play) mark(planes[KO_BAN], grid_of_loc(offset, board->ko_loc));
    mark_recent(position, planes);
}

void features_pack(uint64_t planes[][PLANE_WORDS], int count, uint8_t *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(out, planes, (size_t)count * PACKED_BYTES);
#else
    for (int plane = 0; plane < count; plane++) {
        for (int byte = 0; byte < PACKED_BYTES; byte++) *out++ = (uint8_t)(planes[plane][byte >> 3] >> (8 * (byte & 7)));
    }
#endif
}

/* A row of a packed plane: bit k is the point in column k. */
static inline uint32_t packed_row(const uint8_t packed[PACKED_BYTES], int row)
{
    const uint8_t *at = packed + (row * MAX_SIZE >> 3);
    uint32_t bits = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    return bits >> (row * MAX_SIZE & 7) & ((1u << MAX_SIZE) - 1);
}

/* Union-find over labels, 1 + grid point: lower[label] is a label of the same chain that is not higher, and itself only for the
 * lowest; 0 where there is no stone. */
static void join_chains(int16_t lower[], int one, int other)
{
    while (lower[one] != one) one = lower[one];
    while (lower[other] != other) other = lower[other];
    lower[one > other ? one : other] = (int16_t)(one > other ? other : one);
}

/* The stones of a row get the label of the leftmost one that touches; then stones that touch those above join their chains.
 * Few branches, because the processor cannot predict where stones are. */
bool features_label_chains(const uint8_t own[PACKED_BYTES], const uint8_t opponent[PACKED_BYTES], int16_t labels[MAX_POINTS])
{
    int16_t lower[MAX_POINTS + 1] = {0};
    uint32_t own_above = 0, opponent_above = 0;
    for (int row = 0; row < MAX_SIZE; row++) {
        uint32_t ours = packed_row(own, row), theirs = packed_row(opponent, row);
        if (ours & theirs) return false;
        uint32_t stones = ours | theirs, same_left = (ours & ours << 1) | (theirs & theirs << 1);
        int first = row * MAX_SIZE + 1, leftmost = 0;
        for (int column = 0; column < MAX_SIZE; column++) {
            leftmost = same_left >> column & 1 ? leftmost : first + column;
            lower[first + column] = (int16_t)(stones >> column & 1 ? leftmost : 0);
        }
        uint32_t same_above = (ours & own_above) | (theirs & opponent_above);
        for (uint32_t left = same_above & ~(same_above << 1 & same_left); left; left &= left - 1) {
            int label = first + __builtin_ctz(left);
            join_chains(lower, label, label - MAX_SIZE);
        }
        own_above = ours;
        opponent_above = theirs;
    }
    for (int label = 1; label <= MAX_POINTS; label++) labels[label - 1] = lower[label] = lower[lower[label]];
    return true;
}
