/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WEBHOOK_POST_H
#define JOBS_WEBHOOK_POST_H

#include "observe/transfer.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attempt to deliver a body to wherever somebody unknown has said. */
struct post {
    const char *url;
    const char *body;
    size_t length;
    struct curl_slist *headers;
    const char *user_agent;   /* NULL: none */
    const char *ca_file;      /* NULL: the system's */
    const char *const *allow; /* as webhook_address_is_allowed() */
    uint64_t timeout_ms;      /* of it all, redirects included */
    bool (*is_over)(void *arg);
    void *arg;
};

enum post_verdict {
    POST_DELIVERED, /* 2xx */
    POST_AGAIN,     /* another time perhaps */
    POST_NEVER,     /* 410, or it leads where nobody may go */
    POST_BROKEN_OFF /* is_over() said so */
};

#define POST_REASON_SIZE 160

/* The reason is written unless it is delivered: a sentence for the submitter, without the URL or its address. */
enum post_verdict post_deliver(struct transfer *transfer, const struct post *post, char reason[POST_REASON_SIZE]);

#endif
