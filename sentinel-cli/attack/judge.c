/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "../message.h"
#include "../output_text.h"

#include <string.h>

/* What programs end with, and the word their line begins with; tests/attacks/attack.h. */
enum { EXIT_HELD = 0, EXIT_BREACH = 42, EXIT_VISIBLE = 43, EXIT_CANNOT = 77 };

const char *attack_kind_name(enum attack_kind kind)
{
    static const char *const names[] = {"held", "breached", "visible", "not tried", "broken"};

    return names[kind];
}

void attack_outcome_clear(struct attack_outcome *outcome)
{
    free(outcome->by);
    free(outcome->detail);
    memset(outcome, 0, sizeof(*outcome));
}

/* The line that begins with "WORD: ", without that; NULL; to be freed. */
static char *line_of(const sn_result *result, const char *word)
{
    size_t length;
    const char *text = sn_result_stdout(result, &length);
    size_t word_length = strlen(word);

    while (length > 0) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;

        if (line > word_length + 2 && memcmp(text, word, word_length) == 0 && memcmp(text + word_length, ": ", 2) == 0)
            return xstrndup(text + word_length + 2, line - word_length - 2);
        length -= end ? line + 1 : line;
        text += end ? line + 1 : line;
    }
    return NULL;
}

/* The caller's own configuration may do without it, or the host may not have it. */
static bool is_in_force(const char *name, const sn_result *result)
{
    cleanup_free char *why = NULL;
    uint64_t layers = 0;

    /* a mechanism always is */
    return parse_layers(name, &layers, &why) < 0 || (sn_result_layers(result) & layers);
}

/* What stands between the attack and its aim in this variant: the first of the list that is in force. */
static const char *guard(const struct attack *attack, const struct attack_variant *variant, const sn_result *result)
{
    for (size_t i = 0; i < attack->stopped_by.count; i++) {
        if (!attack_is_relaxed(variant, i) && is_in_force(attack->stopped_by.items[i], result))
            return attack->stopped_by.items[i];
    }
    return NULL;
}

/* The one that this variant is about: it stands alone. NULL: there is none. */
static const char *alone(const struct attack *attack, const struct attack_variant *variant)
{
    for (size_t i = 0; variant->relaxed && !variant->control && i < attack->stopped_by.count; i++) {
        if (!attack_is_relaxed(variant, i))
            return attack->stopped_by.items[i];
    }
    return NULL;
}

static void decide(struct attack_outcome *outcome, enum attack_kind kind, const char *by, char *detail)
{
    outcome->kind = kind;
    outcome->by = by ? xstrdup(by) : NULL;
    outcome->detail = detail;
}

static char *measured_wrongly(const char *what, const struct attack_range *range, double value)
{
    if (!range->given || (value >= range->low && value <= range->high))
        return NULL;
    return xprintf("%s is %.1f, which is not between %.1f and %.1f", what, value, range->low, range->high);
}

static char *wrong_figure(const struct attack *attack, const sn_result *result)
{
    char *wrong = measured_wrongly("cpu_ms", &attack->cpu_ms, (double)sn_result_cpu_ns(result) / 1e6);

    if (!wrong)
        wrong = measured_wrongly("wall_ms", &attack->wall_ms, (double)sn_result_wall_ns(result) / 1e6);
    if (!wrong)
        wrong = measured_wrongly("memory_kb", &attack->memory_kb, (double)sn_result_memory_bytes(result) / 1024);
    return wrong;
}

static char *figures(const struct performance *performance, const sn_result *result)
{
    return summary(NULL, result, &performance->limits, NULL, false);
}

/* The verdict of a cheat, which has to be one of a list. */
static void judge_verdict(const struct attack *attack, const char *by, const struct performance *performance,
                          const sn_result *result, struct attack_outcome *outcome)
{
    sn_verdict verdict = sn_result_verdict(result);
    cleanup_free char *line = figures(performance, result);
    char *wrong = wrong_figure(attack, result);

    if (!(attack->verdicts & (1U << verdict)))
        decide(outcome, OUTCOME_BREACHED, NULL, xprintf("a verdict that it has not earned: %s", line));
    else if (wrong)
        decide(outcome, OUTCOME_BREACHED, NULL, wrong);
    else
        decide(outcome, OUTCOME_HELD, by, xprintf("%s", line));
    if (outcome->detail != wrong)
        free(wrong);
}

/* What the program itself says of an end that is no limit's and no denied call's. */
static void judge_word(const struct attack *attack, const char *by, const struct performance *performance,
                       const sn_result *result, struct attack_outcome *outcome)
{
    static const struct {
        int status;
        const char *word;
        enum attack_kind kind;
    } words[] = {{EXIT_HELD, "HELD", OUTCOME_HELD},
                 {EXIT_BREACH, "BREACH", OUTCOME_BREACHED},
                 {EXIT_VISIBLE, "VISIBLE", OUTCOME_VISIBLE},
                 {EXIT_CANNOT, "CANNOT", OUTCOME_UNTRIED}};
    cleanup_free char *wrong = wrong_figure(attack, result);
    cleanup_free char *line = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        char *said;

        if (sn_result_exit_code(result) != words[i].status)
            continue;
        said = line_of(result, words[i].word);
        if (!said)
            break;
        if (words[i].kind == OUTCOME_HELD && wrong) {
            decide(outcome, OUTCOME_BREACHED, NULL, xprintf("%s", wrong));
            free(said);
        } else if (words[i].kind == OUTCOME_VISIBLE && !attack->visible) {
            decide(outcome, OUTCOME_BREACHED, NULL, said);
        } else {
            decide(outcome, words[i].kind, words[i].kind == OUTCOME_HELD ? by : NULL, said);
        }
        return;
    }
    line = figures(performance, result);
    decide(outcome, OUTCOME_BROKEN, NULL,
           sn_result_limit(result) == SN_LIMIT_NONE
               ? xprintf("it said nothing that its end goes with: %s", line)
               : xprintf("it ended before it said anything (on a busy machine: try again): %s", line));
}

static void judge_result(const struct attack *attack, const struct attack_variant *variant,
                         const struct performance *performance, const sn_result *result, struct attack_outcome *outcome)
{
    const char *by = guard(attack, variant, result);
    sn_verdict verdict = sn_result_verdict(result);
    sn_limit limit = sn_result_limit(result);

    outcome->seen = verdict == SN_VERDICT_SECURITY_VIOLATION;

    if (verdict == SN_VERDICT_INTERNAL_ERROR || verdict == SN_VERDICT_CANCELLED) {
        decide(outcome, OUTCOME_BROKEN, NULL, figures(performance, result));
    } else if (attack->verdicts) {
        judge_verdict(attack, by, performance, result, outcome);
    } else if (verdict == SN_VERDICT_SECURITY_VIOLATION) {
        /* a list that does not name seccomp there is not true */
        if (by && strncmp(by, "seccomp", strlen("seccomp")) == 0)
            decide(outcome, OUTCOME_HELD, "seccomp", xstrdup(sn_result_denied(result)));
        else
            decide(outcome, OUTCOME_BROKEN, NULL,
                   xprintf("seccomp stopped it (%s), which \"stopped_by\" does not say", sn_result_denied(result)));
    } else if (limit != SN_LIMIT_NONE && (attack->ends_by & (1U << limit))) {
        decide(outcome, OUTCOME_HELD, by, figures(performance, result));
    } else {
        judge_word(attack, by, performance, result, outcome);
    }
}

void judge(const struct attack *attack, const struct attack_variant *variant, const struct performance *performance,
           struct attack_outcome *ret_outcome)
{
    const sn_result *result = performance->look ? performance->look : performance->plant;

    memset(ret_outcome, 0, sizeof(*ret_outcome));
    if (result)
        ret_outcome->wall_ms = (double)sn_result_wall_ns(result) / 1e6;
    if (result && alone(attack, variant) && !is_in_force(alone(attack, variant), result)) {
        decide(ret_outcome, OUTCOME_UNTRIED, NULL,
               xprintf("%s is not in force here without the others", alone(attack, variant)));
        return;
    }
    if (performance->evidence)
        decide(ret_outcome, OUTCOME_BREACHED, NULL, xstrdup(performance->evidence));
    else if (performance->impossible)
        decide(ret_outcome, OUTCOME_UNTRIED, NULL, xstrdup(performance->failure));
    else if (performance->failure)
        decide(ret_outcome, OUTCOME_BROKEN, NULL, xstrdup(performance->failure));
    else
        judge_result(attack, variant, performance, result, ret_outcome);
}
