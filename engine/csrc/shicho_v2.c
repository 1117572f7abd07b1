#include "shicho_v2.h"

#include <math.h>
#include <string.h>

#include "area.h"
#include "ladder.h"

/* The first planes of this set, as plane numbers of `sandbox-26`. It drops 4 liberties, and 3 liberties after a move. */
static const uint8_t KEPT[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25};

enum {
    LADDERS_NOW = 19,  /* 19 in atari, 20 with two liberties */
    LADDERS_BACK = 22, /* 22 one turn back, 23 two */
    PASS_ALIVE = 24,   /* 24 own, 25 opponent's */
    KOMI_KNOWN = 26,
    SELF_KOMI = 27, /* 27-34 */
    SUPERKO = 35,
    SUICIDE_ALLOWED = 36,
    TERRITORY = 37,
};

static const float KOMI_STEPS[] = {-7, -6, -5, -2, 2, 5, 6, 7};

enum { KOMI_PLANES = sizeof KOMI_STEPS / sizeof *KOMI_STEPS };

_Static_assert(sizeof KEPT == LADDERS_BACK && SELF_KOMI + KOMI_PLANES == SUPERKO, "plane numbers do not add up");
_Static_assert(TERRITORY + 1 == SHICHO_V2_PLANES, "the number of planes is wrong");

/* Mark the stones of all chains with one or two liberties that a ladder captures. */
static void mark_captured_chains(Board *board, uint64_t plane[PLANE_WORDS])
{
    for (int row = 1; row <= board->size; row++) {
        for (int loc = row * BOARD_STRIDE + 1; loc <= row * BOARD_STRIDE + board->size; loc++) {
            bool is_head = board->colour[loc] != EMPTY && board->head[loc] == loc;
            if (!is_head || board_liberties(board, loc) > 2) continue;
            if (ladder_read(board, loc, LADDER_NODES).captured) mark_chain(board, loc, grid_offset(board->size), plane);
        }
    }
}

/* Mark the ladders of the positions before the last move and before the last two moves, by undoing moves on a copy of the
 * board. If the history is too short, a plane equals that of one move later. */
static void mark_ladders_back(const Position *position, uint64_t planes[][PLANE_WORDS])
{
    Board earlier = *position->board;
    uint64_t now[PLANE_WORDS];
    for (int word = 0; word < PLANE_WORDS; word++) now[word] = planes[LADDERS_NOW][word] | planes[LADDERS_NOW + 1][word];
    const uint64_t *later = now;
    int length = history_length(position);
    for (int back = 0; back < 2; back++) {
        uint64_t *plane = planes[LADDERS_BACK + back];
        if (back < length && position->undo[back]) {
            board_undo(&earlier, position->undo[back]);
            mark_captured_chains(&earlier, plane);
        } else {
            memcpy(plane, later, sizeof now);
        }
        later = plane;
    }
}

static void mark_pass_alive(const Board *board, int to_play, uint64_t planes[][PLANE_WORDS])
{
    uint8_t owner[BOARD_CELLS];
    area_pass_alive(board, owner);
    for (int point = 0; point < board->size * board->size; point++) {
        int colour = owner[loc_of_point(board->size, point)];
        if (colour != EMPTY) mark(planes[PASS_ALIVE + (colour != to_play)], grid_point(board->size, point));
    }
}

/* Mark the planes of komi and rules: each covers the whole board (equals planes[0]) or is empty. */
static void mark_game(const Position *position, uint64_t planes[][PLANE_WORDS])
{
    bool on[SHICHO_V2_PLANES] = {false};
    float self_komi = position->to_play == WHITE ? position->komi : -position->komi;
    on[KOMI_KNOWN] = !isnan(self_komi);
    for (int step = 0; step < KOMI_PLANES; step++) on[SELF_KOMI + step] = self_komi >= KOMI_STEPS[step];
    on[SUPERKO] = position->rules & RULE_SUPERKO;
    on[SUICIDE_ALLOWED] = position->rules & RULE_SUICIDE;
    on[TERRITORY] = position->rules & RULE_TERRITORY;
    for (int plane = KOMI_KNOWN; plane < SHICHO_V2_PLANES; plane++) {
        if (on[plane]) memcpy(planes[plane], planes[0], sizeof planes[0]);
    }
}

void features_shicho_v2(const Position *position, uint64_t planes[][PLANE_WORDS])
{
    uint64_t sandbox[SANDBOX_26_PLANES][PLANE_WORDS];
    features_sandbox_26(position, sandbox);
    memset(planes, 0, SHICHO_V2_PLANES * sizeof planes[0]);
    for (size_t plane = 0; plane < sizeof KEPT; plane++) memcpy(planes[plane], sandbox[KEPT[plane]], sizeof planes[0]);
    mark_ladders_back(position, planes);
    mark_pass_alive(position->board, position->to_play, planes);
    mark_game(position, planes);
}
