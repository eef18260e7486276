/* SPDX-License-Identifier: MIT */
#include "language/toolchain.h"

#include "base/clock.h"
#include "cache/stamps.h"

#include <pthread.h>
#include <string.h>

/* The last look, through which cache: each has its own order of the files. */
struct sn__toolchain_memory {
    pthread_mutex_t lock;
    uint64_t looked_ns; /* before the look began; 0: there was none */
    uint8_t cache[SN__DIGEST_SIZE];
    uint8_t fingerprint[SN__DIGEST_SIZE];
};

static const char *program_of(const struct sn__manifest_step *step)
{
    return step && step->command[0][0] == '/' ? step->command[0] : NULL;
}

static int add_list(struct sn__buffer *list, char *const *paths, uint32_t count)
{
    int r = 0;

    for (uint32_t i = 0; r == 0 && i < count; i++)
        r = sn__stamps_add(list, paths[i]);
    return r;
}

static int collect(const struct sn__manifest *manifest, struct sn__buffer *list)
{
    const struct sn__manifest_toolchain *toolchain = manifest->toolchain;
    const char *programs[] = {program_of(manifest->compile), program_of(manifest->run)};
    int r = add_list(list, manifest->required, manifest->required_count);

    for (size_t i = 0; r == 0 && i < SN_ARRAY_SIZE(programs); i++)
        r = programs[i] ? sn__stamps_add(list, programs[i]) : 0;
    if (r == 0)
        r = add_list(list, toolchain->files, toolchain->files_count);
    for (uint32_t i = 0; r == 0 && i < toolchain->directories_count; i++)
        r = sn__stamps_add_tree(list, toolchain->directories[i], false);
    for (uint32_t i = 0; r == 0 && i < toolchain->trees_count; i++)
        r = sn__stamps_add_tree(list, toolchain->trees[i], true);
    return r;
}

static void add_texts(struct sn__digest *digest, char *const *texts, uint32_t count)
{
    sn__digest_add_number(digest, count);
    for (uint32_t i = 0; i < count; i++)
        sn__digest_add_text(digest, texts[i]);
}

/* Under which key the list of a manifest is remembered: what collect() looks at. */
static void list_key(const struct sn__manifest *manifest, uint8_t ret_key[SN__DIGEST_SIZE])
{
    const struct sn__manifest_toolchain *toolchain = manifest->toolchain;
    struct sn__digest digest;

    sn__digest_init(&digest);
    sn__digest_add_text(&digest, "toolchain 1");
    sn__digest_add_text(&digest, program_of(manifest->compile));
    sn__digest_add_text(&digest, program_of(manifest->run));
    add_texts(&digest, manifest->required, manifest->required_count);
    add_texts(&digest, toolchain->files, toolchain->files_count);
    add_texts(&digest, toolchain->directories, toolchain->directories_count);
    add_texts(&digest, toolchain->trees, toolchain->trees_count);
    sn__digest_end(&digest, ret_key);
}

int sn__toolchain_fingerprint(struct sn__cache *cache, const struct sn__manifest *manifest,
                              uint8_t ret_fingerprint[SN__DIGEST_SIZE])
{
    cleanup_buffer struct sn__buffer list = {0};
    cleanup_free char *known = NULL;
    uint8_t key[SN__DIGEST_SIZE];
    size_t length = 0;
    int r;

    list_key(manifest, key);
    r = sn__cache_get(cache, SN__CACHE_TOOLCHAINS, key, &known, &length);
    if (r == 1 && sn__stamps_hold(known, length)) {
        sn__digest_of(known, length, ret_fingerprint);
        return 0;
    }
    if (r < 0)
        return r;
    r = collect(manifest, &list);
    if (r < 0)
        return r;
    /* where it cannot be kept, it is collected again next time */
    (void)sn__cache_put(cache, SN__CACHE_TOOLCHAINS, key, list.data, list.length);
    sn__digest_of(list.data, list.length, ret_fingerprint);
    return 0;
}

struct sn__toolchain_memory *sn__toolchain_memory_new(void)
{
    struct sn__toolchain_memory *memory = calloc(1, sizeof(*memory));

    if (memory)
        pthread_mutex_init(&memory->lock, NULL);
    return memory;
}

void sn__toolchain_memory_free(struct sn__toolchain_memory *memory)
{
    if (!memory)
        return;
    pthread_mutex_destroy(&memory->lock);
    free(memory);
}

/* The lock is held while it looks: whoever comes meanwhile would look at the same. */
int sn__toolchain_fingerprint_recent(struct sn__cache *cache, const sn_language *language,
                                     uint8_t ret_fingerprint[SN__DIGEST_SIZE])
{
    struct sn__toolchain_memory *memory = language->toolchain;
    uint8_t of[SN__DIGEST_SIZE];
    uint64_t now;
    int r = 0;

    sn__digest_of(cache->path, strlen(cache->path), of);
    pthread_mutex_lock(&memory->lock);
    now = sn__now_ns();
    if (!memory->looked_ns || now - memory->looked_ns >= SN__TOOLCHAIN_RECENT_MS * UINT64_C(1000000) ||
        memcmp(of, memory->cache, sizeof(of)) != 0) {
        r = sn__toolchain_fingerprint(cache, language->manifest, memory->fingerprint);
        memory->looked_ns = r < 0 ? 0 : now;
        memcpy(memory->cache, of, sizeof(of));
    }
    memcpy(ret_fingerprint, memory->fingerprint, SN__DIGEST_SIZE);
    pthread_mutex_unlock(&memory->lock);
    return r;
}

/* Is one of the two the other, or in it? */
static bool overlap(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), shorter = n < m ? n : m;

    if (strncmp(a, b, shorter) != 0)
        return false;
    return n == m || (n < m ? b[n] == '/' || a[n - 1] == '/' : a[m] == '/' || b[m - 1] == '/');
}

static bool overlaps(char *const *paths, uint32_t count, const char *target)
{
    for (uint32_t i = 0; i < count; i++) {
        if (overlap(paths[i], target))
            return true;
    }
    return false;
}

bool sn__toolchain_is_hidden_by(const struct sn__manifest *manifest, const char *target)
{
    const struct sn__manifest_toolchain *toolchain = manifest->toolchain;
    const char *programs[] = {program_of(manifest->compile), program_of(manifest->run)};

    for (size_t i = 0; i < SN_ARRAY_SIZE(programs); i++) {
        if (programs[i] && overlap(programs[i], target))
            return true;
    }
    return overlap(SN__PREPARED_TARGET, target) || overlap("/etc", target) || overlap("/work", target) ||
           overlaps(manifest->required, manifest->required_count, target) ||
           overlaps(toolchain->files, toolchain->files_count, target) ||
           overlaps(toolchain->directories, toolchain->directories_count, target) ||
           overlaps(toolchain->trees, toolchain->trees_count, target);
}
