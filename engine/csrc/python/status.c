/* Random playouts and the final status of stones. */
#include "../playout.h"
#include "../status.h"
#include "bindings.h"

#define BOARD_OF(object) (&((BoardObject *)(object))->board)

PyObject *core_playout(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *board_object, *colour_object, *seed_object;
    int colour;
    uint64_t seed;
    if (!PyArg_ParseTuple(args, "O!OO", board_type, &board_object, &colour_object, &seed_object)) return NULL;
    if (!as_colour(colour_object, &colour) || !as_seed(seed_object, &seed)) return NULL;
    uint16_t moves[PLAYOUT_MAX_PLIES];
    Playout playout;
    playout_start(&playout, BOARD_OF(board_object), colour, seed);
    while (!playout_is_over(&playout)) {
        int side = playout.colour, loc = playout_draw(&playout, playout_may_be_drawn);
        int point = loc == NO_LOC ? STORED_PASS : point_of_loc(playout.board.size, loc);
        moves[playout.plies] = (uint16_t)(side == WHITE ? point | STORED_WHITE : point);
        playout_play(&playout, loc);
    }
    npy_intp length = playout.plies;
    PyObject *array = PyArray_SimpleNew(1, &length, NPY_UINT16);
    if (array) memcpy(PyArray_DATA((PyArrayObject *)array), moves, (size_t)length * sizeof *moves);
    return array;
}

PyObject *core_final_status(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *board_object, *playouts_object, *seed_object;
    int playouts;
    uint64_t seed;
    if (!PyArg_ParseTuple(args, "O!OO", board_type, &board_object, &playouts_object, &seed_object)) return NULL;
    if (!as_int(playouts_object, "playouts", 1, MAX_PLAYOUTS, &playouts) || !as_seed(seed_object, &seed)) return NULL;
    Board board = *BOARD_OF(board_object); /* another thread may play on the original */
    uint8_t status[BOARD_CELLS];
    float owner[BOARD_CELLS];
    Py_BEGIN_ALLOW_THREADS
    status_judge(&board, playouts, seed, status, owner);
    Py_END_ALLOW_THREADS
    npy_intp shape[2] = {board.size, board.size};
    PyObject *status_grid = PyArray_SimpleNew(2, shape, NPY_UINT8);
    PyObject *owner_grid = status_grid ? PyArray_SimpleNew(2, shape, NPY_FLOAT32) : NULL;
    if (!owner_grid) {
        Py_XDECREF(status_grid);
        return NULL;
    }
    uint8_t *statuses = PyArray_DATA((PyArrayObject *)status_grid);
    float *owners = PyArray_DATA((PyArrayObject *)owner_grid);
    for (int point = 0; point < board.size * board.size; point++) {
        int loc = loc_of_point(board.size, point);
        statuses[point] = status[loc];
        owners[point] = owner[loc];
    }
    return Py_BuildValue("(NN)", status_grid, owner_grid);
}
