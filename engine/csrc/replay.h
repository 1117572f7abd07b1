/* Whole games from the store: replaying them, and the rows (planes and target) of a batch of their positions. */
#ifndef SHICHO_REPLAY_H
#define SHICHO_REPLAY_H

#include "board.h"
#include "features.h"

/* Games as the HDF5 store keeps them (all pointers borrowed): game g has moves[game_start[g]] to
 * moves[game_start[g + 1] - 1], set-up stones likewise. Offsets were checked by the caller. */
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
    int64_t row;  /* of a batch; 0 where whole games are replayed */
    int64_t game; /* -1: nothing stopped it */
    int64_t ply;  /* -1: a set-up stone */
    Legality reason;
} ReplayFault;

static const ReplayFault NO_REPLAY_FAULT = {.row = 0, .game = -1, .ply = -1, .reason = LEGAL};

/* Put a set-up stone; LEGAL, or why it cannot stand there. Leaves no ko ban. */
Legality replay_place(Board *board, int colour, int loc, Undo *undo);

/* Play moves[from .. to - 1] of a game with simple ko, suicide allowed; returns at which ply it stopped, and in `reason` why. A
 * point that is not on the board counts as OCCUPIED. The last moves can be taken back: undos[ply % 2] is for that of `ply`. */
int64_t replay_moves(Board *board, const uint16_t *moves, int64_t from, int64_t to, Undo undos[2], Legality *reason);

/* Make `board` the start of game g. */
Legality replay_start(Board *board, const Games *games, int64_t game);

/* Which rows are wanted (all pointers borrowed): of the positions before move plies[i] of games[i], with at most history[i]
 * past moves shown, played for komi[i] (NaN: unknown) by rules[i] (RULE_ bits). */
typedef struct {
    int64_t count;
    const int64_t *games, *plies;
    const uint8_t *history;
    const float *komi;
    const uint8_t *rules;
} RowRequest;

/* Neighbouring rows of one game with rising plies share a replay. Stops at the first fault. */
ReplayFault replay_rows(const FeatureSet *set, const Games *games, const RowRequest *rows, uint8_t *packed, int64_t *targets);

/* Check and play all moves of all games; counts them in `played`. */
ReplayFault replay_all(const Games *games, int64_t *played);

/* The same, reading in each position, before every move, all ladders of chains with one or two liberties. */
ReplayFault replay_ladders(const Games *games, int64_t *positions, int64_t *captured);

#endif
