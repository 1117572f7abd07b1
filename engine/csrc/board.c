#include "board.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* One 64-bit key for each stone: the output function of splitmix64 (Steele, Lea and Flood 2014) at a fixed place. */
static inline uint64_t stone_key(int colour, int loc)
{
    uint64_t key = (uint64_t)(2 * loc + colour) * 0x9E3779B97F4A7C15u;
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9u;
    key = (key ^ (key >> 27)) * 0x94D049BB133111EBu;
    return key ^ (key >> 31);
}

static inline void add_liberty(Chain *chain, int loc)
{
    chain->liberties++;
    chain->sum += (uint32_t)loc;
    chain->squares += (uint32_t)(loc * loc);
}

static inline void remove_liberty(Chain *chain, int loc)
{
    chain->liberties--;
    chain->sum -= (uint32_t)loc;
    chain->squares -= (uint32_t)(loc * loc);
}

/* Adds a head to the `count` different ones in `heads`, unless it is among them; returns how many there are then. */
static inline int add_head(int heads[4], int count, int head)
{
    for (int k = 0; k < count; k++) {
        if (heads[k] == head) return count;
    }
    heads[count] = head;
    return count + 1;
}

/* The heads of the different chains of `colour` next to `loc`; returns how many. */
static inline int adjacent_chains(const Board *board, int colour, int loc, int heads[4])
{
    int count = 0;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i];
        if (board->colour[neighbour] == colour) count = add_head(heads, count, board->head[neighbour]);
    }
    return count;
}

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

static inline bool touches_chain(const Board *board, int loc, int head)
{
    int colour = board->colour[head];
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i];
        if (board->colour[neighbour] == colour && board->head[neighbour] == head) return true;
    }
    return false;
}

/* Join two chains of one colour; returns the head of the whole. The smaller one's stones are relabelled one at a time, each
 * handing over those of its liberties that the growing chain does not have yet. */
static int merge_chains(Board *board, int a, int b, Merge *merge)
{
    bool a_is_big = board->chain[a].stones > board->chain[b].stones;
    int big = a_is_big ? a : b, small = a_is_big ? b : a;
    Chain *chain = &board->chain[big];
    *merge = (Merge){.big = (int16_t)big, .small = (int16_t)small, .big_before = *chain};
    int stone = small;
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] == EMPTY && !touches_chain(board, neighbour, big)) add_liberty(chain, neighbour);
        }
        board->head[stone] = (int16_t)big;
        stone = board->next[stone];
    } while (stone != small);
    chain->stones += board->chain[small].stones;
    swap_links(board, big, small);
    return big;
}

static void part_chains(Board *board, const Merge *merge)
{
    swap_links(board, merge->big, merge->small);
    int stone = merge->small;
    do {
        board->head[stone] = merge->small;
        stone = board->next[stone];
    } while (stone != merge->small);
    board->chain[merge->big] = merge->big_before;
}

/* Take a chain off the board; its points become liberties of the chains around it. Its links and its record stay. */
static void lift_chain(Board *board, int head, int colour)
{
    int stone = head, around[4];
    do {
        board->colour[stone] = EMPTY;
        board->hash ^= stone_key(colour, stone);
        int count = adjacent_chains(board, opponent_of(colour), stone, around);
        for (int k = 0; k < count; k++) add_liberty(&board->chain[around[k]], stone);
        stone = board->next[stone];
    } while (stone != head);
    board->captured[colour] += board->chain[head].stones;
}

static void put_chain_back(Board *board, int head, int colour)
{
    int stone = head, around[4];
    do {
        board->colour[stone] = (uint8_t)colour;
        int count = adjacent_chains(board, opponent_of(colour), stone, around);
        for (int k = 0; k < count; k++) remove_liberty(&board->chain[around[k]], stone);
        stone = board->next[stone];
    } while (stone != head);
    board->captured[colour] -= board->chain[head].stones;
}

/* What lies around a point: the chain that a lone stone there would be, and the heads of the different chains next to it. */
typedef struct {
    Chain lone;
    int heads[3][4]; /* by colour */
    int count[3];
} Surroundings;

static inline void look_around(const Board *board, int loc, Surroundings *around)
{
    around->lone = (Chain){.stones = 1};
    around->count[BLACK] = around->count[WHITE] = 0;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i], there = board->colour[neighbour];
        if (there == EMPTY) add_liberty(&around->lone, neighbour);
        else if (there != WALL)
            around->count[there] = add_head(around->heads[there], around->count[there], board->head[neighbour]);
    }
}

/* Put a stone at `loc`, a chain of its own at first, and merge it with its neighbours of the same colour. */
static inline int put_stone(Board *board, int colour, int loc, const Surroundings *around, Undo *undo)
{
    board->colour[loc] = (uint8_t)colour;
    board->hash ^= stone_key(colour, loc);
    board->head[loc] = board->next[loc] = (int16_t)loc;
    board->chain[loc] = around->lone;

    int head = loc;
    for (int k = 0; k < around->count[colour]; k++) {
        int own = around->heads[colour][k];
        remove_liberty(&board->chain[own], loc);
        head = merge_chains(board, head, own, &undo->merges[undo->merge_count++]);
    }
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
    undo->head = board->head[loc];
    undo->next = board->next[loc];
    undo->chain = board->chain[loc];
    Surroundings around;
    look_around(board, loc, &around);
    int head = put_stone(board, colour, loc, &around, undo);
    undo->own_head = (int16_t)head;

    int enemy = opponent_of(colour);
    for (int k = 0; k < around.count[enemy]; k++) {
        Chain *chain = &board->chain[around.heads[enemy][k]];
        remove_liberty(chain, loc);
        if (chain->liberties == 0) undo->taken[undo->taken_count++] = (int16_t)around.heads[enemy][k];
    }
    for (int k = 0; k < undo->taken_count; k++) lift_chain(board, undo->taken[k], enemy);

    const Chain *own = &board->chain[head];
    if (own->liberties == 0) {
        undo->suicide = true;
        lift_chain(board, head, colour);
    } else if (undo->taken_count == 1 && own->stones == 1 && own->liberties == 1 && board->chain[undo->taken[0]].stones == 1) {
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
    for (int k = undo->merge_count - 1; k >= 0; k--) part_chains(board, &undo->merges[k]);
    board->colour[loc] = EMPTY;
    board->head[loc] = undo->head;
    board->next[loc] = undo->next;
    board->chain[loc] = undo->chain;
    board->hash = undo->hash;
    for (int side = BLACK; side <= WHITE; side++) {
        int around[4], count = adjacent_chains(board, side, loc, around);
        for (int k = 0; k < count; k++) add_liberty(&board->chain[around[k]], loc);
    }
}

void chain_two_liberties(const Chain *chain, int liberties[2])
{
    /* a + b = sum and a^2 + b^2 = squares, so (b - a)^2 = 2 squares - sum^2, which is far below 2^24: exact in a float. */
    int difference = (int)sqrtf((float)(2 * chain->squares - chain->sum * chain->sum));
    liberties[0] = ((int)chain->sum - difference) / 2;
    liberties[1] = ((int)chain->sum + difference) / 2;
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

/* The stones and liberties of the chain at `start`, found by filling; marks its stones in `visited`. */
static Chain fill_chain(const Board *board, int start, bool visited[BOARD_CELLS], const char **broken)
{
    bool counted[BOARD_CELLS] = {false};
    int16_t waiting[MAX_POINTS];
    int count = 0, colour = board->colour[start];
    Chain found = {0};
    waiting[count++] = (int16_t)start;
    visited[start] = true;
    while (count > 0) {
        int stone = waiting[--count];
        found.stones++;
        if (board->head[stone] != board->head[start]) *broken = "head";
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] == EMPTY && !counted[neighbour]) {
                counted[neighbour] = true;
                add_liberty(&found, neighbour);
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
        if (colour != BLACK && colour != WHITE) continue;
        hash ^= stone_key(colour, loc);
        if (visited[loc]) continue;
        Chain found = fill_chain(board, loc, visited, &broken);
        if (broken) return broken;
        int head = board->head[loc];
        const Chain *kept = &board->chain[head];
        if (!links_close(board, head, found.stones)) return "links";
        if (kept->stones != found.stones) return "stones of a chain";
        if (found.liberties == 0) return "a chain without liberties";
        if (kept->liberties != found.liberties) return "liberties of a chain";
        if (kept->sum != found.sum || kept->squares != found.squares) return "sums of a chain's liberties";
    }
    if (hash != board->hash) return "hash";
    if (board->ko_loc != NO_LOC && board->colour[board->ko_loc] != EMPTY) return "ko point";
    return NULL;
}
