/* The final status of stones (alive, dead or in seki), from random playouts and Benson's algorithm.
 *
 * The playouts are those of playout.h with two additional rules, without which some chains get a status that no player would
 * give them (docs/status.md measures the effect of each):
 * - A side does not play a move that captures nothing and leaves an own chain of three or more stones in atari. So big chains
 *   do not fill their own last liberties, and a seki stays a seki. Throw-ins of one or two stones are allowed, because killing
 *   an eye often needs them.
 * - If the last move put a chain in atari, its owner captures an adjacent chain in atari, or else extends if that gives two
 *   liberties, instead of drawing a random move.
 *
 * A chain is in seki if, in most playouts, it stands to the end and touches a point that neither side could fill. Otherwise it
 * is dead if, on average over its points and the playouts, the opponent owns its points at the end, and alive if not.
 * Pass-alive chains are always alive, and stones in the opponent's pass-alive territory are always dead.
 */
#ifndef SHICHO_STATUS_H
#define SHICHO_STATUS_H

#include "board.h"

typedef enum { NO_STONE = 0, ALIVE = 1, DEAD = 2, IN_SEKI = 3 } Status;

enum { MAX_PLAYOUTS = 1000000 }; /* more playouts do not improve the result */

/* Fill, by loc, the status of the stone and the owner in [-1, 1]: black's share of the playouts minus white's. Black begins in
 * every other playout; needs 1 <= playouts <= MAX_PLAYOUTS. */
void status_judge(const Board *board, int playouts, uint64_t seed, uint8_t status[BOARD_CELLS], float owner[BOARD_CELLS]);

#endif
