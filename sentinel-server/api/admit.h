/* SPDX-License-Identifier: MIT */
#ifndef SERVER_API_ADMIT_H
#define SERVER_API_ADMIT_H

#include "api/api.h"

/* Who asks. */
struct caller {
    char key_id[24]; /* "" without a key, in open mode */
    unsigned scopes;
    unsigned per_minute; /* 0: the server's default */
    char address[48];    /* http_request's */
    bool is_stranger;    /* anybody at all, whom SENTINEL_AUTH=open lets in: an id is all that leads him to a job */
};

/* What a request counts as. */
enum admit_rate {
    ADMIT_FREE,   /* is not counted */
    ADMIT_READ,   /* there are ten times as many of these */
    ADMIT_SUBMIT, /* each submission counts, and of its test cases each ten */
};

/*
 * Is this caller known, may he do that, and not too often? Otherwise the response is answered (401, 403, 429, 503), and
 * it is false. The key comes as "Authorization: Bearer KEY", "X-API-Key: KEY", or, where a browser can set no such
 * header, as the protocol "sentinel.key.KEY" that a WebSocket offers, or the parameter access_token.
 */
bool admit(struct api *api, const struct http_request *request, struct http_response *response, unsigned scope,
           enum admit_rate rate, uint32_t cost, struct caller *ret_caller);
/* The second half of it alone, for who was admitted by ADMIT_FREE because the cost was not known yet. */
bool is_within_rate(struct api *api, const struct http_request *request, struct http_response *response,
                    const struct caller *caller, enum admit_rate rate, uint32_t cost);
/*
 * The same for `read` of what tells of the whole service: SENTINEL_AUTH=open lets nobody see it without a key who is
 * not on this host.
 */
bool admit_observer(struct api *api, const struct http_request *request, struct http_response *response,
                    enum admit_rate rate, struct caller *ret_caller);
/* Did it come from this host, through no proxy, and by a name that no page of somebody else can have? */
bool is_from_this_host(const struct http_request *request);
/* His own jobs, or everybody's to an administrator. */
bool caller_may_see(const struct caller *caller, const struct job *job);
/* What of a job he is shown: flags for job_view(). */
unsigned caller_view(const struct caller *caller);
/* Of a line of the log by which he can be found. It points to what it is given. */
struct log_about caller_about(const struct caller *caller, const char *request_id, const struct uuid *job);

/* The job that the path names, if this caller may see it; else it is answered (400, 404, 503), and it is false. */
bool find_job(struct api *api, const struct http_request *request, struct http_response *response,
              const struct caller *caller, unsigned with, struct job **ret_job);

/*
 * Has the query no parameter but these (NULL-terminated; access_token besides)? A mistyped filter would show more than
 * was meant. Else it is answered (400), and it is false.
 */
bool has_only_parameters(const struct http_request *request, struct http_response *response, const char *const *known);

/*
 * A parameter that is a number within `least` to `most`; *number stays as it is if there is none. Else it is answered
 * (400), and it is false.
 */
bool number_parameter(const struct http_request *request, struct http_response *response, const char *name,
                      uint32_t least, uint32_t most, uint32_t *number);

/* Keys that were looked up a moment ago. */
struct key_cache *key_cache_make(void);
void key_cache_free(struct key_cache *cache);

/* Through the cache. FAIL_NOT_FOUND; a revoked key is found, too. */
int key_find(struct api *api, const char *secret, struct api_key *ret_key, struct failure *failure);
/* A new secret, "snt_" and 43 characters, and what is stored of it. 0 or FAIL_INTERNAL. */
#define KEY_SECRET_SIZE 48
int key_make(char secret[KEY_SECRET_SIZE], struct api_key *ret_key);
void key_digest(const char *secret, uint8_t hash[32]);

#endif
