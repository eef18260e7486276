/* SPDX-License-Identifier: MIT */
#ifndef JOBS_PROCESS_FILES_H
#define JOBS_PROCESS_FILES_H

#include "common/failure.h"
#include "config/config.h"

#include <stddef.h>

/*
 * Files that the configuration names and the frontend reads, most of them again and again: authorities with each new
 * connection, a certificate with each SIGHUP. Programs such as certbot replace a file by renaming another one over it,
 * which a Landlock rule on the file does not survive, whereas one on its directory does. So what is allowed is the
 * directory, and that of the file which a link there leads to.
 */

/* Those in URLs. */
struct named_file {
    const char *key;       /* of the configuration */
    const char *parameter; /* of the URL */
    char *path;
};
#define NAMED_FILES_MAX 8
struct named_files {
    struct named_file all[NAMED_FILES_MAX];
    size_t count;
};
#define cleanup_files __attribute__((cleanup(files_free)))
/* FAIL_INVALID: a URL that cannot be understood, or a path in one that is not absolute. */
int files_find(const struct config *config, struct named_files *ret_files, struct failure *failure);
void files_free(struct named_files *files);

/* Is its directory one that the frontend may have all of? Not of /etc/key.pem: then only the file is allowed. */
bool files_has_directory(const char *path);

/*
 * All that the frontend has to be allowed to read, NULL-terminated. FAIL_NOT_FOUND: a file is not there.
 * Ends by files_free_places(), a cleanup function.
 */
int files_places(const struct config *config, char ***ret_places, struct failure *failure);
void files_free_places(char ***places);

#endif
