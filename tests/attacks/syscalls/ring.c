/* SPDX-License-Identifier: MIT */
/*
 * io_uring carries out calls by requests in shared memory, which no filter sees: a socket by IORING_OP_SOCKET
 * (Linux 5.19).
 */
#include "attack.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define OP_SOCKET 45

int main(void)
{
    struct io_uring_params params = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
    unsigned char *submissions, *completions;
    struct io_uring_sqe *requests;
    struct io_uring_cqe *done;
    size_t size, answers;

    if (ring < 0 && errno == ENOSYS && prctl(PR_GET_SECCOMP) == 0)
        cannot("this kernel has no io_uring");
    if (ring < 0)
        held_by_errno("io_uring_setup");
    size = params.sq_off.array + params.sq_entries * sizeof(unsigned);
    answers = params.cq_off.cqes + params.cq_entries * sizeof(*done);
    submissions = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
    completions = mmap(NULL, answers, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
    requests =
        mmap(NULL, params.sq_entries * sizeof(*requests), PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
    if (submissions == MAP_FAILED || completions == MAP_FAILED || requests == MAP_FAILED)
        cannot("mmap: %s", strerror(errno));
    memset(&requests[0], 0, sizeof(requests[0]));
    requests[0].opcode = OP_SOCKET;
    requests[0].fd = AF_INET;
    requests[0].off = SOCK_STREAM;
    *(unsigned *)(void *)(submissions + params.sq_off.array) = 0;
    __atomic_store_n((unsigned *)(void *)(submissions + params.sq_off.tail), 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
        held_by_errno("io_uring_enter");
    done = (struct io_uring_cqe *)(void *)(completions + params.cq_off.cqes);
    if (done->res >= 0)
        breach("the ring made socket %d", done->res);
    errno = -done->res;
    if (errno == EINVAL)
        cannot("this kernel's io_uring makes no sockets");
    held_by_errno("the request");
}
