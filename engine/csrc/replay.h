/* Replaying stored games: whole games, and the rows (planes and target move) of a batch of their positions. */
#ifndef SHICHO_REPLAY_H
#define SHICHO_REPLAY_H

#include "board.h"
#include "features.h"

/* Games as the HDF5 store keeps them (all pointers borrowed). Game g has the moves moves[game_start[g]] to
 * moves[game_start[g + 1] - 1], and set-up stones in the same way. The caller has checked the offsets. */
typedef struct {
    const uint16_t *moves;
    const int64_t *game_start;
    const uint16_t *setup;
    const int64_t *setup_start;
    const uint8_t *sizes;
    int64_t count;
} Games;

/* What stopped a replay. */
typedef struct {
    int64_t row;  /* the row of the batch; 0 when whole games are replayed */
    int64_t game; /* -1: no fault */
    int64_t ply;  /* -1: the fault is in a set-up stone */
    Legality reason;
} ReplayFault;

static const ReplayFault NO_REPLAY_FAULT = {.row = 0, .game = -1, .ply = -1, .reason = LEGAL};

/* Put a set-up stone; returns LEGAL, OCCUPIED or SUICIDE. Ignores a ko ban and leaves none. */
Legality replay_place(Board *board, int colour, int loc, Undo *undo);

/* Play moves[from] to moves[to - 1] of a game with simple ko and suicide legal. Returns the ply of the first illegal move with
 * its `reason`, or `to` with LEGAL. A point off the board counts as OCCUPIED. The last two moves can be undone: undos[ply % 2]
 * belongs to the move of `ply`. */
int64_t replay_moves(Board *board, const uint16_t *moves, int64_t from, int64_t to, Undo undos[2], Legality *reason);

/* Make `board` the start position of a game; returns why a set-up stone cannot be placed, or LEGAL. */
Legality replay_start(Board *board, const Games *games, int64_t game);

/* The wanted rows (all pointers borrowed). Row i is the position before move plies[i] of games[i], with at most
 * history_length[i] past moves, komi[i] (NaN: unknown) and rules[i] (RULE_ bits). */
typedef struct {
    int64_t count;
    const int64_t *games, *plies;
    const uint8_t *history_length;
    const float *komi;
    const uint8_t *rules;
} RowRequest;

/* Write planes and target move of every row. Neighbouring rows of one game with rising plies share one replay. Stops at the
 * first fault. */
ReplayFault replay_rows(const FeatureSet *set, const Games *games, const RowRequest *rows, uint8_t *packed, int64_t *targets);

/* Check and play all moves of all games; `played` counts them. */
ReplayFault replay_all(const Games *games, int64_t *played);

/* The same, and read the ladders of all chains with one or two liberties in the position before every move. */
ReplayFault replay_ladders(const Games *games, int64_t *positions, int64_t *captured);

#endif
