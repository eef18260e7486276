/* SPDX-License-Identifier: MIT */
#ifndef JOBS_HTTP_ADDRESS_H
#define JOBS_HTTP_ADDRESS_H

#include "common/failure.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Of a client: IPv6, with IPv4 mapped into it; or of this host, over a unix socket. */
struct http__address {
    struct in6_addr in6;
    bool is_unix;
};

#define HTTP__ADDRESS_TEXT INET6_ADDRSTRLEN

struct http__ranges;
/* Addresses and CIDR ranges, and "unix" for whoever comes over a unix socket; NULL list: none. */
int http__ranges_make(const char *const *texts, struct http__ranges **ret_ranges, struct failure *failure);
void http__ranges_free(struct http__ranges *ranges);
bool http__ranges_have(const struct http__ranges *ranges, const struct http__address *address);

struct http__address http__address_of(const struct sockaddr *name, socklen_t length);
/* With or without a port, "[...]" around IPv6 or not. */
bool http__address_parse(const char *text, size_t length, struct http__address *ret_address);
void http__address_print(const struct http__address *address, char text[HTTP__ADDRESS_TEXT]);
bool http__address_is_loopback(const struct http__address *address);

#endif
