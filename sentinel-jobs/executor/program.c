/* SPDX-License-Identifier: MIT */
#include "executor/engine.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#define OUTPUT_MOST (UINT64_C(16) << 20) /* of each stream; what is captured has to fit into a message */
#define PROCESSES_MOST 4096
#define KIB UINT64_C(1024)

static void put_in(const struct spec_limits *from, sn_limits *limits)
{
    if (from->time_ms)
        limits->wall_ms = limits->cpu_ms = from->time_ms;
    if (from->cpu_time_ms)
        limits->cpu_ms = from->cpu_time_ms;
    if (from->memory_kb)
        limits->memory_bytes = from->memory_kb * KIB;
    if (from->processes)
        limits->processes = from->processes;
    if (from->output_kb)
        limits->output_bytes = from->output_kb * KIB;
}

static void lower(uint64_t *value, uint64_t most)
{
    if (most && *value > most)
        *value = most;
}

/* The frontend has checked this already; it is the operator's word against one that was taken over. */
static void bound(const struct executor_options *options, sn_limits *limits)
{
    lower(&limits->wall_ms, options->time_max_ms);
    lower(&limits->cpu_ms, options->time_max_ms);
    lower(&limits->memory_bytes, options->memory_max_kb * KIB);
    lower(&limits->output_bytes, options->output_max_kb * KIB);
    lower(&limits->output_bytes, OUTPUT_MOST);
    lower(&limits->processes, PROCESSES_MOST);
}

void program_limits(const struct job *job, const struct spec_limits *of_case, sn_limits *ret_limits)
{
    sn_limits_init(ret_limits);
    sn_language_run_limits(job->language, ret_limits);
    put_in(&job->spec->limits, ret_limits);
    if (of_case)
        put_in(of_case, ret_limits);
    bound(job->executor->options, ret_limits);
}

struct spec_limits program_limits_told(const sn_limits *limits)
{
    return (struct spec_limits){
        .time_ms = limits->wall_ms,
        .cpu_time_ms = limits->cpu_ms,
        .memory_kb = limits->memory_bytes / KIB,
        .processes = limits->processes,
        .output_kb = (limits->output_bytes + KIB - 1) / KIB,
    };
}

void program_options_common(const struct job *job, const char *cache_dir, sn_sandbox_options *sandbox,
                            sn_program_options *ret_options)
{
    const struct executor_options *own = job->executor->options;

    sn_sandbox_options_init(sandbox);
    sandbox->relax = own->relax;
    sandbox->work_bytes = own->work_bytes;
    sn_program_options_init(ret_options);
    ret_options->sandbox = sandbox;
    ret_options->cancel_fd = job->task->cancel;
    ret_options->start = SN_START_AUTO;
    ret_options->cache_dir = cache_dir ? cache_dir : own->cache_dir;
    if (cache_dir)
        ret_options->flags = SN_PROGRAM_CACHED;
    else if (!own->no_cache)
        ret_options->flags = SN_PROGRAM_CACHED | SN_PROGRAM_PREPARED;
}

/* NULL-terminated, as the library takes them; `room` is what the pointers point to. */
static const sn_file **list_files(const struct spec *spec, sn_file **ret_room)
{
    const sn_file **list = calloc(spec->file_count + 1, sizeof(const sn_file *));
    sn_file *room = calloc(spec->file_count + 1, sizeof(*room));

    if (!list || !room) {
        free(list);
        free(room);
        return NULL;
    }
    for (size_t i = 0; i < spec->file_count; i++) {
        sn_file_init(&room[i]);
        room[i].path = spec->files[i].path;
        room[i].data = spec->files[i].content.data;
        room[i].length = spec->files[i].content.length;
        list[i] = &room[i];
    }
    *ret_room = room;
    return list;
}

int program_make(const struct job *job, sn_program **ret_program, sn_error **ret_error)
{
    const struct spec *spec = job->spec;
    cleanup_free sn_file *room = NULL;
    cleanup_free const sn_file **files = list_files(spec, &room);
    sn_sandbox_options sandbox;
    sn_program_options options;

    if (!files)
        return SN_ENOMEM;
    program_options_common(job, job->own_cache, &sandbox, &options);
    sandbox.arm = SN_ARM_NEVER; /* it is run once */
    options.file_name = *spec->file_name ? spec->file_name : NULL;
    options.source = spec->source.data;
    options.source_length = spec->source.length;
    options.files = files;
    options.compile_args = (const char *const *)spec->compile_options;
    return sn_program_create(job->language, &options, ret_program, ret_error);
}

/* ---- a cache of its own ---- */

void program_make_cache(struct job *job)
{
    char path[] = "/tmp/sentinel-job.XXXXXX";

    if (!mkdtemp(path)) {
        log_line(LOG_WARN_LEVEL, &job->about,
                 "cannot make a directory for what it compiles: each of its test cases compiles anew (%s)",
                 strerror(errno));
        return;
    }
    job->own_cache = strdup(path);
    if (!job->own_cache)
        rmdir(path);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

void program_drop_cache(struct job *job)
{
    if (job->own_cache && nftw(job->own_cache, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        log_line(LOG_WARN_LEVEL, &job->about, "%s cannot be removed: %s", job->own_cache, strerror(errno));
    free(steal_ptr(&job->own_cache));
}
