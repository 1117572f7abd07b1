#include "replay.h"

#include <stddef.h>

#include "ladder.h"

/* The loc of a stored move: NO_LOC for a pass, -1 for a point off the board. */
static inline int stored_loc(int size, uint16_t move)
{
    int point = stored_point(move);
    if (point == STORED_PASS) return NO_LOC;
    return point < size * size ? loc_of_point(size, point) : -1;
}

Legality replay_place(Board *board, int colour, int loc, Undo *undo)
{
    Legality legality = board->colour[loc] == EMPTY ? LEGAL : OCCUPIED;
    int16_t ko_loc = board->ko_loc;
    if (legality == LEGAL) {
        board->ko_loc = NO_LOC;
        legality = board_legality(board, colour, loc, false);
        board->ko_loc = ko_loc;
    }
    if (legality != LEGAL) return legality;
    board_play(board, colour, loc, undo);
    board->ko_loc = NO_LOC;
    board->ko_colour = EMPTY;
    return LEGAL;
}

int64_t replay_moves(Board *board, const uint16_t *moves, int64_t from, int64_t to, Undo undos[2], Legality *reason)
{
    *reason = LEGAL;
    for (int64_t ply = from; ply < to; ply++) {
        int colour = stored_colour(moves[ply]), loc = stored_loc(board->size, moves[ply]);
        *reason = loc < 0 ? OCCUPIED : board_legality(board, colour, loc, true);
        if (*reason != LEGAL) return ply;
        board_play(board, colour, loc, &undos[ply % 2]);
    }
    return to;
}

Legality replay_start(Board *board, const Games *games, int64_t game)
{
    Undo undo;
    board_init(board, games->sizes[game]);
    for (int64_t k = games->setup_start[game]; k < games->setup_start[game + 1]; k++) {
        int loc = stored_loc(board->size, games->setup[k]);
        Legality legality = loc <= NO_LOC ? OCCUPIED : replay_place(board, stored_colour(games->setup[k]), loc, &undo);
        if (legality != LEGAL) return legality;
    }
    return LEGAL;
}

ReplayFault replay_rows(const FeatureSet *set, const Games *games, const RowRequest *rows, uint8_t *packed, int64_t *targets)
{
    Board board;
    Undo undos[2];
    uint64_t planes[MAX_PLANES][PLANE_WORDS];
    int64_t game = -1, ply = 0;
    for (int64_t row = 0; row < rows->count; row++) {
        Legality reason;
        if (rows->games[row] != game || rows->plies[row] < ply) {
            game = rows->games[row];
            ply = 0;
            reason = replay_start(&board, games, game);
            if (reason != LEGAL) return (ReplayFault){row, game, -1, reason};
        }
        const uint16_t *moves = games->moves + games->game_start[game];
        ply = replay_moves(&board, moves, ply, rows->plies[row], undos, &reason);
        if (reason != LEGAL) return (ReplayFault){row, game, ply, reason};
        Position position = {
            .board = &board,
            .to_play = stored_colour(moves[ply]),
            .recent = moves,
            .count = (int)ply,
            .max_history = rows->history_length[row],
            .undo = {ply > 0 ? &undos[(ply - 1) % 2] : NULL, ply > 1 ? &undos[ply % 2] : NULL},
            .komi = rows->komi[row],
            .rules = rows->rules[row],
        };
        set->fill(&position, planes);
        features_pack(planes, set->planes, packed + row * set->planes * PACKED_BYTES);
        int point = stored_point(moves[ply]);
        targets[row] = point == STORED_PASS ? STORED_PASS : grid_point(board.size, point);
    }
    return NO_REPLAY_FAULT;
}

ReplayFault replay_all(const Games *games, int64_t *played)
{
    Board board;
    Undo undos[2];
    *played = 0;
    for (int64_t game = 0; game < games->count; game++) {
        Legality reason = replay_start(&board, games, game);
        if (reason != LEGAL) return (ReplayFault){0, game, -1, reason};
        int64_t start = games->game_start[game], count = games->game_start[game + 1] - start;
        int64_t legal = replay_moves(&board, games->moves + start, 0, count, undos, &reason);
        *played += legal;
        if (reason != LEGAL) return (ReplayFault){0, game, legal, reason};
    }
    return NO_REPLAY_FAULT;
}

static int64_t count_ladders(Board *board)
{
    int64_t captured = 0;
    for (int row = 1; row <= board->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + board->size; loc++) {
            bool is_head = board->colour[loc] != EMPTY && board->head[loc] == loc;
            if (is_head && chain_liberties(board->chain[loc]) <= 2) captured += ladder_read(board, loc, LADDER_NODES).captured;
        }
    }
    return captured;
}

ReplayFault replay_ladders(const Games *games, int64_t *positions, int64_t *captured)
{
    Board board;
    Undo undos[2];
    *positions = *captured = 0;
    for (int64_t game = 0; game < games->count; game++) {
        Legality reason = replay_start(&board, games, game);
        if (reason != LEGAL) return (ReplayFault){0, game, -1, reason};
        int64_t start = games->game_start[game], count = games->game_start[game + 1] - start;
        for (int64_t ply = 0; ply < count; ply++) {
            *captured += count_ladders(&board);
            (*positions)++;
            replay_moves(&board, games->moves + start, ply, ply + 1, undos, &reason);
            if (reason != LEGAL) return (ReplayFault){0, game, ply, reason};
        }
    }
    return NO_REPLAY_FAULT;
}
