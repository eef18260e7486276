/* SPDX-License-Identifier: MIT */
#include "config/table.h"

#include "base/cleanup.h"

#include <string.h>

#define BOTH (CONFIG_SERVER | CONFIG_WORKER)
#define AT(field) offsetof(struct config, field)

static const char *const database_prefixes[] = {"postgresql://", "postgres://", "sqlite:", NULL};
static const char *const broker_prefixes[] = {"amqp://", "amqps://", NULL};
static const char *const redis_prefixes[] = {"redis://", "unix:", NULL};
static const char *const web_prefixes[] = {"http://", "https://", NULL};
static const char *const auth_words[] = {"auto", "keys", "open", NULL};
static const char *const log_words[] = {"debug", "info", "warn", "error", NULL};

const struct config_key config_keys[] = {
    {"SENTINEL_LISTEN", KIND_LISTEN, BOTH, AT(listen), .fallback = "127.0.0.1:8080",
     .worker_fallback = "127.0.0.1:9090", .heading = "Where things are",
     .meaning = "Where HTTP is answered: HOST:PORT, [IPV6]:PORT or unix:/PATH. The worker answers /health and /metrics "
                "only."},
    {"DATABASE_URL", KIND_URL, BOTH, AT(database_url), .fallback = "", .words = database_prefixes,
     .meaning = "Jobs, results and API keys: postgresql://USER:PASSWORD@HOST/DATABASE, or sqlite:/PATH below "
                "SENTINEL_STATE_DIR. Across a network with ?sslmode=verify-full&sslrootcert=/PATH, or nobody is "
                "verified. Empty: SQLite in SENTINEL_STATE_DIR."},
    {"RABBITMQ_URL", KIND_URL, BOTH, AT(rabbitmq_url), .fallback = "", .words = broker_prefixes,
     .meaning =
         "The queue of a fleet of workers: amqp://USER:PASSWORD@HOST/VHOST, or amqps:// with TLS, which verifies the "
         "broker by the host's authorities or by those of ?cacertfile=/PATH; needs DATABASE_URL. Empty: the server has "
         "a queue of its own and executes by itself."},
    {"REDIS_URL", KIND_URL, BOTH, AT(redis_url), .fallback = "", .words = redis_prefixes,
     .meaning = "Rates and claims that several servers share: redis://:PASSWORD@HOST/DB. Empty: each server counts for "
                "itself."},
    {"SENTINEL_STATE_DIR", KIND_PATH, BOTH, AT(state_dir), .fallback = "",
     .meaning = "Directory of the embedded store and queue. Empty: /var/lib/sentinel as root, else sentinel in "
                "$XDG_STATE_HOME or ~/.local/state."},
    {"SENTINEL_WEB_ROOT", KIND_PATH, CONFIG_SERVER, AT(web_root), .fallback = "",
     .meaning =
         "Directory of a web interface's files, index.html among them. Empty: that which is installed, or was built in "
         "the same source tree, if there is one."},
    {"SENTINEL_USER", KIND_USER, BOTH, AT(user), .fallback = "sentinel",
     .meaning =
         "Who the process that reads the network becomes, if the service is started as root: a name, or a uid that "
         "needs no entry in passwd."},

    {"SENTINEL_TLS_CERTIFICATE", KIND_PATH, CONFIG_SERVER, AT(tls_certificate), .fallback = "", .heading = "HTTP",
     .meaning = "PEM file of the certificate and its chain, which SIGHUP loads anew with the key. Empty: plain HTTP."},
    {"SENTINEL_TLS_KEY", KIND_PATH, CONFIG_SERVER, AT(tls_key), .fallback = "",
     .meaning = "PEM file of its key; both or none."},
    {"SENTINEL_TRUSTED_PROXIES", KIND_RANGES, CONFIG_SERVER, AT(trusted_proxies), .fallback = "",
     .meaning = "Addresses and CIDR ranges of proxies whose X-Forwarded-For is believed."},
    {"SENTINEL_CORS_ORIGINS", KIND_ORIGINS, CONFIG_SERVER, AT(cors_origins), .fallback = "",
     .meaning = "Origins whose pages may call the API from a browser, such as https://example.org; * is any."},
    {"SENTINEL_AUTH", KIND_WORD, CONFIG_SERVER, AT(auth), .fallback = "auto", .words = auth_words,
     .meaning =
         "keys: requests need an API key. open: anybody may submit, and read and cancel what he knows the id of; "
         "administration needs a key. auto: keys, unless SENTINEL_LISTEN is a loopback address or a socket."},
    {"SENTINEL_RATE_LIMIT", KIND_NUMBER, CONFIG_SERVER, AT(rate_limit), .fallback = "100", .most = 1000000,
     .meaning =
         "Submissions a minute by one key, or one address without a key, of which ten test cases count as one, and ten "
         "times as many other requests; 0: no limit."},
    {"SENTINEL_BODY_MAX", KIND_SIZE, CONFIG_SERVER, AT(body_max), .fallback = "20M", .least = 1 << 10, .most = 1 << 30,
     .meaning = "The largest request."},
    {"SENTINEL_SOURCE_MAX", KIND_SIZE, CONFIG_SERVER, AT(source_max), .fallback = "1M", .least = 1, .most = 64 << 20,
     .meaning = "The longest source of a submission; not more than SENTINEL_BODY_MAX."},
    {"SENTINEL_BATCH_MAX", KIND_NUMBER, CONFIG_SERVER, AT(batch_max), .fallback = "100", .least = 1, .most = 10000,
     .meaning = "The most submissions in one request."},
    {"SENTINEL_WAIT_MAX_MS", KIND_NUMBER, CONFIG_SERVER, AT(wait_max_ms), .fallback = "30000", .most = 600000,
     .meaning = "How long a request may wait for its result."},
    {"SENTINEL_QUEUE_MAX", KIND_NUMBER, CONFIG_SERVER, AT(queue_max), .fallback = "100000", .most = 100000000,
     .meaning = "Waiting jobs above which submissions are refused; 0: no bound."},

    {"SENTINEL_SLOTS", KIND_NUMBER, BOTH, AT(slots), .fallback = "0", .most = 256, .heading = "Execution",
     .meaning = "Jobs that are executed at once; 0: one for each CPU."},
    {"SENTINEL_TIME_MAX_MS", KIND_NUMBER, BOTH, AT(time_max_ms), .fallback = "60000", .least = 1, .most = 86400000,
     .meaning = "The most time that a submission may ask for, for each run."},
    {"SENTINEL_MEMORY_MAX_KB", KIND_NUMBER, BOTH, AT(memory_max_kb), .fallback = "1048576", .least = 1024,
     .most = 1ULL << 32, .meaning = "The most memory that a submission may ask for, in KiB."},
    {"SENTINEL_OUTPUT_MAX_KB", KIND_NUMBER, BOTH, AT(output_max_kb), .fallback = "16384", .least = 1, .most = 1 << 20,
     .meaning = "The most output that a submission may ask for, in KiB, of stdout and stderr each."},
    {"SENTINEL_OUTPUT_KB", KIND_NUMBER, CONFIG_SERVER, AT(output_kb), .fallback = "1024", .least = 1, .most = 1 << 20,
     .meaning = "The output of a submission that asks for no limit of its own, likewise."},
    {"SENTINEL_CASES_MAX", KIND_NUMBER, BOTH, AT(cases_max), .fallback = "256", .least = 1, .most = 100000,
     .meaning = "The most test cases of a submission."},
    {"SENTINEL_ATTEMPTS_MAX", KIND_NUMBER, BOTH, AT(attempts_max), .fallback = "3", .least = 1, .most = 100,
     .meaning = "How often a job is tried whose worker was lost."},
    {"SENTINEL_LEASE_MS", KIND_NUMBER, BOTH, AT(lease_ms), .fallback = "60000", .least = 1000, .most = 86400000,
     .meaning = "How long a job is a worker's that is not heard of any more."},
    {"SENTINEL_DRAIN_MS", KIND_NUMBER, BOTH, AT(drain_ms), .fallback = "25000", .most = 86400000,
     .meaning = "How long what is going on may take at the end, before it is cut."},
    {"SENTINEL_RELAX", KIND_LAYERS, BOTH, AT(relax), .fallback = "",
     .meaning =
         "Layers of isolation that may be missing, such as apparmor,landlock; \"sentinel doctor\" tells which the "
         "host lacks. Empty: none."},
    {"SENTINEL_CACHE", KIND_YES_NO, BOTH, AT(cache), .fallback = "yes",
     .meaning = "Keep what was compiled, for the next submission of the same source."},
    {"SENTINEL_LANGUAGE_PATH", KIND_PATHS, BOTH, AT(language_path), .fallback = "",
     .meaning = "Directories with manifests of languages of your own, or single ones, with colons between; they come "
                "before the installed ones."},

    {"SENTINEL_RETENTION_HOURS", KIND_NUMBER, CONFIG_SERVER, AT(retention_hours), .fallback = "168", .most = 1000000,
     .heading = "Keeping", .meaning = "After how long finished jobs are deleted; 0: never."},

    {"SENTINEL_LOG_LEVEL", KIND_WORD, BOTH, AT(log_level), .fallback = "info", .words = log_words, .heading = "Telling",
     .meaning = "The least that is logged."},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", KIND_URL, BOTH, AT(otlp_endpoint), .fallback = "", .words = web_prefixes,
     .meaning = "Where traces go, by OTLP over HTTP, such as http://127.0.0.1:4318. Empty: nowhere."},
    {"SENTINEL_WEBHOOK_SECRET", KIND_SECRET, CONFIG_SERVER, AT(webhook_secret), .fallback = "", .least = 16,
     .most = 1024, .meaning = "Signs callbacks, so that their receivers know whose they are. Empty: not signed."},
    {"SENTINEL_WEBHOOK_ALLOW", KIND_RANGES, CONFIG_SERVER, AT(webhook_allow), .fallback = "",
     .meaning = "CIDR ranges that callbacks may go to although they are not public."},
};
const size_t config_key_count = SN_ARRAY_SIZE(config_keys);

/* What the library, its command, the programs' own options and the tests look at. */
static const char *const librarys[] = {
    "SENTINEL_DATA_DIR", "SENTINEL_CACHE_DIR",  "SENTINEL_NO_CACHE",        "SENTINEL_CONFIG",
    "SENTINEL_LIBRARY",  "SENTINEL_ATTACK_DIR", "SENTINEL_ATTACK_PROGRAMS",
#ifdef JOBS_KILL_POINTS
    "SENTINEL_KILL_AT",
#endif
};

static bool is(const char *name, const char *other, size_t length)
{
    return strlen(name) == length && memcmp(name, other, length) == 0;
}

const struct config_key *config_find(const char *name, size_t length)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (is(config_keys[i].name, name, length))
            return &config_keys[i];
    return NULL;
}

bool config_is_librarys(const char *name, size_t length)
{
    for (size_t i = 0; i < SN_ARRAY_SIZE(librarys); i++)
        if (is(librarys[i], name, length))
            return true;
    return false;
}

/* Levenshtein distance of names of at most 40 letters; longer ones are never near. */
#define NAME_MAX_LENGTH 40
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LENGTH + 1];
    size_t length = strlen(b);

    if (length > NAME_MAX_LENGTH || strlen(a) > NAME_MAX_LENGTH)
        return NAME_MAX_LENGTH;
    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0]++;

        for (size_t j = 0; j < length; j++) {
            size_t best = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (diagonal + 1 < best)
                best = diagonal + 1;
            row[j + 1] = best;
        }
    }
    return row[length];
}

const char *config_nearest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = 6; /* what all begin with does not count */

    for (size_t i = 0; i < config_key_count + SN_ARRAY_SIZE(librarys); i++) {
        const char *other = i < config_key_count ? config_keys[i].name : librarys[i - config_key_count];
        size_t d = distance(name, other);

        if (d < best_distance) {
            best_distance = d;
            best = other;
        }
    }
    return best;
}
