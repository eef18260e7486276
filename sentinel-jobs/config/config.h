/* SPDX-License-Identifier: MIT */
#ifndef JOBS_CONFIG_CONFIG_H
#define JOBS_CONFIG_CONFIG_H

#include "common/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * Keys and their values, for server and worker: from a file of KEY=VALUE lines (what systemd's EnvironmentFile and
 * docker's --env-file read, so one file serves all) and from the environment, which wins. A key that is not in the
 * table is refused, in the file and, if it begins with SENTINEL_, in the environment too.
 */
struct config {
    /* where things are */
    char *listen;       /* SENTINEL_LISTEN */
    char *database_url; /* DATABASE_URL */
    char *rabbitmq_url; /* RABBITMQ_URL */
    char *redis_url;    /* REDIS_URL */
    char *state_dir;    /* SENTINEL_STATE_DIR: the embedded store and queue */
    char *web_root;     /* SENTINEL_WEB_ROOT */
    char *user;         /* SENTINEL_USER */
    /* HTTP */
    char *tls_certificate;
    char *tls_key;
    char **trusted_proxies; /* NULL-terminated */
    char **cors_origins;    /* NULL-terminated */
    char *auth;             /* SENTINEL_AUTH: "auto" (keys unless on loopback), "keys", "open" */
    uint64_t rate_limit;    /* SENTINEL_RATE_LIMIT: submissions a minute */
    uint64_t body_max;      /* bytes */
    uint64_t source_max;    /* bytes */
    uint64_t batch_max;     /* submissions in one request */
    uint64_t wait_max_ms;
    uint64_t queue_max; /* waiting jobs above which submissions are refused; 0: no bound */
    /* execution */
    uint64_t slots; /* 0: one for each CPU */
    uint64_t time_max_ms;
    uint64_t memory_max_kb;
    uint64_t output_max_kb;
    uint64_t output_kb;
    uint64_t cases_max;
    uint64_t attempts_max;
    uint64_t lease_ms;
    uint64_t drain_ms;
    char **relax; /* layers, NULL-terminated */
    bool cache;
    char *language_path; /* SENTINEL_LANGUAGE_PATH, which the library looks for in the environment */
    /* keeping */
    uint64_t retention_hours;
    /* telling */
    char *log_level;
    char *otlp_endpoint; /* OTEL_EXPORTER_OTLP_ENDPOINT */
    char *webhook_secret;
    char **webhook_allow; /* CIDR ranges that callbacks may go to although they are not public */
};

enum config_program { CONFIG_SERVER = 1, CONFIG_WORKER = 2 };

/*
 * path NULL: no file. `environment` as environ(7). *ret_config ends by config_free(). An empty value is the default. Of
 * keys that are the other program's the values are the defaults, whatever is in the file. Values that others need are
 * checked for their form, not for what they lead to. FAIL_NOT_FOUND (no such file), FAIL_INVALID (with key, place and
 * what is expected; never a secret), FAIL_LIMIT (the file).
 */
int config_load(enum config_program program, const char *path, char *const *environment, struct config **ret_config,
                struct failure *failure);
void config_free(struct config *config);
/* These print to a stream and return 0 or FAIL_UNAVAILABLE (it could not be written). */
/* The table as a complete .env.example: each key with what it means and its default. */
int config_print_example(FILE *to);
/* The same for people, as a table in Markdown. */
int config_print_markdown(FILE *to);
/* Every key with its value for --check-config; secrets as "(set)", URLs without their passwords. */
int config_print(const struct config *config, enum config_program program, FILE *to);

#endif
