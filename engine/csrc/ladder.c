#include "ladder.h"

#include <assert.h>

/* Each side adds at most one stone on every point; only long exchanges of captures give deeper lines than this. */
enum { MAX_DEPTH = 2 * MAX_POINTS, MAX_MOVES = 8 * MAX_POINTS };

typedef enum { ESCAPED, CAPTURED, OPEN } Verdict;

typedef struct {
    Undo undo;
    int first, next, end; /* this frame's moves in Reading.moves */
} Frame;

typedef struct {
    Board *board;
    int stone; /* a stone of the chain that is read; the defender is its owner */
    int nodes, budget;
    bool exhausted;
    int move_count;
    Frame frames[MAX_DEPTH];
    int16_t moves[MAX_MOVES];
} Reading;

static inline Chain chain_read(const Reading *reading) { return board_chain(reading->board, reading->stone); }

static inline void add_move(Reading *reading, int first, int loc)
{
    for (int k = first; k < reading->move_count; k++) {
        if (reading->moves[k] == loc) return;
    }
    if (reading->move_count < MAX_MOVES) reading->moves[reading->move_count++] = (int16_t)loc;
    else reading->exhausted = true;
}

/* Judge a chain's extension to `loc`, its only liberty after the attacker's move at `attack` (NO_LOC: it is in atari already),
 * without playing: three liberties escape, one is captured. OPEN if playing is needed to tell. */
static Verdict judge_extension(const Board *board, int stone, int loc, int attack)
{
    int defender = board->colour[stone], own = board->head[stone], gained = 0;
    bool certain = true;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i], there = board->colour[neighbour];
        if (there == WALL) continue;
        if (there == EMPTY) {
            gained += neighbour != attack;
        } else if (there == defender && board->head[neighbour] != own) {
            if (board_liberties(board, neighbour) > (attack ? 4 : 3)) return ESCAPED;
            certain = false;
        } else if (there != defender && board_liberties(board, neighbour) == 1) {
            certain = false;
        }
    }
    if (gained >= 3) return ESCAPED;
    return certain && gained <= 1 ? CAPTURED : OPEN;
}

/* Add the captures of adjacent attacking chains in atari, then the extension at the chain's own liberty. */
static Verdict add_defending_moves(Reading *reading)
{
    const Board *board = reading->board;
    int first = reading->move_count, attacker = opponent_of(board->colour[reading->stone]);
    int stone = reading->stone, liberty = chain_only_liberty(chain_read(reading));
    Verdict extension = judge_extension(board, stone, liberty, NO_LOC);
    if (extension == ESCAPED) return ESCAPED;
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] != attacker) continue;
            Chain chain = board_chain(board, neighbour);
            if (chain_liberties(chain) == 1) add_move(reading, first, chain_only_liberty(chain));
        }
        stone = board->next[stone];
    } while (stone != reading->stone);
    if (extension == OPEN) add_move(reading, first, liberty);
    return OPEN;
}

/* An estimate of twice the liberties that the defender gains at `loc`, from empty neighbours and adjacent own chains. */
static int estimate_gain(const Board *board, int defender, int loc)
{
    int twice = 2 * board_empty_neighbours(board, loc), seen[4], count = 0;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i];
        if (board->colour[neighbour] != defender) continue;
        int head = board->head[neighbour];
        bool again = false;
        for (int k = 0; k < count; k++) again |= seen[k] == head;
        if (again) continue;
        seen[count++] = head;
        int gain = 2 * chain_liberties(board->chain[head]) - 3;
        if (gain > 0) twice += gain;
    }
    return twice;
}

/* Add the attacker's moves at the chain's two liberties. The attacker first tries the liberty at which the defender would gain
 * more, and does not try a move after which the defender certainly escapes at the other liberty. */
static void add_attacking_moves(Reading *reading)
{
    const Board *board = reading->board;
    int stone = reading->stone, defender = board->colour[stone], at[2];
    chain_two_liberties(chain_read(reading), at);
    bool works0 = judge_extension(board, stone, at[1], at[0]) != ESCAPED;
    bool works1 = judge_extension(board, stone, at[0], at[1]) != ESCAPED;
    bool second_first = works0 && works1 && estimate_gain(board, defender, at[1]) > estimate_gain(board, defender, at[0]);
    int first = reading->move_count;
    if (works1 && second_first) add_move(reading, first, at[1]);
    if (works0) add_move(reading, first, at[0]);
    if (works1 && !second_first) add_move(reading, first, at[1]);
}

/* Judge the position with the defender or the attacker to move; if it is OPEN, list the moves to try. */
static Verdict enter(Reading *reading, Frame *frame, bool defending)
{
    int liberties = chain_liberties(chain_read(reading));
    frame->first = frame->next = reading->move_count;
    Verdict verdict = OPEN;
    if (defending) {
        if (liberties >= 2 || reading->board->ko_loc != NO_LOC) return ESCAPED;
        verdict = add_defending_moves(reading);
    } else {
        if (liberties <= 1) return CAPTURED;
        if (liberties >= 3) return ESCAPED;
        add_attacking_moves(reading);
    }
    frame->end = reading->move_count;
    return verdict;
}

/* The mover's next legal move, NO_LOC if none is left. */
static int next_move(const Reading *reading, Frame *frame, int mover)
{
    while (frame->next < frame->end) {
        int move = reading->moves[frame->next++];
        if (board_legality(reading->board, mover, move, false) == LEGAL) return move;
    }
    return NO_LOC;
}

/* Depth-first reading with the defender to move first. The caller has cleared any ko ban of the board. */
static bool is_captured(Reading *reading)
{
    Board *board = reading->board;
    int defender = board->colour[reading->stone], depth = 0;
    Verdict verdict = enter(reading, &reading->frames[0], true);
    for (;;) {
        Frame *frame = &reading->frames[depth];
        bool defending = depth % 2 == 0;
        if (verdict == OPEN) {
            int mover = defending ? defender : opponent_of(defender), move = next_move(reading, frame, mover);
            if (move == NO_LOC) {
                verdict = defending ? CAPTURED : ESCAPED;
            } else if (reading->nodes >= reading->budget || depth + 1 == MAX_DEPTH || reading->exhausted) {
                reading->exhausted = true;
                while (depth > 0) board_undo(board, &reading->frames[--depth].undo);
                return false;
            } else {
                board_play(board, mover, move, &frame->undo);
                reading->nodes++;
                depth++;
                verdict = enter(reading, &reading->frames[depth], !defending);
                continue;
            }
        }
        /* This position is decided. It also decides the position before it if the mover there wants this verdict. */
        if (depth == 0) return verdict == CAPTURED;
        reading->move_count = frame->first;
        depth--;
        board_undo(board, &reading->frames[depth].undo);
        bool mover_defends = depth % 2 == 0;
        if (verdict != (mover_defends ? ESCAPED : CAPTURED)) verdict = OPEN;
    }
}

Ladder ladder_read(Board *board, int loc, int budget)
{
    Reading reading;
    reading.board = board;
    reading.stone = loc;
    reading.budget = budget;
    Ladder ladder = {0};
    Chain chain = chain_read(&reading);
    if (chain_liberties(chain) > 2) return ladder;

    int16_t ko_loc = board->ko_loc;
    board->ko_loc = NO_LOC;
    int first_moves[2] = {NO_LOC, NO_LOC}, tries = 1;
    if (chain_liberties(chain) == 2) {
        chain_two_liberties(chain, first_moves);
        tries = 2;
    }
    int attacker = opponent_of(board->colour[loc]);
    for (int k = 0; k < tries; k++) {
        int move = first_moves[k];
        bool attack = move != NO_LOC;
        if (attack && board_legality(board, attacker, move, false) != LEGAL) continue;
        if (attack && judge_extension(board, loc, first_moves[1 - k], move) == ESCAPED) continue;
        Undo undo;
        if (attack) {
            board_play(board, attacker, move, &undo);
            board->ko_loc = NO_LOC;
        }
        reading.nodes = attack;
        reading.move_count = 0;
        reading.exhausted = false;
        bool captured = is_captured(&reading);
        if (attack) board_undo(board, &undo);
        ladder.nodes += reading.nodes;
        ladder.exhausted |= reading.exhausted;
        ladder.captured |= captured;
        if (attack && captured) ladder.working[ladder.working_count++] = move;
    }
    board->ko_loc = ko_loc;
    return ladder;
}
