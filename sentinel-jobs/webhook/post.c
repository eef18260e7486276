/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation. Redirects are followed here and not by libcurl: each is a URL as untrusted as the first, and is
 * checked as that was. What counts, though, is open_socket(): libcurl asks it for the socket of every connection, with
 * the very address that it will connect it to, whatever names, numbers in odd forms and answers of the DNS led to it.
 * No connection is used twice, so none was judged for somebody else. Once all headers have come the status decides,
 * however the rest of the answer fares: nobody wants it.
 */
#include "webhook/post.h"

#include "base/clock.h"
#include "webhook/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REDIRECTS_MAX 3
#define ANSWER_MAX 65536 /* of headers and of body, each */
#define CONNECT_MS 5000
#define NS_PER_MS 1000000U

/* One request and its answer. */
struct exchange {
    const struct post *post;
    CURL *easy;
    unsigned opened;  /* sockets */
    unsigned refused; /* addresses */
    size_t header_length;
    size_t body_length;
    bool has_headers; /* all of them */
    long status;
};

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct exchange *exchange = arg;

    if (purpose != CURLSOCKTYPE_IPCXN || !webhook_address_is_allowed(&address->addr, exchange->post->allow)) {
        exchange->refused++;
        return CURL_SOCKET_BAD;
    }
    exchange->opened++;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;
    size_t length = size * count;

    exchange->header_length += length;
    if (exchange->header_length > ANSWER_MAX)
        return 0;
    /* an empty line ends them, unless the answer was an interim one */
    if (length > 0 && (data[0] == '\r' || data[0] == '\n')) {
        curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &exchange->status);
        exchange->has_headers = exchange->status >= 200;
    }
    return length;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct exchange *exchange = arg;

    (void)data;
    exchange->body_length += size * count;
    return exchange->body_length > ANSWER_MAX ? 0 : size * count;
}

static CURLcode set_options(struct transfer *transfer, struct exchange *exchange, const char *url, long timeout_ms)
{
    const struct post *post = exchange->post;
    CURLcode code = transfer_reset(transfer);
    CURL *easy = transfer->easy;

    TRANSFER_SET(code, easy, CURLOPT_URL, url);
    TRANSFER_SET(code, easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    TRANSFER_SET(code, easy, CURLOPT_OPENSOCKETDATA, exchange);
    /* a proxy, of the environment's, would be connected to in the receiver's stead */
    TRANSFER_SET(code, easy, CURLOPT_PROXY, "");
    TRANSFER_SET(code, easy, CURLOPT_NOPROXY, "*");
    TRANSFER_SET(code, easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    TRANSFER_SET(code, easy, CURLOPT_FORBID_REUSE, 1L);
    TRANSFER_SET(code, easy, CURLOPT_FRESH_CONNECT, 1L);
    TRANSFER_SET(code, easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    TRANSFER_SET(code, easy, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms < CONNECT_MS ? timeout_ms : CONNECT_MS);
    TRANSFER_SET(code, easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    TRANSFER_SET(code, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->length);
    TRANSFER_SET(code, easy, CURLOPT_POSTFIELDS, post->body);
    TRANSFER_SET(code, easy, CURLOPT_HTTPHEADER, post->headers);
    TRANSFER_SET(code, easy, CURLOPT_USERAGENT, post->user_agent);
    TRANSFER_SET(code, easy, CURLOPT_HEADERFUNCTION, on_header);
    TRANSFER_SET(code, easy, CURLOPT_HEADERDATA, exchange);
    TRANSFER_SET(code, easy, CURLOPT_WRITEFUNCTION, on_body);
    TRANSFER_SET(code, easy, CURLOPT_WRITEDATA, exchange);
    if (post->ca_file) {
        TRANSFER_SET(code, easy, CURLOPT_CAINFO, post->ca_file);
        TRANSFER_SET(code, easy, CURLOPT_CAPATH, NULL);
    }
    return code;
}

static enum post_verdict say(char reason[POST_REASON_SIZE], enum post_verdict verdict, const char *why)
{
    snprintf(reason, POST_REASON_SIZE, "%.*s", POST_REASON_SIZE - 1, why);
    return verdict;
}

static enum post_verdict judge_failure(const struct exchange *exchange, CURLcode code, char reason[POST_REASON_SIZE])
{
    /* where a name has an address that is allowed too, the other kind is none to give up for */
    if (exchange->refused && !exchange->opened)
        return say(reason, POST_NEVER, "its address is none that callbacks may go to");
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return say(reason, POST_BROKEN_OFF, "the server stopped");
    /* The URL was checked, so this is an answer that begins like none: libcurl takes it for HTTP/0.9. */
    if (code == CURLE_OK || code == CURLE_UNSUPPORTED_PROTOCOL)
        code = CURLE_WEIRD_SERVER_REPLY;
    /* libcurl's sentence for the code: its longer message would tell addresses */
    snprintf(reason, POST_REASON_SIZE, "no answer: %s", curl_easy_strerror(code));
    return POST_AGAIN;
}

static enum post_verdict judge_status(long status, char reason[POST_REASON_SIZE])
{
    if (status >= 200 && status < 300)
        return POST_DELIVERED;
    snprintf(reason, POST_REASON_SIZE, "the receiver answered %ld", status);
    return status == 410 ? POST_NEVER : POST_AGAIN;
}

/* Where the answer leads, to be freed; NULL: nowhere. */
static char *redirect_of(const struct exchange *exchange)
{
    const char *url = NULL;

    switch (exchange->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        if (curl_easy_getinfo(exchange->easy, CURLINFO_REDIRECT_URL, &url) == CURLE_OK && url)
            return strdup(url);
        return NULL;
    default:
        return NULL;
    }
}

/* One request. *ret_redirect, to be freed, if it leads on: then the verdict does not count. */
static enum post_verdict post_once(struct transfer *transfer, const struct post *post, const char *url,
                                   uint64_t deadline_ns, char **ret_redirect, char reason[POST_REASON_SIZE])
{
    struct exchange exchange = {.post = post, .easy = transfer->easy};
    uint64_t now = sn__now_ns();
    struct failure failure;
    CURLcode code;

    if (webhook_url_check(url, post->allow, &failure) < 0)
        return say(reason, failure.code == FAIL_INVALID ? POST_NEVER : POST_AGAIN, failure.message);
    if (now + NS_PER_MS > deadline_ns) /* no timeout at all is what 0 means to libcurl */
        return say(reason, POST_AGAIN, "no answer in time");
    code = set_options(transfer, &exchange, url, (long)((deadline_ns - now) / NS_PER_MS));
    if (code == CURLE_OK)
        code = transfer_perform(transfer, post->is_over, post->arg);
    if (!exchange.has_headers)
        return judge_failure(&exchange, code, reason);
    *ret_redirect = redirect_of(&exchange);
    return judge_status(exchange.status, reason);
}

enum post_verdict post_deliver(struct transfer *transfer, const struct post *post, char reason[POST_REASON_SIZE])
{
    uint64_t deadline_ns = sn__now_ns() + post->timeout_ms * NS_PER_MS;
    char *url = NULL;

    for (int redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
        char *next = NULL;
        enum post_verdict verdict = post_once(transfer, post, url ? url : post->url, deadline_ns, &next, reason);

        free(url);
        url = next;
        if (!url)
            return verdict;
    }
    free(url);
    return say(reason, POST_AGAIN, "the receiver redirects more than three times");
}
