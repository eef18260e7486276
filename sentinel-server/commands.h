/* SPDX-License-Identifier: MIT */
#ifndef SERVER_COMMANDS_H
#define SERVER_COMMANDS_H

#include "config/config.h"
#include "store/store.h"

#include <sys/types.h>

/* What the command line says beside the configuration. Each returns the exit status; argv[0] is the command's name. */
int cmd_serve(const struct config *config);
/* uid: who called it, before it became the frontend's user. */
int cmd_keys(const struct config *config, uid_t uid, int argc, char **argv);
int cmd_dlq(const struct config *config, int argc, char **argv);
int cmd_migrate(const struct config *config, int argc, char **argv);
int cmd_republish(const struct config *config, int argc, char **argv);

/* The store, for a command. NULL: there is none, and it was said why. */
struct store *open_store(const struct config *config, bool may_migrate);

/* "sentinel-server: MESSAGE" on stderr; returns `status`. */
int complain(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a call that is wrong: 2, and where help is. */
int complain_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
