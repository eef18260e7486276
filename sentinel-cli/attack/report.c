/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "../message.h"
#include "../output_json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { CONTROL_RIGHT, CONTROL_WRONG, CONTROL_UNTRIED };

void report_open(struct report *report, bool json, size_t planned)
{
    memset(report, 0, sizeof(*report));
    report->json = json;
    report->planned = planned;
    report->attacks = json_array();
    report->by = json_object();
}

/* What a program printed may hold anything: only what a terminal can be shown, on one line, not too long. */
static void print_detail(const char *detail)
{
    for (size_t i = 0; detail && detail[i] && i < 300; i++)
        putchar(isprint((unsigned char)detail[i]) ? detail[i] : '?');
}

/* "seccomp,caps"; to be freed. */
static char *relaxed_names(const struct attack *attack, const struct attack_variant *variant)
{
    char *names = xstrdup("");

    for (size_t i = 0; i < attack->relaxable; i++) {
        char *longer;

        if (!attack_is_relaxed(variant, i))
            continue;
        longer = xprintf("%s%s%s", names, *names ? "," : "", attack->stopped_by.items[i]);
        free(names);
        names = longer;
    }
    return names;
}

static json_t *texts(const struct string_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static json_t *outcome_document(const struct attack_outcome *outcome)
{
    return json_pack("{s:s, s:s?, s:b, s:o, s:f}", "outcome", attack_kind_name(outcome->kind), "by", outcome->by,
                     "seen", outcome->seen, "detail", json_text(outcome->detail ? outcome->detail : ""), "wall_ms",
                     outcome->wall_ms);
}

static void count_by(struct report *report, const char *by)
{
    json_object_set_new(report->by, by, json_integer(json_integer_value(json_object_get(report->by, by)) + 1));
}

static void print_attack(struct report *report, const struct attack *attack, const struct attack_outcome *outcome)
{
    static const char *const words[] = {"held", "BREACHED", "visible", "not tried", "BROKEN"};
    size_t class_length = strcspn(attack->name, "/");

    if (!report->class || strncmp(report->class, attack->name, class_length + 1) != 0)
        printf("%s%.*s\n", report->class ? "\n" : "", (int)class_length, attack->name);
    report->class = attack->name;
    printf("  %-9s %-34s ", words[outcome->kind], attack->name + class_length + 1);
    if (outcome->by)
        printf(outcome->seen ? "%s: " : "(%s) ", outcome->by);
    print_detail(outcome->detail);
    if (outcome->kind == OUTCOME_BREACHED || outcome->kind == OUTCOME_BROKEN)
        printf("\n            %s; safe would be: %s", attack->title, attack->safe);
    if (outcome->kind == OUTCOME_VISIBLE)
        printf("\n            %s", attack->visible ? attack->visible : "");
    printf("\n");
    fflush(stdout);
}

void report_attack(struct report *report, const struct attack *attack, const struct attack_outcome *outcome)
{
    json_t *document = json_pack("{s:s, s:s}", "name", attack->name, "title", attack->title);

    report->tried[outcome->kind]++;
    if (outcome->kind == OUTCOME_HELD)
        count_by(report, outcome->by ? outcome->by : "none of those listed");
    json_object_update_new(document, outcome_document(outcome));
    json_object_set_new(document, "safe", json_string(attack->safe));
    json_object_set_new(document, "source", texts(&attack->source));
    json_object_set_new(document, "stopped_by", texts(&attack->stopped_by));
    json_object_set_new(document, "visible", attack->visible ? json_string(attack->visible) : json_null());
    json_object_set_new(document, "controls", json_array());
    json_array_append_new(report->attacks, document);
    if (!report->json)
        print_attack(report, attack, outcome);
}

static void add_control(struct report *report, json_t *control)
{
    const json_t *attack = json_array_get(report->attacks, json_array_size(report->attacks) - 1);

    json_array_append_new(json_object_get(attack, "controls"), control);
}

void report_control(struct report *report, const struct attack *attack, const struct attack_variant *variant,
                    enum attack_kind expected, const struct attack_outcome *outcome)
{
    cleanup_free char *relaxed = relaxed_names(attack, variant);
    json_t *document = outcome_document(outcome);
    bool untried = outcome->kind == OUTCOME_UNTRIED;
    bool right = outcome->kind == expected;

    report->controls[untried ? CONTROL_UNTRIED : right ? CONTROL_RIGHT : CONTROL_WRONG]++;
    json_object_set_new(document, "relaxed", json_string(relaxed));
    json_object_set_new(document, "expected", json_string(attack_kind_name(expected)));
    add_control(report, document);
    if (report->json)
        return;
    printf("            %s %s%s: %s%s%s: ", right || untried ? "control:" : "WRONG CONTROL:",
           *relaxed ? "without " : "unguarded", relaxed,
           outcome->kind == OUTCOME_BREACHED ? "it works" : attack_kind_name(outcome->kind), outcome->by ? " by " : "",
           outcome->by ? outcome->by : "");
    print_detail(outcome->detail);
    printf("\n");
}

void report_no_control(struct report *report, const struct attack *attack, const char *why)
{
    (void)attack;
    add_control(report, json_pack("{s:s}", "none", why));
    if (!report->json)
        printf("            no control: %s\n", why);
}

static int print_document(const struct report *report, bool fine)
{
    json_t *held = !fine ? json_false() : report->interrupted ? json_null() : json_true();

    return json_print(
        json_pack("{s:s, s:o, s:b, s:i, s:O, s:{s:i, s:i, s:i, s:i, s:i, s:O, s:{s:i, s:i, s:i}}}", "sentinel",
                  sn_version_string(), "held", held, "interrupted", report->interrupted, "planned",
                  (int)report->planned, "attacks", report->attacks, "summary", "held", (int)report->tried[OUTCOME_HELD],
                  "breached", (int)report->tried[OUTCOME_BREACHED], "visible", (int)report->tried[OUTCOME_VISIBLE],
                  "not_tried", (int)report->tried[OUTCOME_UNTRIED], "broken", (int)report->tried[OUTCOME_BROKEN], "by",
                  report->by, "controls", "right", (int)report->controls[CONTROL_RIGHT], "wrong",
                  (int)report->controls[CONTROL_WRONG], "not_tried", (int)report->controls[CONTROL_UNTRIED]));
}

static void print_summary(const struct report *report)
{
    const char *by;
    json_t *count;
    const char *separator = " (";

    if (report->interrupted)
        printf("\ninterrupted after %zu of %zu attacks", json_array_size(report->attacks), report->planned);
    printf("\n%zu held", report->tried[OUTCOME_HELD]);
    json_object_foreach(report->by, by, count)
    {
        printf("%s%s %lld", separator, by, (long long)json_integer_value(count));
        separator = ", ";
    }
    printf("%s, %zu breached, %zu visible, %zu not tried, %zu broken\n", json_object_size(report->by) ? ")" : "",
           report->tried[OUTCOME_BREACHED], report->tried[OUTCOME_VISIBLE], report->tried[OUTCOME_UNTRIED],
           report->tried[OUTCOME_BROKEN]);
    if (report->controls[0] + report->controls[1] + report->controls[2])
        printf("%zu controls showed what they have to, %zu did not, %zu not tried\n", report->controls[CONTROL_RIGHT],
               report->controls[CONTROL_WRONG], report->controls[CONTROL_UNTRIED]);
}

int report_close(struct report *report)
{
    bool fine = !report->tried[OUTCOME_BREACHED] && !report->tried[OUTCOME_BROKEN] && !report->controls[CONTROL_WRONG];
    int status = fine ? 0 : STATUS_CHECK_FAILED;

    if (report->json && print_document(report, fine) < 0)
        status = STATUS_INTERNAL;
    else if (!report->json)
        print_summary(report);
    json_decref(report->attacks);
    json_decref(report->by);
    return status;
}
