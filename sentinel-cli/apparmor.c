/* SPDX-License-Identifier: MIT */
/*
 * Writes the AppArmor profiles of the data directory to where the host looks for them at boot, and has apparmor_parser
 * load them. A profile is loaded before its file gets its name, so that what is there has been accepted.
 */
#include "apparmor.h"

#include "message.h"
#include "options.h"
#include "output_json.h"

#include <sentinel/sentinel.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROFILES_DIR "/etc/apparmor.d"
#define ENABLED_FILE "/sys/module/apparmor/parameters/enabled"
#define USERNS_SYSCTL "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
/* The first parser that knows the rule userns brings this file. */
#define NEW_ABI PROFILES_DIR "/abi/4.0"
#define TEXT_MAX (1U << 20)

/* What tells our files from others of the same name. */
static const char marker[] = "# Written by sentinel doctor --install-apparmor; changes belong into local/.\n";
/* What the texts of the data directory have where this host decides. */
static const char old_abi[] = "abi <abi/3.0>,", new_abi[] = "abi <abi/4.0>,";
static const char usual_places[] = "/usr/{,local/}bin/sentinel";

struct work {
    struct cli *cli;
    bool remove;
    char **programs; /* real paths, the command's own first */
    size_t program_count;
    char *parser; /* NULL: not installed */
    bool enabled; /* the kernel's AppArmor */
    json_t *done; /* one object a profile */
};

bool apparmor_is_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--install-apparmor") == 0 || strcmp(argv[i], "--remove-apparmor") == 0)
            return true;
    return false;
}

/* The whole file, to be freed; NULL with errno. */
static char *read_text(const char *path)
{
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *text;
    size_t used = 0;

    if (fd < 0)
        return NULL;
    text = xrealloc(NULL, TEXT_MAX + 1, 1);
    for (;;) {
        ssize_t n = read(fd, text + used, TEXT_MAX - used);

        if (n <= 0) {
            if (n < 0) {
                free(text);
                return NULL;
            }
            break;
        }
        used += (size_t)n;
    }
    text[used] = '\0';
    return text;
}

static bool is_enabled(void)
{
    char answer = 'N';
    cleanup_close int fd = open(ENABLED_FILE, O_RDONLY | O_CLOEXEC);

    return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

/* In PATH, and where it is: su leaves a PATH without sbin. */
static char *find_parser(void)
{
    const char *path = getenv("PATH");
    cleanup_free char *places = xprintf("%s%s/usr/sbin:/sbin", path ? path : "", path && *path ? ":" : "");
    char *saved = NULL;

    for (char *place = strtok_r(places, ":", &saved); place; place = strtok_r(NULL, ":", &saved)) {
        char *found = xprintf("%s/apparmor_parser", place);

        if (place[0] == '/' && access(found, X_OK) == 0)
            return found;
        free(found);
    }
    return NULL;
}

/* 0, or -1 with *ret_said (to be freed) what it said. */
static int run_parser(const struct work *work, const char *option, const char *file, char **ret_said)
{
    char *argv[] = {work->parser, (char *)option, (char *)"--skip-cache", (char *)file, NULL};
    posix_spawn_file_actions_t actions;
    char said[2048];
    size_t used = 0;
    int pipe_fds[2], status = -1, error;
    pid_t pid;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        *ret_said = xstrdup(strerror(errno));
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 2);
    error = posix_spawn(&pid, work->parser, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_fds[1]);
    if (error) {
        close(pipe_fds[0]);
        *ret_said = xstrdup(strerror(error));
        return -1;
    }
    for (;;) {
        char rest[512];
        bool full = used == sizeof(said) - 1;
        ssize_t n = read(pipe_fds[0], full ? rest : said + used, full ? sizeof(rest) : sizeof(said) - 1 - used);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        used += full ? 0 : (size_t)n;
    }
    close(pipe_fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    while (used && said[used - 1] == '\n')
        used--;
    said[used] = '\0';
    for (char *at = said; (at = strchr(at, '\n'));)
        *at = ' ';
    *ret_said = xprintf("%s", used ? said : "it said nothing");
    return -1;
}

/* Replaces the first `what` of *text, if it is there. */
static void replace(char **text, const char *what, const char *with)
{
    char *at = strstr(*text, what);
    char *longer;

    if (!at)
        return;
    longer = xprintf("%.*s%s%s", (int)(at - *text), *text, with, at + strlen(what));
    free(*text);
    *text = longer;
}

/* Where the profile `sentinel` attaches: /{usr/bin/sentinel,usr/bin/judge}. */
static char *attachment(const struct work *work)
{
    char *list = xstrdup("");

    for (size_t i = 0; i < work->program_count; i++) {
        char *longer = xprintf("%s%s%s", list, i ? "," : "", work->programs[i] + 1);

        free(list);
        list = longer;
    }
    if (work->program_count > 1) {
        char *braced = xprintf("/{%s}", list);

        free(list);
        return braced;
    }
    char *plain = xprintf("/%s", list);

    free(list);
    return plain;
}

static void note(const struct work *work, const char *name, const char *state, const char *detail)
{
    cleanup_free char *path = xprintf(PROFILES_DIR "/%s", name);

    json_array_append_new(work->done, json_pack("{s:s, s:s, s:s, s:o}", "profile", name, "path", path, "state", state,
                                                "detail", detail ? json_text(detail) : json_null()));
    if (!work->cli->json)
        printf("%-10s %s%s%s\n", state, path, detail ? ": " : "", detail ? detail : "");
}

/* A file of that name that is not ours is somebody's work. *ret_there: there is one, and it is ours. */
static int check_owner(const struct work *work, const char *path, char **ret_text)
{
    *ret_text = read_text(path);
    if (!*ret_text && errno != ENOENT)
        return fail(work->cli, STATUS_CHECK_FAILED, "read profile", "cannot read %s: %s", path, strerror(errno));
    if (*ret_text && strncmp(*ret_text, marker, strlen(marker)) != 0)
        return fail(work->cli, STATUS_CHECK_FAILED, "read profile",
                    "%s was not written by this command, and is left alone: move it away first", path);
    return 0;
}

/* The profile as this host gets it; NULL after saying why not. */
static char *make_text(const struct work *work, const char *name)
{
    const char *given = secure_getenv("SENTINEL_DATA_DIR");
    cleanup_free char *source = xprintf("%s/apparmor/%s", given && *given ? given : SN_DATA_DIR, name);
    cleanup_free char *where = attachment(work);
    cleanup_free char *shipped = read_text(source);
    char *text;

    if (!shipped) {
        fail(work->cli, STATUS_CHECK_FAILED, "read profile", "cannot read %s: %s", source, strerror(errno));
        return NULL;
    }
    text = xprintf("%s%s", marker, shipped);
    if (access(NEW_ABI, R_OK) == 0)
        replace(&text, old_abi, new_abi);
    replace(&text, usual_places, where);
    return text;
}

/* Written beside its place, loaded, then renamed. */
static int load_and_place(const struct work *work, const char *path, const char *text)
{
    char beside[] = PROFILES_DIR "/.sentinel-XXXXXX";
    cleanup_close int fd = mkostemp(beside, O_CLOEXEC);
    cleanup_free char *said = NULL;
    size_t length = strlen(text);
    int status = 0;

    if (fd < 0)
        return fail(work->cli, STATUS_CHECK_FAILED, "write profile", "cannot write in " PROFILES_DIR ": %s",
                    strerror(errno));
    if (fchmod(fd, 0644) < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) < 0)
        status = fail(work->cli, STATUS_CHECK_FAILED, "write profile", "cannot write %s: %s", beside, strerror(errno));
    else if (run_parser(work, "--replace", beside, &said) < 0)
        status = fail(work->cli, STATUS_CHECK_FAILED, "load profile", "%s does not load what was to be %s: %s",
                      work->parser, path, said);
    else if (rename(beside, path) < 0)
        status = fail(work->cli, STATUS_CHECK_FAILED, "write profile", "cannot make %s: %s", path, strerror(errno));
    if (status)
        unlink(beside);
    return status;
}

static int install_one(const struct work *work, const char *name)
{
    cleanup_free char *path = xprintf(PROFILES_DIR "/%s", name);
    cleanup_free char *before = NULL;
    cleanup_free char *text = NULL;
    int status = check_owner(work, path, &before);

    if (status)
        return status;
    text = make_text(work, name);
    if (!text)
        return STATUS_CHECK_FAILED;
    status = load_and_place(work, path, text);
    if (status == 0)
        note(work, name, before && strcmp(before, text) == 0 ? "unchanged" : before ? "replaced" : "installed", NULL);
    return status;
}

/* Programs that run under it are unconfined from then on, and new runs of sandboxes made with it fail. */
static int remove_one(const struct work *work, const char *name)
{
    cleanup_free char *path = xprintf(PROFILES_DIR "/%s", name);
    cleanup_free char *before = NULL;
    cleanup_free char *said = NULL;
    const char *detail = NULL;
    int status = check_owner(work, path, &before);

    if (status)
        return status;
    if (!before) {
        note(work, name, "absent", NULL);
        return 0;
    }
    if (!work->enabled)
        detail = "AppArmor is not enabled: nothing was loaded";
    else if (!work->parser)
        detail = "apparmor_parser is not installed: it stays loaded until the next boot";
    else if (run_parser(work, "--remove", path, &said) < 0)
        detail = said; /* it was not loaded: the file goes all the same */
    if (unlink(path) < 0)
        return fail(work->cli, STATUS_CHECK_FAILED, "remove profile", "cannot remove %s: %s", path, strerror(errno));
    note(work, name, "removed", detail);
    return 0;
}

static int install(const struct work *work)
{
    int status;

    if (!work->enabled)
        return fail(work->cli, STATUS_CHECK_FAILED, "find AppArmor",
                    "AppArmor is not enabled in this kernel (" ENABLED_FILE
                    " does not say Y): there is nothing to load "
                    "profiles into, and sandboxes do without");
    if (!work->parser)
        return fail(work->cli, STATUS_CHECK_FAILED, "find AppArmor",
                    "apparmor_parser is not installed: apt-get install apparmor (Debian, Ubuntu), or zypper install "
                    "apparmor-parser (openSUSE)");
    status = install_one(work, "sentinel-program");
    if (status)
        return status;
    if (access(NEW_ABI, R_OK) != 0)
        note(work, "sentinel", "not needed", "this AppArmor is older than user namespaces in profiles (4.0)");
    else if (work->program_count == 1 && access(USERNS_SYSCTL, F_OK) != 0)
        note(work, "sentinel", "not needed", "this kernel has no kernel.apparmor_restrict_unprivileged_userns");
    else
        status = install_one(work, "sentinel");
    return status;
}

/* A path as a profile has it: without what AppArmor reads as a pattern or as the end of a word. */
static int add_program(struct work *work, const char *given)
{
    char *path = realpath(given, NULL);
    struct stat status;

    if (!path || stat(path, &status) < 0)
        return fail(work->cli, STATUS_USAGE, "command line", "cannot find the program '%s': %s", given,
                    strerror(errno));
    work->programs = xrealloc(work->programs, work->program_count + 1, sizeof(*work->programs));
    work->programs[work->program_count++] = path;
    if (!S_ISREG(status.st_mode) || !(status.st_mode & 0111))
        return fail(work->cli, STATUS_USAGE, "command line", "'%s' is no program", path);
    if (strpbrk(path, " \t\r\n\"'\\*?[]{}^,@#()=<>&!"))
        return fail(work->cli, STATUS_USAGE, "command line",
                    "the path '%s' has characters that mean something else in a profile", path);
    return 0;
}

static int parse(struct work *work, int argc, char **argv)
{
    bool install_asked = false;
    int status = add_program(work, "/proc/self/exe");

    for (int i = 1; status == 0 && i < argc; i++) {
        if (strcmp(argv[i], "--install-apparmor") == 0)
            install_asked = true;
        else if (strcmp(argv[i], "--remove-apparmor") == 0)
            work->remove = true;
        else if (strcmp(argv[i], "--json") == 0)
            ; /* seen already */
        else if (argv[i][0] == '-')
            status = fail(work->cli, STATUS_USAGE, "command line",
                          "unknown option '%s'; \"sentinel doctor --help\" lists them", argv[i]);
        else
            status = add_program(work, argv[i]);
    }
    if (status == 0 && install_asked && work->remove)
        status = fail(work->cli, STATUS_USAGE, "command line",
                      "--install-apparmor and --remove-apparmor contradict each other");
    if (status == 0 && work->remove && work->program_count > 1)
        status = fail(work->cli, STATUS_USAGE, "command line", "--remove-apparmor takes no argument, got \"%s\"",
                      work->programs[1]);
    return status;
}

int apparmor_main(struct cli *cli, int argc, char **argv, const char *help)
{
    struct work work = {.cli = cli, .done = json_array()};
    int status;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            json_decref(work.done);
            return 0;
        }
        cli->json = cli->json || strcmp(argv[i], "--json") == 0;
    }
    status = parse(&work, argc, argv);
    if (status == 0 && geteuid() != 0)
        status = fail(cli, STATUS_CHECK_FAILED, "command line", "%s needs root: sudo sentinel doctor %s",
                      work.remove ? "--remove-apparmor" : "--install-apparmor",
                      work.remove ? "--remove-apparmor" : "--install-apparmor");
    if (status == 0) {
        work.enabled = is_enabled();
        work.parser = find_parser();
        if (!work.remove) {
            status = install(&work);
        } else {
            status = remove_one(&work, "sentinel-program");
            if (status == 0)
                status = remove_one(&work, "sentinel");
        }
    }
    if (status == 0 && cli->json &&
        json_print(json_pack("{s:s, s:O}", "sentinel", sn_version_string(), "profiles", work.done)) < 0)
        status = STATUS_INTERNAL;
    json_decref(work.done);
    for (size_t i = 0; i < work.program_count; i++)
        free(work.programs[i]);
    free(work.programs);
    free(work.parser);
    return status;
}
