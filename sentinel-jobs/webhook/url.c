/* SPDX-License-Identifier: MIT */
/* Parsed by libcurl, who will go there: of two parsers one could be made to see another host than the other. */
#include "webhook/webhook.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 2048

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static int check_scheme(CURLU *url, struct failure *failure)
{
    char *scheme = NULL;
    bool is_http;

    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return fail(failure, FAIL_INVALID, "the callback URL has no scheme");
    is_http = strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0;
    curl_free(scheme);
    if (!is_http)
        return fail(failure, FAIL_INVALID, "the callback URL is neither http nor https");
    return 0;
}

static int check_port(CURLU *url, struct failure *failure)
{
    char *port = NULL;
    bool is_zero;

    if (curl_url_get(url, CURLUPART_PORT, &port, 0) != CURLUE_OK)
        return 0; /* the scheme's */
    is_zero = port[strspn(port, "0")] == '\0';
    curl_free(port);
    if (is_zero)
        return fail(failure, FAIL_INVALID, "the callback URL's port is 0");
    return 0;
}

/* "localhost" and what ends with it: libcurl looks them up nowhere, but goes to the loopback addresses. */
static bool is_localhost(const char *host)
{
    static const char local[] = "localhost";
    size_t length = strlen(host);

    if (length > 0 && host[length - 1] == '.')
        length--;
    if (length < sizeof(local) - 1 || strncasecmp(host + length - (sizeof(local) - 1), local, sizeof(local) - 1) != 0)
        return false;
    return length == sizeof(local) - 1 || host[length - sizeof(local)] == '.';
}

static bool is_allowed4(in_addr_t address, const char *const *allow)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};

    return webhook_address_is_allowed((const struct sockaddr *)&in, allow);
}

static bool is_allowed6(const struct in6_addr *address, const char *const *allow)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = *address};

    return webhook_address_is_allowed((const struct sockaddr *)&in6, allow);
}

/* inet_aton(3) knows the forms that getaddrinfo(3) takes for numbers: 2130706433, 0x7f.1, 0177.0.0.1, 127.1. */
static bool is_host_allowed(char *host, const char *const *allow)
{
    struct in6_addr in6;
    struct in_addr in;
    size_t length = strlen(host);

    if (is_localhost(host))
        return is_allowed4(htonl(INADDR_LOOPBACK), allow) || is_allowed6(&in6addr_loopback, allow);
    if (host[0] == '[' && length > 2) {
        host[length - 1] = '\0';
        return inet_pton(AF_INET6, host + 1, &in6) == 1 && is_allowed6(&in6, allow);
    }
    if (length > 0 && host[length - 1] == '.')
        host[length - 1] = '\0';
    if (inet_aton(host, &in))
        return is_allowed4(in.s_addr, allow);
    return true; /* a name: what it stands for is judged when it is gone to */
}

static int check_host(CURLU *url, const char *const *allow, struct failure *failure)
{
    char *host = NULL;
    bool is_empty;
    bool is_allowed;

    if (curl_url_get(url, CURLUPART_HOST, &host, CURLU_URLDECODE) != CURLUE_OK)
        return fail(failure, FAIL_INVALID, "the callback URL has no host");
    is_empty = !*host;
    is_allowed = is_host_allowed(host, allow);
    curl_free(host);
    if (is_empty)
        return fail(failure, FAIL_INVALID, "the callback URL has no host");
    if (!is_allowed)
        return fail(failure, FAIL_INVALID, "the callback URL's address is none that callbacks may go to");
    return 0;
}

int webhook_url_check(const char *text, const char *const *allow, struct failure *failure)
{
    CURLU *url;
    int code;

    if (strnlen(text, URL_MAX + 1) > URL_MAX)
        return fail(failure, FAIL_INVALID, "the callback URL has more than %d bytes", URL_MAX);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return fail(failure, FAIL_INVALID, "the callback URL has a character that is to be escaped");
    url = curl_url();
    if (!url)
        return fail_nomem(failure);
    if (!strstr(text, "://"))
        code = fail(failure, FAIL_INVALID, "the callback URL is not http://HOST or https://HOST and so on");
    else if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        code = fail(failure, FAIL_INVALID, "the callback URL is no URL");
    else
        code = check_scheme(url, failure);
    if (code == 0 && (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)))
        code = fail(failure, FAIL_INVALID, "the callback URL has a user or password, which is not supported");
    if (code == 0)
        code = check_port(url, failure);
    if (code == 0)
        code = check_host(url, allow, failure);
    curl_url_cleanup(url);
    return code;
}
