/* SPDX-License-Identifier: MIT */
#include "base/buffer.h"
#include "config/manifest.h"

#include <inttypes.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

enum placeholder {
    SOURCE,
    STEM,
    MEMORY_BYTES,
    MEMORY_MB,
    HEAP_MB,
    STACK_KB,
    PROCESSES,
    CPU_SECONDS,
};

static const char *const names[] = {
    [SOURCE] = "source",   [STEM] = "stem",         [MEMORY_BYTES] = "memory_bytes", [MEMORY_MB] = "memory_mb",
    [HEAP_MB] = "heap_mb", [STACK_KB] = "stack_kb", [PROCESSES] = "processes",       [CPU_SECONDS] = "cpu_seconds",
};

/* Length of "{word}" at `text` with its braces, or 0. */
static size_t word_at(const char *text)
{
    size_t n;

    if (text[0] != '{')
        return 0;
    n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");
    return n > 0 && text[1 + n] == '}' ? n + 2 : 0;
}

static int lookup(const char *word, size_t length)
{
    for (size_t i = 0; i < SN_ARRAY_SIZE(names); i++) {
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return (int)i;
    }
    return -1;
}

/*
 * What a garbage-collected runtime may use for its heap so that heap, code, stacks and the runtime itself stay below
 * the limit: measured with OpenJDK 17, which wants about 40 MiB beside a heap of 192 MiB.
 */
static uint64_t heap_mb(uint64_t memory_bytes)
{
    uint64_t heap = memory_bytes / MIB * 7 / 8;

    return heap > 32 + 16 ? heap - 32 : 16;
}

/* What a runtime may be told about its stack: less than the kernel gives, never more than 1 GiB. */
static uint64_t stack_kb(uint64_t stack_bytes)
{
    uint64_t bytes = stack_bytes < 1024 * MIB ? stack_bytes : 1024 * MIB;

    return bytes / 1024 * 7 / 8;
}

static void add_value(struct sn__buffer *out, int placeholder, const char *source, const sn_limits *limits)
{
    const char *slash = strrchr(source, '/');
    const char *dot = strrchr(slash ? slash + 1 : source, '.');

    switch (placeholder) {
    case SOURCE:
        sn__buffer_add_string(out, source);
        break;
    case STEM:
        sn__buffer_add(out, source, dot && dot != source ? (size_t)(dot - source) : strlen(source));
        break;
    case MEMORY_BYTES:
        sn__buffer_addf(out, "%" PRIu64, limits->memory_bytes);
        break;
    case MEMORY_MB:
        sn__buffer_addf(out, "%" PRIu64, limits->memory_bytes / MIB);
        break;
    case HEAP_MB:
        sn__buffer_addf(out, "%" PRIu64, heap_mb(limits->memory_bytes));
        break;
    case STACK_KB:
        sn__buffer_addf(out, "%" PRIu64, stack_kb(limits->stack_bytes));
        break;
    case PROCESSES:
        sn__buffer_addf(out, "%" PRIu64, limits->processes);
        break;
    case CPU_SECONDS:
        sn__buffer_addf(out, "%" PRIu64, limits->cpu_ms / 1000 + (limits->cpu_ms % 1000 != 0));
        break;
    }
}

char *sn__template_expand(const char *text, const char *source, const sn_limits *limits)
{
    cleanup_buffer struct sn__buffer out = {0};

    while (*text) {
        size_t quoted = text[0] == '{' ? word_at(text + 1) : 0;
        size_t word = word_at(text);

        if (quoted && text[1 + quoted] == '}') {
            sn__buffer_add(&out, text + 1, quoted);
            text += quoted + 2;
        } else if (word) {
            add_value(&out, lookup(text + 1, word - 2), source, limits);
            text += word;
        } else {
            sn__buffer_add(&out, text++, 1);
        }
    }
    return sn__buffer_steal(&out, NULL);
}

bool sn__template_find_unknown(const char *text, size_t *ret_offset, size_t *ret_length)
{
    for (size_t at = 0; text[at];) {
        size_t quoted = text[at] == '{' ? word_at(text + at + 1) : 0;
        size_t word = word_at(text + at);

        if (quoted && text[at + 1 + quoted] == '}') {
            at += quoted + 2;
        } else if (word && lookup(text + at + 1, word - 2) < 0) {
            *ret_offset = at;
            *ret_length = word;
            return true;
        } else {
            at += word ? word : 1;
        }
    }
    return false;
}
