#include "area.h"

#include <string.h>

/* Collects in `found` the region of points around `start` that are not `border` nor wall; returns how many. */
static int fill_region(const Board *board, int start, int border, bool visited[BOARD_CELLS], int16_t found[MAX_POINTS])
{
    int count = 1;
    found[0] = (int16_t)start;
    visited[start] = true;
    for (int k = 0; k < count; k++) {
        for (int i = 0; i < 4; i++) {
            int neighbour = found[k] + NEIGHBOURS[i];
            int there = board->colour[neighbour];
            if (there == border || there == WALL || visited[neighbour]) continue;
            visited[neighbour] = true;
            found[count++] = (int16_t)neighbour;
        }
    }
    return count;
}

void area_tromp_taylor(const Board *board, uint8_t owner[BOARD_CELLS])
{
    bool reaches[3][BOARD_CELLS] = {{false}};
    for (int side = BLACK; side <= WHITE; side++) {
        bool visited[BOARD_CELLS] = {false};
        int16_t region[MAX_POINTS];
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (board->colour[loc] != side || visited[loc]) continue;
            int count = fill_region(board, loc, opponent_of(side), visited, region);
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

/* The regions that one side's chains enclose, and which of them still count. */
typedef struct {
    int16_t points[MAX_POINTS];
    int first[MAX_REGIONS + 1]; /* region r is points[first[r]] to points[first[r + 1] - 1] */
    bool healthy[MAX_REGIONS];  /* every chain around it may still be pass-alive */
    int count;
} Regions;

static void find_regions(const Board *board, int side, Regions *regions)
{
    bool visited[BOARD_CELLS] = {false};
    regions->count = 0;
    regions->first[0] = 0;
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int there = board->colour[loc];
        if (there == side || there == WALL || visited[loc]) continue;
        int first = regions->first[regions->count];
        int count = fill_region(board, loc, side, visited, regions->points + first);
        regions->healthy[regions->count] = true;
        regions->first[++regions->count] = first + count;
    }
}

/* Counts, for every chain around a region, the region's empty points that are its liberties; returns how many are empty. */
static int count_touched(const Board *board, int side, const Regions *regions, int region, int touched[BOARD_CELLS])
{
    int empty = 0;
    for (int k = regions->first[region]; k < regions->first[region + 1]; k++) {
        int loc = regions->points[k], seen[4], count = 0;
        if (board->colour[loc] != EMPTY) continue;
        empty++;
        for (int i = 0; i < 4; i++) {
            int neighbour = loc + NEIGHBOURS[i];
            if (board->colour[neighbour] != side) continue;
            int head = board->head[neighbour];
            bool again = false;
            for (int j = 0; j < count; j++) again |= seen[j] == head;
            if (!again) touched[seen[count++] = head]++;
        }
    }
    return empty;
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

/* Benson's algorithm: drop chains with fewer than two vital regions, then regions with a dropped chain around, until nothing
 * changes. A region is vital to a chain when all its empty points are liberties of the chain. */
static void find_alive(const Board *board, int side, Regions *regions, bool alive[BOARD_CELLS])
{
    for (int loc = 0; loc < BOARD_CELLS; loc++) alive[loc] = board->colour[loc] == side && board->head[loc] == loc;
    bool changed = true;
    while (changed) {
        changed = false;
        uint16_t vital[BOARD_CELLS] = {0};
        for (int region = 0; region < regions->count; region++) {
            if (!regions->healthy[region]) continue;
            int touched[BOARD_CELLS] = {0};
            int empty = count_touched(board, side, regions, region, touched);
            for (int loc = 0; loc < BOARD_CELLS; loc++) vital[loc] += empty > 0 && touched[loc] == empty;
        }
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (!alive[loc] || vital[loc] >= 2) continue;
            alive[loc] = false;
            changed = true;
        }
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
        find_alive(board, side, &regions, alive);
        bool any = false;
        for (int loc = 0; loc < BOARD_CELLS; loc++) {
            if (board->colour[loc] != side || !alive[board->head[loc]]) continue;
            owner[loc] = (uint8_t)side;
            any = true;
        }
        for (int region = 0; any && region < regions.count; region++) {
            if (!is_territory(board, &regions, region, side)) continue;
            for (int k = regions.first[region]; k < regions.first[region + 1]; k++) {
                owner[regions.points[k]] = (uint8_t)side;
            }
        }
    }
}
