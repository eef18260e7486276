/* SPDX-License-Identifier: MIT */
#ifndef JOBS_OBSERVE_TRANSFER_H
#define JOBS_OBSERVE_TRANSFER_H

#include "common/failure.h"

#include <curl/curl.h>
#include <stdbool.h>

/*
 * One HTTP transfer after the other, by libcurl, on one thread; it can be given up at any time, while a name is looked
 * up too. All zero is a closed one.
 */
struct transfer {
    CURLM *multi;
    CURL *easy;
};

int transfer_open(struct transfer *ret_transfer, struct failure *failure);
void transfer_close(struct transfer *transfer);
/* All options of `easy` as they are at first, and those that are the same for everybody. */
CURLcode transfer_reset(struct transfer *transfer);
/* Asks several times a second whether to give up: CURLE_ABORTED_BY_CALLBACK. */
CURLcode transfer_perform(struct transfer *transfer, bool (*is_over)(void *arg), void *arg);

/* Sets one option unless one before failed: `code` is the first failure. */
#define TRANSFER_SET(code, easy, option, value)                                                                        \
    do {                                                                                                               \
        if ((code) == CURLE_OK)                                                                                        \
            (code) = curl_easy_setopt(easy, option, value);                                                            \
    } while (0)

#endif
