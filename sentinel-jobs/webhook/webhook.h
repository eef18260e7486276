/* SPDX-License-Identifier: MIT */
#ifndef JOBS_WEBHOOK_WEBHOOK_H
#define JOBS_WEBHOOK_WEBHOOK_H

#include "common/failure.h"
#include "store/store.h"

#include <netinet/in.h>
#include <stdbool.h>

/*
 * Theory of operation. A job's result is POSTed to its callback_url, wherever the submitter says: so the address is the
 * enemy's. Every address is judged when the connection is made to it, after all names are resolved and for each
 * redirect anew, so that neither a second answer of the DNS nor a redirect leads elsewhere; no proxy and no protocol
 * but http and https is used. What is not a public unicast address is refused, IPv4 in IPv6 (mapped, 6to4, NAT64) by
 * the IPv4 address.
 */

/*
 * Ranges that the operator lets callbacks go to although they are not public; NULL-terminated CIDR texts
 * ("10.1.0.0/16", "fd00::/8"; without a length, one address), or NULL. FAIL_INVALID names the one that is none.
 */
int webhook_allow_check(const char *const *allow, struct failure *failure);
/* May a connection be made to it? */
bool webhook_address_is_allowed(const struct sockaddr *address, const char *const *allow);
/*
 * At submission: is it an http or https URL that is not plainly refused? Names are not looked up. FAIL_INVALID with the
 * reason, which does not repeat the URL.
 */
int webhook_url_check(const char *url, const char *const *allow, struct failure *failure);

/*
 * The courier: threads that take due webhooks from the store and deliver them, some at once. Several servers may have
 * one each. Headers: Sentinel-Event: submission.finished, Sentinel-Delivery: the job, Sentinel-Attempt,
 * Sentinel-Timestamp (seconds), Sentinel-Signature: "v1=" and the hex HMAC-SHA256 of TIMESTAMP "." BODY under the
 * secret. 2xx is delivered; others are tried again after 5 s, 30 s, 2 min, 10 min, 1 h, 6 h, then given up; 410 and
 * refused addresses at once. At most three redirects are followed, each with the POST.
 */
struct courier;
struct courier_options {
    struct store *store;
    const char *secret; /* NULL or "": not signed */
    const char *const *allow;
    const char *user_agent;
    uint64_t timeout_ms; /* of one delivery; 0: 10 s */
    const char *ca_file; /* PEM, whom receivers' certificates are to be of; NULL: the system's */
    /* For tests: how long the pauses are, in percent; 0: 100. */
    unsigned backoff_scale_percent;
    /* Both are called by the courier's threads: by several at once, and perhaps before courier_start() returns. */
    /* The body for a job: JSON text, to be freed with free(); NULL: not now. */
    char *(*make_body)(void *arg, const struct uuid *job);
    /* "delivered", "retried", "given_up": for metrics. May be NULL. */
    void (*on_outcome)(void *arg, const char *what);
    void *arg;
};
/* Copies the strings. FAIL_INVALID: `allow`, as webhook_allow_check(). */
int courier_start(const struct courier_options *options, struct courier **ret_courier, struct failure *failure);
/* Something may be due now. Any thread. */
void courier_wake(struct courier *courier);
/* What is under way is broken off and due again at once, as its next attempt. NULL is accepted. */
void courier_stop(struct courier *courier);

#endif
