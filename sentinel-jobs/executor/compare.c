/* SPDX-License-Identifier: MIT */
#include "executor/compare.h"

#include "executor/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCERPT 80     /* bytes of either side in an explanation */
#define NUMBER_MAX 512 /* bytes that can be a number; longer tokens are compared as text */

struct piece {
    const char *at;
    size_t length;
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_same(struct piece a, struct piece b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* "line 3: expected "4", found "5"" */
static bool differ(char *explanation, const char *unit, size_t number, struct piece expected, struct piece actual)
{
    char wanted[EXCERPT], found[EXCERPT];

    text_first_line(expected.at, expected.length, wanted, sizeof(wanted));
    text_first_line(actual.at, actual.length, found, sizeof(found));
    if (strcmp(wanted, found) == 0)
        snprintf(explanation, COMPARE_EXPLANATION_SIZE, "%s %zu: differs from \"%s\" in what is not shown here", unit,
                 number, wanted);
    else
        snprintf(explanation, COMPARE_EXPLANATION_SIZE, "%s %zu: expected \"%s\", found \"%s\"", unit, number, wanted,
                 found);
    return false;
}

/* One of both has come to its end. */
static bool differ_in_length(char *explanation, const char *unit, size_t number, const struct piece *expected,
                             const struct piece *actual)
{
    const struct piece *more = expected ? expected : actual;
    char excerpt[EXCERPT];

    text_first_line(more->at, more->length, excerpt, sizeof(excerpt));
    snprintf(explanation, COMPARE_EXPLANATION_SIZE,
             expected ? "%s %zu: expected \"%s\", but the output has ended" : "%s %zu: nothing expected, found \"%s\"",
             unit, number, excerpt);
    return false;
}

/* ---- lines ---- */

/* What counts of the output as a whole: without white space at its end. */
static struct piece whole(const struct blob *blob, bool trims)
{
    struct piece all = {blob->length ? blob->data : "", blob->length};

    while (trims && all.length && is_space(all.at[all.length - 1]))
        all.length--;
    return all;
}

/* Takes a line off; false at the end. */
static bool take_line(struct piece *rest, bool trims, struct piece *ret_line)
{
    const char *end;

    if (rest->length == 0)
        return false;
    end = memchr(rest->at, '\n', rest->length);
    ret_line->at = rest->at;
    ret_line->length = end ? (size_t)(end - rest->at) : rest->length;
    rest->length -= ret_line->length + (end != NULL);
    rest->at += ret_line->length + (end != NULL);
    while (trims && ret_line->length && is_space(ret_line->at[ret_line->length - 1]))
        ret_line->length--;
    return true;
}

static bool compare_lines(struct piece expected, struct piece actual, bool trims, char *explanation)
{
    for (size_t number = 1;; number++) {
        struct piece wanted, found;
        bool has_wanted = take_line(&expected, trims, &wanted), has_found = take_line(&actual, trims, &found);

        if (!has_wanted && !has_found)
            return true;
        if (!has_wanted || !has_found)
            return differ_in_length(explanation, "line", number, has_wanted ? &wanted : NULL,
                                    has_found ? &found : NULL);
        if (!is_same(wanted, found))
            return differ(explanation, "line", number, wanted, found);
    }
}

static bool compare_exactly(struct piece expected, struct piece actual, char *explanation)
{
    if (is_same(expected, actual))
        return true;
    /* lines do not tell whether the last one is ended */
    if (compare_lines(expected, actual, false, explanation))
        snprintf(explanation, COMPARE_EXPLANATION_SIZE, "the output %s at its end",
                 actual.length < expected.length ? "lacks the newline" : "has a newline too many");
    return false;
}

/* ---- tokens ---- */

static bool take_token(struct piece *rest, struct piece *ret_token)
{
    while (rest->length && is_space(*rest->at)) {
        rest->at++;
        rest->length--;
    }
    ret_token->at = rest->at;
    while (rest->length && !is_space(*rest->at)) {
        rest->at++;
        rest->length--;
    }
    ret_token->length = (size_t)(rest->at - ret_token->at);
    return ret_token->length > 0;
}

/* A finite decimal number, and nothing behind it. What strtod(3) takes beside those is text here. */
static bool read_number(struct piece token, double *ret_number)
{
    char text[NUMBER_MAX], *end;

    if (token.length >= sizeof(text))
        return false;
    memcpy(text, token.at, token.length);
    text[token.length] = '\0';
    if (strspn(text, "+-.0123456789eE") != token.length)
        return false;
    *ret_number = strtod(text, &end);
    return end == text + token.length && isfinite(*ret_number);
}

static bool is_close(struct piece expected, struct piece actual, double tolerance)
{
    double wanted, found, off;

    if (is_same(expected, actual))
        return true;
    if (!read_number(expected, &wanted) || !read_number(actual, &found))
        return false;
    off = fabs(wanted - found);
    return off <= tolerance || off <= tolerance * fabs(wanted);
}

static bool compare_tokens(struct piece expected, struct piece actual, bool has_numbers, double tolerance,
                           char *explanation)
{
    for (size_t number = 1;; number++) {
        struct piece wanted, found;
        bool has_wanted = take_token(&expected, &wanted), has_found = take_token(&actual, &found);

        if (!has_wanted && !has_found)
            return true;
        if (!has_wanted || !has_found)
            return differ_in_length(explanation, "token", number, has_wanted ? &wanted : NULL,
                                    has_found ? &found : NULL);
        if (has_numbers ? !is_close(wanted, found, tolerance) : !is_same(wanted, found))
            return differ(explanation, "token", number, wanted, found);
    }
}

bool compare_outputs(enum spec_compare how, double tolerance, const struct blob *expected, const struct blob *actual,
                     char explanation[COMPARE_EXPLANATION_SIZE])
{
    explanation[0] = '\0';
    switch (how) {
    case COMPARE_EXACT:
        return compare_exactly(whole(expected, false), whole(actual, false), explanation);
    case COMPARE_TOKENS:
        return compare_tokens(whole(expected, false), whole(actual, false), false, 0, explanation);
    case COMPARE_FLOAT:
        return compare_tokens(whole(expected, false), whole(actual, false), true, tolerance, explanation);
    default:
        return compare_lines(whole(expected, true), whole(actual, true), true, explanation);
    }
}
