/* SPDX-License-Identifier: MIT */
/*
 * Kills programs that use the library at random moments and looks what is left of them.
 *
 * Theory of operation
 *
 * Some workers, each with a place of its own (place.h), repeat: start an embedder there; it makes and destroys one
 * sandbox, which is the next start after the embedder that died before, and waits for a word; the worker looks whether
 * the groups of the dead are gone and gives the word; the embedder uses sandboxes in a loop until SIGKILL meets it.
 * Within a second nothing of it may run: nothing in the groups of its slots, nothing in the pid namespaces that were
 * seen in them just before, nothing with our mark in its environment, nothing with the uids of its slots; and the slots
 * are free.
 *
 * A slot that we find free may be taken by a stranger at once, with its uids, so these are looked for while we hold it.
 */
#include "place.h"

#include "plan/slot.h"

#include <sentinel/sentinel.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define QUIET_MS 1000
#define QUIET_LOADED_MS 5000 /* where the dying wait for a core */
#define FAILURES_MAX 20      /* enough to see what is wrong */
#define PASSED_OVER_MAX 4
#define SEEN_MAX 256
#define SLOT_UID_BASE UINT32_C(0x70000000) /* where root has all uids: plan/idmap.c */
#define READY_FD 3
#define GO_FD 4

/* ---- the embedder ---- */

static const char *mark; /* "SN_STRESS=<pid of the killer>.<worker>", in the environment of all that we start */
static const char *cgroup_parent;

static void complain(const char *what, const sn_error *error)
{
    char line[600];
    int length = snprintf(line, sizeof(line), "E%s: %s: %s\n", what, sn_error_step(error), sn_error_message(error));

    (void)!write(READY_FD, line, (size_t)(length < (int)sizeof(line) ? length : (int)sizeof(line) - 1));
    _exit(3);
}

static sn_sandbox *create(uint32_t arm)
{
    sn_sandbox_options options;
    sn_limits limits;
    sn_sandbox *sandbox = NULL;
    sn_error *error = NULL;

    sn_limits_init(&limits);
    limits.memory_bytes = 32 << 20;
    limits.processes = 16;
    sn_sandbox_options_init(&options);
    options.limits = &limits;
    options.arm = arm;
    options.cgroup_parent = cgroup_parent;
    if (sn_sandbox_create(&options, &sandbox, &error) < 0)
        complain("create", error);
    return sandbox;
}

/* What a program may try to outlive its run with; the second is how long the run lasts. */
static const struct {
    const char *script;
    uint64_t wall_ms;
} programs[] = {
    {"cat in > out; cat in", 20000},
    {"setsid sleep 60 & (setsid sh -c 'sleep 61 & sleep 62 & exit 0' &) ; exit 0", 20000},
    {"for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; wait", 60},
    {"x=$(head -c 8000000 /dev/zero | tr '\\0' x); setsid sleep 60 & trap '' TERM INT HUP; sleep 60", 90},
    {"head -c 8000000 /dev/zero > /dev/shm/held; i=0; while [ $i -lt 200 ]; do (:) & i=$((i+1)); done; sleep 60", 60},
};

static void *use_sandboxes(void *argument)
{
    uint64_t random = *(uint64_t *)argument;

    for (;;) {
        unsigned which = (unsigned)(next_random(&random) % (sizeof(programs) / sizeof(programs[0])));
        const char *argv[] = {"/bin/sh", "-c", programs[which].script, NULL};
        const char *envp[] = {"PATH=/usr/bin:/bin", mark, NULL};
        sn_sandbox *sandbox = create(next_random(&random) % 2 ? SN_ARM_ALWAYS : SN_ARM_NEVER);
        sn_error *error = NULL;
        sn_run_options options;
        sn_result *result = NULL;
        sn_limits limits;
        void *data = NULL;
        size_t length = 0;

        sn_limits_init(&limits);
        limits.wall_ms = programs[which].wall_ms;
        sn_run_options_init(&options);
        options.argv = argv;
        options.envp = envp;
        options.limits = &limits;
        if (sn_sandbox_put(sandbox, "in", "words", 5, 0, &error) < 0)
            complain("put", error);
        if (sn_run(sandbox, &options, &result, &error) < 0)
            complain("run", error);
        if (which == 0 && sn_sandbox_get(sandbox, "out", 100, &data, &length, &error) < 0)
            complain("get", error);
        sn_free(data);
        sn_result_free(result);
        sn_sandbox_destroy(sandbox);
    }
    return NULL;
}

static int embed(uint64_t seed, int threads)
{
    uint64_t seeds[2] = {seed * 2 + 1, seed * 2 + 3};
    pthread_t thread;
    char go;

    sn_sandbox_destroy(create(SN_ARM_NEVER));
    if (write(READY_FD, "c", 1) != 1 || read(GO_FD, &go, 1) != 1)
        return 1;
    if (threads == 2 && pthread_create(&thread, NULL, use_sandboxes, &seeds[1]) != 0)
        return 1;
    use_sandboxes(&seeds[0]);
    return 0;
}

/* ---- what is left ---- */

/* Pid namespaces that are held open, so that their numbers stay theirs. */
struct seen {
    int fds[SEEN_MAX];
    ino_t inodes[SEEN_MAX];
    unsigned count;
};

static void see(const struct place *place, struct seen *seen)
{
    pid_t pids[SEEN_MAX];
    unsigned count = place_processes(place, pids, SEEN_MAX);
    struct stat ours = {0};

    seen->count = 0;
    (void)stat("/proc/self/ns/pid", &ours);
    for (unsigned i = 0; i < count && i < SEEN_MAX; i++) {
        char path[64];
        struct stat st;
        bool known = false;
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pids[i]);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0) {
            if (fd >= 0)
                close(fd);
            continue;
        }
        /* a launcher is in the groups before it clones PID 1 */
        known = st.st_ino == ours.st_ino;
        for (unsigned j = 0; j < seen->count; j++)
            known = known || seen->inodes[j] == st.st_ino;
        if (known || seen->count == SEEN_MAX) {
            close(fd);
            continue;
        }
        seen->fds[seen->count] = fd;
        seen->inodes[seen->count++] = st.st_ino;
    }
}

static void forget(struct seen *seen)
{
    for (unsigned i = 0; i < seen->count; i++)
        close(seen->fds[i]);
    seen->count = 0;
}

static bool file_has(pid_t pid, const char *name, const char *word)
{
    char path[64], text[4096];
    ssize_t length;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    length = read(fd, text, sizeof(text));
    close(fd);
    return length > 0 && memmem(text, (size_t)length, word, strlen(word)) != NULL;
}

/* The real uid and the state; false if it has gone. */
static bool read_status(pid_t pid, uint32_t *ret_uid, char *ret_state)
{
    char path[64], line[256];
    bool complete = false;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "re");
    while (file && !complete && fgets(line, sizeof(line), file)) {
        if (sscanf(line, "State: %c", ret_state) == 1)
            continue;
        complete = sscanf(line, "Uid: %" SCNu32, ret_uid) == 1;
    }
    if (file)
        fclose(file);
    return complete;
}

static bool is_slot_uid(uint32_t uid, const uint32_t *slots, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (uid == SLOT_UID_BASE + 2 * slots[i] || uid == SLOT_UID_BASE + 2 * slots[i] + 1)
            return true;
    return false;
}

/* A process that should not be there, described; false if there is none. Zombies do not run: their reaper is late. */
static bool find_left(const struct seen *seen, const uint32_t *slots, unsigned slot_count, char *what, size_t size)
{
    DIR *dir = opendir("/proc");
    bool left = false;

    if (!dir)
        die("no /proc");
    for (struct dirent *entry = readdir(dir); entry && !left; entry = readdir(dir)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        const char *by = NULL;
        char path[64], state = '?';
        uint32_t uid = 0;
        struct stat st;

        if (pid <= 0 || pid == getpid())
            continue;
        snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
        if (stat(path, &st) == 0)
            for (unsigned i = 0; i < seen->count; i++)
                if (seen->inodes[i] == st.st_ino)
                    by = "pid namespace";
        if (file_has(pid, "environ", mark))
            by = "environment";
        if (!read_status(pid, &uid, &state) || state == 'Z' || state == 'X')
            continue;
        if (is_slot_uid(uid, slots, slot_count))
            by = "uid";
        if (!by)
            continue;
        snprintf(what, size, "process %d (state %c, uid %u), known by its %s", (int)pid, state, uid, by);
        left = true;
    }
    closedir(dir);
    return left;
}

/* Who locked a slot that we cannot: /proc/locks has the process that took it, even if it is dead since. */
static bool is_locked_by(uint32_t slot, pid_t pid)
{
    char path[64], line[256];
    bool ours = false;
    struct stat st;
    FILE *file;

    snprintf(path, sizeof(path), "/run/sentinel/slots/%u", slot);
    if (stat(path, &st) < 0)
        return false;
    file = fopen("/proc/locks", "re");
    while (file && fgets(line, sizeof(line), file)) {
        unsigned long long inode;
        int owner;

        if (sscanf(line, "%*s FLOCK %*s %*s %d %*x:%*x:%llu", &owner, &inode) == 2 && inode == st.st_ino)
            ours = ours || owner == pid;
    }
    if (file)
        fclose(file);
    return ours;
}

static bool still_there(const struct place *place, const struct seen *seen, pid_t dead, char *what, size_t size)
{
    uint32_t slots[PLACE_SLOTS], held_slots[PLACE_SLOTS];
    int held[PLACE_SLOTS];
    unsigned count = place_slots(place, slots, PLACE_SLOTS), held_count = 0;
    pid_t pids[4];
    unsigned processes = place_processes(place, pids, 4);
    bool left = processes > 0;

    if (left)
        snprintf(what, size, "%u processes in the groups of its slots (%d)", processes, (int)pids[0]);
    for (unsigned i = 0; i < count && !left; i++) {
        int fd = -1;
        int r = sn__slot_try(slots[i], &fd, NULL);

        if (r == 1) {
            held_slots[held_count] = slots[i];
            held[held_count++] = fd;
        } else if (r < 0 || is_locked_by(slots[i], dead)) {
            snprintf(what, size, "slot %u is still locked (%d)", slots[i], r);
            left = true;
        } /* else a stranger has it by now */
    }
    left = left || find_left(seen, held_slots, held_count, what, size);
    for (unsigned i = 0; i < held_count; i++)
        close(held[i]);
    return left;
}

/* ---- the killer ---- */

struct totals {
    atomic_uint kills;
    atomic_uint failures;
    atomic_uint namespaces; /* seen alive just before a kill */
    atomic_uint stale;      /* slots whose groups the dead left */
    atomic_uint slowest_ms;
    atomic_uint passed_over; /* starts that left a group, see check_cleaned() */
    atomic_uint late;        /* embedders that had something running at the first look */
};

struct worker {
    unsigned number;
    unsigned kills;
    uint64_t seed;
    struct place place;
    unsigned passed_over; /* starts in a row */
    struct totals *totals;
    const char *program;
};

static void failed(struct worker *worker, unsigned round, const char *what)
{
    printf("FAILED: worker %u (seed %" PRIu64 "), kill %u: %s\n", worker->number, worker->seed, round, what);
    fflush(stdout);
    atomic_fetch_add(&worker->totals->failures, 1);
}

/* 0, 1 and 2 stay, 3 reports, 4 is told. */
static pid_t start_embedder(const struct worker *worker, uint64_t seed, int *ret_report, int *ret_go)
{
    int report[2], go[2];
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        char number[32];
        const char *parent = place_parent(&worker->place);
        int fds[2] = {fcntl(report[1], F_DUPFD, 10), fcntl(go[0], F_DUPFD, 10)};

        snprintf(number, sizeof(number), "%" PRIu64, seed);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_DFL);
        dup2(fds[0], READY_FD);
        dup2(fds[1], GO_FD);
        close(fds[0]);
        close(fds[1]);
        putenv((char *)mark);
        if (place_enter(&worker->place, getpid()) == 0)
            execl(worker->program, "stress_kill", "embed", number, seed % 3 == 0 ? "2" : "1", parent ? parent : "-",
                  (char *)NULL);
        _exit(127);
    }
    close(report[1]);
    close(go[0]);
    *ret_report = report[0];
    *ret_go = go[1];
    return pid;
}

/* A third of the kills falls into the first creation, the others where time is spent. */
static uint64_t moment_us(uint64_t *random)
{
    uint64_t r = next_random(random);

    return r % 3 == 0 ? (r >> 8) % 5000 : (r >> 8) % 90000;
}

static bool is_overloaded(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 && load > 3.0 * (double)sysconf(_SC_NPROCESSORS_ONLN);
}

/*
 * Right after a start: no group of the dead is left in any hierarchy. One whose slot was a stranger's (another
 * worker's, or somebody else's on this machine) at the moment of that start looked alive and is for a later start to
 * remove.
 */
static void check_cleaned(struct worker *worker, unsigned round)
{
    uint32_t slots[PLACE_SLOTS];
    unsigned count = place_slots(&worker->place, slots, PLACE_SLOTS);
    char what[128];

    worker->passed_over = count > 0 ? worker->passed_over + 1 : 0;
    if (count == 0)
        return;
    atomic_fetch_add(&worker->totals->passed_over, 1);
    snprintf(what, sizeof(what), "%u starts in a row left groups of dead sandboxes (%u, one is s%u)",
             worker->passed_over, count, slots[0]);
    if (worker->passed_over >= PASSED_OVER_MAX)
        failed(worker, round, what);
}

static void one_kill(struct worker *worker, uint64_t *random, unsigned round)
{
    char said[600] = "", what[256];
    uint32_t slots[PLACE_SLOTS];
    uint64_t began, took;
    struct seen seen = {.count = 0};
    bool left, late = false;
    int report = -1, go = -1;
    pid_t pid = start_embedder(worker, next_random(random) >> 8, &report, &go);

    if (read(report, said, sizeof(said) - 1) <= 0 || said[0] != 'c')
        failed(worker, round, said[0] ? said : "the embedder could not be started");
    else
        check_cleaned(worker, round);
    (void)!write(go, "g", 1);
    sleep_us(moment_us(random));
    see(&worker->place, &seen);
    kill(pid, SIGKILL);
    began = now_ms();
    waitpid(pid, NULL, 0);
    for (;;) {
        took = now_ms() - began; /* looking takes its time, too, on a machine that is at work */
        left = still_there(&worker->place, &seen, pid, what, sizeof(what));
        if (!left || took > (is_overloaded() ? QUIET_LOADED_MS : QUIET_MS))
            break;
        late = true;
        sleep_us(4000);
    }
    if (left)
        failed(worker, round, what);
    memset(said, 0, sizeof(said));
    if (read(report, said, sizeof(said) - 1) > 0)
        failed(worker, round, said);
    close(report);
    close(go);
    atomic_fetch_add(&worker->totals->kills, 1);
    atomic_fetch_add(&worker->totals->namespaces, seen.count);
    atomic_fetch_add(&worker->totals->stale, place_slots(&worker->place, slots, PLACE_SLOTS));
    atomic_fetch_add(&worker->totals->late, late);
    if (took > atomic_load(&worker->totals->slowest_ms)) /* two workers may race for it: it is only a figure */
        atomic_store(&worker->totals->slowest_ms, (unsigned)took);
    forget(&seen);
}

/* The next start after the last kill. */
static void last_start(struct worker *worker)
{
    int report = -1, go = -1, status = 0;
    char said[600] = "";
    pid_t pid = start_embedder(worker, 1, &report, &go);

    (void)!read(report, said, sizeof(said) - 1);
    close(go);
    waitpid(pid, &status, 0);
    close(report);
    if (said[0] != 'c')
        failed(worker, worker->kills, said);
    else
        check_cleaned(worker, worker->kills);
}

static _Noreturn void work(struct worker *worker)
{
    uint64_t random = worker->seed;
    static char mark_text[64];

    snprintf(mark_text, sizeof(mark_text), "SN_STRESS=%d.%u.", (int)getppid(), worker->number);
    mark = mark_text;
    signal(SIGPIPE, SIG_IGN); /* an embedder that could not start is told nothing */
    for (unsigned i = 0; i < worker->kills && atomic_load(&worker->totals->failures) < FAILURES_MAX; i++)
        one_kill(worker, &random, i);
    last_start(worker);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv)
{
    struct totals *totals;
    struct place place;
    unsigned kills, workers, mounts, files = count_slot_files();
    uint64_t seed, began = now_ms();
    char name[64], self[512];
    ssize_t length;

    if (argc == 5 && strcmp(argv[1], "embed") == 0) {
        mark = getenv("SN_STRESS") - strlen("SN_STRESS=");
        cgroup_parent = argv[4][0] == '/' ? argv[4] : NULL;
        return embed(strtoull(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10));
    }
    if (argc < 3 || !isdigit((unsigned char)argv[1][0]) || !isdigit((unsigned char)argv[2][0]))
        die("usage: stress_kill KILLS WORKERS [SEED]");
    kills = (unsigned)strtoul(argv[1], NULL, 10);
    workers = (unsigned)strtoul(argv[2], NULL, 10);
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)getpid() * 1000003U + now_ms();
    length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length < 0 || workers == 0 || seed == 0)
        die("no /proc/self/exe, no workers, or the seed is 0");
    self[length] = '\0';
    own_mounts();
    mounts = count_mounts();
    printf("%u kills by %u workers, seed %" PRIu64 "\n", kills, workers, seed);
    fflush(stdout);
    totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        die("mmap: %s", strerror(errno));
    snprintf(name, sizeof(name), "stress-%d", (int)getpid());
    place_make(&place, name, UINT64_C(2) << 30, 4000);
    for (unsigned i = 0; i < workers; i++) {
        struct worker worker = {.number = i, .totals = totals, .program = self};
        pid_t pid;

        worker.kills = kills / workers + (i < kills % workers);
        worker.seed = seed + i * UINT64_C(0x9e3779b97f4a7c15);
        snprintf(name, sizeof(name), "e%u", i);
        place_make_below(&place, name, &worker.place);
        pid = fork();
        if (pid < 0)
            die("fork: %s", strerror(errno));
        if (pid == 0)
            work(&worker);
    }
    for (int status; wait(&status) > 0;)
        if (status != 0)
            atomic_fetch_add(&totals->failures, 1);
    /* what is passed over now and then is a stranger's slot; by the dozen it would be a flaw */
    if (totals->passed_over > 2 + kills / 50) {
        printf("FAILED: %u starts left groups of dead sandboxes\n", totals->passed_over);
        atomic_fetch_add(&totals->failures, 1);
    }
    if (!place_remove(&place)) {
        printf("FAILED: groups stay behind in %s and its siblings\n", place.roots[0]);
        atomic_fetch_add(&totals->failures, 1);
    }
    if (count_mounts() > mounts) {
        printf("FAILED: %u mounts before, %u after\n", mounts, count_mounts());
        atomic_fetch_add(&totals->failures, 1);
    }
    printf("kills %u, failures %u; pid namespaces alive at the kill %u, groups left for the next start %u (passed "
           "over by %u), something still there at the first look %u, slowest end %u ms; mounts %u -> %u, slot files %u "
           "-> %u of %u; %.1f s\n",
           totals->kills, totals->failures, totals->namespaces, totals->stale, totals->passed_over, totals->late,
           totals->slowest_ms, mounts, count_mounts(), files, count_slot_files(), SN__SLOT_COUNT,
           (double)(now_ms() - began) / 1000);
    return totals->failures || totals->kills != kills;
}
