/* SPDX-License-Identifier: MIT */
#include "api/admit.h"

#include "base/cleanup.h"
#include "job/result.h"

#include <string.h>
#include <strings.h>

/*
 * Among the protocols that a WebSocket offers: all that a browser can say there besides the address, which ends up in
 * logs and histories.
 */
static char *secret_of_protocols(const struct http_request *request)
{
    static const char prefix[] = "sentinel.key.";
    const char *offered = http_request_header(request, "sec-websocket-protocol"), *one;
    size_t length;

    while ((one = http_next_token(&offered, &length))) {
        if (length > strlen(prefix) && strncmp(one, prefix, strlen(prefix)) == 0)
            return strndup(one + strlen(prefix), length - strlen(prefix));
    }
    return NULL;
}

/* The key that a request brings, to be freed; NULL: none. */
static char *secret_of(const struct http_request *request)
{
    const char *header = http_request_header(request, "authorization");
    char *secret;

    if (header && strncasecmp(header, "Bearer ", 7) == 0)
        return strdup(header + 7 + strspn(header + 7, " "));
    header = http_request_header(request, "x-api-key");
    if (header)
        return strdup(header);
    secret = secret_of_protocols(request);
    return secret ? secret : http_request_parameter(request, "access_token");
}

/*
 * A server that asks for no key because only this host reaches it must not be reached through a browser by a page of
 * somebody else, whose name was made to stand for 127.0.0.1.
 */
static bool is_local_name(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

    if (!host)
        return true; /* HTTP/1.0: no browser */
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        size_t length = strlen(names[i]);

        if (strncasecmp(host, names[i], length) == 0 && (host[length] == '\0' || host[length] == ':'))
            return true;
    }
    return false;
}

bool is_from_this_host(const struct http_request *request)
{
    return request->is_loopback && is_local_name(http_request_header(request, "host"));
}

static void refuse_keyless(const struct http_request *request, struct http_response *response)
{
    http_add_header(response, "WWW-Authenticate", "Bearer realm=\"sentinel\"");
    answer_problem(response, request, 401, "key_missing", NULL,
                   "an API key is needed: Authorization: Bearer KEY; `sentinel-server keys create` makes one");
}

/* Guesses are hopeless; they are not to cost much either. */
enum { WRONG_KEYS_A_MINUTE = 60 };

/* Counts under one name; a guard that is away is replaced by one of this process. */
static int count(struct api *api, const char *name, uint32_t limit, uint32_t cost, struct guard_rate *rate)
{
    if (guard_rate(api->guard, name, limit, 60000, cost, rate, NULL) == 0)
        return 0;
    return guard_rate(api->own_guard, name, limit, 60000, cost, rate, NULL);
}

static bool identify(struct api *api, const struct http_request *request, struct http_response *response,
                     struct caller *caller)
{
    cleanup_free char *secret = secret_of(request);
    struct failure failure;
    struct api_key key;
    int error;

    *caller = (struct caller){0};
    snprintf(caller->address, sizeof(caller->address), "%s", request->address);
    if (!secret && api->is_open && !api->is_open_to_all &&
        (http_request_header(request, "x-forwarded-for") || http_request_header(request, "forwarded"))) {
        answer_problem(response, request, 403, "forwarded_without_key", NULL,
                       "this server asks for no key because only this host reaches it, and this came through a proxy: "
                       "SENTINEL_AUTH=keys");
        return false;
    }
    if (!secret && api->is_open) {
        if (!api->is_open_to_all && !api->is_socket && !is_local_name(http_request_header(request, "host"))) {
            answer_problem(response, request, 403, "host_not_allowed", "Host",
                           "without keys this server answers to localhost and 127.0.0.1 only");
            return false;
        }
        caller->scopes = SCOPE_SUBMIT | SCOPE_READ | (api->is_open_to_all ? 0 : SCOPE_ADMIN);
        caller->is_stranger = api->is_open_to_all;
        return true;
    }
    if (!secret) {
        refuse_keyless(request, response);
        return false;
    }
    error = key_find(api, secret, &key, &failure);
    if (error < 0 && error != FAIL_NOT_FOUND) {
        answer_failure(response, request, &failure);
        return false;
    }
    if (error == FAIL_NOT_FOUND || key.revoked) {
        struct guard_rate counted;
        char name[128];

        snprintf(name, sizeof(name), "rate:wrong:ip:%s", request->address);
        if (count(api, name, WRONG_KEYS_A_MINUTE, 1, &counted) == 0 && !counted.is_allowed) {
            http_add_header(response, "Retry-After", "%llu", (unsigned long long)(counted.retry_after_ms + 999) / 1000);
            answer_problem(response, request, 429, "rate_limited", NULL, "too many wrong keys from this address");
            return false;
        }
        http_add_header(response, "WWW-Authenticate", "Bearer realm=\"sentinel\", error=\"invalid_token\"");
        answer_problem(response, request, 401, "key_invalid", NULL, "this API key is unknown or revoked");
        return false;
    }
    snprintf(caller->key_id, sizeof(caller->key_id), "%s", key.id);
    caller->scopes = key.scopes;
    caller->per_minute = key.per_minute;
    if (caller->scopes & SCOPE_ADMIN)
        caller->scopes |= SCOPE_SUBMIT | SCOPE_READ;
    return true;
}

bool is_within_rate(struct api *api, const struct http_request *request, struct http_response *response,
                    const struct caller *caller, enum admit_rate rate, uint32_t cost)
{
    const char *kind = rate == ADMIT_SUBMIT ? "submit" : "read";
    uint32_t limit = caller->per_minute ? caller->per_minute : (uint32_t)api->config->rate_limit;
    struct guard_rate counted;
    char name[128];

    if (rate == ADMIT_FREE || limit == 0)
        return true;
    if (rate == ADMIT_READ)
        limit *= 10;
    if (cost > limit) {
        answer_problem(
            response, request, 413, "batch_larger_than_rate", NULL,
            "this counts as %u submissions, which is more than the %u of a minute; ten test cases count as one", cost,
            limit);
        return false;
    }
    /* A key is what is counted where there is one: many may sit behind one address. */
    if (*caller->key_id)
        snprintf(name, sizeof(name), "rate:%s:key:%s", kind, caller->key_id);
    else
        snprintf(name, sizeof(name), "rate:%s:ip:%s", kind, request->address);
    if (count(api, name, limit, cost, &counted) < 0)
        return true; /* out of memory, at most: nobody is refused for that */
    http_add_header(response, "RateLimit-Limit", "%u", counted.limit);
    http_add_header(response, "RateLimit-Remaining", "%u", counted.remaining);
    http_add_header(response, "RateLimit-Reset", "%llu", (unsigned long long)(counted.reset_ms + 999) / 1000);
    if (counted.is_allowed)
        return true;
    http_add_header(response, "Retry-After", "%llu", (unsigned long long)(counted.retry_after_ms + 999) / 1000);
    metrics_add(api->metrics, "sentinel_rate_limited_total", NULL, 1);
    answer_problem(
        response, request, 429, "rate_limited", NULL,
        "more than %u requests of this kind in a minute; SENTINEL_RATE_LIMIT or the key's own rate says how many",
        limit);
    return false;
}

bool admit(struct api *api, const struct http_request *request, struct http_response *response, unsigned scope,
           enum admit_rate rate, uint32_t cost, struct caller *ret_caller)
{
    if (!identify(api, request, response, ret_caller))
        return false;
    if ((ret_caller->scopes & scope) != scope) {
        answer_problem(response, request, 403, "scope_missing", NULL, "this needs the scope %s",
                       scope == SCOPE_ADMIN    ? "admin"
                       : scope == SCOPE_SUBMIT ? "submit"
                                               : "read");
        return false;
    }
    return is_within_rate(api, request, response, ret_caller, rate, cost);
}

bool admit_observer(struct api *api, const struct http_request *request, struct http_response *response,
                    enum admit_rate rate, struct caller *ret_caller)
{
    if (!admit(api, request, response, SCOPE_READ, rate, 1, ret_caller))
        return false;
    if (!ret_caller->is_stranger || is_from_this_host(request))
        return true;
    refuse_keyless(request, response);
    return false;
}

bool caller_may_see(const struct caller *caller, const struct job *job)
{
    return (caller->scopes & SCOPE_ADMIN) || strcmp(caller->key_id, job->key_id) == 0;
}

unsigned caller_view(const struct caller *caller)
{
    return (caller->scopes & SCOPE_ADMIN ? JOB_VIEW_HIDDEN : 0) | (caller->is_stranger ? JOB_VIEW_NO_USER : 0);
}

struct log_about caller_about(const struct caller *caller, const char *request_id, const struct uuid *job)
{
    return (struct log_about){.request_id = request_id,
                              .job = job,
                              .key_id = *caller->key_id ? caller->key_id : "none",
                              .address = caller->address};
}
