/* SPDX-License-Identifier: MIT */
#include "api/admit.h"

#include "base/cleanup.h"

#include <stdarg.h>
#include <string.h>

static const char *title_of(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

static void answer_document(struct http_response *response, int status, const char *type, json_t *document)
{
    size_t length = 0;
    char *text = json_print(document, &length);

    json_decref(document);
    if (!text) {
        text = strdup("{\"status\":500,\"code\":\"out_of_memory\",\"title\":\"Internal Server Error\"}");
        status = 500;
        type = "application/problem+json";
        length = text ? strlen(text) : 0;
    }
    http_respond(response, status, type, text, length);
}

void answer_text(struct http_response *response, int status, char **text)
{
    size_t length = strlen(*text);

    http_respond(response, status, "application/json", steal_ptr(text), length);
}

void answer_nomem(struct http_response *response, const struct http_request *request)
{
    answer_problem(response, request, 500, "out_of_memory", NULL, "there is not enough memory for this");
}

void answer_json(struct http_response *response, const struct http_request *request, int status, json_t *document)
{
    if (!document) {
        answer_nomem(response, request);
        return;
    }
    answer_document(response, status, "application/json", document);
}

void answer_problem(struct http_response *response, const struct http_request *request, int status, const char *code,
                    const char *field, const char *format, ...)
{
    char detail[400];
    json_t *document;
    va_list args;

    va_start(args, format);
    vsnprintf(detail, sizeof(detail), format, args);
    va_end(args);
    document =
        json_pack("{s:s, s:s, s:i, s:s, s:o, s:s}", "type", "about:blank", "title", title_of(status), "status", status,
                  "code", code, "detail", json_text(detail), "request_id", request && request->id ? request->id : "");
    if (document && field && *field)
        json_object_set_new(document, "field", json_text(field));
    answer_document(response, status, "application/problem+json", document);
}

void answer_failure(struct http_response *response, const struct http_request *request, const struct failure *failure)
{
    struct log_about about = {.request_id = request->id};

    if (failure->code == FAIL_UNAVAILABLE) {
        log_line(LOG_WARN_LEVEL, &about, "answered 503: %s", failure->message);
        http_add_header(response, "Retry-After", "2");
        answer_problem(response, request, 503, "dependency_unavailable", NULL,
                       "a part of the service is away; nothing was done, try again");
        return;
    }
    log_line(LOG_ERROR_LEVEL, &about, "answered 500: %s", failure->message);
    answer_problem(response, request, 500, "internal_error", NULL,
                   "the service failed; its log has the reason under this request id");
}

bool has_only_parameters(const struct http_request *request, struct http_response *response, const char *const *known)
{
    const char *at = request->query;

    while (*at) {
        size_t pair = strcspn(at, "&");
        size_t name = strcspn(at, "&=");
        const char *const *one = known;

        while (*one && (strlen(*one) != name || strncmp(*one, at, name) != 0))
            one++;
        if (pair > 0 && !*one && (name != strlen("access_token") || strncmp(at, "access_token", name) != 0)) {
            answer_problem(response, request, 400, "invalid_parameter", NULL,
                           "the query has a parameter that is none of this path's");
            return false;
        }
        at += pair;
        at += *at == '&';
    }
    return true;
}

bool number_parameter(const struct http_request *request, struct http_response *response, const char *name,
                      uint32_t least, uint32_t most, uint32_t *number)
{
    cleanup_free char *text = http_request_parameter(request, name);
    char *end = NULL;
    unsigned long value;

    if (!text)
        return true;
    value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value < least || value > most) {
        answer_problem(response, request, 400, "invalid_parameter", name, "it is a number within %u to %u", least,
                       most);
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

void api_on_error(void *arg, int status, const struct http_request *request, struct http_response *response)
{
    static const struct {
        int status;
        const char *code;
        const char *detail;
    } known[] = {{400, "malformed_request", "the request is no HTTP that is understood here"},
                 {404, "no_such_route", "there is nothing at this path"},
                 {405, "method_not_allowed", "this path does not have this method; Allow says which"},
                 {408, "request_timeout", "the request did not arrive in time"},
                 {413, "body_too_large", "the body is larger than this server accepts"},
                 {426, "upgrade_required", "this path speaks WebSocket only"},
                 {431, "headers_too_large", "the headers are larger than this server accepts"},
                 {503, "overloaded", "too many requests wait; try again"}};

    (void)arg;
    for (size_t i = 0; i < SN_ARRAY_SIZE(known); i++) {
        if (known[i].status == status) {
            answer_problem(response, request, status, known[i].code, NULL, "%s", known[i].detail);
            return;
        }
    }
    answer_problem(response, request, status, "internal_error", NULL, "the server could not answer this");
}
