#include "board.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* The 64-bit Zobrist key of a stone, computed with the output function of splitmix64 (Steele, Lea and Flood 2014). */
static inline uint64_t stone_key(int colour, int loc)
{
    uint64_t key = (uint64_t)(2 * loc + colour) * 0x9E3779B97F4A7C15u;
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    return key ^ (key >> 31);
}

static const Chain ONE_STONE = 1 << 9;

#define LIBERTY(loc) (1 | (Chain)(loc) << 18 | (Chain)((loc) * (loc)) << 36)
#define FIVE(loc) LIBERTY(loc), LIBERTY((loc) + 1), LIBERTY((loc) + 2), LIBERTY((loc) + 3), LIBERTY((loc) + 4)
#define ROW(row) FIVE(20 * (row)), FIVE(20 * (row) + 5), FIVE(20 * (row) + 10), FIVE(20 * (row) + 15)
const Chain CHAIN_LIBERTY[BOARD_CELLS] = {
    ROW(0),  ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),  ROW(8),  ROW(9),  ROW(10),      ROW(11),
    ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17), ROW(18), ROW(19), ROW(20), ROW(21), LIBERTY(440),
};
_Static_assert(BOARD_STRIDE == 20 && BOARD_CELLS == 441, "the table has 22 rows of 20 and one cell");

void board_init(Board *board, int size)
{
    assert(size >= 2 && size <= MAX_SIZE);
    memset(board, 0, sizeof *board);
    memset(board->colour, WALL, sizeof board->colour);
    board->size = (uint8_t)size;
    for (int row = 1; row <= size; row++) memset(board->colour + row * BOARD_STRIDE + 1, EMPTY, (size_t)size);
}

Legality board_legality(const Board *board, int colour, int loc, bool suicide)
{
    if (loc == NO_LOC) return LEGAL;
    if (board->colour[loc] != EMPTY) return OCCUPIED;
    if (loc == board->ko_loc && colour == board->ko_colour) return KO;
    if (suicide) return LEGAL;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i];
        int there = board->colour[neighbour];
        if (there == EMPTY) return LEGAL;
        if (there == WALL) continue;
        int liberties = board_liberties(board, neighbour);
        if (there == colour ? liberties > 1 : liberties == 1) return LEGAL;
    }
    return SUICIDE;
}

static inline void swap_links(Board *board, int a, int b)
{
    int16_t kept = board->next[a];
    board->next[a] = board->next[b];
    board->next[b] = kept;
}

/* Join two chains of one colour; returns the head of the joined chain. Relabels the stones of the smaller chain one at a time
 * and adds those of their liberties that the growing chain does not have yet. */
static int merge_chains(Board *board, int a, int b, Merge *merge)
{
    bool a_is_big = chain_stones(board->chain[a]) > chain_stones(board->chain[b]);
    int big = a_is_big ? a : b, small = a_is_big ? b : a, stone = small;
    Chain whole = board->chain[big];
    *merge = (Merge){.big = (int16_t)big, .small = (int16_t)small, .big_before = whole};
    do {
        whole += board_new_liberties(board, stone, big) + ONE_STONE;
        board->head[stone] = (int16_t)big;
        stone = board->next[stone];
    } while (stone != small);
    board->chain[big] = whole;
    swap_links(board, big, small);
    return big;
}

static void split_chains(Board *board, const Merge *merge)
{
    swap_links(board, merge->big, merge->small);
    int stone = merge->small;
    do {
        board->head[stone] = merge->small;
        stone = board->next[stone];
    } while (stone != merge->small);
    board->chain[merge->big] = merge->big_before;
}

/* Make `loc` a liberty of the chains around it (open_point), or remove it from their liberties (close_point). */
static inline void open_point(Board *board, int loc)
{
    int heads[4];
    board_chains_around(board, loc, heads);
    for (int i = 0; i < 4; i++) board->chain[heads[i]] += chain_liberty(loc);
}

static inline void close_point(Board *board, int loc, int heads[4])
{
    board_chains_around(board, loc, heads);
    for (int i = 0; i < 4; i++) board->chain[heads[i]] -= chain_liberty(loc);
}

/* Remove a chain from the board; its points become liberties of the chains around it. Its links and its Chain are kept. */
static void lift_chain(Board *board, int head, int colour)
{
    int stone = head;
    do {
        board->colour[stone] = EMPTY;
        board->head[stone] = NO_LOC;
        board->hash ^= stone_key(colour, stone);
        stone = board->next[stone];
    } while (stone != head);
    do {
        open_point(board, stone);
        stone = board->next[stone];
    } while (stone != head);
    board->captured[colour] += (uint32_t)chain_stones(board->chain[head]);
}

static void put_chain_back(Board *board, int head, int colour)
{
    int stone = head, heads[4];
    do {
        close_point(board, stone, heads);
        stone = board->next[stone];
    } while (stone != head);
    do {
        board->colour[stone] = (uint8_t)colour;
        board->head[stone] = (int16_t)head;
        stone = board->next[stone];
    } while (stone != head);
    board->captured[colour] -= (uint32_t)chain_stones(board->chain[head]);
}

/* Put a stone at `loc`: it joins all own chains in `heads`, or becomes a new chain. Returns the head. */
static inline int put_stone(Board *board, int colour, int loc, const int heads[4], Undo *undo)
{
    int own[4], count = 0;
    for (int i = 0; i < 4; i++) {
        own[count] = heads[i];
        count += board->colour[heads[i]] == colour;
    }
    board->colour[loc] = (uint8_t)colour;
    board->hash ^= stone_key(colour, loc);
    if (count == 0) {
        board->head[loc] = board->next[loc] = (int16_t)loc;
        board->chain[loc] = ONE_STONE;
        for (int i = 0; i < 4; i++) {
            int neighbour = loc + NEIGHBOURS[i];
            board->chain[loc] += -(Chain)(board->colour[neighbour] == EMPTY) & chain_liberty(neighbour);
        }
        return loc;
    }
    int head = own[0];
    undo->merges[0] = (Merge){.big = (int16_t)head, .small = (int16_t)loc, .big_before = board->chain[head]};
    board->chain[head] += ONE_STONE + board_new_liberties(board, loc, head);
    board->next[loc] = board->next[head];
    board->next[head] = (int16_t)loc;
    board->head[loc] = (int16_t)head;
    for (int k = 1; k < count; k++) head = merge_chains(board, head, own[k], &undo->merges[k]);
    undo->merge_count = (uint8_t)count;
    return head;
}

void board_play(Board *board, int colour, int loc, Undo *undo)
{
    undo->hash = board->hash;
    undo->loc = (int16_t)loc;
    undo->colour = (uint8_t)colour;
    undo->ko_loc = board->ko_loc;
    undo->ko_colour = board->ko_colour;
    undo->merge_count = undo->taken_count = 0;
    undo->suicide = false;
    board->ko_loc = NO_LOC;
    board->ko_colour = EMPTY;
    if (loc == NO_LOC) return;

    assert(board->colour[loc] == EMPTY);
    undo->next = board->next[loc];
    undo->chain = board->chain[loc];
    int heads[4], enemy = opponent_of(colour);
    close_point(board, loc, heads);
    bool out_of_liberties = false;
    for (int i = 0; i < 4; i++) out_of_liberties |= chain_liberties(board->chain[heads[i]]) == 0;
    for (int i = 0; out_of_liberties && i < 4; i++) {
        if (board->colour[heads[i]] != enemy || chain_liberties(board->chain[heads[i]]) > 0) continue;
        undo->taken[undo->taken_count++] = (int16_t)heads[i];
    }
    int head = put_stone(board, colour, loc, heads, undo);
    undo->own_head = (int16_t)head;
    for (int k = 0; k < undo->taken_count; k++) lift_chain(board, undo->taken[k], enemy);

    Chain own = board->chain[head];
    if (chain_liberties(own) == 0) {
        undo->suicide = true;
        lift_chain(board, head, colour);
    } else if (undo->taken_count == 1 && chain_stones(own) == 1 && chain_liberties(own) == 1 &&
               chain_stones(board->chain[undo->taken[0]]) == 1) {
        board->ko_loc = undo->taken[0];
        board->ko_colour = (uint8_t)enemy;
    }
}

void board_undo(Board *board, const Undo *undo)
{
    int loc = undo->loc, colour = undo->colour;
    board->ko_loc = undo->ko_loc;
    board->ko_colour = undo->ko_colour;
    if (loc == NO_LOC) return;

    if (undo->suicide) put_chain_back(board, undo->own_head, colour);
    for (int k = undo->taken_count - 1; k >= 0; k--) put_chain_back(board, undo->taken[k], opponent_of(colour));
    for (int k = undo->merge_count - 1; k >= 0; k--) split_chains(board, &undo->merges[k]);
    board->colour[loc] = EMPTY;
    board->head[loc] = NO_LOC;
    board->next[loc] = undo->next;
    board->chain[loc] = undo->chain;
    board->hash = undo->hash;
    open_point(board, loc);
}

void chain_two_liberties(Chain chain, int liberties[2])
{
    /* a + b = sum and a^2 + b^2 = squares, so (b - a)^2 = 2 squares - sum^2, which is far below 2^24: exact in a float. */
    int sum = chain >> 18 & 0x3FFFF, squares = (int)(chain >> 36);
    int difference = (int)sqrtf((float)(2 * squares - sum * sum));
    liberties[0] = (sum - difference) / 2;
    liberties[1] = (sum + difference) / 2;
}

bool board_own_eye(const Board *board, int colour, int loc)
{
    if (board->colour[loc] != EMPTY) return false;
    bool at_edge = false;
    for (int i = 0; i < 4; i++) {
        int there = board->colour[loc + NEIGHBOURS[i]];
        if (there == WALL) at_edge = true;
        else if (there != colour) return false;
    }
    int held = 0;
    for (int i = 0; i < 4; i++) held += board->colour[loc + DIAGONALS[i]] == opponent_of(colour);
    return held <= (at_edge ? 0 : 1);
}

/* The Chain of the stone at `start`, found by flood fill; marks its stones in `visited`. */
static Chain fill_chain(const Board *board, int start, bool visited[BOARD_CELLS], const char **broken)
{
    bool counted[BOARD_CELLS] = {false};
    int16_t waiting[MAX_POINTS];
    int count = 0, colour = board->colour[start];
    Chain found = 0;
    waiting[count++] = (int16_t)start;
    visited[start] = true;
    while (count > 0) {
        int stone = waiting[--count];
        found += ONE_STONE;
        if (board->head[stone] != board->head[start]) *broken = "head";
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] == EMPTY && !counted[neighbour]) {
                counted[neighbour] = true;
                found += chain_liberty(neighbour);
            }
            if (board->colour[neighbour] == colour && !visited[neighbour]) {
                visited[neighbour] = true;
                waiting[count++] = (int16_t)neighbour;
            }
        }
    }
    return found;
}

static bool links_close(const Board *board, int head, int stones)
{
    int stone = head;
    for (int k = 0; k < stones; k++) {
        if (board->colour[stone] != board->colour[head] || board->head[stone] != head) return false;
        stone = board->next[stone];
        if (stone == head && k != stones - 1) return false;
    }
    return stone == head;
}

const char *board_check_consistency(const Board *board)
{
    bool visited[BOARD_CELLS] = {false};
    const char *broken = NULL;
    uint64_t hash = 0;
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int row = loc / BOARD_STRIDE, column = loc % BOARD_STRIDE, colour = board->colour[loc];
        bool inside = row >= 1 && row <= board->size && column >= 1 && column <= board->size;
        if (inside != (colour != WALL) || colour > WALL) return "walls";
        if (colour == EMPTY || colour == WALL) {
            if (board->head[loc] != NO_LOC) return "a head without a stone";
            continue;
        }
        hash ^= stone_key(colour, loc);
        if (visited[loc]) continue;
        Chain found = fill_chain(board, loc, visited, &broken);
        if (broken) return broken;
        int head = board->head[loc];
        Chain kept = board->chain[head];
        if (!links_close(board, head, chain_stones(found))) return "links";
        if (chain_stones(kept) != chain_stones(found)) return "stones of a chain";
        if (chain_liberties(found) == 0) return "a chain without liberties";
        if (chain_liberties(kept) != chain_liberties(found)) return "liberties of a chain";
        if (kept != found) return "sums of a chain's liberties";
    }
    if (hash != board->hash) return "hash";
    if (board->ko_loc != NO_LOC && board->colour[board->ko_loc] != EMPTY) return "ko point";
    return NULL;
}
