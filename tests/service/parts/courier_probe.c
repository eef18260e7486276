/* SPDX-License-Identifier: MIT */
/*
 * The courier with a store in memory and a resolver that tells what the test wants, for test_webhook.py. What happens
 * is told on standard output, one JSON object a line. Ends when every webhook is done, or stopped at the end of
 * standard input.
 *
 *   courier_probe [OPTION]... URL...
 *     --allow RANGE      --secret TEXT      --scale PERCENT      --timeout MS      --ca FILE
 *     --hurry            what is to be tried later is due at once (the pause is told as it was asked for)
 *     --attempt N        the first attempt is this one
 *     --no-body N        so many times there is no body
 *     --store-fails N    so many calls of the store fail
 *     --body-size N      of the body, in bytes
 *     --name NAME=ADDRESS[,ADDRESS]...[;...]   what the name stands for; after each ';' for the next look-up, the last
 *                        one for good; "hang" never ends, "none" is no such name
 */
#include "base/cleanup.h"
#include "common/wallclock.h"
#include "webhook/webhook.h"

#include <dlfcn.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HOOKS_MAX 64
#define NAMES_MAX 8

struct hook {
    const char *url;
    uint32_t attempt;
    int64_t due;
    bool is_done;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hook hooks[HOOKS_MAX];
static size_t hook_count;
static size_t done_count;
static char *names[NAMES_MAX];
static size_t name_count;
static bool hurry;
static int no_body;
static int store_fails;
static size_t body_size;
static int all_done;
static struct courier *courier;

/* ---- the store --------------------------------------------------------------------------------------------------- */

static size_t index_of(const struct uuid *job)
{
    return job->bytes[15];
}

static int fail_perhaps(struct failure *failure)
{
    if (store_fails <= 0)
        return 0;
    store_fails--;
    return fail(failure, FAIL_UNAVAILABLE, "the store is away");
}

static void print_event(const char *event, size_t job, const char *error)
{
    printf("{\"event\":\"%s\",\"job\":%zu,\"attempt\":%u,\"error\":", event, job, hooks[job].attempt);
    if (error)
        printf("\"%s\"", error);
    else
        printf("null");
}

int store_webhook_take(struct store *store, int64_t now, int64_t lease_until, struct webhook *ret_hooks, size_t max,
                       size_t *ret_count, struct failure *failure)
{
    size_t count = 0;

    (void)store;
    pthread_mutex_lock(&mutex);
    if (fail_perhaps(failure) < 0) {
        pthread_mutex_unlock(&mutex);
        return FAIL_UNAVAILABLE;
    }
    for (size_t i = 0; i < hook_count && count < max; i++) {
        struct hook *hook = &hooks[i];

        if (hook->is_done || hook->due > now)
            continue;
        hook->attempt++;
        hook->due = lease_until;
        ret_hooks[count] = (struct webhook){.attempt = hook->attempt, .url = strdup(hook->url)};
        ret_hooks[count].job.bytes[15] = (uint8_t)i;
        count++;
        print_event("take", i, NULL);
        printf(",\"lease_ms\":%lld}\n", (long long)(lease_until - now) / 1000);
    }
    pthread_mutex_unlock(&mutex);
    *ret_count = count;
    return 0;
}

int store_webhook_done(struct store *store, const struct uuid *job, const char *error, struct failure *failure)
{
    int code;

    (void)store;
    pthread_mutex_lock(&mutex);
    code = fail_perhaps(failure);
    if (code == 0) {
        hooks[index_of(job)].is_done = true;
        done_count++;
        print_event("done", index_of(job), error);
        printf("}\n");
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

int store_webhook_later(struct store *store, const struct uuid *job, int64_t due, const char *error,
                        struct failure *failure)
{
    int64_t now = wallclock_us();
    int code;

    (void)store;
    pthread_mutex_lock(&mutex);
    code = fail_perhaps(failure);
    if (code == 0) {
        hooks[index_of(job)].due = hurry ? now : due;
        print_event("later", index_of(job), error);
        printf(",\"delay_ms\":%lld}\n", (long long)(due - now) / 1000);
    }
    pthread_mutex_unlock(&mutex);
    return code;
}

static char *make_body(void *arg, const struct uuid *job)
{
    char id[UUID_TEXT_SIZE];
    char *body;
    bool is_there;

    (void)arg;
    pthread_mutex_lock(&mutex);
    is_there = no_body-- <= 0;
    pthread_mutex_unlock(&mutex);
    if (!is_there)
        return NULL;
    uuid_print(job, id);
    body = malloc(body_size + 100);
    if (body)
        snprintf(body, body_size + 100, "{\"id\":\"%s\",\"filling\":\"%*s\"}", id, (int)body_size, "");
    return body;
}

static void on_outcome(void *arg, const char *what)
{
    uint64_t one = 1;
    bool is_over;

    (void)arg;
    pthread_mutex_lock(&mutex);
    printf("{\"event\":\"outcome\",\"what\":\"%s\"}\n", what);
    is_over = done_count == hook_count;
    if (hurry)
        courier_wake(courier);
    pthread_mutex_unlock(&mutex);
    if (is_over && write(all_done, &one, sizeof(one)) < 0)
        perror("eventfd");
}

/* ---- the resolver ------------------------------------------------------------------------------------------------ */

typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* The addresses of one answer, in their order; glibc frees such a list element by element. */
static int resolve_list(char *list, const char *service, const struct addrinfo *hints, struct addrinfo **ret_first)
{
    resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    struct addrinfo numeric = *hints;
    struct addrinfo *first = NULL;
    struct addrinfo **last = &first;
    char *rest = NULL;

    numeric.ai_flags = AI_NUMERICHOST;
    for (char *address = strtok_r(list, ",", &rest); address; address = strtok_r(NULL, ",", &rest)) {
        int code = real(address, service, &numeric, last);

        if (code)
            return code;
        while (*last)
            last = &(*last)->ai_next;
    }
    *ret_first = first;
    return 0;
}

/* The next answer for a name of the test's; NULL if it is none. */
static char *next_answer(const char *name)
{
    size_t length = strlen(name);
    char *answer = NULL;

    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < name_count && !answer; i++) {
        char *all = names[i] + length + 1;
        char *more;

        if (strncmp(names[i], name, length) != 0 || names[i][length] != '=')
            continue;
        more = strchr(all, ';');
        answer = strndup(all, strcspn(all, ";"));
        if (more)
            memmove(all, more + 1, strlen(more));
        printf("{\"event\":\"resolve\",\"name\":\"%s\",\"answer\":\"%s\"}\n", name, answer);
    }
    pthread_mutex_unlock(&mutex);
    return answer;
}

/* In the place of the C library's for all of this program, libcurl included. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret_first)
{
    resolver *real = (resolver *)dlsym(RTLD_NEXT, "getaddrinfo");
    cleanup_free char *answer = name ? next_answer(name) : NULL;

    if (!answer)
        return real(name, service, hints, ret_first);
    if (strcmp(answer, "none") == 0)
        return EAI_NONAME;
    while (strcmp(answer, "hang") == 0)
        sleep(1000);
    return resolve_list(answer, service, hints, ret_first);
}

/* ---- beginning and end ------------------------------------------------------------------------------------------- */

static void wait_for_end(void)
{
    struct pollfd fds[] = {{.fd = all_done, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    char byte;

    while (poll(fds, 2, -1) < 0 || !fds[0].revents)
        if (fds[1].revents && read(STDIN_FILENO, &byte, 1) <= 0)
            break;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"allow", required_argument, NULL, 'a'},     {"secret", required_argument, NULL, 's'},
        {"scale", required_argument, NULL, 'p'},     {"timeout", required_argument, NULL, 't'},
        {"ca", required_argument, NULL, 'c'},        {"hurry", no_argument, NULL, 'h'},
        {"attempt", required_argument, NULL, 'n'},   {"no-body", required_argument, NULL, 'b'},
        {"body-size", required_argument, NULL, 'z'}, {"store-fails", required_argument, NULL, 'f'},
        {"name", required_argument, NULL, 'r'},      {NULL},
    };
    const char *allow[16] = {NULL};
    size_t allow_count = 0;
    uint32_t attempt = 0;
    struct courier_options options = {
        .store = NULL,
        .allow = allow,
        .user_agent = "courier-probe",
        .make_body = make_body,
        .on_outcome = on_outcome,
    };
    struct failure failure;

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int c = getopt_long(argc, argv, "", long_options, NULL); c >= 0;
         c = getopt_long(argc, argv, "", long_options, NULL)) {
        switch (c) {
        case 'a':
            if (allow_count < SN_ARRAY_SIZE(allow) - 1)
                allow[allow_count++] = optarg;
            break;
        case 's':
            options.secret = optarg;
            break;
        case 'p':
            options.backoff_scale_percent = (unsigned)atoi(optarg);
            break;
        case 't':
            options.timeout_ms = (uint64_t)atoi(optarg);
            break;
        case 'c':
            options.ca_file = optarg;
            break;
        case 'h':
            hurry = true;
            break;
        case 'n':
            attempt = (uint32_t)atoi(optarg) - 1;
            break;
        case 'b':
            no_body = atoi(optarg);
            break;
        case 'z':
            body_size = (size_t)atoi(optarg);
            break;
        case 'f':
            store_fails = atoi(optarg);
            break;
        case 'r':
            if (name_count < NAMES_MAX)
                names[name_count++] = optarg;
            break;
        default:
            return 2;
        }
    }
    for (; optind < argc && hook_count < HOOKS_MAX; optind++)
        hooks[hook_count++] = (struct hook){.url = argv[optind], .attempt = attempt};
    all_done = eventfd(0, EFD_CLOEXEC);
    /* its threads begin before it returns, and on_outcome() needs the courier */
    pthread_mutex_lock(&mutex);
    if (courier_start(&options, &courier, &failure) < 0) {
        fprintf(stderr, "%s\n", failure.message);
        return 1;
    }
    pthread_mutex_unlock(&mutex);
    courier_wake(courier);
    wait_for_end();
    courier_stop(courier);
    printf("{\"event\":\"stopped\"}\n");
    return 0;
}
