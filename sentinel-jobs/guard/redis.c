/* SPDX-License-Identifier: MIT */
#include "guard/backend.h"

#include "base/cleanup.h"
#include "guard/arguments.h"
#include "guard/redis_pool.h"
#include "guard/redis_scripts.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>

/*
 * Theory of operation
 *
 * Each call is one script (redis_scripts.h), sent by its hash; a Redis that does not know it (started anew, or its
 * scripts flushed) is sent its text instead, which makes it known. Connections and what happens while Redis is away
 * are redis_pool.h's. guard_open() does not connect, so that the service starts without Redis too; guard_ping() tells.
 */
struct script {
    const char *text;
    char hash[41];
};

struct redis_guard {
    struct redis_pool *pool;
    struct script claim;
    struct script release;
    struct script rate;
};

/* Names may hold any byte but NUL; a word is sent by its length. */
#define WORDS_MAX 10
struct words {
    int count;
    const char *text[WORDS_MAX];
    size_t lengths[WORDS_MAX];
};

static void add_word(struct words *words, const char *text)
{
    words->text[words->count] = text;
    words->lengths[words->count] = strlen(text);
    words->count++;
}

static int make_script(const char *text, struct script *script, struct failure *failure)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(text, strlen(text), digest, &length, EVP_sha1(), NULL) != 1 || length != 20)
        return fail(failure, FAIL_INTERNAL, "there is no SHA-1, by which Redis knows scripts");
    script->text = text;
    for (size_t i = 0; i < 20; i++)
        snprintf(script->hash + 2 * i, 3, "%02x", digest[i]);
    return 0;
}

static void redis_close(void *self)
{
    struct redis_guard *guard = self;

    redis_pool_free(guard->pool);
    free(guard);
}

static int redis_open(const char *url, void **ret_self, struct failure *failure)
{
    struct redis_guard *guard = calloc(1, sizeof(*guard));
    int error;

    if (!guard)
        return fail_nomem(failure);
    error = make_script(redis_script_claim, &guard->claim, failure);
    if (error == 0)
        error = make_script(redis_script_release, &guard->release, failure);
    if (error == 0)
        error = make_script(redis_script_rate, &guard->rate, failure);
    if (error == 0)
        error = redis_pool_make(url, &guard->pool, failure);
    if (error < 0) {
        redis_close(guard);
        return error;
    }
    *ret_self = guard;
    return 0;
}

/*
 * What Redis says instead of an answer. Most of it passes (LOADING, BUSY, OOM, READONLY, MISCONF...); ERR and WRONGTYPE
 * are somebody's mistake. Only the code is told: the text may repeat what was sent.
 */
static int fail_reply(struct failure *failure, const redisReply *reply)
{
    int length;

    if (reply->type != REDIS_REPLY_ERROR)
        return fail(failure, FAIL_INTERNAL, "Redis answers with another type (%d) than it was asked for", reply->type);
    length = (int)strcspn(reply->str, " \r\n");
    if (strncmp(reply->str, "ERR ", 4) == 0 || strncmp(reply->str, "WRONGTYPE ", 10) == 0)
        return fail(failure, FAIL_INTERNAL, "Redis cannot carry out a script of the guard: %.*s", length, reply->str);
    return fail(failure, FAIL_UNAVAILABLE, "Redis cannot serve now: %.*s", length, reply->str);
}

static int redis_ping(void *self, struct failure *failure)
{
    struct redis_guard *guard = self;
    struct words words = {0};
    redisReply *reply;
    int error;

    add_word(&words, "PING");
    error = redis_pool_call(guard->pool, words.count, words.text, words.lengths, &reply, failure);
    if (error < 0)
        return error;
    if (reply->type != REDIS_REPLY_STATUS)
        error = fail_reply(failure, reply);
    freeReplyObject(reply);
    return error;
}

/* Fills in the script before the words that follow: the number of keys, the keys and the arguments. */
static int run_script(struct redis_guard *guard, const struct script *script, struct words *words,
                      redisReply **ret_reply, struct failure *failure)
{
    redisReply *reply;
    int error;

    words->text[0] = "EVALSHA";
    words->lengths[0] = strlen(words->text[0]);
    words->text[1] = script->hash;
    words->lengths[1] = strlen(script->hash);
    error = redis_pool_call(guard->pool, words->count, words->text, words->lengths, &reply, failure);
    if (error < 0)
        return error;
    if (reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, "NOSCRIPT", 8) == 0) {
        freeReplyObject(reply);
        words->text[0] = "EVAL";
        words->lengths[0] = strlen(words->text[0]);
        words->text[1] = script->text;
        words->lengths[1] = strlen(script->text);
        error = redis_pool_call(guard->pool, words->count, words->text, words->lengths, &reply, failure);
        if (error < 0)
            return error;
    }
    *ret_reply = reply;
    return 0;
}

static int run_for_integer(struct redis_guard *guard, const struct script *script, struct words *words,
                           struct failure *failure, long long *ret_integer)
{
    redisReply *reply;
    int error = run_script(guard, script, words, &reply, failure);

    if (error < 0)
        return error;
    if (reply->type == REDIS_REPLY_INTEGER)
        *ret_integer = reply->integer;
    else
        error = fail_reply(failure, reply);
    freeReplyObject(reply);
    return error;
}

static struct words words_of_claim(const char *name, const char *owner)
{
    struct words words = {.count = 2};

    add_word(&words, "2");
    add_word(&words, REDIS_KEY_CLAIMS);
    add_word(&words, REDIS_KEY_OWNERS);
    add_word(&words, name);
    add_word(&words, owner);
    return words;
}

static int claim_or_take(void *self, const char *name, const char *owner, uint64_t ttl_ms, const char *is_taken_over,
                         struct failure *failure)
{
    struct words words = words_of_claim(name, owner);
    char ttl[24];
    long long answer = 0;
    int error = guard_check_claim(name, owner, ttl_ms, failure);

    if (error < 0)
        return error;
    snprintf(ttl, sizeof(ttl), "%" PRIu64, ttl_ms);
    add_word(&words, ttl);
    add_word(&words, is_taken_over);
    error = run_for_integer(self, &((struct redis_guard *)self)->claim, &words, failure, &answer);
    return error < 0 ? error : answer == 1;
}

static int redis_claim(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    return claim_or_take(self, name, owner, ttl_ms, "0", failure);
}

static int redis_take_over(void *self, const char *name, const char *owner, uint64_t ttl_ms, struct failure *failure)
{
    int result = claim_or_take(self, name, owner, ttl_ms, "1", failure);

    return result < 0 ? result : 0;
}

static int redis_release(void *self, const char *name, const char *owner, struct failure *failure)
{
    struct words words = words_of_claim(name, owner);
    long long answer = 0;
    int error = guard_check_claim(name, owner, 1, failure);

    if (error < 0)
        return error;
    error = run_for_integer(self, &((struct redis_guard *)self)->release, &words, failure, &answer);
    if (error == 0 && answer < 0)
        return fail(failure, FAIL_CONFLICT, "the claim is another's");
    return error;
}

static bool is_rate(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 4)
        return false;
    for (size_t i = 0; i < reply->elements; i++)
        if (reply->element[i]->type != REDIS_REPLY_INTEGER || reply->element[i]->integer < 0)
            return false;
    return true;
}

static int redis_rate(void *self, const char *name, uint32_t limit, uint64_t window_ms, uint32_t cost,
                      struct guard_rate *ret_rate, struct failure *failure)
{
    struct redis_guard *guard = self;
    struct words words = {.count = 2};
    char key[sizeof(REDIS_KEY_RATE) + GUARD_NAME_MAX];
    char numbers[4][24];
    redisReply *reply;
    int error = guard_check_rate(name, window_ms, failure);

    if (error < 0)
        return error;
    snprintf(key, sizeof(key), REDIS_KEY_RATE "%s", name);
    snprintf(numbers[0], sizeof(numbers[0]), "%" PRIu32, limit);
    snprintf(numbers[1], sizeof(numbers[1]), "%" PRIu64, window_ms * 1000);
    snprintf(numbers[2], sizeof(numbers[2]), "%" PRIu64, guard_granularity(limit, window_ms * 1000));
    snprintf(numbers[3], sizeof(numbers[3]), "%" PRIu32, cost);
    add_word(&words, "1");
    add_word(&words, key);
    for (size_t i = 0; i < SN_ARRAY_SIZE(numbers); i++)
        add_word(&words, numbers[i]);
    error = run_script(guard, &guard->rate, &words, &reply, failure);
    if (error < 0)
        return error;
    if (is_rate(reply))
        *ret_rate = (struct guard_rate){.is_allowed = reply->element[0]->integer == 1,
                                        .limit = limit,
                                        .remaining = (uint32_t)reply->element[1]->integer,
                                        .retry_after_ms = (uint64_t)reply->element[2]->integer,
                                        .reset_ms = (uint64_t)reply->element[3]->integer};
    else
        error = fail_reply(failure, reply);
    freeReplyObject(reply);
    return error;
}

static const char *const prefixes[] = {"redis://", "rediss://", "unix:", NULL};

const struct guard_backend guard_redis = {
    .name = "redis",
    .prefixes = prefixes,
    .open = redis_open,
    .close = redis_close,
    .ping = redis_ping,
    .claim = redis_claim,
    .take_over = redis_take_over,
    .release = redis_release,
    .rate = redis_rate,
};
