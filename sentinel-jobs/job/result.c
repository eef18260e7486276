/* SPDX-License-Identifier: MIT */
#include "job/result.h"

#include "base/cleanup.h"

#include <sentinel/layer.h>
#include <string.h>

json_t *result_layers(uint64_t layers)
{
    json_t *names = json_array();

    for (unsigned i = 0; i < SN_LAYER_COUNT; i++)
        if (layers >> i & 1)
            json_array_append_new(names, json_string(sn_layer_name(UINT64_C(1) << i)));
    return names;
}

static json_t *lines_of(const char *text)
{
    json_t *list = json_array();

    while (text && *text) {
        size_t length = strcspn(text, "\n");

        if (length > 0)
            json_array_append_new(list, json_stringn(text, length));
        text += length;
        text += *text == '\n';
    }
    return list;
}

/* Text, or null where there is none. */
static json_t *text_or_null(const char *text)
{
    return text && *text ? json_text(text) : json_null();
}

/* Milliseconds with a fraction of microseconds: what a figure of nanoseconds is good for. */
static json_t *milliseconds(uint64_t ns)
{
    uint64_t us = ns / 1000;

    return json_real((double)us / 1000.0);
}

static int set_figures(json_t *object, const struct step_outcome *step)
{
    int failed = 0;

    failed |= json_object_set_new(object, "verdict", text_or_null(step->verdict));
    failed |= json_object_set_new(object, "limit", text_or_null(step->limit));
    failed |=
        json_object_set_new(object, "exit_code", step->exit_code < 0 ? json_null() : json_integer(step->exit_code));
    failed |= json_object_set_new(object, "signal", step->signal ? json_integer(step->signal) : json_null());
    failed |= json_object_set_new(object, "time_used_ms", milliseconds(step->wall_ns));
    failed |= json_object_set_new(object, "cpu_time_ms", milliseconds(step->cpu_ns));
    failed |= json_object_set_new(object, "memory_used_kb", json_integer((json_int_t)(step->memory_bytes / 1024)));
    return failed;
}

static int set_output(json_t *object, const char *name, const struct blob *bytes, bool is_truncated)
{
    char key[40];

    snprintf(key, sizeof(key), "%s_truncated", name);
    return json_set_bytes(object, name, bytes->data ? bytes->data : "", bytes->length) |
           json_object_set_new(object, key, json_boolean(is_truncated));
}

json_t *result_limits(const struct spec_limits *limits)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "time_limit_ms", (json_int_t)limits->time_ms, "cpu_time_limit_ms",
                     (json_int_t)limits->cpu_time_ms, "memory_limit_kb", (json_int_t)limits->memory_kb, "process_limit",
                     (json_int_t)limits->processes, "output_limit_kb", (json_int_t)limits->output_kb);
}

/* What held the program, and where the figures came from. */
static json_t *enforced_by(const struct step_outcome *step, const char *policy)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "layers", result_layers(step->layers), "relaxed",
                     result_layers(step->relaxed), "policy", text_or_null(policy), "denied_syscall",
                     text_or_null(step->denied), "cpu_source", text_or_null(step->cpu_source), "memory_source",
                     text_or_null(step->memory_source), "notes", lines_of(step->notes));
}

static int set_compile(json_t *result, const struct outcome *outcome)
{
    const struct step_outcome *step = &outcome->compile;
    json_t *compile = json_object();
    int failed = set_figures(compile, step);

    failed |= json_object_set_new(compile, "cached", json_boolean(outcome->is_compile_cached));
    failed |= json_object_set_new(compile, "limits", result_limits(&step->limits));
    failed |= json_object_set_new(compile, "enforced", enforced_by(step, NULL));
    failed |= set_output(compile, "stdout", &step->out, step->is_out_truncated);
    failed |= set_output(compile, "stderr", &step->err, step->is_err_truncated);
    failed |= json_object_set_new(result, "compile", compile);
    /* Compilers speak on the second stream; the first is for those that do not. */
    failed |= set_output(result, "compile_output", step->err.length > 0 ? &step->err : &step->out,
                         step->err.length > 0 ? step->is_err_truncated : step->is_out_truncated);
    return failed;
}

static json_t *case_of(size_t index, const struct spec_case *test, const struct case_outcome *outcome)
{
    json_t *object =
        json_pack("{s:I, s:o, s:s, s:b}", "index", (json_int_t)index, "name", text_or_null(test ? test->name : NULL),
                  "status", job_status_name(outcome->status), "hidden", test && test->is_hidden);

    if (object && set_figures(object, &outcome->step)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *cases_of(const struct outcome *outcome, const struct spec *spec)
{
    json_t *list = json_array();

    for (size_t i = 0; i < outcome->case_count; i++) {
        const struct case_outcome *one = &outcome->cases[i];
        json_t *object = case_of(i, i < spec->case_count ? &spec->cases[i] : NULL, one);

        if (!object || set_output(object, "stdout", &one->step.out, one->step.is_out_truncated) ||
            set_output(object, "stderr", &one->step.err, one->step.is_err_truncated) ||
            json_object_set_new(object, "explanation", text_or_null(one->explanation)) ||
            json_object_set_new(object, "denied_syscall", text_or_null(one->step.denied)) ||
            json_array_append_new(list, object)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* The step whose figures stand for the job: its run, or the case that took longest, or nothing. */
static const struct step_outcome *main_step(const struct outcome *outcome)
{
    const struct step_outcome *step = outcome->has_run ? &outcome->run : NULL;

    for (size_t i = 0; i < outcome->case_count; i++)
        if (!step || outcome->cases[i].step.wall_ns > step->wall_ns)
            step = &outcome->cases[i].step;
    return step;
}

uint64_t result_time_ms(const struct outcome *outcome)
{
    const struct step_outcome *step = main_step(outcome);

    return step ? step->wall_ns / 1000000 : 0;
}

uint64_t result_memory_kb(const struct outcome *outcome)
{
    uint64_t most = outcome->has_run ? outcome->run.memory_bytes : 0;

    for (size_t i = 0; i < outcome->case_count; i++)
        if (outcome->cases[i].step.memory_bytes > most)
            most = outcome->cases[i].step.memory_bytes;
    return most / 1024;
}

char *result_print(const struct outcome *outcome, const struct spec *spec)
{
    const struct step_outcome *step = main_step(outcome);
    cleanup_json json_t *result = json_object();
    int failed = json_object_set_new(result, "status", json_string(job_status_name(outcome->status)));

    failed |= json_object_set_new(result, "reason", text_or_null(outcome->reason));
    if (outcome->has_compile)
        failed |= set_compile(result, outcome);
    if (step) {
        failed |= set_figures(result, step);
        failed |= json_object_set_new(result, "memory_used_kb", json_integer((json_int_t)result_memory_kb(outcome)));
        failed |= json_object_set_new(result, "limits", result_limits(&step->limits));
        failed |= json_object_set_new(result, "enforced", enforced_by(step, outcome->policy));
    }
    if (outcome->has_run) {
        failed |= set_output(result, "stdout", &outcome->run.out, outcome->run.is_out_truncated);
        failed |= set_output(result, "stderr", &outcome->run.err, outcome->run.is_err_truncated);
    }
    if (spec->case_count > 0)
        failed |= json_object_set_new(result, "test_cases", cases_of(outcome, spec));
    failed |= json_object_set_new(result, "stages",
                                  json_pack("{s:I, s:I, s:I}", "compile_start_us",
                                            (json_int_t)outcome->compile_start_us, "run_start_us",
                                            (json_int_t)outcome->run_start_us, "end_us", (json_int_t)outcome->end_us));
    return failed ? NULL : json_print(result, NULL);
}

char *result_print_unexecuted(enum job_status status, const char *reason)
{
    cleanup_json json_t *result =
        json_pack("{s:s, s:o}", "status", job_status_name(status), "reason", text_or_null(reason));

    return json_print(result, NULL);
}

json_t *result_case_event(size_t index, const struct spec_case *test, const struct case_outcome *outcome)
{
    return case_of(index, test, outcome);
}

/* ---- what a client is shown -------------------------------------------------------------------------------------- */

static int set_stages(json_t *view, const struct job *job)
{
    const struct job_times *times = &job->times;
    /* The queue's confirmation is noted a moment after it: a worker may have been quicker. */
    bool is_late = times->claimed && times->published > times->claimed;

    return json_object_set_new(view, "created_at", json_time(times->created)) |
           json_object_set_new(view, "queued_at", json_time(is_late ? times->claimed : times->published)) |
           json_object_set_new(view, "claimed_at", json_time(times->claimed)) |
           json_object_set_new(view, "compiling_at", json_time(times->compiling)) |
           json_object_set_new(view, "running_at", json_time(times->running)) |
           json_object_set_new(view, "finished_at", json_time(times->finished));
}

static json_t *heading_of(const struct job *job)
{
    char id[UUID_TEXT_SIZE];

    uuid_print(&job->id, id);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:I, s:b}", "id", id, "job_id", id, "status",
                     job_status_name(job->status), "language", text_or_null(job->language), "user_id",
                     text_or_null(job->user_id), "attempt", (json_int_t)job->attempt, "cancel_requested",
                     job->cancel_requested);
}

json_t *job_view_short(const struct job *job)
{
    json_t *view = heading_of(job);
    bool is_over = job_status_is_over(job->status);

    if (view && (json_object_set_new(view, "created_at", json_time(job->times.created)) ||
                 json_object_set_new(view, "finished_at", json_time(job->times.finished)) ||
                 json_object_set_new(view, "time_used_ms",
                                     is_over ? json_integer((json_int_t)job->time_used_ms) : json_null()) ||
                 json_object_set_new(view, "memory_used_kb",
                                     is_over ? json_integer((json_int_t)job->memory_used_kb) : json_null()))) {
        json_decref(view);
        return NULL;
    }
    return view;
}

/* What hidden cases printed could tell what was expected; a checker's word too. */
static void hide_in_result(json_t *result)
{
    static const char *const secret[] = {"stdout",          "stdout_encoding",  "stdout_truncated", "stderr",
                                         "stderr_encoding", "stderr_truncated", "explanation",      "denied_syscall"};
    bool has_hidden = false;
    json_t *one;
    size_t index;

    json_array_foreach(json_object_get(result, "test_cases"), index, one)
    {
        if (!json_is_true(json_object_get(one, "hidden")))
            continue;
        for (size_t i = 0; i < SN_ARRAY_SIZE(secret); i++)
            json_object_del(one, secret[i]);
        has_hidden = true;
    }
    /* These are of the case that took longest: the arguments of a system call can carry what was read. */
    if (has_hidden && json_object_get(result, "enforced")) {
        json_object_set_new(json_object_get(result, "enforced"), "denied_syscall", json_null());
        json_object_set_new(json_object_get(result, "enforced"), "notes", json_array());
    }
}

static void hide_in_request(json_t *request)
{
    json_t *one;
    size_t index;

    json_array_foreach(json_object_get(request, "test_cases"), index, one)
    {
        if (!json_is_true(json_object_get(one, "hidden")))
            continue;
        json_object_del(one, "stdin");
        json_object_del(one, "expected_output");
        json_object_del(one, "args");
    }
    /* A checker's source tells what is right, too. */
    json_object_del(json_object_get(json_object_get(request, "compare"), "checker"), "source_code");
}

/* The fields of a stored document, beside those that are there already. */
static int add_fields(json_t *view, const char *name, const char *text, void (*hide)(json_t *))
{
    json_t *document = NULL;
    int failed;

    if (!text)
        return 0;
    if (json_parse(text, strlen(text), &document, NULL) < 0)
        return -1;
    if (hide)
        hide(document);
    if (name)
        return json_object_set_new(view, name, document);
    failed = json_object_update_missing(view, document);
    json_decref(document);
    return failed;
}

json_t *job_view(const struct job *job, unsigned flags)
{
    bool with_hidden = flags & JOB_VIEW_HIDDEN;
    json_t *view = heading_of(job);
    int failed = !view;

    failed = failed || set_stages(view, job);
    failed = failed || json_object_set_new(view, "worker", text_or_null(job->worker));
    failed = failed || add_fields(view, NULL, job->result, with_hidden ? NULL : hide_in_result);
    if (flags & JOB_VIEW_NO_USER)
        failed = failed || json_object_set_new(view, "user_id", json_null());
    if (flags & JOB_VIEW_REQUEST)
        failed = failed || add_fields(view, "request", job->spec, with_hidden ? NULL : hide_in_request);
    if (failed) {
        json_decref(view);
        return NULL;
    }
    return view;
}
