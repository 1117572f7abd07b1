#include "area.h"

#include <string.h>

/* Open all points of the board that hold no stone of `colour`. */
static void open_all_but(const Board *board, int colour, bool open[BOARD_CELLS])
{
    for (int loc = 0; loc < BOARD_CELLS; loc++) open[loc] = board->colour[loc] != colour && board->colour[loc] != WALL;
}

/* Collect in `found` the open points connected to `start`, close them, and return how many there are. */
static int take_region(int start, bool open[BOARD_CELLS], int16_t found[MAX_POINTS])
{
    int count = 1;
    found[0] = (int16_t)start;
    open[start] = false;
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < 4; i++) {
            int neighbour = found[k] + NEIGHBOURS[i];
            if (!open[neighbour]) continue;
            open[neighbour] = false;
            found[count++] = (int16_t)neighbour;
        }
    }
    return count;
}

void area_tromp_taylor(const Board *board, uint8_t owner[BOARD_CELLS])
{
    bool reaches[3][BOARD_CELLS] = {{false}};
    for (int side = BLACK; side <= WHITE; side++) {
        bool open[BOARD_CELLS];
        int16_t region[MAX_POINTS];
        open_all_but(board, opponent_of(side), open);
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (board->colour[loc] != side || !open[loc]) continue;
            int count = take_region(loc, open, region);
            for (int k = 0; k < count; k++) reaches[side][region[k]] = true;
        }
    }
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int there = board->colour[loc];
        bool black = reaches[BLACK][loc], white = reaches[WHITE][loc];
        if (there == WALL) owner[loc] = EMPTY;
        else if (there != EMPTY) owner[loc] = (uint8_t)there;
        else owner[loc] = black == white ? EMPTY : black ? BLACK : WHITE;
    }
}

enum { MAX_REGIONS = MAX_POINTS };

/* The regions that one side's chains enclose. */
typedef struct {
    int16_t points[MAX_POINTS];
    int first[MAX_REGIONS + 1];    /* region r is points[first[r]] to points[first[r + 1] - 1] */
    int16_t vital[MAX_REGIONS][4]; /* heads of the chains that the region is vital to; NO_LOC in unused places */
    bool healthy[MAX_REGIONS];     /* every chain around the region may still be pass-alive */
    int count;
} Regions;

/* A region is vital to a chain if all empty points of the region are liberties of the chain. Such a chain is adjacent to the
 * first empty point, so the chains there are the candidates, and every further point removes those that it does not touch. */
static void find_vital(const Board *board, int side, Regions *regions, int region)
{
    int16_t *vital = regions->vital[region];
    bool begun = false;
    for (int k = 0; k < 4; k++) vital[k] = NO_LOC;
    for (int k = regions->first[region]; k < regions->first[region + 1]; k++) {
        int loc = regions->points[k], around[4];
        if (board->colour[loc] != EMPTY) continue;
        board_chains_around(board, loc, around);
        bool any = false;
        for (int i = 0; i < 4; i++) {
            if (!begun) vital[i] = board->colour[around[i]] == side ? (int16_t)around[i] : NO_LOC;
            bool touches = false;
            for (int j = 0; j < 4; j++) touches |= vital[i] == around[j];
            if (!touches) vital[i] = NO_LOC;
            any |= vital[i] != NO_LOC;
        }
        if (!any) return;
        begun = true;
    }
}

static void find_regions(const Board *board, int side, Regions *regions)
{
    bool open[BOARD_CELLS];
    open_all_but(board, side, open);
    regions->count = 0;
    regions->first[0] = 0;
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        if (!open[loc]) continue;
        int region = regions->count++, first = regions->first[region];
        regions->first[region + 1] = first + take_region(loc, open, regions->points + first);
        regions->healthy[region] = true;
        find_vital(board, side, regions, region);
    }
}

static bool is_enclosed_by(const Board *board, const Regions *regions, int region, const bool alive[BOARD_CELLS], int side)
{
    for (int k = regions->first[region]; k < regions->first[region + 1]; k++) {
        for (int i = 0; i < 4; i++) {
            int neighbour = regions->points[k] + NEIGHBOURS[i];
            if (board->colour[neighbour] == side && !alive[board->head[neighbour]]) return false;
        }
    }
    return true;
}

/* Benson's algorithm: remove chains with fewer than two vital regions, then regions next to a removed chain, until nothing
 * changes. Returns whether any chain is left. */
static bool find_alive(const Board *board, int side, Regions *regions, bool alive[BOARD_CELLS])
{
    for (int loc = 0; loc < BOARD_CELLS; loc++) alive[loc] = board->colour[loc] == side && board->head[loc] == loc;
    for (;;) {
        uint16_t vital[BOARD_CELLS] = {0};
        for (int region = 0; region < regions->count; region++) {
            for (int k = 0; k < 4; k++) vital[regions->vital[region][k]] += regions->healthy[region];
        }
        bool changed = false, any = false;
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (!alive[loc]) continue;
            alive[loc] = vital[loc] >= 2;
            changed |= !alive[loc];
            any |= alive[loc];
        }
        if (!changed || !any) return any;
        for (int region = 0; region < regions->count; region++) {
            regions->healthy[region] = regions->healthy[region] && is_enclosed_by(board, regions, region, alive, side);
        }
    }
}

static bool is_territory(const Board *board, const Regions *regions, int region, int side)
{
    if (!regions->healthy[region]) return false;
    for (int k = regions->first[region]; k < regions->first[region + 1]; k++) {
        int loc = regions->points[k];
        if (board->colour[loc] != EMPTY) continue;
        bool touched = false;
        for (int i = 0; i < 4; i++) touched |= board->colour[loc + NEIGHBOURS[i]] == side;
        if (!touched) return false;
    }
    return true;
}

void area_pass_alive(const Board *board, uint8_t owner[BOARD_CELLS])
{
    memset(owner, EMPTY, BOARD_CELLS);
    for (int side = BLACK; side <= WHITE; side++) {
        Regions regions;
        bool alive[BOARD_CELLS];
        find_regions(board, side, &regions);
        if (!find_alive(board, side, &regions, alive)) continue;
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (board->colour[loc] == side && alive[board->head[loc]]) owner[loc] = (uint8_t)side;
        }
        for (int region = 0; region < regions.count; region++) {
            if (!is_territory(board, &regions, region, side)) continue;
            for (int k = regions.first[region]; k < regions.first[region + 1]; k++) {
                owner[regions.points[k]] = (uint8_t)side;
            }
        }
    }
}
