/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/error.h"
#include "language/language.h"

#include <ctype.h>
#include <string.h>

#define STEP "probe language"

/* The end of the number that begins at `at`; *ret_dots counts its dots. */
static const char *number_end(const char *at, unsigned *ret_dots)
{
    *ret_dots = 0;
    while (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])))
        *ret_dots += *at++ == '.';
    return at;
}

/* The first number with at least `dots` dots before `end`. */
static char *find_number(const char *text, const char *end, unsigned dots)
{
    while (text < end) {
        const char *stop;
        unsigned found;

        if (!isdigit((unsigned char)*text)) {
            text++;
            continue;
        }
        stop = number_end(text, &found);
        if (found >= dots)
            return strndup(text, (size_t)(stop - text));
        text = stop;
    }
    return NULL;
}

char *sn__version_find(const char *text)
{
    const char *line = text + strspn(text, " \t\r\n");
    const char *end = line + strcspn(line, "\r\n");
    char *version = find_number(line, end, 1);

    if (!version)
        version = find_number(line, end, 0);
    if (!version)
        version = find_number(end, end + strlen(end), 1);
    return version ? version : strndup(line, end - line > 80 ? 80 : (size_t)(end - line));
}

/* A mistake in a policy is told with the language and the step that name it. */
static int check_policy(const sn_language *language, const char *step_name, const struct sn__manifest_step *step,
                        sn_error **ret_error)
{
    sn_policy *policy = NULL;
    sn_error *error = NULL;
    void *program = NULL;
    size_t size;
    int r;

    if (!step)
        return 0;
    r = sn_policy_load(sn__language_policy_name(language->manifest, step), &policy, &error);
    if (r == 0)
        r = sn_policy_compile(policy, &program, &size, &error);
    if (r == SN_ENOMEM)
        sn__error_nomem(ret_error);
    else if (r < 0)
        sn__error_set(ret_error, r, "check language", "%s: the policy of its step %s: %s", language->path, step_name,
                      sn_error_message(error));
    sn_error_free(error);
    sn_policy_free(policy);
    sn_free(program);
    return r;
}

int sn_language_check(const sn_language *language, sn_error **ret_error)
{
    int r;

    if (!language)
        return sn__error_set(ret_error, SN_EINVAL, "check language", "language must not be NULL");
    r = check_policy(language, "compile", language->manifest->compile, ret_error);
    if (r == 0)
        r = check_policy(language, "run", language->manifest->run, ret_error);
    if (r == 0)
        r = check_policy(language, "version", language->manifest->version, ret_error);
    return r;
}

static char *stream_text(const void *data, size_t length)
{
    char *text = malloc(length + 1);

    if (!text)
        return NULL;
    for (size_t i = 0; i < length; i++)
        text[i] = ((const char *)data)[i] ? ((const char *)data)[i] : ' ';
    text[length] = '\0';
    return text;
}

static int read_version(const sn_language *language, const sn_result *result, char **ret_version, sn_error **ret_error)
{
    size_t out_length, err_length;
    const void *out = sn_result_stdout(result, &out_length), *err = sn_result_stderr(result, &err_length);
    cleanup_free char *out_text = stream_text(out, out_length);
    cleanup_free char *err_text = stream_text(err, err_length);
    char *version;

    if (!out_text || !err_text)
        return sn__error_nomem(ret_error);
    if (sn_result_verdict(result) != SN_VERDICT_OK)
        return sn__error_set(
            ret_error, SN_ETOOLCHAIN, STEP, "%s is installed but does not work: %s ended with %s%s%s%s%.200s",
            sn_language_title(language), language->manifest->version->command[0],
            sn_verdict_name(sn_result_verdict(result)), sn_result_denied(result) ? ", " : "",
            sn_result_denied(result) ? sn_result_denied(result) : "", err_text[0] ? ": " : "", err_text);
    version = sn__version_find(out_text[strspn(out_text, " \t\r\n")] ? out_text : err_text);
    if (!version)
        return sn__error_nomem(ret_error);
    *ret_version = version;
    return 0;
}

static int run_version(const sn_language *language, const sn_sandbox_options *options, char **ret_version,
                       sn_error **ret_error)
{
    const struct sn__manifest_step *step = language->manifest->version;
    struct sn__language_command command = {0};
    sn_sandbox *sandbox = NULL;
    sn_result *result = NULL;
    sn_run_options run;
    int r =
        sn__language_command_make(step, language->manifest->file, &step->limits, NULL, NULL, NULL, &command, ret_error);

    if (r == 0)
        r = sn_sandbox_create(options, &sandbox, ret_error);
    if (r == 0) {
        sn_run_options_init(&run);
        run.argv = (const char *const *)command.argv;
        run.envp = (const char *const *)command.envp;
        r = sn_run(sandbox, &run, &result, ret_error);
    }
    if (r == 0)
        r = read_version(language, result, ret_version, ret_error);
    sn_result_free(result);
    sn_sandbox_destroy(sandbox);
    sn__language_command_clear(&command);
    return r;
}

int sn_language_probe(const sn_language *language, uint64_t relax, char **ret_version, sn_error **ret_error)
{
    struct sn__language_setup setup = {0};
    sn_policy *policy = NULL;
    char *version = NULL;
    int r;

    if (!language || !ret_version)
        return sn__error_set(ret_error, SN_EINVAL, STEP, "language and ret_version must not be NULL");
    r = sn__language_check_installed(language, NULL, ret_error);
    if (r < 0)
        return r;
    if (!language->manifest->version) {
        version = strdup("");
        if (!version)
            return sn__error_nomem(ret_error);
        *ret_version = version;
        return 0;
    }
    r = sn_policy_load(sn__language_policy_name(language->manifest, language->manifest->version), &policy, ret_error);
    if (r == 0)
        r = sn__language_setup_make(language, NULL, NULL, &setup, ret_error);
    if (r == 0) {
        setup.options.relax = relax;
        setup.options.policy = policy;
        setup.options.limits = &language->manifest->version->limits;
        r = run_version(language, &setup.options, &version, ret_error);
    }
    sn__language_setup_clear(&setup);
    sn_policy_free(policy);
    if (r < 0)
        return r;
    *ret_version = version;
    return 0;
}
