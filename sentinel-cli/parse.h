/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_PARSE_H
#define SENTINEL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The values of options, from text. All return 0, or -1 with *ret_why (to be freed) saying what is wrong with the
 * value; outputs are untouched then.
 */

struct number_range {
    uint64_t minimum;
    uint64_t maximum; /* 0: what the scale leaves of 63 bits */
    uint64_t scale;   /* the result is the number times this */
    const char *unit;
    bool may_be_unlimited; /* "unlimited" is SN_UNLIMITED */
};

int parse_number(const char *text, const struct number_range *range, uint64_t *ret_value, char **ret_why);

/* LAYER[,LAYER]: adds to *layers. */
int parse_layers(const char *text, uint64_t *layers, char **ret_why);

/* K=V with a name that a program can look up. */
int check_env(const char *text, char **ret_why);

/* SRC[:DST[:FLAG[,FLAG]...]]; a relative SRC is made absolute, DST must be; SRC must be there unless optional. */
struct bind {
    char *source;
    char *target; /* NULL: the same */
    uint32_t flags;
};
#define BIND_FORM "SRC[:DST[:FLAG[,FLAG]...]]"
int parse_bind(const char *text, struct bind *ret_bind, char **ret_why);

/* A relative path of at least one component, none of them ".." or "."; the reason it is not, or NULL. */
const char *relative_path_fault(const char *path);

/*
 * PATH[:NAME]. A colon belongs to the path if a file of the whole name is there. `ret_name` is NULL where none was
 * given.
 */
void split_colon(const char *text, char **ret_path, char **ret_name);

#endif
