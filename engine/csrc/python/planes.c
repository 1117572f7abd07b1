/* Planes of one position. */
#include "border.h"

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

PyObject *core_planes(PyObject *Py_UNUSED(module), PyObject *args)
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

PyObject *core_packed_planes(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const npy_intp shape[2] = {PLANES, PACKED_BYTES};
    uint64_t planes[PLANES][PLANE_WORDS];
    PyArrayObject *out;
    if (!compute_planes(args, NPY_UINT8, shape, 2, &out, planes)) return NULL;
    features_pack(planes, PyArray_DATA(out));
    Py_RETURN_NONE;
}
