/* SPDX-License-Identifier: MIT */
/*
 * What the kernel keeps for a program and charges to nobody, or takes from a reserve of the whole host: access control
 * lists, filters of sockets, huge pages, packets in pipes. The manifests give it 32 MiB.
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define ENTRIES 8000 /* an extended attribute has room for so many */
#define FILES 1000
#define FILTERS 200
#define INSTRUCTIONS 1500 /* older kernels let a socket have no more (net.core.optmem_max) */

/* The default list of a directory is copied for every file that is made in it. */
static void lists(void)
{
    static struct {
        struct posix_acl_xattr_header header;
        struct posix_acl_xattr_entry entries[ENTRIES + 4];
    } list;
    struct posix_acl_xattr_entry *at = list.entries;
    char name[64];
    int made = 0;

    list.header.a_version = POSIX_ACL_XATTR_VERSION;
    *at++ = (struct posix_acl_xattr_entry){ACL_USER_OBJ, 7, ACL_UNDEFINED_ID};
    for (int i = 0; i < ENTRIES; i++)
        *at++ = (struct posix_acl_xattr_entry){ACL_USER, 7, getuid()};
    *at++ = (struct posix_acl_xattr_entry){ACL_GROUP_OBJ, 7, ACL_UNDEFINED_ID};
    *at++ = (struct posix_acl_xattr_entry){ACL_MASK, 7, ACL_UNDEFINED_ID};
    *at++ = (struct posix_acl_xattr_entry){ACL_OTHER, 7, ACL_UNDEFINED_ID};
    mkdir("lists", 0700);
    if (setxattr("lists", "system.posix_acl_default", &list, (size_t)((char *)at - (char *)&list), 0) < 0)
        held_by_errno("a default access control list");
    for (; made < FILES; made++) {
        int fd;

        snprintf(name, sizeof(name), "lists/%d", made);
        fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
        if (fd < 0)
            break;
        close(fd);
    }
    if (made * sizeof(list) > 48UL << 20)
        breach("%zu MiB of access control lists", made * sizeof(list) >> 20);
    held("%d lists, then %s", made, strerror(errno));
}

/* Each becomes machine code, of which a host has a fixed amount (net.core.bpf_jit_limit). */
static void filters(void)
{
    static struct sock_filter code[INSTRUCTIONS];
    struct sock_fprog program = {INSTRUCTIONS, code};
    int pair[2], made = 0;

    for (int i = 0; i < INSTRUCTIONS - 1; i++)
        code[i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 3);
    code[INSTRUCTIONS - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    for (; made < FILTERS; made++)
        if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 ||
            setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0)
            break;
    if (made > 0)
        breach("%d filters of %d instructions", made, INSTRUCTIONS);
    held_by_errno("a filter on a socket");
}

/* With `no_pool`, that there are none says something of this host. */
static void huge_pages(const char *how, int no_pool)
{
    int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    void *at;

    if (strcmp(how, "memfd") == 0) {
        fd = memfd_create("huge", MFD_HUGETLB);
        flags = MAP_SHARED;
    } else if (strcmp(how, "segment") == 0) {
        int id = shmget(IPC_PRIVATE, 2UL << 20, IPC_CREAT | SHM_HUGETLB | 0600);

        at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
        flags = 0;
    } else {
        flags |= MAP_HUGETLB;
    }
    if (flags)
        at = strcmp(how, "memfd") == 0 && fd < 0 ? MAP_FAILED
                                                 : mmap(NULL, 2UL << 20, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (at == MAP_FAILED && no_pool)
        cannot("this host has no huge pages: %s", strerror(errno));
    if (at == MAP_FAILED)
        held_by_errno("a huge page");
    memset(at, 1, 2UL << 20);
    breach("one of the host's huge pages");
}

/* Each is a call of its own for whoever reads them. */
static void packets(const char *how)
{
    int ends[2];

    if (strcmp(how, "flag") == 0) {
        if (fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_DIRECT) < 0)
            held_by_errno("stdout in packets");
        breach("stdout is a pipe of packets");
    }
    if (pipe2(ends, O_DIRECT) < 0)
        held_by_errno("a pipe of packets");
    breach("a pipe of packets");
}

/* In ranges that do not touch, so that none is merged with the next. */
static void locks(void)
{
    char name[32];
    int made = 0;

    for (int file = 0; file < 100; file++) {
        int fd;

        snprintf(name, sizeof(name), "lock-%d", file);
        fd = open(name, O_RDWR | O_CREAT, 0600);
        for (int i = 0; fd >= 0 && i < 200; i++) {
            struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2L * i, .l_len = 1};

            if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
                break;
            made++;
        }
    }
    if (made > 10000)
        visible("%d file locks that no figure shows", made);
    held("%d file locks, then %s", made, strerror(errno));
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "", *how = argc > 2 ? argv[2] : "";

    if (strcmp(kind, "lists") == 0)
        lists();
    if (strcmp(kind, "filters") == 0)
        filters();
    if (strcmp(kind, "huge") == 0)
        huge_pages(how, argc > 3);
    if (strcmp(kind, "packets") == 0)
        packets(how);
    if (strcmp(kind, "locks") == 0)
        locks();
    return 1;
}
