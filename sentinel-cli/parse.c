/* SPDX-License-Identifier: MIT */
#include "parse.h"

#include "message.h"

#include <sentinel/layer.h>
#include <sentinel/limits.h>
#include <sentinel/sandbox.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int parse_number(const char *text, const struct number_range *range, uint64_t *ret_value, char **ret_why)
{
    /* half of the range: no sum of limits may wrap, and no bound of the kernel is larger */
    uint64_t maximum = range->maximum ? range->maximum : (uint64_t)INT64_MAX / range->scale;
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    uint64_t value = 0;
    bool overflow = false;

    if (range->may_be_unlimited && strcmp(text, "unlimited") == 0) {
        *ret_value = SN_UNLIMITED;
        return 0;
    }
    if (!*digits || digits[strspn(digits, "0123456789")] != '\0') {
        *ret_why =
            xprintf("not a whole number; give %s%s", range->unit, range->may_be_unlimited ? " or \"unlimited\"" : "");
        return -1;
    }
    if (text[0] == '-') {
        *ret_why = xprintf("negative; give %s, at least %llu", range->unit, (unsigned long long)range->minimum);
        return -1;
    }
    for (; *digits; digits++) {
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *digits - '0', &value))
            overflow = true;
    }
    if (overflow || value > maximum) {
        *ret_why = xprintf("too large; give %s, at most %llu", range->unit, (unsigned long long)maximum);
        return -1;
    }
    if (value < range->minimum) {
        *ret_why = xprintf("%s; give %s, at least %llu", value ? "too small" : "zero", range->unit,
                           (unsigned long long)range->minimum);
        return -1;
    }
    *ret_value = value * range->scale;
    return 0;
}

static char *all_layer_names(void)
{
    char *names = xstrdup("");

    for (unsigned i = 0; i < SN_LAYER_COUNT; i++) {
        const char *name = sn_layer_name(UINT64_C(1) << i);
        char *longer;

        if (!name)
            continue;
        longer = xprintf("%s%s%s", names, *names ? ", " : "", name);
        free(names);
        names = longer;
    }
    return names;
}

int parse_layers(const char *text, uint64_t *layers, char **ret_why)
{
    uint64_t found = 0;
    cleanup_free char *copy = xstrdup(text);
    char *rest = copy;
    char *name;

    while ((name = strsep(&rest, ","))) {
        uint64_t layer = sn_layer_by_name(name);

        if (!layer) {
            cleanup_free char *names = all_layer_names();

            *ret_why = xprintf("\"%s\" is not a layer; the layers are %s", name, names);
            return -1;
        }
        found |= layer;
    }
    *layers |= found;
    return 0;
}

int check_env(const char *text, char **ret_why)
{
    const char *equals = strchr(text, '=');

    if (!equals) {
        *ret_why = xprintf("no '=' in it; give NAME=VALUE");
        return -1;
    }
    if (equals == text) {
        *ret_why = xprintf("no name before the '='; give NAME=VALUE");
        return -1;
    }
    return 0;
}

static int parse_bind_flags(char *text, uint32_t *flags, char **ret_why)
{
    char *flag;

    while ((flag = strsep(&text, ","))) {
        if (strcmp(flag, "rw") == 0) {
            *flags |= SN_MOUNT_WRITABLE;
        } else if (strcmp(flag, "noexec") == 0) {
            *flags |= SN_MOUNT_NOEXEC;
        } else if (strcmp(flag, "optional") == 0) {
            *flags |= SN_MOUNT_OPTIONAL;
        } else if (strcmp(flag, "ro") != 0) {
            *ret_why =
                xprintf("\"%s\" is not a mount flag; the flags are rw, ro, noexec and optional: " BIND_FORM, flag);
            return -1;
        }
    }
    return 0;
}

/* The absolute path of a source: what a relative one leads to, or would lead to if it were there. */
static char *absolute_source(const char *source)
{
    cleanup_free char *here = NULL;
    char *found;

    if (source[0] == '/')
        return xstrdup(source);
    found = realpath(source, NULL);
    if (found)
        return found;
    here = getcwd(NULL, 0);
    return here ? xprintf("%s/%s", here, source) : xstrdup(source);
}

int parse_bind(const char *text, struct bind *ret_bind, char **ret_why)
{
    cleanup_free char *copy = xstrdup(text);
    char *rest = copy;
    char *source = strsep(&rest, ":");
    char *target = strsep(&rest, ":");
    uint32_t flags = 0;
    struct stat status;

    if (rest && strchr(rest, ':')) {
        *ret_why = xstrdup("too many colons; give " BIND_FORM);
        return -1;
    }
    if (!*source) {
        *ret_why = xstrdup("no source; give " BIND_FORM);
        return -1;
    }
    if (target && target[0] != '/') {
        *ret_why =
            xprintf("the target must be an absolute path inside the sandbox, not \"%s\"; give " BIND_FORM, target);
        return -1;
    }
    if (rest && parse_bind_flags(rest, &flags, ret_why) < 0)
        return -1;
    if (!(flags & SN_MOUNT_OPTIONAL) && stat(source, &status) < 0) {
        *ret_why = xprintf("%s: %s", source, strerror(errno));
        return -1;
    }
    ret_bind->source = absolute_source(source);
    ret_bind->target = target ? xstrdup(target) : NULL;
    ret_bind->flags = flags;
    return 0;
}

const char *relative_path_fault(const char *path)
{
    if (!*path)
        return "is empty";
    if (*path == '/')
        return "is absolute; names inside are relative to the work directory";
    while (*path) {
        size_t length = strcspn(path, "/");

        if (length == 0)
            return "has an empty component";
        if (length == 1 && path[0] == '.')
            return "has a \".\" component";
        if (length == 2 && path[0] == '.' && path[1] == '.')
            return "would leave the work directory";
        if (length > 255)
            return "has a component of more than 255 bytes";
        path += length;
        if (*path == '/' && !*++path)
            return "ends with a slash";
    }
    return NULL;
}

void split_colon(const char *text, char **ret_path, char **ret_name)
{
    const char *colon = strrchr(text, ':');
    struct stat status;

    if (!colon || lstat(text, &status) == 0) {
        *ret_path = xstrdup(text);
        *ret_name = NULL;
        return;
    }
    *ret_path = xstrndup(text, (size_t)(colon - text));
    *ret_name = xstrdup(colon + 1);
}
