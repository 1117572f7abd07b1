#include "playout.h"

/* splitmix64 (Steele, Lea and Flood 2014): every state is a good one, and seeds next to each other give unrelated numbers. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t value = *state += 0x9E3779B97F4A7C15u;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

/* By multiplication instead of division (Lemire 2019) and without his rejection step: a number is too likely by less than
 * bound / 2^32 of its share, one in ten million for a board. */
uint32_t playout_draw(Playout *playout, uint32_t bound) { return (uint32_t)((next_random(&playout->rng) >> 32) * bound >> 32); }

static inline void put_empty(Playout *playout, int place, int loc)
{
    playout->empty[place] = (int16_t)loc;
    playout->place[loc] = (int16_t)place;
}

void playout_start(Playout *playout, const Board *board, int colour, uint64_t seed)
{
    playout->board = *board;
    playout->rng = seed;
    playout->colour = colour;
    playout->empty_count = playout->passes = playout->plies = 0;
    for (int row = 1; row <= board->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + board->size; loc++) {
            if (board->colour[loc] == EMPTY) put_empty(playout, playout->empty_count++, loc);
        }
    }
}

/* A point with an empty neighbour is neither an eye nor a suicide nor (its four neighbours being stones) a ko. */
static inline bool is_playable(const Board *board, int colour, int loc)
{
    return board_empty_neighbours(board, loc) > 0 ||
           (!board_own_eye(board, colour, loc) && board_legality(board, colour, loc, false) == LEGAL);
}

int playout_choose(Playout *playout)
{
    /* What is drawn in vain changes places with the last point of the range, which then ends before it. */
    for (int range = playout->empty_count; range > 0; range--) {
        int drawn = (int)playout_draw(playout, (uint32_t)range), loc = playout->empty[drawn];
        if (is_playable(&playout->board, playout->colour, loc)) return loc;
        put_empty(playout, drawn, playout->empty[range - 1]);
        put_empty(playout, range - 1, loc);
    }
    return NO_LOC;
}

void playout_play(Playout *playout, int loc)
{
    Board *board = &playout->board;
    Undo undo;
    board_play(board, playout->colour, loc, &undo);
    playout->colour = opponent_of(playout->colour);
    playout->plies++;
    playout->passes = loc == NO_LOC ? playout->passes + 1 : 0;
    if (loc == NO_LOC) return;

    put_empty(playout, playout->place[loc], playout->empty[--playout->empty_count]);
    for (int k = 0; k < undo.taken_count; k++) {
        int stone = undo.taken[k];
        do {
            put_empty(playout, playout->empty_count++, stone);
            stone = board->next[stone];
        } while (stone != undo.taken[k]);
    }
}

int playout_finish(Playout *playout)
{
    int stones = 0;
    while (!playout_is_over(playout)) {
        int loc = playout_choose(playout);
        playout_play(playout, loc);
        stones += loc != NO_LOC;
    }
    return stones;
}

ReplayFault playout_games(const Games *games, int64_t per_game, uint64_t seed, int64_t *played)
{
    Board board;
    Playout playout;
    *played = 0;
    for (int64_t game = 0; game < games->count; game++) {
        Legality reason = replay_start(&board, games, game);
        if (reason != LEGAL) return (ReplayFault){0, game, -1, reason};
        for (int64_t k = 0; k < per_game; k++) {
            playout_start(&playout, &board, BLACK, seed);
            *played += playout_finish(&playout);
            seed = playout.rng;
        }
    }
    return NO_REPLAY_FAULT;
}
