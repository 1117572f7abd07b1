/* Planes of one position, and the chains on packed planes. */
#include "bindings.h"

/* Parse the arguments and compute the planes. `out` becomes the output array [planes, *inner] of dtype `type`. */
static const FeatureSet *compute_planes(PyObject *args, int type, int ndim, const npy_intp *inner, PyArrayObject **out,
                                        uint64_t planes[][PLANE_WORDS])
{
    PyObject *set_object, *board_object, *to_play_object, *recent_object, *komi_object, *rules_object, *out_object;
    const FeatureSet *set;
    Position position = {.max_history = HISTORY};
    double komi;
    if (!PyArg_ParseTuple(args, "OO!OOOOO", &set_object, board_type, &board_object, &to_play_object, &recent_object,
                          &komi_object, &rules_object, &out_object) ||
        !as_feature_set(set_object, &set) || !as_colour(to_play_object, &position.to_play) ||
        !as_real(komi_object, "komi", &komi) || !as_int(rules_object, "rules", 0, ALL_RULES, &position.rules)) {
        return NULL;
    }
    PyArrayObject *recent = checked_vector(recent_object, "recent", NPY_UINT16, -1);
    if (!recent) return NULL;
    npy_intp shape[3] = {set->planes, inner[0], ndim == 3 ? inner[1] : 0};
    *out = checked_array(out_object, "out", type, ndim, shape, true);
    if (!*out) return NULL;

    BoardObject *self = (BoardObject *)board_object;
    position.board = &self->board;
    npy_intp length = PyArray_DIM(recent, 0), older = length > HISTORY ? length - HISTORY : 0;
    position.recent = (const uint16_t *)PyArray_DATA(recent) + older;
    position.count = (int)(length - older);
    position.komi = (float)komi;
    for (int back = 0; back < 2 && back < self->count; back++) position.undo[back] = &self->history[self->count - 1 - back];
    int points = self->board.size * self->board.size;
    for (int k = 0; k < position.count; k++) {
        int point = stored_point(position.recent[k]);
        if (point < points || point == STORED_PASS) continue;
        PyErr_Format(PyExc_ValueError, "recent[%zd] holds point %d, which is not on the board", (Py_ssize_t)older + k, point);
        return NULL;
    }
    set->fill(&position, planes);
    return set;
}

PyObject *core_planes(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const npy_intp inner[2] = {MAX_SIZE, MAX_SIZE};
    uint64_t planes[MAX_PLANES][PLANE_WORDS];
    PyArrayObject *out;
    const FeatureSet *set = compute_planes(args, NPY_FLOAT32, 3, inner, &out, planes);
    if (!set) return NULL;
    float *cell = PyArray_DATA(out);
    for (int plane = 0; plane < set->planes; plane++) {
        for (int grid = 0; grid < MAX_POINTS; grid++) *cell++ = (float)(planes[plane][grid >> 6] >> (grid & 63) & 1);
    }
    Py_RETURN_NONE;
}

PyObject *core_packed_planes(PyObject *Py_UNUSED(module), PyObject *args)
{
    static const npy_intp inner[1] = {PACKED_BYTES};
    uint64_t planes[MAX_PLANES][PLANE_WORDS];
    PyArrayObject *out;
    const FeatureSet *set = compute_planes(args, NPY_UINT8, 2, inner, &out, planes);
    if (!set) return NULL;
    features_pack(planes, set->planes, PyArray_DATA(out));
    Py_RETURN_NONE;
}

PyObject *core_label_chains(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *own_object, *opponent_object, *labels_object;
    if (!PyArg_ParseTuple(args, "OOO", &own_object, &opponent_object, &labels_object)) return NULL;
    npy_intp packed_shape[2] = {-1, PACKED_BYTES};
    PyArrayObject *own = checked_array(own_object, "own", NPY_UINT8, 2, packed_shape, false);
    if (!own) return NULL;
    npy_intp count = packed_shape[0] = PyArray_DIM(own, 0), labels_shape[2] = {count, MAX_POINTS};
    PyArrayObject *opponent = checked_array(opponent_object, "opponent", NPY_UINT8, 2, packed_shape, false);
    PyArrayObject *labels = opponent ? checked_array(labels_object, "labels", NPY_INT16, 2, labels_shape, true) : NULL;
    if (!labels || !check_outputs_apart(args, 1)) return NULL;
    const uint8_t *own_data = PyArray_DATA(own), *opponent_data = PyArray_DATA(opponent);
    int16_t *labels_data = PyArray_DATA(labels);
    npy_intp row = 0;
    Py_BEGIN_ALLOW_THREADS
    while (row < count && features_label_chains(own_data + row * PACKED_BYTES, opponent_data + row * PACKED_BYTES,
                                                labels_data + row * MAX_POINTS)) {
        row++;
    }
    Py_END_ALLOW_THREADS
    if (row == count) Py_RETURN_NONE;
    PyErr_Format(PyExc_ValueError, "position %zd: a point holds stones of both sides", (Py_ssize_t)row);
    return NULL;
}
