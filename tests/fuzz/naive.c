#include "naive.h"

#include <string.h>

typedef struct {
    int locs[MAX_POINTS], count;
    int liberties;
} Found;

static Found find_chain(const Naive *naive, int start)
{
    bool seen[BOARD_CELLS] = {false};
    Found found = {.locs = {start}, .count = 1};
    seen[start] = true;
    for (int k = 0; k < found.count; k++) {
        for (int i = 0; i < 4; i++) {
            int neighbour = found.locs[k] + NEIGHBOURS[i];
            if (seen[neighbour]) continue;
            seen[neighbour] = true;
            if (naive->colour[neighbour] == EMPTY) found.liberties++;
            if (naive->colour[neighbour] == naive->colour[start]) found.locs[found.count++] = neighbour;
        }
    }
    return found;
}

void naive_init(Naive *naive, int size)
{
    *naive = (Naive){.ko_loc = NO_LOC, .ko_colour = EMPTY};
    memset(naive->colour, WALL, sizeof naive->colour);
    for (int point = 0; point < size * size; point++) naive->colour[loc_of_point(size, point)] = EMPTY;
}

Legality naive_play(Naive *naive, int colour, int loc, bool suicide)
{
    Naive before = *naive;
    naive->ko_loc = NO_LOC;
    naive->ko_colour = EMPTY;
    if (loc == NO_LOC) return LEGAL;
    Legality refusal = before.colour[loc] != EMPTY ? OCCUPIED : loc == before.ko_loc && colour == before.ko_colour ? KO : LEGAL;
    int captured = 0, last = NO_LOC;
    if (refusal == LEGAL) {
        naive->colour[loc] = (uint8_t)colour;
        for (int i = 0; i < 4; i++) {
            int neighbour = loc + NEIGHBOURS[i];
            if (naive->colour[neighbour] != opponent_of(colour)) continue;
            Found enemy = find_chain(naive, neighbour);
            if (enemy.liberties > 0) continue;
            for (int k = 0; k < enemy.count; k++) naive->colour[enemy.locs[k]] = EMPTY;
            captured += enemy.count;
            last = neighbour;
        }
        Found own = find_chain(naive, loc);
        if (own.liberties == 0 && !suicide) refusal = SUICIDE;
        for (int k = 0; own.liberties == 0 && k < own.count; k++) naive->colour[own.locs[k]] = EMPTY;
        if (captured == 1 && own.count == 1 && own.liberties == 1) {
            naive->ko_loc = last;
            naive->ko_colour = opponent_of(colour);
        }
    }
    if (refusal != LEGAL) *naive = before;
    return refusal;
}
