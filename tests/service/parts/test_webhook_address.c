/* SPDX-License-Identifier: MIT */
#include "webhook/webhook.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

static bool is_allowed(const char *text, const char *const *allow)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(443)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(443)};

    if (inet_pton(AF_INET, text, &in.sin_addr) == 1)
        return webhook_address_is_allowed((struct sockaddr *)&in, allow);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return webhook_address_is_allowed((struct sockaddr *)&in6, allow);
}

static void assert_all(const char *const *texts, bool wanted)
{
    for (; *texts; texts++)
        if (is_allowed(*texts, NULL) != wanted)
            fail_msg("%s is %s", *texts, wanted ? "refused" : "allowed");
}

static void public_addresses_are_allowed(void **state)
{
    /* the neighbours of every range that is refused are among them */
    const char *const texts[] = {
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:db7:ffff::",
        "2001:db9::",
        "2606:4700::1111",
        "2a00:1450:4001::200e",
        "2000::1",
        "3ffe:ffff::1",
        "3fff:1000::1",
        NULL,
    };

    (void)state;
    assert_all(texts, true);
}

static void what_is_not_public_unicast_is_refused(void **state)
{
    const char *const texts[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "fc00::1",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff02::1",
        "ffff::1",
        "2001:db8::1",
        "2001:db8:ffff::",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "64:ff9b:1::1",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:0:1::8.8.8.8",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "1fff::1",
        "e000::1",
        NULL,
    };

    (void)state;
    assert_all(texts, false);
}

static void an_ipv4_address_in_an_ipv6_one_decides(void **state)
{
    const char *const good[] = {"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", NULL};
    const char *const bad[] = {
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "::127.0.0.1",
        "::10.0.0.1",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::127.0.0.1",
        "64:ff9b::192.168.1.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:101::1",
        NULL,
    };

    (void)state;
    assert_all(good, true);
    assert_all(bad, false);
}

static void other_families_are_refused(void **state)
{
    const char *const all[] = {"0.0.0.0/0", "::/0", NULL};
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    struct sockaddr_in none = {.sin_family = AF_UNSPEC};

    (void)state;
    assert_false(webhook_address_is_allowed((struct sockaddr *)&un, all));
    assert_false(webhook_address_is_allowed((struct sockaddr *)&none, all));
}

static void ranges_of_the_operator_are_allowed_and_nothing_else(void **state)
{
    const char *const allow[] = {"127.0.0.1/32", "10.1.0.0/17", "fd00:1::/33", "192.168.7.7", NULL};
    const char *const all4[] = {"0.0.0.0/0", NULL};
    const char *const all6[] = {"::/0", NULL};
    const char *const none[] = {NULL};

    (void)state;
    assert_true(is_allowed("127.0.0.1", allow));
    assert_false(is_allowed("127.0.0.2", allow));
    assert_false(is_allowed("127.0.0.0", allow));
    assert_true(is_allowed("10.1.127.255", allow));
    assert_false(is_allowed("10.1.128.0", allow));
    assert_true(is_allowed("fd00:1:7fff::1", allow));
    assert_false(is_allowed("fd00:1:8000::1", allow));
    assert_true(is_allowed("192.168.7.7", allow));
    assert_false(is_allowed("192.168.7.8", allow));
    assert_true(is_allowed("::ffff:127.0.0.1", allow)); /* which is the same host */
    assert_false(is_allowed("::1", allow));
    assert_true(is_allowed("8.8.8.8", allow));
    assert_true(is_allowed("10.9.9.9", all4));
    assert_false(is_allowed("fd00::1", all4));
    assert_true(is_allowed("fd00::1", all6));
    assert_false(is_allowed("10.9.9.9", all6));
    assert_false(is_allowed("127.0.0.1", none));
}

static void a_range_that_is_none_is_named(void **state)
{
    const char *const wrong[] = {"",
                                 "/",
                                 "/8",
                                 "10.0.0.0/",
                                 "10.0.0.0/33",
                                 "10.0.0.0/-1",
                                 "10.0.0.0/8 ",
                                 "10.0.0.0/+8",
                                 "10.0.0.1/8",
                                 "10.0.0/8",
                                 "::/129",
                                 "fd00::1/64",
                                 "localhost",
                                 "10.0.0.0/8/8",
                                 "10.0.0.0/0008",
                                 "::ffff:1.2.3.4:5/128",
                                 "1.2.3.4/0x8",
                                 "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/0",
                                 NULL};
    struct failure failure;

    (void)state;
    assert_int_equal(webhook_allow_check(NULL, &failure), 0);
    for (size_t i = 0; wrong[i]; i++) {
        const char *const allow[] = {"127.0.0.0/8", "::1/128", wrong[i], NULL};

        memset(&failure, 0, sizeof(failure));
        if (webhook_allow_check(allow, &failure) != FAIL_INVALID)
            fail_msg("accepted: %s", wrong[i]);
        assert_non_null(strstr(failure.message, wrong[i]));
        assert_false(is_allowed("10.0.0.7", allow)); /* and it allows nothing */
    }
}

static void assert_url(const char *url, const char *const *allow, const char *wanted)
{
    struct failure failure = {0};
    int code = webhook_url_check(url, allow, &failure);

    if (!wanted && code < 0)
        fail_msg("%s is refused: %s", url, failure.message);
    if (wanted && (code != FAIL_INVALID || !strstr(failure.message, wanted)))
        fail_msg("%s gets \"%s\" instead of \"%s\"", url, failure.message, wanted);
}

static void urls_of_receivers_are_accepted(void **state)
{
    const char *const good[] = {
        "http://example.org",        "https://example.org/hook?x=y#z",
        "HTTPS://Example.ORG:8443/", "http://example.org:65535",
        "http://8.8.8.8/",           "http://[2606:4700::1111]:8080/",
        "http://134744072/",         "http://localhost.example.org/",
        "http://mylocalhost/",       "http://10.example.org/",
        "http://internal/",          NULL,
    };

    (void)state;
    for (size_t i = 0; good[i]; i++)
        assert_url(good[i], NULL, NULL);
}

static void what_is_no_http_url_is_refused(void **state)
{
    char longest[4000] = "http://example.org/";

    (void)state;
    assert_url("", NULL, "HOST");
    assert_url("example.org", NULL, "HOST");
    assert_url("http:example.org", NULL, "HOST");
    assert_url("ftp://example.org/", NULL, "neither http nor https");
    assert_url("file:///etc/passwd", NULL, "neither http nor https");
    assert_url("gopher://127.0.0.1:6379/_x", NULL, "neither http nor https");
    assert_url("unix:///run/x", NULL, "neither http nor https");
    assert_url("http://", NULL, "");
    assert_url("http:///", NULL, "");
    assert_url("http://:80/", NULL, "");
    assert_url("http://example.org:0/", NULL, "port");
    assert_url("http://example.org:00/", NULL, "port");
    assert_url("http://example.org:65536/", NULL, "no URL");
    assert_url("http://example.org:x/", NULL, "no URL");
    assert_url("http://exa mple.org/", NULL, "character");
    assert_url("http://example.org/\r\nX: y", NULL, "character");
    assert_url("http://ex\xc3\xa4mple.org/", NULL, "character");
    assert_url("http://[::1", NULL, "no URL");
    memset(longest + strlen(longest), 'x', sizeof(longest) - strlen(longest) - 1);
    assert_url(longest, NULL, "2048");
}

static void a_user_in_a_url_is_refused_and_not_repeated(void **state)
{
    struct failure failure = {0};

    (void)state;
    assert_url("http://user@example.org/", NULL, "user or password");
    assert_url("http://@example.org/", NULL, "user or password");
    assert_int_equal(webhook_url_check("http://me:hunter2@example.org/", NULL, &failure), FAIL_INVALID);
    assert_null(strstr(failure.message, "hunter2"));
    assert_url("http://8.8.8.8@127.0.0.1/", NULL, "");
    assert_url("http://8.8.8.8:80#@127.0.0.1/", NULL, NULL); /* whose host is 8.8.8.8 */
    assert_url("http://127.0.0.1#@8.8.8.8/", NULL, "address");
    assert_url("http://127.0.0.1\\@8.8.8.8/", NULL, "");
}

static void a_plain_address_is_judged_in_every_form(void **state)
{
    const char *const forms[] = {
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://127.%30.0.1/",
        "http://localhost/",
        "http://LOCALHOST:80/",
        "http://a.localhost/",
        "http://localhost./",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::]/",
        NULL,
    };
    const char *const loopback[] = {"127.0.0.1/32", NULL};

    (void)state;
    for (size_t i = 0; forms[i]; i++)
        assert_url(forms[i], NULL, "address");
    for (size_t i = 0; i < 10; i++)
        assert_url(forms[i], loopback, NULL);
    assert_url("http://localhost/", loopback, NULL);
    assert_url("http://127.0.0.2/", loopback, "address");
    assert_url("http://[::1]/", loopback, "address");
    assert_url("http://[fe80::1%25eth0]/", NULL, "address");
    assert_url("http://169.254.169.254/latest/meta-data/", NULL, "address");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_addresses_are_allowed),
        cmocka_unit_test(what_is_not_public_unicast_is_refused),
        cmocka_unit_test(an_ipv4_address_in_an_ipv6_one_decides),
        cmocka_unit_test(other_families_are_refused),
        cmocka_unit_test(ranges_of_the_operator_are_allowed_and_nothing_else),
        cmocka_unit_test(a_range_that_is_none_is_named),
        cmocka_unit_test(urls_of_receivers_are_accepted),
        cmocka_unit_test(what_is_no_http_url_is_refused),
        cmocka_unit_test(a_user_in_a_url_is_refused_and_not_repeated),
        cmocka_unit_test(a_plain_address_is_judged_in_every_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
