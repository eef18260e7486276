/* SPDX-License-Identifier: MIT */
/* What the sandbox calls itself, and its users, against what the manifests expect of one that tells nothing. */
#include "attack.h"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <pwd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

static void accounts(void)
{
    struct passwd *user;
    int count = 0;

    while ((user = getpwent())) {
        count++;
        if (strcmp(user->pw_name, "root") != 0 && strcmp(user->pw_name, "sandbox") != 0 &&
            strcmp(user->pw_name, "nobody") != 0)
            breach("an account of the host: %s", user->pw_name);
    }
    held("%d accounts, none of the host", count);
}

static void interfaces(int of_host)
{
    struct ifreq list[64];
    struct ifconf request = {.ifc_len = sizeof(list), .ifc_req = list};
    struct ifreq one = {.ifr_ifindex = 1};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0)
        held_by_errno("socket");
    for (one.ifr_ifindex = 1; one.ifr_ifindex < 64; one.ifr_ifindex++) {
        if (ioctl(fd, SIOCGIFNAME, &one) == 0 && strcmp(one.ifr_name, "lo") != 0)
            breach("an interface of the host: %s", one.ifr_name);
    }
    if (ioctl(fd, SIOCGIFCONF, &request) == 0 && request.ifc_len > (int)sizeof(one))
        breach("%d addresses", request.ifc_len / (int)sizeof(one));
    if (of_host)
        cannot("this host has no interface but lo");
    held("no interface but lo");
}

/* /proc/self/net has the sockets of the network namespace. */
static void sockets(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[512];
    int lines = 0;

    if (!file)
        held_by_errno(path);
    while (fgets(line, sizeof(line), file))
        lines++;
    /* the first line is a heading */
    if (lines > 1)
        breach("%s shows %d sockets", path, lines - 1);
    held("%s shows none", path);
}

static void groups_of_control(void)
{
    FILE *file = fopen("/proc/self/cgroup", "r");
    char line[4096];

    if (!file)
        held_by_errno("/proc/self/cgroup");
    while (fgets(line, sizeof(line), file)) {
        const char *path = strrchr(line, ':');

        if (path && strcmp(path, ":/\n") != 0 && strncmp(path, ":/..", 4) != 0 && strstr(path, "sentinel"))
            breach("the path of the group: %s", strtok(line, "\n"));
    }
    held("every group is /");
}

static void environment(void)
{
    for (char **at = environ; *at; at++) {
        if (strncmp(*at, "PATH=", 5) != 0 && strncmp(*at, "HOME=", 5) != 0 && strncmp(*at, "LANG=", 5) != 0 &&
            strncmp(*at, "SN_", 3) != 0)
            breach("the environment has %s", *at);
    }
    held("only what was given");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "host";
    struct utsname name;
    unsigned uid = getuid();

    if (strcmp(what, "host") == 0) {
        if (uname(&name) < 0)
            held_by_errno("uname");
        if (strcmp(name.nodename, "sandbox") != 0)
            breach("the host is called %s", name.nodename);
        held("it is called %s", name.nodename);
    }
    if (strcmp(what, "kernel") == 0) {
        if (uname(&name) < 0)
            held_by_errno("uname");
        visible("%s %s %s", name.sysname, name.release, name.version);
    }
    if (strcmp(what, "user") == 0) {
        if (uid != 1000 || getgid() != 1000 || geteuid() != uid)
            breach("uid %u, gid %u", uid, getgid());
        held("uid %u", uid);
    }
    if (strcmp(what, "accounts") == 0)
        accounts();
    if (strcmp(what, "interfaces") == 0)
        interfaces(argc > 2);
    if (strcmp(what, "sockets") == 0)
        sockets(argc > 2 ? argv[2] : "/proc/self/net/unix");
    if (strcmp(what, "groups") == 0)
        groups_of_control();
    if (strcmp(what, "environment") == 0)
        environment();
    cannot("nothing called %s", what);
}
