/* SPDX-License-Identifier: MIT */
#include "supervise/stdio.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

int sn__pipe_make(int *ret_ours, int *ret_theirs, bool ours_reads, sn_error **ret_error)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot make a pipe");
    *ret_ours = fds[ours_reads ? 0 : 1];
    *ret_theirs = fds[ours_reads ? 1 : 0];
    if (fchmod(fds[0], 0666) < 0 || fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot set up a pipe");
    return 0;
}

int sn__stdin_make(struct sn__stdin *ret_stdin, sn_error **ret_error)
{
    char path[64];

    *ret_stdin = (struct sn__stdin){-1, -1};
    ret_stdin->writing = memfd_create("stdin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (ret_stdin->writing < 0)
        return sn__error_errno(ret_error, errno, "start run", "cannot make a memfd for stdin");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ret_stdin->writing);
    ret_stdin->reading = open(path, O_RDONLY | O_CLOEXEC);
    return 0;
}

int sn__stdin_fill(struct sn__stdin *stdin_file, const void *data, size_t length, sn_error **ret_error)
{
    int r = sn__fd_write_all(stdin_file->writing, data, length);

    if (r == 0 &&
        (lseek(stdin_file->writing, 0, SEEK_SET) < 0 ||
         fcntl(stdin_file->writing, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0))
        r = -errno;
    if (r == -EFBIG)
        return sn__error_errno(ret_error, -r, "start run",
                               "stdin_data is larger than this process may write: raise RLIMIT_FSIZE (ulimit -f)");
    if (r < 0)
        return sn__error_errno(ret_error, -r, "start run", "cannot make a memfd for stdin");
    if (stdin_file->reading < 0)
        stdin_file->reading = steal_fd(&stdin_file->writing);
    sn__close(stdin_file->writing);
    stdin_file->writing = -1;
    return 0;
}

void sn__stdin_close(struct sn__stdin *stdin_file)
{
    sn__close(stdin_file->writing);
    sn__close(stdin_file->reading);
    *stdin_file = (struct sn__stdin){-1, -1};
}
