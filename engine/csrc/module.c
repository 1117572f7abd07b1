/* The border to Python: the only file that knows the C APIs of Python and numpy. Every argument is checked here, so that the
 * code behind may assert. See engine/_core.pyi for what each function takes and gives. Longer than the other files, because the
 * border is guarded in one place. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <numpy/arrayobject.h>

#include "area.h"
#include "board.h"
#include "features.h"
#include "ladder.h"
#include "replay.h"

typedef struct {
    PyObject_HEAD
    Board board;
    Undo *history; /* owned */
    Py_ssize_t count, capacity;
} BoardObject;

static PyTypeObject *board_type; /* set once, when the module is made */

static const char *const REASONS[] = {"legal", "occupied or off the board", "ko", "suicide"};

/* ---- checking arguments ---- */

/* The array behind `object` (borrowed) if it is C-contiguous with this type and shape (-1: any length), else NULL. */
static PyArrayObject *checked_array(PyObject *object, const char *name, int type, int ndim, const npy_intp *shape,
                                    bool writeable)
{
    if (!PyArray_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a numpy array, not %.100s", name, Py_TYPE(object)->tp_name);
        return NULL;
    }
    PyArrayObject *array = (PyArrayObject *)object;
    if (PyArray_TYPE(array) != type) {
        PyArray_Descr *wanted = PyArray_DescrFromType(type);
        PyErr_Format(PyExc_ValueError, "%s must have dtype %S, not %S", name, wanted, PyArray_DESCR(array));
        Py_DECREF(wanted);
        return NULL;
    }
    bool fits = PyArray_NDIM(array) == ndim;
    for (int i = 0; fits && i < ndim; i++) fits = shape[i] < 0 || PyArray_DIM(array, i) == shape[i];
    if (!fits) {
        PyObject *has = PyObject_GetAttrString(object, "shape");
        if (has) PyErr_Format(PyExc_ValueError, "%s has a shape that does not fit: %S", name, has);
        Py_XDECREF(has);
        return NULL;
    }
    if (!PyArray_ISCARRAY_RO(array)) {
        PyErr_Format(PyExc_ValueError, "%s must be C-contiguous, aligned and in native byte order", name);
        return NULL;
    }
    if (writeable && !PyArray_ISWRITEABLE(array)) {
        PyErr_Format(PyExc_ValueError, "%s must be writeable", name);
        return NULL;
    }
    return array;
}

static PyArrayObject *checked_vector(PyObject *object, const char *name, int type, npy_intp length)
{
    return checked_array(object, name, type, 1, &length, false);
}

/* Any integer object from `low` to `high`; others, however large, raise an error that names them. */
static bool as_int(PyObject *object, const char *name, long low, long high, int *value)
{
    PyObject *number = PyNumber_Index(object);
    if (!number) return false;
    int overflow;
    long found = PyLong_AsLongAndOverflow(number, &overflow);
    bool fits = !overflow && found >= low && found <= high;
    if (!fits) PyErr_Format(PyExc_ValueError, "%s must be %ld to %ld, not %S", name, low, high, number);
    Py_DECREF(number);
    *value = (int)found;
    return fits;
}

static bool as_size(PyObject *object, int *size) { return as_int(object, "board size", 2, MAX_SIZE, size); }

static bool as_colour(PyObject *object, int *colour) { return as_int(object, "colour", BLACK, WHITE, colour); }

/* A point as a loc; pass becomes NO_LOC. */
static bool as_loc(PyObject *object, const Board *board, bool pass_allowed, int *loc)
{
    int point, points = board->size * board->size;
    if (!as_int(object, "point", 0, points - !pass_allowed, &point)) return false;
    *loc = point == points ? NO_LOC : loc_of_point(board->size, point);
    return true;
}

static bool as_stone(PyObject *object, const Board *board, int *loc)
{
    if (!as_loc(object, board, false, loc)) return false;
    if (board->colour[*loc] != EMPTY) return true;
    PyErr_Format(PyExc_ValueError, "there is no stone on point %S", object);
    return false;
}

/* ---- Board ---- */

static PyObject *board_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"size", NULL};
    PyObject *size_object;
    int size;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O", names, &size_object) || !as_size(size_object, &size)) return NULL;
    BoardObject *self = (BoardObject *)type->tp_alloc(type, 0);
    if (self) board_init(&self->board, size);
    return (PyObject *)self;
}

static void board_dealloc(BoardObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(self->history);
    type->tp_free(self);
    Py_DECREF(type);
}

/* Room for one more move; NULL with MemoryError set where there is none. */
static Undo *next_undo(BoardObject *self)
{
    if (self->count == self->capacity) {
        Py_ssize_t capacity = self->capacity ? 2 * self->capacity : 64;
        Undo *history = PyMem_Realloc(self->history, (size_t)capacity * sizeof *history);
        if (!history) return (Undo *)PyErr_NoMemory();
        self->history = history;
        self->capacity = capacity;
    }
    return &self->history[self->count];
}

static bool parse_move(BoardObject *self, PyObject *args, int *colour, int *loc, int *suicide)
{
    PyObject *colour_object, *point_object;
    return PyArg_ParseTuple(args, "OOp", &colour_object, &point_object, suicide) && as_colour(colour_object, colour) &&
           as_loc(point_object, &self->board, true, loc);
}

static PyObject *board_py_legality(BoardObject *self, PyObject *args)
{
    int colour, loc, suicide;
    if (!parse_move(self, args, &colour, &loc, &suicide)) return NULL;
    return PyLong_FromLong(board_legality(&self->board, colour, loc, suicide));
}

static PyObject *board_py_try_play(BoardObject *self, PyObject *args)
{
    int colour, loc, suicide;
    if (!parse_move(self, args, &colour, &loc, &suicide)) return NULL;
    Legality legality = board_legality(&self->board, colour, loc, suicide);
    if (legality == LEGAL) {
        Undo *undo = next_undo(self);
        if (!undo) return NULL;
        board_play(&self->board, colour, loc, undo);
        self->count++;
    }
    return PyLong_FromLong(legality);
}

static PyObject *board_py_place(BoardObject *self, PyObject *args)
{
    PyObject *colour_object, *point_object;
    int colour, loc;
    if (!PyArg_ParseTuple(args, "OO", &colour_object, &point_object)) return NULL;
    if (!as_colour(colour_object, &colour) || !as_loc(point_object, &self->board, false, &loc)) return NULL;
    Undo *undo = next_undo(self);
    if (!undo) return NULL;
    Legality legality = replay_place(&self->board, colour, loc, undo);
    self->count += legality == LEGAL;
    return PyLong_FromLong(legality);
}

static PyObject *board_py_undo(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    if (self->count == 0) {
        PyErr_SetString(PyExc_IndexError, "there is no move to take back");
        return NULL;
    }
    board_undo(&self->board, &self->history[--self->count]);
    Py_RETURN_NONE;
}

static PyObject *board_py_copy(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    BoardObject *copy = (BoardObject *)board_type->tp_alloc(board_type, 0);
    if (copy) copy->board = self->board;
    return (PyObject *)copy;
}

/* A new array [points] or [size, size] with `cell(board, loc)` of every point stored as the C type of `type`. */
#define FILL_POINTS(array, ctype, expression)                  \
    do {                                                       \
        ctype *cells = PyArray_DATA((PyArrayObject *)(array)); \
        for (int point = 0; point < size * size; point++) {    \
            int loc = loc_of_point(size, point);               \
            cells[point] = (ctype)(expression);                \
        }                                                      \
    } while (0)

static PyObject *new_grid(int size, int type)
{
    npy_intp shape[2] = {size, size};
    return PyArray_SimpleNew(2, shape, type);
}

static PyObject *board_py_legal_points(BoardObject *self, PyObject *args)
{
    PyObject *colour_object;
    int colour, suicide, size = self->board.size;
    if (!PyArg_ParseTuple(args, "Op", &colour_object, &suicide) || !as_colour(colour_object, &colour)) return NULL;
    npy_intp length = size * size + 1;
    PyObject *mask = PyArray_SimpleNew(1, &length, NPY_BOOL);
    if (!mask) return NULL;
    FILL_POINTS(mask, npy_bool, board_legality(&self->board, colour, loc, suicide) == LEGAL);
    ((npy_bool *)PyArray_DATA((PyArrayObject *)mask))[size * size] = NPY_TRUE;
    return mask;
}

static PyObject *board_py_own_eyes(BoardObject *self, PyObject *colour_object)
{
    int colour, size = self->board.size;
    if (!as_colour(colour_object, &colour)) return NULL;
    npy_intp length = size * size;
    PyObject *mask = PyArray_SimpleNew(1, &length, NPY_BOOL);
    if (mask) FILL_POINTS(mask, npy_bool, board_own_eye(&self->board, colour, loc));
    return mask;
}

static PyObject *board_py_liberties(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    const Board *board = &self->board;
    int size = board->size;
    PyObject *grid = new_grid(size, NPY_UINT16);
    if (grid) FILL_POINTS(grid, npy_uint16, board->colour[loc] == EMPTY ? 0 : board->chain[board->head[loc]].liberties);
    return grid;
}

static PyObject *board_py_chains(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    const Board *board = &self->board;
    int size = board->size;
    PyObject *grid = new_grid(size, NPY_INT16);
    if (grid) FILL_POINTS(grid, npy_int16, board->colour[loc] == EMPTY ? -1 : point_of_loc(size, board->head[loc]));
    return grid;
}

static bool append_point(PyObject *list, int point)
{
    PyObject *number = PyLong_FromLong(point);
    bool done = number && PyList_Append(list, number) == 0;
    Py_XDECREF(number);
    return done;
}

static PyObject *board_py_chain(BoardObject *self, PyObject *point_object)
{
    const Board *board = &self->board;
    int start, size = board->size;
    if (!as_stone(point_object, board, &start)) return NULL;
    PyObject *stones = PyList_New(0), *liberties = PyList_New(0);
    bool done = stones && liberties;
    for (int point = 0; done && point < size * size; point++) {
        int loc = loc_of_point(size, point);
        bool touches = false;
        for (int i = 0; i < 4; i++) {
            int neighbour = loc + NEIGHBOURS[i];
            touches |= board->colour[neighbour] == board->colour[start] && board->head[neighbour] == board->head[start];
        }
        if (board->colour[loc] == EMPTY && touches) done = append_point(liberties, point);
        if (board->colour[loc] == board->colour[start] && board->head[loc] == board->head[start]) {
            done = append_point(stones, point);
        }
    }
    if (done) return Py_BuildValue("(NN)", stones, liberties);
    Py_XDECREF(stones);
    Py_XDECREF(liberties);
    return NULL;
}

static PyObject *board_py_ladder(BoardObject *self, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"point", "nodes", NULL};
    PyObject *point_object, *nodes_object = NULL;
    int nodes = LADDER_NODES, loc;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O|O", names, &point_object, &nodes_object)) return NULL;
    if (nodes_object && !as_int(nodes_object, "nodes", 0, INT_MAX / 2, &nodes)) return NULL;
    if (!as_stone(point_object, &self->board, &loc)) return NULL;
    Ladder ladder = ladder_read(&self->board, loc, nodes);
    PyObject *moves = PyList_New(0);
    bool done = moves != NULL;
    for (int k = 0; done && k < ladder.working_count; k++) {
        done = append_point(moves, point_of_loc(self->board.size, ladder.working[k]));
    }
    if (!done) {
        Py_XDECREF(moves);
        return NULL;
    }
    return Py_BuildValue("(NNiN)", PyBool_FromLong(ladder.captured), moves, ladder.nodes, PyBool_FromLong(ladder.exhausted));
}

static PyObject *owner_grid(BoardObject *self, void (*judge)(const Board *, uint8_t *))
{
    int size = self->board.size;
    uint8_t owner[BOARD_CELLS];
    judge(&self->board, owner);
    PyObject *grid = new_grid(size, NPY_UINT8);
    if (grid) FILL_POINTS(grid, npy_uint8, owner[loc]);
    return grid;
}

static PyObject *board_py_area(BoardObject *self, PyObject *Py_UNUSED(ignored)) { return owner_grid(self, area_tromp_taylor); }

static PyObject *board_py_pass_alive(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    return owner_grid(self, area_pass_alive);
}

static PyObject *board_py_check_consistency(BoardObject *self, PyObject *Py_UNUSED(ignored))
{
    const char *broken = board_check_consistency(&self->board);
    if (broken) return PyErr_Format(PyExc_AssertionError, "the board is inconsistent: %s", broken);
    Py_RETURN_NONE;
}

static PyObject *board_get_size(BoardObject *self, void *Py_UNUSED(closure)) { return PyLong_FromLong(self->board.size); }

static PyObject *board_get_hash(BoardObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLongLong(self->board.hash);
}

static PyObject *board_get_ko(BoardObject *self, void *Py_UNUSED(closure))
{
    const Board *board = &self->board;
    if (board->ko_loc == NO_LOC) Py_RETURN_NONE;
    return Py_BuildValue("(ii)", board->ko_colour, point_of_loc(board->size, board->ko_loc));
}

static PyObject *board_get_captures(BoardObject *self, void *Py_UNUSED(closure))
{
    return Py_BuildValue("(II)", (unsigned)self->board.captured[WHITE], (unsigned)self->board.captured[BLACK]);
}

static PyObject *board_get_move_count(BoardObject *self, void *Py_UNUSED(closure)) { return PyLong_FromSsize_t(self->count); }

static PyObject *board_get_stones(BoardObject *self, void *Py_UNUSED(closure))
{
    int size = self->board.size;
    npy_intp shape[2] = {size, size}, strides[2] = {BOARD_STRIDE, 1};
    PyObject *view =
        PyArray_New(&PyArray_Type, 2, shape, NPY_UINT8, strides, self->board.colour + BOARD_STRIDE + 1, 0, 0, NULL);
    if (!view) return NULL;
    Py_INCREF(self);
    if (PyArray_SetBaseObject((PyArrayObject *)view, (PyObject *)self) < 0) {
        Py_DECREF(view);
        return NULL;
    }
    return view;
}

static PyMethodDef board_methods[] = {
    {"legality", (PyCFunction)board_py_legality, METH_VARARGS, NULL},
    {"try_play", (PyCFunction)board_py_try_play, METH_VARARGS, NULL},
    {"place", (PyCFunction)board_py_place, METH_VARARGS, NULL},
    {"undo", (PyCFunction)board_py_undo, METH_NOARGS, NULL},
    {"copy", (PyCFunction)board_py_copy, METH_NOARGS, NULL},
    {"legal_points", (PyCFunction)board_py_legal_points, METH_VARARGS, NULL},
    {"own_eyes", (PyCFunction)board_py_own_eyes, METH_O, NULL},
    {"liberties", (PyCFunction)board_py_liberties, METH_NOARGS, NULL},
    {"chains", (PyCFunction)board_py_chains, METH_NOARGS, NULL},
    {"chain", (PyCFunction)board_py_chain, METH_O, NULL},
    {"ladder", (PyCFunction)(void (*)(void))board_py_ladder, METH_VARARGS | METH_KEYWORDS, NULL},
    {"area", (PyCFunction)board_py_area, METH_NOARGS, NULL},
    {"pass_alive", (PyCFunction)board_py_pass_alive, METH_NOARGS, NULL},
    {"check_consistency", (PyCFunction)board_py_check_consistency, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef board_properties[] = {
    {"size", (getter)board_get_size, NULL, NULL, NULL},
    {"hash", (getter)board_get_hash, NULL, NULL, NULL},
    {"ko", (getter)board_get_ko, NULL, NULL, NULL},
    {"captures", (getter)board_get_captures, NULL, NULL, NULL},
    {"move_count", (getter)board_get_move_count, NULL, NULL, NULL},
    {"stones", (getter)board_get_stones, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot board_slots[] = {
    {Py_tp_new, board_new},
    {Py_tp_dealloc, board_dealloc},
    {Py_tp_methods, board_methods},
    {Py_tp_getset, board_properties},
    {0, NULL},
};

static PyType_Spec board_spec = {
    .name = "shicho.engine._core.Board",
    .basicsize = sizeof(BoardObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = board_slots,
};

/* ---- planes of one position ---- */

static bool compute_planes(PyObject *args, int type, const npy_intp *shape, int ndim, PyArrayObject **out,
                           uint64_t planes[PLANES][PLANE_WORDS])
{
    PyObject *board_object, *to_play_object, *recent_object, *out_object;
    int to_play;
    if (!PyArg_ParseTuple(args, "O!OOO", board_type, &board_object, &to_play_object, &recent_object, &out_object)) return false;
    if (!as_colour(to_play_object, &to_play)) return false;
    PyArrayObject *recent = checked_vector(recent_object, "recent", NPY_UINT16, -1);
    if (!recent) return false;
    *out = checked_array(out_object, "out", type, ndim, shape, true);
    if (!*out) return false;
    Board *board = &((BoardObject *)board_object)->board;
    const uint16_t *moves = PyArray_DATA(recent);
    int count = (int)PyArray_DIM(recent, 0), points = board->size * board->size;
    for (int k = count < HISTORY ? 0 : count - HISTORY; k < count; k++) {
        int point = stored_point(moves[k]);
        if (point < points || point == STORED_PASS) continue;
        PyErr_Format(PyExc_ValueError, "recent[%d] holds point %d, which is not on the board", k, point);
        return false;
    }
    features_sandbox_26(board, to_play, moves, count, HISTORY, planes);
    return true;
}

static PyObject *core_planes(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const npy_intp shape[3] = {PLANES, MAX_SIZE, MAX_SIZE};
    uint64_t planes[PLANES][PLANE_WORDS];
    PyArrayObject *out;
    if (!compute_planes(args, NPY_FLOAT32, shape, 3, &out, planes)) return NULL;
    float *cell = PyArray_DATA(out);
    for (int plane = 0; plane < PLANES; plane++) {
        for (int grid = 0; grid < MAX_POINTS; grid++) *cell++ = (float)(planes[plane][grid >> 6] >> (grid & 63) & 1);
    }
    Py_RETURN_NONE;
}

static PyObject *core_packed_planes(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const npy_intp shape[2] = {PLANES, PACKED_BYTES};
    uint64_t planes[PLANES][PLANE_WORDS];
    PyArrayObject *out;
    if (!compute_planes(args, NPY_UINT8, shape, 2, &out, planes)) return NULL;
    features_pack(planes, PyArray_DATA(out));
    Py_RETURN_NONE;
}

/* ---- games of the store ---- */

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
    PyErr_Format(PyExc_ValueError, "%s of game %lld does not fit: %lld to %lld of %zd", name, (long long)game,
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

/* Every row must name a game of the store, and a move of that game whose target is on its board. */
static bool check_rows(const Games *games, const npy_intp lengths[2], npy_intp rows, const int64_t *row_games,
                       const int64_t *row_plies, const uint8_t *history)
{
    for (npy_intp row = 0; row < rows; row++) {
        int64_t game = row_games[row], ply = row_plies[row];
        if (game < 0 || game >= games->count) {
            PyErr_Format(PyExc_ValueError, "row %zd: there is no game %lld", (Py_ssize_t)row, (long long)game);
            return false;
        }
        if (!check_game(games, lengths, game)) return false;
        int64_t length = games->game_start[game + 1] - games->game_start[game];
        if (ply < 0 || ply >= length) {
            PyErr_Format(PyExc_ValueError, "row %zd: game %lld has no ply %lld (it has %lld moves)", (Py_ssize_t)row,
                         (long long)game, (long long)ply, (long long)length);
            return false;
        }
        int point = stored_point(games->moves[games->game_start[game] + ply]), size = games->sizes[game];
        if (point >= size * size && point != STORED_PASS) {
            PyErr_Format(PyExc_ValueError, "row %zd: game %lld, ply %lld: point %d is not on the board", (Py_ssize_t)row,
                         (long long)game, (long long)ply, point);
            return false;
        }
        if (history[row] > HISTORY) {
            PyErr_Format(PyExc_ValueError, "row %zd: history must be 0 to %d, not %d", (Py_ssize_t)row, HISTORY, history[row]);
            return false;
        }
    }
    return true;
}

/* `rows`: whether the fault's row means anything to the caller. */
static bool raise_fault(ReplayFault fault, bool rows)
{
    if (fault.game < 0) return false;
    PyObject *place = rows ? PyUnicode_FromFormat("row %lld: game %lld", (long long)fault.row, (long long)fault.game)
                           : PyUnicode_FromFormat("game %lld", (long long)fault.game);
    if (!place) return true;
    if (fault.ply < 0) {
        PyErr_Format(PyExc_ValueError, "%U: a set-up stone cannot stand where it is: %s", place, REASONS[fault.reason]);
    } else {
        PyErr_Format(PyExc_ValueError, "%U, ply %lld: illegal move: %s", place, (long long)fault.ply, REASONS[fault.reason]);
    }
    Py_DECREF(place);
    return true;
}

static PyObject *core_replay_rows(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *in[5], *games_object, *plies_object, *history_object, *packed_object, *targets_object;
    if (!PyArg_ParseTuple(args, "OOOOOOOOOO", &in[0], &in[1], &in[2], &in[3], &in[4], &games_object, &plies_object,
                          &history_object, &packed_object, &targets_object)) {
        return NULL;
    }
    Games games;
    npy_intp lengths[2];
    if (!parse_games(in, &games, lengths)) return NULL;
    PyArrayObject *row_games = checked_vector(games_object, "games", NPY_INT64, -1);
    if (!row_games) return NULL;
    npy_intp rows = PyArray_DIM(row_games, 0);
    npy_intp packed_shape[3] = {rows, PLANES, PACKED_BYTES};
    PyArrayObject *row_plies = checked_vector(plies_object, "plies", NPY_INT64, rows);
    PyArrayObject *history = row_plies ? checked_vector(history_object, "history", NPY_UINT8, rows) : NULL;
    PyArrayObject *packed = history ? checked_array(packed_object, "packed", NPY_UINT8, 3, packed_shape, true) : NULL;
    PyArrayObject *targets = packed ? checked_array(targets_object, "targets", NPY_INT64, 1, &rows, true) : NULL;
    if (!targets) return NULL;
    if (!check_rows(&games, lengths, rows, PyArray_DATA(row_games), PyArray_DATA(row_plies), PyArray_DATA(history))) {
        return NULL;
    }
    ReplayFault fault;
    Py_BEGIN_ALLOW_THREADS fault = replay_rows(&games, rows, PyArray_DATA(row_games), PyArray_DATA(row_plies),
                                               PyArray_DATA(history), PyArray_DATA(packed), PyArray_DATA(targets));
    Py_END_ALLOW_THREADS if (raise_fault(fault, true)) return NULL;
    Py_RETURN_NONE;
}

static bool parse_all_games(PyObject *args, Games *games)
{
    PyObject *in[5];
    npy_intp lengths[2];
    return PyArg_ParseTuple(args, "OOOOO", &in[0], &in[1], &in[2], &in[3], &in[4]) && parse_games(in, games, lengths) &&
           check_all_games(games, lengths);
}

static PyObject *core_replay_games(PyObject *Py_UNUSED(module), PyObject *args)
{
    Games games;
    if (!parse_all_games(args, &games)) return NULL;
    ReplayFault fault;
    int64_t played;
    Py_BEGIN_ALLOW_THREADS fault = replay_all(&games, &played);
    Py_END_ALLOW_THREADS if (raise_fault(fault, false)) return NULL;
    return PyLong_FromLongLong(played);
}

static PyObject *core_replay_ladders(PyObject *Py_UNUSED(module), PyObject *args)
{
    Games games;
    if (!parse_all_games(args, &games)) return NULL;
    ReplayFault fault;
    int64_t positions, captured;
    Py_BEGIN_ALLOW_THREADS fault = replay_ladders(&games, &positions, &captured);
    Py_END_ALLOW_THREADS if (raise_fault(fault, false)) return NULL;
    return Py_BuildValue("(LL)", (long long)positions, (long long)captured);
}

static PyObject *core_legal_length(PyObject *Py_UNUSED(module), PyObject *args)
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
    Legality reason = replay_start(&board, &games, 0);
    if (reason != LEGAL) return Py_BuildValue("(ii)", -1, reason);
    int64_t legal = replay_moves(&board, PyArray_DATA(moves), PyArray_DIM(moves, 0), &reason);
    return Py_BuildValue("(Li)", (long long)legal, reason);
}

/* ---- the module ---- */

static PyMethodDef core_functions[] = {
    {"planes", core_planes, METH_VARARGS, NULL},
    {"packed_planes", core_packed_planes, METH_VARARGS, NULL},
    {"legal_length", core_legal_length, METH_VARARGS, NULL},
    {"replay_rows", core_replay_rows, METH_VARARGS, NULL},
    {"replay_games", core_replay_games, METH_VARARGS, NULL},
    {"replay_ladders", core_replay_ladders, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "shicho.engine._core",
    .m_size = -1,
    .m_methods = core_functions,
};

static bool add_constants(PyObject *module)
{
    static const struct {
        const char *name;
        long value;
    } constants[] = {
        {"LEGAL", LEGAL},     {"OCCUPIED", OCCUPIED}, {"KO", KO},
        {"SUICIDE", SUICIDE}, {"MAX_SIZE", MAX_SIZE}, {"LADDER_NODES", LADDER_NODES},
        {"PLANES", PLANES},   {"HISTORY", HISTORY},   {"PACKED_BYTES", PACKED_BYTES},
    };
    for (size_t k = 0; k < sizeof constants / sizeof *constants; k++) {
        if (PyModule_AddIntConstant(module, constants[k].name, constants[k].value) < 0) return false;
    }
    return true;
}

PyMODINIT_FUNC PyInit__core(void)
{
    import_array();
    PyObject *module = PyModule_Create(&core_module);
    if (!module) return NULL;
    board_type = (PyTypeObject *)PyType_FromSpec(&board_spec);
    if (board_type && PyModule_AddType(module, board_type) == 0 && add_constants(module)) return module;
    Py_DECREF(module);
    return NULL;
}
