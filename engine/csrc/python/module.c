#define SHICHO_IMPORTS_NUMPY
#include "../ladder.h"
#include "../status.h"
#include "bindings.h"

PyTypeObject *board_type;

static PyMethodDef core_functions[] = {
    {"planes", core_planes, METH_VARARGS, NULL},
    {"packed_planes", core_packed_planes, METH_VARARGS, NULL},
    {"label_chains", core_label_chains, METH_VARARGS, NULL},
    {"legal_length", core_legal_length, METH_VARARGS, NULL},
    {"replay_rows", core_replay_rows, METH_VARARGS, NULL},
    {"replay_games", core_replay_games, METH_VARARGS, NULL},
    {"replay_ladders", core_replay_ladders, METH_VARARGS, NULL},
    {"playout_games", core_playout_games, METH_VARARGS, NULL},
    {"final_status", core_final_status, METH_VARARGS, NULL},
    {"playout", core_playout, METH_VARARGS, NULL},
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
        {"LEGAL", LEGAL},
        {"OCCUPIED", OCCUPIED},
        {"KO", KO},
        {"SUICIDE", SUICIDE},
        {"MAX_SIZE", MAX_SIZE},
        {"LADDER_NODES", LADDER_NODES},
        {"HISTORY", HISTORY},
        {"PACKED_BYTES", PACKED_BYTES},
        {"SANDBOX_26", SANDBOX_26},
        {"SHICHO_V2", SHICHO_V2},
        {"RULE_SUPERKO", RULE_SUPERKO},
        {"RULE_SUICIDE", RULE_SUICIDE},
        {"RULE_TERRITORY", RULE_TERRITORY},
        {"ALL_RULES", ALL_RULES},
        {"ALIVE", ALIVE},
        {"DEAD", DEAD},
        {"IN_SEKI", IN_SEKI},
        {"MAX_PLAYOUTS", MAX_PLAYOUTS},
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
