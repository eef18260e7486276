/* SPDX-License-Identifier: MIT */
#include "plan/apparmor.h"

#include "base/cleanup.h"
#include "init/apparmor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct sn__apparmor_facts user_of_ubuntu(void)
{
    return (struct sn__apparmor_facts){.restrict_userns = 1};
}

/* The namespace is made or refused by Ubuntu's rule; either way the first step that needs it tells. */
static void ubuntus_rule_is_named(void **state)
{
    static const uint32_t steps[] = {
        SN__STEP_NONE, /* clone */
        SN__STEP_LAUNCH_GROUPS, SN__STEP_LAUNCH_IDS, SN__STEP_LAUNCH_CAPS, SN__STEP_LAUNCH_EXEC,
        SN__STEP_CGROUP_NS,     SN__STEP_HOSTNAME,   SN__STEP_NESTED_NS,   SN__STEP_PRIVATE,
    };
    struct sn__apparmor_facts facts = user_of_ubuntu();

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(steps); i++) {
        assert_int_equal(sn__apparmor_blame(&facts, steps[i], EPERM), SN__APPARMOR_RESTRICTS_USERNS);
        assert_int_equal(sn__apparmor_blame(&facts, steps[i], EACCES), SN__APPARMOR_RESTRICTS_USERNS);
        /* other errors have other reasons */
        assert_int_equal(sn__apparmor_blame(&facts, steps[i], ENOSPC), SN__APPARMOR_INNOCENT);
        assert_int_equal(sn__apparmor_blame(&facts, steps[i], EAGAIN), SN__APPARMOR_INNOCENT);
        assert_int_equal(sn__apparmor_blame(&facts, steps[i], 0), SN__APPARMOR_INNOCENT);
    }
    /* the profile that the rule puts a process under is the rule, too */
    strcpy(facts.label, "unprivileged_userns (enforce)");
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EACCES), SN__APPARMOR_RESTRICTS_USERNS);
}

/* Blaming the wrong one sends people to switch something off for nothing. */
static void others_are_not_blamed_on_ubuntus_rule(void **state)
{
    struct sn__apparmor_facts facts = user_of_ubuntu();

    (void)state;
    /* capabilities worked before these */
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_MOUNT, EACCES), SN__APPARMOR_INNOCENT);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_MOUNT, EPERM), SN__APPARMOR_INNOCENT);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_LANDLOCK_RULES, EPERM), SN__APPARMOR_INNOCENT);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_EXEC, EACCES), SN__APPARMOR_INNOCENT);
    facts.is_root = true;
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EPERM), SN__APPARMOR_INNOCENT);
    facts = user_of_ubuntu();
    facts.restrict_userns = 0;
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EPERM), SN__APPARMOR_INNOCENT);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_HOSTNAME, EACCES), SN__APPARMOR_INNOCENT);
}

static void a_profile_of_our_own_is_named(void **state)
{
    struct sn__apparmor_facts facts = {.label = "judge (enforce)"};

    (void)state;
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EACCES), SN__APPARMOR_CONFINES_US);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_HOSTNAME, EPERM), SN__APPARMOR_CONFINES_US);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_MOUNT, EACCES), SN__APPARMOR_CONFINES_US);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_PIVOT_ROOT, EACCES), SN__APPARMOR_CONFINES_US);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_MOUNT, ENOENT), SN__APPARMOR_INNOCENT);
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_EXEC, EACCES), SN__APPARMOR_INNOCENT);
    /* it is the profile that counts, whatever the sysctl and the uid */
    facts.restrict_userns = 1;
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EPERM), SN__APPARMOR_CONFINES_US);
    facts.is_root = true;
    assert_int_equal(sn__apparmor_blame(&facts, SN__STEP_NONE, EPERM), SN__APPARMOR_CONFINES_US);
}

static void messages_name_the_rule_and_what_changes_it(void **state)
{
    static const char *const words[] = {"kernel.apparmor_restrict_unprivileged_userns is 1", "Ubuntu",
                                        "sentinel doctor --install-apparmor",
                                        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"};
    struct sn__apparmor_facts facts = user_of_ubuntu();
    sn_error *error = NULL;

    (void)state;
    assert_int_equal(sn__apparmor_say(&facts, SN__STEP_HOSTNAME, "set the host name", EPERM, &error), SN_EHOST);
    assert_int_equal(sn_error_code(error), SN_EHOST);
    assert_string_equal(sn_error_step(error), "set the host name");
    for (size_t i = 0; i < SN_ARRAY_SIZE(words); i++)
        assert_non_null(strstr(sn_error_message(error), words[i]));
    sn_error_free(error);

    error = NULL;
    strcpy(facts.label, "judge (enforce)");
    assert_int_equal(sn__apparmor_say(&facts, SN__STEP_NONE, "clone namespaces", EACCES, &error), SN_EHOST);
    assert_non_null(strstr(sn_error_message(error), "the AppArmor profile 'judge (enforce)'"));
    assert_null(strstr(sn_error_message(error), "sysctl"));
    sn_error_free(error);

    error = NULL;
    assert_int_equal(sn__apparmor_say(&facts, SN__STEP_NONE, "clone namespaces", ENOSPC, &error), 0);
    assert_null(error);
    assert_int_equal(sn__apparmor_say(&facts, SN__STEP_NONE, "clone namespaces", EPERM, NULL), SN_EHOST);
}

static void labels_are_read_as_the_kernel_writes_them(void **state)
{
    static const struct {
        const char *label;
        bool unconfined;
    } cases[] = {
        {"unconfined", true},
        {"unconfined\n", true},
        {"sentinel (unconfined)\n", true},
        {"sentinel (unconfined)", true},
        {"", false},
        {"\n", false},
        {"docker-default (enforce)\n", false},
        {"unconfined_not (complain)\n", false},
        {"not-unconfined\n", false},
        {"a//&b (mixed)\n", false},
        {" (unconfined)", false}, /* no profile has an empty name */
        {"(unconfined)", false},
        {"unprivileged_userns (enforce)\n", false},
    };

    (void)state;
    for (size_t i = 0; i < SN_ARRAY_SIZE(cases); i++) {
        if (!!sn__apparmor_is_unconfined(cases[i].label, strlen(cases[i].label)) != cases[i].unconfined)
            fail_msg("'%s' was read wrongly", cases[i].label);
        /* some kernels count a terminator in */
        assert_int_equal(!!sn__apparmor_is_unconfined(cases[i].label, strlen(cases[i].label) + 1), cases[i].unconfined);
    }
}

static void every_state_has_its_note(void **state)
{
    (void)state;
    assert_string_equal(sn__apparmor_note(SN__APPARMOR_READY), "");
    for (uint32_t i = 0; i < SN__APPARMOR_READY; i++) {
        const char *note = sn__apparmor_note(i);

        assert_memory_equal(note, "apparmor: ", 10);
        assert_int_equal(note[strlen(note) - 1], '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ubuntus_rule_is_named),
        cmocka_unit_test(others_are_not_blamed_on_ubuntus_rule),
        cmocka_unit_test(a_profile_of_our_own_is_named),
        cmocka_unit_test(labels_are_read_as_the_kernel_writes_them),
        cmocka_unit_test(messages_name_the_rule_and_what_changes_it),
        cmocka_unit_test(every_state_has_its_note),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
