/* SPDX-License-Identifier: MIT */
#ifndef TESTS_POSTGRES_FIXTURE_H
#define TESTS_POSTGRES_FIXTURE_H

/*
 * What the tests of what is special to PostgreSQL share. They run under with-postgres: each test has a database of its
 * own on that server, a connection to look at it with, and a way to kill the server.
 */
#include "base/clock.h"
#include "common/wallclock.h"
#include "events/backend.h"
#include "store/backend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those four first, and takes the name fail() from common/failure.h */
#include <cmocka.h>

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define PATIENCE_NS 60000000000ULL

static char url[1000];
static char database[40];

#define assert_done(call)                                                                                              \
    do {                                                                                                               \
        struct failure failure_ = {0};                                                                                 \
        int done_ = (call);                                                                                            \
                                                                                                                       \
        if (done_ != 0)                                                                                                \
            fail_msg("%s: %d, %s", #call, done_, failure_.message);                                                    \
    } while (0)
#define WHY &failure_

/* The number in the first column of the last statement's first row; 0 without one. */
static inline long sql_on(const char *where, const char *text)
{
    PGconn *pg = PQconnectdb(where);
    PGresult *result = PQexec(pg, text);
    long value = 0;

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", text, PQerrorMessage(pg));
    if (PQntuples(result) > 0)
        value = strtol(PQgetvalue(result, 0, 0), NULL, 10);
    PQclear(result);
    PQfinish(pg);
    return value;
}

static inline long sql(const char *text)
{
    return sql_on(url, text);
}

/* "kill", "start", "stop", "pause" or "resume" the server. */
static inline void tell_server(const char *word)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[500] = "";
    int link = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", getenv("TEST_POSTGRES_CONTROL"));
    assert_int_equal(connect(link, (struct sockaddr *)&address, sizeof(address)), 0);
    dprintf(link, "%s\n", word);
    for (size_t length = 0; length + 1 < sizeof(answer);) {
        ssize_t got = read(link, answer + length, sizeof(answer) - 1 - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    close(link);
    assert_string_equal(answer, "ok\n");
}

/* Ends all connections to the test's database but this one. */
static inline void end_connections(void)
{
    sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

static inline int make_database(void **state)
{
    static unsigned number;
    const char *given = getenv("TEST_STORE_URL");
    const char *name = given ? strstr(given, "/postgres?") : NULL;
    char text[100];

    (void)state;
    if (!name || !getenv("TEST_POSTGRES_CONTROL"))
        return 0;
    snprintf(database, sizeof(database), "test_%d_%u", getpid(), ++number);
    snprintf(text, sizeof(text), "CREATE DATABASE %s", database);
    sql_on(given, text);
    snprintf(url, sizeof(url), "%.*s/%s%s", (int)(name - given), given, database, name + strlen("/postgres"));
    return 0;
}

#define NEEDS_SERVER                                                                                                   \
    do {                                                                                                               \
        if (!*url) {                                                                                                   \
            print_message("SKIP: not run by tests/service/with-postgres\n");                                           \
            skip();                                                                                                    \
        }                                                                                                              \
    } while (0)

/* Until the condition holds, or a minute has passed. */
#define wait_for(condition)                                                                                            \
    do {                                                                                                               \
        uint64_t end_ = sn__now_ns() + PATIENCE_NS;                                                                    \
                                                                                                                       \
        while (!(condition)) {                                                                                         \
            if (sn__now_ns() > end_)                                                                                   \
                fail_msg("in vain: %s", #condition);                                                                   \
            usleep(10000);                                                                                             \
        }                                                                                                              \
    } while (0)

#endif
