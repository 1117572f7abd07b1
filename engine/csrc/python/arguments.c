#include "bindings.h"

PyArrayObject *checked_array(PyObject *object, const char *name, int type, int ndim, const npy_intp *shape, bool writeable)
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
        if (has) PyErr_Format(PyExc_ValueError, "%s has the wrong shape %S", name, has);
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

PyArrayObject *checked_vector(PyObject *object, const char *name, int type, npy_intp length)
{
    return checked_array(object, name, type, 1, &length, false);
}

bool check_outputs_apart(PyObject *args, Py_ssize_t outputs)
{
    Py_ssize_t count = PyTuple_GET_SIZE(args);
    for (Py_ssize_t out = count - outputs; out < count; out++) {
        PyArrayObject *written = (PyArrayObject *)PyTuple_GET_ITEM(args, out);
        const char *start = PyArray_BYTES(written), *end = start + PyArray_NBYTES(written);
        for (Py_ssize_t k = 0; k < count; k++) {
            if (k == out || !PyArray_Check(PyTuple_GET_ITEM(args, k))) continue;
            PyArrayObject *other = (PyArrayObject *)PyTuple_GET_ITEM(args, k);
            const char *other_start = PyArray_BYTES(other), *other_end = other_start + PyArray_NBYTES(other);
            if (start >= other_end || other_start >= end) continue;
            PyErr_Format(PyExc_ValueError, "arguments %zd and %zd share memory, and one is written to", k + 1, out + 1);
            return false;
        }
    }
    return true;
}

bool as_int(PyObject *object, const char *name, long low, long high, int *value)
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

bool as_seed(PyObject *object, uint64_t *seed)
{
    PyObject *number = PyNumber_Index(object);
    if (!number) return false;
    *seed = PyLong_AsUnsignedLongLong(number);
    bool fits = !PyErr_Occurred();
    if (!fits && PyErr_ExceptionMatches(PyExc_OverflowError)) {
        PyErr_Format(PyExc_ValueError, "seed must be 0 to 2^64 - 1, not %S", number);
    }
    Py_DECREF(number);
    return fits;
}

bool as_size(PyObject *object, int *size) { return as_int(object, "board size", 2, MAX_SIZE, size); }

bool as_colour(PyObject *object, int *colour) { return as_int(object, "colour", BLACK, WHITE, colour); }

bool as_feature_set(PyObject *object, const FeatureSet **set)
{
    int number;
    if (!as_int(object, "feature set", 0, FEATURE_SETS - 1, &number)) return false;
    *set = &feature_sets[number];
    return true;
}

bool as_real(PyObject *object, const char *name, double *value)
{
    *value = PyFloat_AsDouble(object);
    if (*value != -1.0 || !PyErr_Occurred()) return true;
    PyErr_Clear();
    PyErr_Format(PyExc_TypeError, "%s must be a number that a float can hold, not %R", name, object);
    return false;
}

bool as_loc(PyObject *object, const Board *board, bool pass_allowed, int *loc)
{
    int point, points = board->size * board->size;
    if (!as_int(object, "point", 0, points - !pass_allowed, &point)) return false;
    *loc = point == points ? NO_LOC : loc_of_point(board->size, point);
    return true;
}

bool as_stone(PyObject *object, const Board *board, int *loc)
{
    if (!as_loc(object, board, false, loc)) return false;
    if (board->colour[*loc] != EMPTY) return true;
    PyErr_Format(PyExc_ValueError, "there is no stone on point %S", object);
    return false;
}
