/* SPDX-License-Identifier: MIT */
/*
 * CPython as a template. The bootstrap (policies/templates/python.py) registers sn_template_serve() to be called at the
 * interpreter's exit, which is when no frame of Python's is below it: a program that is run from here is at the bottom
 * of its stack, as if the interpreter had been started for it. From there on the public C API does what the
 * interpreter's own main() would have done next.
 *
 * The interpreter is the process that this is loaded into: its symbols are found there, and only those of the stable
 * ABI and of PyOS_*Fork() are used, so that no header of a version is needed.
 */
#include "template/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEFAULT_THREAD_STACK (UINT64_C(2) << 20) /* glibc's, where RLIMIT_STACK says unlimited */

typedef struct python_object PyObject;
void PyOS_BeforeFork(void);
void PyOS_AfterFork_Parent(void);
void PyOS_AfterFork_Child(void);
PyObject *PyObject_CallFunctionObjArgs(PyObject *callable, ...);
PyObject *PyList_New(ssize_t size);
int PyList_Append(PyObject *list, PyObject *item);
PyObject *PyUnicode_DecodeFSDefault(const char *text);
PyObject *PyUnicode_EncodeFSDefault(PyObject *text);
char *PyBytes_AsString(PyObject *bytes);
void PySys_WriteStderr(const char *format, ...);
void PyErr_Print(void);
void Py_DecRef(PyObject *object);
void Py_IncRef(PyObject *object);
long PyLong_AsLong(PyObject *number);
PyObject *PyImport_AddModule(const char *name);
PyObject *PyModule_GetDict(PyObject *module);
void PyErr_Fetch(PyObject **type, PyObject **value, PyObject **traceback);
void PyErr_Restore(PyObject *type, PyObject *value, PyObject *traceback);
void PyErr_NormalizeException(PyObject **type, PyObject **value, PyObject **traceback);
int PyErr_GivenExceptionMatches(PyObject *exception, PyObject *wanted);
PyObject *PyRun_FileExFlags(FILE *file, const char *name, int start, PyObject *globals, PyObject *locals, int close,
                            void *flags);
extern PyObject *PyExc_KeyboardInterrupt, *PyExc_SystemExit;
#define FILE_INPUT 257 /* Py_file_input */

static struct {
    PyObject *ready, *begin, *exit_status, *finish;
    struct sn__template_job job;
} serve;

/* glibc took the size of new threads' stacks from the template's limit. */
static void renew_thread_stacks(void)
{
    struct rlimit limit;
    pthread_attr_t attributes;
    uint64_t bytes = DEFAULT_THREAD_STACK;

    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        bytes = limit.rlim_cur;
    if (bytes < 16384)
        bytes = 16384;
    if (pthread_attr_init(&attributes) != 0)
        return;
    if (pthread_attr_setstacksize(&attributes, (bytes + 4095) & ~UINT64_C(4095)) == 0)
        pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

static int get_ready(void)
{
    PyObject *result;

    PyOS_AfterFork_Child();
    renew_thread_stacks();
    result = PyObject_CallFunctionObjArgs(serve.ready, NULL);
    Py_DecRef(result);
    return result ? 0 : -1;
}

static PyObject *make_list(const char *area, uint32_t at, uint32_t count)
{
    PyObject *list = PyList_New(0);

    for (uint32_t i = 0; list && i < count; i++) {
        uint32_t offset;
        PyObject *text;

        memcpy(&offset, area + at + i * sizeof(offset), sizeof(offset));
        text = PyUnicode_DecodeFSDefault(area + offset);
        if (!text || PyList_Append(list, text) < 0)
            return NULL;
        Py_DecRef(text);
    }
    return list;
}

/* What becomes of the interpreter after its program: Py_RunMain() of Modules/main.c says in which order. */
static _Noreturn void end(int status, bool is_interrupted)
{
    PyObject *result = PyObject_CallFunctionObjArgs(serve.finish, NULL);

    if (!result)
        PyErr_Print();
    else if (PyLong_AsLong(result) != 0)
        status = 120;
    if (is_interrupted) {
        signal(SIGINT, SIG_DFL);
        kill(getpid(), SIGINT);
    }
    exit(status);
}

/* An exception that nobody caught. Returns the exit status. */
static int tell_exception(bool *ret_interrupted)
{
    PyObject *type, *value, *traceback, *result;
    int status = 1;

    PyErr_Fetch(&type, &value, &traceback);
    *ret_interrupted = type == PyExc_KeyboardInterrupt;
    if (!PyErr_GivenExceptionMatches(type, PyExc_SystemExit)) {
        PyErr_Restore(type, value, traceback);
        PyErr_Print();
        return 1;
    }
    PyErr_NormalizeException(&type, &value, &traceback);
    fflush(stdout);
    result = PyObject_CallFunctionObjArgs(serve.exit_status, value, NULL);
    if (result)
        status = (int)PyLong_AsLong(result);
    else
        PyErr_Print();
    Py_DecRef(result);
    Py_DecRef(type);
    Py_DecRef(value);
    Py_DecRef(traceback);
    return status;
}

static _Noreturn void run_file(const char *path)
{
    PyObject *globals = PyModule_GetDict(PyImport_AddModule("__main__")), *result;
    FILE *file = fopen(path, "rbe");
    bool is_interrupted = false;
    int status = 0;

    if (!file) {
        PySys_WriteStderr("/usr/bin/python3: can't open file '%s': [Errno %d] %s\n", path, errno, strerror(errno));
        end(2, false);
    }
    Py_IncRef(globals);
    result = PyRun_FileExFlags(file, path, FILE_INPUT, globals, globals, 1, NULL);
    if (!result)
        status = tell_exception(&is_interrupted);
    Py_DecRef(result);
    Py_DecRef(globals);
    end(status, is_interrupted);
}

static void begin(const char *area)
{
    const struct sn__request *request = (const struct sn__request *)(const void *)area;
    PyObject *argv = make_list(area, request->argv, request->argc);
    PyObject *envp = make_list(area, request->envp, request->envc);
    PyObject *path, *bytes = NULL;

    munmap((void *)area, SN__ARMED_REQUEST);
    path = argv && envp ? PyObject_CallFunctionObjArgs(serve.begin, argv, envp, NULL) : NULL;
    Py_DecRef(argv);
    Py_DecRef(envp);
    if (path)
        bytes = PyUnicode_EncodeFSDefault(path);
    if (!bytes) {
        PyErr_Print();
        exit(1);
    }
    Py_DecRef(path);
    run_file(PyBytes_AsString(bytes));
}

/* One request with its descriptors. false: the library is gone. */
static bool receive(void)
{
    static union {
        struct cmsghdr header;
        char room[CMSG_SPACE(SN__TEMPLATE_FDS_MAX * sizeof(int))];
    } ancillary;
    struct pollfd fds[2] = {{.fd = SN__TEMPLATE_SOCKET_FD, .events = POLLIN},
                            {.fd = SN__TEMPLATE_HOST_FD, .events = POLLIN}};
    struct iovec iov = {&serve.job.request, sizeof(serve.job.request)};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = &ancillary,
                            .msg_controllen = CMSG_LEN(SN__TEMPLATE_FDS_MAX * sizeof(int))};
    struct cmsghdr *found;
    ssize_t n;

    serve.job.fd_count = 0;
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        continue;
    if (fds[1].revents)
        return false;
    do
        n = recvmsg(SN__TEMPLATE_SOCKET_FD, &header, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    found = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;
    if (found && found->cmsg_level == SOL_SOCKET && found->cmsg_type == SCM_RIGHTS) {
        serve.job.fd_count = (uint32_t)((found->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(serve.job.fds, CMSG_DATA(found), serve.job.fd_count * sizeof(int));
    }
    return n == sizeof(serve.job.request) && !(header.msg_flags & MSG_CTRUNC) &&
           serve.job.fd_count >= SN__TEMPLATE_FD_RUN + SN__RUN_FD_JOIN;
}

/*
 * Called at the interpreter's exit, under its lock. `warm` is called once, the others in each child. Ends the process.
 */
__attribute__((visibility("default"))) int sn_template_serve(PyObject *warm, PyObject *ready, PyObject *begin_program,
                                                             PyObject *exit_status, PyObject *finish);
int sn_template_serve(PyObject *warm, PyObject *ready, PyObject *begin_program, PyObject *exit_status, PyObject *finish)
{
    struct sn__failure failure;
    PyObject *result;

    prctl(PR_SET_DUMPABLE, 0);
    Py_IncRef(ready); /* the child clears the list of exit functions that holds them */
    Py_IncRef(begin_program);
    Py_IncRef(exit_status);
    Py_IncRef(finish);
    serve.ready = ready;
    serve.begin = begin_program;
    serve.exit_status = exit_status;
    serve.finish = finish;
    serve.job.get_ready = get_ready;
    serve.job.begin = begin;
    serve.job.stack_top = (void *)(((uintptr_t)__builtin_frame_address(0) - 16384) & ~(uintptr_t)15);
    result = PyObject_CallFunctionObjArgs(warm, NULL);
    if (!result || sn__template_enter_init() < 0)
        _exit(1);
    Py_DecRef(result);
    if (send(SN__TEMPLATE_SOCKET_FD, "w", 1, MSG_NOSIGNAL) != 1)
        _exit(1);
    while (receive()) {
        PyOS_BeforeFork();
        sn__template_enter(&serve.job, &failure);
        PyOS_AfterFork_Parent();
        for (uint32_t i = 0; i < serve.job.fd_count; i++)
            close(serve.job.fds[i]);
    }
    _exit(0);
}
