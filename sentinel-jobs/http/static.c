/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "http/server.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * Theory of operation. The web interface is a directory of small files and one page, index.html, which shows itself
 * under every path that is no file (the router of the page makes sense of it). A handler of the pool opens the file
 * beneath the root's descriptor, where the kernel follows no link and does not climb out (openat2), reads it whole and
 * answers. A file with ".gz" behind its name goes to whoever understands that.
 *
 * What build tools put into assets/ has a hash of its content in its name, so it is kept for ever; everything else is
 * asked for each time, and mostly answered 304. A name in assets/ that is not there is no place in the page: a page of
 * an older build that asks for its script must not get HTML for it.
 */

#define FILE_MAX ((off_t)32 << 20)

/*
 * No script but from files of ours, none made of text, and nothing that another host gets to know. Styles may be inline
 * only because the editor (Monaco) writes style elements and attributes for colours and places of the text. Its worker
 * is a file of the build; images as data: are in its style sheets. connect-src 'self' has WebSockets of this host in
 * it in Chromium, Firefox and, since 15.4, in Safari; the page of an older one falls back to server-sent events.
 */
static const char security_policy[] =
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; img-src 'self' data:; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

/* What a page could ask its user for, and ours never does. */
static const char permissions_policy[] =
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), usb=()";

struct file {
    char *body;
    size_t length;
    struct stat status;
};

static int open_beneath(int root, const char *path)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

int http_open_web(const char *directory, struct failure *failure)
{
    cleanup_close int index = -1, fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

    /* 0 is how options say that there is none. */
    if (fd == 0) {
        fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
        close(0);
    }
    if (fd < 0)
        return fail(failure, FAIL_INVALID, "cannot open the web interface's directory %s: %s", directory,
                    strerror(errno));
    index = open_beneath(fd, "index.html");
    if (index < 0)
        return fail(failure, FAIL_INVALID, "cannot open index.html in %s: %s", directory, strerror(errno));
    return steal_fd(&fd);
}

int http_check_web(int web_root, struct failure *failure)
{
    cleanup_close int index = open_beneath(web_root, "index.html");

    if (index < 0)
        return fail(failure, FAIL_INVALID, "uid %u cannot read the web interface's index.html: %s", (unsigned)geteuid(),
                    strerror(errno));
    return 0;
}

/* 0, or the status of the answer. */
static int read_file(int root, const char *path, struct file *ret_file)
{
    cleanup_close int fd = open_beneath(root, path);
    cleanup_free char *body = NULL;
    struct stat status;
    size_t length = 0;
    ssize_t n;

    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? 503 : 404;
    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return 404;
    if (status.st_size > FILE_MAX)
        return 500;
    body = malloc((size_t)status.st_size + 1);
    if (!body)
        return 503;
    while (length < (size_t)status.st_size) {
        n = read(fd, body + length, (size_t)status.st_size - length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return 500;
        if (n == 0)
            break;
        length += (size_t)n;
    }
    ret_file->body = steal_ptr(&body);
    ret_file->length = length;
    ret_file->status = status;
    return 0;
}

static const char *type_of(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".webp", "image/webp"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".ttf", "font/ttf"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
        {".webmanifest", "application/manifest+json"},
    };
    size_t length = strlen(path);

    for (size_t i = 0; i < SN_ARRAY_SIZE(types); i++) {
        size_t n = strlen(types[i].ending);

        if (length > n && strcasecmp(path + length - n, types[i].ending) == 0)
            return types[i].type;
    }
    return "application/octet-stream";
}

static bool is_asset(const char *path)
{
    return strncmp(path, "assets/", 7) == 0;
}

/* "assets/name-HASH.ending", as build tools write it: HASH is eight of the letters of base64url. */
static bool is_hashed(const char *path)
{
    const char *dot = strrchr(path, '.');

    /* a map is named after what it maps */
    if (dot && strcmp(dot, ".map") == 0)
        dot = memrchr(path, '.', (size_t)(dot - path));
    if (!is_asset(path) || !dot || dot - path < 9 || dot[-9] != '-')
        return false;
    for (const char *c = dot - 8; c < dot; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '-')
            return false;
    }
    return true;
}

static bool accepts_gzip(const struct http_request *request)
{
    const char *accept = http_request_header(request, "accept-encoding");

    for (const char *at = accept; at && *at;) {
        size_t length = strcspn(at, ",");

        while (length && (*at == ' ' || *at == '\t')) {
            at++;
            length--;
        }
        if (length >= 4 && strncasecmp(at, "gzip", 4) == 0 && (length == 4 || strchr("; \t", at[4]))) {
            const char *q = memmem(at, length, "q=", 2);

            /* q=0, q=0.0: not at all */
            return !q || strspn(q + 2, "0.") < strcspn(q + 2, ", \t");
        }
        at += length;
        if (*at)
            at++;
    }
    return false;
}

/* No file, no directory, nothing hidden: a path may be looked up beneath the root. */
static bool is_clean(const char *path)
{
    if (!*path || strchr(path, '\\'))
        return false;
    for (const char *at = path; at;) {
        if (*at == '.' || *at == '/' || !*at)
            return false;
        at = strchr(at, '/');
        if (at)
            at++;
    }
    return true;
}

/* The name of a file says what it is by its ending; what has none is a place in the page. */
static bool is_place(const char *path)
{
    const char *name = strrchr(path, '/');

    return !is_asset(path) && !strchr(name ? name : path, '.');
}

/* Does the client have it already? A tag says more than a date, and counts alone where there is one. */
static bool is_known(const struct http_request *request, const char *tag, const char *date)
{
    const char *tags = http_request_header(request, "if-none-match");
    const char *since = http_request_header(request, "if-modified-since");

    if (tags)
        return strcmp(tags, "*") == 0 || strstr(tags, tag);
    /* As we wrote it: who has another date gets the file. */
    return since && strcmp(since, date) == 0;
}

static void answer(const struct http_request *request, struct http_response *response, const char *path, bool is_gzip,
                   struct file *file)
{
    char date[H2O_TIMESTR_RFC1123_LEN + 1], tag[64];
    struct tm tm;

    gmtime_r(&file->status.st_mtim.tv_sec, &tm);
    h2o_time2str_rfc1123(date, &tm);
    snprintf(tag, sizeof(tag), "\"%llx-%llx%s\"",
             (unsigned long long)file->status.st_mtim.tv_sec * 1000000000ULL +
                 (unsigned long long)file->status.st_mtim.tv_nsec,
             (unsigned long long)file->length, is_gzip ? "-gz" : "");
    http_add_header(response, "etag", "%s", tag);
    http_add_header(response, "last-modified", "%s", date);
    http_add_header(response, "vary", "Accept-Encoding");
    http_add_header(response, "cache-control", "%s",
                    is_hashed(path) ? "public, max-age=31536000, immutable" : "no-cache");
    http_add_header(response, "content-security-policy", "%s", security_policy);
    http_add_header(response, "referrer-policy", "no-referrer");
    http_add_header(response, "x-frame-options", "DENY");
    http_add_header(response, "cross-origin-opener-policy", "same-origin");
    http_add_header(response, "cross-origin-resource-policy", "same-origin");
    http_add_header(response, "permissions-policy", "%s", permissions_policy);
    if (is_known(request, tag, date)) {
        http_respond(response, 304, NULL, NULL, 0);
        return;
    }
    if (is_gzip)
        http_add_header(response, "content-encoding", "gzip");
    http_respond(response, 200, type_of(path), steal_ptr(&file->body), file->length);
}

static int find(int root, const struct http_request *request, const char *path, struct file *file, bool *ret_is_gzip)
{
    cleanup_free char *packed = NULL;

    *ret_is_gzip = false;
    if (accepts_gzip(request)) {
        if (asprintf(&packed, "%s.gz", path) < 0) {
            packed = NULL;
            return 503;
        }
        *ret_is_gzip = read_file(root, packed, file) == 0;
        if (*ret_is_gzip)
            return 0;
    }
    return read_file(root, path, file);
}

void http__static_handler(void *arg, const struct http_request *request, struct http_response *response)
{
    const struct http_server *server = arg;
    const char *path = request->path + 1;
    struct file file = {0};
    bool is_gzip = false;
    int status = 404;

    if (!*path)
        path = "index.html";
    if (is_clean(path))
        status = find(server->static_fd, request, path, &file, &is_gzip);
    if (status == 404 && is_place(path)) {
        path = "index.html";
        status = find(server->static_fd, request, path, &file, &is_gzip);
    }
    if (status)
        http__response_error(response, status);
    else
        answer(request, response, path, is_gzip, &file);
    free(file.body);
}
