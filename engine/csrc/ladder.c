#include "ladder.h"

#include <assert.h>

/* Each side adds a stone at most on every point; deeper lines than this come only from long exchanges of captures. */
enum { MAX_DEPTH = 2 * MAX_POINTS, MAX_MOVES = 8 * MAX_POINTS };

typedef enum { ESCAPED, CAPTURED, OPEN } Verdict;

typedef struct {
    Undo undo;
    int first, next, end; /* this frame's moves in Reading.moves */
} Frame;

typedef struct {
    Board *board;
    int stone; /* of the chain that is read; the defender is its owner */
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

/* What comes of a chain extending to `loc`, its only liberty once the attacker stands at `attack` (NO_LOC: it is in atari
 * already), where that is plain without playing: three liberties are an escape, one is none. OPEN where it is not plain. */
static Verdict judge_extension(const Board *board, int stone, int loc, int attack)
{
    int defender = board->colour[stone], own = board->head[stone], gained = 0;
    bool plain = true;
    for (int i = 0; i < 4; i++) {
        int neighbour = loc + NEIGHBOURS[i], there = board->colour[neighbour];
        if (there == WALL) continue;
        if (there == EMPTY) {
            gained += neighbour != attack;
        } else if (there == defender && board->head[neighbour] != own) {
            if (board_liberties(board, neighbour) > (attack ? 4 : 3)) return ESCAPED;
            plain = false;
        } else if (there != defender && board_liberties(board, neighbour) == 1) {
            plain = false;
        }
    }
    if (gained >= 3) return ESCAPED;
    return plain && gained <= 1 ? CAPTURED : OPEN;
}

/* Captures of attacking chains in atari next to the chain, then its own liberty. */
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

/* Twice the liberties that the defender could gain at `loc`: its empty neighbours, and from the defender's chains there. */
static int promise(const Board *board, int defender, int loc)
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

/* The attacker takes one of two liberties, the one that promises less first, unless the defender plainly gets out at it. */
static void add_attacking_moves(Reading *reading)
{
    const Board *board = reading->board;
    int stone = reading->stone, defender = board->colour[stone], at[2];
    chain_two_liberties(chain_read(reading), at);
    bool works0 = judge_extension(board, stone, at[1], at[0]) != ESCAPED;
    bool works1 = judge_extension(board, stone, at[0], at[1]) != ESCAPED;
    bool second_first = works0 && works1 && promise(board, defender, at[1]) > promise(board, defender, at[0]);
    int first = reading->move_count;
    if (works1 && second_first) add_move(reading, first, at[1]);
    if (works0) add_move(reading, first, at[0]);
    if (works1 && !second_first) add_move(reading, first, at[1]);
}

/* Judge the position with the defender (or the attacker) to move, or list the moves to try. */
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

/* The mover's next legal move; NO_LOC when there is none left. */
static int next_move(const Reading *reading, Frame *frame, int mover)
{
    while (frame->next < frame->end) {
        int move = reading->moves[frame->next++];
        if (board_legality(reading->board, mover, move, false) == LEGAL) return move;
    }
    return NO_LOC;
}

/* Depth-first reading with the defender to move first. Any ko ban on the board must have been lifted. */
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
        /* This position is decided. It decides the one before it too, if it is what the mover there wants. */
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
