/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_OPTIONS_TABLE_H
#define SENTINEL_OPTIONS_TABLE_H

#include "options.h"

#define OPTION_ROWS_MAX 64

/* One option of run and exec: how it is called, what it does to the settings, what --help says of it. */
struct option_row {
    const char *name;
    const char *dashed;  /* "--name" */
    const char *metavar; /* NULL: it takes no value */
    unsigned commands;   /* FOR_... */
    const char *help;
    /* 0, or -1 with *ret_why to be freed */
    int (*apply)(struct settings *settings, const struct option_row *row, const char *value, char **ret_why);
    size_t offset; /* of what it sets, in struct settings */
    struct number_range range;
};

/* Ends with a row whose name is NULL. A row with only help is a heading. */
extern const struct option_row option_rows[];

#endif
