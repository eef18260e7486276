/* SPDX-License-Identifier: MIT */
#include "template/template.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/datadir.h"
#include "base/error.h"
#include "base/file.h"
#include "language/language.h"
#include "spawn/control.h"
#include "spawn/init_blob.h"
#include "template/child_template.h"
#include "template/protocol.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RUNS_BEFORE_IT_PAYS 2
#define FORKS_MAX 2000
#define AGE_MAX_NS (UINT64_C(600) * 1000000000)
#define PAUSE_NS (UINT64_C(5) * 1000000000) /* after some that could not be started, or died before they were warm */
#define BAD_STARTS_MAX 3
#define WARM_TIMEOUT_MS 20000
#define END_TIMEOUT_MS 2000

/* Without these in force a fork would be where an exec from PID 1 would not be. */
#define LAYERS_NEEDED                                                                                                  \
    (SN_LAYER_USER_NS | SN_LAYER_PID_NS | SN_LAYER_MOUNT_NS | SN_LAYER_NETWORK_NS | SN_LAYER_IPC_NS |                  \
     SN_LAYER_UTS_NS | SN_LAYER_CGROUP | SN_LAYER_SECCOMP | SN_LAYER_NO_NEW_PRIVS)

struct sn__template {
    char **argv; /* interpreter, flags, bootstrap, modules */
    char **envp;
    uint32_t flags; /* what the command has in front of {source} beside the interpreter */

    pthread_mutex_t lock;
    pid_t owner; /* the process that started it */
    int socket, pidfd;
    bool is_warm;
    uint64_t process; /* counts them */
    uint32_t forks, runs;
    uint32_t bad_starts; /* in a row */
    uint64_t started_ns, not_before_ns;
};

/* ---- made ---- */

static bool is_whole(char *const *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!list[i])
            return false;
    return true;
}

static char **make_argv(const struct sn__manifest_step *step, uint32_t flags)
{
    char **argv = calloc(flags + step->preload_count + 3, sizeof(*argv));
    uint32_t count = 0;

    if (!argv)
        return NULL;
    for (uint32_t i = 0; i <= flags; i++)
        argv[count++] = strdup(step->command[i]);
    if (asprintf(&argv[count], "%s/templates/%s.py", sn__datadir(), step->template) < 0)
        argv[count] = NULL;
    count++;
    for (uint32_t i = 0; i < step->preload_count; i++)
        argv[count++] = strdup(step->preload[i]);
    if (is_whole(argv, count))
        return argv;
    while (count > 0)
        free(argv[--count]);
    free(argv);
    return NULL;
}

struct sn__template *sn__template_new(const struct sn__manifest_step *step)
{
    struct sn__template *template = calloc(1, sizeof(*template));
    struct sn__language_command command = {0};

    if (!template)
        return NULL;
    template->socket = template->pidfd = -1;
    pthread_mutex_init(&template->lock, NULL);
    while (template->flags + 2 < step->command_count && strcmp(step->command[template->flags + 1], "{source}") != 0)
        template->flags++;
    template->argv = make_argv(step, template->flags);
    if (sn__language_command_make(step, "", &step->limits, NULL, NULL, NULL, &command, NULL) == 0) {
        template->envp = command.envp;
        command.envp = NULL;
    }
    sn__language_command_clear(&command);
    if (!template->argv || !template->envp) {
        sn__template_free(template);
        return NULL;
    }
    return template;
}

/* ---- its process ---- */

static void end_process(struct sn__template *template)
{
    struct pollfd gone = {.fd = template->pidfd, .events = POLLIN};
    siginfo_t info;

    sn__close(template->socket);
    template->socket = -1;
    template->is_warm = false;
    if (template->pidfd < 0)
        return;
    if (template->owner == getpid()) {
        pidfd_send_signal(template->pidfd, SIGKILL, NULL, 0);
        while (poll(&gone, 1, END_TIMEOUT_MS) < 0 && errno == EINTR)
            continue;
        /* only where this process is the reaper of its orphans there is something for us to take */
        waitid(P_PIDFD, (id_t) template->pidfd, &info, WEXITED | WNOHANG | __WALL);
    }
    sn__close(template->pidfd);
    template->pidfd = -1;
}

void sn__template_free(struct sn__template *template)
{
    if (!template)
        return;
    end_process(template);
    pthread_mutex_destroy(&template->lock);
    for (char **entry = template->argv; entry && *entry; entry++)
        free(*entry);
    for (char **entry = template->envp; entry && *entry; entry++)
        free(*entry);
    free(template->argv);
    free(template->envp);
    free(template);
}

/* It has the program's uid where that is the caller's: what it is an image of must not be that uid's to write. */
static bool is_trusted(const char *interpreter)
{
    struct stat about;

    return interpreter[0] == '/' && stat(interpreter, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == 0 &&
           !(about.st_mode & 022);
}

struct launch_memory {
    char stack[SN__TEMPLATE_STACK];
    char launcher_stack[SN__TEMPLATE_STACK];
    struct sn__template_launch launch;
};

static int launch(struct sn__template *template, struct launch_memory *memory)
{
    int pair[2];
    cleanup_close int theirs = -1;
    cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    cleanup_close int host_fd = pidfd_open(getpid(), 0);
    cleanup_close int helper_fd = sn__file_sealed_memfd("sentinel-template", sn__helper_blob, sn__helper_blob_size);
    bool is_privileged = false;
    sigset_t all, old;
    int r = sn__idmap_privileged(&is_privileged);

    if (r < 0 || null_fd < 0 || host_fd < 0 || helper_fd < 0)
        return -EIO;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    template->socket = pair[0];
    theirs = pair[1];
    memory->launch = (struct sn__template_launch){
        .socket_fd = theirs,
        .host_fd = host_fd,
        .helper_fd = helper_fd,
        .null_fd = null_fd,
        .argv = (const char *const *)template->argv,
        .envp = (const char *const *)template->envp,
        .namespaces = is_privileged ? CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS : 0,
        .stack_top = memory->stack + sizeof(memory->stack),
    };
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    r = sn__child_template_launch(&memory->launch, memory->launcher_stack + sizeof(memory->launcher_stack));
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    template->pidfd = memory->launch.pidfd;
    return r;
}

static void start(struct sn__template *template)
{
    struct launch_memory *memory;
    int r;

    template->started_ns = sn__now_ns();
    if (++template->bad_starts >= BAD_STARTS_MAX) /* unless it gets warm */
        template->not_before_ns = template->started_ns + PAUSE_NS;
    template->owner = getpid();
    template->forks = 0;
    template->process++;
    if (!is_trusted(template->argv[0]))
        return;
    memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return;
    r = launch(template, memory);
    if (r < 0)
        end_process(template);
    munmap(memory, sizeof(*memory)); /* it has its own since its exec, or is gone */
}

/* Has it said so? false: not yet, or never will. */
static bool hear_warm(struct sn__template *template, int timeout_ms)
{
    struct pollfd readable = {.fd = template->socket, .events = POLLIN};
    char byte;
    ssize_t n;
    int r;

    do
        r = poll(&readable, 1, timeout_ms);
    while (r < 0 && errno == EINTR);
    if (r <= 0)
        return false;
    n = recv(template->socket, &byte, 1, MSG_DONTWAIT);
    if (n == 1) {
        template->is_warm = true;
        template->not_before_ns = 0;
        template->bad_starts = 0;
    } else {
        end_process(template);
    }
    return n == 1;
}

static bool has_died(const struct sn__template *template)
{
    struct pollfd gone = {.fd = template->pidfd, .events = POLLIN};

    return template->pidfd < 0 || poll(&gone, 1, 0) > 0;
}

static void renew(struct sn__template *template, bool wait)
{
    uint64_t now = sn__now_ns();

    if (template->pidfd >= 0 && (template->owner != getpid() || has_died(template) || template->forks >= FORKS_MAX ||
                                 now - template->started_ns > AGE_MAX_NS))
        end_process(template);
    if (template->pidfd >= 0 || now < template->not_before_ns)
        return;
    if (wait || template->runs > RUNS_BEFORE_IT_PAYS)
        start(template);
}

bool sn__template_is_ready(struct sn__template *template, bool wait)
{
    bool is_ready;

    pthread_mutex_lock(&template->lock);
    template->runs++;
    renew(template, wait);
    is_ready = template->pidfd >= 0 && (template->is_warm || hear_warm(template, wait ? WARM_TIMEOUT_MS : 0));
    pthread_mutex_unlock(&template->lock);
    return is_ready;
}

bool sn__template_is_warm(struct sn__template *template)
{
    bool is_warm;

    pthread_mutex_lock(&template->lock);
    is_warm = template->owner == getpid() && !has_died(template) && (template->is_warm || hear_warm(template, 0));
    pthread_mutex_unlock(&template->lock);
    return is_warm;
}

bool sn__template_is_alive(struct sn__template *template, uint64_t process)
{
    bool is_alive;

    pthread_mutex_lock(&template->lock);
    is_alive = process == template->process && !has_died(template);
    pthread_mutex_unlock(&template->lock);
    return is_alive;
}

/* ---- used ---- */

static bool reads_at_start(const char *entry)
{
    static const char *const prefixes[] = {
        "PYTHON", "LC_",       "LD_", "MALLOC_", "GCONV_",   "GLIBC_",   "OPENSSL_", "SSL_",
        "LANG=",  "LANGUAGE=", "TZ=", "TZDIR=",  "LOCPATH=", "NLSPATH=", "HOME="};

    for (size_t i = 0; i < SN_ARRAY_SIZE(prefixes); i++)
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool has_entry(const char *const *envp, const char *entry)
{
    for (; *envp; envp++)
        if (strcmp(*envp, entry) == 0)
            return true;
    return false;
}

static bool has_all_that_count(const char *const *envp, const char *const *other)
{
    for (; *envp; envp++)
        if (reads_at_start(*envp) && !has_entry(other, *envp))
            return false;
    return true;
}

/* Is the tree that the interpreter is in another one than the host's? */
static bool covers_usr(const struct sn__spec *spec)
{
    for (size_t i = 0; i < spec->mount_count; i++) {
        const struct sn__spec_mount *mount = &spec->mounts[i];
        const char *target = mount->target ? mount->target : mount->source;

        if ((strcmp(target, "/usr") == 0 || strncmp(target, "/usr/", 5) == 0 || strncmp(target, "/lib", 4) == 0) &&
            strcmp(mount->source, target) != 0)
            return true;
    }
    return false;
}

bool sn__template_fits(const struct sn__template *template, const sn_sandbox *sandbox, const char *const *argv,
                       const char *const *envp)
{
    const char *const *own = (const char *const *)template->envp;

    if ((sandbox->layers & LAYERS_NEEDED) != LAYERS_NEEDED || (sandbox->layers & SN_LAYER_APPARMOR) ||
        sandbox->spec.rootfs || sandbox->spec.network != SN_NETWORK_NONE || sandbox->spec.cpus ||
        covers_usr(&sandbox->spec))
        return false;
    for (uint32_t i = 0; i <= template->flags; i++)
        if (!argv[i] || strcmp(argv[i], template->argv[i]) != 0)
            return false;
    return argv[template->flags + 1] && has_all_that_count(own, envp) && has_all_that_count(envp, own);
}

int sn__template_fork(struct sn__template *template, const sn_sandbox *sandbox, uint32_t serial, const int *fds,
                      uint32_t count, uint64_t *ret_process)
{
    struct sn__template_request request = {
        .layers = sandbox->layers,
        .uid = sandbox->ids.program_inside,
        .gid = sandbox->ids.program_inside,
        .owner_uid = sandbox->ids.init_inside,
        .serial = serial,
        .landlock_fd = sandbox->landlock_fd,
    };
    int all[SN__TEMPLATE_FDS_MAX];
    int r = -ENOTCONN;

    if (SN__TEMPLATE_FD_RUN + count > SN__TEMPLATE_FDS_MAX)
        return -E2BIG;
    all[SN__TEMPLATE_FD_CONTROL] = sandbox->control;
    all[SN__TEMPLATE_FD_INIT] = sandbox->pidfd;
    memcpy(all + SN__TEMPLATE_FD_RUN, fds, count * sizeof(int));
    pthread_mutex_lock(&template->lock);
    if (template->is_warm && template->owner == getpid()) {
        r = sn__packet_send(template->socket, &request, sizeof(request), all, SN__TEMPLATE_FD_RUN + count);
        template->forks += r == 0;
        *ret_process = template->process;
    }
    pthread_mutex_unlock(&template->lock);
    return r;
}
