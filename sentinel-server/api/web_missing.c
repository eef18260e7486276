/* SPDX-License-Identifier: MIT */
#include "api/api.h"

#include <string.h>

/* Made at build time of api/web_missing.html; the policy allows its own style. */
extern const char web_missing_text[];
extern const size_t web_missing_length;
extern const char web_missing_policy[];

void handle_web_missing(void *arg, const struct http_request *request, struct http_response *response)
{
    char *body = malloc(web_missing_length + 1);

    (void)arg;
    (void)request;
    if (!body) {
        http_respond(response, 503, NULL, NULL, 0);
        return;
    }
    memcpy(body, web_missing_text, web_missing_length + 1);
    http_add_header(response, "content-security-policy", "%s", web_missing_policy);
    http_add_header(response, "referrer-policy", "no-referrer");
    /* The next start may have an interface to show. */
    http_add_header(response, "cache-control", "no-store");
    http_respond(response, 200, "text/html; charset=utf-8", body, web_missing_length);
}
