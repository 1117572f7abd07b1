/* Stored games: check all arguments, then replay with the GIL released. */
#include "../playout.h"
#include "../replay.h"
#include "bindings.h"

static const char *const REASONS[] = {"legal", "occupied or off the board", "ko", "suicide"};

static bool parse_games(PyObject *const objects[5], Games *games, npy_intp lengths[2])
{
    PyArrayObject *moves = checked_vector(objects[0], "moves", NPY_UINT16, -1);
    PyArrayObject *game_start = moves ? checked_vector(objects[1], "game_start", NPY_INT64, -1) : NULL;
    PyArrayObject *setup = game_start ? checked_vector(objects[2], "setup", NPY_UINT16, -1) : NULL;
    PyArrayObject *sizes = setup ? checked_vector(objects[4], "sizes", NPY_UINT8, -1) : NULL;
    if (!sizes) return false;
    npy_intp count = PyArray_DIM(sizes, 0);
    if (PyArray_DIM(game_start, 0) != count + 1) {
        PyErr_Format(PyExc_ValueError, "game_start must have one entry more than sizes (%zd)", (Py_ssize_t)count);
        return false;
    }
    PyArrayObject *setup_start = checked_vector(objects[3], "setup_start", NPY_INT64, count + 1);
    if (!setup_start) return false;
    *games = (Games){PyArray_DATA(moves),       PyArray_DATA(game_start), PyArray_DATA(setup),
                     PyArray_DATA(setup_start), PyArray_DATA(sizes),      count};
    lengths[0] = PyArray_DIM(moves, 0);
    lengths[1] = PyArray_DIM(setup, 0);
    return true;
}

static bool check_span(const int64_t *start, int64_t game, npy_intp length, const char *name)
{
    if (start[game] >= 0 && start[game] <= start[game + 1] && start[game + 1] <= length) return true;
    PyErr_Format(PyExc_ValueError, "%s of game %lld is out of range: %lld to %lld of %zd", name, (long long)game,
                 (long long)start[game], (long long)start[game + 1], (Py_ssize_t)length);
    return false;
}

static bool check_game(const Games *games, const npy_intp lengths[2], int64_t game)
{
    int size = games->sizes[game];
    if (size < 2 || size > MAX_SIZE) {
        PyErr_Format(PyExc_ValueError, "size of game %lld must be 2 to %d, not %d", (long long)game, MAX_SIZE, size);
        return false;
    }
    return check_span(games->game_start, game, lengths[0], "game_start") &&
           check_span(games->setup_start, game, lengths[1], "setup_start");
}

static bool check_all_games(const Games *games, const npy_intp lengths[2])
{
    for (int64_t game = 0; game < games->count; game++) {
        if (!check_game(games, lengths, game)) return false;
    }
    return true;
}

/* Check that a row names an existing game and ply, that the move there is on the board, and that its settings are in range. */
static bool check_row(const Games *games, const npy_intp lengths[2], const RowRequest *rows, int64_t row)
{
    int64_t game = rows->games[row], ply = rows->plies[row];
    if (game < 0 || game >= games->count) {
        PyErr_Format(PyExc_ValueError, "row %lld: there is no game %lld", (long long)row, (long long)game);
        return false;
    }
    if (!check_game(games, lengths, game)) return false;
    int64_t length = games->game_start[game + 1] - games->game_start[game];
    if (ply < 0 || ply >= length) {
        PyErr_Format(PyExc_ValueError, "row %lld: game %lld has no ply %lld (it has %lld moves)", (long long)row,
                     (long long)game, (long long)ply, (long long)length);
        return false;
    }
    int point = stored_point(games->moves[games->game_start[game] + ply]), size = games->sizes[game];
    if (point >= size * size && point != STORED_PASS) {
        PyErr_Format(PyExc_ValueError, "row %lld: game %lld, ply %lld: point %d is not on the board", (long long)row,
                     (long long)game, (long long)ply, point);
        return false;
    }
    if (rows->history_length[row] > HISTORY) {
        PyErr_Format(PyExc_ValueError, "row %lld: history must be 0 to %d, not %d", (long long)row, HISTORY,
                     rows->history_length[row]);
        return false;
    }
    if (rows->rules[row] > ALL_RULES) {
        PyErr_Format(PyExc_ValueError, "row %lld: rules must be 0 to %d, not %d", (long long)row, ALL_RULES, rows->rules[row]);
        return false;
    }
    return true;
}

static bool parse_rows(PyObject *const objects[5], RowRequest *rows)
{
    PyArrayObject *games = checked_vector(objects[0], "games", NPY_INT64, -1);
    if (!games) return false;
    npy_intp count = PyArray_DIM(games, 0);
    PyArrayObject *plies = checked_vector(objects[1], "plies", NPY_INT64, count);
    PyArrayObject *history = plies ? checked_vector(objects[2], "history", NPY_UINT8, count) : NULL;
    PyArrayObject *komi = history ? checked_vector(objects[3], "komi", NPY_FLOAT32, count) : NULL;
    PyArrayObject *rules = komi ? checked_vector(objects[4], "rules", NPY_UINT8, count) : NULL;
    if (!rules) return false;
    *rows = (RowRequest){
        count, PyArray_DATA(games), PyArray_DATA(plies), PyArray_DATA(history), PyArray_DATA(komi), PyArray_DATA(rules)};
    return true;
}

/* Raise ValueError for a fault, if there is one. `rows`: whether to name the row of the batch. */
static bool raise_fault(ReplayFault fault, bool rows)
{
    if (fault.game < 0) return false;
    PyObject *place = rows ? PyUnicode_FromFormat("row %lld: game %lld", (long long)fault.row, (long long)fault.game)
                           : PyUnicode_FromFormat("game %lld", (long long)fault.game);
    if (!place) return true;
    if (fault.ply < 0) {
        PyErr_Format(PyExc_ValueError, "%U: illegal set-up stone: %s", place, REASONS[fault.reason]);
    } else {
        PyErr_Format(PyExc_ValueError, "%U, ply %lld: illegal move: %s", place, (long long)fault.ply, REASONS[fault.reason]);
    }
    Py_DECREF(place);
    return true;
}

PyObject *core_replay_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *set_object, *in[5], *asked[5], *packed_object, *targets_object;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOOOOO", &set_object, &in[0], &in[1], &in[2], &in[3], &in[4], &asked[0], &asked[1],
                          &asked[2], &asked[3], &asked[4], &packed_object, &targets_object)) {
        return NULL;
    }
    const FeatureSet *set;
    Games games;
    RowRequest rows;
    npy_intp lengths[2];
    if (!as_feature_set(set_object, &set) || !parse_games(in, &games, lengths) || !parse_rows(asked, &rows)) return NULL;
    npy_intp packed_shape[3] = {rows.count, set->planes, PACKED_BYTES};
    PyArrayObject *packed = checked_array(packed_object, "packed", NPY_UINT8, 3, packed_shape, true);
    PyArrayObject *targets = packed ? checked_array(targets_object, "targets", NPY_INT64, 1, packed_shape, true) : NULL;
    if (!targets || !check_outputs_apart(args, 2)) return NULL;
    for (int64_t row = 0; row < rows.count; row++) {
        if (!check_row(&games, lengths, &rows, row)) return NULL;
    }
    ReplayFault fault;
    Py_BEGIN_ALLOW_THREADS
    fault = replay_rows(set, &games, &rows, PyArray_DATA(packed), PyArray_DATA(targets));
    Py_END_ALLOW_THREADS
    if (raise_fault(fault, true)) return NULL;
    Py_RETURN_NONE;
}

static bool parse_all_games(PyObject *args, Games *games)
{
    PyObject *in[5];
    npy_intp lengths[2];
    return PyArg_ParseTuple(args, "OOOOO", &in[0], &in[1], &in[2], &in[3], &in[4]) && parse_games(in, games, lengths) &&
           check_all_games(games, lengths);
}

PyObject *core_playout_games(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *in[5], *per_game_object, *seed_object;
    Games games;
    npy_intp lengths[2];
    int per_game;
    uint64_t seed;
    if (!PyArg_ParseTuple(args, "OOOOOOO", &in[0], &in[1], &in[2], &in[3], &in[4], &per_game_object, &seed_object)) return NULL;
    if (!as_int(per_game_object, "per_game", 0, INT_MAX, &per_game) || !as_seed(seed_object, &seed)) return NULL;
    if (!parse_games(in, &games, lengths) || !check_all_games(&games, lengths)) return NULL;
    ReplayFault fault;
    int64_t played;
    Py_BEGIN_ALLOW_THREADS
    fault = playout_games(&games, per_game, seed, &played);
    Py_END_ALLOW_THREADS
    if (raise_fault(fault, false)) return NULL;
    return PyLong_FromLongLong(played);
}

PyObject *core_replay_games(PyObject *Py_UNUSED(module), PyObject *args)
{
    Games games;
    if (!parse_all_games(args, &games)) return NULL;
    ReplayFault fault;
    int64_t played;
    Py_BEGIN_ALLOW_THREADS
    fault = replay_all(&games, &played);
    Py_END_ALLOW_THREADS
    if (raise_fault(fault, false)) return NULL;
    return PyLong_FromLongLong(played);
}

PyObject *core_replay_ladders(PyObject *Py_UNUSED(module), PyObject *args)
{
    Games games;
    if (!parse_all_games(args, &games)) return NULL;
    ReplayFault fault;
    int64_t positions, captured;
    Py_BEGIN_ALLOW_THREADS
    fault = replay_ladders(&games, &positions, &captured);
    Py_END_ALLOW_THREADS
    if (raise_fault(fault, false)) return NULL;
    return Py_BuildValue("(LL)", (long long)positions, (long long)captured);
}

PyObject *core_legal_length(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *size_object, *setup_object, *moves_object;
    int size;
    if (!PyArg_ParseTuple(args, "OOO", &size_object, &setup_object, &moves_object)) return NULL;
    if (!as_size(size_object, &size)) return NULL;
    PyArrayObject *setup = checked_vector(setup_object, "setup", NPY_UINT16, -1);
    PyArrayObject *moves = setup ? checked_vector(moves_object, "moves", NPY_UINT16, -1) : NULL;
    if (!moves) return NULL;
    int64_t starts[2] = {0, PyArray_DIM(setup, 0)};
    uint8_t sizes[1] = {(uint8_t)size};
    Games games = {.setup = PyArray_DATA(setup), .setup_start = starts, .sizes = sizes, .count = 1};
    Board board;
    Undo undos[2];
    Legality reason = replay_start(&board, &games, 0);
    if (reason != LEGAL) return Py_BuildValue("(ii)", -1, reason);
    int64_t legal = replay_moves(&board, PyArray_DATA(moves), 0, PyArray_DIM(moves, 0), undos, &reason);
    return Py_BuildValue("(Li)", (long long)legal, reason);
}
