/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. libpq's blocking calls wait for ever for a server that is there but does not answer, and the
 * server's own statement_timeout is of no use then. So a connection is non-blocking, and whatever is waited for has a
 * deadline here, a little later than the server's: one that passes it is closed, because an answer that comes late
 * would be taken for the next one's. Whether a statement without an answer was carried out nobody knows; who repeats it
 * (postgres_pool.c) must be able to tell.
 */
#include "store/postgres.h"

#include "base/clock.h"
#include "common/url.h"

#include <ctype.h>
#include <poll.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 5000
#define ANSWER_TIMEOUT_MS 15000

struct postgres_target {
    PQconninfoOption *options; /* what the URL says; owns the strings below */
    const char *setup;
    const char *keywords[64];
    const char *values[64];
    size_t count;
};

/* ---- what to connect to ------------------------------------------------------------------------------------------ */

static void add_keyword(struct postgres_target *target, const char *keyword, const char *value, bool is_default)
{
    for (size_t i = 0; i < target->count; i++) {
        if (strcmp(target->keywords[i], keyword) == 0) {
            if (!is_default)
                target->values[i] = value;
            return;
        }
    }
    if (target->count + 1 < SN_ARRAY_SIZE(target->keywords)) {
        target->keywords[target->count] = keyword;
        target->values[target->count++] = value;
    }
}

/*
 * A password with a slash or an @ in it that is not escaped ends up in another part of the URL, which libpq's messages
 * quote. Such a URL is refused before that.
 */
static bool is_plausible(const PQconninfoOption *option)
{
    if (strcmp(option->keyword, "port") == 0) {
        for (const char *c = option->val; *c; c++)
            if (!isdigit((unsigned char)*c) && *c != ',')
                return false;
    }
    if (strcmp(option->keyword, "dbname") == 0 || strcmp(option->keyword, "host") == 0)
        return !strpbrk(option->val, "@") || option->val[0] == '@'; /* @...: an abstract socket */
    return true;
}

int postgres_target_make(const char *url, const char *setup, struct postgres_target **ret_target,
                         struct failure *failure)
{
    struct postgres_target *target = calloc(1, sizeof(*target));
    char *message = NULL;

    if (!target)
        return fail_nomem(failure);
    target->setup = setup;
    target->options = PQconninfoParse(url, &message);
    /* libpq's message is not repeated: it quotes the URL. */
    PQfreemem(message);
    if (!target->options) {
        postgres_target_free(target);
        return fail(failure, FAIL_INVALID,
                    "the database's URL is not of the form postgresql://USER:PASSWORD@HOST/NAME");
    }
    for (const PQconninfoOption *option = target->options; option->keyword; option++) {
        if (!option->val)
            continue;
        if (!is_plausible(option)) {
            const char *keyword = option->keyword;

            fail(failure, FAIL_INVALID,
                 "the database's URL has no valid %s: is a character of its password not escaped?", keyword);
            postgres_target_free(target);
            return FAIL_INVALID;
        }
        add_keyword(target, option->keyword, option->val, false);
    }
    add_keyword(target, "application_name", "sentinel", true);
    add_keyword(target, "tcp_user_timeout", "10000", true);
    add_keyword(target, "keepalives_idle", "10", true);
    add_keyword(target, "keepalives_interval", "3", true);
    add_keyword(target, "keepalives_count", "3", true);
    add_keyword(target, "client_encoding", "UTF8", false);
    *ret_target = target;
    return 0;
}

void postgres_target_free(struct postgres_target *target)
{
    if (!target)
        return;
    PQconninfoFree(target->options);
    free(target);
}

static const char *const prefixes[] = {"postgresql://", "postgres://", NULL};

int store_check_url(const char *url, struct failure *failure)
{
    struct postgres_target *target = NULL;
    int r = url_has_prefix(url, prefixes) ? postgres_target_make(url, "", &target, failure) : 0;

    postgres_target_free(target);
    return r;
}

char *store_parameter(const char *url, const char *name)
{
    PQconninfoOption *options = url_has_prefix(url, prefixes) ? PQconninfoParse(url, NULL) : NULL;
    char *value = NULL;

    for (const PQconninfoOption *option = options; option && option->keyword; option++) {
        const char *text = option->val;

        if (strcmp(option->keyword, name) != 0)
            continue;
        if (!text && option->envvar)
            text = getenv(option->envvar);
        if (text)
            value = strdup(text);
    }
    PQconninfoFree(options);
    return value;
}

/* ---- failures ---------------------------------------------------------------------------------------------------- */

/*
 * Of a name with several addresses libpq tells what happened at each, in lines of its own. There is room for one: the
 * last, which is what is left to be mended where the others are only not there.
 */
static const char *last_attempt(const char *message)
{
    const char *next = message;

    while ((next = strstr(next, "\nconnection to server ")))
        message = ++next;
    return message;
}

/* libpq's messages end with a newline and may have several lines, some of which begin with a tab. */
static void copy_message(const char *from, char *to, size_t size)
{
    size_t length;

    for (length = 0; *from && length + 1 < size; from++) {
        if (*from != '\n' && *from != '\t')
            to[length++] = *from;
        else if (*from == '\n' && from[1])
            to[length++] = ' ';
    }
    to[length] = '\0';
}

static int fail_connection(struct postgres_connection *connection, struct failure *failure)
{
    char message[200] = "";

    connection->is_broken = true;
    if (connection->pg)
        copy_message(last_attempt(PQerrorMessage(connection->pg)), message, sizeof(message));
    return fail(failure, FAIL_UNAVAILABLE, "the database is away: %s", *message ? message : "no connection");
}

static int fail_hung(struct postgres_connection *connection, struct failure *failure)
{
    connection->is_broken = true;
    connection->is_hung = true;
    return fail(failure, FAIL_UNAVAILABLE, "the database did not answer in %u ms", connection->timeout_ms);
}

/* The classes and codes of PostgreSQL's appendix A that mean something to a caller; the others are our mistakes. */
static int code_of_state(const char *state)
{
    static const struct {
        const char *prefix;
        int code;
    } codes[] = {
        {"08", FAIL_UNAVAILABLE},    /* connection */
        {"57", FAIL_UNAVAILABLE},    /* operator intervention: shutting down, starting up, statement_timeout */
        {"53", FAIL_UNAVAILABLE},    /* no room, no memory, too many connections */
        {"58", FAIL_UNAVAILABLE},    /* the system below it */
        {"40", FAIL_UNAVAILABLE},    /* rolled back for the sake of another */
        {"55P03", FAIL_UNAVAILABLE}, /* lock_timeout */
        {"25006", FAIL_UNAVAILABLE}, /* a standby, for now */
        {"25P03", FAIL_UNAVAILABLE}, /* idle in a transaction */
        {"23505", FAIL_CONFLICT},    /* unique */
        {"22021", FAIL_INVALID},     /* not UTF-8 */
        {"22P05", FAIL_INVALID},     /* a character that the database's encoding does not have */
        {"54", FAIL_LIMIT},          /* too large for an index */
    };

    for (size_t i = 0; i < SN_ARRAY_SIZE(codes); i++)
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].code;
    return FAIL_INTERNAL;
}

static int fail_result(struct postgres_connection *connection, const PGresult *result, struct failure *failure)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char message[200];
    int code;

    if (PQstatus(connection->pg) == CONNECTION_BAD || !state)
        return fail_connection(connection, failure);
    code = code_of_state(state);
    /* 57014 is a statement that took too long, on a connection that is well. */
    if (strncmp(state, "08", 2) == 0 || strncmp(state, "57P", 3) == 0)
        connection->is_broken = true;
    connection->must_repeat = strncmp(state, "40", 2) == 0;
    copy_message(primary ? primary : "no message", message, sizeof(message));
    if (code == FAIL_UNAVAILABLE)
        return fail(failure, code, "the database is away: %s", message);
    return fail(failure, code, "the database refused: %s (%s)", message, state);
}

/* ---- connecting -------------------------------------------------------------------------------------------------- */

/* 1: ready; 0: the deadline passed; FAIL_CLOSED: woken. */
static int wait_for(int fd, short events, int wake, uint64_t deadline_ns)
{
    struct pollfd polled[2] = {{.fd = fd, .events = events}, {.fd = wake, .events = POLLIN}};

    for (;;) {
        uint64_t now = sn__now_ns();
        int ready;

        if (now >= deadline_ns)
            return 0;
        ready = poll(polled, 2, (int)((deadline_ns - now) / 1000000 + 1));
        if (ready < 0 && errno != EINTR)
            return 0;
        if (ready > 0 && polled[1].revents)
            return FAIL_CLOSED;
        if (ready > 0)
            return 1;
    }
}

/* By default libpq prints them to standard error. */
static void ignore_notice(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

static int finish_connecting(struct postgres_connection *connection, int wake, struct failure *failure)
{
    uint64_t deadline_ns = sn__now_ns() + CONNECT_TIMEOUT_MS * 1000000ULL;
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;

    while (step != PGRES_POLLING_OK) {
        int ready;

        if (step == PGRES_POLLING_FAILED)
            return fail_connection(connection, failure);
        ready = wait_for(PQsocket(connection->pg), step == PGRES_POLLING_READING ? POLLIN : POLLOUT, wake, deadline_ns);
        if (ready == FAIL_CLOSED)
            return fail(failure, FAIL_CLOSED, "closed while connecting");
        if (ready == 0)
            return fail(failure, FAIL_UNAVAILABLE, "the database is away: no connection within %u ms",
                        CONNECT_TIMEOUT_MS);
        step = PQconnectPoll(connection->pg);
    }
    return 0;
}

int postgres_connect(const struct postgres_target *target, int wake, struct postgres_connection *connection,
                     struct failure *failure)
{
    int error;

    connection->prepared_count = 0;
    connection->is_broken = false;
    connection->is_hung = false;
    connection->must_repeat = false;
    connection->timeout_ms = ANSWER_TIMEOUT_MS;
    connection->pg = PQconnectStartParams(target->keywords, target->values, 0);
    if (!connection->pg)
        return fail_nomem(failure);
    PQsetNoticeProcessor(connection->pg, ignore_notice, NULL);
    if (PQstatus(connection->pg) == CONNECTION_BAD)
        error = fail_connection(connection, failure);
    else
        error = finish_connecting(connection, wake, failure);
    if (error == 0 && PQsetnonblocking(connection->pg, 1) != 0)
        error = fail_connection(connection, failure);
    if (error == 0)
        error = postgres_script(connection, target->setup, failure);
    if (error < 0)
        postgres_disconnect(connection);
    return error;
}

void postgres_disconnect(struct postgres_connection *connection)
{
    PQfinish(connection->pg);
    connection->pg = NULL;
}

bool postgres_is_alive(struct postgres_connection *connection)
{
    struct pollfd polled = {.fd = PQsocket(connection->pg), .events = POLLIN};

    /* Nothing is to be read from an idle connection but a notice, or its end. */
    if (poll(&polled, 1, 0) <= 0)
        return true;
    return PQconsumeInput(connection->pg) == 1 && PQstatus(connection->pg) == CONNECTION_OK;
}

/* ---- executing --------------------------------------------------------------------------------------------------- */

/* Until what was sent is on its way and an answer is complete. */
static int wait_for_answer(struct postgres_connection *connection, uint64_t deadline_ns, struct failure *failure)
{
    PGconn *pg = connection->pg;

    for (;;) {
        int flushed = PQflush(pg);
        int ready;

        if (flushed < 0)
            return fail_connection(connection, failure);
        if (flushed == 0 && !PQisBusy(pg))
            return 0;
        ready = wait_for(PQsocket(pg), (short)(flushed ? POLLIN | POLLOUT : POLLIN), -1, deadline_ns);
        if (ready == 0)
            return fail_hung(connection, failure);
        if (!PQconsumeInput(pg))
            return fail_connection(connection, failure);
    }
}

/* All answers to what was sent; the last one is the result, unless one before it is an error. */
static int collect(struct postgres_connection *connection, PGresult **ret_result, struct failure *failure)
{
    uint64_t deadline_ns = sn__now_ns() + connection->timeout_ms * 1000000ULL;
    cleanup_result PGresult *last = NULL;
    int error = 0;

    for (;;) {
        int waited = wait_for_answer(connection, deadline_ns, error < 0 ? NULL : failure);
        PGresult *next;

        if (waited < 0)
            return error < 0 ? error : waited;
        next = PQgetResult(connection->pg);
        if (!next)
            break;
        if (error == 0 && PQresultStatus(next) != PGRES_COMMAND_OK && PQresultStatus(next) != PGRES_TUPLES_OK &&
            PQresultStatus(next) != PGRES_EMPTY_QUERY)
            error = fail_result(connection, next, failure);
        PQclear(last);
        last = next;
    }
    if (error < 0)
        return error;
    if (!last)
        return fail_connection(connection, failure);
    if (ret_result)
        *ret_result = steal_ptr(&last);
    return 0;
}

static int prepare(struct postgres_connection *connection, const struct postgres_statement *statement,
                   const struct postgres_params *params, struct failure *failure)
{
    int error;

    for (unsigned i = 0; i < connection->prepared_count; i++)
        if (strcmp(connection->prepared[i], statement->name) == 0)
            return 0;
    if (connection->prepared_count == POSTGRES_PREPARED_MAX)
        return fail(failure, FAIL_INTERNAL, "too many prepared statements");
    if (!PQsendPrepare(connection->pg, statement->name, statement->sql, params->count, params->types))
        return fail_connection(connection, failure);
    error = collect(connection, NULL, failure);
    if (error < 0)
        return error;
    connection->prepared[connection->prepared_count++] = statement->name;
    return 0;
}

static bool send_statement(struct postgres_connection *connection, const struct postgres_statement *statement,
                           const struct postgres_params *params)
{
    if (statement->name)
        return PQsendQueryPrepared(connection->pg, statement->name, params->count, params->values, params->lengths,
                                   params->formats, 1) == 1;
    return PQsendQueryParams(connection->pg, statement->sql, params->count, params->types, params->values,
                             params->lengths, params->formats, 1) == 1;
}

int postgres_run(struct postgres_connection *connection, const struct postgres_statement *statement,
                 const struct postgres_params *params, PGresult **ret_result, struct failure *failure)
{
    static const struct postgres_params none;
    int error;

    if (!params)
        params = &none;
    if (params->failed)
        return fail_nomem(failure);
    if (statement->name) {
        error = prepare(connection, statement, params, failure);
        if (error < 0)
            return error;
    }
    if (!send_statement(connection, statement, params))
        return fail_connection(connection, failure);
    return collect(connection, ret_result, failure);
}

/* The answers to two statements and a sync: each statement's results end with a NULL, the sync is one by itself. */
static int collect_two(struct postgres_connection *connection, struct failure *failure)
{
    uint64_t deadline_ns = sn__now_ns() + connection->timeout_ms * 1000000ULL;
    int error = 0;

    for (bool is_over = false; !is_over;) {
        PGresult *next;
        ExecStatusType status;
        int waited = wait_for_answer(connection, deadline_ns, error < 0 ? NULL : failure);

        if (waited < 0)
            return error < 0 ? error : waited;
        next = PQgetResult(connection->pg);
        if (!next) {
            if (PQstatus(connection->pg) == CONNECTION_BAD)
                return error < 0 ? error : fail_connection(connection, failure);
            continue;
        }
        status = PQresultStatus(next);
        if (status == PGRES_FATAL_ERROR && error == 0)
            error = fail_result(connection, next, failure);
        is_over = status == PGRES_PIPELINE_SYNC || connection->is_broken;
        PQclear(next);
    }
    return error;
}

int postgres_run_two(struct postgres_connection *connection, const struct postgres_statement *first,
                     const struct postgres_params *first_params, const struct postgres_statement *second,
                     const struct postgres_params *second_params, struct failure *failure)
{
    int error;

    if (first_params->failed || second_params->failed)
        return fail_nomem(failure);
    error = prepare(connection, first, first_params, failure);
    if (error == 0)
        error = prepare(connection, second, second_params, failure);
    if (error < 0)
        return error;
    if (!PQenterPipelineMode(connection->pg) || !send_statement(connection, first, first_params) ||
        !send_statement(connection, second, second_params) || !PQpipelineSync(connection->pg))
        return fail_connection(connection, failure);
    error = collect_two(connection, failure);
    /* What cannot leave the mode is no connection for anybody else. */
    if (!connection->is_broken && !PQexitPipelineMode(connection->pg))
        connection->is_broken = true;
    return error;
}

int postgres_script(struct postgres_connection *connection, const char *sql, struct failure *failure)
{
    if (!PQsendQuery(connection->pg, sql))
        return fail_connection(connection, failure);
    return collect(connection, NULL, failure);
}
