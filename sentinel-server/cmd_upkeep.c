/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "base/cleanup.h"
#include "process/parts.h"

#include <string.h>

struct store *open_store(const struct config *config, bool may_migrate)
{
    cleanup_free char *url = parts_store_url(config);
    const struct store_options options = {.connections = 1, .may_migrate = may_migrate};
    struct store *store = NULL;
    struct failure failure;

    if (!url)
        complain(1, "out of memory");
    else if (store_open(url, &options, &store, &failure) < 0)
        complain(1, "%s", failure.message);
    return store;
}

int cmd_migrate(const struct config *config, int argc, char **argv)
{
    cleanup_free char *url = parts_store_url(config);
    struct failure failure;
    unsigned long version = STORE_NEWEST;
    char *end = NULL;

    if (argc == 3 && strcmp(argv[2], "--yes") == 0)
        argc--;
    else if (argc == 2)
        return complain_usage("going back to a version loses what later ones added, and ends servers that run: "
                              "migrate %s --yes",
                              argv[1]);
    if (argc > 2)
        return complain_usage("migrate takes one version at most");
    if (argc == 2) {
        version = strtoul(argv[1], &end, 10);
        if (*argv[1] < '0' || *argv[1] > '9' || *end || version >= STORE_NEWEST)
            return complain_usage("\"%s\" is no version", argv[1]);
    }
    if (!url)
        return complain(1, "out of memory");
    if (store_migrate(url, (unsigned)version, &failure) < 0)
        return complain(1, "%s", failure.message);
    printf("the schema is %s\n", argc == 2 ? argv[1] : "up to date");
    return 0;
}

int cmd_republish(const struct config *config, int argc, char **argv)
{
    struct store *store;
    struct failure failure;
    int error;

    (void)argv;
    if (argc > 1)
        return complain_usage("republish takes no arguments");
    store = open_store(config, false);
    if (!store)
        return 1;
    error = store_recall(store, &failure);
    store_close(store);
    if (error < 0)
        return complain(1, "%s", failure.message);
    printf("a running server publishes all that wait, within seconds\n");
    return 0;
}
