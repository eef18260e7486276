/* SPDX-License-Identifier: MIT */
#include "api/admit.h"

#include "base/clock.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* How long a revoked key may still be taken for valid. */
#define CACHE_NS UINT64_C(2000000000)
enum { CACHE_SIZE = 256 };

/* A table without chains: two keys of one place push each other out, which costs a look-up. */
struct key_cache {
    pthread_mutex_t lock;
    struct {
        struct api_key key;
        uint64_t until;
    } entries[CACHE_SIZE];
};

struct key_cache *key_cache_make(void)
{
    struct key_cache *cache = calloc(1, sizeof(*cache));

    if (cache)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void key_cache_free(struct key_cache *cache)
{
    if (!cache)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void key_digest(const char *secret, uint8_t hash[32])
{
    /* The secret has 256 random bits: there is nothing to guess that a slow hash would protect. */
    EVP_Digest(secret, strlen(secret), hash, NULL, EVP_sha256(), NULL);
}

int key_make(char secret[KEY_SECRET_SIZE], struct api_key *ret_key)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char random[43 + 8];
    struct api_key key = {0};

    if (RAND_bytes(random, sizeof(random)) != 1)
        return FAIL_INTERNAL;
    memcpy(secret, "snt_", 4);
    for (int i = 0; i < 43; i++)
        secret[4 + i] = digits[random[i] & 63];
    secret[47] = '\0';
    memcpy(key.id, "key_", 4);
    for (int i = 0; i < 8; i++)
        snprintf(key.id + 4 + (ptrdiff_t)2 * i, 3, "%02x", random[43 + i]);
    key_digest(secret, key.hash);
    *ret_key = key;
    return 0;
}

int key_find(struct api *api, const char *secret, struct api_key *ret_key, struct failure *failure)
{
    struct key_cache *cache = api->keys;
    uint8_t hash[32];
    size_t place;
    bool is_there;
    int error;

    key_digest(secret, hash);
    place = (hash[0] | hash[1] << 8) % CACHE_SIZE;
    pthread_mutex_lock(&cache->lock);
    is_there =
        cache->entries[place].until > sn__now_ns() && memcmp(cache->entries[place].key.hash, hash, sizeof(hash)) == 0;
    if (is_there)
        *ret_key = cache->entries[place].key;
    pthread_mutex_unlock(&cache->lock);
    if (is_there)
        return 0;
    error = store_key_find(api->store, hash, ret_key, failure);
    if (error < 0)
        return error;
    pthread_mutex_lock(&cache->lock);
    cache->entries[place].key = *ret_key;
    cache->entries[place].until = sn__now_ns() + CACHE_NS;
    pthread_mutex_unlock(&cache->lock);
    return 0;
}
