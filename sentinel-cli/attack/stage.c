/* SPDX-License-Identifier: MIT */
#include "stage.h"

#include "../hostfiles.h"
#include "../message.h"
#include "../policyfile.h"
#include "../signals.h"
#include "operations.h"

#include <poll.h>
#include <string.h>

#define PROGRAM_MAX (16U << 20)

/* One sandbox with its settings; the command line is kept because the settings point into it. */
struct actor {
    struct string_list line; /* owned strings */
    struct settings settings;
    struct sandbox_setup setup;
    sn_limits limits;
    sn_policy *policy;
    sn_sandbox *sandbox;
    struct string_list env; /* owned strings; of one run */
    struct string_list argv;
    bool impossible;
};

static void actor_close(struct actor *actor)
{
    sn_sandbox_destroy(actor->sandbox);
    sn_policy_free(actor->policy);
    sandbox_setup_clear(&actor->setup);
    settings_clear(&actor->settings);
    string_list_free_all(&actor->line);
    string_list_free_all(&actor->env);
    free(actor->argv.items);
    memset(actor, 0, sizeof(*actor));
}

static bool has_time_limit(const struct string_list *options)
{
    for (size_t i = 0; i < options->count; i++) {
        if (strncmp(options->items[i], "--wall-ms", 9) == 0 || strncmp(options->items[i], "--cpu-ms", 8) == 0)
            return true;
    }
    return false;
}

/* "exec CONFIGURATION ATTACK'S --relax LAYER... CONTROL'S -- attack" */
static void make_line(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                      struct string_list *line)
{
    /* no attack that time has no part in is to end by it, however slow or busy this host is */
    static const char *const patience[] = {"--cpu-ms", "30000", "--wall-ms", "60000"};

    string_list_add(line, xstrdup("exec"));
    string_list_add(line, xstrdup("--quiet"));
    for (size_t i = 0;
         i < ARRAY_SIZE(patience) && !has_time_limit(staging->configuration) && !has_time_limit(&attack->options); i++)
        string_list_add(line, xstrdup(patience[i]));
    for (size_t i = 0; i < staging->configuration->count; i++)
        string_list_add(line, xstrdup(staging->configuration->items[i]));
    for (size_t i = 0; i < attack->options.count; i++)
        string_list_add(line, scene_expand(staging->scene, attack->options.items[i]));
    for (size_t i = 0; i < attack->relaxable; i++) {
        if (!attack_is_relaxed(variant, i))
            continue;
        string_list_add(line, xstrdup("--relax"));
        string_list_add(line, xstrdup(attack->stopped_by.items[i]));
    }
    /* which profiles a host has loaded is no matter of the attack's: what a control shows is shown without them */
    if (variant->relaxed || variant->control) {
        string_list_add(line, xstrdup("--relax"));
        string_list_add(line, xstrdup("apparmor"));
    }
    if (variant->control) {
        for (size_t i = 0; i < attack->control.options.count; i++)
            string_list_add(line, scene_expand(staging->scene, attack->control.options.items[i]));
        if (attack->control.box) {
            string_list_add(line, xstrdup("--bind"));
            string_list_add(line, scene_expand(staging->scene, "{scene}/box:/box:rw"));
        }
    }
    string_list_add(line, xstrdup("--"));
    string_list_add(line, xstrdup("attack"));
}

static void add_variable(struct string_list *env, const struct string_list *asked, const char *variable)
{
    size_t name_length = strcspn(variable, "=") + 1;

    for (size_t i = 0; i < asked->count; i++) {
        if (strncmp(asked->items[i], variable, name_length) == 0)
            return;
    }
    string_list_add(env, xstrdup(variable));
}

/* What plants gets the secret of it; what looks does not. */
static void make_env(const struct staging *staging, const struct attack_variant *variant, const struct attack *attack,
                     const char *part, struct actor *actor)
{
    const struct string_list *asked = &actor->settings.env;

    string_list_free_all(&actor->env);
    add_variable(&actor->env, asked, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    add_variable(&actor->env, asked, "HOME=/work");
    add_variable(&actor->env, asked, "LANG=C.UTF-8");
    for (size_t i = 0; i < asked->count; i++)
        string_list_add(&actor->env, xstrdup(asked->items[i]));
    scene_environment(staging->scene, variant->control && attack->control.box, &actor->env);
    if (part && strcmp(part, "plant") == 0)
        string_list_add(&actor->env, xprintf("SN_SECRET=%s", staging->scene->token));
}

static void make_argv(const struct attack *attack, const struct attack_variant *variant, const char *part,
                      struct string_list *argv)
{
    const struct string_list *args = &attack->args;

    if (variant->control && attack->control.args.count)
        args = &attack->control.args;
    if (attack->kind == PROGRAM_PYTHON)
        string_list_add(argv, "python3");
    if (attack->kind == PROGRAM_SHELL)
        string_list_add(argv, "sh");
    string_list_add(argv, "/work/attack");
    for (size_t i = 0; i < args->count; i++)
        string_list_add(argv, args->items[i]);
    if (part)
        string_list_add(argv, part);
}

static int put_file(struct actor *actor, const char *host_path, const char *name, uint32_t mode, char **ret_failure)
{
    cleanup_free void *data = NULL;
    sn_error *error = NULL;
    size_t length;
    uint32_t host_mode;
    int code;

    if (read_host_file(host_path, PROGRAM_MAX, &data, &length, &host_mode, ret_failure) < 0)
        return -1;
    code = sn_sandbox_put(actor->sandbox, name, data, length, mode, &error);
    if (code < 0)
        *ret_failure = xprintf("laying %s into the sandbox: %s", name, sn_error_message(error));
    sn_error_free(error);
    return code;
}

static int put_program(const struct staging *staging, const struct attack *attack, struct actor *actor,
                       char **ret_failure)
{
    cleanup_free char *helper = xprintf("%s/attack.py", staging->directory);

    if (put_file(actor, attack->program, "attack", 0755, ret_failure) < 0)
        return -1;
    return attack->kind == PROGRAM_PYTHON ? put_file(actor, helper, "attack.py", 0644, ret_failure) : 0;
}

/* A sandbox. 0, or -1 with *ret_failure; actor_close() in any case. */
static int actor_make(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                      struct actor *actor, char **ret_failure)
{
    struct cli quiet = {.quiet = true};
    sn_error *error = NULL;
    int code;

    make_line(staging, attack, variant, &actor->line);
    if (parse_options(&quiet, FOR_EXEC, (int)actor->line.count, (char **)actor->line.items, &actor->settings) !=
        OPTIONS_GO) {
        /* each is fine by itself: the caller's configuration was looked at before */
        *ret_failure =
            xprintf("its options do not go together%s",
                    staging->configuration->count ? " with those given after --" : ": sentinel exec says why");
        actor->impossible = staging->configuration->count > 0;
        return -1;
    }
    if (policy_load_settings(&quiet, &actor->settings, &actor->policy) != 0) {
        *ret_failure = xprintf("no policy");
        return -1;
    }
    resolve_limits(&actor->settings.limits, NULL, &actor->limits);
    sandbox_setup_fill(&actor->setup, &actor->settings, &actor->limits);
    code = sn_sandbox_create(&actor->setup.options, &actor->sandbox, &error);
    if (code < 0) {
        cleanup_free char *message = in_words_of_the_command(sn_error_message(error));

        *ret_failure = xprintf("no sandbox: %s", message);
        actor->impossible =
            variant->relaxed > 0 && (code == SN_EHOST || (code == SN_EINVAL && staging->configuration->count > 0));
        sn_error_free(error);
        return -1;
    }
    return 0;
}

/* The same with the program in it. */
static int actor_open(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                      struct actor *actor, char **ret_failure)
{
    return actor_make(staging, attack, variant, actor, ret_failure) < 0
               ? -1
               : put_program(staging, attack, actor, ret_failure);
}

/* Starts the program as `part` ("plant", "look"; NULL). */
static int actor_start(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                       const char *part, struct actor *actor, sn_running **ret_running, char **ret_failure)
{
    sn_run_options options;
    sn_error *error = NULL;
    int code;

    free(actor->argv.items);
    actor->argv = (struct string_list){0};
    make_argv(attack, variant, part, &actor->argv);
    make_env(staging, variant, attack, part, actor);
    sn_run_options_init(&options);
    options.argv = actor->argv.items;
    options.envp = actor->env.items;
    options.cwd = actor->settings.cwd;
    options.policy = actor->policy;
    options.cancel_fd = signals_cancel_fd();
    code = sn_run_start(actor->sandbox, &options, ret_running, &error);
    if (code < 0)
        *ret_failure = xprintf("%s was not started: %s", actor->argv.items[0], sn_error_message(error));
    sn_error_free(error);
    return code;
}

static void wait_for_result(const struct attack *attack, struct actor *actor, sn_running *running,
                            sn_result **ret_result, char **ret_failure)
{
    sn_error *error = NULL;

    if (sn_run_wait(running, ret_result, &error) < 0 && !*ret_failure)
        *ret_failure = xprintf("the run failed: %s", sn_error_message(error));
    /* a root of the caller's may be without the interpreter */
    if (sn_error_code(error) == SN_ENOENT && attack->kind != PROGRAM_BINARY)
        actor->impossible = true;
    sn_error_free(error);
}

static int actor_run(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                     const char *part, struct actor *actor, sn_result **ret_result, char **ret_failure)
{
    sn_running *running = NULL;

    if (actor_start(staging, attack, variant, part, actor, &running, ret_failure) < 0)
        return -1;
    wait_for_result(attack, actor, running, ret_result, ret_failure);
    sn_running_free(running);
    return *ret_result ? 0 : -1;
}

/* Did the first of two programs do its part? If not, it is what the attack is judged by. */
static bool has_planted(const sn_result *result)
{
    size_t length;
    const char *output = sn_result_stdout(result, &length);

    return sn_result_verdict(result) == SN_VERDICT_OK && sn_result_exit_code(result) == 0 &&
           !(length >= 5 && memcmp(output, "HELD:", 5) == 0);
}

static void perform_twice(const struct staging *staging, const struct attack *attack,
                          const struct attack_variant *variant, struct actor *actor, struct performance *performance)
{
    if (actor_run(staging, attack, variant, "plant", actor, &performance->plant, &performance->failure) == 0 &&
        has_planted(performance->plant))
        actor_run(staging, attack, variant, "look", actor, &performance->look, &performance->failure);
}

/* Until it says READY on its standard output (true) or is over. */
static bool wait_until_ready(sn_running *running)
{
    struct pollfd waiting = {.fd = sn_run_fd(running), .events = POLLIN};
    char seen[6] = "";
    sn_event event = {.size = sizeof(event)};
    sn_error *error = NULL;

    while (sn_run_next(running, &event, &error) == 0 && event.type != SN_EVENT_DONE) {
        if (event.type == SN_EVENT_STDOUT) {
            for (size_t i = 0; i < event.length; i++) {
                memmove(seen, seen + 1, sizeof(seen) - 2);
                seen[sizeof(seen) - 2] = ((const char *)event.data)[i];
                if (memcmp(seen, "READY", 5) == 0)
                    return true;
            }
        } else if (event.type == SN_EVENT_NONE) {
            poll(&waiting, 1, -1);
        }
    }
    sn_error_free(error);
    return false;
}

static void perform_beside(const struct staging *staging, const struct attack *attack,
                           const struct attack_variant *variant, struct actor *planter, struct performance *performance)
{
    struct actor looker = {0};
    sn_running *running = NULL;
    bool ready;

    if (actor_start(staging, attack, variant, "plant", planter, &running, &performance->failure) < 0)
        return;
    ready = wait_until_ready(running);
    if (ready && actor_open(staging, attack, variant, &looker, &performance->failure) == 0)
        actor_run(staging, attack, variant, "look", &looker, &performance->look, &performance->failure);
    if (ready)
        sn_run_cancel(running);
    wait_for_result(attack, planter, running, &performance->plant, &performance->failure);
    sn_running_free(running);
    actor_close(&looker);
}

/* What the host does with the files, once, by the library or (in a box) by plain names. */
static void operate(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                    struct actor *actor, bool running, struct performance *performance)
{
    bool box = variant->control && attack->control.box;

    for (size_t i = 0; i < attack->operation_count && !performance->evidence; i++) {
        const struct attack_operation *operation = &attack->operations[i];

        performance->evidence = box ? operate_plainly(staging->scene, operation)
                                    : operate_in_sandbox(staging->scene, operation, actor->sandbox, running);
    }
}

static void perform_during(const struct staging *staging, const struct attack *attack,
                           const struct attack_variant *variant, struct actor *actor, struct performance *performance)
{
    sn_running *running = NULL;
    sn_event event = {.size = sizeof(event)};
    sn_error *error = NULL;

    if (actor_start(staging, attack, variant, NULL, actor, &running, &performance->failure) < 0)
        return;
    while (sn_run_next(running, &event, &error) == 0 && event.type != SN_EVENT_DONE)
        operate(staging, attack, variant, actor, true, performance);
    sn_error_free(error);
    wait_for_result(attack, actor, running, &performance->look, &performance->failure);
    sn_running_free(running);
}

static bool shows_token(const struct scene *scene, const sn_result *result)
{
    size_t out_length;
    size_t err_length;
    const void *out = sn_result_stdout(result, &out_length);
    const void *err = sn_result_stderr(result, &err_length);

    return scene_has_token(scene, out, out_length) || scene_has_token(scene, err, err_length);
}

void stage_perform(const struct staging *staging, const struct attack *attack, const struct attack_variant *variant,
                   struct performance *ret_performance)
{
    struct actor actor = {0};
    char *left;

    memset(ret_performance, 0, sizeof(*ret_performance));
    if (actor_open(staging, attack, variant, &actor, &ret_performance->failure) == 0) {
        switch (attack->stage) {
        case STAGE_RERUN:
            perform_twice(staging, attack, variant, &actor, ret_performance);
            break;
        case STAGE_NEIGHBOUR:
            perform_beside(staging, attack, variant, &actor, ret_performance);
            break;
        case STAGE_DURING:
            perform_during(staging, attack, variant, &actor, ret_performance);
            break;
        case STAGE_RUN:
        case STAGE_TERMINAL:
        case STAGE_AFTER:
            actor_run(staging, attack, variant, NULL, &actor, &ret_performance->look, &ret_performance->failure);
            if (ret_performance->look)
                operate(staging, attack, variant, &actor, false, ret_performance);
            break;
        }
    }
    ret_performance->limits = actor.limits;
    ret_performance->impossible = actor.impossible;
    actor_close(&actor);
    left = scene_evidence(staging->scene);
    if (!ret_performance->evidence && ret_performance->look && shows_token(staging->scene, ret_performance->look))
        ret_performance->evidence = xstrdup("it has the token of the host");
    if (ret_performance->evidence)
        free(left);
    else
        ret_performance->evidence = left;
}

int stage_try(const struct staging *staging, char **ret_why)
{
    const struct attack nothing = {0};
    const struct attack_variant plain = {0};
    struct actor actor = {0};
    int code = actor_make(staging, &nothing, &plain, &actor, ret_why);

    actor_close(&actor);
    return code;
}

void performance_clear(struct performance *performance)
{
    sn_result_free(performance->plant);
    sn_result_free(performance->look);
    free(performance->evidence);
    free(performance->failure);
    memset(performance, 0, sizeof(*performance));
}
