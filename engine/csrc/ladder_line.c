#include "ladder_line.h"

/* Each move of the line is found by running the solver on every move that it would try in the position. The solver can judge a
 * position directly if the chain is in atari and there is no ko ban. The attacker's turn is one move away from such a
 * position, so the functions here try each move and judge the result. */

/* The solver's verdict on the chain. */
typedef struct {
    bool captured;
    bool exhausted; /* the solver ran out of nodes, so `captured` is false without proof */
    int nodes;      /* nodes read for the verdict */
} Outcome;

static const Outcome ESCAPE = {.captured = false}, CAPTURE = {.captured = true};

/* A position of the line. */
typedef struct {
    Board board;
    int stone; /* a stone of the chain; the defender is its owner */
    int budget;
    bool opening; /* the attacker's first move is next: a ko ban that it leaves is ignored */
} Position;

static Chain chain_of(const Position *position) { return board_chain(&position->board, position->stone); }
static int liberties_of(const Position *position) { return chain_liberties(chain_of(position)); }

/* Judge the position after a move of the attacker. */
static Outcome judge_defenders_turn(Position *position)
{
    if (position->opening) position->board.ko_loc = NO_LOC;
    if (liberties_of(position) >= 2 || position->board.ko_loc != NO_LOC) return ESCAPE;
    Ladder ladder = ladder_read(&position->board, position->stone, position->budget);
    return (Outcome){ladder.captured, ladder.exhausted, ladder.nodes};
}

/* Play a move of the attacker, judge it and take it back. */
static Outcome judge_attack(Position *position, int move)
{
    Undo undo;
    board_play(&position->board, opponent_of(position->board.colour[position->stone]), move, &undo);
    Outcome outcome = judge_defenders_turn(position);
    board_undo(&position->board, &undo);
    outcome.nodes++;
    return outcome;
}

/* The attacker's legal moves at the chain's two liberties. */
static int attacking_moves(const Position *position, int16_t moves[2])
{
    int liberties[2], count = 0, attacker = opponent_of(position->board.colour[position->stone]);
    chain_two_liberties(chain_of(position), liberties);
    for (int k = 0; k < 2; k++) {
        if (board_legality(&position->board, attacker, liberties[k], false) == LEGAL) moves[count++] = (int16_t)liberties[k];
    }
    return count;
}

static Outcome judge_attackers_turn(Position *position)
{
    if (liberties_of(position) <= 1) return CAPTURE;
    if (liberties_of(position) >= 3) return ESCAPE;
    int16_t moves[2];
    int count = attacking_moves(position, moves);
    Outcome all = ESCAPE;
    for (int k = 0; k < count; k++) {
        Outcome one = judge_attack(position, moves[k]);
        if (one.captured) return one;
        all.nodes += one.nodes;
        all.exhausted |= one.exhausted;
    }
    return all;
}

static Outcome judge_defence(Position *position, int move)
{
    Undo undo;
    board_play(&position->board, position->board.colour[position->stone], move, &undo);
    Outcome outcome = judge_attackers_turn(position);
    board_undo(&position->board, &undo);
    outcome.nodes++;
    return outcome;
}

static int add_defence(const Position *position, int move, int16_t moves[MAX_POINTS], int count)
{
    for (int k = 0; k < count; k++) {
        if (moves[k] == move) return count;
    }
    int defender = position->board.colour[position->stone];
    if (board_legality(&position->board, defender, move, false) != LEGAL) return count;
    moves[count] = (int16_t)move;
    return count + 1;
}

/* The defender's legal moves in atari: capture an adjacent chain in atari, or extend. */
static int defending_moves(const Position *position, int16_t moves[MAX_POINTS])
{
    const Board *board = &position->board;
    int count = 0, stone = position->stone, attacker = opponent_of(board->colour[stone]);
    do {
        for (int i = 0; i < 4; i++) {
            int neighbour = stone + NEIGHBOURS[i];
            if (board->colour[neighbour] != attacker || board_liberties(board, neighbour) != 1) continue;
            count = add_defence(position, chain_only_liberty(board_chain(board, neighbour)), moves, count);
        }
        stone = board->next[stone];
    } while (stone != position->stone);
    return add_defence(position, chain_only_liberty(chain_of(position)), moves, count);
}

typedef enum { UNKNOWN, REFUTED, WORKS } Worth;

static Worth worth(Outcome outcome, bool defending)
{
    if (outcome.exhausted) return UNKNOWN;
    return outcome.captured != defending ? WORKS : REFUTED;
}

/* Whether the mover prefers `one` to `best`: it prefers moves that work, of these the one with the fewest nodes, and of other
 * moves the one with the most nodes. */
static bool is_better(Outcome one, Outcome best, bool defending)
{
    Worth ours = worth(one, defending), theirs = worth(best, defending);
    if (ours != theirs) return ours > theirs;
    return ours == WORKS ? one.nodes < best.nodes : one.nodes > best.nodes;
}

/* Choose the move of the line in this position; returns false if there is none. */
static bool choose(Position *position, bool defending, int *move)
{
    int16_t moves[MAX_POINTS];
    int count = defending ? defending_moves(position, moves) : attacking_moves(position, moves);
    Outcome best = {0};
    for (int k = 0; k < count; k++) {
        Outcome one = defending ? judge_defence(position, moves[k]) : judge_attack(position, moves[k]);
        if (k > 0 && !is_better(one, best, defending)) continue;
        best = one;
        *move = moves[k];
    }
    return count > 0;
}

static void advance(Position *position, bool defending, int move, LadderLine *line)
{
    int defender = position->board.colour[position->stone];
    Undo undo;
    board_play(&position->board, defending ? defender : opponent_of(defender), move, &undo);
    if (position->opening) position->board.ko_loc = NO_LOC;
    position->opening = false;
    line->moves[line->count++] = (int16_t)move;
}

/* Whether the reading is over, so that only the capture may be left to play. */
static bool is_decided(const Position *position, bool defending)
{
    int liberties = liberties_of(position);
    if (defending) return liberties >= 2 || position->board.ko_loc != NO_LOC;
    return liberties != 2;
}

Ladder ladder_read_line(const Board *board, int loc, int budget, LadderLine *line)
{
    Position position = {.board = *board, .stone = loc, .budget = budget};
    Ladder ladder = ladder_read(&position.board, loc, budget);
    *line = (LadderLine){.count = 0};
    if (liberties_of(&position) > 2 || (ladder.exhausted && !ladder.captured)) return ladder;

    position.board.ko_loc = NO_LOC;
    bool defending = liberties_of(&position) == 1;
    position.opening = !defending;
    int defender = board->colour[loc];
    line->first = (uint8_t)(defending ? defender : opponent_of(defender));
    while (line->count < MAX_LINE - 1 && !is_decided(&position, defending)) {
        int move = NO_LOC;
        bool found = choose(&position, defending, &move);
        if (!found && !defending) return ladder;
        advance(&position, defending, move, line);
        defending = !defending;
    }
    if (!defending && liberties_of(&position) == 1) {
        advance(&position, false, chain_only_liberty(chain_of(&position)), line);
    }
    return ladder;
}
