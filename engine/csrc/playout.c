#include "playout.h"

void playout_start(Playout *playout, const Board *board, int colour, uint64_t seed)
{
    playout->board = *board;
    playout->rng = seed;
    playout->colour = colour;
    playout->empty_count = playout->passes = playout->plies = 0;
    for (int row = 1; row <= board->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + board->size; loc++) {
            if (board->colour[loc] == EMPTY) playout_put_empty(playout, playout->empty_count++, loc);
        }
    }
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

    playout_put_empty(playout, playout->place[loc], playout->empty[--playout->empty_count]);
    for (int k = 0; k < undo.taken_count; k++) {
        int stone = undo.taken[k];
        do {
            playout_put_empty(playout, playout->empty_count++, stone);
            stone = board->next[stone];
        } while (stone != undo.taken[k]);
    }
}

int playout_finish(Playout *playout)
{
    int stones = 0;
    while (!playout_is_over(playout)) {
        int loc = playout_draw(playout, playout_may_be_drawn);
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
