/* The Python type `_core.Board`: a Board and its undo history. */
#include "../area.h"
#include "../ladder_line.h"
#include "../replay.h"
#include "bindings.h"

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

/* Put the stones of `stones` [size, size] on an empty board. The order does not matter: if every chain of the final position
 * has a liberty, placing the stones in any order captures nothing. */
static bool place_all(Board *board, PyArrayObject *stones)
{
    const uint8_t *cells = PyArray_DATA(stones);
    int size = board->size;
    for (int point = 0; point < size * size; point++) {
        Undo undo;
        if (cells[point] == EMPTY) continue;
        if (cells[point] > WHITE) {
            PyErr_Format(PyExc_ValueError, "stones must be 0, 1 or 2, not %d at point %d", cells[point], point);
            return false;
        }
        undo.taken_count = 0;
        Legality legality = replay_place(board, cells[point], loc_of_point(size, point), &undo);
        if (legality == LEGAL && undo.taken_count == 0) continue;
        PyErr_Format(PyExc_ValueError, "stones hold a chain without liberties at or beside point %d", point);
        return false;
    }
    return true;
}

static bool restore_ko(Board *board, PyObject *ko)
{
    PyObject *colour_object, *point_object;
    int colour, loc;
    if (ko == Py_None) return true;
    if (!PyTuple_Check(ko)) {
        PyErr_Format(PyExc_TypeError, "ko must be None or a tuple, not %.100s", Py_TYPE(ko)->tp_name);
        return false;
    }
    if (!PyArg_ParseTuple(ko, "OO", &colour_object, &point_object)) return false;
    if (!as_colour(colour_object, &colour) || !as_loc(point_object, board, false, &loc)) return false;
    if (board->colour[loc] != EMPTY) {
        PyErr_Format(PyExc_ValueError, "ko cannot be at point %S, where a stone stands", point_object);
        return false;
    }
    board->ko_loc = (int16_t)loc;
    board->ko_colour = (uint8_t)colour;
    return true;
}

static PyObject *board_py_from_position(PyObject *Py_UNUSED(type), PyObject *args)
{
    static const npy_intp any[2] = {-1, -1};
    PyObject *stones_object, *ko, *black_object, *white_object;
    int black, white;
    if (!PyArg_ParseTuple(args, "OOOO", &stones_object, &ko, &black_object, &white_object)) return NULL;
    if (!as_int(black_object, "black's captures", 0, INT_MAX, &black)) return NULL;
    if (!as_int(white_object, "white's captures", 0, INT_MAX, &white)) return NULL;
    PyArrayObject *stones = checked_array(stones_object, "stones", NPY_UINT8, 2, any, false);
    if (!stones) return NULL;
    npy_intp size = PyArray_DIM(stones, 0);
    if (size < 2 || size > MAX_SIZE || PyArray_DIM(stones, 1) != size) {
        return PyErr_Format(PyExc_ValueError, "stones must be 2x2 to %dx%d, not %zdx%zd", MAX_SIZE, MAX_SIZE, (Py_ssize_t)size,
                            (Py_ssize_t)PyArray_DIM(stones, 1));
    }
    BoardObject *self = (BoardObject *)board_type->tp_alloc(board_type, 0);
    if (!self) return NULL;
    board_init(&self->board, (int)size);
    if (!place_all(&self->board, stones) || !restore_ko(&self->board, ko)) {
        Py_DECREF(self);
        return NULL;
    }
    self->board.captured[WHITE] = (uint32_t)black;
    self->board.captured[BLACK] = (uint32_t)white;
    return (PyObject *)self;
}

static void board_dealloc(BoardObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyMem_Free(self->history);
    type->tp_free(self);
    Py_DECREF(type);
}

/* The Undo for one more move; NULL with MemoryError set if memory runs out. */
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

/* Fill an array [points] or [size, size] with the value of `expression` for every `loc`, cast to `ctype`. Uses `size`. */
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
    if (grid) FILL_POINTS(grid, npy_uint16, board->colour[loc] == EMPTY ? 0 : board_liberties(board, loc));
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

static PyObject *board_py_ladder_line(BoardObject *self, PyObject *args)
{
    PyObject *point_object, *nodes_object;
    int nodes, loc, size = self->board.size;
    if (!PyArg_ParseTuple(args, "OO", &point_object, &nodes_object)) return NULL;
    if (!as_int(nodes_object, "nodes", 0, INT_MAX / 2, &nodes) || !as_stone(point_object, &self->board, &loc)) return NULL;
    LadderLine line;
    Ladder ladder = ladder_read_line(&self->board, loc, nodes, &line);
    PyObject *moves = PyList_New(line.count);
    for (int k = 0, colour = line.first; moves && k < line.count; k++, colour = opponent_of(colour)) {
        int move = line.moves[k] == NO_LOC ? size * size : point_of_loc(size, line.moves[k]);
        PyObject *pair = Py_BuildValue("(ii)", colour, move);
        if (pair) PyList_SET_ITEM(moves, k, pair);
        else Py_CLEAR(moves);
    }
    if (!moves) return NULL;
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
    {"from_position", board_py_from_position, METH_VARARGS | METH_CLASS, NULL},
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
    {"ladder_line", (PyCFunction)board_py_ladder_line, METH_VARARGS, NULL},
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

PyType_Spec board_spec = {
    .name = "shicho.engine._core.Board",
    .basicsize = sizeof(BoardObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = board_slots,
};
