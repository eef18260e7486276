/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "api/admit.h"
#include "base/cleanup.h"
#include "common/log.h"
#include "common/wallclock.h"
#include "process/parts.h"

#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <string.h>
#include <syslog.h>

static const struct {
    const char *name;
    unsigned scope;
} scopes[] = {{"submit", SCOPE_SUBMIT}, {"read", SCOPE_READ}, {"admin", SCOPE_ADMIN}};

static bool read_scopes(const char *text, unsigned *ret_scopes)
{
    unsigned all = 0;

    while (*text) {
        size_t length = strcspn(text, ",");
        unsigned found = 0;

        for (size_t i = 0; i < SN_ARRAY_SIZE(scopes); i++)
            if (strlen(scopes[i].name) == length && strncmp(scopes[i].name, text, length) == 0)
                found = scopes[i].scope;
        if (!found)
            return false;
        all |= found;
        text += length;
        text += *text == ',';
    }
    *ret_scopes = all;
    return all != 0;
}

static void print_scopes(unsigned granted, char text[40])
{
    *text = '\0';
    for (size_t i = 0; i < SN_ARRAY_SIZE(scopes); i++)
        if (granted & scopes[i].scope)
            snprintf(text + strlen(text), 40 - strlen(text), "%s%s", *text ? "," : "", scopes[i].name);
}

/*
 * What was done to a key, and by whom. In the host's log as well, if it has one: nobody keeps what a terminal shows,
 * and the server that runs has no part in it.
 */
__attribute__((format(printf, 3, 4))) static void note(uid_t uid, const char *key_id, const char *format, ...)
{
    const struct passwd *user = getpwuid(uid);
    const char *behind = uid == 0 ? getenv("SUDO_USER") : NULL;
    char what[200];
    char who[200];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    snprintf(who, sizeof(who), "%s (uid %u)%s%s", user ? user->pw_name : "a user without a name", (unsigned)uid,
             behind ? ", for whom sudo was asked by " : "", behind ? behind : "");
    log_line(LOG_INFO_LEVEL, &(struct log_about){.key_id = key_id}, "%s, by %s", what, who);
    openlog("sentinel-server", LOG_PID, LOG_AUTH);
    syslog(LOG_NOTICE, "%s: %s, by %s", key_id, what, who);
    closelog();
}

static int create(struct store *store, uid_t uid, int argc, char **argv)
{
    static const struct option options[] = {{"name", required_argument, NULL, 'n'},
                                            {"scopes", required_argument, NULL, 's'},
                                            {"per-minute", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    char secret[KEY_SECRET_SIZE];
    struct failure failure;
    struct api_key key;
    const char *name = "";
    unsigned granted = SCOPE_SUBMIT | SCOPE_READ;
    unsigned per_minute = 0;
    char names[40];
    char *end = NULL;
    int option;

    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'n' && strlen(optarg) < sizeof(key.name))
            name = optarg;
        else if (option == 'n')
            return complain_usage("a name has at most %zu bytes", sizeof(key.name) - 1);
        else if (option == 's' && !read_scopes(optarg, &granted))
            return complain_usage("scopes are submit, read and admin, with commas between");
        else if (option == 'm' && ((per_minute = (unsigned)strtoul(optarg, &end, 10)) == 0 || *end))
            return complain_usage("--per-minute wants a number above 0");
        else if (option == '?')
            return 2;
    }
    if (optind < argc)
        return complain_usage("keys create does not know \"%s\"", argv[optind]);
    if (key_make(secret, &key) < 0)
        return complain(1, "there is no randomness for a key");
    snprintf(key.name, sizeof(key.name), "%s", name);
    key.scopes = granted;
    key.per_minute = per_minute;
    key.created = wallclock_us();
    if (store_key_add(store, &key, &failure) < 0)
        return complain(1, "%s", failure.message);
    print_scopes(granted, names);
    note(uid, key.id, "the key \"%s\" was created, with %s", key.name, names);
    fprintf(stderr, "%s: the key is printed now and never again\n", key.id);
    printf("%s\n", secret);
    return 0;
}

static int list(struct store *store)
{
    cleanup_free struct api_key *keys = NULL;
    struct failure failure;
    size_t count = 0;

    if (store_key_list(store, &keys, &count, &failure) < 0)
        return complain(1, "%s", failure.message);
    printf("%-22s %-20s %-19s %10s  %s\n", "ID", "CREATED", "SCOPES", "PER MINUTE", "NAME");
    for (size_t i = 0; i < count; i++) {
        char when[WALLCLOCK_TEXT_SIZE];
        char names[40];
        char rate[16] = "default";

        wallclock_print(keys[i].created, when);
        print_scopes(keys[i].scopes, names);
        if (keys[i].per_minute)
            snprintf(rate, sizeof(rate), "%u", keys[i].per_minute);
        printf("%-22s %.19sZ %-19s %10s  %s%s\n", keys[i].id, when, names, rate, keys[i].name,
               keys[i].revoked ? " (revoked)" : "");
    }
    return 0;
}

static int revoke_key(struct store *store, uid_t uid, const char *id)
{
    struct failure failure;

    if (store_key_revoke(store, id, wallclock_us(), &failure) < 0)
        return complain(1, "%s", failure.message);
    note(uid, id, "the key was revoked");
    printf("%s is revoked; within two seconds nobody gets in with it\n", id);
    return 0;
}

int cmd_keys(const struct config *config, uid_t uid, int argc, char **argv)
{
    struct store *store;
    int status;

    if (argc < 2)
        return complain_usage("keys wants create, list or revoke");
    store = open_store(config, parts_may_migrate(config));
    if (!store)
        return 1;
    if (strcmp(argv[1], "create") == 0)
        status = create(store, uid, argc - 1, argv + 1);
    else if (strcmp(argv[1], "list") == 0 && argc == 2)
        status = list(store);
    else if (strcmp(argv[1], "revoke") == 0 && argc == 3)
        status = revoke_key(store, uid, argv[2]);
    else
        status = complain_usage("keys wants create, list, or revoke ID");
    store_close(store);
    return status;
}
