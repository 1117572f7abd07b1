/* Owners of points: Tromp-Taylor area, and unconditionally alive chains with their territory (Benson 1976). */
#ifndef SHICHO_AREA_H
#define SHICHO_AREA_H

#include "board.h"

/* owner[loc]: the colour of the stone, or for an empty point the only colour that its empty region reaches (EMPTY if the region
 * reaches both colours or none). */
void area_tromp_taylor(const Board *board, uint8_t owner[BOARD_CELLS]);

/* owner[loc]: the colour of a pass-alive chain, or the colour whose pass-alive chains enclose the region of `loc`, if every
 * empty point of the region is a liberty of one of these chains (so that the opponent cannot live in it); else EMPTY. */
void area_pass_alive(const Board *board, uint8_t owner[BOARD_CELLS]);

#endif
