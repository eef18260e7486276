/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include "../message.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define MARKER "untouched\n"
#define VICTIM_PATIENCE_MS 5000

static char *path_of(const struct scene *scene, const char *name)
{
    return xprintf("%s/%s", scene->directory, name);
}

/* Whatever the umask is. */
static int write_file(const struct scene *scene, const char *name, const char *text, mode_t mode)
{
    cleanup_free char *path = path_of(scene, name);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

    if (fd < 0 || fchmod(fd, mode) < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        return -1;
    return 0;
}

static int make_directory(const struct scene *scene, const char *name, mode_t mode)
{
    cleanup_free char *path = path_of(scene, name);

    return mkdir(path, mode) < 0 ? -1 : chmod(path, mode);
}

static int make_files(struct scene *scene)
{
    unsigned char random[16];

    if (getrandom(random, sizeof(random), 0) != sizeof(random) || !mkdtemp(scene->directory) ||
        chmod(scene->directory, 0755) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(scene->token + 2 * i, 3, "%02x", random[i]);
    if (write_file(scene, "canary", scene->token, 0644) < 0 || write_file(scene, "marker", MARKER, 0666) < 0 ||
        make_directory(scene, "drop", 0777) < 0 || make_directory(scene, "box", 0777) < 0)
        return -1;
    return 0;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int listen_unix(const char *name, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(address.sun_path + (abstract ? 1 : 0), name, strlen(name));
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 16) < 0 ||
        (!abstract && chmod(name, 0777) < 0)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    return fd;
}

static int listen_inet(int type, int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || (type == SOCK_STREAM && listen(fd, 16) < 0) ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int make_sockets(struct scene *scene)
{
    cleanup_free char *path = path_of(scene, "socket");
    int pair[2];

    scene->unix_listener = listen_unix(path, false);
    scene->abstract_listener = listen_unix(scene->abstract, true);
    scene->tcp_listener = listen_inet(SOCK_STREAM, &scene->tcp_port);
    scene->udp_socket = listen_inet(SOCK_DGRAM, &scene->udp_port);
    if (scene->unix_listener < 0 || scene->abstract_listener < 0 || scene->tcp_listener < 0 || scene->udp_socket < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        return -1;
    scene->leaked[2] = pair[0];
    scene->leak_peer = pair[1];
    return fcntl(scene->leak_peer, F_SETFD, FD_CLOEXEC);
}

/* Descriptors as a careless host leaves them open. */
static int make_leaks(struct scene *scene)
{
    cleanup_free char *canary = path_of(scene, "canary");

    scene->leaked[0] = open(canary, O_RDONLY); /* NOLINT(android-cloexec-open): that is what it is for */
    scene->leaked[1] = open(scene->directory, O_RDONLY | O_DIRECTORY); /* NOLINT(android-cloexec-open) */
    return scene->leaked[0] < 0 || scene->leaked[1] < 0 ? -1 : 0;
}

/* Not every kernel has these: what is missing is not told to the programs. */
static void make_ipc(struct scene *scene)
{
    struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = SCENE_TOKEN_SIZE};
    mode_t mask = umask(0);
    char *memory;
    int fd;

    if (getrandom(&scene->shm_key, sizeof(scene->shm_key), 0) == sizeof(scene->shm_key))
        scene->shm_key = (scene->shm_key & 0x7fffffff) | 1;
    scene->shm_id = shmget(scene->shm_key, 4096, IPC_CREAT | IPC_EXCL | 0666);
    if (scene->shm_id >= 0) {
        memory = shmat(scene->shm_id, NULL, 0);
        if (memory != (void *)-1) {
            memcpy(memory, scene->token, sizeof(scene->token));
            shmdt(memory);
        }
    }
    fd = shm_open(scene->shm_name, O_RDWR | O_CREAT | O_EXCL, 0666);
    if (fd < 0 || write(fd, scene->token, sizeof(scene->token)) < 0)
        scene->shm_name[0] = '\0';
    if (fd >= 0)
        close(fd);
    scene->queue = mq_open(scene->mq_name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0666, &attributes);
    if (scene->queue >= 0)
        mq_send(scene->queue, scene->token, strlen(scene->token), 0);
    umask(mask);
}

/*
 * A process of the host that has the token in its environment, dies with us, and says back what it is told: a signal
 * that is on its way to it has arrived when it answers.
 */
static int start_victim(struct scene *scene)
{
    char *const argv[] = {(char *)"cat", NULL};
    char variable[64];
    char *envp[] = {variable, NULL};
    pid_t parent = getpid();
    int pair[2];

    snprintf(variable, sizeof(variable), "SN_VICTIM_TOKEN=%s", scene->token);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    scene->victim = fork();
    if (scene->victim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent || dup2(pair[1], STDIN_FILENO) < 0 || dup2(pair[1], STDOUT_FILENO) < 0)
            _exit(1);
        close_range(3, ~0U, 0);
        execve("/bin/cat", argv, envp);
        _exit(127);
    }
    close(pair[1]);
    scene->victim_line = pair[0];
    return scene->victim < 0 ? -1 : 0;
}

static void end_victim(struct scene *scene)
{
    if (scene->victim > 0) {
        kill(scene->victim, SIGKILL);
        waitpid(scene->victim, NULL, 0);
    }
    scene->victim = 0;
    close_one(&scene->victim_line);
}

static bool victim_answers(const struct scene *scene)
{
    struct pollfd answer = {.fd = scene->victim_line, .events = POLLIN};
    char byte = '.';

    return send(scene->victim_line, &byte, 1, MSG_NOSIGNAL) == 1 && poll(&answer, 1, VICTIM_PATIENCE_MS) == 1 &&
           read(scene->victim_line, &byte, 1) == 1;
}

int scene_open(struct scene *scene, char **ret_why)
{
    const char *where = getenv("TMPDIR");

    memset(scene, 0, sizeof(*scene));
    /* not /tmp: inside, that is always the sandbox's own, and a control could not reach what lies there */
    if (!where || where[0] != '/' || strlen(where) > 64)
        where = "/var/tmp";
    snprintf(scene->directory, sizeof(scene->directory), "%s/sentinel-attack.XXXXXX", where);
    scene->leaked[0] = scene->leaked[1] = scene->leaked[2] = scene->leak_peer = scene->victim_line = -1;
    scene->unix_listener = scene->abstract_listener = scene->tcp_listener = scene->udp_socket = -1;
    scene->shm_id = -1;
    scene->queue = -1;
    scene->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(scene->abstract, sizeof(scene->abstract), "sentinel-attack-%d", getpid());
    snprintf(scene->shm_name, sizeof(scene->shm_name), "/sentinel-attack-%d", getpid());
    snprintf(scene->mq_name, sizeof(scene->mq_name), "/sentinel-attack-%d", getpid());
    if (scene->home < 0 || make_files(scene) < 0 || make_sockets(scene) < 0 || make_leaks(scene) < 0 ||
        start_victim(scene) < 0 || chdir(scene->directory) < 0) {
        *ret_why = xprintf("the scene of the attacks could not be laid out: %s", strerror(errno));
        scene_close(scene);
        return -1;
    }
    make_ipc(scene);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path) < 0 && errno != ENOENT && errno != ENOTEMPTY ? -1 : 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void scene_close(struct scene *scene)
{
    end_victim(scene);
    if (scene->shm_id >= 0)
        shmctl(scene->shm_id, IPC_RMID, NULL);
    if (scene->shm_name[0])
        shm_unlink(scene->shm_name);
    if (scene->queue >= 0) {
        mq_close(scene->queue);
        mq_unlink(scene->mq_name);
    }
    for (size_t i = 0; i < SCENE_LEAKS; i++)
        close_one(&scene->leaked[i]);
    close_one(&scene->leak_peer);
    close_one(&scene->unix_listener);
    close_one(&scene->abstract_listener);
    close_one(&scene->tcp_listener);
    close_one(&scene->udp_socket);
    if (scene->home >= 0 && fchdir(scene->home) < 0)
        say("cannot go back to the directory that this command was started in: %s", strerror(errno));
    close_one(&scene->home);
    if (scene->token[0])
        remove_tree(scene->directory);
}

void scene_environment(const struct scene *scene, bool box, struct string_list *env)
{
    const char *directory = scene->directory;

    string_list_add(env, xprintf("SN_SCENE=%s", directory));
    string_list_add(env, xprintf("SN_CANARY=%s/canary", directory));
    string_list_add(env, xprintf("SN_MARKER=%s/marker", directory));
    string_list_add(env, xprintf("SN_DROP=%s/drop", directory));
    string_list_add(env, xprintf("SN_BOX=%s", box ? "/box" : "/work"));
    string_list_add(env, xprintf("SN_SOCKET=%s/socket", directory));
    string_list_add(env, xprintf("SN_ABSTRACT=%s", scene->abstract));
    string_list_add(env, xprintf("SN_TCP_PORT=%d", scene->tcp_port));
    string_list_add(env, xprintf("SN_UDP_PORT=%d", scene->udp_port));
    string_list_add(env, xprintf("SN_VICTIM_PID=%d", scene->victim));
    string_list_add(env, xprintf("SN_HOST_PID=%d", getpid()));
    string_list_add(env, xprintf("SN_FDS=%d,%d,%d", scene->leaked[0], scene->leaked[1], scene->leaked[2]));
    if (scene->shm_id >= 0)
        string_list_add(env, xprintf("SN_SHM_KEY=%d", scene->shm_key));
    if (scene->shm_name[0])
        string_list_add(env, xprintf("SN_SHM_NAME=%s", scene->shm_name));
    if (scene->queue >= 0)
        string_list_add(env, xprintf("SN_MQ_NAME=%s", scene->mq_name));
}

void string_list_free_all(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)list->items[i]);
    free(list->items);
    memset(list, 0, sizeof(*list));
}

char *scene_expand(const struct scene *scene, const char *text)
{
    static const char word[] = "{scene}";
    char *expanded = xstrdup("");
    const char *found;

    while ((found = strstr(text, word))) {
        char *longer = xprintf("%s%.*s%s", expanded, (int)(found - text), text, scene->directory);

        free(expanded);
        expanded = longer;
        text = found + strlen(word);
    }
    if (*text) {
        char *longer = xprintf("%s%s", expanded, text);

        free(expanded);
        expanded = longer;
    }
    return expanded;
}

bool scene_has_token(const struct scene *scene, const void *data, size_t length)
{
    return length && memmem(data, length, scene->token, strlen(scene->token)) != NULL;
}

static bool marker_changed(const struct scene *scene)
{
    cleanup_free char *path = path_of(scene, "marker");
    char text[sizeof(MARKER) + 1] = "";
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof(text));

    return length != (ssize_t)strlen(MARKER) || memcmp(text, MARKER, strlen(MARKER)) != 0;
}

/* The number of entries, all removed. */
static size_t empty_directory(const struct scene *scene, const char *name)
{
    cleanup_free char *path = path_of(scene, name);
    DIR *directory = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    while (directory && (entry = readdir(directory))) {
        cleanup_free char *full = NULL;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        full = xprintf("%s/%s", path, entry->d_name);
        remove_tree(full);
        count++;
    }
    if (directory)
        closedir(directory);
    return count;
}

static bool was_called(int listener)
{
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (connection < 0)
        return false;
    while (connection >= 0) {
        close(connection);
        connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    return true;
}

static bool has_received(int fd)
{
    char bytes[256];
    bool received = false;

    while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
        received = true;
    return received;
}

static bool queue_was_touched(struct scene *scene)
{
    char message[SCENE_TOKEN_SIZE];
    size_t messages = 0;
    bool ours = true;
    ssize_t length;

    if (scene->queue < 0)
        return false;
    while ((length = mq_receive(scene->queue, message, sizeof(message), NULL)) >= 0) {
        messages++;
        ours = ours && scene_has_token(scene, message, (size_t)length);
    }
    mq_send(scene->queue, scene->token, strlen(scene->token), 0);
    return messages != 1 || !ours;
}

char *scene_evidence(struct scene *scene)
{
    const char *evidence = NULL;

    if (marker_changed(scene)) {
        cleanup_free char *path = path_of(scene, "marker");

        evidence = "the host's marker was changed";
        remove_tree(path);
        write_file(scene, "marker", MARKER, 0666);
    }
    if (empty_directory(scene, "drop"))
        evidence = "something was made in the host's drop directory";
    empty_directory(scene, "box");
    if (was_called(scene->unix_listener))
        evidence = "the host's socket in the file system was connected to";
    if (was_called(scene->abstract_listener))
        evidence = "the host's abstract socket was connected to";
    if (was_called(scene->tcp_listener))
        evidence = "the host's TCP port was connected to";
    if (has_received(scene->udp_socket))
        evidence = "the host's UDP port received a datagram";
    if (has_received(scene->leak_peer))
        evidence = "something was written to the socket that the host has open";
    if (queue_was_touched(scene))
        evidence = "the host's message queue was used";
    if (!victim_answers(scene)) {
        evidence = "the victim on the host was ended or stopped";
        end_victim(scene);
        if (start_victim(scene) < 0)
            say("there is no victim any more: %s", strerror(errno));
    }
    return evidence ? xstrdup(evidence) : NULL;
}
