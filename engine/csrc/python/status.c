/* Random playouts and what they say of the stones' fate. */
#include "../playout.h"
#include "border.h"

PyObject *core_playout(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *board_object, *colour_object, *seed_object;
    int colour;
    uint64_t seed;
    if (!PyArg_ParseTuple(args, "O!OO", board_type, &board_object, &colour_object, &seed_object)) return NULL;
    if (!as_colour(colour_object, &colour) || !as_seed(seed_object, &seed)) return NULL;
    const Board *board = &((BoardObject *)board_object)->board;
    uint16_t moves[PLAYOUT_MAX_PLIES];
    Playout playout;
    playout_start(&playout, board, colour, seed);
    while (!playout_is_over(&playout)) {
        int loc = playout_choose(&playout), side = playout.colour;
        int point = loc == NO_LOC ? STORED_PASS : point_of_loc(board->size, loc);
        moves[playout.plies] = (uint16_t)(side == WHITE ? point | STORED_WHITE : point);
        playout_play(&playout, loc);
    }
    npy_intp length = playout.plies;
    PyObject *array = PyArray_SimpleNew(1, &length, NPY_UINT16);
    if (array) memcpy(PyArray_DATA((PyArrayObject *)array), moves, (size_t)length * sizeof *moves);
    return array;
}
