/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_ATTACK_H
#define SENTINEL_ATTACK_H

/* What every attack in C needs (README.md): one line and an exit status that say how it went. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void attack_say(const char *word, int status, const char *format, va_list args)
{
    printf("%s: ", word);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    _exit(status);
}

/* It worked. */
__attribute__((format(printf, 1, 2), noreturn, unused)) static void breach(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    attack_say("BREACH", 42, format, args);
    abort();
}

/* It was refused. */
__attribute__((format(printf, 1, 2), noreturn, unused)) static void held(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    attack_say("HELD", 0, format, args);
    abort();
}

/* It got something that is documented as visible. */
__attribute__((format(printf, 1, 2), noreturn, unused)) static void visible(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    attack_say("VISIBLE", 43, format, args);
    abort();
}

/* It cannot be tried here. */
__attribute__((format(printf, 1, 2), noreturn, unused)) static void cannot(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    attack_say("CANNOT", 77, format, args);
    abort();
}

/* "open /etc/shadow: Permission denied", by errno. */
__attribute__((noreturn, unused)) static void held_by_errno(const char *what)
{
    held("%s: %s", what, strerror(errno));
}

/* What the host has made for this attack. */
__attribute__((unused)) static const char *scene(const char *variable)
{
    const char *value = getenv(variable);

    if (!value || !*value)
        cannot("the host has no %s", variable);
    return value;
}

/* Prints what a descriptor holds, so that the host finds its token in it. */
__attribute__((unused)) static void show(int fd)
{
    char text[4096];
    ssize_t length = read(fd, text, sizeof(text));

    if (length > 0) {
        fwrite(text, 1, (size_t)length, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
}

#endif
