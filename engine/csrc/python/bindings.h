/* The bindings to Python. Only the files of this folder use the C APIs of Python and numpy. They check every argument, so the
 * other C code asserts its preconditions. engine/_core.pyi documents the functions.
 *
 * A failed check sets an exception that names the argument and its value, and returns false or NULL. */
#ifndef SHICHO_BINDINGS_H
#define SHICHO_BINDINGS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* module.c fills numpy's function table once for all files. */
#define PY_ARRAY_UNIQUE_SYMBOL shicho_array_api
#ifndef SHICHO_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include "../board.h"
#include "../features.h"

typedef struct {
    PyObject_HEAD
    Board board;
    Undo *history; /* owned */
    Py_ssize_t count, capacity;
} BoardObject;

extern PyTypeObject *board_type; /* set once, when the module is created */
extern PyType_Spec board_spec;

/* ---- arguments.c ---- */

/* `object` as an array (borrowed) if it is C-contiguous with this dtype and shape (-1: any length), else NULL. */
PyArrayObject *checked_array(PyObject *object, const char *name, int type, int ndim, const npy_intp *shape, bool writeable);
PyArrayObject *checked_vector(PyObject *object, const char *name, int type, npy_intp length);

/* Check that the last `outputs` of `args`, which are checked arrays, share no memory with any other array in `args`, so that
 * writing to them cannot change checked values. */
bool check_outputs_apart(PyObject *args, Py_ssize_t outputs);

/* An integer object from `low` to `high`. */
bool as_int(PyObject *object, const char *name, long low, long high, int *value);
bool as_size(PyObject *object, int *size);

/* An integer object from 0 to 2^64 - 1. */
bool as_seed(PyObject *object, uint64_t *seed);
bool as_colour(PyObject *object, int *colour);
bool as_feature_set(PyObject *object, const FeatureSet **set);

/* A real number; NaN and infinities are allowed. */
bool as_real(PyObject *object, const char *name, double *value);

/* A point, converted to a loc; a pass becomes NO_LOC. */
bool as_loc(PyObject *object, const Board *board, bool pass_allowed, int *loc);

/* A point that holds a stone, converted to a loc. */
bool as_stone(PyObject *object, const Board *board, int *loc);

/* ---- functions of the module (METH_VARARGS) ---- */

PyObject *core_planes(PyObject *module, PyObject *args);
PyObject *core_packed_planes(PyObject *module, PyObject *args);
PyObject *core_label_chains(PyObject *module, PyObject *args);
PyObject *core_legal_length(PyObject *module, PyObject *args);
PyObject *core_replay_rows(PyObject *module, PyObject *args);
PyObject *core_replay_games(PyObject *module, PyObject *args);
PyObject *core_replay_ladders(PyObject *module, PyObject *args);
PyObject *core_playout_games(PyObject *module, PyObject *args);
PyObject *core_final_status(PyObject *module, PyObject *args);
PyObject *core_playout(PyObject *module, PyObject *args);

#endif
