/* SPDX-License-Identifier: MIT */
#ifndef SENTINEL_HOSTFILES_H
#define SENTINEL_HOSTFILES_H

#include "options.h"

/* Host files on their way into the sandbox. */
struct host_files {
    sn_file *items; /* path and data are owned */
    size_t count;
    uint64_t bytes;
    const sn_file **list; /* NULL-terminated, made by host_files_collect() */
};

/* Reads a whole file (regular, or a pipe that is open already, as in <(...)) of at most `max` bytes; 0, or -1 with the
 * reason in *ret_why. */
int read_host_file(const char *path, uint64_t max, void **ret_data, size_t *ret_length, uint32_t *ret_mode,
                   char **ret_why);
/* The same from our standard input. */
int read_standard_input(uint64_t max, void **ret_data, size_t *ret_length, char **ret_why);

/*
 * Reads what --file names. Directories come with their regular files; anything else below them is refused. No two
 * files may have one name inside, nor that of the source (may be NULL). 0, or the exit status after a message.
 */
int host_files_collect(const struct cli *cli, const struct settings *settings, const char *source_name,
                       struct host_files *ret_files);
void host_files_clear(struct host_files *files);

/* Before the run: can every --get be written? Completes the host paths. 0, or the exit status after a message. */
int check_gets(const struct cli *cli, struct settings *settings);
/* After the run: one of them. 0, or the exit status after a message. */
int take_file(const struct cli *cli, const struct settings *settings, size_t index, sn_sandbox *sandbox,
              size_t *ret_length);

/* How much can be laid into the work directory. */
uint64_t work_size(const struct settings *settings);

#endif
