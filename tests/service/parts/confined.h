/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SERVICE_CONFINED_H
#define TESTS_SERVICE_CONFINED_H

#include "privilege/privilege.h"

#include "base/cleanup.h"
#include "common/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * Frontends for tests of what confinement takes and leaves. A world is a directory with one that stays readable, one
 * that stays writable and a file that neither of them holds, and a listening socket; a body runs in a confined child.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

#define FRONTEND_UID "54321"
#define ORDINARY_UID 54322

struct world {
    char dir[64];
    char readable[96];
    char readable_file[128];
    char writable[96];
    char secret[96];
    int listener; /* 127.0.0.1 */
    uint16_t port;
    struct privilege_user user;
};
static struct world world;

static inline bool write_file(const char *path, const char *text)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static inline int listen_on_loopback(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0)
        return -1;
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static inline int world_make(void **state)
{
    static const gid_t groups[] = {0, 4};
    struct failure failure;

    (void)state;
    /* As a root has them who logged in: they must be gone afterwards. */
    if (geteuid() == 0 && setgroups(SN_ARRAY_SIZE(groups), groups) < 0)
        return -1;
    strcpy(world.dir, "/tmp/sentinel-confined.XXXXXX");
    if (!mkdtemp(world.dir) || chmod(world.dir, 0755) < 0)
        return -1;
    snprintf(world.readable, sizeof(world.readable), "%s/readable", world.dir);
    snprintf(world.readable_file, sizeof(world.readable_file), "%s/file", world.readable);
    snprintf(world.writable, sizeof(world.writable), "%s/writable", world.dir);
    snprintf(world.secret, sizeof(world.secret), "%s/secret", world.dir);
    if (mkdir(world.readable, 0755) < 0 || !write_file(world.readable_file, "readable") ||
        !write_file(world.secret, "secret"))
        return -1;
    if (privilege_user_find(FRONTEND_UID, &world.user, &failure) < 0 ||
        privilege_directory(world.writable, &world.user, &failure) < 0) {
        print_error("%s\n", failure.message);
        return -1;
    }
    world.listener = listen_on_loopback(&world.port);
    return world.listener < 0 ? -1 : 0;
}

static inline int world_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline int world_end(void **state)
{
    (void)state;
    close(world.listener);
    return nftw(world.dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int confine(const struct privilege_user *user)
{
    const char *read_paths[] = {world.readable, NULL};
    const char *write_paths[] = {world.writable, NULL};
    struct privilege_confinement confinement = {.user = user, .read_paths = read_paths, .write_paths = write_paths};
    struct failure failure;

    if (privilege_confine_frontend(&confinement, &failure) == 0)
        return 0;
    fprintf(stderr, "  %s\n", failure.message);
    return -1;
}

static inline int wait_status(pid_t pid)
{
    int status = -1;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* Statuses of a body that say what it is not about. */
#define UNABLE 77
#define UNCONFINED 78

/* The wait status of a child that is confined and runs the body. */
static inline int in_confined(int (*body)(void))
{
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        alarm(60);
        _exit(confine(&world.user) < 0 ? UNCONFINED : body());
    }
    assert_true(pid > 0);
    return wait_status(pid);
}

/* The same for a service that an ordinary user started. */
static inline bool become_ordinary(void)
{
    if (geteuid() == 0 && (chown(world.writable, ORDINARY_UID, ORDINARY_UID) < 0 || setgroups(0, NULL) < 0 ||
                           setresgid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0 ||
                           setresuid(ORDINARY_UID, ORDINARY_UID, ORDINARY_UID) < 0))
        return false;
    /* Giving up root made this process undumpable, which one that was started so is not. */
    return prctl(PR_SET_DUMPABLE, 1) == 0;
}

#endif
