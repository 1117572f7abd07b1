/* The border to Python: only the files of this folder know the C APIs of Python and numpy. Every argument is checked here, so
 * that the code behind may assert. See engine/_core.pyi for what each function takes and gives.
 *
 * The checks set an exception that names the argument and its value, and return false or NULL. */
#ifndef SHICHO_BORDER_H
#define SHICHO_BORDER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* numpy's table of functions is filled once, in module.c, for all files. */
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

extern PyTypeObject *board_type; /* set once, when the module is made */
extern PyType_Spec board_spec;

/* ---- arguments.c ---- */

/* The array behind `object` (borrowed) if it is C-contiguous with this type and shape (-1: any length), else NULL. */
PyArrayObject *checked_array(PyObject *object, const char *name, int type, int ndim, const npy_intp *shape, bool writeable);
PyArrayObject *checked_vector(PyObject *object, const char *name, int type, npy_intp length);

/* The last `outputs` of `args`, checked arrays, share no memory with any other array there: what was checked must stay so. */
bool check_outputs_apart(PyObject *args, Py_ssize_t outputs);

/* Any integer object from `low` to `high`. */
bool as_int(PyObject *object, const char *name, long low, long high, int *value);
bool as_size(PyObject *object, int *size);

/* Any integer object from 0 to 2^64 - 1. */
bool as_seed(PyObject *object, uint64_t *seed);
bool as_colour(PyObject *object, int *colour);
bool as_feature_set(PyObject *object, const FeatureSet **set);

/* Any real number, NaN and infinities included. */
bool as_real(PyObject *object, const char *name, double *value);

/* A point as a loc; pass becomes NO_LOC. */
bool as_loc(PyObject *object, const Board *board, bool pass_allowed, int *loc);

/* A point with a stone on it. */
bool as_stone(PyObject *object, const Board *board, int *loc);

/* ---- functions of the module (METH_VARARGS) ---- */

PyObject *core_planes(PyObject *module, PyObject *args);
PyObject *core_packed_planes(PyObject *module, PyObject *args);
PyObject *core_legal_length(PyObject *module, PyObject *args);
PyObject *core_replay_rows(PyObject *module, PyObject *args);
PyObject *core_replay_games(PyObject *module, PyObject *args);
PyObject *core_replay_ladders(PyObject *module, PyObject *args);
PyObject *core_playout_games(PyObject *module, PyObject *args);
PyObject *core_final_status(PyObject *module, PyObject *args);
PyObject *core_playout(PyObject *module, PyObject *args);

#endif
