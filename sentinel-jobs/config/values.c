/* SPDX-License-Identifier: MIT */
/* Texts to values: one function for each kind, all of them strict. */
#include "config/table.h"

#include "base/cleanup.h"
#include "common/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <sentinel/layer.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 4096
#define ITEMS_MAX 256

/* Digits alone: no sign, no space, no other base. */
static bool parse_digits(const char *text, size_t length, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    }
    *ret_value = value;
    return true;
}

static bool parse_size(const char *text, uint64_t *ret_value)
{
    size_t length = strspn(text, "0123456789");
    uint64_t unit = 1;

    switch (text[length]) {
    case '\0':
        break;
    case 'k':
    case 'K':
        unit = 1ULL << 10;
        break;
    case 'M':
        unit = 1ULL << 20;
        break;
    case 'G':
        unit = 1ULL << 30;
        break;
    default:
        return false;
    }
    return (unit == 1 || !text[length + 1]) && parse_digits(text, length, ret_value) &&
           !__builtin_mul_overflow(*ret_value, unit, ret_value);
}

static bool is_port(const char *text)
{
    uint64_t port;

    return strlen(text) <= 5 && parse_digits(text, strlen(text), &port) && port <= 65535;
}

static bool is_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    struct in6_addr address;
    char host[INET6_ADDRSTRLEN];
    size_t length;

    if (strncmp(text, "unix:", 5) == 0)
        return text[5] == '/' && text[6];
    if (!colon || colon == text || !is_port(colon + 1))
        return false;
    length = (size_t)(colon - text);
    if (text[0] != '[')
        return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == length;
    if (text[length - 1] != ']' || length - 2 >= sizeof(host))
        return false;
    memcpy(host, text + 1, length - 2);
    host[length - 2] = '\0';
    return inet_pton(AF_INET6, host, &address) == 1;
}

/* libpq knows more forms of a URL than url_parse(), and the others are paths. */
static bool is_url(const char *text, const char *const *prefixes)
{
    struct url url;
    bool is_ours = strncmp(text, "amqp", 4) == 0 || strncmp(text, "redis", 5) == 0 || strncmp(text, "http", 4) == 0;

    if (!url_has_prefix(text, prefixes) || strchr(text, ' '))
        return false;
    if (!is_ours)
        return strchr(text, ':')[1] != '\0';
    if (url_parse(text, &url, NULL) < 0)
        return false;
    is_ours = url.host[0] != '\0';
    url_free(&url);
    return is_ours;
}

/* An empty one would be the directory that somebody happened to start the service in. */
static bool is_paths(const char *text)
{
    for (const char *at = text;; at++) {
        if (*at != '/')
            return false;
        at += strcspn(at, ":");
        if (!*at)
            return true;
    }
}

static bool is_user(const char *text)
{
    size_t length = strlen(text);

    return length > 0 && length <= 32 && text[0] != '-' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == length;
}

static bool is_word(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

/* 10.0.0.0/8, ::1; an address without a length is one host. */
static bool is_range(const char *text)
{
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);
    char address[INET6_ADDRSTRLEN];
    unsigned char bytes[16];
    uint64_t bits = 0;
    bool is_v6 = memchr(text, ':', length) != NULL;

    if (length >= sizeof(address) ||
        (slash && (strlen(slash) > 4 || !parse_digits(slash + 1, strlen(slash + 1), &bits))))
        return false;
    memcpy(address, text, length);
    address[length] = '\0';
    return bits <= (is_v6 ? 128 : 32) && inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes) == 1;
}

/* What a browser sends as Origin: no path, not even a slash. */
static bool is_origin(const char *text)
{
    struct url url;
    const char *authority = strstr(text, "://");
    bool is;

    if (strcmp(text, "*") == 0)
        return true;
    if (!authority || strpbrk(authority + 3, "/?#@ ") || url_parse(text, &url, NULL) < 0)
        return false;
    is = url.host[0] != '\0';
    url_free(&url);
    return is;
}

static void free_list(char **list)
{
    for (char **at = list; at && *at; at++)
        free(*at);
    free(list);
}

/* Items between commas, with or without spaces around them. FAIL_INVALID, FAIL_NOMEM. */
static int parse_list(const char *text, bool (*is_item)(const char *), char ***ret_list)
{
    char **list = calloc(ITEMS_MAX + 1, sizeof(*list));
    size_t count = 0;
    int r = 0;

    if (!list)
        return FAIL_NOMEM;
    while (r == 0 && *text) {
        size_t length = strcspn(text, ",");
        const char *next = text + length + (text[length] == ',');

        while (length > 0 && text[length - 1] == ' ')
            length--;
        while (length > 0 && *text == ' ') {
            text++;
            length--;
        }
        if (count == ITEMS_MAX || (next[-1] == ',' && !*next)) {
            r = FAIL_INVALID;
            break;
        }
        list[count] = strndup(text, length);
        if (!list[count])
            r = FAIL_NOMEM;
        else if (!is_item(list[count++]))
            r = FAIL_INVALID;
        text = next;
    }
    if (r < 0)
        free_list(list);
    else
        *ret_list = list;
    return r;
}

static bool is_layer(const char *text)
{
    return sn_layer_by_name(text) != 0;
}

static int set_list(char ***field, const char *text, bool (*is_item)(const char *))
{
    char **list;
    int r = parse_list(text, is_item, &list);

    if (r < 0)
        return r;
    free_list(*field);
    *field = list;
    return 0;
}

static int set_text(char **field, const char *text, bool is_good)
{
    char *copy;

    if (!is_good)
        return FAIL_INVALID;
    copy = strdup(text);
    if (!copy)
        return FAIL_NOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int set_number(uint64_t *field, const struct config_key *key, bool is_number, uint64_t value)
{
    if (!is_number || value < key->least || value > key->most)
        return FAIL_INVALID;
    *field = value;
    return 0;
}

static int set(struct config *config, const struct config_key *key, const char *text)
{
    void *field = (char *)config + key->offset;
    size_t length = strlen(text);
    uint64_t value = 0;
    bool is_number;

    switch (key->kind) {
    case KIND_LISTEN:
        return set_text(field, text, is_listen(text));
    case KIND_URL:
        return set_text(field, text, !*text || is_url(text, key->words));
    case KIND_PATH:
        return set_text(field, text, !*text || *text == '/');
    case KIND_PATHS:
        return set_text(field, text, !*text || is_paths(text));
    case KIND_USER:
        return set_text(field, text, is_user(text));
    case KIND_WORD:
        return set_text(field, text, is_word(text, key->words));
    case KIND_SECRET:
        return set_text(field, text, !*text || (length >= key->least && length <= key->most));
    case KIND_NUMBER:
        is_number = parse_digits(text, length, &value);
        return set_number(field, key, is_number, value);
    case KIND_SIZE:
        is_number = parse_size(text, &value);
        return set_number(field, key, is_number, value);
    case KIND_YES_NO:
        if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
            return FAIL_INVALID;
        *(bool *)field = *text == 'y';
        return 0;
    case KIND_RANGES:
        return set_list(field, text, is_range);
    case KIND_ORIGINS:
        return set_list(field, text, is_origin);
    case KIND_LAYERS:
        return set_list(field, text, is_layer);
    }
    return FAIL_INTERNAL;
}

bool config_is_secret(const struct config_key *key)
{
    return key->kind == KIND_SECRET || key->kind == KIND_URL;
}

static void join_words(const char *const *words, char *text, size_t size)
{
    size_t length = strlen(text);

    for (size_t i = 0; words[i] && length < size; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";

        length += (size_t)snprintf(text + length, size - length, "%s%s", between, words[i]);
    }
}

static void print_size(uint64_t value, char text[24])
{
    static const char units[] = "\0kMG";
    size_t unit = 0;

    while (unit < 3 && value && value % 1024 == 0) {
        value /= 1024;
        unit++;
    }
    snprintf(text, 24, "%" PRIu64 "%.1s", value, units + unit);
}

void config_expected(const struct config_key *key, char text[CONFIG_EXPECTED_SIZE])
{
    char least[24];
    char most[24];

    text[0] = '\0';
    switch (key->kind) {
    case KIND_LISTEN:
        snprintf(text, CONFIG_EXPECTED_SIZE, "HOST:PORT, [IPV6]:PORT or unix:/PATH");
        break;
    case KIND_URL:
        snprintf(text, CONFIG_EXPECTED_SIZE, "a URL that begins with ");
        join_words(key->words, text, CONFIG_EXPECTED_SIZE);
        break;
    case KIND_PATH:
        snprintf(text, CONFIG_EXPECTED_SIZE, "an absolute path");
        break;
    case KIND_PATHS:
        snprintf(text, CONFIG_EXPECTED_SIZE, "absolute paths with colons between them");
        break;
    case KIND_USER:
        snprintf(text, CONFIG_EXPECTED_SIZE, "a user's name or number");
        break;
    case KIND_WORD:
        join_words(key->words, text, CONFIG_EXPECTED_SIZE);
        break;
    case KIND_SECRET:
        snprintf(text, CONFIG_EXPECTED_SIZE, "%" PRIu64 " to %" PRIu64 " characters", key->least, key->most);
        break;
    case KIND_NUMBER:
        snprintf(text, CONFIG_EXPECTED_SIZE, "a number from %" PRIu64 " to %" PRIu64, key->least, key->most);
        break;
    case KIND_SIZE:
        print_size(key->least, least);
        print_size(key->most, most);
        snprintf(text, CONFIG_EXPECTED_SIZE, "bytes from %s to %s (k, M, G: times 1024)", least, most);
        break;
    case KIND_YES_NO:
        snprintf(text, CONFIG_EXPECTED_SIZE, "yes or no");
        break;
    case KIND_RANGES:
        snprintf(text, CONFIG_EXPECTED_SIZE, "addresses and CIDR ranges with commas between them");
        break;
    case KIND_ORIGINS:
        snprintf(text, CONFIG_EXPECTED_SIZE, "origins (https://HOST) with commas between them, or *");
        break;
    case KIND_LAYERS:
        snprintf(text, CONFIG_EXPECTED_SIZE, "names of layers with commas between them");
        break;
    }
}

/* A value as a message may show it: a piece, printable. */
static void quote(const char *text, char quoted[48])
{
    size_t length = 0;

    for (; text[length] && length < 40; length++)
        quoted[length] = text[length] >= ' ' && text[length] < 0x7f ? text[length] : '?';
    strcpy(quoted + length, text[length] ? "..." : "");
}

static bool is_printable(const char *text)
{
    size_t length = 0;

    for (; text[length]; length++)
        if (iscntrl((unsigned char)text[length]))
            return false;
    return length <= TEXT_MAX;
}

int config_set(struct config *config, const struct config_key *key, const char *text, const struct config_place *place,
               struct failure *failure)
{
    char expected[CONFIG_EXPECTED_SIZE];
    char quoted[48] = "";
    char where[100] = "";
    int r = is_printable(text) ? set(config, key, text) : FAIL_INVALID;

    if (r == 0)
        return 0;
    if (r == FAIL_NOMEM)
        return fail_nomem(failure);
    config_expected(key, expected);
    quote(text, quoted);
    if (place && place->line)
        snprintf(where, sizeof(where), " in %.70s, line %u", place->path, place->line);
    else if (place)
        snprintf(where, sizeof(where), " in the environment");
    if (config_is_secret(key))
        return fail(failure, FAIL_INVALID, "%s%s: expected %s", key->name, where, expected);
    return fail(failure, FAIL_INVALID, "%s%s: expected %s, not \"%s\"", key->name, where, expected, quoted);
}

static bool is_list(const struct config_key *key)
{
    return key->kind == KIND_RANGES || key->kind == KIND_ORIGINS || key->kind == KIND_LAYERS;
}

static bool is_text(const struct config_key *key)
{
    return key->kind <= KIND_SECRET;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config_key_count; i++) {
        void *field = (char *)config + config_keys[i].offset;

        if (is_list(&config_keys[i]))
            free_list(*(char ***)field);
        else if (is_text(&config_keys[i]))
            free(*(char **)field);
    }
    free(config);
}
