/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "api/admit.h"
#include "base/cleanup.h"
#include "common/wallclock.h"
#include "process/parts.h"

#include <getopt.h>
#include <string.h>

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

static int create(struct store *store, int argc, char **argv)
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
        char names[40] = "";
        char rate[16] = "default";

        wallclock_print(keys[i].created, when);
        for (size_t j = 0; j < SN_ARRAY_SIZE(scopes); j++)
            if (keys[i].scopes & scopes[j].scope)
                snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", *names ? "," : "",
                         scopes[j].name);
        if (keys[i].per_minute)
            snprintf(rate, sizeof(rate), "%u", keys[i].per_minute);
        printf("%-22s %.19sZ %-19s %10s  %s%s\n", keys[i].id, when, names, rate, keys[i].name,
               keys[i].revoked ? " (revoked)" : "");
    }
    return 0;
}

int cmd_keys(const struct config *config, int argc, char **argv)
{
    struct store *store;
    struct failure failure;
    int status;

    if (argc < 2)
        return complain_usage("keys wants create, list or revoke");
    store = open_store(config, parts_may_migrate(config));
    if (!store)
        return 1;
    if (strcmp(argv[1], "create") == 0)
        status = create(store, argc - 1, argv + 1);
    else if (strcmp(argv[1], "list") == 0 && argc == 2)
        status = list(store);
    else if (strcmp(argv[1], "revoke") == 0 && argc == 3)
        status = store_key_revoke(store, argv[2], wallclock_us(), &failure) < 0
                     ? complain(1, "%s", failure.message)
                     : (printf("%s is revoked; within two seconds nobody gets in with it\n", argv[2]), 0);
    else
        status = complain_usage("keys wants create, list, or revoke ID");
    store_close(store);
    return status;
}
