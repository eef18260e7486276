/* SPDX-License-Identifier: MIT */
#include "process/check.h"

#include "base/cleanup.h"
#include "common/wallclock.h"
#include "http/http.h"
#include "privilege/privilege.h"
#include "process/files.h"
#include "process/process.h"
#include "process/state.h"
#include "queue/queue.h"
#include "store/store.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* How long before its end a certificate is worth a word. */
#define ENDING_S (14 * 24 * 3600)

struct check {
    const struct config *config;
    const char *program;
    FILE *to;
    struct privilege_user user; /* the frontend's */
    bool has_errors;
};

static void tell(struct check *check, bool is_error, const char *key, const char *format, va_list args)
{
    fprintf(check->to, "%s: %s: %s%s", check->program, is_error ? "error" : "warning", key, *key ? ": " : "");
    vfprintf(check->to, format, args);
    fputc('\n', check->to);
    check->has_errors |= is_error;
}

__attribute__((format(printf, 3, 4))) static void wrong(struct check *check, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(check, true, key, format, args);
    va_end(args);
}

__attribute__((format(printf, 3, 4))) static void risky(struct check *check, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(check, false, key, format, args);
    va_end(args);
}

/* ---- who gets there ---------------------------------------------------------------------------------------------- */

static bool is_loopback(const char *host)
{
    struct in_addr address;

    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127);
}

bool check_is_local(const char *listen)
{
    char host[64];

    if (strncmp(listen, "[::1]:", 6) == 0 || strncmp(listen, "unix:", 5) == 0)
        return true;
    snprintf(host, sizeof(host), "%.*s", (int)strcspn(listen, ":"), listen);
    return is_loopback(host);
}

void check_exposure(const struct config *config, void (*say)(void *arg, const char *key, const char *sentence),
                    void *arg)
{
    char text[400];

    if (check_is_local(config->listen))
        return;
    snprintf(text, sizeof(text),
             "%.100s is served without TLS: keys, programs and their output can be read on the way; "
             "SENTINEL_TLS_CERTIFICATE, or a loopback address behind a proxy that has it",
             config->listen);
    if (!*config->tls_certificate)
        say(arg, "SENTINEL_LISTEN", text);
    snprintf(text, sizeof(text), "open on %.100s: whoever reaches this address can have code executed", config->listen);
    if (strcmp(config->auth, "open") == 0)
        say(arg, "SENTINEL_AUTH", text);
}

static void say_exposure(void *arg, const char *key, const char *sentence)
{
    risky(arg, key, "%s", sentence);
}

/* ---- where things are -------------------------------------------------------------------------------------------- */

static void check_listen(struct check *check)
{
    const char *listen = check->config->listen;
    struct failure failure;
    cleanup_free char *directory = NULL;

    if (http_listen_check(listen, &failure) < 0) {
        wrong(check, "SENTINEL_LISTEN", "%s", failure.message);
        return;
    }
    if (strncmp(listen, "unix:", 5) != 0)
        return;
    directory = strdup(listen + 5);
    if (!directory)
        return;
    strrchr(directory, '/')[strrchr(directory, '/') == directory] = '\0';
    if (access(directory, W_OK | X_OK) < 0)
        wrong(check, "SENTINEL_LISTEN", "no socket can be made in %s: %s", directory, strerror(errno));
}

static void check_state_dir(struct check *check)
{
    struct failure failure;

    if (state_check(check->config, &check->user, &failure) < 0)
        wrong(check, "SENTINEL_STATE_DIR", "%s", failure.message);
}

/* The way there does not matter: it is opened before privileges are dropped. */
static bool may_use(const struct privilege_user *user, const struct stat *st, unsigned bit)
{
    unsigned shift = st->st_uid == user->uid ? 6 : st->st_gid == user->gid ? 3 : 0;

    return !user->is_switched || ((st->st_mode >> shift) & bit) == bit;
}

static void check_web_root(struct check *check)
{
    const char *root = check->config->web_root;
    cleanup_free char *index = NULL;
    struct failure failure;
    struct stat directory;
    struct stat st;

    if (!*root || asprintf(&index, "%s/index.html", root) < 0)
        return;
    if (stat(root, &directory) < 0)
        wrong(check, "SENTINEL_WEB_ROOT", "cannot find %s: %s", root, strerror(errno));
    else if (!S_ISDIR(directory.st_mode))
        wrong(check, "SENTINEL_WEB_ROOT", "%s is no directory", root);
    else if (lstat(index, &st) < 0)
        wrong(check, "SENTINEL_WEB_ROOT", "cannot find %s: %s", index, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        wrong(check, "SENTINEL_WEB_ROOT", "%s is no plain file", index);
    else if ((!may_use(&check->user, &directory, 1) || !may_use(&check->user, &st, 4)) &&
             privilege_check_user(&check->user, index, R_OK, &failure) < 0)
        wrong(check, "SENTINEL_WEB_ROOT", "%s", failure.message);
}

/* The library leaves out what is not there; whoever named it will want to know. */
static void check_language_path(struct check *check)
{
    cleanup_free char *list = strdup(check->config->language_path);
    char *rest = list;
    char *path;

    while (list && (path = strsep(&rest, ":")))
        if (*path && access(path, R_OK) < 0)
            wrong(check, "SENTINEL_LANGUAGE_PATH", "cannot read %s: %s", path, strerror(errno));
}

/* ---- the certificate --------------------------------------------------------------------------------------------- */

static const char *date(int64_t seconds, char text[32])
{
    time_t time = (time_t)seconds;
    struct tm parts;

    if (!gmtime_r(&time, &parts) || strftime(text, 32, "%F %T UTC", &parts) == 0)
        snprintf(text, 32, "an unknown date");
    return text;
}

static void check_validity(struct check *check, const struct http_tls *tls)
{
    const char *path = check->config->tls_certificate;
    int64_t now = (int64_t)(wallclock_us() / 1000000);
    int64_t from;
    int64_t until;
    char text[32];

    http_tls_validity(tls, &from, &until);
    if (now > until)
        wrong(check, "SENTINEL_TLS_CERTIFICATE", "%s expired on %s", path, date(until, text));
    else if (now < from)
        wrong(check, "SENTINEL_TLS_CERTIFICATE", "%s is not valid before %s", path, date(from, text));
    else if (until - now < ENDING_S)
        risky(check, "SENTINEL_TLS_CERTIFICATE", "%s expires on %s", path, date(until, text));
}

/* The start reads it as whoever starts the service, SIGHUP as the frontend. */
static void check_reload(struct check *check, const char *key, const char *path)
{
    struct failure failure;

    if (privilege_check_user(&check->user, path, R_OK, &failure) < 0)
        risky(check, key, "a new one will need a restart, SIGHUP cannot load it: %s", failure.message);
    else if (!files_has_directory(path))
        risky(check, key,
              "a new one will need a restart, SIGHUP cannot load it: %s is not in a directory that could be opened to "
              "the frontend as a whole",
              path);
}

static void check_tls(struct check *check)
{
    const struct config *config = check->config;
    struct http_tls *tls = NULL;
    struct failure failure;

    if (!*config->tls_certificate)
        return;
    if (http_tls_load(config->tls_certificate, config->tls_key, &tls, &failure) < 0) {
        wrong(check, "SENTINEL_TLS_CERTIFICATE, SENTINEL_TLS_KEY", "%s", failure.message);
        return;
    }
    check_validity(check, tls);
    check_reload(check, "SENTINEL_TLS_CERTIFICATE", config->tls_certificate);
    check_reload(check, "SENTINEL_TLS_KEY", config->tls_key);
    http_tls_free(tls);
}

/* ---- whom it talks to -------------------------------------------------------------------------------------------- */

/* Of a list, as libpq takes it: are all of them sockets, or this host? */
static bool is_all_local(const char *hosts)
{
    cleanup_free char *list = strdup(hosts);
    char *rest = list;
    char *host;

    while (list && (host = strsep(&rest, ",")))
        if (*host && *host != '/' && *host != '@' && !is_loopback(host))
            return false;
    return true;
}

/* A file elsewhere is out of the frontend's reach, whoever owns its directory. */
static void check_database_file(struct check *check)
{
    const char *path = state_file_of(check->config->database_url);
    const char *state_dir = check->config->state_dir;
    size_t length = strlen(state_dir);

    while (length > 0 && state_dir[length - 1] == '/')
        length--;
    if (path && (strncmp(path, state_dir, length) != 0 || path[length] != '/'))
        wrong(check, "DATABASE_URL",
              "%.200s is not below SENTINEL_STATE_DIR (%.200s), the only place that the frontend writes to", path,
              state_dir);
}

static void check_database(struct check *check)
{
    const char *url = check->config->database_url;
    cleanup_free char *host = store_parameter(url, "host");
    cleanup_free char *address = store_parameter(url, "hostaddr");
    cleanup_free char *mode = store_parameter(url, "sslmode");
    cleanup_free char *root = store_parameter(url, "sslrootcert");
    bool is_verified = mode && strncmp(mode, "verify-", 7) == 0;
    struct failure failure;

    check_database_file(check);
    if (store_check_url(url, &failure) < 0) {
        wrong(check, "DATABASE_URL", "%s", failure.message);
        return;
    }
    if (is_verified && (!root || !*root))
        wrong(check, "DATABASE_URL",
              "sslmode=%s needs sslrootcert=/PATH, the authorities to verify the server by; those of this host are "
              "often in /etc/ssl/certs/ca-certificates.crt",
              mode);
    if (is_all_local(host ? host : "") && is_all_local(address ? address : ""))
        return;
    if (root && strcmp(root, "system") == 0)
        return; /* means verify-full */
    if (!mode || !is_verified)
        risky(check, "DATABASE_URL",
              "with sslmode=%s%s nobody verifies that it is the server, or that there is TLS at all: "
              "sslmode=verify-full&sslrootcert=/PATH does",
              mode ? mode : "prefer", mode ? "" : ", the default,");
    else if (strcmp(mode, "verify-ca") == 0)
        risky(check, "DATABASE_URL",
              "with sslmode=verify-ca any server with a certificate of that authority will do: "
              "sslmode=verify-full compares the host name, too");
}

/* Where OpenSSL looks for authorities by itself. */
static bool has_authorities(void)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *directory = getenv(X509_get_default_cert_dir_env());

    return access(file ? file : X509_get_default_cert_file(), R_OK) == 0 ||
           access(directory ? directory : X509_get_default_cert_dir(), R_OK | X_OK) == 0;
}

static void check_broker(struct check *check)
{
    const char *url = check->config->rabbitmq_url;
    cleanup_free char *authorities = NULL;
    SSL_CTX *context;

    /* What is wrong with the URL, check_files() tells. */
    if (strncmp(url, "amqps:", 6) != 0 || queue_check_url(url, &authorities, NULL) < 0)
        return;
    if (!authorities && !has_authorities())
        wrong(check, "RABBITMQ_URL",
              "this host has no list of authorities to verify the broker by (%s): install ca-certificates, or name the "
              "broker's by ?cacertfile=/PATH",
              X509_get_default_cert_dir());
    if (!authorities || access(authorities, R_OK) < 0)
        return;
    context = SSL_CTX_new(TLS_client_method());
    if (context && SSL_CTX_load_verify_file(context, authorities) != 1)
        wrong(check, "RABBITMQ_URL", "there is no certificate (PEM) in %s", authorities);
    SSL_CTX_free(context);
}

static void check_files(struct check *check)
{
    cleanup_files struct named_files files = {0};
    struct failure failure;

    if (files_find(check->config, &files, &failure) < 0) {
        wrong(check, "", "%s", failure.message);
        return;
    }
    for (size_t i = 0; i < files.count; i++) {
        const struct named_file *file = &files.all[i];

        if (access(file->path, F_OK) < 0 && errno == ENOENT && strcmp(file->parameter, "passfile") == 0)
            continue;
        if (privilege_check_user(&check->user, file->path, R_OK, &failure) < 0)
            wrong(check, file->key, "%s: %s", file->parameter, failure.message);
    }
}

int check_print(const struct config *config, enum config_program program, FILE *to)
{
    struct config shown = *config;
    cleanup_free char *web = *config->web_root ? NULL : process_find_web("sentinel-server");

    /* A server of a fleet executes nothing. */
    if (program == CONFIG_WORKER || !*config->rabbitmq_url)
        shown.slots = process_slots(config);
    if (web)
        shown.web_root = web;
    return config_print(&shown, program, to);
}

bool check_config(const struct config *config, enum config_program program, FILE *to)
{
    struct check check = {
        .config = config, .program = program == CONFIG_SERVER ? "sentinel-server" : "sentinel-worker", .to = to};
    struct failure failure;

    check_listen(&check);
    if (program == CONFIG_SERVER)
        check_exposure(config, say_exposure, &check);
    check_language_path(&check);
    check_database(&check);
    check_broker(&check);
    if (privilege_user_find(config->user, &check.user, &failure) < 0) {
        wrong(&check, "SENTINEL_USER", "%s", failure.message);
        return false;
    }
    check_state_dir(&check);
    check_web_root(&check);
    check_tls(&check);
    check_files(&check);
    return !check.has_errors;
}
