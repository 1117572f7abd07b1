/* What becomes of the stones: random playouts, and Benson's certainty where it reaches.
 *
 * The playouts are those of playout.h with two additions, without which a few kinds of groups meet fates no player would
 * give them (docs/status.md has what each is worth):
 * - No play that leaves an own chain of three stones or more in atari and captures nothing: big groups do not fill their own
 *   last liberties, and a seki stays one. One or two stones may be thrown in, as killing an eye often needs.
 * - A side whose chain the last move put in atari takes a chain beside it that is in atari, or else extends where that gives
 *   two liberties, rather than play somewhere.
 *
 * A chain is then dead where, on average over its points and the playouts, the other side owns it in the end; it is in seki
 * where in most playouts it stands to the end and touches a point that neither side could fill; else it is alive. What is
 * pass-alive is alive and what stands in pass-alive territory of the other side is dead, whatever the playouts say.
 */
#ifndef SHICHO_STATUS_H
#define SHICHO_STATUS_H

#include "board.h"

typedef enum { NO_STONE = 0, ALIVE = 1, DEAD = 2, IN_SEKI = 3 } Status;

enum { MAX_PLAYOUTS = 1000000 }; /* more than that only waste time */

/* Fills, by loc, the status of the stone there and the owner in [-1, 1]: black's share of the playouts minus white's. Black
 * begins in every other playout; needs 1 <= playouts <= MAX_PLAYOUTS. */
void status_judge(const Board *board, int playouts, uint64_t seed, uint8_t status[BOARD_CELLS], float owner[BOARD_CELLS]);

#endif
