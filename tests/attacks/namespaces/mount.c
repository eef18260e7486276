/* SPDX-License-Identifier: MIT */
/*
 * Changes what is mounted where: by the capabilities that the program has, and by those that a user and mount namespace
 * of its own would give. Whoever can mount can cover what others trust, and can reach the file systems' parsers.
 * What is mounted here goes with the program.
 */
#include "attack.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static long remount(void)
{
    return mount(NULL, "/usr", NULL, MS_REMOUNT | MS_BIND, NULL); /* without MS_RDONLY */
}

static long bind_over(void)
{
    return mount("/tmp", "/usr/bin", NULL, MS_BIND, NULL);
}

static long fresh_tmpfs(void)
{
    return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long fresh_proc(void)
{
    return mount("none", "/tmp", "proc", 0, NULL);
}

static long share(void)
{
    return mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL);
}

static long unmount(void)
{
    return umount2("/usr", MNT_DETACH); /* is there something beneath? */
}

static long set_attributes(void)
{
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};

    return syscall(SYS_mount_setattr, AT_FDCWD, "/usr", 0, &attributes, sizeof(attributes));
}

static long clear_nosuid(void)
{
    struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};

    return syscall(SYS_mount_setattr, AT_FDCWD, "/work", 0, &attributes, sizeof(attributes));
}

static long clone_tree(void)
{
    long tree = syscall(SYS_open_tree, AT_FDCWD, "/tmp", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

    return tree < 0 ? tree : syscall(SYS_move_mount, tree, "", AT_FDCWD, "/usr/bin", MOVE_MOUNT_F_EMPTY_PATH);
}

static long move(void)
{
    if ((mkdir("/tmp/own", 0755) < 0 && errno != EEXIST) || mount("none", "/tmp/own", "tmpfs", 0, NULL) < 0)
        return -1;
    return syscall(SYS_move_mount, AT_FDCWD, "/tmp/own", AT_FDCWD, "/usr/bin", 0);
}

/* The parser of mount options by which CVE-2022-0185 wrote past its page; two short ones are harmless. */
static long fs_options(void)
{
    long fs = syscall(SYS_fsopen, "ext4", 0);

    if (fs < 0)
        fs = syscall(SYS_fsopen, "cgroup2", 0);
    return fs < 0                                                                                   ? fs
           : syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", "x", 0) < 0 && errno == EPERM ? -1
                                                                                                    : 0;
}

static long second_pivot(void)
{
    if ((mkdir("/work/new", 0755) < 0 && errno != EEXIST) || mount("/work/new", "/work/new", NULL, MS_BIND, NULL) < 0)
        return -1;
    return chdir("/work/new") < 0 ? -1 : syscall(SYS_pivot_root, ".", ".");
}

/* Two layers of its own, as CVE-2021-3493 and CVE-2023-0386 need: files get attributes or owners by being copied up. */
static long overlay(void)
{
    if (mkdir("/tmp/lower", 0755) < 0 && errno != EEXIST)
        return -1;
    mkdir("/tmp/upper", 0755);
    mkdir("/tmp/inner", 0755);
    return mount("none", "/work", "overlay", 0, "lowerdir=/tmp/lower,upperdir=/tmp/upper,workdir=/tmp/inner,userxattr");
}

/* CVE-2022-0492: the host's root runs what release_agent names. Opened only. */
static long release_agent(void)
{
    if (mount("none", "/tmp", "cgroup", 0, "none,name=sentinel-attack") < 0 &&
        mount("none", "/tmp", "cgroup", 0, "rdma") < 0 && mount("none", "/tmp", "cgroup", 0, "memory") < 0)
        return -1;
    return open("/tmp/release_agent", O_WRONLY | O_CLOEXEC);
}

static const struct {
    const char *name;
    long (*try)(void);
} ways[] = {
    {"remount", remount},
    {"bind", bind_over},
    {"tmpfs", fresh_tmpfs},
    {"proc", fresh_proc},
    {"shared", share},
    {"umount", unmount},
    {"mount_setattr", set_attributes},
    {"nosuid", clear_nosuid},
    {"open_tree", clone_tree},
    {"move_mount", move},
    {"fsopen", fs_options},
    {"pivot_root", second_pivot},
    {"overlay", overlay},
    {"release_agent", release_agent},
};

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    close(fd);
}

/* As root of namespaces of its own; a namespace of processes begins with the next one. */
static void enter_namespaces(const char *wanted)
{
    char map[2][32];
    pid_t pid;
    int status;

    snprintf(map[0], sizeof(map[0]), "0 %u 1", getuid());
    snprintf(map[1], sizeof(map[1]), "0 %u 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWPID) < 0)
        held("%s: not permitted, and no namespaces to try it in: %s", wanted, strerror(errno));
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", map[0]);
    write_file("/proc/self/gid_map", map[1]);
    pid = fork();
    if (pid < 0)
        held_by_errno("fork");
    if (pid == 0)
        return;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        _exit(1);
    _exit(WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (strcmp(ways[i].name, argv[1]) != 0)
            continue;
        if (ways[i].try() >= 0)
            breach("%s worked", argv[1]);
        enter_namespaces(argv[1]);
        if (ways[i].try() >= 0)
            breach("%s worked in namespaces of its own", argv[1]);
        if (errno == ENODEV || errno == ENOSYS)
            cannot("%s: %s", argv[1], strerror(errno));
        held_by_errno(argv[1]);
    }
    return 1;
}
