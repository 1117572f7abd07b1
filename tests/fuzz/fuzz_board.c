/* Random legal and illegal moves on random boards, mixed with undo, ladders, area, pass-alive, planes, playouts and status.
 *
 *     fuzz_board MOVES SEED
 *
 * Every move is compared with the plain rules of naive.c; every undo and every reading must restore the board byte for byte.
 * Meant for the sanitizers (make fuzz). If the run stops, it prints seed and move; the same seed repeats the same run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "area.h"
#include "features.h"
#include "ladder_line.h"
#include "naive.h"
#include "playout.h"
#include "status.h"

enum { MAX_GAME = 4 * MAX_POINTS, MAX_BRANCH = 60 };

/* The state of the run, for the report when it stops. */
static struct {
    unsigned long long seed, moves, games, readings, refused;
} run;

static uint64_t state;

/* splitmix64 (Steele, Lea and Flood 2014). */
static uint64_t next_random(void)
{
    uint64_t value = (state += 0x9E3779B97F4A7C15u);
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
    return value ^ (value >> 31);
}

static int below(int limit) { return (int)(next_random() % (uint64_t)limit); }

static bool one_in(int many) { return below(many) == 0; }

static void say_where(int number)
{
    fprintf(stderr, "fuzz_board: stopped at move %llu, game %llu; again: make fuzz SEED=%llu\n", run.moves, run.games,
            run.seed);
    signal(number, SIG_DFL);
    raise(number);
}

/* The sanitizers abort with SIGABRT, like a failed assertion. */
const char *__asan_default_options(void) { return "abort_on_error=1"; }
const char *__ubsan_default_options(void) { return "abort_on_error=1:print_stacktrace=1"; }

static void fail(const char *what)
{
    fprintf(stderr, "fuzz_board: %s\n", what);
    abort();
}

static void expect(bool holds, const char *what)
{
    if (!holds) fail(what);
}

/* A game: the board, the naive board, and the undo history. */
typedef struct {
    Board board;
    Naive naive;
    Undo undos[MAX_GAME];
    uint16_t moves[MAX_GAME]; /* stored moves */
    int count;
} Game;

static void check(const Game *game)
{
    const char *broken = board_check_consistency(&game->board);
    if (broken) fail(broken);
}

static int random_loc(const Board *board)
{
    if (one_in(100)) return NO_LOC;
    int points = board->size * board->size, loc = NO_LOC, tries = one_in(10) ? 1 : 8;
    do loc = loc_of_point(board->size, below(points));
    while (--tries > 0 && board->colour[loc] != EMPTY);
    return loc;
}

/* Try one move, which may be illegal. Both boards must agree about everything. */
static void try_move(Game *game, int colour)
{
    Board *board = &game->board;
    int loc = random_loc(board);
    bool suicide = one_in(2);
    Legality legality = board_legality(board, colour, loc, suicide);
    expect(legality == naive_play(&game->naive, colour, loc, suicide), "legality differs from the plain rules");
    if (legality != LEGAL) {
        run.refused++;
        return;
    }
    board_play(board, colour, loc, &game->undos[game->count]);
    int stored = loc == NO_LOC ? STORED_PASS : point_of_loc(board->size, loc);
    game->moves[game->count++] = (uint16_t)(stored | (colour == WHITE ? STORED_WHITE : 0));
    run.moves++;
    expect(!memcmp(board->colour, game->naive.colour, sizeof board->colour), "stones differ from the plain rules");
    expect(board->ko_loc == game->naive.ko_loc, "ko point differs from the plain rules");
    expect(board->ko_loc == NO_LOC || board->ko_colour == game->naive.ko_colour, "ko colour differs from the plain rules");
    if (one_in(16)) check(game);
}

/* Play moves and undo them: the board must be restored byte for byte. */
static void branch(Game *game, int colour)
{
    static Board before;
    memcpy(&before, &game->board, sizeof before);
    Naive naive = game->naive;
    int start = game->count, attempts = 1 + below(MAX_BRANCH);
    for (int k = 0; k < attempts && game->count < MAX_GAME; k++) {
        try_move(game, colour);
        if (!one_in(8)) colour = opponent_of(colour);
    }
    while (game->count > start) board_undo(&game->board, &game->undos[--game->count]);
    expect(!memcmp(&before, &game->board, sizeof before), "undo does not bring the board back");
    game->naive = naive;
}

static void read_ladder(Game *game)
{
    static Board before;
    static LadderLine line;
    static const int budgets[] = {0, 1, 7, 50, 400, LADDER_NODES};
    Board *board = &game->board;
    int loc = loc_of_point(board->size, below(board->size * board->size)), budget = budgets[below(6)];
    if (board->colour[loc] == EMPTY) return;
    memcpy(&before, board, sizeof before);
    Ladder ladder = ladder_read(board, loc, budget);
    expect(!memcmp(&before, board, sizeof before), "a ladder reading changes the board");
    expect(ladder.nodes <= 2 * (budget + 1), "a ladder reading goes over its budget");
    expect(ladder.working_count == 0 || ladder.captured, "a move works against a chain that is not captured");
    Ladder again = ladder_read_line(board, loc, budget, &line);
    expect(!memcmp(&before, board, sizeof before), "a ladder line changes the board");
    expect(again.captured == ladder.captured && again.nodes == ladder.nodes, "two readings of a ladder differ");
    expect(line.count <= MAX_LINE && (line.count > 0 || !ladder.captured), "a captured chain without a line");
    run.readings++;
}

/* Call every function that reads a position and must not change it. */
static void look(Game *game)
{
    static Board before;
    uint8_t owner[BOARD_CELLS], packed[MAX_PLANES * PACKED_BYTES];
    uint64_t planes[MAX_PLANES][PLANE_WORDS];
    memcpy(&before, &game->board, sizeof before);
    area_tromp_taylor(&game->board, owner);
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int there = game->board.colour[loc];
        expect(there == WALL ? owner[loc] == EMPTY : there == EMPTY || owner[loc] == there, "a stone outside its owner's area");
        for (int colour = BLACK; there == EMPTY && colour <= WHITE; colour++) {
            bool eye = board_own_eye(&game->board, colour, loc);
            expect(!eye || owner[loc] == colour, "an eye outside its owner's area");
        }
    }
    area_pass_alive(&game->board, owner);
    Position position = {&game->board, 1 + below(2), game->moves, game->count, below(HISTORY + 1), {NULL, NULL}, 0, 0};
    for (int back = 0; back < 2 && back < game->count; back++) position.undo[back] = &game->undos[game->count - 1 - back];
    position.komi = (float)below(20) - 10;
    position.rules = below(ALL_RULES + 1);
    const FeatureSet *set = &feature_sets[below(FEATURE_SETS)];
    set->fill(&position, planes);
    features_pack(planes, set->planes, packed);
    static Playout playout;
    playout_start(&playout, &game->board, 1 + below(2), next_random());
    playout_finish(&playout);
    const char *broken = board_check_consistency(&playout.board);
    if (broken) fail(broken);
    expect(!memcmp(&before, &game->board, sizeof before), "area, pass-alive, planes or a playout change the board");
}

/* The status must be repeatable, equal for all stones of a chain, and agree with Benson's algorithm on pass-alive stones. */
static void judge(const Board *board)
{
    static Board before;
    uint8_t status[BOARD_CELLS], again[BOARD_CELLS], certain[BOARD_CELLS];
    float owner[BOARD_CELLS];
    int playouts = 1 + below(12);
    uint64_t seed = next_random();
    memcpy(&before, board, sizeof before);
    status_judge(board, playouts, seed, status, owner);
    status_judge(board, playouts, seed, again, owner);
    expect(!memcmp(&before, board, sizeof before), "judging the stones changes the board");
    expect(!memcmp(status, again, sizeof status), "the same playouts judge a stone twice differently");
    area_pass_alive(board, certain);
    for (int loc = 0; loc < BOARD_CELLS; loc++) {
        int there = board->colour[loc];
        bool stone = there == BLACK || there == WHITE;
        expect(stone ? status[loc] != NO_STONE : status[loc] == NO_STONE,
               "a stone without a status, or a status without a stone");
        expect(!stone || status[loc] == status[board->head[loc]], "one chain, two statuses");
        expect(!stone || certain[loc] == EMPTY || status[loc] == (certain[loc] == there ? ALIVE : DEAD),
               "Benson is contradicted");
        expect(there == WALL || (owner[loc] >= -1 && owner[loc] <= 1), "an owner beyond -1 to 1");
    }
}

static void play_game(Game *game, unsigned long long limit)
{
    static Board start;
    int size = one_in(3) ? MAX_SIZE : 2 + below(MAX_SIZE - 1), colour = BLACK, attempts = 1 + below(4 * size * size);
    memset(&start, 0, sizeof start);
    memset(&game->board, 0, sizeof game->board);
    board_init(&start, size);
    board_init(&game->board, size);
    naive_init(&game->naive, size);
    game->count = 0;
    for (int k = 0; k < attempts && game->count < MAX_GAME && run.moves < limit; k++) {
        try_move(game, colour);
        if (!one_in(10)) colour = opponent_of(colour);
        if (one_in(40)) branch(game, colour);
        if (one_in(20)) read_ladder(game);
        if (one_in(100)) look(game);
        if (one_in(1000)) judge(&game->board);
    }
    check(game);
    while (game->count > 0) board_undo(&game->board, &game->undos[--game->count]);
    expect(!memcmp(&start, &game->board, sizeof start), "a whole game taken back is not an empty board");
    run.games++;
}

int main(int argc, char **argv)
{
    static Game game;
    if (argc != 3) {
        fprintf(stderr, "usage: fuzz_board MOVES SEED\n");
        return 2;
    }
    unsigned long long limit = strtoull(argv[1], NULL, 10);
    state = run.seed = strtoull(argv[2], NULL, 10);
    signal(SIGABRT, say_where);
    clock_t begin = clock();
    while (run.moves < limit) play_game(&game, limit);
    printf("fuzz_board: seed %llu: %llu moves (%llu refused) in %llu games, %llu ladders: nothing found in %.0f s\n", run.seed,
           run.moves, run.refused, run.games, run.readings, (double)(clock() - begin) / CLOCKS_PER_SEC);
    return 0;
}
