/* SPDX-License-Identifier: MIT */
/* What a confined frontend does all day has to go on working. */
#include "confined.h"

#include "common/url.h"
#include "observe/process.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <h2o.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

/* The line of a body that does not do what it should. */
#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "  %s:%d: %s (errno %d)\n", __func__, __LINE__, #condition, errno);                        \
            return 1;                                                                                                  \
        }                                                                                                              \
    } while (0)

static void *add_one(void *arg)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&mutex);
    ++*(int *)arg;
    pthread_mutex_unlock(&mutex);
    return arg;
}

static int runs_threads(void)
{
    pthread_t threads[8];
    int count = 0;
    struct timespec soon;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

    for (int i = 0; i < 8; i++)
        NEED(pthread_create(&threads[i], NULL, add_one, &count) == 0);
    NEED(pthread_setname_np(pthread_self(), "renamed") == 0);
    for (int i = 0; i < 8; i++)
        NEED(pthread_join(threads[i], NULL) == 0);
    NEED(count == 8);
    clock_gettime(CLOCK_REALTIME, &soon);
    pthread_mutex_lock(&mutex);
    NEED(pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
    return 0;
}

static int reads_and_writes_its_files(void)
{
    char path[200];
    char other[200];
    char got[16] = {0};
    FILE *file = fopen(world.readable_file, "re");

    NEED(file && fread(got, 1, sizeof(got), file) == 8 && strcmp(got, "readable") == 0);
    fclose(file);
    snprintf(path, sizeof(path), "%s/log", world.writable);
    snprintf(other, sizeof(other), "%s/dir", world.writable);
    NEED(mkdir(other, 0700) == 0);
    file = fopen(path, "ae");
    NEED(file && fprintf(file, "a line\n") > 0 && fflush(file) == 0 && fsync(fileno(file)) == 0);
    fclose(file);
    snprintf(other, sizeof(other), "%s/dir/log.1", world.writable);
    NEED(rename(path, other) == 0 || errno == EXDEV);
    NEED(unlink(other) == 0 || unlink(path) == 0);
    snprintf(other, sizeof(other), "%s/dir", world.writable);
    NEED(rmdir(other) == 0);
    file = fopen("/dev/null", "w");
    NEED(file);
    fclose(file);
    log_warn("a confined frontend writes its log");
    return 0;
}

static int keeps_a_database(void)
{
    char path[200];
    sqlite3 *first = NULL;
    sqlite3 *second = NULL;

    snprintf(path, sizeof(path), "%s/test.db", world.writable);
    NEED(sqlite3_open(path, &first) == SQLITE_OK);
    NEED(sqlite3_exec(first, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=FILE;", NULL, NULL,
                      NULL) == SQLITE_OK);
    NEED(sqlite3_exec(first,
                      "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); BEGIN IMMEDIATE;"
                      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
                      " INSERT INTO t SELECT i, hex(randomblob(50)) FROM n; COMMIT;",
                      NULL, NULL, NULL) == SQLITE_OK);
    NEED(sqlite3_open(path, &second) == SQLITE_OK);
    NEED(sqlite3_exec(second, "SELECT b FROM t ORDER BY b; DELETE FROM t WHERE a > 10000;", NULL, NULL, NULL) ==
         SQLITE_OK);
    NEED(sqlite3_exec(second, "PRAGMA wal_checkpoint(TRUNCATE);", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(second);
    NEED(sqlite3_exec(first, "VACUUM; PRAGMA journal_mode=DELETE; INSERT INTO t(b) VALUES('x');", NULL, NULL, NULL) ==
         SQLITE_OK);
    NEED(sqlite3_close(first) == SQLITE_OK);
    return 0;
}

static int resolves_names(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct addrinfo *found = NULL;
    char name[NI_MAXHOST];
    int r;

    NEED(getaddrinfo("localhost", "http", &hints, &found) == 0);
    NEED(getnameinfo(found->ai_addr, found->ai_addrlen, name, sizeof(name), NULL, 0, 0) == 0);
    freeaddrinfo(found);
    hints.ai_flags = 0;
    NEED(getaddrinfo("127.0.0.1", "443", &hints, &found) == 0);
    freeaddrinfo(found);
    /* There may be no such interface, but it is asked for: by a callback URL, for one. */
    r = getaddrinfo("fe80::1%eth9", "80", &hints, &found);
    if (r == 0)
        freeaddrinfo(found);
    /* Modules of NSS and a resolver that is not there: it fails, and nothing dies. */
    r = getaddrinfo("no-such-host.invalid", "80", &hints, &found);
    NEED(r != 0);
    return 0;
}

/* ---- an HTTP server by h2o on the socket that was open before, and clients for it ---- */

static int answer(h2o_handler_t *self, h2o_req_t *request)
{
    (void)self;
    request->res.status = 200;
    request->res.reason = "OK";
    request->res.content_length = 5;
    h2o_send_inline(request, H2O_STRLIT("hello"));
    return 0;
}

static h2o_globalconf_t h2o_config;
static h2o_context_t h2o_context;
static h2o_accept_ctx_t h2o_accepting;

static void on_connection(h2o_socket_t *listener, const char *error)
{
    h2o_socket_t *connection;

    if (!error && (connection = h2o_evloop_socket_accept(listener)))
        h2o_accept(&h2o_accepting, connection);
}

static void *serve(void *arg)
{
    h2o_loop_t *loop = h2o_evloop_create();
    h2o_hostconf_t *host;
    h2o_socket_t *listener;

    h2o_config_init(&h2o_config);
    host = h2o_config_register_host(&h2o_config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(h2o_config_register_path(host, "/hello", 0), sizeof(h2o_handler_t))->on_req = answer;
    h2o_file_register(h2o_config_register_path(host, "/", 0), world.readable, NULL, NULL, 0);
    h2o_context_init(&h2o_context, loop, &h2o_config);
    h2o_accepting.ctx = &h2o_context;
    h2o_accepting.hosts = h2o_config.hosts;
    listener = h2o_evloop_socket_create(loop, world.listener, H2O_SOCKET_FLAG_DONT_READ);
    h2o_socket_read_start(listener, on_connection);
    for (;;)
        h2o_evloop_run(loop, 1000);
    return arg;
}

struct body {
    char text[64];
    size_t length;
};

static size_t take_body(char *data, size_t one, size_t length, void *arg)
{
    struct body *body = arg;

    (void)one;
    if (body->length + length >= sizeof(body->text))
        return 0;
    memcpy(body->text + body->length, data, length);
    body->length += length;
    return length;
}

static bool fetches(CURL *curl, const char *path, const char *wanted)
{
    struct body body = {0};
    char url[100];
    CURLcode code;

    snprintf(url, sizeof(url), "http://localhost:%u%s", world.port, path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        fprintf(stderr, "  %s\n", curl_easy_strerror(code));
    return code == CURLE_OK && strcmp(body.text, wanted) == 0;
}

static int serves_and_fetches(void)
{
    pthread_t thread;
    CURL *curl;

    NEED(fcntl(world.listener, F_SETFL, O_NONBLOCK) == 0);
    NEED(pthread_create(&thread, NULL, serve, NULL) == 0);
    NEED(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
    NEED((curl = curl_easy_init()));
    NEED(fetches(curl, "/hello", "hello"));
    NEED(fetches(curl, "/file", "readable")); /* sendfile, or what h2o has instead */
    curl_easy_cleanup(curl);
    return 0;
}

static int fetches_by_https_with_the_hosts_authorities(void)
{
    CURL *curl;
    char url[100];
    CURLcode code;

    NEED(curl_global_init(CURL_GLOBAL_DEFAULT) == 0);
    NEED((curl = curl_easy_init()));
    /* Nothing there speaks TLS, but the authorities are loaded before that is seen. */
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/", world.port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 300L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    code = curl_easy_perform(curl);
    NEED(code != CURLE_OK && code != CURLE_SSL_CACERT_BADFILE);
    curl_easy_cleanup(curl);
    return 0;
}

/* ---- TLS ---- */

static EVP_PKEY *key;
static X509 *certificate;

static bool make_certificate(void)
{
    X509_NAME *name;

    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    if (!key || !certificate)
        return false;
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    return X509_sign(certificate, key, EVP_sha256()) > 0;
}

static void *speak_as_server(void *arg)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL *ssl = NULL;
    bool worked = context && SSL_CTX_use_certificate(context, certificate) == 1 &&
                  SSL_CTX_use_PrivateKey(context, key) == 1 && (ssl = SSL_new(context)) &&
                  SSL_set_fd(ssl, *(int *)arg) == 1 && SSL_accept(ssl) == 1 && SSL_write(ssl, "hello", 5) == 5;

    SSL_free(ssl);
    SSL_CTX_free(context);
    return worked ? arg : NULL;
}

static int speaks_tls(void)
{
    int ends[2];
    pthread_t thread;
    void *result;
    char got[8] = {0};
    SSL_CTX *context;
    SSL *ssl;

    NEED(make_certificate());
    NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    NEED(pthread_create(&thread, NULL, speak_as_server, &ends[0]) == 0);
    NEED((context = SSL_CTX_new(TLS_client_method())) && SSL_CTX_set_default_verify_paths(context) == 1);
    NEED((ssl = SSL_new(context)) && SSL_set_fd(ssl, ends[1]) == 1);
    NEED(SSL_connect(ssl) == 1 && SSL_read(ssl, got, sizeof(got)) == 5 && strcmp(got, "hello") == 0);
    NEED(pthread_join(thread, &result) == 0 && result);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return 0;
}

/* ---- waiting, and clients whose server is away ---- */

static int waits_for_events(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    struct itimerspec soon = {.it_value.tv_nsec = 1000};
    struct epoll_event wanted = {.events = EPOLLIN};
    struct pollfd waited = {.fd = event, .events = POLLIN};
    uint64_t one = 1;
    struct rlimit limit;
    struct rusage usage;

    NEED(epoll >= 0 && event >= 0 && timer >= 0);
    NEED(timerfd_settime(timer, 0, &soon, NULL) == 0);
    NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &wanted) == 0 && epoll_wait(epoll, &wanted, 1, 30000) == 1);
    NEED(write(event, &one, sizeof(one)) == sizeof(one) && poll(&waited, 1, 30000) == 1);
    NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0 && getrusage(RUSAGE_SELF, &usage) == 0);
    NEED(sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_PHYS_PAGES) > 0);
    NEED(isatty(STDERR_FILENO) >= 0);
    return 0;
}

static int asks_servers_that_are_away(void)
{
    PGconn *database;
    redisContext *cache;
    amqp_connection_state_t broker = amqp_new_connection();
    struct timeval second = {.tv_sec = 1};
    char path[200];

    database = PQconnectdb("postgresql://user@127.0.0.1:1/database?connect_timeout=2");
    NEED(database && PQstatus(database) == CONNECTION_BAD);
    PQfinish(database);
    database = PQconnectdb("postgresql://user@localhost:1/database?connect_timeout=2&sslmode=require");
    NEED(database && PQstatus(database) == CONNECTION_BAD);
    PQfinish(database);
    snprintf(path, sizeof(path), "%s/redis", world.dir);
    cache = redisConnectUnixWithTimeout(path, second);
    NEED(cache && cache->err);
    redisFree(cache);
    cache = redisConnectWithTimeout("localhost", 1, second);
    NEED(cache && cache->err);
    redisFree(cache);
    NEED(broker && amqp_socket_open_noblock(amqp_tcp_socket_new(broker), "localhost", 1, &second) != 0);
    amqp_destroy_connection(broker);
    return 0;
}

/* DATABASE_URL, REDIS_URL (unix:PATH or redis://HOST:PORT) and RABBITMQ_URL, as far as they are set. */
static int asks_the_database(void)
{
    PGconn *database = PQconnectdb(getenv("DATABASE_URL"));
    PGresult *result;

    if (PQstatus(database) != CONNECTION_OK)
        fprintf(stderr, "  %s\n", PQerrorMessage(database));
    NEED(PQstatus(database) == CONNECTION_OK);
    result = PQexec(database, "LISTEN a; NOTIFY a, 'b'; SELECT count(*) FROM generate_series(1, 100000)");
    NEED(PQresultStatus(result) == PGRES_TUPLES_OK && strcmp(PQgetvalue(result, 0, 0), "100000") == 0);
    PQclear(result);
    NEED(PQenterPipelineMode(database) == 1 && PQexitPipelineMode(database) == 1);
    PQfinish(database);
    return 0;
}

static int asks_redis(void)
{
    const char *url = getenv("REDIS_URL");
    struct timeval long_enough = {.tv_sec = 20};
    struct url parsed = {0};
    redisContext *cache;
    redisReply *reply;

    if (strncmp(url, "unix:", 5) == 0)
        cache = redisConnectUnixWithTimeout(url + 5, long_enough);
    else if (url_parse(url, &parsed, NULL) == 0)
        cache = redisConnectWithTimeout(parsed.host, parsed.port ? parsed.port : 6379, long_enough);
    else
        return 1;
    url_free(&parsed);
    NEED(cache && !cache->err && (reply = redisCommand(cache, "EVAL %s 0", "return redis.call('TIME')[1]")));
    NEED(reply->type == REDIS_REPLY_STRING);
    freeReplyObject(reply);
    redisFree(cache);
    return 0;
}

static int asks_the_broker(void)
{
    cleanup_free char *url = strdup(getenv("RABBITMQ_URL"));
    amqp_connection_state_t broker = amqp_new_connection();
    struct amqp_connection_info info;
    amqp_socket_t *socket = amqp_tcp_socket_new(broker);

    NEED(url && amqp_parse_url(url, &info) == AMQP_STATUS_OK);
    NEED(amqp_socket_open(socket, info.host, info.port) == AMQP_STATUS_OK);
    NEED(amqp_login(broker, info.vhost, 0, 131072, 10, AMQP_SASL_METHOD_PLAIN, info.user, info.password).reply_type ==
         AMQP_RESPONSE_NORMAL);
    NEED(amqp_channel_open(broker, 1));
    NEED(amqp_queue_declare(broker, 1, amqp_empty_bytes, 0, 0, 1, 1, amqp_empty_table));
    amqp_connection_close(broker, AMQP_REPLY_SUCCESS);
    amqp_destroy_connection(broker);
    return 0;
}

static int ends_by_abort(void)
{
    abort();
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    handled = number;
}

static int handles_its_signals(void)
{
    struct sigaction action = {.sa_handler = handle};

    NEED(sigaction(SIGTERM, &action, NULL) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
    NEED(raise(SIGTERM) == 0 && handled == SIGTERM);
    handled = 0;
    NEED(pthread_kill(pthread_self(), SIGUSR1) == 0 && handled == SIGUSR1);
    NEED(getppid() > 1);
    return 0;
}

/* With numbers of its own, no capabilities, no dumps, nothing that comes back. */
static int is_somebody_else(void)
{
    struct rlimit core;
    char line[200];
    unsigned seen = 0;

    NEED(geteuid() == world.user.uid && getegid() == world.user.gid && getgroups(0, NULL) == 0);
    NEED(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
    /* Opened before, because /proc is out of reach. */
    rewind(stdin);
    while (fgets(line, sizeof(line), stdin)) {
        if (strncmp(line, "Cap", 3) == 0) {
            NEED(strspn(line + 8, "0\n") == strlen(line + 8));
            seen++;
        }
        if (strncmp(line, "NoNewPrivs:", 11) == 0) {
            NEED(strcmp(line + 11, "\t1\n") == 0);
            seen++;
        }
        if (strncmp(line, "Seccomp:", 8) == 0) {
            NEED(strcmp(line + 8, "\t2\n") == 0);
            seen++;
        }
    }
    NEED(seen == 7);
    return 0;
}

static int check(int (*body)(void))
{
    int status = in_confined(body);

    if (status != 0)
        print_error("wait status %x\n", (unsigned)status);
    return status;
}

#define WORKS(body, sentence)                                                                                          \
    static void sentence(void **state)                                                                                 \
    {                                                                                                                  \
        (void)state;                                                                                                   \
        assert_int_equal(check(body), 0);                                                                              \
    }

WORKS(runs_threads, threads_start_and_wait_for_each_other)
WORKS(reads_and_writes_its_files, its_own_files_are_read_and_written_and_the_log_goes_on)
WORKS(keeps_a_database, sqlite_works_in_a_directory_that_is_writable)
WORKS(resolves_names, names_are_resolved)
WORKS(serves_and_fetches, h2o_serves_what_curl_fetches_by_name)
WORKS(fetches_by_https_with_the_hosts_authorities, curl_finds_the_hosts_authorities)
WORKS(speaks_tls, a_tls_handshake_works)
WORKS(waits_for_events, loops_wait_for_events)
WORKS(asks_servers_that_are_away, clients_whose_server_is_away_say_so)
WORKS(handles_its_signals, signals_to_itself_are_handled)

static void clients_talk_to_servers_that_are_there(void **state)
{
    static const struct {
        const char *url;
        int (*body)(void);
    } servers[] = {{"DATABASE_URL", asks_the_database}, {"REDIS_URL", asks_redis}, {"RABBITMQ_URL", asks_the_broker}};
    unsigned asked = 0;

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(servers); i++) {
        if (!getenv(servers[i].url))
            continue;
        asked++;
        assert_int_equal(check(servers[i].body), 0);
    }
    if (asked == 0) {
        print_message("SKIP: none of DATABASE_URL, REDIS_URL, RABBITMQ_URL is set\n");
        skip();
    }
}

static void abort_is_an_abort(void **state)
{
    int status = in_confined(ends_by_abort);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_false(WCOREDUMP(status));
}

static void ids_capabilities_and_limits_are_gone(void **state)
{
    pid_t pid;

    (void)state;
    if (geteuid() != 0) {
        print_message("SKIP: an ordinary user stays that user\n");
        skip();
    }
    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(!freopen("/proc/self/status", "re", stdin) || confine(&world.user) < 0 ? UNABLE : is_somebody_else());
    assert_int_equal(wait_status(pid), 0);
}

/* Root's files in /proc are those of a process that nobody else may look into. */
static void others_of_the_same_user_cannot_look_into_it(void **state)
{
    struct stat files;
    char path[64];
    char byte;
    int to_us[2];
    int to_it[2];
    pid_t pid;

    (void)state;
    assert_int_equal(pipe2(to_us, O_CLOEXEC), 0);
    assert_int_equal(pipe2(to_it, O_CLOEXEC), 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct privilege_user user;

        close(to_it[1]);
        if (!become_ordinary() || privilege_user_find("", &user, NULL) < 0 || confine(&user) < 0 ||
            write(to_us[1], "x", 1) != 1)
            _exit(UNABLE);
        _exit(read(to_it[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(to_us[1]);
    assert_int_equal(read(to_us[0], &byte, 1), 1);
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
    assert_int_equal(stat(path, &files), 0);
    close(to_it[1]);
    close(to_it[0]);
    close(to_us[0]);
    assert_int_equal(wait_status(pid), 0);
    assert_int_equal(files.st_uid, 0);
    assert_int_equal(chown(world.writable, world.user.uid, world.user.gid), 0);
}

/* In a child, whose figures are none of its parent's. */
static void it_tells_of_itself_what_was_kept_open(void **state)
{
    pid_t pid;

    (void)state;
    if (IS_SANITIZED) {
        print_message("SKIP: a sanitized one may open /proc\n");
        skip();
    }
    pid = fork();
    if (pid == 0) {
        struct process_figures before;
        struct process_figures after;
        char *memory;

        process_figures_keep();
        if (confine(&world.user) < 0)
            _exit(UNCONFINED);
        if (open("/proc/self/stat", O_RDONLY | O_CLOEXEC) >= 0 || !process_figures_read(&before))
            _exit(UNABLE);
        memory = malloc(64U << 20);
        if (!memory || dup(STDERR_FILENO) < 0)
            _exit(UNABLE);
        memset(memory, 'x', 64U << 20);
        explicit_bzero(memory, 1);
        _exit(process_figures_read(&after) && after.resident_bytes >= before.resident_bytes + (32U << 20) &&
                      before.open_fds > 0 && after.open_fds == before.open_fds + 1 && after.threads == 1 &&
                      process_start_seconds() > 0
                  ? 0
                  : 1);
    }
    assert_int_equal(wait_status(pid), 0);
}

static void a_path_that_is_not_there_is_named(void **state)
{
    const char *paths[] = {"/no/such/place", NULL};
    struct privilege_confinement confinement = {.user = &world.user, .read_paths = paths};
    struct failure failure = {0};
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(privilege_confine_frontend(&confinement, &failure) == FAIL_NOT_FOUND &&
                      strstr(failure.message, "/no/such/place")
                  ? 0
                  : 1);
    assert_int_equal(wait_status(pid), 0);
}

static void *wait_for_end(void *arg)
{
    char byte;
    ssize_t got = read(*(int *)arg, &byte, 1);

    (void)got;
    return arg;
}

static void confinement_with_two_threads_is_refused(void **state)
{
    pid_t pid;

    (void)state;
    if (IS_SANITIZED) {
        print_message("SKIP: a sanitizer may have a thread, so nobody counts\n");
        skip();
    }
    pid = fork();
    if (pid == 0) {
        struct privilege_confinement confinement = {.user = &world.user};
        struct failure failure;
        pthread_t thread;
        int ends[2];
        int r;

        if (pipe(ends) < 0 || pthread_create(&thread, NULL, wait_for_end, &ends[0]) != 0)
            _exit(UNABLE);
        r = privilege_confine_frontend(&confinement, &failure);
        close(ends[1]);
        _exit(r == FAIL_INTERNAL ? 0 : 1);
    }
    assert_int_equal(wait_status(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_start_and_wait_for_each_other),
        cmocka_unit_test(its_own_files_are_read_and_written_and_the_log_goes_on),
        cmocka_unit_test(sqlite_works_in_a_directory_that_is_writable),
        cmocka_unit_test(names_are_resolved),
        cmocka_unit_test(h2o_serves_what_curl_fetches_by_name),
        cmocka_unit_test(curl_finds_the_hosts_authorities),
        cmocka_unit_test(a_tls_handshake_works),
        cmocka_unit_test(loops_wait_for_events),
        cmocka_unit_test(clients_whose_server_is_away_say_so),
        cmocka_unit_test(clients_talk_to_servers_that_are_there),
        cmocka_unit_test(signals_to_itself_are_handled),
        cmocka_unit_test(abort_is_an_abort),
        cmocka_unit_test(ids_capabilities_and_limits_are_gone),
        cmocka_unit_test(others_of_the_same_user_cannot_look_into_it),
        cmocka_unit_test(it_tells_of_itself_what_was_kept_open),
        cmocka_unit_test(a_path_that_is_not_there_is_named),
        cmocka_unit_test(confinement_with_two_threads_is_refused),
    };

    log_setup("test", LOG_WARN_LEVEL);
    return cmocka_run_group_tests(tests, world_make, world_end);
}
