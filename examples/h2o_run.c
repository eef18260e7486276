/* SPDX-License-Identifier: MIT */
/*
 * An HTTP service in one thread: POST /?LANGUAGE with a source, the answer is JSON. While a program runs, h2o's loop
 * goes on: the run's descriptor is in it. (Compiling blocks here; a real service hands sn_program_create() to a
 * thread.)
 *
 *     cc -DH2O_USE_LIBUV=0 h2o_run.c $(pkg-config --cflags --libs sentinel libh2o-evloop jansson) -lwslay -lssl
 * -lcrypto \ -o h2o_run sudo ./h2o_run 7000 & curl --data-binary @hello.py http://127.0.0.1:7000/?python
 */
#include <sentinel/sentinel.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <h2o.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SOURCE_MAX 65536

static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t accepting;
static sn_languages *languages;

/* One request's run. It lives in the request's pool and goes with it, whatever ends the request. */
struct job {
    h2o_req_t *request;
    sn_program *program;
    sn_running *running;
    h2o_socket_t *socket;
};

static void job_dispose(void *memory)
{
    struct job *job = memory;

    if (job->socket)
        h2o_socket_close(job->socket);
    sn_running_free(job->running);
    sn_program_destroy(job->program);
}

/* Takes the reference to `body`. */
static void answer(h2o_req_t *request, int status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    const char *sent = text ? text : "{\"error\":\"the output is not UTF-8\"}";

    request->res.status = text ? status : 500;
    request->res.reason = "";
    request->res.content_length = strlen(sent); /* h2o_send_inline() does not */
    h2o_add_header(&request->pool, &request->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("application/json"));
    h2o_send_inline(request, sent, strlen(sent));
    free(text);
    json_decref(body);
}

static void answer_error(h2o_req_t *request, int status, const char *message)
{
    answer(request, status, json_pack("{s:s}", "error", message));
}

static void answer_result(h2o_req_t *request, const sn_result *result)
{
    size_t out_length, err_length;
    const char *out = sn_result_stdout(result, &out_length), *err = sn_result_stderr(result, &err_length);

    answer(request, 200,
           json_pack("{s:s, s:i, s:s%, s:s%}", "verdict", sn_verdict_name(sn_result_verdict(result)), "exit_code",
                     sn_result_exit_code(result), "stdout", out ? out : "", out_length, "stderr", err ? err : "",
                     err_length));
}

static void on_run(h2o_socket_t *socket, const char *failure)
{
    struct job *job = socket->data;
    sn_event event;
    sn_result *result = NULL;
    sn_error *error = NULL;
    int r = 0;

    (void)failure;
    sn_event_init(&event);
    do
        r = sn_run_next(job->running, &event, &error);
    while (r == 0 && event.type != SN_EVENT_NONE && event.type != SN_EVENT_DONE);
    if (r == 0 && event.type == SN_EVENT_NONE)
        return;
    h2o_socket_read_stop(socket);
    if (r == 0)
        r = sn_run_wait(job->running, &result, &error);
    if (r == 0)
        answer_result(job->request, result);
    else
        answer_error(job->request, 500, sn_error_message(error));
    sn_result_free(result);
    sn_error_free(error);
}

static int on_request(h2o_handler_t *handler, h2o_req_t *request)
{
    struct job *job = h2o_mem_alloc_shared(&request->pool, sizeof(*job), job_dispose);
    size_t name_at = request->query_at == SIZE_MAX ? request->path.len : request->query_at + 1;
    h2o_iovec_t name = h2o_strdup(&request->pool, request->path.base + name_at, request->path.len - name_at);
    const sn_language *language = sn_languages_find(languages, name.base);
    sn_program_options options;
    sn_error *error = NULL;

    (void)handler;
    *job = (struct job){.request = request};
    if (!h2o_memis(request->method.base, request->method.len, H2O_STRLIT("POST")))
        return answer_error(request, 405, "POST a source"), 0;
    if (!language)
        return answer_error(request, 404, "no such language"), 0;
    if (request->entity.len > SOURCE_MAX)
        return answer_error(request, 413, "the source is too large"), 0;
    sn_program_options_init(&options);
    options.source = request->entity.base;
    options.source_length = request->entity.len;
    if (sn_program_create(language, &options, &job->program, &error) < 0 ||
        (sn_program_is_runnable(job->program) && sn_program_run_start(job->program, NULL, &job->running, &error) < 0)) {
        answer_error(request, 500, sn_error_message(error));
        sn_error_free(error);
    } else if (!job->running) {
        answer_result(request, sn_program_compile_result(job->program));
    } else { /* a copy: h2o closes what it is given */
        int fd = fcntl(sn_run_fd(job->running), F_DUPFD_CLOEXEC, 0);

        job->socket = h2o_evloop_socket_create(context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
        job->socket->data = job;
        h2o_socket_read_start(job->socket, on_run);
    }
    return 0;
}

static void on_connection(h2o_socket_t *listener, const char *failure)
{
    h2o_socket_t *socket = failure ? NULL : h2o_evloop_socket_accept(listener);

    if (socket)
        h2o_accept(&accepting, socket);
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 64) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    int fd = listen_on(argc > 1 ? atoi(argv[1]) : 7000);
    h2o_hostconf_t *host;
    h2o_socket_t *listener;
    sn_error *error = NULL;

    if (fd < 0)
        return perror("listen"), 1;
    if (sn_languages_load(NULL, &languages, &error) < 0)
        return fprintf(stderr, "%s: %s\n", sn_error_step(error), sn_error_message(error)), 1;
    h2o_config_init(&config);
    config.http1.upgrade_to_http2 = 0; /* this version of h2o falls to HTTP/2's Rapid Reset */
    host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req = on_request;
    h2o_context_init(&context, h2o_evloop_create(), &config);
    accepting = (h2o_accept_ctx_t){.ctx = &context, .hosts = config.hosts};
    listener = h2o_evloop_socket_create(context.loop, fd, H2O_SOCKET_FLAG_DONT_READ);
    h2o_socket_read_start(listener, on_connection);
    while (h2o_evloop_run(context.loop, INT32_MAX) == 0)
        ;
    return 0;
}
