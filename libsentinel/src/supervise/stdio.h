/* SPDX-License-Identifier: MIT */
#ifndef SN_SUPERVISE_STDIO_H
#define SN_SUPERVISE_STDIO_H

#include <sentinel/error.h>

#include <stdbool.h>
#include <stddef.h>

/*
 * A pipe whose two ends behave differently: ours never blocks. Anybody may open it again by /proc/self/fd or /dev/stdin
 * (the program's uid is not the inode's owner), which reaches nobody but the holder of the pipe.
 */
int sn__pipe_make(int *ret_ours, int *ret_theirs, bool ours_reads, sn_error **ret_error);

/*
 * Input that is known before the program starts is a sealed file: nothing to feed while it runs. `reading` is the
 * program's, opened again read-only; -1 until it is filled where /proc is missing: then it is the sealed descriptor
 * itself, which is as harmless.
 */
struct sn__stdin {
    int writing;
    int reading;
};

int sn__stdin_make(struct sn__stdin *ret_stdin, sn_error **ret_error);
int sn__stdin_fill(struct sn__stdin *stdin_file, const void *data, size_t length, sn_error **ret_error);
void sn__stdin_close(struct sn__stdin *stdin_file);

#endif
