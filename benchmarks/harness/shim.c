/* The harness's engine interface over compiled Python functions.
 *
 * Python starts in this process, benchmarks/harness/engine.py makes the tables, and its functions
 * (numba cfuncs over the venue's book) are called by address. There is no book here and no queue:
 * every engine_* below hands its arguments on. Paths come from build.py by -D. */
#include <Python.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "matching_engine_api.h"

static int64_t (*run)(void *places, int64_t words, const void *messages, int64_t count);
static int64_t (*drain_reports)(void *places, int64_t words, void *reports, int64_t most);
static int64_t (*best_price)(void *places, int64_t words, int64_t side);
static int64_t (*depth)(void *places, int64_t words, int64_t price, int64_t side);
static PyObject *engine;
static void *places;
static int64_t words;

static void stop(const char *what) {
    if (PyErr_Occurred()) PyErr_Print();
    fprintf(stderr, "ERROR: twinex: %s\n", what);
    abort(); /* the harness reports an engine that failed */
}

static void start_python(void) {
    /* The harness loads engines with RTLD_LOCAL; extension modules look for Python's symbols among
     * the global ones. */
    if (!dlopen(LIBPYTHON, RTLD_NOW | RTLD_GLOBAL)) stop(dlerror());
    PyConfig config;
    PyConfig_InitPythonConfig(&config);
    config.install_signal_handlers = 0;
    PyConfig_SetBytesString(&config, &config.program_name, PYTHON);
    PyStatus status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) stop(status.err_msg);
    if (PyRun_SimpleString("import sys; sys.path[:0] = ['" ROOT "', '" ROOT "/src']"))
        stop("sys.path");
}

static void *create(uint32_t capacity) {
    start_python();
    PyObject *module = PyImport_ImportModule("benchmarks.harness.engine");
    if (!module) stop("benchmarks.harness.engine cannot be imported");
    PyObject *addresses = PyObject_CallMethod(module, "functions", NULL);
    if (!addresses || !PyArg_ParseTuple(addresses, "LLLL", (long long *)&run,
            (long long *)&drain_reports, (long long *)&best_price, (long long *)&depth))
        stop("no functions");
    engine = PyObject_CallMethod(module, "Engine", "I", capacity);
    if (!engine) stop("no engine");
    PyObject *table = PyObject_GetAttrString(engine, "places");
    Py_buffer view;
    if (!table || PyObject_GetBuffer(table, &view, PyBUF_WRITABLE)) stop("no places");
    places = view.buf;
    words = view.len / 8;
    return places;
}

/* Runs inside the runs below: the matcher publishes as it goes and at the end of each. */
static int push(void *handle, const me_report_t *report) { return 0; }
static void flush(void *handle) {}
static void destroy(void *handle) {}
static uint32_t drain(void *handle, me_report_t *reports, uint32_t most) {
    return (uint32_t)drain_reports(handle, words, reports, most);
}

const me_transport_t *engine_get_transport(void) {
    static const me_transport_t ours = {create, push, drain, flush, destroy};
    return &ours;
}

void engine_init(uint64_t seed, const me_transport_t *transport, void *sink) {}
void engine_shutdown(void) {}
void engine_flush(void) {}

void engine_on_batch(const me_msg_t *messages, uint32_t count) {
    uint32_t done = 0;
    while ((done += (uint32_t)run(places, words, messages + done, count - done)) < count)
        if (!PyObject_CallMethod(engine, "make_room", NULL)) stop("the matcher stopped");
}

void engine_on_new_order(const new_order_t *order) {
    me_msg_t message = {.type = 0, .no = *order};
    engine_on_batch(&message, 1);
}

void engine_on_cancel(const cancel_t *cancel) {
    me_msg_t message = {.type = 1, .c = *cancel};
    engine_on_batch(&message, 1);
}

void engine_on_modify(const modify_t *modify) {
    me_msg_t message = {.type = 2, .md = *modify};
    engine_on_batch(&message, 1);
}

int64_t engine_query_best_bid(void) { return best_price(places, words, 0); }
int64_t engine_query_best_ask(void) { return best_price(places, words, 1); }
uint64_t engine_query_depth_at(int64_t price, uint8_t side) {
    return (uint64_t)depth(places, words, price, side);
}
