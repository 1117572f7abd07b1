/* Who owns the points: Tromp-Taylor area, and what is unconditionally alive (Benson 1976). */
#ifndef SHICHO_AREA_H
#define SHICHO_AREA_H

#include "board.h"

/* owner[loc]: the colour on the point, or the only colour that the empty region around it reaches; EMPTY where both or none. */
void area_tromp_taylor(const Board *board, uint8_t owner[BOARD_CELLS]);

/* owner[loc]: the colour whose pass-alive chain stands there, or whose pass-alive chains enclose the region around it, every
 * empty point of that region being a liberty of one of them (so that the opponent can live nowhere in it); else EMPTY. */
void area_pass_alive(const Board *board, uint8_t owner[BOARD_CELLS]);

#endif
